"""One value as decisions: which cell around the expected value, then which part of the cell.

The line of whole numbers is cut into cells of q, the largest of 1, 2, 5, 10, 20, 50, ... that is
at most half the usual error.  A value is told as: whether it lies in the cell of the expected
value; else on which side; then, outwards, whether in the next 1, 1, 1, 1, 1, 1, 2, 4, 8, ...
cells; then by halves which cell of those; then, digit by digit of ten, which value of the cell.

Each decision's probability comes from the masses that the units give to the two parts, summed
by either softmax; from what was decided before in six contexts; and from three gates and one
above them that weigh the log-odds of all these (``mixing``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled
from ..arithmetic import DECODE, MODE, PLACE, code_bit
from ..mixing import descend, dot, estimate, hashed
from . import predictors, seen
from .units import (
    CHANCES,
    CONTEXTS,
    GATES,
    SPREAD,
    UNITS,
    beyond,
    everything,
    learn,
    middle,
    portion,
    share,
)

#: Registers: context, the cells of the last two values, and the usual error in bits.
_CONTEXT, _CELL, _CELL_BEFORE, _GRADE = 16, 17, 18, 19
#: What ``_view`` holds of a decision: its number, the part it asks for, and its digit.
_NODE, _LOW, _HIGH, _DIGIT, _ABOVE = 0, 1, 2, 3, 4
#: Numbers of decisions: in the cell, which side, outwards, by halves, digits.
_HERE, _SIDE, _OUT, _HALVES, _DIGITS = 0, 1, 2, 40, 100
#: Steps outwards of one cell; each after that is twice as wide.
_STEPS = 6
#: Most doublings of a cell, and bits that values may have before something is damaged.
_MOST_CELLS, _MOST_BITS = 45, 52
#: Rates of the gates and of the gate above, in 1/16 of a plain gradient step.
_GATE_RATE, _TOP_RATE = 20, 2
#: Bits that adaptive probabilities look back on at most.
_MOST_COUNT = 255
#: An interval narrower than the usual error by this many bits is taken as evenly filled.
_EVEN_BITS = 10
_U32 = 0xFFFFFFFF
_ONE = 256


@compiled(makes_arrays=False)
def _classes(units: Any, values: Any, at: Any) -> Any:
    """Context of the softmax."""
    t, now, _ = at
    fast, slow = units.scales[0, 0], units.scales[0, 1]
    ratio = 0 if 2 * fast < slow else 1 if fast < slow else 2 if fast < 2 * slow else 3
    return 2 * ratio + (1 if t > 1 and values[now - 1] == values[now - 2] else 0)


@compiled(makes_arrays=False)
def _mix(units: Any, stretch: Any, yes: Any, whole: Any, even: Any) -> Any:
    """Log-odds that the masses say for a decision into ``units.inputs``; ``even`` if not 0."""
    shares, inputs = units.shares, units.inputs
    for way in range(2):
        p = even
        if not even:
            part, total = np.int64(0), np.int64(0)
            for unit in range(UNITS):
                part += shares[way, unit] * yes[unit]
                total += shares[way, unit] * whole[unit]
            p = portion(part, total) if total > 0 else np.int64(32768)
        inputs[way] = stretch[min(max(p, 0), 65535) >> 4]
    part, total = np.int64(0), np.int64(0)
    for unit in range(SPREAD, UNITS):
        part += yes[unit]
        total += whole[unit]
    inputs[2] = stretch[min(portion(part, total), 65535) >> 4] if total > 0 else 0
    inputs[3] = _ONE


@compiled(makes_arrays=False)
def _decide(units: Any, fixed: Any, last: Any, y: Any, coder: Any, data: Any) -> Any:
    """Code one decision, and learn from it."""
    R, x, chances = units.registers, units.inputs, units.chances
    stretch, squash, mask = fixed.stretch, fixed.squash, units.chances.shape[1] - 1
    question = units.question
    node, context = question[_NODE], R[_CONTEXT]
    here = hashed(question[_LOW] & _U32, (question[_HIGH] - question[_LOW]) & _U32)
    odds = (x[0] + 2048) >> 8
    at, rows, sums = units.at, units.rows, units.sums
    at[0] = node * 16 + R[_CELL]
    at[1] = node * 32 + context * 4 + (R[_CELL] & 3)
    at[2] = hashed(node * 16 + R[_CELL], R[_CELL_BEFORE] + 1)
    if question[_DIGIT]:
        at[1] = question[_DIGIT] * CONTEXTS + context
        at[2] = hashed(question[_DIGIT], question[_ABOVE] + 77)
    at[3] = here
    at[4] = hashed(here, last & _U32)
    at[5] = (node * 16 + odds) * CONTEXTS + context
    rows[0] = node
    rows[1] = GATES[0] + node * CONTEXTS + context
    rows[2] = GATES[0] + GATES[1] + node * 16 + R[_GRADE]
    for i in range(CHANCES):
        at[i] &= mask
        entry = np.int64(chances[i, at[i]])
        x[4 + i] = stretch[entry >> 20] if entry & 1023 else 0
    for gate in range(len(GATES)):
        sums[gate] = dot(units.weights[rows[gate]], x)
    p = np.int64(squash[dot(units.top[node], sums) + 3072])
    y = code_bit(p, y, coder, data)
    target = y * 65535
    descend(units.top[node], sums, ((target - p) * _TOP_RATE) >> 4)
    for gate in range(len(GATES)):
        error = target - squash[sums[gate] + 3072]
        descend(units.weights[rows[gate]], x, (error * _GATE_RATE) >> 4)
    for i in range(CHANCES):
        chances[i, at[i]] = estimate(chances[i, at[i]], y, _MOST_COUNT, fixed.recip)
    return y


@compiled(makes_arrays=False)
def code_value(
    units: Any, fixed: Any, plan: Any, value: Any, last: Any, coder: Any, data: Any
) -> Any:
    """Code one value, or read it; the value, or 2^60 where none can be meant."""
    f, plain = plan[0], plan[4]
    R, mass = units.registers, units.mass
    inner, outer, part, whole, yes = mass[0], mass[1], mass[2], mass[3], mass[4]
    question = units.question
    question[_DIGIT] = 0
    share(units, fixed.powers, R[_CONTEXT])
    expected, usual = middle(units, f)
    q = np.int64(1)
    for doubled in range(_MOST_CELLS):
        wider = q * 5 // 2 if doubled % 3 == 1 else q * 2
        if wider << 1 > usual >> f:
            break
        q = wider
    R[_GRADE] = 0
    while R[_GRADE] < 15 and (usual >> f) >> R[_GRADE]:
        R[_GRADE] += 1
    seen.spread(units, fixed, f, expected)
    low = (expected // q) * q
    high = low + q
    # In the cell of the expected value?
    beyond(units, fixed, f, high, 0, outer)
    beyond(units, fixed, f, low, 1, part)
    everything(units, whole)
    for unit in range(UNITS):
        inner[unit] = whole[unit] - part[unit]
        yes[unit] = max(inner[unit] - outer[unit], 0)
    _mix(units, fixed.stretch, yes, whole, np.int64(0))
    question[_NODE], question[_LOW], question[_HIGH] = _HERE, low, high
    side, step = 0, 0
    if not _decide(units, fixed, last, low <= value < high, coder, data):
        # On which side?
        for unit in range(UNITS):
            whole[unit] = outer[unit] + part[unit]
        _mix(units, fixed.stretch, outer, whole, np.int64(0))
        question[_NODE], question[_LOW] = _SIDE, high
        side = 0 if _decide(units, fixed, last, value >= high, coder, data) else 1
        for unit in range(UNITS):
            inner[unit] = part[unit] if side else outer[unit]
        # How far out?
        width, edge = q, low if side else high
        while True:
            near, edge = edge, edge - width if side else edge + width
            beyond(units, fixed, f, edge, side, outer)
            for unit in range(UNITS):
                yes[unit] = max(inner[unit] - outer[unit], 0)
            _mix(units, fixed.stretch, yes, inner, np.int64(0))
            low, high = (edge, near) if side else (near, edge)
            question[_NODE], question[_LOW], question[_HIGH] = (
                _OUT + 2 * min(step, 15) + side,
                low,
                high,
            )
            step += 1
            if _decide(units, fixed, last, low <= value < high, coder, data):
                break
            if abs(edge) >> _MOST_BITS:
                return np.int64(1) << 60
            for unit in range(UNITS):
                inner[unit] = outer[unit]
            if step >= _STEPS:
                width *= 2
    # Which part?  A one is the part farther out.
    level, fine = 0, np.int64(0)
    while high - low > 1:
        width = high - low
        digit, cell = 0, q
        if width <= q:
            digit, cell = 1, np.int64(1)
            while cell * 10 < width:
                cell *= 10
                digit += 1
        parts = width // cell
        edge = low + cell * (parts >> 1)
        if width <= plain:
            far = low - edge if side else high - edge
            ahead = value < edge if side else value >= edge
            ahead = code_bit((abs(far) << 16) // width, ahead, coder, data)
            if ahead == (side == 0):
                low = edge
            else:
                high = edge
            continue
        even = np.int64(0)
        if (width << f) << _EVEN_BITS < usual:
            if not fine:
                fine = width
            far = low - edge if side else high - edge
            even = (abs(far) << 16) // width
            seen.beyond(units, edge, side, part, SPREAD)
        else:
            beyond(units, fixed, f, edge, side, part)
        for unit in range(UNITS):
            whole[unit] = max(inner[unit] - outer[unit], 0)
            yes[unit] = min(max(part[unit] - outer[unit], 0), whole[unit])
        _mix(units, fixed.stretch, yes, whole, even)
        question[_NODE] = _HALVES + min(step, 7) * 6 + min(level, 5)
        question[_LOW], question[_HIGH] = (low, edge) if side else (edge, high)
        question[_DIGIT] = 0
        if digit:
            question[_NODE] = _DIGITS + min(digit, 15) * 9 + parts - 2
            question[_DIGIT] = (digit * 10 + (low // cell) % 10) * 10 + parts
            question[_ABOVE] = (low // cell) // 10 % 10
        level += 1
        ahead = value < edge if side else value >= edge
        if _decide(units, fixed, last, ahead, coder, data):
            low, high = (low, edge) if side else (edge, high)
            _keep(part, inner, fine)
        else:
            low, high = (edge, high) if side else (low, edge)
            _keep(part, outer, fine)
    for unit in range(UNITS):
        part[unit] = max(inner[unit] - outer[unit], 0)
        if fine and unit < SPREAD:
            part[unit] //= min(fine, 1 << 24)
    learn(units, part, R[_CONTEXT])
    seen.note(units, low)
    _remember(R, low - expected, q)
    return low


@compiled(inline="always")
def _keep(part: Any, bound: Any, fine: Any) -> Any:
    """Move one bound of the masses; where all is even, only those of values seen."""
    for unit in range(SPREAD if fine else 0, UNITS):
        bound[unit] = part[unit]


@compiled(makes_arrays=False)
def _remember(R: Any, error: Any, q: Any) -> Any:
    """Keep the cell of the last value, its size in octaves and its sign, as a context."""
    size, octaves = abs(error) // q, 0
    while size and octaves < 7:
        size >>= 1
        octaves += 1
    R[_CELL_BEFORE] = R[_CELL]
    R[_CELL] = 2 * octaves + (1 if error < 0 else 0)


@compiled(makes_arrays=False)
def code_values(
    units: Any, fixed: Any, plan: Any, series: Any, span: Any, coder: Any, data: Any
) -> Any:
    """Code or read values ``span[0]`` up to ``span[1]``; 0, or 1 where the bytes are damaged.

    Parameters
    ----------
    units : Units
        Changed.
    fixed : Fixed
    plan : ndarray of int64 (5,)
        See ``predictors``.
    series : tuple of ndarray of int64
        The values and some before them, filled when decoding; steps ``(BESIDE, count)`` of
        columns before this one; and what is known beside each value ``(count,)``, or nothing
        where that is the last.
    span : tuple of int
        Places in the series: of the first, behind the last, and of the first of ``values``.
    coder : ndarray of int64
        Registers of the arithmetic coder.
    data : ndarray of uint8
        Bytes read, or room for those written.
    """
    values, beside, hints = series
    if span[0] == 0:
        predictors.start(units, plan)
    for t in range(span[0], span[1]):
        if coder[MODE] == DECODE and coder[PLACE] > len(data) + 8:
            return 1
        now = t - span[2]
        at = (t, now, t - span[0])
        predictors.predict(units, plan, values, beside, at)
        units.registers[_CONTEXT] = _classes(units, values, at)
        last = values[now - 1] if t else np.int64(0)
        if len(hints):
            last = hints[t - span[0]]
        value = code_value(units, fixed, plan, values[now], last, coder, data)
        if abs(value) >> _MOST_BITS:
            return 1
        values[now] = value
        predictors.learn(units, plan, values, beside, at)
    return 0
