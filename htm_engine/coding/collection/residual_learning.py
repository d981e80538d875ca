"""Learning the residual units: bases for what the hierarchy did not predict.

Learning alternates assignment by estimated bits with the units' eigenvectors, on
residuals as the decoder will see them, those of quantised codes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.extmath import svd_flip

from .quantise import LAMBDA
from .residual_units import F32, ResidualUnits


def learn(
    residual: F32,
    patch: int,
    units: int,
    step: float,
    rng: np.random.Generator,
    rounds: int = 4,
    most: int = 40_000,
) -> ResidualUnits:
    """Residual units from maps ``(n, H, W, C)`` at the given step."""
    shape = residual.shape[1:]
    blank = ResidualUnits(np.zeros((1, 1, 1), np.float32), patch, (shape[0], shape[1], shape[2]))
    x = blank.split(residual)
    x = x.reshape(-1, x.shape[-1])
    energy = (x**2).sum(1)
    active = x[energy > 4 * LAMBDA * step * step]
    if len(active) < 2 * x.shape[1]:
        active = x  # almost everything is predicted; one rough unit is enough for the rest
    if len(active) > most:
        active = active[rng.choice(len(active), most, replace=False)]
    units = max(1, min(units, len(active) // (4 * x.shape[1])))
    assigned = _start(active, units, int(rng.integers(2**31)))
    bases = np.zeros((units, x.shape[1], x.shape[1]), np.float32)
    for _ in range(rounds):
        spread = np.zeros((units, x.shape[1]), np.float32)
        prior = active.T @ active / len(active) * 0.02
        for unit in range(units):
            own = active[assigned == unit]
            covariance = (own.T @ own / max(1, len(own)) + prior).astype(np.float64)
            values, vectors = np.linalg.eigh(covariance)
            bases[unit] = svd_flip(vectors[:, ::-1], None)[0]
            spread[unit] = np.sqrt(np.maximum(values[::-1], 1e-12))
        share = np.bincount(assigned, minlength=units) + 1.0
        cost = np.empty((len(active), units), np.float32)
        for unit in range(units):
            z = np.abs(active @ bases[unit])
            # Bits of a Laplace variable of this spread, or the distortion of leaving it out.
            scale = np.maximum(spread[unit], 0.2 * step) / step
            bits = np.log2(1 + scale) + 1.44 * z / (step * scale)
            drop = z**2 + 0.1 * LAMBDA * step * step
            keep = step * step * (1 / 12 + LAMBDA * (1 + bits))
            cost[:, unit] = np.minimum(drop, keep).sum(1) - LAMBDA * step * step * np.log2(
                share[unit] / share.sum()
            )
        assigned = cost.argmin(1)
    return ResidualUnits(bases, patch, blank.shape)


def _start(x: F32, units: int, seed: int) -> NDArray[np.intp]:
    """First assignment by direction, sign left aside."""
    if units == 1:
        return np.zeros(len(x), np.intp)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    direction = x / np.maximum(length, 1e-12)
    peak = np.abs(direction).argmax(1)
    direction *= np.sign(direction[np.arange(len(x)), peak])[:, None]
    means = MiniBatchKMeans(units, n_init=1, batch_size=4096, random_state=seed)
    return means.fit_predict(direction).astype(np.intp)
