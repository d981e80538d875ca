"""How the units of a block of a photograph compete in the encoder.

Every unit foresees the block; those that come near quantise their own error.  The few that
seem cheapest by tables are put in place and priced by the entropy model itself, as it stands at
that place; the winner has the least distortion + lambda x rate.  Floating point is allowed
here: the decoder only sees what was chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from .entropy import FOLLOW, INPUTS, MODE, PRICE, SLOW
from .neighbours import Units, left_behind
from .quantise import quantise
from .traversal import paint, told
from .units import (
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

#: Bits behind the first by the tables that rule a candidate out.
HOPELESS = 6.0
#: How far the tables count where a candidate is priced exactly.
TABLES = np.float32(0.25)


class Effort(NamedTuple):
    """How far the search goes."""

    keep: int  #: candidates that the entropy model prices; with 1 the tables decide alone
    tried: tuple[int, ...]  #: units that quantise their error, by kind
    quartered: float  #: cost of a block, in squared steps, from which on quarters are tried


BEST = Effort(4, (32, 12, 32, 32, 16, 12), 3.0)
BY_TABLES = BEST._replace(keep=1)
FAST = Effort(1, (12, 6, 12, 12, 6, 4), 12.0)
#: What half the resolution may lose, in squared steps, for a square of 32x32 to be tried.
COARSE = 40.0


class Bench(NamedTuple):
    """What the search for a plane works with."""

    units: tuple[Units, Units, Units]  #: of this plane's blocks, of squares, of quarters
    turns: tuple[NDArray[np.float32], ...]  #: ``(K, P, kept)`` bases the other way round
    rates: NDArray[np.float32]
    counts: NDArray[np.float32]
    dear: NDArray[np.float32]
    care: NDArray[np.float32]  #: ``(h / 8, w / 8)`` what an error counts
    probs: NDArray[np.uint32]
    gates: NDArray[np.int32]
    tables: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]
    starts: NDArray[np.int64]


class Notes(NamedTuple):
    """Room to work in."""

    seen: NDArray[np.int32]
    tried: NDArray[np.int32]
    wanted: NDArray[np.int32]
    wide: NDArray[np.int32]
    foreseen: NDArray[np.int32]  #: ``(K, P)`` what every unit says
    missed: NDArray[np.float32]  #: ``(K,)`` squares that it misses by
    paths: NDArray[np.int16]
    at: NDArray[np.int64]
    x: NDArray[np.int32]
    whole: NDArray[np.int16]
    near: NDArray[np.int64]
    reg: NDArray[np.int64]
    data: NDArray[np.uint8]
    cost: NDArray[np.float64]


class Few(NamedTuple):
    """The best candidates of a block."""

    unit: NDArray[np.int64]
    length: NDArray[np.int64]
    cost: NDArray[np.float32]
    levels: NDArray[np.int32]
    said: NDArray[np.int32]


def notes() -> Notes:
    """Room for one search."""
    return Notes(
        np.zeros(256, np.int32),
        np.zeros(256, np.int32),
        np.zeros(256, np.int32),
        np.zeros((32, 32), np.int32),
        np.zeros((32, 256), np.int32),
        np.zeros(32, np.float32),
        np.zeros((256, 4, 2), np.int16),
        np.zeros(INPUTS, np.int64),
        np.zeros(INPUTS + 1, np.int32),
        np.zeros(256, np.int16),
        np.zeros(64, np.int64),
        np.array([0, 0, 0, 0, FOLLOW, SLOW], np.int64),
        np.zeros(1, np.uint8),
        np.zeros(4),
    )


def few() -> Few:
    """Room for the candidates of a block."""
    return Few(
        np.zeros(BEST.keep, np.int64),
        np.zeros(BEST.keep, np.int64),
        np.zeros(BEST.keep, np.float32),
        np.zeros((BEST.keep, 256), np.int32),
        np.zeros((BEST.keep, 256), np.int32),
    )


@compiled
def beaten(unit: Any, count: Any, missed: Any) -> Any:
    """How many units miss by less than one; of two that are level, the first."""
    better = 0
    for other in range(count):
        if missed[other] < missed[unit] or (missed[other] == missed[unit] and other < unit):
            better += 1
    return better


@compiled
def wanted(kind: Any, y0: Any, x0: Any, target: Any, mean: Any, room: Any) -> Any:
    """Put a block's samples into ``room.wanted``; the squares that its resolution loses."""
    side = side_of(kind)
    if kind != LARGE:
        for i in range(side):
            for j in range(side):
                room.wanted[i * side + j] = target[y0 + i, x0 + j]
        return np.float32(0)
    for i in range(16):
        for j in range(16):
            y, x = y0 + 2 * i, x0 + 2 * j
            total = target[y, x] + target[y, x + 1] + target[y + 1, x] + target[y + 1, x + 1]
            room.wanted[i * 16 + j] = (total + 2) >> 2
    enlarged(room.wanted, mean, room.seen, room.wide)
    lost = np.float32(0)
    for i in range(32):
        for j in range(32):
            e = np.float32(target[y0 + i, x0 + j] - room.wide[i, j])
            lost += e * e
    return lost


