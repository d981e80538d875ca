"""Time to a given test error, and the cost of an epoch against its bare matrix products.

    python benchmarks/training_speed.py FASHION_FOLDER [--limit N] [--budget SECONDS]

Part 1: seconds until the test MSE of 32 units of rank 16 is reached, for scikit-learn's
MLPRegressor as autoencoder and MiniBatchDictionaryLearning, at a code of the same bits:
as many numbers as the network keeps (16 values, and the winner's 5 bits as a 17th).
A peer stops at its budget; then the ratio is a lower bound and its error is shown.

Part 2: one epoch against only the products it contains, both timed in this run.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import NamedTuple

import numpy as np
from common import pictures, provenance, table
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

CODE = 17


def mse(a, b) -> float:
    """Mean squared error."""
    return float(((a - b) ** 2).mean(dtype=np.float64))


def network_time(X, T, preset: str, epochs: int, seed: int):
    """(seconds, test MSE) after each epoch, the start included."""
    from htm_engine import HTM

    model = HTM.from_preset(
        preset, coder=False, sampler=False, epochs=epochs, patience=99, random_state=seed
    )
    spent, began, points = 0.0, time.perf_counter(), []
    for step in model.fit_steps(X):
        if step.validation is not None:
            spent += time.perf_counter() - began
            points.append((spent, -model.score(T)))
            began = time.perf_counter()
    return model, points


def mlp_time(X, T, target: float, budget: float, seed: int):
    """Seconds until the target or the budget, and the test MSE reached."""
    net = MLPRegressor(
        hidden_layer_sizes=(256, CODE, 256),
        batch_size=256,
        random_state=seed,
        learning_rate_init=2e-3,
    )
    rng, spent, error = np.random.default_rng(seed), 0.0, np.inf
    while spent < budget and error > target:
        began = time.perf_counter()
        order = rng.permutation(len(X))
        for start in range(0, len(X), 5120):
            batch = X[order[start : start + 5120]]
            net.partial_fit(batch, batch)
        spent += time.perf_counter() - began
        error = min(error, mse(net.predict(T), T))
    return spent, error


def dictionary_time(X, T, target: float, budget: float, seed: int):
    """The same for dictionary learning; codes are sparse with as many numbers."""
    mean = X.mean(0)
    net = MiniBatchDictionaryLearning(
        128,
        alpha=0.1,
        batch_size=1024,
        random_state=seed,
        max_iter=1,
        transform_algorithm="omp",
        transform_n_nonzero_coefs=CODE // 2,
    )
    spent, error = 0.0, np.inf
    few = T[:1000] - mean
    while spent < budget and error > target:
        began = time.perf_counter()
        for start in range(0, len(X), 1024):
            net.partial_fit(X[start : start + 1024] - mean)
            if time.perf_counter() - began > budget - spent:
                break
        spent += time.perf_counter() - began
        error = min(error, mse(net.transform(few) @ net.components_, few))
    return spent, error


class Matrices(NamedTuple):
    """What one step of a level multiplies: real rows, and ones in the shape of the rest."""

    rows: np.ndarray
    learned: np.ndarray
    w: np.ndarray
    u: np.ndarray
    span: np.ndarray
    units: int
    rank: int
    above: bool


def multiply(m: Matrices) -> None:
    """The matrix products of one step at one level."""
    share = np.ones((m.units, len(m.learned)), np.float32)
    own = m.learned[: max(1, len(m.learned) // m.units)]
    for left, right in ((m.learned, m.w), (m.learned, m.w), (share, m.learned)):
        np.matmul(left, right)  # evidence, prototypes, the gate's gradient
    if m.rank:
        np.matmul(m.learned, m.u)  # values of every unit
        for _ in range(m.units):
            np.matmul(own.T, own @ m.span)  # C U of every unit
    for right in (m.w, m.w, m.u)[: 3 if m.rank else 2] if m.above else ():
        np.matmul(m.rows, right)  # codes for the level above


def bare_products(model, X) -> float:
    """Seconds of the matrix products in one step, and nothing else."""
    h = model.hierarchy_
    maps = model.batch(X, np.arange(1024))
    total = 0.0
    for level, layer in enumerate(h.layers):
        rows = np.ascontiguousarray(h.rows(level, h.input_of(level, maps)), np.float32)
        d, k, r = rows.shape[1], layer.units, layer.rank
        matrices = Matrices(
            rows,
            rows[:4096],
            np.ones((d, k), np.float32),
            np.ones((d, max(1, k * r)), np.float32),
            np.ones((d, r + 4), np.float32),
            k,
            r,
            level + 1 < len(h.layers),
        )
        multiply(matrices)
        began = time.perf_counter()
        for _ in range(5):
            multiply(matrices)
        total += (time.perf_counter() - began) / 5
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--budget", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = pictures(args.data, "train", args.limit).X / np.float32(255)
    T = pictures(args.data, "test").X / np.float32(255)
    provenance("training_speed", args.data, args.seed)
    flat, flat_test = X.reshape(len(X), -1), T.reshape(len(T), -1)
    pca = PCA(16, random_state=args.seed).fit(flat)
    linear = mse(pca.inverse_transform(pca.transform(flat_test)), flat_test)
    model, points = network_time(X, T, "single", 3, args.seed)
    target = points[0][1]
    print(
        f"\ntest MSE: PCA-16 {linear:.5f}; 32 units of rank 16 {points[-1][1]:.5f}, "
        f"ratio {points[-1][1] / linear:.3f}"
    )
    print(f"target: the error after one epoch, {target:.5f}\n")
    rows = [("HTM preset single, after 1 epoch", f"{points[0][0]:.2f}", f"{target:.5f}", "1")]
    rows += [
        (f"HTM preset single, after {i + 1} epochs", f"{s:.2f}", f"{e:.5f}", "")
        for i, (s, e) in enumerate(points[1:], 1)
    ]
    peers = (
        ("MLPRegressor 256-17-256", mlp_time),
        ("MiniBatchDictionaryLearning", dictionary_time),
    )
    for name, run in peers:
        seconds, error = run(flat, flat_test, target, args.budget, args.seed)
        sign = "" if error <= target else "> "
        ratio = f"{sign}{seconds / points[0][0]:.0f}"
        rows.append((name, f"{seconds:.1f}", f"{error:.5f}", ratio))
    table(("learner", "seconds", "test MSE", "times the network's time to the target"), rows)
    print("\none step of 1,024 pictures\n")
    rows = []
    for preset in ("single", "default"):
        from htm_engine import HTM

        fresh = HTM.from_preset(
            preset, coder=False, sampler=False, epochs=1, batch_size=1024, validation_fraction=0
        )
        steps = fresh.fit_steps(X)
        next(steps)
        pairs = []
        for _ in range(5):  # in turn, so that a busy moment hits both
            began = time.perf_counter()
            for _ in range(8):
                next(steps)
            pairs.append(((time.perf_counter() - began) / 8, bare_products(fresh, X)))
        step, bare = (statistics.median(part) for part in zip(*pairs, strict=True))
        rows.append((preset, f"{1e3 * step:.1f}", f"{1e3 * bare:.1f}", f"{step / bare:.2f}"))
    table(("preset", "step ms", "bare products ms", "ratio"), rows)


if __name__ == "__main__":
    main()
