"""How good drawn pictures are, measured beside their peers in one run.

    python benchmarks/generation.py FOLDER [FOLDER ...] [--limit N] [--samples N] [--seed S]

A sixth of the training pictures is held out; everything learns from the rest.  Four
questions, the same to all:

1. Are there as many of each kind as in real pictures?  NDB/K with 100 bins
   (``metrics.ndb``); real pictures give about 0.05.
2. Can a classifier tell them from held-out pictures?  Logistic regression and a small MLP,
   on pixels and on 50 PCA codes, five-fold; 0.5 is perfect.
3. Are they copies, or strangers?  Distance to the nearest picture learned from, root mean
   square, against that of held-out pictures (Kolmogorov-Smirnov distance of the two
   distributions, and the share that is nearer than 99 % of held-out pictures).
4. What is put where half of a picture is covered?  PSNR there, against PCA's least squares.

All pictures are rounded to bytes first, as a file would hold them.  The peers: the article's
generator (normal numbers into the inverse PCA at 95 %), scikit-learn's GaussianMixture with
full covariances on PCA codes, the network without its tables to draw by, and real pictures.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from common import pictures, provenance, table
from scipy.stats import ks_2samp
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier

#: Codes and components of the mixture; the best of those tried that fits within a minute.
MIXTURE = (50, 64)
#: Pictures that are completed, and numbers of components that PCA may choose from.
COMPLETED, COMPONENTS = 1000, (10, 20, 30, 50)


def rows(X: np.ndarray) -> np.ndarray:
    """Pictures as rows of intensities."""
    return X.reshape(len(X), -1).astype(np.float32) / 255


def as_bytes(X: np.ndarray) -> np.ndarray:
    """Intensities as bytes."""
    return np.rint(np.clip(X, 0, 1) * 255).astype(np.uint8)


def told(drawn: np.ndarray, real: np.ndarray, seed: int) -> list[float]:
    """Five-fold accuracy at telling drawn from real: LR and MLP on pixels, then on codes."""
    X = np.concatenate([rows(drawn), rows(real)])
    y = np.repeat([0, 1], [len(drawn), len(real)])
    codes = PCA(50, random_state=seed).fit_transform(X)
    folds, found = StratifiedKFold(5, shuffle=True, random_state=seed), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for Z in (X, codes / codes.std(0)):
            for model in (
                LogisticRegression(C=0.1, max_iter=200),
                MLPClassifier((64,), max_iter=25, random_state=seed),
            ):
                found.append(float(cross_val_score(model, Z, y, cv=folds).mean()))
    return found


def draws(model, plain, learn: np.ndarray, count: int, seed: int):
    """Every generator's name, pictures, and seconds to learn and to draw."""
    from htm_engine.analysis.generation import PCARandomCodes

    began = time.perf_counter()
    drawn = model.sample(count, seed)
    yield "HTM", as_bytes(drawn), time.perf_counter() - began
    drawn = plain.sample(count, seed)
    yield "HTM without tables", as_bytes(drawn), 0.0
    began = time.perf_counter()
    article = PCARandomCodes(0.95).fit(learn)
    drawn = article.sample(count, seed)
    yield "article: random PCA codes", as_bytes(drawn), time.perf_counter() - began
    began, flat = time.perf_counter(), rows(learn)[:20_000]
    pca = PCA(MIXTURE[0], random_state=seed).fit(flat)
    mixture = GaussianMixture(MIXTURE[1], max_iter=30, reg_covar=1e-5, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(pca.transform(flat))
    drawn = pca.inverse_transform(mixture.sample(count)[0])
    # It draws component by component; what is compared must be in no order.
    drawn = drawn[np.random.default_rng(seed).permutation(count)].reshape(-1, *learn.shape[1:])
    name = f"GaussianMixture {MIXTURE[1]} on {MIXTURE[0]} PCA codes"
    yield name, as_bytes(drawn), time.perf_counter() - began


def decibels(found: np.ndarray, real: np.ndarray, covered: np.ndarray) -> float:
    """PSNR in the covered cells over all pictures together."""
    return float(-10 * np.log10(((found - real)[:, covered] ** 2).mean()))


def completion(model, learn: np.ndarray, held: np.ndarray):
    """PSNR in the covered half: the network, PCA at 95 %, and PCA's best."""
    from htm_engine.analysis.generation import complete_all

    some, shape = held[:COMPLETED], held.shape[1:]
    real, flat = rows(some), rows(learn)[:20_000]
    for name, side in (("lower half", 0), ("right half", 1)):
        seen = np.zeros(shape, bool)
        half = tuple(slice(0, shape[axis] // 2 if axis == side else None) for axis in (0, 1))
        seen[half] = True
        mask = seen.ravel()
        ours = complete_all(model, some, seen).reshape(len(some), -1)
        theirs = []
        for components in (0.95, *COMPONENTS):
            pca = PCA(components, random_state=0).fit(flat)
            basis = pca.components_
            code = np.linalg.lstsq(basis[:, mask].T, (real - pca.mean_)[:, mask].T, rcond=None)[0]
            whole = np.clip(code.T @ basis + pca.mean_, 0, 1)
            theirs.append((decibels(whole, real, ~mask), len(basis)))
        best = max(theirs[1:])
        scores = (decibels(ours, real, ~mask), theirs[0][0])
        yield name, *(f"{s:.2f}" for s in scores), f"{best[0]:.2f} ({best[1]})"


def measure(folder: str, args: argparse.Namespace) -> None:
    """Everything for one set of pictures."""
    from htm_engine import HTM
    from htm_engine.analysis.generation import nearest
    from htm_engine.evaluation.metrics import ndb

    data = pictures(folder, "train", args.limit)
    order = np.random.default_rng(args.seed).permutation(len(data))
    X = data.X[order]
    learn, held = X[len(X) // 6 :], X[: len(X) // 6]
    provenance("generation", folder, args.seed)
    model = HTM(epochs=args.epochs, coder=False, sampler=False, random_state=args.seed)
    began = time.perf_counter()
    model.fit(learn)
    units = time.perf_counter() - began
    plain = HTM.from_state(*model.state())
    began = time.perf_counter()
    model.measure_sampler(learn)
    print(
        f"{len(learn)} pictures learned in {units:.0f} s, their dependence in "
        f"{time.perf_counter() - began:.0f} s; {len(held)} held out; {args.samples} drawn\n"
    )
    real, floor = held[: len(held) // 2], held[len(held) // 2 :]
    away = nearest(real[:2000], learn)[1]
    near = np.quantile(away, 0.01)
    found = []
    peers = list(draws(model, plain, learn, args.samples, args.seed))
    for name, drawn, seconds in [*peers, ("held-out pictures (the floor)", floor, 0.0)]:
        every = held if drawn is floor else drawn
        told_by = told(drawn[: len(real)], real[: len(drawn)], args.seed)
        distance = nearest(drawn[:2000], learn)[1]
        found.append(
            (
                name,
                f"{ndb(rows(every), rows(learn), random_state=args.seed):.2f}",
                *(f"{score:.3f}" for score in told_by),
                f"{np.median(distance):.3f}",
                f"{ks_2samp(distance, away).statistic:.2f}",
                f"{(distance < near).mean():.1%}",
                f"{seconds:.1f}" if seconds else "",
            )
        )
    head = (
        "pictures",
        "NDB/K",
        "LR pixels",
        "MLP pixels",
        "LR codes",
        "MLP codes",
        "median distance",
        "KS",
        "nearer than 99 %",
        "seconds",
    )
    table(head, found)
    print("\nPSNR in the covered half, dB")
    head = ("covered", "HTM", "PCA 95 %, least squares", "PCA, best number of components")
    table(head, completion(model, learn, held))
    print()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for folder in args.data:
        measure(folder, args)


if __name__ == "__main__":
    main()
