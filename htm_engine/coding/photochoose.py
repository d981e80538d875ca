"""What the encoder of a photograph chooses: winners, block sizes and levels.

Every unit of a block foresees it and quantises its own error.  The few that seem cheapest by
tables are put in place and priced by the entropy model itself, as it stands at that place; the
winner has the least distortion + lambda x rate, and a parent stands against its four children
by the same measure.  Floating point is allowed here: the decoder only sees what was chosen.
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
#: Candidates that are priced, at most, and bits behind the first that rule one out.
KEPT, HOPELESS = 4, 6.0
#: How far the tables count where a candidate is priced exactly.
BY_TABLES = np.float32(0.25)


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
    trying: NDArray[np.int32]
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
    ints = [np.zeros(256, np.int32) for _ in range(3)]
    return Notes(
        ints[0], ints[1], ints[2], np.zeros((256, 4, 2), np.int16),
        np.zeros(INPUTS, np.int64), np.zeros(INPUTS + 1, np.int32),
        np.zeros(256, np.int16), np.array([0, 0, 0, 0, FOLLOW, SLOW], np.int64),
        np.zeros(1, np.uint8), np.zeros(4),
    )  # fmt: skip


def few() -> Few:
    """Room for the candidates of a block."""
    return Few(
        np.zeros(KEPT, np.int64), np.zeros(KEPT, np.int64), np.zeros(KEPT, np.float32),
        np.zeros((KEPT, 256), np.int32), np.zeros((KEPT, 256), np.int32),
    )  # fmt: skip


@compiled
def compete(
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, plane: Any, luma: Any, blue: Any,
    step: Any, eye: Any, pull: Any, trade: Any, keep: Any, units: Any, turn: Any, bench: Any,
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
    for unit in range(len(units.weights)):
        foresee(units.weights[unit], room.seen, units.weights.shape[1], mean, room.trying)
        errors[:] = 0
        beyond = np.float32(0)
        for i in range(side):
            for j in range(side):
                cell = i * side + j
                e = np.float32(target[y0 + i, x0 + j] - room.trying[cell])
                beyond += e * e
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
        for c in range(1, keep):
            if best.cost[c] > best.cost[worst]:
                worst = c
        if cost + extra < best.cost[worst]:
            best.cost[worst], best.unit[worst], best.length[worst] = cost + extra, unit, used
            best.levels[worst, :used] = room.tried[:used]
            best.levels[worst, used:] = 0
            best.said[worst, :cells] = room.trying[:cells]
    for c in range(keep):
        best.cost[c] *= scale
    return here


@compiled
def audition(
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, plane: Any, luma: Any, blue: Any,
    step: Any, eye: Any, pull: Any, trade: Any, keep: Any, units: Any, turn: Any, bench: Any,
    room: Any, best: Any,
) -> Any:  # fmt: skip
    """Choose for a block, leave the choice in the plane; its cost, and its place in ``best``."""
    here = compete(
        kind, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, keep, units, turn,
        bench, room, best,
    )  # fmt: skip
    first: Any = np.argmin(best.cost[:keep])
    if keep == 1:
        settle(kind, y0, x0, best, 0, plane, units.basis, here, pull, room.tried)
        return best.cost[0], first
    limit = best.cost[first] + np.float32(HOPELESS) * trade
    winner: Any = first
    least, last = np.float32(1e30), first
    for turn_of in range(keep):
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
    return exact + BY_TABLES * (best.cost[candidate] - exact)


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
    trade: Any, keep: Any, bench: Any, room: Any, best: Any, other: Any,
) -> Any:  # fmt: skip
    """Choose for a whole plane, and leave it as the decoder will see it.

    With one candidate kept, choices go by the tables alone; with more, the entropy model goes
    along, and ``bench.probs`` and ``bench.gates`` change.
    """
    height, width = target.shape
    trade = np.float32(trade)
    small, big = bench.units
    if channel:
        kind = channel + 1
        for y0 in range(0, height, 8):
            for x0 in range(0, width, 8):
                edge = min(x0 + 16, width)
                audition(
                    kind, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, keep,
                    small, bench.turns[0], bench, room, best,
                )  # fmt: skip
                if keep > 1:
                    room.reg[MODE] = FOLLOW
                    coded(
                        kind, y0, x0, edge, plane, luma, blue, step, eye, pull, small, bench, room
                    )
        return
    for y0 in range(0, height, 16):
        for x0 in range(0, width, 16):
            edge = min(x0 + 32, width)
            whole, winner = audition(
                1, y0, x0, edge, target, plane, luma, blue, step, eye, pull, trade, keep, big,
                bench.turns[1], bench, room, other,
            )  # fmt: skip
            spent = np.float32(0)
            if keep > 1:
                whole += trade * np.float32(told(y0, x0, 0, plane, luma, blue, step, bench, room))
                spent += trade * np.float32(told(y0, x0, 1, plane, luma, blue, step, bench, room))
            for q in range(4):
                y1, x1 = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
                reach = min(x1 + 16, width) if q != 3 else x1 + 8
                own, _ = audition(
                    0, y1, x1, reach, target, plane, luma, blue, step, eye, pull, trade, keep,
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
            if keep > 1:
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
