#!/usr/bin/python3
"""Writes tests/golden/probe/: twelve updates of a linear probe, without and with batch normalisation, by torch.

Run:  python3 tests/golden/make_probe_golden.py    (made with Debian 12: torch 1.13.0a0, numpy 1.24.2)
BatchNorm1d(affine=False, eps=1e-6) before Linear as in MAE's main_linprobe.py, AdamW (.9, .999), decay .05, the
learning rate changing each update. torch computes in float64 from float32 inputs. Columns have scales from
1e-3 to 10, so that epsilon matters for one of them.
"""
import os

import numpy as np
import torch

IMAGES, WIDTH, CLASSES, BATCH, UPDATES = 80, 16, 5, 32, 12
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe")

rng = np.random.default_rng(23)
features = (rng.normal(size=(IMAGES, WIDTH)) * np.logspace(-3, 1, WIDTH) + 1).astype(np.float32)
labels = rng.integers(0, CLASSES, IMAGES)
weight = rng.uniform(-.25, .25, size=(CLASSES, WIDTH)).astype(np.float32)
bias = rng.uniform(-.25, .25, size=CLASSES).astype(np.float32)
image = np.stack([rng.permutation(IMAGES)[:BATCH] for _ in range(UPDATES)]).astype(np.int32)
rates = 1e-2 * (1 + np.arange(UPDATES)) / UPDATES

os.makedirs(FOLDER, exist_ok=True)
for name, array in dict(features=features, labels=labels.astype(np.uint8), weight=weight, bias=bias, image=image,
                        rates=rates).items():
    np.save(os.path.join(FOLDER, f"{name}.npy"), array)

x, y = torch.tensor(features, dtype=torch.float64), torch.tensor(labels)
for name, layers in dict(plain=[], normed=[torch.nn.BatchNorm1d(WIDTH, affine=False, eps=1e-6)]).items():
    head = torch.nn.Linear(WIDTH, CLASSES)
    head.weight.data, head.bias.data = torch.tensor(weight), torch.tensor(bias)
    model = torch.nn.Sequential(*layers, head).double()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1, betas=(.9, .999), weight_decay=.05)
    losses = []
    for update in range(UPDATES):
        optimiser.param_groups[0]["lr"] = rates[update]
        model.train()
        loss = torch.nn.functional.cross_entropy(model(x[image[update]]), y[image[update]])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    model.eval()
    np.save(os.path.join(FOLDER, f"{name}-losses.npy"), np.array(losses))
    np.save(os.path.join(FOLDER, f"{name}-logits.npy"), model(x).detach().numpy())
    np.save(os.path.join(FOLDER, f"{name}-weight.npy"), head.weight.detach().numpy())
