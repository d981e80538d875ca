"""Values seen so far, in order, and units that expect one of them again.

Four units spread their probability over the values nearby that were seen: three by how often
each was, times the density of a predictor at its distance, the fourth by how often alone.  The
probability of a value never seen before is left out of all.  Series that take few values, or
values of an odd grid, cost a tenth less by these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled
from .shapes import TAIL_BITS, density, distance

#: Units, and values that are remembered.
SETS, MOST_SEEN = 4, 8192
#: Values on either side of the expected one that are looked at.
NEAR = 128
#: Predictors whose place and scale the first three take, and which shape.
_PLACES, _SHAPES = (0, 8, 9), (0, 0, 1)
#: Count above which all are halved.
_MOST_COUNT = 60_000
#: Registers: values seen, chance of a new one in 2^-16, and the window of those nearby.
SEEN, NEW, FIRST, END = 8, 9, 10, 11
#: Chance of a new value from which on the units keep silent.
_MOSTLY_NEW = 62_000
_MOST_NEW = 65_000
#: Bits that sums of weights keep before they are scaled.
_SUM_BITS = 23


@compiled(makes_arrays=False)
def place(seen: Any, value: Any, first: Any, end: Any) -> Any:
    """Where in ``first..end`` the values that are not below ``value`` begin."""
    while first < end:
        middle = (first + end) >> 1
        if seen[middle] < value:
            first = middle + 1
        else:
            end = middle
    return first


@compiled(makes_arrays=False)
def spread(units: Any, shapes: Any, f: Any, middle: Any) -> Any:
    """Fill ``units.spread`` with what each unit gives to all values nearby up to each."""
    R, seen, counts, sums = units.registers, units.seen, units.counts, units.spread
    R[FIRST] = R[END] = 0
    if R[SEEN] == 0 or R[NEW] > _MOSTLY_NEW:
        return
    here = place(seen, middle, np.int64(0), R[SEEN])
    first, end = max(here - NEAR, 0), min(here + NEAR, R[SEEN])
    R[FIRST], R[END] = first, end
    for unit in range(SETS):
        sums[unit, 0] = 0
        own = min(unit, len(_PLACES) - 1)
        at, table = _PLACES[own], shapes.densities[_SHAPES[own]]
        for j in range(first, end):
            if unit < len(_PLACES):
                u = distance(abs((seen[j] << f) - units.mu[at]), units.scales[at, 0])
                weight = counts[j] * density(table, u)
            else:
                weight = counts[j] << 16
            sums[unit, j - first + 1] = sums[unit, j - first] + weight
        total, shift = sums[unit, end - first], 0
        while (total >> shift) >> _SUM_BITS:
            shift += 1
        scale = (np.int64(1) << TAIL_BITS) // ((total >> shift) + 1)
        scale = (scale * (65536 - R[NEW])) >> 16
        for j in range(end - first + 1):
            sums[unit, j] = (sums[unit, j] >> shift) * scale


@compiled(makes_arrays=False)
def beyond(units: Any, edge: Any, side: Any, out: Any, base: Any) -> Any:
    """Probability that each unit gives to values not below ``edge``, or, at side 1, below."""
    R, sums = units.registers, units.spread
    first, end = R[FIRST], R[END]
    here = place(units.seen, edge, first, end) - first
    for unit in range(SETS):
        if first == end:
            out[base + unit] = 0
        elif side:
            out[base + unit] = sums[unit, here]
        else:
            out[base + unit] = sums[unit, end - first] - sums[unit, here]


@compiled(makes_arrays=False)
def note(units: Any, value: Any) -> Any:
    """Remember a value."""
    R, seen, counts = units.registers, units.seen, units.counts
    known = R[SEEN]
    here = place(seen, value, np.int64(0), known)
    if here < known and seen[here] == value:
        R[NEW] -= R[NEW] >> 6
        counts[here] += 1
        if counts[here] > _MOST_COUNT:
            for j in range(known):
                counts[j] = (counts[j] + 1) >> 1
        return
    R[NEW] = min(R[NEW] + ((65536 - R[NEW]) >> 6), _MOST_NEW)
    if known < MOST_SEEN:
        for j in range(known, here, -1):
            seen[j], counts[j] = seen[j - 1], counts[j - 1]
        seen[here], counts[here] = value, 1
        R[SEEN] = known + 1
