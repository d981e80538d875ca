"""What a network is told of a picture, as bits: steps, winners, values.

A picture's own part of a file begins with it: whether the network's prediction is used, and
with how fine values, a tree of three bits; then, a position of the top level at a time, which
unit won, a tree; how many values there are; and the values, last first, by the model of levels
that blocks have too (``coding.photo.entropy``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ..photo.entropy import (
    COUNT,
    PLACE_COUNT,
    PLACE_UNIT,
    ROW_COUNT,
    ROW_ESCAPE,
    ROW_UNIT,
    UNIT,
    Levels,
    Own,
    code_level,
    code_tree,
)
from ..photo.units import four_log2

#: Bits of how fine the values are; 0 says that the prediction is not used.
FINENESS_BITS = 3
#: Nodes where flags lie, beside the tree of fineness: of luma and of the colours.
_FLAGS = 16
#: Most units and values of a top level that can be told.
MOST_UNITS, MOST_VALUES = 256, 256


class Top(NamedTuple):
    """What the top level's units are like, for the contexts of their values."""

    scales: NDArray[np.int16]  #: ``(K, r)`` 4 log2 of a value's expected size in 2^-12
    steps: NDArray[np.int64]  #: ``(8,)`` steps in 2^-12, from the coarsest, the first unused


@compiled
def code_fineness(fineness: Any, level: Any, told: Any, coder: Any) -> Any:
    """How fine the values are, 0 to 7; ``level`` is the quality of the file, from 0 on."""
    own = Own(told.probs[0], told.gates[0])
    coder.at[0] = coder.starts[COUNT + 2] + level * 512
    row = np.int64(ROW_COUNT)
    return code_tree(np.int64(fineness), np.int64(FINENESS_BITS), np.int64(1), row, own, coder)


@compiled
def code_flag(flag: Any, colour: Any, fineness: Any, level: Any, told: Any, coder: Any) -> Any:
    """Whether planes pass the post filter."""
    own = Own(told.probs[0], told.gates[0])
    node = _FLAGS + 2 * (2 * colour + (1 if fineness else 0))
    coder.at[0] = coder.starts[COUNT + 2] + level * 512 + node
    row, one = np.int64(ROW_ESCAPE), np.int64(1)
    return code_tree(np.int64(flag), one, one, row, own, coder)


@compiled
def code_told(fineness: Any, winners: Any, values: Any, top: Any, told: Any, coder: Any) -> Any:
    """Winners ``(positions,)`` and values ``(positions, r)``: coded, or decoded into them."""
    own, at, starts = Own(told.probs[0], told.gates[0]), coder.at, coder.starts
    units, rank = top.scales.shape
    low_bits, high_bits, deep = np.int64(0), np.int64(0), np.int64(0)
    while low_bits < 5 and 1 << low_bits < units:
        low_bits += 1
    while 32 << high_bits < units:
        high_bits += 1
    while 1 << deep <= rank:
        deep += 1
    step = four_log2(top.steps[fineness])
    for position in range(len(winners)):
        place, unit = min(np.int64(position), np.int64(63)), np.int64(winners[position])
        at[0], at[1] = starts[UNIT + 3], starts[PLACE_UNIT] + place * 32
        two, row, before = np.int64(2), np.int64(ROW_UNIT), coder.cost[0]
        high = code_tree(unit >> 5, high_bits, two, row, own, coder)
        at[0] = starts[UNIT + 3] + (1 + high) * 32
        at[1] = starts[UNIT + 3] + (64 + place * 8 + high) * 32
        unit = code_tree(unit & 31, low_bits, two, row + high_bits, own, coder) + (high << 5)
        unit = min(unit, units - 1)
        winners[position] = unit
        coder.cost[1] += coder.cost[0] - before
        if rank == 0:
            continue
        row_of, count = values[position], 0
        for k in range(rank):
            if row_of[k]:
                count = k + 1
        at[0] = starts[COUNT] + (unit & 31) * 512
        at[1] = starts[COUNT + 1] + fineness * 512
        at[2] = starts[PLACE_COUNT] + place * 512
        at[3] = starts[COUNT + 4] + (fineness * 16 + (unit & 15)) * 512
        count = code_tree(np.int64(count), deep, np.int64(4), np.int64(ROW_COUNT), own, coder)
        count = min(count, rank)
        cells = np.int64(64 if rank <= 64 else 256)
        grade = np.int64(fineness)
        block = Levels(row_of, cells, unit & 31, count, grade, grade, place)
        for k in range(count - 1, -1, -1):
            scale = np.int64(top.scales[unit, k]) - step + 24
            row_of[k] = code_level(k, scale, np.int64(0), np.int64(0), block, own, coder)
        for k in range(count, rank):
            row_of[k] = 0
