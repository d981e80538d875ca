"""The neighbours of a block of a photograph: what it finds there, and records for others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .units import QUARTER, four_log2, side_of

#: Stands for the unit of a block outside the picture.
NOBODY = 63
#: Added to the number of a parent, and of a quarter, so that neighbours tell them apart.
PARENT, FOURTH = 32, 44
#: How a square of 16x16 is: one block, four, or a part of one of 32x32.
WHOLE, SPLIT_UP, PART = 0, 1, 2


class Units(NamedTuple):
    """Units of one kind: K of them, F features, P cells."""

    weights: NDArray[np.int16]  #: ``(K, F, P)`` in 2^-12
    basis: NDArray[np.int16]  #: ``(K, P, P)``, a row each basis vector, in 2^-12
    scale: NDArray[np.int16]  #: ``(K, P)`` 4 log2 of an error's expected size over the contrast


class Plane(NamedTuple):
    """A plane and what is coded of it, h x w cells of 8x8, in squares or blocks."""

    samples: NDArray[np.int32]
    split: NDArray[np.uint8]  #: ``(h, w)`` at a square's first cell: WHOLE, SPLIT_UP or PART
    quarter: NDArray[np.uint8]  #: ``(h, w)`` 1 where a block is in four
    fours: NDArray[np.int16]  #: ``(h, w, 4, 3)`` a quarter's unit, count, and sum of magnitudes
    unit: NDArray[np.int16]  #: ``(h + 1, w + 2)`` winners, with a border
    energy: NDArray[np.int32]  #: ``(h + 1, w + 2)`` sums of magnitudes
    sizes: NDArray[np.uint8]  #: ``(h + 1, w + 2, 64)`` magnitudes
    coded: NDArray[np.int16]  #: ``(h, w)`` coded levels
    levels: NDArray[np.int16]  #: ``(h, w, 64)``; 256 go on in three more cells
    bits: NDArray[np.float32]  #: ``(h, w)`` what was spent there, squares' splits aside


def blank_plane(samples: NDArray[np.int32]) -> Plane:
    """A plane of which nothing is coded yet."""
    h, w = samples.shape[0] // 8, samples.shape[1] // 8
    return Plane(
        samples,
        np.zeros((h, w), np.uint8),
        np.zeros((h, w), np.uint8),
        np.zeros((h, w, 4, 3), np.int16),
        np.full((h + 1, w + 2), NOBODY, np.int16),
        np.zeros((h + 1, w + 2), np.int32),
        np.zeros((h + 1, w + 2, 64), np.uint8),
        np.zeros((h, w), np.int16),
        np.zeros((h, w, 64), np.int16),
        np.zeros((h, w), np.float32),
    )


@compiled
def clip(value: Any, most: Any) -> Any:
    """Within 0..most."""
    return min(max(value, 0), most)


@compiled
def graded(slope: Any, contrast: Any) -> Any:
    """How a ring slopes, in five grades."""
    if slope > contrast:
        return 4 if slope > 3 * contrast else 3
    if slope < -contrast:
        return 0 if slope < -3 * contrast else 1
    return 2


@compiled
def orientation(features: Any, kind: Any, contrast: Any) -> Any:
    """Which way the ring of a block runs: by its differences, 0..7, and its slopes, 0..24."""
    thick, side = 1 if kind == 2 or kind == 3 else 2, min(side_of(kind), 16)
    top, left, middle = thick, thick * (thick + 2 * side), side >> 1
    d1, d2, across, down = np.int64(1), np.int64(1), np.int64(0), np.int64(0)
    for i in range(side - 1):
        d1 += abs(np.int64(features[top + i + 1] - features[top + i]))
        d2 += abs(np.int64(features[left + i + 1] - features[left + i]))
    for i in range(middle):
        across += np.int64(features[top + middle + i]) - np.int64(features[top + i])
        down += np.int64(features[left + middle + i]) - np.int64(features[left + i])
    tilt = clip((four_log2(d1) - four_log2(d2) + 16) >> 2, 7)
    unit = contrast * middle >> 1
    return tilt, graded(across, unit) * 5 + graded(down, unit)


@compiled
def neighbours(kind: Any, y0: Any, x0: Any, edge: Any, plane: Any, near: Any) -> Any:
    """Units and energies around a block; twice what near places hold there into ``near``.

    Returns
    -------
    u_left, u_top, u_right, left, top : int
        Energies are sums of magnitudes over 8x8 samples.
    """
    i, j, side = (y0 >> 3) + 1, (x0 >> 3) + 1, side_of(kind)
    units, energy, sizes = plane.unit, plane.energy, plane.sizes
    u_left, u_top = np.int64(units[i, j - 1]), np.int64(units[i - 1, j])
    left, top = np.int64(energy[i, j - 1]), np.int64(energy[i - 1, j])
    u_right = np.int64(NOBODY)
    if kind != QUARTER:
        if edge > x0 + side:
            u_right = np.int64(units[i - 1, j + (side >> 3)])
        for k in range(64):
            total = 2 * (np.int64(sizes[i, j - 1, k]) + np.int64(sizes[i - 1, j, k]))
            if k > 0:
                total += np.int64(sizes[i, j - 1, k - 1]) + np.int64(sizes[i - 1, j, k - 1])
            if k < 63:
                total += np.int64(sizes[i, j - 1, k + 1]) + np.int64(sizes[i - 1, j, k + 1])
            near[k] = total
        return u_left, u_top, u_right, left, top
    q, own = ((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1), plane.fours[i - 1, j - 1]
    levels = plane.levels[i - 1, j - 1]
    if q & 1:
        u_left, left = FOURTH + np.int64(own[q - 1, 0]), 4 * np.int64(own[q - 1, 2])
    if q & 2:
        u_top, top = FOURTH + np.int64(own[q - 2, 0]), 4 * np.int64(own[q - 2, 2])
    if edge > x0 + 4:
        u_right = FOURTH + np.int64(own[1, 0]) if q == 2 else np.int64(units[i - 1, j + q])
    for k in range(16):
        a = np.int64(sizes[i, j - 1, 4 * k])
        b = np.int64(sizes[i - 1, j, 4 * k])
        if q & 1:
            a = abs(np.int64(levels[(q - 1) * 16 + k]))
        if q & 2:
            b = abs(np.int64(levels[(q - 2) * 16 + k]))
        near[k] = 3 * (a + b)
    return u_left, u_top, u_right, left, top


@compiled
def record_block(
    kind: Any, y0: Any, x0: Any, unit: Any, count: Any, total: Any, levels: Any, plane: Any
) -> Any:
    """Leave what later blocks look at: winners, energies, magnitudes; and counts."""
    i0, j0 = y0 >> 3, x0 >> 3
    if kind == QUARTER:
        q = ((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1)
        own, sizes = plane.fours[i0, j0], plane.sizes[i0 + 1, j0 + 1]
        own[q, 0], own[q, 1], own[q, 2] = unit, count, min(total, 8191)
        plane.quarter[i0, j0] = 1
        if q == 3:
            plane.unit[i0 + 1, j0 + 1] = FOURTH + unit
            plane.energy[i0 + 1, j0 + 1] = np.int64(own[0, 2]) + own[1, 2] + own[2, 2] + own[3, 2]
            for k in range(16):
                biggest = np.int64(0)
                for other in range(4):
                    biggest = max(biggest, abs(np.int64(plane.levels[i0, j0, other * 16 + k])))
                sizes[4 * k : 4 * k + 4] = min(biggest, 255)
        return
    grid = side_of(kind) >> 3
    parent, shift = grid > 1, 2 if grid > 1 else 0
    shared = total >> (shift if grid < 4 else 4)
    for a in range(grid):
        for b in range(grid):
            plane.unit[i0 + 1 + a, j0 + 1 + b] = unit + (PARENT if parent else 0)
            plane.energy[i0 + 1 + a, j0 + 1 + b] = shared
            plane.quarter[i0 + a, j0 + b] = 0
            for kk in range(64):
                biggest = np.int64(0)
                for k in range(kk << shift, (kk + 1) << shift):
                    biggest = max(biggest, abs(np.int64(levels[k])))
                plane.sizes[i0 + 1 + a, j0 + 1 + b, kk] = min(biggest, 255)
    plane.coded[i0, j0] = count
