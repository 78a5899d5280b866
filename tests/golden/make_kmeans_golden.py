#!/usr/bin/python3
"""Writes tests/golden/kmeans/: patches of pictures, and the inertia that scikit-learn reaches on them.

Run:  python3 tests/golden/make_kmeans_golden.py    (made with Debian 12: scikit-learn 1.2.1, numpy 1.24.2)
60 pictures of coloured discs on a slope of colour, with noise, each cut into 64 patches of 12 bytes: points.npy
(60,64,12). clusters.npy (60): k of each, 3 to 8. inertia.npy (60): the mean over 40 seeds of the inertia of KMeans
with its own starts (greedy k-means++), the best of 10.
"""
import os

import numpy as np
from sklearn.cluster import KMeans

PICTURES, SIDE, PATCH, SEEDS = 60, 16, 2, 40
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kmeans")


def picture(rng):
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    image = rng.uniform(40, 200, 3) + rng.normal(0, 40, 3) * x[..., None] + rng.normal(0, 40, 3) * y[..., None]
    for _ in range(rng.integers(2, 7)):
        inside = (x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2 < rng.uniform(.1, .4) ** 2
        image = np.where(inside[..., None], rng.uniform(0, 255, 3), image)
    image = image + rng.normal(0, 12, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def patches(image):
    n = SIDE // PATCH
    return image.reshape(n, PATCH, n, PATCH, 3).transpose(0, 2, 1, 3, 4).reshape(n * n, PATCH * PATCH * 3)


rng = np.random.default_rng(5)
points = np.stack([patches(picture(rng)) for _ in range(PICTURES)])
clusters = (3 + np.arange(PICTURES) % 6).astype(np.uint8)
inertia = np.array([np.mean([KMeans(int(k), n_init=10, tol=0, algorithm="lloyd", random_state=seed)
                             .fit(p.astype(float)).inertia_ for seed in range(SEEDS)])
                    for p, k in zip(points, clusters)])

os.makedirs(FOLDER, exist_ok=True)
np.save(os.path.join(FOLDER, "points.npy"), points)
np.save(os.path.join(FOLDER, "clusters.npy"), clusters)
np.save(os.path.join(FOLDER, "inertia.npy"), inertia)
