"""What the encoder of a photograph chooses: winners, block sizes and levels.

Every unit of a block foresees it and quantises its own error; the winner has the least
distortion + lambda x rate, a parent stands against its four children by the same measure.
Floating point is allowed here: the decoder only sees what was chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled
from .photounits import complete, foresee, log4, look

CALLS_INTO = "8fb1c4f52f06"
#: Lambda over the squared step.
TRADE = 0.075
#: Magnitudes told apart by the table of rates.
GRADES = 16


def laplace_rates() -> np.ndarray:
    """Bits of a magnitude ``(4, 64, 10, GRADES)`` by kind, scale and energy around, unlearned."""
    mean = 2.0 ** ((np.arange(64) - 24) / 4)[:, None] * 2.0 ** ((np.arange(10) - 4) / 4)
    rest = np.exp(-1 / np.maximum(mean, 0.05))[..., None]
    m = np.arange(GRADES)
    p = np.where(m == 0, 1 - rest**0.6, rest**0.6 * (1 - rest) * rest ** np.maximum(m - 1, 0))
    bits = np.minimum(-np.log2(np.maximum(p, 1e-5)), 16) + (m > 0)
    return np.broadcast_to(bits, (4, 64, 10, GRADES)).astype(np.float32).copy()


@compiled
def quantise(
    errors: Any, scales: Any, size: Any, energy: Any, step: Any, pull: Any, rates: Any,
    counts: Any, trade: Any, most: Any, out: Any,
) -> Any:  # fmt: skip
    """Levels of least cost; returns the cost in squared steps and the count of levels."""
    cells = len(errors)
    inverse = np.float32(1.0 / step)
    one, many = np.float32(pull / 64.0), np.float32((pull >> 1) / 64.0)
    total = np.float32(0)
    for k in range(cells):
        a = errors[k] * inverse
        total += a * a
    best, best_count, spent = total + trade * counts[0], 0, np.float32(0)
    tail = total
    for k in range(cells):
        a = abs(errors[k]) * inverse
        mu = min(max(np.int64(scales[k]) + size, 0), 63)
        rate = rates[mu, energy]
        tail -= a * a
        level: Any = min(np.int64(a + np.float32(0.5)), 30000)
        zero = a * a + trade * rate[0]
        cost: Any = zero
        taken: Any = np.int64(0)
        for m in range(max(level - 1, 1), level + 1):
            d = a - (m - (one if m == 1 else many))
            r = rate[m] if m < 16 else rate[15] + np.float32(2.0) * np.log2(m - 14.0)
            j = d * d + trade * r
            if j < cost:
                cost, taken = j, m
        if spent + cost >= best:
            out[k] = 0
            break  # costs only grow: nothing further on can win
        spent += cost
        out[k] = -taken if errors[k] < 0 else taken
        if taken and spent + tail + trade * counts[k + 1] < best:
            best, best_count = spent + tail + trade * counts[k + 1], k + 1
        if best > most and spent > most:
            break
    return best, best_count


@compiled
def compete(
    kind: Any, y0: Any, x0: Any, edge: Any, target: Any, samples: Any, luma: Any, blue: Any,
    energies: Any, step: Any, pull: Any, weights: Any, turn: Any, scales: Any, rates: Any,
    counts: Any, dear: Any, trade: Any, seen: Any, said: Any, tried: Any, levels: Any,
) -> Any:  # fmt: skip
    """The winner of a block: unit, count, cost in squared steps; its levels, its prediction."""
    side = 16 if kind == 1 else 8
    cells, i0, j0 = side * side, y0 >> 3, x0 >> 3
    mean, contrast, other = look(kind, samples, luma, blue, y0, x0, edge, seen)
    here = log4(step)
    size = log4(contrast + 8 if kind < 2 else contrast + (other >> 2) + 8) - here + 24
    around = np.int64(energies[i0 + 1, j0]) + np.int64(energies[i0, j0 + 1])
    energy = min(log4(around + 1) // 3, 9)
    best, winner, count = np.float32(1e30), 0, 0
    errors = np.zeros(cells, np.float32)
    for unit in range(len(weights)):
        foresee(weights[unit], seen, weights.shape[1], mean, tried)
        errors[:] = 0
        for i in range(side):
            for j in range(side):
                cell = i * side + j
                e = np.float32(target[y0 + i, x0 + j] - tried[cell])
                row = turn[unit, cell]
                for k in range(cells):
                    errors[k] += row[k] * e
        extra = trade * dear[unit]
        cost, used = quantise(
            errors, scales[unit], size, energy, step, pull, rates[kind], counts[energy], trade,
            best - extra, levels[1],
        )  # fmt: skip
        if cost + extra < best:
            best, winner, count = cost + extra, unit, used
            levels[0, :cells] = levels[1, :cells]
            said[:cells] = tried[:cells]
    levels[0, count:] = 0
    return winner, count, best


@compiled
def settle(
    kind: Any, y0: Any, x0: Any, winner: Any, count: Any, plane: Any, basis: Any, step: Any,
    pull: Any, said: Any, levels: Any,
) -> Any:  # fmt: skip
    """Write a winner's block into its plane."""
    side = 16 if kind == 1 else 8
    i0, j0, grid = y0 >> 3, x0 >> 3, side >> 3
    complete(basis[winner], levels[0], count, step, pull, said)
    total = np.int64(0)
    for k in range(side * side):
        sub = k >> 6
        plane.levels[i0 + (sub >> 1), j0 + (sub & 1), k & 63] = levels[0, k]
        total += abs(np.int64(levels[0, k]))
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
    channel: Any, target: Any, plane: Any, luma: Any, blue: Any, step: Any, pull: Any, small: Any,
    big: Any, turns: Any, rates: Any, counts: Any, dear: Any, trade: Any,
) -> Any:  # fmt: skip
    """Choose for a whole plane, and leave it as the decoder will see it."""
    height, width = target.shape
    samples, energies = plane.samples, plane.energy
    seen, said, tried = np.zeros(256, np.int32), np.zeros(256, np.int32), np.zeros(256, np.int32)
    levels = np.zeros((2, 256), np.int32)
    parent_levels, parent_said = np.zeros((2, 256), np.int32), np.zeros(256, np.int32)
    trade = np.float32(trade)
    if channel:
        kind = channel + 1
        for y0 in range(0, height, 8):
            for x0 in range(0, width, 8):
                winner, count, _ = compete(
                    kind, y0, x0, min(x0 + 16, width), target, samples, luma, blue, energies,
                    step, pull, small.weights, turns[0], small.scale, rates, counts[kind],
                    dear[kind], trade, seen, said, tried, levels,
                )  # fmt: skip
                settle(kind, y0, x0, winner, count, plane, small.basis, step, pull, said, levels)
        return
    for y0 in range(0, height, 16):
        for x0 in range(0, width, 16):
            parent, count_p, cost_p = compete(
                1, y0, x0, min(x0 + 32, width), target, samples, luma, blue, energies, step, pull,
                big.weights, turns[1], big.scale, rates, counts[1], dear[1], trade, seen,
                parent_said, tried, parent_levels,
            )  # fmt: skip
            spent = np.float32(0)
            for q in range(4):
                y1, x1 = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
                edge = min(x1 + 16, width) if q != 3 else x1 + 8
                winner, count, cost = compete(
                    0, y1, x1, edge, target, samples, luma, blue, energies, step, pull,
                    small.weights, turns[0], small.scale, rates, counts[0], dear[0], trade, seen,
                    said, tried, levels,
                )  # fmt: skip
                spent += cost
                settle(0, y1, x1, winner, count, plane, small.basis, step, pull, said, levels)
                if spent > cost_p:
                    break
            plane.split[y0 >> 3, x0 >> 3] = 1
            if cost_p < spent:
                plane.split[y0 >> 3, x0 >> 3] = 0
                settle(
                    1, y0, x0, parent, count_p, plane, big.basis, step, pull, parent_said,
                    parent_levels,
                )  # fmt: skip
