#!/usr/bin/python3
"""The same masked autoencoder in PyTorch, timed: what tools/bench compares this project with.

The model is that of core/model (no bias in qkv, LayerNorm eps 1e-5, exact GELU, learned positions), the
training step that of core/train: forward, masked loss, backward in micro-batches whose gradients add up,
then one AdamW. As the public code it predicts all patches, of which the loss reads the hidden ones. Images
and masks are random; nothing is loaded. --numbers bf16: PyTorch's own bfloat16, by autocast (products in
bfloat16 by oneDNN, the rest in 32-bit floats).

    mae_torch.py --work training --patch 4 --batch 128 --micro 16

says on stdout, as words key=value: torch= parameters= micro= numbers=. Then for every line on stdin, a number of
repetitions, it does as many batches and says images= seconds= loss=; at the end of stdin peak_bytes=.
Threads: OMP_NUM_THREADS. Kernels: OPENBLAS_CORETYPE and ATEN_CPU_CAPABILITY. Written for torch 1.13.
"""

import argparse
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """x += proj(attention(qkv(LN1(x)))), x += mlp(LN2(x))."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=1e-5)
        self.norm2 = nn.LayerNorm(width, eps=1e-5)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def attention(self, x):
        images, tokens, width = x.shape
        head = width // self.heads
        qkv = self.qkv(x).view(images, tokens, 3, self.heads, head)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        probs = (q * head**-0.5 @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((probs @ v).transpose(1, 2).reshape(images, tokens, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x))))


class MaskedAutoencoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.patch = shape.patch
        self.tokens = (shape.image // shape.patch) ** 2
        self.visible = int(self.tokens * (1 - shape.mask_ratio))
        numbers, width = 3 * shape.patch**2, shape.width

        def blocks(count):
            return nn.Sequential(*(Block(width, shape.heads) for _ in range(count)))

        def learned(*sizes):
            return nn.Parameter(torch.randn(*sizes) * 0.02)

        self.embed = nn.Linear(numbers, width)
        self.class_token, self.mask_token = learned(1, 1, width), learned(1, 1, width)
        self.positions = learned(1, self.tokens, width)
        self.encoder = blocks(shape.encoder_blocks)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.decoder_positions = learned(1, self.tokens + 1, width)
        self.decoder = blocks(shape.decoder_blocks)
        self.head = nn.Linear(width, numbers)

    def patches(self, images):
        """(B,3,32,32) as (B,T,F)."""
        count, channels, side, _ = images.shape
        grid = side // self.patch
        x = images.view(count, channels, grid, self.patch, grid, self.patch)
        return x.permute(0, 2, 4, 1, 3, 5).reshape(count, self.tokens, -1)

    def forward(self, patches):
        """The prediction (B,T,F) and the mask (B,T,1), 1 where a patch was hidden."""
        count = len(patches)
        order = torch.rand(count, self.tokens).argsort(1)
        place = order.argsort(1)

        # Gather first, embed then: a hidden patch costs nothing.
        def rows(x, index):
            return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[-1]))

        shown = order[:, : self.visible]
        z = self.embed(rows(patches, shown)) + self.positions[0][shown]
        z = torch.cat([self.class_token.expand(count, -1, -1), z], 1)
        z = self.norm(self.encoder(z))

        hidden = self.mask_token.expand(count, self.tokens - self.visible, -1)
        y = rows(torch.cat([z[:, 1:], hidden], 1), place)
        y = torch.cat([z[:, :1], y], 1) + self.decoder_positions
        y = self.head(self.decoder(y)[:, 1:])
        return y, (place >= self.visible).float()[:, :, None]

    def loss(self, patches):
        prediction, mask = self(patches)
        share = 1 - self.visible / self.tokens
        return ((prediction - patches) ** 2 * mask).mean() / share


def cast(numbers):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=numbers == "bf16")


def train(model, optimiser, images, micro, numbers):
    optimiser.zero_grad(set_to_none=True)
    total = 0.0
    for first in range(0, len(images), micro):
        piece = images[first : first + micro]
        with cast(numbers):
            loss = model.loss(model.patches(piece)) * (len(piece) / len(images))
        loss.backward()
        total += loss.item()
    optimiser.step()
    return total


def predict(model, images, micro, numbers):
    with torch.inference_mode(), cast(numbers):
        for first in range(0, len(images), micro):
            prediction, _ = model(model.patches(images[first : first + micro]))
    return float(prediction.square().mean())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", choices=["training", "forward"], default="training")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--micro", type=int, default=16, help="images at a time")
    parser.add_argument("--numbers", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--image", type=int, default=32)
    parser.add_argument("--patch", type=int, default=4)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--encoder-blocks", type=int, default=12)
    parser.add_argument("--decoder-blocks", type=int, default=4)
    parser.add_argument("--heads", type=int, default=3)
    parser.add_argument("--mask-ratio", type=float, default=0.75)
    return parser.parse_args()


def main():
    options = arguments()
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    model = MaskedAutoencoder(options)
    optimiser = torch.optim.AdamW(
        model.parameters(), 5e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.05
    )
    images = torch.rand(options.batch, 3, options.image, options.image) * 2 - 1


    def work():
        if options.work == "forward":
            return predict(model, images, options.micro, options.numbers)
        return train(model, optimiser, images, options.micro, options.numbers)

    parameters = sum(p.numel() for p in model.parameters())
    about = f"torch={torch.__version__} parameters={parameters} micro={options.micro}"
    print(f"{about} numbers={options.numbers}", flush=True)
    for line in sys.stdin:
        repetitions = int(line)
        started = time.perf_counter()
        for _ in range(repetitions):
            loss = work()
        seconds = time.perf_counter() - started
        count = repetitions * options.batch
        print(f"images={count} seconds={seconds:.6f} loss={loss:.4f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak_bytes={peak}")


if __name__ == "__main__":
    main()
