"""How the units of a block of a photograph compete in the encoder.

Every unit predicts the block; those that come near quantise their own residual.  The few that
seem cheapest by tables are put in place and priced by the entropy model itself, as it stands at
that place; the winner has the least distortion + lambda x rate (Sullivan and Wiegand,
*Rate-distortion optimization for video compression*, 1998).  Floating point is allowed here:
the decoder only sees what was chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ..arithmetic import (
    MEASURE,
    MODE,
)
from .entropy import (
    Coder,
)
from .neighbours import record_block
from .quantise import Prices, quantise
from .traversal import Scene, Scratch, code_block, coded_sides, own_units, put_block
from .units import (
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

#: Bits behind the first by the tables that rule a candidate out.
HOPELESS = 6.0
#: How far the tables count where a candidate is priced exactly.
TABLES = np.float32(0.25)


class Effort(NamedTuple):
    """How far the search goes."""

    keep: int  #: candidates that the entropy model prices; with 1 the tables decide alone
    tried: tuple[int, ...]  #: units that quantise their residual, by kind
    quartered: float  #: cost of a block, in squared steps, from which on quarters are tried


BEST = Effort(4, (32, 12, 32, 32, 16, 12), 3.0)
BY_TABLES = BEST._replace(keep=1)
FAST = Effort(1, (12, 6, 12, 12, 6, 4), 12.0)
#: What half the resolution may lose, in squared steps, for a square of 32x32 to be tried.
COARSE = 40.0


class Tables(NamedTuple):
    """What choices cost on average, and what errors count."""

    turns: tuple[NDArray[np.float32], ...]  #: ``(K, P, kept)`` bases the other way round
    rates: NDArray[np.float32]  #: bits of a magnitude
    counts: NDArray[np.float32]  #: bits of a count of levels
    dear: NDArray[np.float32]  #: bits of a unit
    care: NDArray[np.float32]  #: ``(h / 8, w / 8)`` what an error counts


class Room(NamedTuple):
    """Room to compare the units of a block in."""

    wanted: NDArray[np.int32]
    wide: NDArray[np.int32]
    predicted: NDArray[np.int32]  #: ``(K, P)`` every unit's prediction
    missed: NDArray[np.float32]  #: ``(K,)`` squares of its residual
    shown: NDArray[np.float32]  #: ``(P,)`` 1 for a sample that is shown, else 0
    paths: NDArray[np.int16]


class Search(NamedTuple):
    """The search for a plane's units, levels and partition."""

    target: NDArray[np.int32]  #: what the plane should be
    scene: Scene
    coder: Coder  #: goes along with what is chosen, in room of its own
    scratch: Scratch
    effort: Effort
    trade: np.float32  #: lambda over the squared step
    tables: Tables
    room: Room


class Candidates(NamedTuple):
    """The best candidates of a block."""

    unit: NDArray[np.int64]
    length: NDArray[np.int64]
    cost: NDArray[np.float32]
    levels: NDArray[np.int32]
    predicted: NDArray[np.int32]


def new_room() -> Room:
    """Room for one search."""
    return Room(
        np.zeros(256, np.int32),
        np.zeros((32, 32), np.int32),
        np.zeros((32, 256), np.int32),
        np.zeros(32, np.float32),
        np.ones(256, np.float32),
        np.zeros((256, 4, 2), np.int16),
    )


def new_candidates() -> Candidates:
    """Room for the candidates of a block."""
    return Candidates(
        np.zeros(BEST.keep, np.int64),
        np.zeros(BEST.keep, np.int64),
        np.zeros(BEST.keep, np.float32),
        np.zeros((BEST.keep, 256), np.int32),
        np.zeros((BEST.keep, 256), np.int32),
    )


@compiled
def rank_of(unit: Any, count: Any, missed: Any) -> Any:
    """How many units miss by less than one; of two that are level, the first."""
    better = 0
    for other in range(count):
        if missed[other] < missed[unit] or (missed[other] == missed[unit] and other < unit):
            better += 1
    return better


