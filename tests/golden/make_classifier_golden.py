#!/usr/bin/python3
"""Writes tests/golden/classifier/: logits, loss and gradients of a small image classifier.

PyTorch's own nn.Linear and cross_entropy on the encoder of make_mae_golden.py, which sees whole images
(public code, ViT_Classifier): the class token after the final norm through a linear head. Encoder and
images are those of tests/golden/mae/weights.npy and patches.npy; the head's numbers are drawn here.

Run:  python3 tests/golden/make_classifier_golden.py    (made with Debian 12: torch 1.13.0a0,
numpy 1.24.2)
All numbers are computed in float64 from weights and images rounded to float32, and are then rounded to
float32 for the files; so a file's own error is 6e-8 of each number.
"""
import os

import numpy as np
import torch
from torch import nn

import make_mae_golden as mae

CLASSES = 5
HERE = os.path.dirname(os.path.abspath(__file__))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = mae.Encoder()
        self.head = nn.Linear(mae.WIDTH, CLASSES)

    def forward(self, images):
        every = torch.arange(mae.TOKENS)[:, None].expand(-1, images.shape[0])
        return self.head(self.encoder(images, every)[0])


def fill(parameters, numbers):
    """Cuts the parameters out of the front of `numbers`; returns what is left."""
    for tensor in parameters:
        count = tensor.numel()
        tensor.data = torch.from_numpy(numbers[:count].astype(np.float64)).reshape(tensor.shape)
        numbers = numbers[count:]
    return numbers


def main():
    folder = os.path.join(HERE, "classifier")
    os.makedirs(folder, exist_ok=True)
    draw = np.random.RandomState(20230502)
    load = lambda name: np.load(os.path.join(HERE, "mae", name + ".npy"))

    def save(name, array, kind="<f4"):
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(array).astype(kind))

    mae.VISIBLE = mae.TOKENS
    model = Classifier().double()
    fill(model.encoder.parameters(), load("weights"))
    head = (draw.standard_normal((mae.WIDTH + 1) * CLASSES) * 0.3).astype(np.float32)
    assert fill(model.head.parameters(), head).size == 0
    labels = np.array([3, 1])

    grid, side = mae.GRID, mae.PATCH
    patches = torch.from_numpy(load("patches").astype(np.float64))
    images = patches.reshape(mae.IMAGES, grid, grid, 3, side, side).permute(0, 3, 1, 4, 2, 5)
    images = images.reshape(mae.IMAGES, 3, mae.SIDE, mae.SIDE)

    logits = model(images)
    loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    save("head", head)
    save("labels", labels, "u1")
    save("logits", logits.detach().numpy())
    save("loss", np.array([loss.item()]))
    save("gradients", np.concatenate([p.grad.numpy().ravel() for p in model.parameters()]))
    print("torch", torch.__version__, "numpy", np.__version__, "loss", loss.item())


if __name__ == "__main__":
    main()
