"""Whole numbers of steps from values, chosen for distortion plus lambda times rate.

Values are in picture units; because bases are orthonormal, an error in a value is the
same error in the picture.  Rates come from the integer tables the coder itself uses.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ..rangecoder import LIMIT, value_bits

#: Lambda in units of squared step a bit: what a bit may cost in distortion.
LAMBDA = 0.12
#: Qualities of a file, 1 the smallest.
QUALITIES = 10


def step_of(quality: int) -> int:
    """Step of a quality in multiples of 2^-12, a multiple of 32.

    Ten qualities, each 0.686 of the one before: 1.2 of the full range down to 0.04.
    A table and no power, because a power may differ in its last bit between machines.
    """
    return (4928, 3360, 2304, 1568, 1088, 736, 512, 352, 256, 160)[quality - 1]


@functools.cache
def _bits_table() -> NDArray[np.float32]:
    table = value_bits()
    table.setflags(write=False)
    return table


def bits_of_values(q: NDArray[np.integer], classes: NDArray[np.uint8]) -> float:
    """Ideal length in bits of values under their classes, both of one shape."""
    rest = np.maximum(np.abs(q.astype(np.int64)) - LIMIT, 0)
    bits = float(_bits_table()[classes, np.clip(q, -LIMIT, LIMIT) + LIMIT].sum(dtype=np.float64))
    # Beyond the table a magnitude goes on in Elias' gamma code.
    far = rest[rest > 0]
    return bits + float((2 * np.floor(np.log2(far)) + 1).sum())


def levels(q: NDArray[np.integer], step: float) -> NDArray[np.floating]:
    """Reconstruction of whole numbers of steps (see ``fixed.dequantise``)."""
    magnitude = np.abs(q)
    return (np.sign(q) * (magnitude - (magnitude > 0) / np.float32(32)) * np.float32(step)).astype(
        np.float32
    )


def quantise(
    z: NDArray[np.floating], classes: NDArray[np.uint8], step: float, weight: float = LAMBDA
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Choose between the nearest level and the one below it.

    Parameters
    ----------
    z : ndarray (n, m)
        Values.
    classes : ndarray (m,) or (n, m)
        Value class of each column, or of each value.
    step : float
        Distance of levels.
    weight : float
        Lambda over the squared step.

    Returns
    -------
    q : ndarray (n, m) of int32
    distortion : ndarray (n,)
        Sum of squared errors.
    bits : ndarray (n,)
        Ideal length.
    """
    table = _bits_table()
    flat = table.ravel()
    offset = classes.astype(np.int32) * table.shape[1] + LIMIT
    sign = np.sign(z).astype(np.int32)
    size = np.abs(z)
    upper = np.floor(size / step + 0.5).astype(np.int32)
    lower = np.maximum(upper - 1, 0)
    best_q = best_d = best_b = best_j = None
    for magnitude in (upper, lower):
        value = (magnitude - (magnitude > 0) / np.float32(32)) * np.float32(step)
        distortion = (size - value) ** 2
        bits = flat[offset + np.clip(sign * magnitude, -LIMIT, LIMIT)]
        cost = distortion + np.float32(weight * step * step) * bits
        if best_j is None:
            best_q, best_d, best_b, best_j = magnitude, distortion, bits, cost
        else:
            less = cost < best_j
            best_q = np.where(less, magnitude, best_q)
            best_d = np.where(less, distortion, best_d)
            best_b = np.where(less, bits, best_b)
    assert best_q is not None and best_d is not None and best_b is not None
    return (sign * best_q).astype(np.int32), best_d.sum(1), best_b.sum(1)


def fit_classes(
    q: NDArray[np.integer],
    owner: NDArray[np.integer],
    owners: int,
    level: NDArray[np.integer] | None = None,
    levels: int = 1,
) -> NDArray[np.uint8]:
    """Value class with the least bits for each owner, level and column, ``(owners, levels, m)``.

    Few observations lean on the column's histograms of the same owner and of the same
    level, which count as eight of them each.
    """
    m = q.shape[1]
    width = 2 * LIMIT + 1
    key = owner.astype(np.int64) * levels
    if level is not None:
        key = key + level
    clipped = np.clip(q, -LIMIT, LIMIT) + LIMIT
    place = (key[:, None] * m + np.arange(m)) * width + clipped
    counts = np.bincount(place.ravel(), minlength=owners * levels * m * width)
    histogram = counts.reshape(owners, levels, m, width).astype(np.float32)
    same_owner, same_level = histogram.sum(1, keepdims=True), histogram.sum(0, keepdims=True)
    histogram = histogram + 8 * _shares(same_level)
    if levels > 1:
        histogram += 8 * _shares(same_owner)
    cost = histogram.reshape(-1, width) @ _bits_table().T
    return cost.argmin(1).astype(np.uint8).reshape(owners, levels, m)


def _shares(histogram: NDArray[np.float32]) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = histogram / np.maximum(histogram.sum(-1, keepdims=True), 1)
    return shares
