#!/usr/bin/python3
"""Writes tests/golden/mae/: a small masked autoencoder's prediction, loss and gradients.

An independent implementation in PyTorch of the model of the public code (IcarusWizard/MAE), whose
encoder shuffles patches by indexes, keeps the first ones, and whose decoder appends mask tokens and
sorts back by the inverse indexes; the C code never shuffles. Here the visible patches are kept in
ascending order, as the C code has them. timm's Block (0.4.12, called directly) is written out: qkv
without bias, LayerNorm eps 1e-5, exact GELU, pre-norm.

Run:  python3 tests/golden/make_mae_golden.py    (made with Debian 12: torch 1.13.0a0,
numpy 1.24.2)
All numbers are computed in float64 from weights and images rounded to float32, and are then rounded to
float32 for the files; so a file's own error is 6e-8 of each number.
"""
import os

import numpy as np
import torch
from torch import nn

SIDE, PATCH, WIDTH, HEADS, ENCODER, DECODER, IMAGES, VISIBLE = 32, 8, 24, 3, 2, 1, 2, 4
GRID = SIDE // PATCH
TOKENS, NUMBERS = GRID * GRID, 3 * PATCH * PATCH


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * (c // HEADS) ** -0.5
        return self.proj((attn.softmax(dim=-1) @ v).transpose(1, 2).reshape(b, n, c))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(WIDTH), Attention()
        self.norm2, self.mlp = nn.LayerNorm(WIDTH), Mlp()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def take_indexes(sequences, indexes):
    """Rows of (T,B,C) in the order of indexes (T,B)."""
    return torch.gather(sequences, 0, indexes[:, :, None].expand(-1, -1, sequences.shape[-1]))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embedding = nn.Parameter(torch.zeros(TOKENS, 1, WIDTH))
        self.patchify = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.transformer = nn.Sequential(*[Block() for _ in range(ENCODER)])
        self.layer_norm = nn.LayerNorm(WIDTH)

    def forward(self, images, forward_indexes):
        patches = self.patchify(images).flatten(2).permute(2, 0, 1) + self.pos_embedding
        patches = take_indexes(patches, forward_indexes)[:VISIBLE]
        patches = torch.cat([self.cls_token.expand(-1, patches.shape[1], -1), patches])
        return self.layer_norm(self.transformer(patches.transpose(0, 1))).transpose(0, 1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embedding = nn.Parameter(torch.zeros(TOKENS + 1, 1, WIDTH))
        self.transformer = nn.Sequential(*[Block() for _ in range(DECODER)])
        self.head = nn.Linear(WIDTH, NUMBERS)

    def forward(self, features, backward_indexes):
        visible = features.shape[0]
        # The class token is index 0 of the sequence and stays where it is.
        backward_indexes = torch.cat(
            [torch.zeros(1, backward_indexes.shape[1], dtype=torch.long), backward_indexes + 1])
        hidden = self.mask_token.expand(TOKENS + 1 - visible, features.shape[1], -1)
        features = take_indexes(torch.cat([features, hidden]), backward_indexes)
        features = features + self.pos_embedding
        features = self.transformer(features.transpose(0, 1))
        patches = self.head(features)[:, 1:]  # (B,T,3 p p), channel first within a patch
        mask = (backward_indexes[1:] > visible - 1).double()  # (T,B)
        return patches, mask.transpose(0, 1)


class Mae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mae")
    os.makedirs(folder, exist_ok=True)
    draw = np.random.RandomState(20230501)

    def save(name, array, kind="<f4"):
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(array).astype(kind))

    # Give every tensor, biases and norms too, numbers that matter.
    model = Mae().double()
    for name, tensor in model.named_parameters():
        size = 1 / np.sqrt(tensor[0].numel()) if tensor.dim() == 2 else 0.3
        values = draw.standard_normal(tuple(tensor.shape)) * size
        if "norm" in name and name.endswith("weight"):
            values += 1
        tensor.data = torch.from_numpy(values.astype(np.float32).astype(np.float64))

    images = draw.uniform(-1, 1, (IMAGES, 3, SIDE, SIDE)).astype(np.float32)
    pixels = torch.from_numpy(images.astype(np.float64))
    orders = [draw.permutation(TOKENS) for _ in range(IMAGES)]
    orders = [np.concatenate([np.sort(o[:VISIBLE]), np.sort(o[VISIBLE:])]) for o in orders]
    forward_indexes = torch.from_numpy(np.stack(orders, axis=1))
    backward_indexes = torch.argsort(forward_indexes, dim=0)

    features = model.encoder(pixels, forward_indexes)
    prediction, mask = model.decoder(features, backward_indexes)
    target = pixels.reshape(IMAGES, 3, GRID, PATCH, GRID, PATCH)
    target = target.permute(0, 2, 4, 1, 3, 5).reshape(IMAGES, TOKENS, NUMBERS)
    ratio = 1 - VISIBLE / TOKENS
    loss = torch.mean((prediction - target) ** 2 * mask[:, :, None]) / ratio
    loss.backward()

    flat = lambda arrays: np.concatenate([a.detach().numpy().ravel() for a in arrays])
    save("weights", flat(model.parameters()))
    save("patches", target.numpy())
    save("shown", np.stack([o[:VISIBLE] for o in orders]), "<i4")
    save("tokens", features.transpose(0, 1).detach().numpy())
    save("prediction", prediction.detach().numpy())
    save("loss", np.array([loss.item()]))
    save("gradients", flat(p.grad for p in model.parameters()))
    print("torch", torch.__version__, "numpy", np.__version__, "loss", loss.item(),
          "numbers", sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main()
