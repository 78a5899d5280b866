#!/usr/bin/python3
"""Computes again, with numpy alone, what Figure 3, Table 1 or Table 2 says of its exported arrays, and compares.

Run:  make figure3 table1 table2 EXPORT=1
      python3 tests/golden/check_tables.py results/desk-cifar10/03-segmentation    (or 04-probing, 05-heads)
Figure 3: every image's adjusted Rand index with the true regions, or where they are not known with the MAE's map, and
the means. Tables: accuracies, differences in points and McNemar's mid-p from answers and labels; of a solved probe the
loss, by Newton's method on the features, where the program has L-BFGS. Agreement to 1e-9, of that loss to 1e-6. Prints
a line a number; exits 1 when one differs.
"""
import math
import sys
from fractions import Fraction

import numpy as np
from recompute import Result, rand_index

result = Result(sys.argv[1])


def mid_p(one, other):
    """McNemar's, exact and two-sided (Fagerland, Lydersen and Laake 2013): of n images that one alone gets right, the
    chance of at most as many for the lesser, less half of the chance of just as many."""
    least, most = sorted((int(np.sum(one & ~other)), int(np.sum(other & ~one))))
    n = least + most
    if n == 0:
        return 1
    equal = Fraction(math.comb(n, least), 2**n)
    if least == most:
        return float(1 - equal / 2)
    return float(2 * Fraction(sum(math.comb(n, k) for k in range(least + 1)), 2**n) - equal)


def solved_loss(features, labels):
    """The least mean cross-entropy, in nats, of an affine softmax classifier."""
    x = features - features.mean(axis=0)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    kept = values > 1e-10 * values[-1]
    x = np.hstack([x @ (vectors[:, kept] / np.sqrt(values[kept])), np.ones((len(x), 1))])
    count, width, classes = len(x), x.shape[1], int(labels.max()) + 1
    truth = np.eye(classes)[labels]

    def loss_of(weights):
        scores = x @ weights.T
        scores -= scores.max(axis=1, keepdims=True)
        total = np.exp(scores).sum(axis=1, keepdims=True)
        return np.mean(np.log(total[:, 0]) - (scores * truth).sum(axis=1)), np.exp(scores) / total

    weights = np.zeros((classes, width))
    loss, p = loss_of(weights)
    for _ in range(100):
        gradient = ((p - truth).T @ x / count).ravel()
        if np.max(np.abs(gradient)) < 1e-9:
            return loss
        # The classes' scores may move together: a small ridge makes that direction stay.
        hessian = 1e-9 * np.eye(classes * width)
        for a in range(classes):
            for b in range(a + 1):
                block = x.T @ (x * (p[:, a] * ((a == b) - p[:, b]))[:, None]) / count
                hessian[a * width:(a + 1) * width, b * width:(b + 1) * width] += block
                if a != b:
                    hessian[b * width:(b + 1) * width, a * width:(a + 1) * width] += block.T
        step, length = np.linalg.solve(hessian, gradient).reshape(classes, width), 1.0
        while length > 1e-6:
            trial, shares = loss_of(weights - length * step)
            if trial < loss:
                break
            length /= 2
        else:
            return loss
        weights, loss, p = weights - length * step, trial, shares
    return loss


def check_maps():
    known = "truth" in result.exported()
    other = result.load("truth" if known else "mae-maps")
    for column in ("mae", "patches", "positions", "random"):
        if not known and column == "mae":
            continue
        index = np.array([rand_index(a, b) for a, b in zip(other, result.load(column + "-maps"))])
        result.compare(column + "-maps", index, result.load(column + "-ari"))
        # Of random encoders the maps are the first's, and the number is the mean of all.
        if column != "random":
            result.compare(column + (".ari" if known else ".agreement"), np.mean(index))


def check_answers(right, key_of, pairs):
    for key, answers in right.items():
        result.compare(key_of(key), 100 * np.mean(answers))
    for key, points, one, other in pairs:
        result.compare(key + points, 100 * (np.mean(right[one]) - np.mean(right[other])), scale=100)
        result.compare(key + ".mcnemar-mid-p", mid_p(right[one][0], right[other][0]))


def check_probes():
    labels = result.load("test-labels")
    right = {name[len("answers-"):]: result.load(name) == labels
             for name in result.exported() if name.startswith("answers-")}
    check_answers(right, lambda key: key + ".accuracy", [
        ("bn-over-lp", ".points", "bn-lp", "lp"),
        ("partial-over-bn", ".points", "partial", "bn-lp"),
        ("bn-over-lp-solved", ".points", "bn-lp-solved", "lp-solved"),
        ("qkv-over-mlp", ".points", "partial-chosen", "mlp"),
        ("query-key-over-value", ".points", "query-key", "value"),
        ("query-key-over-mlp", ".points", "query-key", "mlp"),
        ("adamw-over-lars", ".points", "lp-chosen", "lars"),
        ("adamw-over-lars-bn", ".points", "bn-lp-chosen", "lars-bn")])
    loss = solved_loss(result.load("train-features")[:, 0].astype(float), result.load("train-labels"))
    for probe in ("lp-solved", "bn-lp-solved"):
        result.compare(probe + ".loss", loss, tolerance=1e-6)


def check_heads():
    labels = result.load("labels")
    right = {name.replace("-h3-", "-h3.").replace("-h6-", "-h6."): result.load(name) == labels
             for name in result.exported() if name != "labels"}
    check_answers(right, lambda key: key, [
        ("heads." + method, "", "m75-h6." + method, "m75-h3." + method) for method in ("lp", "finetuned", "scratch")])


{"03-segmentation": check_maps, "04-probing": check_probes, "05-heads": check_heads}[
    result.folder.rstrip("/").split("/")[-1]]()
result.end()
