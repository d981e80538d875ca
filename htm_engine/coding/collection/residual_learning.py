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

#: Numbers a row above which few rows have their directions from the rows.
WIDE = 1024


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
    if units == 1:
        return ResidualUnits(_one_basis(active)[None], patch, blank.shape)
    assigned = _start(active, units, int(rng.integers(2**31)))
    bases = np.zeros((units, x.shape[1], x.shape[1]), np.float32)
    for _ in range(rounds):
        spread = np.zeros((units, x.shape[1]), np.float32)
        prior = active.T @ active / len(active) * 0.02
        for unit in range(units):
            own = active[assigned == unit]
            values, bases[unit] = _principal(own.T @ own / max(1, len(own)) + prior)
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


def _principal(covariance: NDArray[np.floating]) -> tuple[NDArray[np.float64], F32]:
    """Variances, least first, and directions ``(d, d)``, largest first."""
    values, vectors = np.linalg.eigh(covariance.astype(np.float64))
    return values, svd_flip(vectors[:, ::-1], None)[0].astype(np.float32)


def _one_basis(x: F32) -> F32:
    """Principal directions ``(d, d)`` of all rows ``(n, d)``, for a single unit.

    Where many numbers meet few rows, the directions in which those vary and any that complete
    them: its time grows with n d^2, that of a covariance's eigenvectors with d^3.
    """
    n, d = x.shape
    if n >= d or d <= WIDE:
        covariance = x.T @ x / max(1, n)
        return _principal(covariance + covariance * 0.02)[1]
    axes = np.linalg.svd(x.astype(np.float64), full_matrices=False)[2].T
    return svd_flip(np.linalg.qr(axes, mode="complete")[0], None)[0].astype(np.float32)


def _start(x: F32, units: int, seed: int) -> NDArray[np.intp]:
    """First assignment by direction, sign left aside."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    direction = x / np.maximum(length, 1e-12)
    peak = np.abs(direction).argmax(1)
    direction *= np.sign(direction[np.arange(len(x)), peak])[:, None]
    means = MiniBatchKMeans(units, n_init=1, batch_size=4096, random_state=seed)
    return means.fit_predict(direction).astype(np.intp)
