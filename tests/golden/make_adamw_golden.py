#!/usr/bin/python3
"""Writes tests/golden/adamw/: eight updates of torch.optim.AdamW on 301 numbers.

Run:  python3 tests/golden/make_adamw_golden.py    (made with Debian 12: torch 1.13.0a0,
numpy 1.24.2)
Gradients span 1e-6 .. 10 and hold zeros, so that epsilon matters for some numbers and not for others;
torch computes in float64 from float32 inputs, so a file's own error is the last rounding, 6e-8.
"""
import os

import numpy as np
import torch

COUNT, STEPS = 301, 8
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "adamw")

rng = np.random.default_rng(7)
weights = rng.normal(size=COUNT).astype(np.float32)
gradients = (rng.normal(size=(STEPS, COUNT)) *
             10 ** rng.uniform(-6, 1, size=COUNT)).astype(np.float32)
gradients[:, :3] = 0

parameter = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float64))
optimiser = torch.optim.AdamW([parameter], lr=1e-3, betas=(.9, .95), eps=1e-8, weight_decay=.05)
expected = np.zeros((STEPS, COUNT), np.float32)
for step in range(STEPS):
    parameter.grad = torch.tensor(gradients[step], dtype=torch.float64)
    optimiser.step()
    expected[step] = parameter.detach().numpy()

os.makedirs(FOLDER, exist_ok=True)
np.save(os.path.join(FOLDER, "weights.npy"), weights)
np.save(os.path.join(FOLDER, "gradients.npy"), gradients)
np.save(os.path.join(FOLDER, "expected.npy"), expected)
