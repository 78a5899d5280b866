#!/usr/bin/python3
"""Computes again, with numpy alone, what 08-visible-tokens says of its exported arrays, and compares.

Run:  make lemma4.6 TIER=smoke EXPORT=1; python3 tests/golden/check_visible_tokens.py results/smoke-planted/08-visible-tokens
Of 40 images: shares of hidden tokens in the span of visible ones (by least squares, where the program has a singular
value decomposition), partial correlations of attention (by residuals of regressions, where it inverts a matrix), and
cosines of ridge weights (from the F by F system, where it solves the N by N one). Agreement to 1e-9. Prints a line
each; exits 1 when one differs.
"""
import sys

import numpy as np
from recompute import Result

result = Result(sys.argv[1])
load = result.load

encoded, predicted = load("encoded"), load("predicted")
visible, hidden, attention, nearness = load("visible"), load("hidden"), load("attention"), load("nearness")
n = len(visible)


def share(y, z):
    weights = np.linalg.lstsq(z.T, y.T, rcond=None)[0]
    return 1 - np.sum((y.T - z.T @ weights) ** 2) / np.sum(y**2)


result.compare("span-own", [share(predicted[i], encoded[i]) for i in range(n)], load("span-own"))
result.compare("span-other", [share(predicted[i], encoded[(i + 1) % n]) for i in range(n)], load("span-other"))


def standardised(x):
    x = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.mean(x**2, axis=-1, keepdims=True))
    return np.divide(x, scale, out=np.zeros_like(x), where=scale > 0).ravel()


causes = [hidden @ visible.transpose(0, 2, 1), nearness]
if "region" in result.exported():
    causes.append(load("region"))
partial = np.zeros((3, n))
for i in range(n):
    a = standardised(attention[i, 0])
    columns = [standardised(cause[i]) for cause in causes]
    for c, column in enumerate(columns):
        others = np.stack([x for k, x in enumerate(columns) if k != c], axis=1)
        rest = [y - others @ np.linalg.lstsq(others, y, rcond=None)[0] for y in (a, column)]
        norm = np.linalg.norm(rest[0]) * np.linalg.norm(rest[1])
        partial[c, i] = rest[0] @ rest[1] / norm if np.any(column) else 0
result.compare("partial-block1", partial, load("partial-block1"))

cosines = load("cosines")
found = np.zeros_like(cosines)
for i in range(n):
    U, x = visible[i], hidden[i, i % hidden.shape[1]]
    norm = np.sum(U**2) / len(U)
    for step in range(len(cosines)):
        a = U @ np.linalg.solve(U.T @ U + 10 ** (step / 2 - 3) * norm * np.eye(U.shape[1]), x)
        found[step, i] = a @ (U @ x) / np.linalg.norm(a) / np.linalg.norm(U @ x)
result.compare("cosines", found, cosines)
result.end()
