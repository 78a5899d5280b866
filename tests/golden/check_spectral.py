#!/usr/bin/python3
"""Computes again, with numpy alone, what 07-spectral says of its exported arrays, and compares.

Run:  make theorem4.3 TIER=smoke EXPORT=1; python3 tests/golden/check_spectral.py results/smoke-planted/07-spectral
Both sides of the repaired theorem and of the plain loss, on hidden tokens of the trained model with all pairs
summed, and Eqs. 6, 9 and 10 on one test image. Agreement to 1e-9 of each number. Prints a line a number; exits 1
when one differs.
"""
import sys

import numpy as np
from recompute import Result

result = Result(sys.argv[1])
load = result.load

# Expectations over pairs: phi of a hidden patch, f of what the model saw, D its head.
phi, f, D = load("repaired-target"), load("repaired-trunk"), load("repaired-head")
S = phi.T @ phi / len(phi)
values, vectors = np.linalg.eigh(S)
root = vectors / np.sqrt(values) @ vectors.T  # S^{-1/2}, where the program solves with a Cholesky factor
output = f @ D.T
g = phi @ root @ root @ D
found = {
    "m75-h3.whitened": np.mean(np.sum(((phi - output) @ root) ** 2, axis=1)),
    "m75-h3.attraction": -2 * np.mean(np.sum(f * g, axis=1)),
    "m75-h3.repulsion": np.mean((f @ g.T) ** 2),
    "m75-h3.plain": np.mean(np.sum((phi - output) ** 2, axis=1)),
    "m75-h3.penalty": np.mean(np.sum(output**2, axis=1)),
    "m75-h3.push": np.mean((f @ (phi @ D).T) ** 2),
}
found["m75-h3.sum"] = phi.shape[1] + found["m75-h3.attraction"] + found["m75-h3.repulsion"]

# One image: the graph of its hidden patches x, and the prediction m.
x, m = load("pairs-x"), load("pairs-m")
w = x @ x.T
d = w.sum(axis=1)
normal = w / np.sqrt(np.outer(d, d))
u = m / np.sqrt(d)[:, None]
found |= {
    "pairs.spectral": np.sum((m @ m.T - normal) ** 2),
    "pairs.constant": np.sum(normal**2),
    "pairs.attraction": -2 * np.sum(w * (u @ u.T)),
    "pairs.repulsion": np.sum(np.outer(d, d) * (u @ u.T) ** 2),
    "pairs.weight": w.sum(),
}
p, q = w / w.sum(), d / d.sum()
found["pairs.printed"] = (found["pairs.constant"] - 2 * np.sum(p * (u @ u.T))
                          + np.sum(np.outer(q, q) * (u @ u.T) ** 2))

for key, value in found.items():
    result.compare(key, value)
result.end()
