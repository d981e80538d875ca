"""How well a linear classifier reads the network's activations.

    python benchmarks/readout.py TRAIN_FOLDER [--test FOLDER] [--limit N]

The network learns without labels; logistic regression then learns labels on its pooled
activations (``HTM.features``).  Beside it: the same classifier on raw pixels and on PCA
at 95 % of the variance.  A folder holds IDX files, or ``train/`` and ``test/`` pictures
in a sub-folder a label.
"""

from __future__ import annotations

import argparse
import time

from common import pictures, provenance, table
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression


def accuracy(train, labels, test, test_labels, c: float) -> float:
    """Accuracy in percent of logistic regression."""
    model = LogisticRegression(C=c, max_iter=300).fit(train, labels)
    return 100 * float(model.score(test, test_labels))


def main() -> None:
    """Measure and print."""
    from htm_engine import HTM

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train = pictures(args.data, "train", args.limit)
    test = pictures(args.data, "test")
    provenance("readout", args.data, args.seed)
    print(f"{len(train)} pictures to learn from, {len(test)} to measure on\n")
    rows = []
    flat, flat_test = (d.X.reshape(len(d), -1) / 255 for d in (train, test))
    began = time.perf_counter()
    raw = accuracy(flat, train.y, flat_test, test.y, 0.1)
    rows.append(("raw pixels", flat.shape[1], f"{raw:.2f}", f"{time.perf_counter() - began:.0f}"))
    began = time.perf_counter()
    pca = PCA(0.95, random_state=args.seed).fit(flat)
    score = accuracy(pca.transform(flat), train.y, pca.transform(flat_test), test.y, 0.1)
    rows.append(
        ("PCA 95 %", pca.n_components_, f"{score:.2f}", f"{time.perf_counter() - began:.0f}")
    )
    for preset in ("default", "readout"):
        began = time.perf_counter()
        model = HTM.from_preset(
            preset, coder=False, sampler=False, epochs=2, random_state=args.seed
        ).fit(train.X)
        level = 0
        a, b = (model.features(d.X, level) for d in (train, test))
        score = accuracy(a, train.y, b, test.y, 10)
        rows.append(
            (
                f"HTM preset {preset}, level {level}",
                a.shape[1],
                f"{score:.2f}",
                f"{time.perf_counter() - began:.0f}",
            )
        )
    table(("features", "numbers", "test accuracy %", "seconds in all"), rows)


if __name__ == "__main__":
    main()
