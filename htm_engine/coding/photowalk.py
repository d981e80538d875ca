"""One walk over a plane of a photograph, the same for encoder and decoder.

Luma goes in squares of 16x16, each one parent or four children of 8x8 in reading order;
chroma goes in blocks of 8x8.  The encoder has chosen units and levels before (see
``photochoose``); the decoder puts every block together as it is read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .photoentropy import (
    COUNT,
    DECODE,
    INPUTS,
    MODE,
    PLACE,
    ROW_COUNT,
    ROW_SPLIT,
    ROW_UNIT,
    SPLIT,
    UNIT,
    decide,
    level_bits,
    tree,
)
from .photounits import FOLLOWS, complete, foresee, log4, look, shaped

CALLS_INTO = "054eeae7175e"
#: Stands for the unit of a block outside the picture.
NOBODY = 63
#: Added to a parent's number, so that its neighbours tell it from a child.
PARENT = 32


class Units(NamedTuple):
    """Units of one kind: K of them, F features, P cells."""

    weights: NDArray[np.int16]  #: ``(K, F, P)`` in 2^-12
    basis: NDArray[np.int16]  #: ``(K, P, P)``, a row each basis vector, in 2^-12
    scale: NDArray[np.int16]  #: ``(K, P)`` 4 log2 of an error's expected size over the contrast


class Plane(NamedTuple):
    """A plane and what is coded of it, h x w cells of 8x8, in squares or blocks."""

    samples: NDArray[np.int32]
    split: NDArray[np.uint8]  #: ``(h, w)`` at a square's first cell: 1 where children won
    unit: NDArray[np.int16]  #: ``(h + 1, w + 2)`` winners, with a border
    energy: NDArray[np.int32]  #: ``(h + 1, w + 2)`` sums of magnitudes
    sizes: NDArray[np.uint8]  #: ``(h + 1, w + 2, 64)`` magnitudes
    coded: NDArray[np.int16]  #: ``(h, w)`` coded levels
    levels: NDArray[np.int16]  #: ``(h, w, 64)``; a parent's 256 go on in its other cells
    bits: NDArray[np.float32]  #: ``(h, w)`` what was spent there, squares' splits aside


def blank_plane(samples: NDArray[np.int32]) -> Plane:
    """A plane of which nothing is coded yet."""
    h, w = samples.shape[0] // 8, samples.shape[1] // 8
    return Plane(
        samples,
        np.zeros((h, w), np.uint8),
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
def block(
    kind: Any, y0: Any, x0: Any, edge: Any, plane: Any, luma: Any, blue: Any, step: Any,
    eye: Any, pull: Any, weights: Any, basis: Any, scales: Any, probs: Any, gates: Any, tables: Any,
    seen: Any, said: Any, at: Any, x: Any, levels: Any, starts: Any, reg: Any, data: Any,
    cost: Any,
) -> Any:  # fmt: skip
    """One block coded, or decoded and put into its plane."""
    side = 16 if kind == 1 else 8
    cells, grid = side * side, side >> 3
    i0, j0 = y0 >> 3, x0 >> 3
    samples, unit_map, energy_map, sizes = plane.samples, plane.unit, plane.energy, plane.sizes
    at_first = cost[0]
    mean, contrast, other = look(kind, samples, luma, blue, y0, x0, edge, seen)
    step = shaped(step, contrast if kind < 2 else other, eye)
    here = log4(step)
    activity = clip((log4(other + 4) - here + 16) >> 1, 15)
    size = log4(contrast + 8 if kind < 2 else contrast + (other >> 2) + 8)
    thick = 2 if kind < 2 else 1
    top, left = thick, thick * (thick + 2 * side)
    d1, d2 = np.int64(1), np.int64(1)
    for i in range(side - 1):
        d1 += abs(np.int64(seen[top + i + 1] - seen[top + i]))
        d2 += abs(np.int64(seen[left + i + 1] - seen[left + i]))
    tilt = clip((log4(d1) - log4(d2) + 16) >> 2, 7)
    u_left, u_top = np.int64(unit_map[i0 + 1, j0]), np.int64(unit_map[i0, j0 + 1])
    u_right = np.int64(unit_map[i0, j0 + 1 + grid]) if edge > x0 + side else np.int64(NOBODY)
    # The unit.
    at[0] = starts[UNIT] + u_left * 32
    at[1] = starts[UNIT + 1] + u_top * 32
    at[2] = starts[UNIT + 2] + (tilt * 16 + activity) * 32
    at[3] = starts[UNIT + 3] + (u_left * 64 + u_top) * 32
    at[4] = starts[UNIT + 4] + u_right * 32
    at[5] = starts[UNIT + 5] + (u_left * 8 + tilt) * 32
    bits = np.int64(0)
    while 1 << bits < len(weights):
        bits += 1
    chosen: Any = np.int64(unit_map[i0 + 1, j0 + 1]) & 31
    before = cost[0]
    chosen = tree(chosen, bits, 6, ROW_UNIT, probs, gates, tables, at, x, reg, data, cost)
    chosen = min(chosen, len(weights) - 1)
    cost[1] += cost[0] - before
    # How many levels.
    around = np.int64(energy_map[i0 + 1, j0]) + np.int64(energy_map[i0, j0 + 1])
    energy = clip(log4(around + 1) // 3, 9)
    at[0] = starts[COUNT] + chosen * 512
    at[1] = starts[COUNT + 1] + energy * 512
    at[2] = starts[COUNT + 2] + activity * 512
    expected = clip(np.int64(scales[chosen, 3]) + size - here + 24, 63)
    at[3] = starts[COUNT + 3] + expected * 512
    at[4] = starts[COUNT + 4] + (energy * 16 + activity) * 512
    own = clip(log4(np.int64(energy_map[i0 + 1, j0]) + 1) // 3, 15)
    above = clip(log4(np.int64(energy_map[i0, j0 + 1]) + 1) // 3, 15)
    at[5] = starts[COUNT + 5] + (own * 16 + above) * 512
    before = cost[0]
    count: Any = np.int64(plane.coded[i0, j0])
    count = tree(
        count, 9 if kind == 1 else 7, 6, ROW_COUNT, probs, gates, tables, at, x, reg, data, cost
    )
    count = min(count, cells)
    cost[2] += cost[0] - before
    # The levels.
    for k in range(cells):
        sub = k >> 6
        levels[k] = plane.levels[i0 + (sub >> 1), j0 + (sub & 1), k & 63]
    shift = 2 if kind == 1 else 0
    total, state = np.int64(0), np.int64(0)
    for k in range(count - 1, -1, -1):
        kk = k >> shift
        near = 2 * (np.int64(sizes[i0 + 1, j0, kk]) + np.int64(sizes[i0, j0 + 1, kk]))
        if kk > 0:
            near += np.int64(sizes[i0 + 1, j0, kk - 1]) + np.int64(sizes[i0, j0 + 1, kk - 1])
        if kk < 63:
            near += np.int64(sizes[i0 + 1, j0, kk + 1]) + np.int64(sizes[i0, j0 + 1, kk + 1])
        scale = np.int64(scales[chosen, k]) + size - here + 24
        value = level_bits(
            k, cells, chosen, count, scale, activity, near, energy, state >> 1, levels, starts,
            probs, gates, tables, at, x, reg, data, cost,
        )  # fmt: skip
        levels[k] = value
        state = FOLLOWS[state, value & 1]
        total += abs(value)
    for k in range(count, cells):
        levels[k] = 0
    for a in range(grid):
        for b in range(grid):
            unit_map[i0 + 1 + a, j0 + 1 + b] = chosen + (PARENT if kind == 1 else 0)
            energy_map[i0 + 1 + a, j0 + 1 + b] = total >> shift
            plane.bits[i0 + a, j0 + b] = (cost[0] - at_first) / (grid * grid)
            for kk in range(64):
                biggest = np.int64(0)
                for k in range(kk << shift, (kk + 1) << shift):
                    biggest = max(biggest, abs(np.int64(levels[k])))
                sizes[i0 + 1 + a, j0 + 1 + b, kk] = min(biggest, 255)
    if reg[MODE] == DECODE:
        foresee(weights[chosen], seen, len(weights[chosen]), mean, said)
        complete(basis[chosen], levels, count, step, pull, said)
        for i in range(side):
            for j in range(side):
                samples[y0 + i, x0 + j] = said[i * side + j]


@compiled
def whether_split(
    y0: Any, x0: Any, plane: Any, luma: Any, blue: Any, step: Any, probs: Any, gates: Any,
    tables: Any, seen: Any, at: Any, x: Any, starts: Any, reg: Any, data: Any, cost: Any,
) -> Any:  # fmt: skip
    """Whether a square of luma is four blocks or one: coded, or decoded into ``plane.split``."""
    split, i0, j0 = plane.split, y0 >> 3, x0 >> 3
    edge = min(x0 + 32, plane.samples.shape[1])
    _, contrast, _ = look(1, plane.samples, luma, blue, y0, x0, edge, seen)
    activity = clip((log4(contrast + 4) - log4(step) + 16) >> 1, 15)
    west = 2 if j0 == 0 else np.int64(split[i0, j0 - 2])
    north = 2 if i0 == 0 else np.int64(split[i0 - 2, j0])
    around = np.int64(plane.energy[i0 + 1, j0]) + plane.energy[i0, j0 + 1]
    at[0] = starts[SPLIT] + activity * 16
    at[1] = starts[SPLIT] + 256 + west * 3 + north
    at[2] = starts[SPLIT] + 512 + clip(log4(around + 1), 15) * 16 + west * 3 + north
    before = cost[0]
    split[i0, j0] = decide(
        at, 0, 3, ROW_SPLIT, ROW_SPLIT, split[i0, j0], probs, gates, tables, x, reg, data, cost
    )
    cost[3] += cost[0] - before


@compiled
def walk(
    channel: Any, plane: Any, luma: Any, blue: Any, step: Any, eye: Any, pull: Any, small: Any,
    big: Any, probs: Any, gates: Any, tables: Any, starts: Any, reg: Any, data: Any, cost: Any,
) -> Any:  # fmt: skip
    """All blocks of a plane: ``channel`` 0 luma, 1 Cb, 2 Cr; ``luma`` and ``blue`` as it sees."""
    height, width = plane.samples.shape
    seen, said = np.zeros(256, np.int32), np.zeros(256, np.int32)
    at, x, levels = (
        np.zeros(INPUTS, np.int64),
        np.zeros(INPUTS + 1, np.int32),
        np.zeros(256, np.int16),
    )
    split = plane.split
    if channel:
        kind = channel + 1
        for y0 in range(0, height, 8):
            for x0 in range(0, width, 8):
                if reg[MODE] == DECODE and reg[PLACE] > len(data) + 8:
                    return  # the file ended long ago
                block(
                    kind, y0, x0, min(x0 + 16, width), plane, luma, blue, step, eye, pull,
                    small.weights, small.basis, small.scale, probs[kind], gates[kind], tables,
                    seen, said, at, x, levels, starts, reg, data, cost,
                )  # fmt: skip
        return
    for y0 in range(0, height, 16):
        for x0 in range(0, width, 16):
            if reg[MODE] == DECODE and reg[PLACE] > len(data) + 8:
                return
            i0, j0 = y0 >> 3, x0 >> 3
            whether_split(
                y0, x0, plane, luma, blue, step, probs[0], gates[0], tables, seen, at, x, starts,
                reg, data, cost,
            )  # fmt: skip
            if split[i0, j0] == 0:
                block(
                    1, y0, x0, min(x0 + 32, width), plane, luma, blue, step, eye, pull, big.weights,
                    big.basis, big.scale, probs[1], gates[1], tables, seen, said, at, x, levels,
                    starts, reg, data, cost,
                )  # fmt: skip
                continue
            for q in range(4):
                y1, x1 = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
                edge = min(x1 + 16, width) if q != 3 else x1 + 8
                block(
                    0, y1, x1, edge, plane, luma, blue, step, eye, pull, small.weights, small.basis,
                    small.scale, probs[0], gates[0], tables, seen, said, at, x, levels, starts,
                    reg, data, cost,
                )  # fmt: skip
