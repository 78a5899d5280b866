#!/usr/bin/python3
"""Writes tests/golden/softmax/: multinomial logistic regression without regularisation, solved by scipy.

Run:  python3 tests/golden/make_softmax_golden.py    (made with Debian 12: scipy 1.10.1, numpy 1.24.2)
240 rows of 6 columns whose scales span four orders, 4 classes that overlap, so that a minimum exists. Newton's
method on all 28 numbers (with the pseudo-inverse: adding a constant to all classes changes nothing) from
L-BFGS's answer; loss.npy is the minimum, logits.npy the centred logits there, exact to about 1e-12.
"""
import os

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

ROWS, WIDTH, CLASSES = 240, 6, 4
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "softmax")

rng = np.random.default_rng(11)
labels = rng.integers(0, CLASSES, ROWS).astype(np.uint8)
centres = rng.normal(size=(CLASSES, WIDTH))
features = (centres[labels] + 1.5 * rng.normal(size=(ROWS, WIDTH))) * 10.0 ** np.linspace(-2, 2, WIDTH) + 3
design = np.hstack([features, np.ones((ROWS, 1))])
onehot = np.eye(CLASSES)[labels]


def loss(w):
    z = design @ w.reshape(CLASSES, WIDTH + 1).T
    value = np.mean(logsumexp(z, axis=1) - z[np.arange(ROWS), labels])
    return value, ((softmax(z, axis=1) - onehot).T @ design / ROWS).ravel()


w = minimize(loss, np.zeros(CLASSES * (WIDTH + 1)), jac=True, method="L-BFGS-B",
             options=dict(maxiter=100000, maxfun=100000, ftol=1e-16, gtol=1e-12)).x
for _ in range(30):
    p = softmax(design @ w.reshape(CLASSES, WIDTH + 1).T, axis=1)
    hessian = np.einsum("nij,na,nb->iajb", np.einsum("ni,ij->nij", p, np.eye(CLASSES)) -
                        np.einsum("ni,nj->nij", p, p), design, design) / ROWS
    w = w - np.linalg.pinv(hessian.reshape(w.size, w.size), rcond=1e-13) @ loss(w)[1]
assert abs(loss(w)[1]).max() < 1e-11, abs(loss(w)[1]).max()
logits = design @ w.reshape(CLASSES, WIDTH + 1).T

os.makedirs(FOLDER, exist_ok=True)
np.save(os.path.join(FOLDER, "features.npy"), features)
np.save(os.path.join(FOLDER, "labels.npy"), labels)
np.save(os.path.join(FOLDER, "loss.npy"), np.array([loss(w)[0]]))
np.save(os.path.join(FOLDER, "logits.npy"), logits - logits.mean(axis=1, keepdims=True))
