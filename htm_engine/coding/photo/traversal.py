"""One traversal of a plane of a photograph, the same for encoder and decoder.

Luma goes in squares of 32x32, each one block or four of 16x16, each of these one or four of
8x8, and these of 4x4, in reading order (a quadtree, as in HEVC); chroma goes in blocks of 8x8.
The encoder has chosen units and levels before (see ``partition``); the decoder puts every
block together as it is read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ..arithmetic import (
    DECODE,
    MODE,
    PLACE,
)
from .entropy import (
    COUNT,
    INPUTS,
    PLACE_COUNT,
    PLACE_SPLIT,
    PLACE_UNIT,
    ROW_COUNT,
    ROW_SPLIT,
    ROW_UNIT,
    SPLIT,
    UNIT,
    Levels,
    Own,
    code_level,
    code_tree,
    decide,
)
from .neighbours import (
    PART,
    SPLIT_UP,
    WHOLE,
    Plane,
    Units,
    clip,
    neighbours,
    orientation,
    record_block,
)
from .units import (
    FOLLOWS,
    LARGE,
    QUARTER,
    add_residual,
    edge_of,
    enlarged,
    features_of,
    four_log2,
    predict,
    side_of,
    size_of,
    step_of,
)


class Scene(NamedTuple):
    """A plane and all that its blocks depend on besides the entropy model."""

    plane: Plane
    luma: NDArray[np.int32]  #: as this plane's units see it; for luma itself not looked at
    blue: NDArray[np.int32]  #: Cb, for Cr's units
    step: int
    eye: int  #: how far steps follow the contrast around a block
    pull: int  #: 64ths of a step taken off a magnitude of 1 when it is put back
    units: tuple[Units, Units, Units]  #: of its blocks of 8x8, of squares, of quarters
    high: int  #: rows that are shown; blocks beyond them are not coded
    wide: int  #: columns that are shown


class Scratch(NamedTuple):
    """Room to work on a block in."""

    features: NDArray[np.int32]  #: ``(256,)`` samples already decoded around it
    predicted: NDArray[np.int32]  #: ``(256,)``
    levels: NDArray[np.int16]  #: ``(256,)``
    near: NDArray[np.int64]  #: ``(64,)`` magnitudes in the blocks around


def new_scratch() -> Scratch:
    """Room for one traversal."""
    return Scratch(
        np.zeros(256, np.int32),
        np.zeros(256, np.int32),
        np.zeros(256, np.int16),
        np.zeros(64, np.int64),
    )


@compiled
def coded_sides(scene: Any) -> Any:
    """Rows and columns of a plane that blocks of 8x8 are coded for."""
    return (scene.high + 7) & ~7, (scene.wide + 7) & ~7


@compiled
def place_of(y0: Any, x0: Any, scene: Any) -> Any:
    """Where in a picture a block lies, in 64 grades."""
    i, j, rows, columns = y0 >> 3, x0 >> 3, (scene.high + 7) >> 3, (scene.wide + 7) >> 3
    if rows > 8:
        i = i * 8 // rows
    if columns > 8:
        j = j * 8 // columns
    return i * 8 + j


@compiled
def own_units(kind: Any, units: Any) -> Any:
    """Units of a kind of block."""
    own = units[0]
    if kind == 1 or kind == LARGE:
        own = units[1]
    elif kind == QUARTER:
        own = units[2]
    return own


@compiled
def put_block(
    kind: Any, y0: Any, x0: Any, block: Any, mean: Any, features: Any, samples: Any
) -> Any:
    """Put a block into its plane; ``mean`` and ``features`` are from :func:`features_of`."""
    side = side_of(kind)
    if kind == LARGE:
        enlarged(block, mean, features, samples[y0 : y0 + 32, x0 : x0 + 32])
        return
    for i in range(side):
        for j in range(side):
            samples[y0 + i, x0 + j] = block[i * side + j]


@compiled
def code_block(kind: Any, y0: Any, x0: Any, scene: Any, coder: Any, scratch: Any) -> Any:
    """One block coded, or decoded and put into its plane."""
    units, plane = own_units(kind, scene.units), scene.plane
    scales, levels, near = units.scale, scratch.levels, scratch.near
    own = Own(coder.probs[kind], coder.weights[kind])
    at, starts, cost = coder.at, coder.starts, coder.cost
    i0, j0, side, cells = y0 >> 3, x0 >> 3, side_of(kind), units.basis.shape[1]
    at_first, q = cost[0], ((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1)
    edge = edge_of(kind, y0, x0, coded_sides(scene)[1])
    mean, contrast, other = features_of(
        kind, plane.samples, scene.luma, scene.blue, y0, x0, edge, scratch.features
    )
    step = step_of(kind, scene.step, contrast, other, scene.eye)
    here = four_log2(step)
    activity = clip((four_log2(other + 4) - here + 16) >> 1, 15)
    size = size_of(kind, contrast, other) - here + 24
    tilt, slopes = orientation(scratch.features, kind, contrast)
    u_left, u_top, u_right, left, top = neighbours(kind, y0, x0, edge, plane, near)
    # The unit.
    at[0] = starts[UNIT] + u_left * 32
    at[1] = starts[UNIT + 1] + u_top * 32
    at[2] = starts[UNIT + 2] + (tilt * 16 + activity) * 32
    at[3] = starts[UNIT + 3] + (u_left * 64 + u_top) * 32
    at[4] = starts[UNIT + 4] + u_right * 32
    at[5] = starts[UNIT + 5] + (u_left * 8 + tilt) * 32
    at[6] = starts[UNIT + 6] + (slopes * 8 + tilt) * 32
    place, more = place_of(y0, x0, scene), len(coder.inputs) - 1 - INPUTS
    if more:
        at[7] = starts[PLACE_UNIT] + place * 32
    bits = np.int64(0)
    while 1 << bits < len(units.weights):
        bits += 1
    winner: Any = np.int64(plane.unit[i0 + 1, j0 + 1]) & 31
    count: Any = np.int64(plane.coded[i0, j0])
    if kind == QUARTER:
        winner, count = np.int64(plane.fours[i0, j0, q, 0]), np.int64(plane.fours[i0, j0, q, 1])
    before = cost[0]
    winner = code_tree(winner, bits, np.int64(7 + more), np.int64(ROW_UNIT), own, coder)
    winner = min(winner, len(units.weights) - 1)
    cost[1] += cost[0] - before
    # How many levels.
    energy, sizable = clip(four_log2(left + top + 1) // 3, 9), np.int64(0)
    for k in range(cells):
        sizable += np.int64(scales[winner, k]) + size > 22
    at[0] = starts[COUNT] + winner * 512
    at[1] = starts[COUNT + 1] + energy * 512
    at[2] = starts[COUNT + 2] + activity * 512
    expected = clip(np.int64(scales[winner, 3]) + size, 63)
    at[3] = starts[COUNT + 3] + expected * 512
    at[4] = starts[COUNT + 4] + (energy * 16 + activity) * 512
    beside = clip(four_log2(left + 1) // 3, 15)
    above = clip(four_log2(top + 1) // 3, 15)
    at[5] = starts[COUNT + 5] + (beside * 16 + above) * 512
    at[6] = starts[COUNT + 6] + (energy * 16 + clip(four_log2(sizable + 1) >> 1, 15)) * 512
    if more:
        at[7] = starts[PLACE_COUNT] + place * 512
    before = cost[0]
    deep = np.int64(9 if cells == 256 else (7 if cells == 64 else 5))
    count = code_tree(count, deep, np.int64(7 + more), np.int64(ROW_COUNT), own, coder)
    count = min(count, cells)
    cost[2] += cost[0] - before
    # The levels.
    for k in range(cells):
        sub = k >> 6
        from_k = q * 16 + k if kind == QUARTER else k & 63
        levels[k] = plane.levels[i0 + (sub >> 1), j0 + (sub & 1), from_k]
    shift = 2 if cells == 256 else 0
    total, state = np.int64(0), np.int64(0)
    block = Levels(levels, cells, winner, count, activity, energy, place)
    for k in range(count - 1, -1, -1):
        scale = np.int64(scales[winner, k]) + size
        value = code_level(k, scale, near[k >> shift], state >> 1, block, own, coder)
        levels[k] = value
        state = FOLLOWS[state, value & 1]
        total += abs(value)
    for k in range(count, cells):
        levels[k] = 0
    if coder.reg[MODE] == DECODE:
        weights, predicted = units.weights[winner], scratch.predicted
        predict(weights, scratch.features, len(weights), mean, predicted)
        add_residual(units.basis[winner], levels, count, step, scene.pull, predicted)
        put_block(kind, y0, x0, predicted, mean, scratch.features, plane.samples)
        for k in range(cells):
            if kind == QUARTER:
                plane.levels[i0, j0, q * 16 + k] = levels[k]
    record_block(kind, y0, x0, winner, count, total, levels, plane)
    spent = np.float32(cost[0] - at_first)
    if kind == QUARTER:
        plane.bits[i0, j0] = spent + (plane.bits[i0, j0] if q else np.float32(0))
        return
    grid = side >> 3
    plane.bits[i0 : i0 + grid, j0 : j0 + grid] = spent / (grid * grid)


@compiled
def code_split(kind: Any, y0: Any, x0: Any, scene: Any, coder: Any, scratch: Any) -> Any:
    """How a square is partitioned: coded, or decoded into the plane.

    Of squares of 32x32 (``LARGE``): is it one block?  Of 16x16 (1): is it four?  Of 8x8
    (``QUARTER``): is it in quarters?
    """
    plane, at, starts, cost = scene.plane, coder.at, coder.starts, coder.cost
    split, quarter, i0, j0 = plane.split, plane.quarter, y0 >> 3, x0 >> 3
    seen_as = 0 if kind == QUARTER else kind
    edge = edge_of(seen_as, y0, x0, coded_sides(scene)[1])
    _, contrast, _ = features_of(
        seen_as, plane.samples, scene.luma, scene.blue, y0, x0, edge, scratch.features
    )
    activity = clip((four_log2(contrast + 4) - four_log2(scene.step) + 16) >> 1, 15)
    west, north = np.int64(3), np.int64(3)
    if kind == QUARTER:
        value: Any = np.int64(quarter[i0, j0])
        if j0:
            west = np.int64(quarter[i0, j0 - 1])
        if i0:
            north = np.int64(quarter[i0 - 1, j0])
    else:
        value = np.int64(split[i0, j0])
        if kind == LARGE:
            value = np.int64(value == PART)
        if j0:
            west = np.int64(split[i0, j0 - 2])
        if i0:
            north = np.int64(split[i0 - 2, j0])
    around = np.int64(plane.energy[i0 + 1, j0]) + plane.energy[i0, j0 + 1]
    at[0] = starts[SPLIT] + activity * 16
    at[1] = starts[SPLIT] + 256 + west * 4 + north
    at[2] = starts[SPLIT] + 512 + clip(four_log2(around + 1) // 2, 15) * 16 + west * 4 + north
    more = len(coder.inputs) - 1 - INPUTS
    if more:
        at[3] = starts[PLACE_SPLIT] + place_of(y0, x0, scene) * 16
    before, row = cost[0], np.int64(ROW_SPLIT)
    own = Own(coder.probs[kind], coder.weights[kind])
    value = decide(np.int64(0), np.int64(3 + more), row, row, value, own, coder)
    cost[3] += cost[0] - before
    if coder.reg[MODE] != DECODE:
        return
    if kind == QUARTER:
        quarter[i0, j0] = value
    elif kind == 1:
        split[i0, j0] = value
    else:
        for a in (0, 2):
            for b in (0, 2):
                if i0 + a < len(split) and j0 + b < split.shape[1]:
                    split[i0 + a, j0 + b] = PART if value else WHOLE


@compiled
def traverse(channel: Any, scene: Any, coder: Any, scratch: Any) -> Any:
    """All blocks of a plane: ``channel`` 0 luma, 1 Cb, 2 Cr."""
    height, width = coded_sides(scene)
    area = 8 if channel else 32
    for y in range(0, height, area):
        for x in range(0, width, area):
            if coder.reg[MODE] == DECODE and coder.reg[PLACE] > len(coder.data) + 8:
                return  # the file ended long ago
            if channel:
                code_block(channel + 1, y, x, scene, coder, scratch)
            else:
                code_square(y, x, scene, coder, scratch)


@compiled
def code_square(y0: Any, x0: Any, scene: Any, coder: Any, scratch: Any) -> Any:
    """A square of 32x32 of luma, or what of it lies in the picture."""
    plane = scene.plane
    height, width = coded_sides(scene)
    # Constants hidden from the compiler, which would compile ``code_block`` once for each.
    small, middle, large, fourth = np.int64(0), np.int64(1), np.int64(LARGE), np.int64(QUARTER)
    if y0 + 32 <= height and x0 + 32 <= width:
        code_split(large, y0, x0, scene, coder, scratch)
        if plane.split[y0 >> 3, x0 >> 3] == PART:
            code_block(large, y0, x0, scene, coder, scratch)
            return
    for y1 in range(y0, min(y0 + 32, height), 16):
        for x1 in range(x0, min(x0 + 32, width), 16):
            if y1 + 16 <= height and x1 + 16 <= width:
                code_split(middle, y1, x1, scene, coder, scratch)
            else:
                plane.split[y1 >> 3, x1 >> 3] = SPLIT_UP
            if plane.split[y1 >> 3, x1 >> 3] == WHOLE:
                code_block(middle, y1, x1, scene, coder, scratch)
                continue
            for y2 in range(y1, min(y1 + 16, height), 8):
                for x2 in range(x1, min(x1 + 16, width), 8):
                    code_split(fourth, y2, x2, scene, coder, scratch)
                    if plane.quarter[y2 >> 3, x2 >> 3] == 0:
                        code_block(small, y2, x2, scene, coder, scratch)
                        continue
                    for q in range(4):
                        y, x = y2 + 4 * (q >> 1), x2 + 4 * (q & 1)
                        code_block(fourth, y, x, scene, coder, scratch)