@compiled
def take_target(
    kind: Any, y0: Any, x0: Any, target: Any, mean: Any, features: Any, room: Any
) -> Any:
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
    enlarged(room.wanted, mean, features, room.wide)
    lost = np.float32(0)
    for i in range(32):
        for j in range(32):
            e = np.float32(target[y0 + i, x0 + j] - room.wide[i, j])
            lost += e * e * room.shown[(i >> 1) * 16 + (j >> 1)]
    return lost


@compiled
def look_beyond(kind: Any, y0: Any, x0: Any, scene: Any, shown: Any) -> Any:
    """Mark which samples of a block are shown; whether some are not."""
    side, whole = side_of(kind), 1 if kind != LARGE else 2
    part = y0 + side > scene.high or x0 + side > scene.wide
    for i in range(side // whole):
        for j in range(side // whole):
            inside = y0 + whole * i < scene.high and x0 + whole * j < scene.wide
            shown[i * (side // whole) + j] = np.float32(1 if inside else 0)
    return part


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
def own_turn(kind: Any, turns: Any) -> Any:
    """Turned bases of a kind of block."""
    turn = turns[0]
    if kind == 1 or kind == LARGE:
        turn = turns[1]
    elif kind == QUARTER:
        turn = turns[2]
    return turn


@compiled(inline="always")
def compete(kind: Any, y0: Any, x0: Any, search: Any, best: Any) -> Any:
    """Put the cheapest candidates of a block by the tables into ``best``; the block's own step."""
    target, scene, room, effort = search.target, search.scene, search.room, search.effort
    units, turn = own_units(kind, scene.units), own_turn(kind, search.tables.turns)
    features, levels = search.scratch.features, search.scratch.predicted
    plane, step, trade = scene.plane, scene.step, search.trade
    cells, i0, j0 = units.weights.shape[2], y0 >> 3, x0 >> 3
    edge = edge_of(kind, y0, x0, coded_sides(scene)[1])
    mean, contrast, other = features_of(
        kind, plane.samples, scene.luma, scene.blue, y0, x0, edge, features
    )
    here = step_of(kind, step, contrast, other, scene.eye)
    size = size_of(kind, contrast, other) - four_log2(here) + 24
    around = np.int64(plane.energy[i0 + 1, j0]) + np.int64(plane.energy[i0, j0 + 1])
    energy = min(four_log2(around + 1) // 3, 9)
    # Costs are in squares of the picture's step; the block's own may be another.
    ratio = np.float32(here << 1 if kind == LARGE else here) / np.float32(step)
    scale = counting(search.tables.care, kind, y0, x0) * ratio * ratio
    dearer = trade / scale
    best.cost[:] = 1e30
    part = look_beyond(kind, y0, x0, scene, room.shown)
    rest = take_target(kind, y0, x0, target, mean, features, room) / (np.float32(4) * here * here)
    if rest > COARSE:
        return here
    prices = Prices(search.tables.rates[kind], search.tables.counts[kind, energy], dearer, energy)
    residual, kept = np.zeros(cells, np.float32), turn.shape[2]
    count, tried = len(units.weights), effort.tried[kind]
    for unit in range(count):
        predicted, missed = room.predicted[unit], np.float32(0)
        predict(units.weights[unit], features, units.weights.shape[1], mean, predicted)
        for cell in range(cells):
            e = np.float32(room.wanted[cell] - predicted[cell])
            missed += e * e * room.shown[cell]
        room.missed[unit] = missed
    for unit in range(count):
        if rank_of(unit, count, room.missed) >= tried:
            continue
        predicted, beyond = room.predicted[unit], room.missed[unit]
        residual[:] = 0
        for cell in range(cells):
            e = np.float32(room.wanted[cell] - predicted[cell])
            if part and room.shown[cell] == 0:
                continue
            row = turn[unit, cell]
            for k in range(kept):
                residual[k] += row[k] * e
        if cells == 256:
            # A square's basis is short: what it does not span is lost as well.
            for k in range(kept):
                beyond -= residual[k] * residual[k]
        else:
            beyond = np.float32(0)
        lost = rest + max(beyond, np.float32(0)) / (np.float32(here) * np.float32(here))
        extra = lost + dearer * search.tables.dear[kind, unit]
        cost, used = quantise(
            residual, units.scale[unit], size, here, scene.pull, prices, room.paths, levels
        )
        worst = 0
        for c in range(1, effort.keep):
            if best.cost[c] > best.cost[worst]:
                worst = c
        if cost + extra < best.cost[worst]:
            best.cost[worst], best.unit[worst], best.length[worst] = cost + extra, unit, used
            best.levels[worst, :used] = levels[:used]
            best.levels[worst, used:] = 0
            best.predicted[worst, :cells] = predicted[:cells]
    for c in range(effort.keep):
        best.cost[c] *= scale
    return here


@compiled
def choose_unit(kind: Any, y0: Any, x0: Any, search: Any, best: Any) -> Any:
    """Choose for a block, leave the choice in the plane; its cost, and its place in ``best``."""
    effort, trade = search.effort, search.trade
    here = compete(kind, y0, x0, search, best)
    first: Any = np.argmin(best.cost[: effort.keep])
    if best.cost[first] >= 1e30:
        return best.cost[first], first
    if effort.keep == 1:
        place_candidate(kind, y0, x0, here, best, first, search)
        return best.cost[first], first
    limit = best.cost[first] + np.float32(HOPELESS) * trade
    winner: Any = first
    least, last = np.float32(1e30), first
    for turn_of in range(effort.keep):
        # The first by the tables goes first: it takes place 0, and 0 its place.
        c = first if turn_of == 0 else (0 if turn_of == first else turn_of)
        if best.cost[c] > limit:
            continue
        cost = exact_cost(kind, y0, x0, here, best, c, search)
        last = c
        if cost < least:
            winner, least = c, cost
    if last != winner:
        place_candidate(kind, y0, x0, here, best, winner, search)
    return least, winner


@compiled(inline="always")
def exact_cost(
    kind: Any, y0: Any, x0: Any, here: Any, best: Any, candidate: Any, search: Any
) -> Any:
    """Put a candidate into the plane; its cost by the entropy model as it stands."""
    target, plane, step = search.target, search.scene.plane, search.scene.step
    place_candidate(kind, y0, x0, here, best, candidate, search)
    side = side_of(kind)
    lost = np.float32(0)
    for i in range(y0, min(y0 + side, search.scene.high)):
        for j in range(x0, min(x0 + side, search.scene.wide)):
            e = np.float32(target[i, j] - plane.samples[i, j])
            lost += e * e
    search.coder.reg[MODE], search.coder.cost[0] = MEASURE, 0
    code_block(kind, y0, x0, search.scene, search.coder, search.scratch)
    bits = np.float32(search.coder.cost[0])
    # The tables know better what a choice means for the blocks that follow.
    lost *= counting(search.tables.care, kind, y0, x0) / (np.float32(step) * step)
    exact = lost + search.trade * bits
    return exact + TABLES * (best.cost[candidate] - exact)


@compiled
def place_candidate(
    kind: Any, y0: Any, x0: Any, here: Any, best: Any, candidate: Any, search: Any
) -> Any:
    """Decode a candidate's block into its plane; ``here`` is the block's own step."""
    scene, features = search.scene, search.scratch.features
    units, plane = own_units(kind, scene.units), scene.plane
    mean: Any = np.int64(0)
    if kind == LARGE:
        edge = edge_of(kind, y0, x0, coded_sides(scene)[1])
        mean, _, _ = features_of(
            kind, plane.samples, scene.luma, scene.blue, y0, x0, edge, features
        )
    i0, j0, cells, block = y0 >> 3, x0 >> 3, units.weights.shape[2], search.scratch.predicted
    winner, count, levels = best.unit[candidate], best.length[candidate], best.levels[candidate]
    block[:cells] = best.predicted[candidate, :cells]
    add_residual(units.basis[winner], levels, count, here, scene.pull, block)
    total = np.int64(0)
    for k in range(cells):
        sub = k >> 6
        place = (((y0 >> 2) & 1) * 2 + ((x0 >> 2) & 1)) * 16 + k if kind == QUARTER else k & 63
        plane.levels[i0 + (sub >> 1), j0 + (sub & 1), place] = levels[k]
        total += abs(np.int64(levels[k]))
    put_block(kind, y0, x0, block, mean, features, plane.samples)
    record_block(kind, y0, x0, winner, count, total, levels, plane)