@compiled
def counting(care: Any, kind: Any, y0: Any, x0: Any) -> Any:
    """What an error counts in a block."""
    grid = max(side_of(kind) >> 3, 1)
    total = np.float32(0)
    for i in range(y0 >> 3, (y0 >> 3) + grid):
        for j in range(x0 >> 3, (x0 >> 3) + grid):
            total += care[i, j]
    return total / np.float32(grid * grid)


@compiled
def compete(
    kind: Any,
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    units: Any,
    turn: Any,
    bench: Any,
    room: Any,
    best: Any,
) -> Any:
    """Put the cheapest candidates of a block by the tables into ``best``, the first first."""
    cells, i0, j0 = units.weights.shape[2], y0 >> 3, x0 >> 3
    edge = edge_of(kind, y0, x0, target.shape[1])
    mean, contrast, other = look(kind, plane.samples, luma, blue, y0, x0, edge, room.seen)
    here = step_of(kind, step, contrast, other, eye)
    size = size_of(kind, contrast, other) - log4(here) + 24
    around = np.int64(plane.energy[i0 + 1, j0]) + np.int64(plane.energy[i0, j0 + 1])
    energy = min(log4(around + 1) // 3, 9)
    # Costs are in squares of the picture's step; the block's own may be another.
    ratio = np.float32(here << 1 if kind == LARGE else here) / np.float32(step)
    scale = counting(bench.care, kind, y0, x0) * ratio * ratio
    dearer = trade / scale
    best.cost[:] = 1e30
    rest = wanted(kind, y0, x0, target, mean, room) / (np.float32(4) * here * here)
    if rest > COARSE:
        return here
    counts = bench.counts[kind, energy]
    errors, kept = np.zeros(cells, np.float32), turn.shape[2]
    count, tried = len(units.weights), effort.tried[kind]
    for unit in range(count):
        said, missed = room.foreseen[unit], np.float32(0)
        foresee(units.weights[unit], room.seen, units.weights.shape[1], mean, said)
        for cell in range(cells):
            e = np.float32(room.wanted[cell] - said[cell])
            missed += e * e
        room.missed[unit] = missed
    for unit in range(count):
        if beaten(unit, count, room.missed) >= tried:
            continue
        said, beyond = room.foreseen[unit], room.missed[unit]
        errors[:] = 0
        for cell in range(cells):
            e = np.float32(room.wanted[cell] - said[cell])
            row = turn[unit, cell]
            for k in range(kept):
                errors[k] += row[k] * e
        if cells == 256:
            # A square's basis is short: what it cannot say is lost as well.
            for k in range(kept):
                beyond -= errors[k] * errors[k]
        else:
            beyond = np.float32(0)
        lost = rest + max(beyond, np.float32(0)) / (np.float32(here) * np.float32(here))
        extra = lost + dearer * bench.dear[kind, unit]
        cost, used = quantise(
            errors,
            units.scale[unit],
            size,
            energy,
            here,
            pull,
            bench.rates[kind],
            counts,
            dearer,
            room.paths,
            room.tried,
        )
        worst = 0
        for c in range(1, effort.keep):
            if best.cost[c] > best.cost[worst]:
                worst = c
        if cost + extra < best.cost[worst]:
            best.cost[worst], best.unit[worst], best.length[worst] = cost + extra, unit, used
            best.levels[worst, :used] = room.tried[:used]
            best.levels[worst, used:] = 0
            best.said[worst, :cells] = said[:cells]
    for c in range(effort.keep):
        best.cost[c] *= scale
    return here


@compiled
def audition(
    kind: Any,
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
    best: Any,
) -> Any:
    """Choose for a block, leave the choice in the plane; its cost, and its place in ``best``."""
    units, turn = bench.units[0], bench.turns[0]
    if kind == 1 or kind == LARGE:
        units, turn = bench.units[1], bench.turns[1]
    elif kind == QUARTER:
        units, turn = bench.units[2], bench.turns[2]
    here = compete(
        kind,
        y0,
        x0,
        target,
        plane,
        luma,
        blue,
        step,
        eye,
        pull,
        trade,
        effort,
        units,
        turn,
        bench,
        room,
        best,
    )
    first: Any = np.argmin(best.cost[: effort.keep])
    if best.cost[first] >= 1e30:
        return best.cost[first], first
    if effort.keep == 1:
        settle(kind, y0, x0, best, first, plane, luma, blue, bench, here, pull, room)
        return best.cost[first], first
    limit = best.cost[first] + np.float32(HOPELESS) * trade
    winner: Any = first
    least, last = np.float32(1e30), first
    for turn_of in range(effort.keep):
        # The first by the tables goes first: it takes place 0, and 0 its place.
        c = first if turn_of == 0 else (0 if turn_of == first else turn_of)
        if best.cost[c] > limit:
            continue
        cost = priced(
            kind,
            y0,
            x0,
            target,
            plane,
            luma,
            blue,
            step,
            here,
            eye,
            pull,
            trade,
            c,
            bench,
            room,
            best,
        )
        last = c
        if cost < least:
            winner, least = c, cost
    if last != winner:
        settle(kind, y0, x0, best, winner, plane, luma, blue, bench, here, pull, room)
    return least, winner


@compiled
def priced(
    kind: Any,
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    here: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    candidate: Any,
    bench: Any,
    room: Any,
    best: Any,
) -> Any:
    """Put a candidate into the plane; its cost by the entropy model as it stands."""
    settle(kind, y0, x0, best, candidate, plane, luma, blue, bench, here, pull, room)
    side = side_of(kind)
    lost = np.float32(0)
    for i in range(y0, y0 + side):
        for j in range(x0, x0 + side):
            e = np.float32(target[i, j] - plane.samples[i, j])
            lost += e * e
    room.reg[MODE], room.cost[0] = PRICE, 0
    told(
        kind,
        y0,
        x0,
        plane,
        luma,
        blue,
        step,
        eye,
        pull,
        bench.units,
        bench.probs,
        bench.gates,
        bench.tables,
        room.seen,
        room.tried,
        room.at,
        room.x,
        room.whole,
        room.near,
        bench.starts,
        room.reg,
        room.data,
        room.cost,
    )
    bits = np.float32(room.cost[0])
    # The tables know better what a choice means for the blocks that follow.
    lost *= counting(bench.care, kind, y0, x0) / (np.float32(step) * step)
    exact = lost + trade * bits
    return exact + TABLES * (best.cost[candidate] - exact)


@compiled
def settle(
    kind: Any,
    y0: Any,
    x0: Any,
    best: Any,
    candidate: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    bench: Any,
    step: Any,
    pull: Any,
    room: Any,
) -> Any:
    """Write a candidate's block into its plane; ``step`` is the block's own."""
    units = bench.units[0]
    mean: Any = np.int64(0)
    if kind == 1 or kind == LARGE:
        units = bench.units[1]
    elif kind == QUARTER:
        units = bench.units[2]
    if kind == LARGE:
        edge = edge_of(kind, y0, x0, plane.samples.shape[1])
        mean, _, _ = look(kind, plane.samples, luma, blue, y0, x0, edge, room.seen)
    i0, j0, cells, said = y0 >> 3, x0 >> 3, units.weights.shape[2], room.tried
    winner, count, levels = best.unit[candidate], best.length[candidate], best.levels[candidate]
    said[:cells] = best.said[candidate, :cells]
    complete(units.basis[winner], levels, count, step, pull, said)
    total = np.int64(0)
    for k in range(cells):
        sub = k >> 6
        place = (((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1)) * 16 + k if kind == QUARTER else k & 63
        plane.levels[i0 + (sub >> 1), j0 + (sub & 1), place] = levels[k]
        total += abs(np.int64(levels[k]))
    paint(kind, y0, x0, said, mean, room.seen, plane.samples)
    left_behind(kind, y0, x0, winner, count, total, levels, plane)
