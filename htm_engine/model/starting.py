"""Where a layer's units begin, before their first step.

::

    a first sample (n, d) ──► k-means++ prototypes, local principal directions
                          ──► or in closed form, leaning on what is common (``subspaces``)
                          ──► or near the mean, in directions drawn at random
    prototypes, common directions ──► a gate that classifies as the nearest prototype does

The first two stand close to where units will stay.  From the third every step has to place
them: it learns longer and ends worse, and shows how units find their places.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus
from sklearn.utils.extmath import svd_flip

from . import competition, subspaces
from .layer import CompetitiveLayer, Floats

#: Steps' worth of past that units have which were placed in closed form.
SETTLED = 50
#: How far units that begin at random lie from the mean, in deviations of the numbers; and wins
#: that each counts as its past, so that the first batch does not place it for good.
SCATTER, WANDERING = 0.3, 12.0
#: Length of the code that is handed up, at most, where the settings name none.
LONGEST_CODE = 64


class Begun(NamedTuple):
    """What learning goes on from."""

    scale: float  #: standard deviation of the sample's numbers
    seen: Floats | None = None  #: ``(K,)`` wins that count as the units' past, unless the usual
    before: int = 0  #: steps that count as their past


def start(
    layer: CompetitiveLayer, x: Floats, rng: np.random.Generator, at_random: bool = False
) -> Begun:
    """Place the units of a layer on rows ``(n, d)``, one at least; changes the layer."""
    spec = layer.spec
    if at_random:
        return _at_random(layer, x, rng)
    if spec.prior and len(x) > 1:
        frame = subspaces.frame(x)
        if len(frame.power):
            return _leaning(layer, x, frame, rng)
    return _clustered(layer, x, rng)


def _clustered(layer: CompetitiveLayer, x: Floats, rng: np.random.Generator) -> Begun:
    """k-means++ and three turns of k-means, then each unit's own principal directions."""
    spec, d = layer.spec, x.shape[1]
    layer.mean = x.mean(0, dtype=np.float64).astype(np.float32)
    centred = x - layer.mean
    scale = float(np.sqrt((centred**2).mean(dtype=np.float64)))
    # Fewer rows than units: one unit a row is all the data can feed.
    count = min(spec.units, len(x))
    subset = centred[rng.permutation(len(x))[: max(40 * count, 2000)]]
    seed = int(rng.integers(2**31))
    begin = kmeans_plusplus(subset, count, random_state=seed)[0]
    assigned = np.zeros(len(subset), int)
    for _ in range(3):
        distance = (begin**2).sum(1) - 2 * subset @ begin.T
        assigned = distance.argmin(1)
        begin = _means(subset, assigned, begin)
    rank = _rank(spec.rank, count, d)
    values, directions = _principal(centred, max(2 * rank, spec.code or LONGEST_CODE))
    layer.m = (begin + layer.mean).astype(np.float32)
    layer.u = _local_bases(subset, assigned, begin, rank, values, directions)
    layer.shares = np.bincount(assigned, minlength=count) / np.float32(len(subset))
    layer.spread = np.ones((count, rank), np.float32) * max(scale, 1e-12)
    _rest(layer, x, begin, values, directions, scale)
    return Begun(scale)


def _leaning(
    layer: CompetitiveLayer, x: Floats, frame: subspaces.Frame, rng: np.random.Generator
) -> Begun:
    """In closed form, leaning on what is common (``LayerSpec.prior``)."""
    spec, d = layer.spec, x.shape[1]
    y = frame.into(x)[0]
    count = min(spec.units, len(x))
    rank = min(y.shape[1], _rank(spec.rank, count, d))
    placed = subspaces.place(y, count, rank, spec.prior, int(rng.integers(2**31)))
    begin = (placed.m @ frame.axes.T).astype(np.float32)
    layer.mean = frame.mean
    layer.m = (begin + frame.mean).astype(np.float32)
    turned = frame.axes @ placed.u.transpose(1, 0, 2).reshape(len(frame.power), -1)
    layer.u = np.ascontiguousarray(turned.reshape(d, len(begin), rank).transpose(1, 0, 2))
    layer.spread = np.maximum(placed.spread, 1e-12)
    layer.shares = (placed.wins / len(x)).astype(np.float32)
    scale = float(np.sqrt(frame.power.sum() / d))
    _rest(layer, x, begin, frame.power.astype(np.float64), frame.axes, scale)
    # They have seen all of these rows already, and are not moved far by a few.
    return Begun(scale, placed.wins + 1.0, SETTLED)


