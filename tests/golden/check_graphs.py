#!/usr/bin/python3
"""Computes again, with numpy alone, what 07-spectral says of its two graphs, and compares.

Run:  make theorem4.3 TIER=smoke EXPORT=1; python3 tests/golden/check_graphs.py results/smoke-planted/07-spectral
The eigenvalues of co-occurrence from the moments, the features of 40 scenes' patches up to a rotation (their inner
products), in which of them the graph of products in [-1,1] has positive degrees, and every adjusted Rand index from the
maps of clusters. Agreement to 1e-8. Prints a line a number; exits 1
when one differs.
"""
import sys

import numpy as np
from recompute import Result, rand_index

result = Result(sys.argv[1])


def load(name):
    return result.load("graph-" + name)


second, pairs, patches, features = load("second"), load("pairs"), load("patches"), load("features")
values, vectors = np.linalg.eigh(second)
kept = values > 1e-3 * values[-1]
root = vectors[:, kept] / np.sqrt(values[kept]) @ vectors[:, kept].T
found, basis = np.linalg.eigh(root @ pairs @ root)
result.compare("cooccurrence.values", found[::-1], load("values"), 1e-8)
k = features.shape[2]
phi = patches @ root @ basis[:, ::-1][:, :k]
result.compare("features' inner products", phi @ phi.transpose(0, 2, 1), features @ features.transpose(0, 2, 1), 1e-8)
truth = load("truth")
by_modulus = np.sort(np.abs(found))[::-1]
gaps = by_modulus[:-1] - by_modulus[1:]
result.compare("components.kept", 1 + np.argmax(gaps))
for view in ("components", "mae", "cooccurrence", "product-unit", "kernel-signed", "kernel-unit", "patches"):
    result.compare("graph." + view, np.mean([rand_index(a, b) for a, b in zip(truth, load("map-" + view))]))
defined = load("defined")
degrees = np.einsum("ntf,nf->nt", patches, patches.sum(axis=1))
result.compare("scenes with positive degrees", np.all(degrees > 0, axis=1), defined[: len(patches)])
there = [rand_index(a, b) for a, b, d in zip(truth, load("map-product-signed"), defined) if d]
if there:
    result.compare("graph.product-signed", np.mean(there))
result.end()
