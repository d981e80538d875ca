"""What the encoder of a photograph chooses: winners, block sizes and levels.

Every unit of a block foresees it; those that come near quantise their own error.  The few that
seem cheapest by tables are put in place and priced by the entropy model itself, as it stands at
that place; the winner has the least distortion + lambda x rate, and a parent stands against its
four children by the same measure.  Floating point is allowed here: the decoder only sees what
was chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .photoentropy import FOLLOW, INPUTS, MODE, PRICE, SLOW
from .photoquantise import quantise
from .photounits import complete, foresee, log4, look, shaped
from .photowalk import Units, block, whether_split

CALLS_INTO = "c5a4f4fea557"
#: Bits behind the first by the tables that rule a candidate out.
HOPELESS = 6.0
#: How far the tables count where a candidate is priced exactly.
TABLES = np.float32(0.25)


class Effort(NamedTuple):
    """How far the search goes."""

    keep: int  #: candidates that the entropy model prices; with 1 the tables decide alone
    tried: tuple[int, int]  #: units that quantise their error, of a block and of a square


BEST, BY_TABLES, FAST = Effort(4, (32, 32)), Effort(1, (32, 32)), Effort(1, (12, 6))


class Bench(NamedTuple):
    """What the search for a plane works with."""

    units: tuple[Units, Units]  #: of this plane's blocks, and of its squares
    turns: tuple[
        NDArray[np.float32], NDArray[np.float32]
    ]  #: ``(K, P, kept)`` bases the other way round
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
    foreseen: NDArray[np.int32]  #: ``(K, P)`` what every unit says
    missed: NDArray[np.float32]  #: ``(K,)`` squares that it misses by
    paths: NDArray[np.int16]
    at: NDArray[np.int64]
    x: NDArray[np.int32]
    whole: NDArray[np.int16]
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
        np.zeros(256, np.int32), np.zeros(256, np.int32), np.zeros((32, 256), np.int32),
        np.zeros(32, np.float32), np.zeros((256, 4, 2), np.int16),
        np.zeros(INPUTS, np.int64), np.zeros(INPUTS + 1, np.int32),
        np.zeros(256, np.int16), np.array([0, 0, 0, 0, FOLLOW, SLOW], np.int64),
        np.zeros(1, np.uint8), np.zeros(4),
    )  # fmt: skip


def few() -> Few:
    """Room for the candidates of a block."""
    return Few(
        np.zeros(BEST.keep, np.int64), np.zeros(BEST.keep, np.int64),
        np.zeros(BEST.keep, np.float32), np.zeros((BEST.keep, 256), np.int32),
        np.zeros((BEST.keep, 256), np.int32),
    )  # fmt: skip


@compiled
def beaten(unit: Any, count: Any, missed: Any) -> Any:
    """How many units miss by less than one; of two that are level, the first."""
    better = 0
    for other in range(count):
        if missed[other] < missed[unit] or (missed[other] == missed[unit] and other < unit):
            better += 1
    return better


@compiled
def compete(
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, plane: Any, luma: Any, blue: Any,
    step: Any, eye: Any, pull: Any, trade: Any, effort: Any, units: Any, turn: Any, bench: Any,
    room: Any, best: Any,
) -> Any:  # fmt: skip
    """Put the cheapest candidates of a block by the tables into ``best``, the first first."""
    side = 16 if kind == 1 else 8
    cells, i0, j0 = side * side, y0 >> 3, x0 >> 3
    mean, contrast, other = look(kind, plane.samples, luma, blue, y0, x0, edge, room.seen)
    here = shaped(step, contrast if kind < 2 else other, eye)
    size = log4(contrast + 8 if kind < 2 else contrast + (other >> 2) + 8) - log4(here) + 24
    around = np.int64(plane.energy[i0 + 1, j0]) + np.int64(plane.energy[i0, j0 + 1])
    energy = min(log4(around + 1) // 3, 9)
    # Costs are in squares of the picture's step; the block's own may be another.
    ratio = np.float32(here) / np.float32(step)
    scale = bench.care[i0, j0] * ratio * ratio
    dearer = trade / scale
    counts = bench.counts[kind, energy]
    errors, kept = np.zeros(cells, np.float32), turn.shape[2]
    best.cost[:] = 1e30
    count, tried = len(units.weights), effort.tried[1 if kind == 1 else 0]
    for unit in range(count):
        said, missed = room.foreseen[unit], np.float32(0)
        foresee(units.weights[unit], room.seen, units.weights.shape[1], mean, said)
        for i in range(side):
            for j in range(side):
                e = np.float32(target[y0 + i, x0 + j] - said[i * side + j])
                missed += e * e
        room.missed[unit] = missed
    for unit in range(count):
        if beaten(unit, count, room.missed) >= tried:
            continue
        said, beyond = room.foreseen[unit], room.missed[unit]
        errors[:] = 0
        for i in range(side):
            for j in range(side):
                cell = i * side + j
                e = np.float32(target[y0 + i, x0 + j] - said[cell])
                row = turn[unit, cell]
                for k in range(kept):
                    errors[k] += row[k] * e
        if kind == 1:
            # A square's basis is short: what it cannot say is lost as well.
            for k in range(kept):
                beyond -= errors[k] * errors[k]
        else:
            beyond = np.float32(0)
        lost = max(beyond, np.float32(0)) / (np.float32(here) * np.float32(here))
        extra = lost + dearer * bench.dear[kind, unit]
        cost, used = quantise(
            errors, units.scale[unit], size, energy, here, pull, bench.rates[kind], counts, dearer,
            room.paths, room.tried,
        )  # fmt: skip
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
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, plane: Any, luma: Any, blue: Any,
    step: Any, eye: Any, pull: Any, trade: Any, effort: Any, units: Any, turn: Any, bench: Any,
    room: Any, best: Any,
) -> Any:  # fmt: skip
    """Choose for a block, leave the choice in the plane; its cost, and its place in ``best``."""
    here = compete(
        kind, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, effort, units, turn,
        bench, room, best,
    )  # fmt: skip
    first: Any = np.argmin(best.cost[: effort.keep])
    if effort.keep == 1:
        settle(kind, y0, x0, best, 0, plane, units.basis, here, pull, room.tried)
        return best.cost[0], first
    limit = best.cost[first] + np.float32(HOPELESS) * trade
    winner: Any = first
    least, last = np.float32(1e30), first
    for turn_of in range(effort.keep):
        # The first by the tables goes first: it takes place 0, and 0 its place.
        c = first if turn_of == 0 else (0 if turn_of == first else turn_of)
        if best.cost[c] > limit:
            continue
        cost = priced(
            kind, y0, x0, edge, target, plane, luma, blue, step, here, eye, pull, trade, c, units,
            bench, room, best,
        )  # fmt: skip
        last = c
        if cost < least:
            winner, least = c, cost
    if last != winner:
        priced(
            kind, y0, x0, edge, target, plane, luma, blue, step, here, eye, pull, trade, winner,
            units, bench, room, best,
        )  # fmt: skip
    return least, winner


@compiled
def priced(
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, plane: Any, luma: Any, blue: Any,
    step: Any, here: Any, eye: Any, pull: Any, trade: Any, candidate: Any, units: Any, bench: Any,
    room: Any, best: Any,
) -> Any:  # fmt: skip
    """Put a candidate into the plane; its cost by the entropy model as it stands."""
    settle(kind, y0, x0, best, candidate, plane, units.basis, here, pull, room.tried)
    side = 16 if kind == 1 else 8
    square = np.float32(0)
    for i in range(y0, y0 + side):
        for j in range(x0, x0 + side):
            e = np.float32(target[i, j] - plane.samples[i, j])
            square += e * e
    room.reg[MODE], room.cost[0] = PRICE, 0
    coded(kind, y0, x0, edge, plane, luma, blue, step, eye, pull, units, bench, room)
    bits = np.float32(room.cost[0])
    # The tables know better what a choice means for the blocks that follow.
    exact = bench.care[y0 >> 3, x0 >> 3] * square / (np.float32(step) * step) + trade * bits
    return exact + TABLES * (best.cost[candidate] - exact)


@compiled
def coded(
    kind: Any, y0: Any, x0: Any, edge: Any, plane: Any, luma: Any, blue: Any, step: Any, eye: Any,
    pull: Any, units: Any, bench: Any, room: Any,
) -> Any:  # fmt: skip
    """Take a settled block through the entropy model."""
    block(
        kind, y0, x0, edge, plane, luma, blue, step, eye, pull, units.weights, units.basis,
        units.scale, bench.probs[kind], bench.gates[kind], bench.tables, room.seen, room.tried,
        room.at, room.x, room.whole, bench.starts, room.reg, room.data, room.cost,
    )  # fmt: skip


@compiled
def settle(
    kind: Any, y0: Any, x0: Any, best: Any, candidate: Any, plane: Any, basis: Any, step: Any,
    pull: Any, said: Any,
) -> Any:  # fmt: skip
    """Write a candidate's block into its plane."""
    side = 16 if kind == 1 else 8
    i0, j0, grid = y0 >> 3, x0 >> 3, side >> 3
    winner, count, levels = best.unit[candidate], best.length[candidate], best.levels[candidate]
    said[: side * side] = best.said[candidate, : side * side]
    complete(basis[winner], levels, count, step, pull, said)
    total = np.int64(0)
    for k in range(side * side):
        sub = k >> 6
        plane.levels[i0 + (sub >> 1), j0 + (sub & 1), k & 63] = levels[k]
        total += abs(np.int64(levels[k]))
    for i in range(side):
        for j in range(side):
            plane.samples[y0 + i, x0 + j] = said[i * side + j]
    for a in range(grid):
        for b in range(grid):
            plane.unit[i0 + 1 + a, j0 + 1 + b] = winner + (32 if kind == 1 else 0)
            plane.energy[i0 + 1 + a, j0 + 1 + b] = total >> (2 * (grid - 1))
    plane.coded[i0, j0] = count