def _at_random(layer: CompetitiveLayer, x: Floats, rng: np.random.Generator) -> Begun:
    """Near the mean, in directions drawn at random.

    What is common to all units, as the directions in which codes are handed up, is taken from
    the sample as elsewhere.
    """
    spec, d = layer.spec, x.shape[1]
    frame = subspaces.frame(x)
    scale = max(float(np.sqrt(frame.power.sum() / d)), 1e-12)
    count = min(spec.units, len(x))
    rank = _rank(spec.rank, count, d)
    begin = (SCATTER * scale * rng.standard_normal((count, d))).astype(np.float32)
    drawn = rng.standard_normal((count, d, rank)).astype(np.float32)
    layer.mean, layer.m = frame.mean, begin + frame.mean
    layer.u = competition.orthonormalise(drawn).astype(np.float32) if rank else drawn
    layer.spread = np.full((count, rank), scale, np.float32)
    layer.shares = np.full(count, 1 / count, np.float32)
    power, axes = _completed(frame, 1)
    _rest(layer, x, begin, power.astype(np.float64), axes, scale)
    return Begun(scale, np.full(count, WANDERING))


def _rank(wanted: int, count: int, d: int) -> int:
    """Rank of units that each must not span nearly everything, or they could not differ."""
    return min(wanted, d if count == 1 else max(1, d // 2))


def _rest(
    layer: CompetitiveLayer,
    x: Floats,
    begin: Floats,
    values: NDArray[np.float64],
    directions: NDArray[np.floating],
    scale: float,
) -> None:
    """What follows from prototypes ``begin (K, d)`` about the mean and from their bases."""
    d = x.shape[1]
    layer.profile = np.full(layer.winners_kept, 1 / layer.winners_kept, np.float32)
    layer.basis = directions[:, : _code_length(layer.spec.code, values)].astype(np.float32)
    layer.s2 = float(max(layer.errors(x).min(1).mean() / d, 1e-4 * scale**2, 1e-12))
    # The gate that classifies as the nearest prototype does, softened to s2 * d.
    soft = max(layer.s2 * d, 1e-12)
    layer.w = (begin / soft).astype(np.float32)
    layer.b = (-(begin**2).sum(1) / (2 * soft) - layer.w @ layer.mean).astype(np.float32)


def _means(rows: Floats, assigned: NDArray[np.intp], fallback: Floats) -> Floats:
    total = np.zeros_like(fallback)
    np.add.at(total, assigned, rows)
    count = np.bincount(assigned, minlength=len(fallback))[:, None]
    return np.where(count > 0, total / np.maximum(count, 1), fallback).astype(np.float32)


def _principal(centred: Floats, least: int) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    """Variances and directions of centred rows ``(n, d)``, largest first.

    All d of them, or, where many numbers meet few rows, those in which the rows vary and what
    completes them to ``least``: time that grows with the rows, not with d^3.
    """
    n, d = centred.shape
    if n < d and d > subspaces.EXACT:
        return _of_few(centred, min(d, least))
    covariance = (centred.T @ centred).astype(np.float64) / len(centred)
    values, directions = np.linalg.eigh(covariance)
    directions = svd_flip(np.ascontiguousarray(directions[:, ::-1]), None)[0]
    return np.maximum(values[::-1], 0), directions


def _of_few(centred: Floats, least: int) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    return _completed(subspaces.frame(centred, max(least, subspaces.AXES)), least)


def _completed(
    found: subspaces.Frame, least: int
) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    """Variances and axes of a frame, with more axes along which nothing varies up to ``least``."""
    power, axes, count = found.power.astype(np.float64), found.axes, len(found.power)
    if count >= least:
        return power, axes
    # The coordinates that the axes reach least, made orthogonal to them.
    free = np.argsort((axes**2).sum(1), kind="stable")[: least - count]
    more = np.zeros((len(axes), len(free)))
    more[free, np.arange(len(free))] = 1
    whole = np.linalg.qr(np.hstack([axes, more]))[0][:, count:]
    return np.pad(power, (0, len(free))), np.concatenate([axes, whole], 1)


def _code_length(wanted: int | None, values: NDArray[np.float64]) -> int:
    if wanted is not None:
        return min(wanted, len(values))
    total = values.sum()
    if total <= 0:
        return 1
    enough = int(np.searchsorted(np.cumsum(values) / total, 0.999)) + 1
    return min(enough, LONGEST_CODE, len(values))


def _local_bases(
    rows: Floats,
    assigned: NDArray[np.intp],
    means: Floats,
    rank: int,
    values: NDArray[np.float64],
    directions: NDArray[np.floating],
) -> Floats:
    """Principal directions of each unit's rows, leaning on the global ones where rows are few."""
    d = rows.shape[1]
    bases = np.zeros((len(means), d, rank), np.float32)
    if not rank:
        return bases
    depth = min(d, 2 * rank)
    # The prior weighs as much as a few rows, so it only fills what local rows leave open.
    prior = (directions[:, :depth] * np.sqrt(values[:depth] + 1e-12)).T
    for unit, mean in enumerate(means):
        own = rows[assigned == unit][: 8 * rank + 64] - mean
        stack = np.concatenate([own, 0.5 * prior]).astype(np.float32)
        right = np.linalg.svd(stack, full_matrices=False)[2]
        bases[unit] = right[:rank].T
    return competition.orthonormalise(bases).astype(np.float32)
