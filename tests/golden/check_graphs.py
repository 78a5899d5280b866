#!/usr/bin/python3
"""Computes again, with numpy alone, what 07-spectral says of its two graphs, and compares.

Run:  make theorem4.3 TIER=smoke EXPORT=1; python3 tests/golden/check_graphs.py results/smoke-planted/07-spectral
The eigenvalues of co-occurrence from the moments, the features of 40 scenes' patches up to a rotation (their inner
products), and every adjusted Rand index from the maps of clusters. Agreement to 1e-8. Prints a line a number; exits 1
when one differs.
"""
import os
import sys

import numpy as np

folder = sys.argv[1]
with open(os.path.join(folder, "result.tsv"), encoding="utf-8") as file:
    rows = [line.rstrip("\n").split("\t") for line in file][1:]
said = {row[0]: float(row[1]) for row in rows}


def load(name):
    return np.load(os.path.join(folder, "export", "graph-" + name + ".npy"))


wrong = False


def compare(key, ours, numpys):
    global wrong
    differs = not np.max(np.abs(np.asarray(ours) - numpys)) <= 1e-8 * max(1, np.max(np.abs(numpys)))
    wrong = wrong or bool(differs)
    print(f"{'not ok' if differs else 'ok'} {key}: by numpy {np.ravel(numpys)[0]:.12g}")


second, pairs, patches, features = load("second"), load("pairs"), load("patches"), load("features")
values, vectors = np.linalg.eigh(second)
kept = values > 1e-3 * values[-1]
root = vectors[:, kept] / np.sqrt(values[kept]) @ vectors[:, kept].T
found, basis = np.linalg.eigh(root @ pairs @ root)
compare("cooccurrence.values", load("values"), found[::-1])
k = features.shape[2]
phi = patches @ root @ basis[:, ::-1][:, :k]
compare("features' inner products", features @ features.transpose(0, 2, 1), phi @ phi.transpose(0, 2, 1))


def rand_index(a, b):
    """Hubert and Arabie's, from the two matrices of pairs that are together."""
    upper = np.triu_indices(len(a), 1)
    p, q = (a[:, None] == a)[upper].astype(float), (b[:, None] == b)[upper].astype(float)
    chance = p.sum() * q.sum() / len(p)
    best = (p.sum() + q.sum()) / 2
    return 1 if best == chance else ((p * q).sum() - chance) / (best - chance)


truth = load("truth")
for view in ("mae", "cooccurrence", "product-unit", "kernel-signed", "kernel-unit", "patches"):
    index = [rand_index(a, b) for a, b in zip(truth, load("map-" + view))]
    compare("graph." + view, said["graph." + view], np.mean(index))
sys.exit(int(wrong))