@compiled
def choose(
    channel: Any, target: Any, plane: Any, luma: Any, blue: Any, step: Any, eye: Any, pull: Any,
    trade: Any, effort: Any, bench: Any, room: Any, best: Any, other: Any, start: Any, end: Any,
) -> Any:  # fmt: skip
    """Choose for the rows from ``start`` to ``end`` of a plane; leave it as it will be decoded.

    With one candidate kept, choices go by the tables alone; with more, the entropy model goes
    along, and ``bench.probs`` and ``bench.gates`` change.
    """
    width = target.shape[1]
    trade = np.float32(trade)
    small, big = bench.units
    if channel:
        kind = channel + 1
        for y0 in range(start, end, 8):
            for x0 in range(0, width, 8):
                edge = min(x0 + 16, width)
                audition(
                    kind, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, effort,
                    small, bench.turns[0], bench, room, best,
                )  # fmt: skip
                if effort.keep > 1:
                    room.reg[MODE] = FOLLOW
                    coded(
                        kind, y0, x0, edge, plane, luma, blue, step, eye, pull, small, bench, room
                    )
        return
    for y0 in range(start, end, 16):
        for x0 in range(0, width, 16):
            edge = min(x0 + 32, width)
            whole, winner = audition(
                1, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, effort, big,
                bench.turns[1], bench, room, other,
            )  # fmt: skip
            spent = np.float32(0)
            if effort.keep > 1:
                whole += trade * np.float32(told(y0, x0, 0, plane, luma, blue, step, bench, room))
                spent += trade * np.float32(told(y0, x0, 1, plane, luma, blue, step, bench, room))
            for q in range(4):
                y1, x1 = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
                reach = min(x1 + 16, width) if q != 3 else x1 + 8
                own, _ = audition(
                    0, y1, x1, reach, target, plane, luma, blue, step, eye, pull, trade, effort,
                    small, bench.turns[0], bench, room, best,
                )  # fmt: skip
                spent += own
                if spent > whole:
                    break
            plane.split[y0 >> 3, x0 >> 3] = spent <= whole
            if whole < spent:
                mean, contrast, _ = look(1, plane.samples, luma, blue, y0, x0, edge, room.seen)
                here = shaped(step, contrast, eye)
                settle(1, y0, x0, other, winner, plane, big.basis, here, pull, room.tried)
            if effort.keep > 1:
                follow(y0, x0, plane, luma, blue, step, eye, pull, bench, room)


