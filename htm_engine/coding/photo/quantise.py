"""Levels of a block's error, by distortion + lambda x rate: what each costs comes from tables.

Two quantisers of twice the fine step take turns, as the parities of levels say (see
``units``): together they are finer than one, and the encoder picks its way through.

Floating point is allowed here: the decoder only sees what was chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .units import FOLLOWS, KINDS

#: Magnitudes told apart by the table of rates.
GRADES = 16
#: A fine step's square, beside that of a step.
SQUARE = np.float32(81 / 256)


class Prices(NamedTuple):
    """What levels cost in a block."""

    rates: NDArray[np.float32]  #: ``(2, 64, 10, GRADES)`` bits by quantiser, scale and energy
    counts: NDArray[np.float32]  #: ``(257,)`` bits of how many are coded
    trade: Any  #: lambda over the squared step
    energy: Any  #: sums of magnitudes in the blocks around, graded


def laplace_rates() -> np.ndarray:
    """Bits of a magnitude ``(KINDS, 2, 64, 10, GRADES)``: kind, quantiser, scale, energy."""
    mean = 2.0 ** ((np.arange(64) - 24) / 4)[:, None] * 2.0 ** ((np.arange(10) - 4) / 4)
    rest = np.exp(-1 / np.maximum(mean, 0.05))[..., None]
    m = np.arange(GRADES)
    p = np.where(m == 0, 1 - rest**0.6, rest**0.6 * (1 - rest) * rest ** np.maximum(m - 1, 0))
    bits = np.minimum(-np.log2(np.maximum(p, 1e-5)), 16) + (m > 0)
    return np.broadcast_to(bits, (KINDS, 2, 64, 10, GRADES)).astype(np.float32).copy()


@compiled
def nearest(
    a: Any, second: Any, rate: Any, trade: Any, pull: Any, cost: Any, level: Any, least: Any
) -> Any:
    """Best levels, even and odd, of a magnitude: cost (2,) and level (2,), from ``least`` on."""
    cost[0], cost[1] = 1e30, 1e30
    middle: Any = min(np.int64((a + second) * np.float32(0.5) + np.float32(0.5)), 30000)
    for turn in range(4):
        m = np.int64(0) if turn == 3 else middle - 1 + turn
        if m < least or (turn == 3 and middle <= 1):
            continue
        n = np.float32(max(2 * m - second, 0))
        if m:
            n -= pull if m == 1 else pull * np.float32(0.5)
        r = rate[m] if m < 16 else rate[15] + np.float32(2.0) * np.log2(np.float32(m - 14))
        j = (a - n) * (a - n) * SQUARE + trade * r
        if j < cost[m & 1]:
            cost[m & 1], level[m & 1] = j, m


@compiled
def quantise(
    errors: Any,
    scales: Any,
    size: Any,
    step: Any,
    pull: Any,
    prices: Any,
    paths: Any,
    out: Any,
) -> Any:
    """Levels of least cost, by the Viterbi algorithm over the states of the two quantisers.

    ``errors`` is the residual in a unit's basis; ``paths (256, 4, 2)`` is room; returns the
    cost in squared steps and the count of levels.
    """
    rates, counts, trade, energy = prices.rates, prices.counts, prices.trade, prices.energy
    cells = len(errors)
    inverse, drawn = np.float32(16.0 / (9.0 * step)), np.float32(pull / 64.0)
    total, highest = np.float32(0), -1
    for k in range(cells):
        a: Any = abs(errors[k]) * inverse
        total += a * a * SQUARE
        if a > 1.1:
            highest = k
    nothing = total + trade * counts[0]
    if highest < 0:
        return nothing, 0
    costs, fresh = np.full(4, np.float32(1e30)), np.zeros(4, np.float32)
    even_odd = np.zeros((3, 2), np.float32)
    levels = np.zeros((3, 2), np.int64)
    tail = np.float32(0)
    for k in range(highest + 1, cells):
        tail += errors[k] * errors[k] * inverse * inverse * SQUARE
    for k in range(highest, -1, -1):
        a = abs(errors[k]) * inverse
        mu = min(max(np.int64(scales[k]) + size, 0), 63)
        nearest(a, 0, rates[0, mu, energy], trade, drawn, even_odd[0], levels[0], 0)
        nearest(a, 1, rates[1, mu, energy], trade, drawn, even_odd[1], levels[1], 0)
        fresh[:] = 1e30
        for state in range(4):
            if costs[state] >= 1e29:
                continue
            which = state >> 1
            for odd in range(2):
                then = FOLLOWS[state, odd]
                cost = costs[state] + even_odd[which, odd]
                if cost < fresh[then]:
                    fresh[then] = cost
                    paths[k, then, 0], paths[k, then, 1] = state, levels[which, odd]
        if a > 1.1:
            nearest(a, 0, rates[0, mu, energy], trade, drawn, even_odd[2], levels[2], 1)
            for odd in range(2):
                then = FOLLOWS[0, odd]
                cost = tail + trade * counts[k + 1] + even_odd[2, odd]
                if cost < fresh[then]:
                    fresh[then] = cost
                    paths[k, then, 0], paths[k, then, 1] = -1, levels[2, odd]
        tail += a * a * SQUARE
        costs[:] = fresh
    end: Any = np.argmin(costs)
    state = end
    best = costs[state]
    if nothing <= best:
        return nothing, 0
    count = 0
    for k in range(cells):
        level = paths[k, state, 1]
        out[k] = -level if errors[k] < 0 else level
        state = paths[k, state, 0]
        if state < 0:
            count = k + 1
            break
    return best, count
