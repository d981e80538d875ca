"""What a block of a photograph costs: adaptive bits, gated, and coded arithmetically.

Every binary decision is foreseen by up to ``INPUTS`` adaptive probabilities, each chosen by
another view of the place; two gates, with weights chosen by two more views, sum their
log-odds, and the mean of both sums passes through the softmax.  A block is, in order: its
unit, a tree of bits; how many levels are coded, a tree; the levels, last first, each a
magnitude (is it 0? 1? ... up to 14, then exponential Golomb) and a sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled
from ..mixing import descend, dot, estimate
from .units import KINDS, log4

#: What a walk does: write, read, go along and learn, or only count bits.
ENCODE, DECODE, FOLLOW, PRICE = 0, 1, 2, 3
#: Views of a decision, and the weights of a gate: one each, and one of a constant.
INPUTS = 10
#: Contexts of each view: of a level, of the count of levels, of the unit.
LEVEL_VIEWS = (2048, 1024, 1024, 1280, 1536, 768, 1024, 1024, 2048, 2048)
COUNT_VIEWS = (32, 10, 16, 64, 160, 16 * 16, 160)
UNIT_VIEWS = (64, 64, 128, 4096, 64, 512, 200)
#: Nodes below each context: bins of a magnitude, trees of counts and units.
LEVEL_NODES, COUNT_NODES, UNIT_NODES = 8, 512, 32


def _starts() -> tuple[np.ndarray, int]:
    sizes = [views * LEVEL_NODES for views in LEVEL_VIEWS]
    sizes += [views * COUNT_NODES for views in COUNT_VIEWS]
    sizes += [views * UNIT_NODES for views in UNIT_VIEWS]
    sizes += [3 * 16 * 16, 64]  # whether there are four, the escape
    ends = np.cumsum(sizes)
    return (ends - sizes).astype(np.int64), int(ends[-1])


STARTS, TABLE = _starts()
COUNT, UNIT = len(LEVEL_VIEWS), len(LEVEL_VIEWS) + len(COUNT_VIEWS)
SPLIT, ESCAPE = UNIT + len(UNIT_VIEWS), UNIT + len(UNIT_VIEWS) + 1
#: Rows of weights of a kind: first gate of levels, second, counts, units, split, escape.
ROWS = 8 * 16 + 8 * 64 + 16 + 8 + 1 + 1
ROW_2, ROW_COUNT, ROW_UNIT, ROW_SPLIT, ROW_ESCAPE = 128, 640, 656, 664, 665
#: Registers of the arithmetic coder; the last is how fast gates learn.
LOW, HIGH, CODE, PLACE, MODE, RATE = 0, 1, 2, 3, 4, 5
REGISTERS = 6
_U32 = 0xFFFFFFFF
#: Magnitudes up to here are told one by one.
UNARY = 14
#: How fast gates learn that start warm.
SLOW = 5


def blank_state() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities ``(KINDS, TABLE)`` and weights ``(KINDS, ROWS, INPUTS + 1)``, blank."""
    probs = np.full((KINDS, TABLE), 1 << 31, np.uint32)
    weights = np.full((KINDS, ROWS, INPUTS + 1), 65536 * 3 // 20, np.int32)
    weights[:, :, INPUTS] = 0
    weights[:, ROW_COUNT:ROW_SPLIT] = 65536 // 4
    weights[:, ROW_SPLIT] = 65536 // 3
    weights[:, ROW_ESCAPE] = 65536
    return probs, weights


@compiled
def arithmetic(p: Any, bit: Any, reg: Any, data: Any) -> Any:
    """Code one bit of probability p / 2^16 of being one; the bit."""
    if reg[MODE] >= FOLLOW:
        return np.int64(bit)
    low, high = reg[LOW], reg[HIGH]
    middle = low + ((high - low) >> 16) * p + ((((high - low) & 0xFFFF) * p) >> 16)
    y = np.int64(bit)
    if reg[MODE] == DECODE:
        y = np.int64(1 if reg[CODE] <= middle else 0)
    if y:
        high = middle
    else:
        low = middle + 1
    while ((low ^ high) & 0xFF000000) == 0:
        if reg[MODE] == DECODE:
            place = reg[PLACE]
            fresh = np.int64(data[place]) if place < len(data) else np.int64(0)
            reg[CODE] = ((reg[CODE] << 8) & _U32) | fresh
        else:
            data[reg[PLACE]] = low >> 24
        reg[PLACE] += 1
        low, high = (low << 8) & _U32, ((high << 8) & _U32) | 255
    reg[LOW], reg[HIGH] = low, high
    return y


@compiled
def decide(
    at: Any,
    node: Any,
    n: Any,
    one: Any,
    two: Any,
    bit: Any,
    probs: Any,
    weights: Any,
    tables: Any,
    x: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """One decision, foreseen by n views at ``at + node`` and by two gates; the bit."""
    stretch, squash, recip = tables
    for i in range(n):
        x[i] = stretch[np.int64(probs[at[i] + node]) >> 20]
    for i in range(n, INPUTS):
        x[i] = 0
    x[INPUTS] = 256
    first, second = dot(weights[one], x), dot(weights[two], x)
    p: Any = np.int64(squash[((first + second) >> 1) + 3072])
    p = min(max(p, 24), 65536 - 24)
    y = arithmetic(p, bit, reg, data)
    cost[0] -= np.log2((p if y else 65536 - p) / 65536.0)
    if reg[MODE] == PRICE:
        return y
    target = y * 65535
    descend(weights[one], x, ((target - np.int64(squash[first + 3072])) * reg[RATE]) >> 4)
    if two != one:
        descend(weights[two], x, ((target - np.int64(squash[second + 3072])) * reg[RATE]) >> 4)
    for i in range(n):
        place = at[i] + node
        probs[place] = estimate(probs[place], y, 600, recip)
    return y


@compiled
def quantised(value: Any) -> Any:
    """A sum of magnitudes in eight grades."""
    if value < 4:
        return value
    if value < 6:
        return 4
    if value < 9:
        return 5
    return 6 if value < 16 else 7


@compiled
def bin_of(m: Any) -> Any:
    """Which of eight bins asks whether a magnitude is above m."""
    if m < 4:
        return m
    if m < 6:
        return 4
    if m < 8:
        return 5
    return 6 if m < 11 else 7


@compiled
def spread(k: Any, cells: Any) -> Any:
    """Place of a level in 64 grades."""
    if cells == 64 or k < 16:
        return k
    return 16 + (k - 16) // 5


@compiled
def level_bits(
    k: Any,
    cells: Any,
    unit: Any,
    count: Any,
    scale: Any,
    activity: Any,
    near: Any,
    energy: Any,
    second: Any,
    levels: Any,
    start: Any,
    probs: Any,
    weights: Any,
    tables: Any,
    at: Any,
    x: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """One level: its views, its magnitude, its sign; returns the level.

    ``scale`` is 4 log2 of its expected magnitude in steps, plus 24; ``near`` what the same
    place holds in blocks to the left and above; ``energy`` their sums, graded; ``second``
    which of the two quantisers.
    """
    a1 = abs(np.int64(levels[k + 1])) if k + 1 < count else np.int64(0)
    a2 = abs(np.int64(levels[k + 2])) if k + 2 < count else np.int64(0)
    further = np.int64(0)
    for i in range(k + 3, min(k + 8, count)):
        further += abs(np.int64(levels[i]))
    n1 = quantised(2 * a1 + a2)
    n2 = min(log4((a1 + a2) * 2 + further + 1) >> 1, 11)
    nb = quantised(near)
    kq = spread(k, cells)
    mu = min(max(scale, 0), 63)
    lastq = min(log4(count) >> 1, 11)
    at[0] = start[0] + (unit * 64 + kq) * 8
    at[1] = start[1] + ((second * 64 + mu) * 8 + n1) * 8
    at[2] = start[2] + ((second * 64 + kq) * 8 + nb) * 8
    at[3] = start[3] + ((second * 64 + mu) * 10 + energy) * 8
    at[4] = start[4] + (((second * 12 + n2) * 8 + nb) * 8 + (mu >> 3)) * 8
    at[5] = start[5] + (lastq * 64 + kq) * 8
    at[6] = start[6] + (activity * 64 + kq) * 8
    at[7] = start[7] + (unit * 32 + n1 * 4 + (nb >> 1)) * 8
    at[8] = start[8] + (((second * 8 + nb) * 8 + n1) * 16 + (mu >> 2)) * 8
    at[9] = start[9] + ((second * 64 + mu) * 16 + n2) * 8
    value: Any = np.int64(levels[k])
    m: Any = np.int64(0)
    size = abs(value)
    while m < UNARY:
        slot = bin_of(m)
        one, two = slot * 16 + n2, ROW_2 + slot * 64 + second * 32 + (mu >> 1)
        more = size > m
        if k == count - 1 and m == 0:
            m = 1  # the last coded level is never zero
            continue
        if not decide(at, slot, INPUTS, one, two, more, probs, weights, tables, x, reg, data, cost):
            break
        m += 1
    if m == UNARY:
        m += golomb(size - UNARY, start, probs, weights, tables, at, x, reg, data, cost)
    if m == 0:
        return m
    cost[0] += 1.0
    return -m if arithmetic(np.int64(32768), value < 0, reg, data) else m


@compiled
def golomb(
    rest: Any,
    start: Any,
    probs: Any,
    weights: Any,
    tables: Any,
    at: Any,
    x: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """What a magnitude has above ``UNARY``: exponential Golomb, at most 2^16."""
    at[0] = start[ESCAPE]
    width = np.int64(0)
    while width < 16:
        more = (rest + 1) >> (width + 1) > 0
        row = ROW_ESCAPE
        if not decide(at, width, 1, row, row, more, probs, weights, tables, x, reg, data, cost):
            break
        width += 1
    number = np.int64(1)
    for i in range(width - 1, -1, -1):
        bit = ((rest + 1) >> i) & 1
        number = (number << 1) | arithmetic(np.int64(32768), bit, reg, data)
        cost[0] += 1.0
    return number - 1


@compiled
def tree(
    value: Any,
    bits: Any,
    n: Any,
    row: Any,
    probs: Any,
    weights: Any,
    tables: Any,
    at: Any,
    x: Any,
    reg: Any,
    data: Any,
    cost: Any,
) -> Any:
    """A number of some bits, the highest first, each a node of a tree; the number."""
    node = np.int64(1)
    for i in range(bits - 1, -1, -1):
        bit = (value >> i) & 1
        r = row + (bits - 1 - i)
        y = decide(at, node, n, r, r, bit, probs, weights, tables, x, reg, data, cost)
        node = (node << 1) | y
    return node - (1 << bits)