@compiled
def told(
    y0: Any, x0: Any, split: Any, plane: Any, luma: Any, blue: Any, step: Any, bench: Any, room: Any
) -> Any:
    """Bits of saying whether a square is split."""
    plane.split[y0 >> 3, x0 >> 3] = split
    room.reg[MODE], room.cost[0] = PRICE, 0
    whether_split(
        y0, x0, plane, luma, blue, step, bench.probs[0], bench.gates[0], bench.tables, room.seen,
        room.at, room.x, bench.starts, room.reg, room.data, room.cost,
    )  # fmt: skip
    return room.cost[0]


@compiled
def follow(
    y0: Any, x0: Any, plane: Any, luma: Any, blue: Any, step: Any, eye: Any, pull: Any, bench: Any,
    room: Any,
) -> Any:  # fmt: skip
    """Let the entropy model learn what was chosen for a square of luma."""
    width = plane.samples.shape[1]
    room.reg[MODE] = FOLLOW
    whether_split(
        y0, x0, plane, luma, blue, step, bench.probs[0], bench.gates[0], bench.tables, room.seen,
        room.at, room.x, bench.starts, room.reg, room.data, room.cost,
    )  # fmt: skip
    if plane.split[y0 >> 3, x0 >> 3] == 0:
        edge = min(x0 + 32, width)
        coded(1, y0, x0, edge, plane, luma, blue, step, eye, pull, bench.units[1], bench, room)
        return
    for q in range(4):
        y1, x1 = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
        edge = min(x1 + 16, width) if q != 3 else x1 + 8
        coded(0, y1, x1, edge, plane, luma, blue, step, eye, pull, bench.units[0], bench, room)
