"""Units placed in closed form: prototypes and local subspaces that lean on what is common.

With few pictures a unit's own mean and covariance are rough.  Here each is drawn toward those
of all pictures, as if ``prior`` pictures of the common kind had been won besides (Friedman,
*Regularized discriminant analysis*, JASA 84, 1989)::

    m_i = sum of own / (N_i + prior)                           about the common mean
    C_i = (scatter of own about m_i + prior C) / (N_i + prior)  ──eigenvectors──► U_i

Units and rows take turns (hard EM), in the coordinates of the common principal axes: outside
of them no row that was learned from differs.  One unit is PCA.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus
from sklearn.utils.extmath import randomized_svd, svd_flip

Floats = NDArray[np.floating]
#: Common principal axes in which units are placed, at most.
AXES = 256
#: Rows or numbers, whichever are fewer, up to which axes are exact; past it by a randomised
#: SVD (Halko, Martinsson and Tropp 2011).
EXACT = 1500
#: Turns of k-means, and of units and rows, that a start takes.
TURNS, ROUNDS = 3, 4


class Frame(NamedTuple):
    """The common mean ``(d,)``, principal axes ``(d, p)`` and variances ``(p,)`` along them."""

    mean: Floats
    axes: Floats
    power: Floats

    def into(self, x: Floats) -> tuple[Floats, Floats]:
        """Coordinates ``(n, p)`` of rows ``(n, d)``, and squared length outside ``(n,)``."""
        centred = x - self.mean
        y = centred @ self.axes
        outside = (centred**2).sum(1) - (y**2).sum(1)
        return y, np.maximum(outside, 0)


class Placed(NamedTuple):
    """Units in the coordinates of a frame."""

    m: Floats  #: ``(K, p)`` prototypes
    u: Floats  #: ``(K, p, r)`` orthonormal bases, largest spread first
    spread: Floats  #: ``(K, r)`` standard deviation of each value, leaning on the common one
    wins: NDArray[np.int64]  #: ``(K,)`` rows of each unit


def frame(x: Floats, most: int = AXES) -> Frame:
    """Common axes of rows ``(n, d)``: those along which they vary, ``most`` at most."""
    n, d = x.shape
    mean = x.mean(0, dtype=np.float64).astype(np.float32)
    centred = (x - mean).astype(np.float32)
    if min(n, d) > EXACT:
        _, size, axes = randomized_svd(centred, most, n_iter=4, random_state=0)
        return Frame(mean, axes.T.astype(np.float32), (size**2 / n).astype(np.float64))
    if n < d:
        power, left = np.linalg.eigh((centred @ centred.T).astype(np.float64) / n)
    else:
        power, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / n)
    power = power[::-1]
    count = min(most, int((power > 1e-7 * max(float(power[0]), 1e-30)).sum()))
    if n < d:
        axes = centred.T @ left[:, ::-1][:, :count] / np.sqrt(n * power[:count])
        axes = np.linalg.qr(axes)[0] if count else np.zeros((d, 0))
    else:
        axes = axes[:, ::-1][:, :count]
    if count:
        axes = svd_flip(np.ascontiguousarray(axes), None)[0]
    return Frame(mean, axes.astype(np.float32), power[:count])


def place(
    y: Floats, units: int, rank: int, prior: float, seed: int, rounds: int = ROUNDS
) -> Placed:
    """Place units on rows ``(n, p)`` in a frame's coordinates; ``rank <= p``."""
    units = min(units, len(y))
    if units == 1:
        assigned = np.zeros(len(y), np.intp)
        return units_of(y, assigned, 1, rank, 0.0)
    start = kmeans_plusplus(y, units, random_state=seed)[0]
    for _ in range(TURNS):
        assigned = ((start**2).sum(1) - 2 * y @ start.T).argmin(1)
        total = np.zeros_like(start)
        np.add.at(total, assigned, y)
        count = np.bincount(assigned, minlength=units)[:, None]
        start = np.where(count > 0, total / np.maximum(count, 1), start)
    for _ in range(rounds):
        found = units_of(y, assigned, units, rank, prior)
        assigned = errors(y, found).argmin(1)
    return units_of(y, assigned, units, rank, prior)


def units_of(y: Floats, assigned: NDArray[np.intp], units: int, rank: int, prior: float) -> Placed:
    """The units of rows ``(n, p)`` that were assigned to them ``(n,)``."""
    p = y.shape[1]
    common = (y.T @ y).astype(np.float64) / len(y)
    m, u = np.zeros((units, p), np.float32), np.zeros((units, p, rank), np.float32)
    spread = np.zeros((units, rank), np.float32)
    wins = np.bincount(assigned, minlength=units)
    for unit in range(units):
        own = y[assigned == unit]
        mass = max(len(own) + prior, 1e-9)
        m[unit] = own.sum(0) / mass
        own = own - m[unit]
        power, axes = np.linalg.eigh(((own.T @ own).astype(np.float64) + prior * common) / mass)
        u[unit] = axes[:, ::-1][:, :rank]
        spread[unit] = np.sqrt(np.maximum(power[::-1][:rank], 0))
    return Placed(m, u, spread, wins)


def errors(y: Floats, placed: Placed) -> Floats:
    """Squared error of each unit's own view of rows ``(n, p)``, within the frame, ``(n, K)``."""
    found = np.empty((len(y), len(placed.m)), np.float32)
    for unit, (m, u) in enumerate(zip(placed.m, placed.u, strict=True)):
        own = y - m
        found[:, unit] = (own**2).sum(1) - ((own @ u) ** 2).sum(1)
    return np.maximum(found, 0)


def lengths(
    y: Floats, outside: Floats, placed: Placed, numbers: int, floor: float
) -> tuple[Floats, Floats]:
    """Bits and squared error of each row ``(n,)`` that was not learned from.

    The bits of the winner, of its values as Gaussians of their spread, and of what is left as
    white noise, all down to a noise of variance ``floor``: the surprise -log2 p of a mixture
    of probabilistic PCAs.  ``numbers`` is the length d of a row; how large the noise left is,
    the rows themselves say.
    """
    error = errors(y, placed)
    winner = error.argmin(1)
    left = error[np.arange(len(y)), winner] + outside
    rank = placed.u.shape[2]
    share = (placed.wins + 1) / (placed.wins.sum() + len(placed.wins))
    variance = placed.spread.astype(np.float64) ** 2 + floor
    bits = -np.log2(share)[winner] + 0.5 * np.log2(variance / floor).sum(1)[winner]
    for unit in np.unique(winner):
        own = winner == unit
        z = (y[own] - placed.m[unit]) @ placed.u[unit]
        bits[own] += (z**2 / variance[unit] - 1).sum(1) / (2 * np.log(2))
    rest = max(1, numbers - rank)
    noise = left.mean(dtype=np.float64) / rest + floor
    bits += 0.5 * rest * np.log2(noise / floor) + (left / noise - rest) / (2 * np.log(2))
    return bits, left
