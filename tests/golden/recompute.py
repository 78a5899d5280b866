"""What the scripts check_*.py share: an experiment's folder, its numbers, its exported arrays, and the count of what
numpy finds otherwise."""
import os
import sys

import numpy as np


class Result:
    """The folder RESULTS/TIER-DATA/NN-name of an experiment that was run with EXPORT=1."""

    def __init__(self, folder):
        self.folder = folder
        self.differs = False
        with open(os.path.join(folder, "result.tsv"), encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file][1:]
        self.said = {row[0]: float(row[1]) for row in rows}

    def load(self, name):
        return np.load(os.path.join(self.folder, "export", name + ".npy"))

    def exported(self):
        return sorted(name[:-4] for name in os.listdir(os.path.join(self.folder, "export")) if name.endswith(".npy"))

    def compare(self, key, found, said=None, tolerance=1e-9, scale=0):
        """Prints a line: whether `found` is `said` (or the result's number of that key), to `tolerance` times the
        largest number in `found`, or `scale` where that is larger."""
        said = np.asarray(self.said[key] if said is None else said)
        found = np.asarray(found)
        agrees = np.max(np.abs(said - found)) <= tolerance * max(scale, np.max(np.abs(found)))
        self.differs = self.differs or not agrees
        print(f"{'ok' if agrees else 'not ok'} {key}: mean {np.mean(said):.12g}, by numpy {np.mean(found):.12g}")

    def end(self):
        sys.exit(int(self.differs))


def rand_index(a, b):
    """Hubert and Arabie's adjusted index of two partitions, from the two matrices of pairs that are together."""
    upper = np.triu_indices(len(a), 1)
    p, q = (a[:, None] == a)[upper].astype(float), (b[:, None] == b)[upper].astype(float)
    chance = p.sum() * q.sum() / len(p)
    best = (p.sum() + q.sum()) / 2
    return 1 if best == chance else ((p * q).sum() - chance) / (best - chance)
