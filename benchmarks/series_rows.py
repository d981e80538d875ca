"""Rows of a table without time: a rare class among the others, beside other detectors.

    python benchmarks/series_rows.py [--draws 5] [--rare 0.05]

Data come with scikit-learn: breast cancer with malignant made rare, wine with each of its three
classes, digits with each of its ten.  The rare class is a twentieth of the rows, drawn anew for
each of the seeds 0, 1, ...; nobody is told which rows they are, and everybody learns from all.
Measured is the area under the curve, a mean over draws.  IsolationForest sees the columns as they
are, LocalOutlierFactor and PCA (components for 90 % of the variance, squared error) see them with
mean 0 and deviation 1, each at scikit-learn's own settings.  The parts of our score are shown too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
from common import provenance, table
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from htm_engine import HTM, detect_rows

#: Data, and the classes that are made rare.
SETS = (
    ("breast cancer", load_breast_cancer, (0,)),
    ("wine", load_wine, range(3)),
    ("digits", load_digits, range(10)),
)


def drawn(X: np.ndarray, y: np.ndarray, rare: int, part: float, seed: int):
    """Rows of which a part is of one class, and which these are."""
    rng = np.random.default_rng(seed)
    others, own = np.flatnonzero(y != rare), np.flatnonzero(y == rare)
    few = max(5, min(len(own), round(part * len(others) / (1 - part))))
    rows = np.concatenate([others, rng.choice(own, few, replace=False)])
    rng.shuffle(rows)
    return X[rows], y[rows] == rare


def scores(X: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Everybody's scores."""
    Z = StandardScaler().fit_transform(X)
    yield "IsolationForest", -IsolationForest(random_state=seed).fit(X).score_samples(X)
    yield "LocalOutlierFactor", -LocalOutlierFactor().fit(Z).negative_outlier_factor_
    pca = PCA(0.9, svd_solver="full").fit(Z)
    back = pca.inverse_transform(pca.transform(Z))
    yield "PCA", ((back - Z) ** 2).sum(1)
    yield "HTM", detect_rows(X, seed).bits
    network = HTM(coder=False, sampler=False, random_state=seed).fit(Z)
    yield "HTM's error alone", ((network.reconstruct(Z) - Z) ** 2).sum(1)


PEERS = ("IsolationForest", "LocalOutlierFactor", "PCA")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--rare", type=float, default=0.05)
    args = parser.parse_args()
    provenance("series_rows", "scikit-learn's", 0)
    rows, took, seen = [], 0.0, 0
    for name, load, classes in SETS:
        X, y = load(return_X_y=True)
        areas: dict[str, list[float]] = {}
        for rare in classes:
            own: dict[str, list[float]] = {}
            for seed in range(args.draws):
                part, wanted = drawn(X, y, rare, args.rare, seed)
                for who, found in scores(part, seed):
                    own.setdefault(who, []).append(roc_auc_score(wanted, found))
                began = time.process_time()
                detect_rows(part, seed)
                took, seen = took + time.process_time() - began, seen + len(part)
            for who, some in own.items():
                areas.setdefault(who, []).append(float(np.mean(some)))
        second = np.sort([areas[who] for who in PEERS], axis=0)[-2]
        good = int((np.array(areas["HTM"]) >= second).sum())
        rows.append((name, *(f"{np.mean(one):.3f}" for one in areas.values()), good, len(second)))
    table(("area under the curve", *areas, "at least the second of the others", "of"), rows)
    print(f"\n{seen / took:,.0f} rows a second of one core, learning included")


if __name__ == "__main__":
    main()
