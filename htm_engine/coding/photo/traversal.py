"""One walk over a plane of a photograph, the same for encoder and decoder.

Luma goes in squares of 32x32, each one block or four of 16x16, each of these one or four of
8x8, and these of 4x4, in reading order; chroma goes in blocks of 8x8.  The encoder has chosen
units and levels before (see ``photochoose``); the decoder puts every block together as it is
read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled
from .entropy import (
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
from .neighbours import PART, WHOLE, clip, left_behind, neighbours, run_of
from .units import (
    FOLLOWS,
    LARGE,
    QUARTER,
    complete,
    edge_of,
    enlarged,
    foresee,
    log4,
    look,
    side_of,
    size_of,
    step_of,
)


@compiled
def paint(kind: Any, y0: Any, x0: Any, said: Any, mean: Any, seen: Any, samples: Any) -> Any:
    """Put a block into its plane; ``mean`` and ``seen`` are what :func:`look` gave of it."""
    side = side_of(kind)
    if kind == LARGE:
        enlarged(said, mean, seen, samples[y0 : y0 + 32, x0 : x0 + 32])
        return
    for i in range(side):
        for j in range(side):
            samples[y0 + i, x0 + j] = said[i * side + j]


@compiled
def block(
    kind: Any,
    y0: Any,
    x0: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    weights: Any,
    basis: Any,
    scales: Any,
    probs: Any,
    gates: Any,
    tables: Any,
    seen: Any,
    said: Any,
    at: Any,
    x: Any,
    levels: Any,
    near: Any,
    starts: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """One block coded, or decoded and put into its plane."""
    i0, j0, side, cells = y0 >> 3, x0 >> 3, side_of(kind), basis.shape[1]
    at_first, q = cost[0], ((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1)
    edge = edge_of(kind, y0, x0, plane.samples.shape[1])
    mean, contrast, other = look(kind, plane.samples, luma, blue, y0, x0, edge, seen)
    step = step_of(kind, step, contrast, other, eye)
    here = log4(step)
    activity = clip((log4(other + 4) - here + 16) >> 1, 15)
    size = size_of(kind, contrast, other) - here + 24
    tilt, slopes = run_of(seen, kind, contrast)
    u_left, u_top, u_right, left, top = neighbours(kind, y0, x0, edge, plane, near)
    # The unit.
    at[0] = starts[UNIT] + u_left * 32
    at[1] = starts[UNIT + 1] + u_top * 32
    at[2] = starts[UNIT + 2] + (tilt * 16 + activity) * 32
    at[3] = starts[UNIT + 3] + (u_left * 64 + u_top) * 32
    at[4] = starts[UNIT + 4] + u_right * 32
    at[5] = starts[UNIT + 5] + (u_left * 8 + tilt) * 32
    at[6] = starts[UNIT + 6] + (slopes * 8 + tilt) * 32
    bits = np.int64(0)
    while 1 << bits < len(weights):
        bits += 1
    chosen: Any = np.int64(plane.unit[i0 + 1, j0 + 1]) & 31
    count: Any = np.int64(plane.coded[i0, j0])
    if kind == QUARTER:
        chosen, count = np.int64(plane.fours[i0, j0, q, 0]), np.int64(plane.fours[i0, j0, q, 1])
    before = cost[0]
    chosen = tree(chosen, bits, 7, ROW_UNIT, probs, gates, tables, at, x, reg, data, cost)
    chosen = min(chosen, len(weights) - 1)
    cost[1] += cost[0] - before
    # How many levels.
    energy, sizable = clip(log4(left + top + 1) // 3, 9), np.int64(0)
    for k in range(cells):
        sizable += np.int64(scales[chosen, k]) + size > 22
    at[0] = starts[COUNT] + chosen * 512
    at[1] = starts[COUNT + 1] + energy * 512
    at[2] = starts[COUNT + 2] + activity * 512
    expected = clip(np.int64(scales[chosen, 3]) + size, 63)
    at[3] = starts[COUNT + 3] + expected * 512
    at[4] = starts[COUNT + 4] + (energy * 16 + activity) * 512
    own = clip(log4(left + 1) // 3, 15)
    above = clip(log4(top + 1) // 3, 15)
    at[5] = starts[COUNT + 5] + (own * 16 + above) * 512
    at[6] = starts[COUNT + 6] + (energy * 16 + clip(log4(sizable + 1) >> 1, 15)) * 512
    before = cost[0]
    deep = 9 if cells == 256 else (7 if cells == 64 else 5)
    count = tree(count, deep, 7, ROW_COUNT, probs, gates, tables, at, x, reg, data, cost)
    count = min(count, cells)
    cost[2] += cost[0] - before
    # The levels.
    for k in range(cells):
        sub = k >> 6
        from_k = q * 16 + k if kind == QUARTER else k & 63
        levels[k] = plane.levels[i0 + (sub >> 1), j0 + (sub & 1), from_k]
    shift = 2 if cells == 256 else 0
    total, state = np.int64(0), np.int64(0)
    for k in range(count - 1, -1, -1):
        value = level_bits(
            k,
            cells,
            chosen,
            count,
            np.int64(scales[chosen, k]) + size,
            activity,
            near[k >> shift],
            energy,
            state >> 1,
            levels,
            starts,
            probs,
            gates,
            tables,
            at,
            x,
            reg,
            data,
            cost,
        )
        levels[k] = value
        state = FOLLOWS[state, value & 1]
        total += abs(value)
    for k in range(count, cells):
        levels[k] = 0
    if reg[MODE] == DECODE:
        foresee(weights[chosen], seen, len(weights[chosen]), mean, said)
        complete(basis[chosen], levels, count, step, pull, said)
        paint(kind, y0, x0, said, mean, seen, plane.samples)
        for k in range(cells):
            if kind == QUARTER:
                plane.levels[i0, j0, q * 16 + k] = levels[k]
    left_behind(kind, y0, x0, chosen, count, total, levels, plane)
    spent = np.float32(cost[0] - at_first)
    if kind == QUARTER:
        plane.bits[i0, j0] = spent + (plane.bits[i0, j0] if q else np.float32(0))
        return
    grid = side >> 3
    plane.bits[i0 : i0 + grid, j0 : j0 + grid] = spent / (grid * grid)


@compiled
def whether(
    kind: Any,
    y0: Any,
    x0: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    probs: Any,
    gates: Any,
    tables: Any,
    seen: Any,
    at: Any,
    x: Any,
    starts: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """Whether blocks of a kind are told one by one: coded, or decoded into the plane.

    Of squares of 32x32 (``LARGE``): is it one block?  Of 16x16 (1): is it four?  Of 8x8
    (``QUARTER``): is it in quarters?
    """
    split, quarter, i0, j0 = plane.split, plane.quarter, y0 >> 3, x0 >> 3
    seen_as = 0 if kind == QUARTER else kind
    edge = edge_of(seen_as, y0, x0, plane.samples.shape[1])
    _, contrast, _ = look(seen_as, plane.samples, luma, blue, y0, x0, edge, seen)
    activity = clip((log4(contrast + 4) - log4(step) + 16) >> 1, 15)
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
    at[2] = starts[SPLIT] + 512 + clip(log4(around + 1) // 2, 15) * 16 + west * 4 + north
    before = cost[0]
    value = decide(at, 0, 3, ROW_SPLIT, ROW_SPLIT, value, probs, gates, tables, x, reg, data, cost)
    cost[3] += cost[0] - before
    if reg[MODE] != DECODE:
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
def walk(
    channel: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    units: Any,
    probs: Any,
    gates: Any,
    tables: Any,
    starts: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """All blocks of a plane: ``channel`` 0 luma, 1 Cb, 2 Cr; ``luma`` and ``blue`` as it sees.

    ``units`` are those of its blocks of 8x8, of squares, and of quarters.
    """
    height, width = plane.samples.shape
    seen, said = np.zeros(256, np.int32), np.zeros(256, np.int32)
    at, x = np.zeros(INPUTS, np.int64), np.zeros(INPUTS + 1, np.int32)
    levels, near = np.zeros(256, np.int16), np.zeros(64, np.int64)
    area = 8 if channel else 32
    for y in range(0, height, area):
        for x_ in range(0, width, area):
            if reg[MODE] == DECODE and reg[PLACE] > len(data) + 8:
                return  # the file ended long ago
            if channel:
                told(
                    channel + 1,
                    y,
                    x_,
                    plane,
                    luma,
                    blue,
                    step,
                    eye,
                    pull,
                    units,
                    probs,
                    gates,
                    tables,
                    seen,
                    said,
                    at,
                    x,
                    levels,
                    near,
                    starts,
                    reg,
                    data,
                    cost,
                )
                continue
            square(
                y,
                x_,
                plane,
                luma,
                blue,
                step,
                eye,
                pull,
                units,
                probs,
                gates,
                tables,
                seen,
                said,
                at,
                x,
                levels,
                near,
                starts,
                reg,
                data,
                cost,
            )


@compiled
def told(
    kind: Any,
    y0: Any,
    x0: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    units: Any,
    probs: Any,
    gates: Any,
    tables: Any,
    seen: Any,
    said: Any,
    at: Any,
    x: Any,
    levels: Any,
    near: Any,
    starts: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """A block by the units and the entropy model of its kind."""
    own = units[0]
    if kind == 1 or kind == LARGE:
        own = units[1]
    elif kind == QUARTER:
        own = units[2]
    block(
        kind,
        y0,
        x0,
        plane,
        luma,
        blue,
        step,
        eye,
        pull,
        own.weights,
        own.basis,
        own.scale,
        probs[kind],
        gates[kind],
        tables,
        seen,
        said,
        at,
        x,
        levels,
        near,
        starts,
        reg,
        data,
        cost,
    )


@compiled
def square(
    y0: Any,
    x0: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    units: Any,
    probs: Any,
    gates: Any,
    tables: Any,
    seen: Any,
    said: Any,
    at: Any,
    x: Any,
    levels: Any,
    near: Any,
    starts: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """A square of 32x32 of luma, or what of it lies in the picture."""
    height, width = plane.samples.shape
    # Constants hidden from the compiler, which would compile ``told`` once for each.
    small, middle, large, fourth = np.int64(0), np.int64(1), np.int64(LARGE), np.int64(QUARTER)
    if y0 + 32 <= height and x0 + 32 <= width:
        whether(
            large,
            y0,
            x0,
            plane,
            luma,
            blue,
            step,
            probs[large],
            gates[large],
            tables,
            seen,
            at,
            x,
            starts,
            reg,
            data,
            cost,
        )
        if plane.split[y0 >> 3, x0 >> 3] == PART:
            told(
                large,
                y0,
                x0,
                plane,
                luma,
                blue,
                step,
                eye,
                pull,
                units,
                probs,
                gates,
                tables,
                seen,
                said,
                at,
                x,
                levels,
                near,
                starts,
                reg,
                data,
                cost,
            )
            return
    for y1 in range(y0, min(y0 + 32, height), 16):
        for x1 in range(x0, min(x0 + 32, width), 16):
            whether(
                middle,
                y1,
                x1,
                plane,
                luma,
                blue,
                step,
                probs[middle],
                gates[middle],
                tables,
                seen,
                at,
                x,
                starts,
                reg,
                data,
                cost,
            )
            if plane.split[y1 >> 3, x1 >> 3] == WHOLE:
                told(
                    middle,
                    y1,
                    x1,
                    plane,
                    luma,
                    blue,
                    step,
                    eye,
                    pull,
                    units,
                    probs,
                    gates,
                    tables,
                    seen,
                    said,
                    at,
                    x,
                    levels,
                    near,
                    starts,
                    reg,
                    data,
                    cost,
                )
                continue
            for y2 in range(y1, y1 + 16, 8):
                for x2 in range(x1, x1 + 16, 8):
                    whether(
                        fourth,
                        y2,
                        x2,
                        plane,
                        luma,
                        blue,
                        step,
                        probs[fourth],
                        gates[fourth],
                        tables,
                        seen,
                        at,
                        x,
                        starts,
                        reg,
                        data,
                        cost,
                    )
                    if plane.quarter[y2 >> 3, x2 >> 3] == 0:
                        told(
                            small,
                            y2,
                            x2,
                            plane,
                            luma,
                            blue,
                            step,
                            eye,
                            pull,
                            units,
                            probs,
                            gates,
                            tables,
                            seen,
                            said,
                            at,
                            x,
                            levels,
                            near,
                            starts,
                            reg,
                            data,
                            cost,
                        )
                        continue
                    for q in range(4):
                        told(
                            fourth,
                            y2 + 4 * (q >> 1),
                            x2 + 4 * (q & 1),
                            plane,
                            luma,
                            blue,
                            step,
                            eye,
                            pull,
                            units,
                            probs,
                            gates,
                            tables,
                            seen,
                            said,
                            at,
                            x,
                            levels,
                            near,
                            starts,
                            reg,
                            data,
                            cost,
                        )
