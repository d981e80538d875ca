"""Adaptive probabilities and the gate that mixes them: whole numbers only, learned online.

Many small units each predict the next bit.  Their log-odds are weighted, summed, and
pass through the two-unit softmax; the mixing weights then move down the gradient of the code
length, the article's activation and its update rule as an entropy model::

    history of a context ──► state ──► adaptive probability ─┐ stretch
    history of another   ──► state ──► adaptive probability ─┼──► sum of w x ──► squash ──► p
    ...                                                      ┘      w += rate * error * x

After Mahoney, *Adaptive Weighing of Context Models for Lossless Data Compression* (2005).

Probabilities are multiples of 2^-16, log-odds (``STRETCH``, ``SQUASH``) multiples of
1/256, weights of 2^-16.  A bit history is a byte: how many zeros and ones a context has
seen, and the exact bits of the first few; its transitions are the table ``NEXT``.
Everything is compiled by numba; whole numbers make encoder and decoder agree anywhere.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

#: Log-odds that inputs and sums are clipped to; ``SQUASH`` begins at minus ``_FAR``.
CLIP, _FAR = 2047, 3072
#: Pairs (more, fewer): a history of ``fewer`` of one bit holds at most ``more`` of the other.
_BOUNDS = (20, 48, 15, 8, 6, 5)
#: What is left of the count of a bit, if more than two, when the other bit is seen.
_DISCOUNT = {3: 2, 4: 3, 5: 3, 6: 4, 7: 4, 8: 5, 9: 5}
#: Bits that a history remembers in order.
_EXACT = 4
#: Lines of a table that a context may be found in.
_WAYS = 3
#: Knots of an adaptive probability map, from one end of the log-odds to the other.
KNOTS = 25

_U32 = 0xFFFFFFFF
History = tuple[int, int, int, tuple[int, ...] | None]


@cache
def squash_table() -> NDArray[np.int32]:
    """Logistic function of x / 256 for x in -3072..3071, in multiples of 2^-16.

    From decimal arithmetic, which rounds alike on every machine.
    """
    table = np.zeros(2 * _FAR, np.int32)
    with localcontext() as context:
        context.prec = 20
        for x in range(-_FAR, _FAR):
            p = 65536 / (1 + (Decimal(-x) / 256).exp())
            table[x + _FAR] = min(65528, max(8, int(p + Decimal("0.5"))))
    return table


@cache
def stretch_table() -> NDArray[np.int32]:
    """Inverse of the logistic function at (i + 1/2) / 4096, times 256, within ``CLIP``."""
    table = np.zeros(4096, np.int32)
    with localcontext() as context:
        context.prec = 20
        for i in range(4096):
            p = (Decimal(i) + Decimal("0.5")) / 4096
            table[i] = int(((p / (1 - p)).ln() * 256).to_integral_value())
    return np.clip(table, -CLIP, CLIP)


@cache
def histories() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint32]]:
    """Bit histories as a table of transitions.

    Returns
    -------
    following : ndarray (256, 2)
        State after a zero and after a one.
    seen : ndarray (256,)
        Bits that a state stands for; 0 is the state 0 alone, of a context never seen.
    start : ndarray (256,)
        First estimate that the next bit is one: 22 bits of probability, 10 of count.
    """
    first: History = (0, 0, 0, ())
    number, order, rows = {first: 0}, [first], []
    place = 0
    while place < len(order):
        row = []
        for bit in (0, 1):
            after = _after(order[place], bit)
            if after not in number:
                number[after] = len(order)
                order.append(after)
            row.append(number[after])
        rows.append(row)
        place += 1
    following = np.zeros((256, 2), np.uint8)
    following[: len(rows)] = rows
    seen, start = np.zeros(256, np.uint8), np.full(256, 1 << 31, np.uint32)
    for state, (zeros, ones, _, _) in enumerate(order):
        seen[state] = zeros + ones
        share = (2 * ones + 1) * ((1 << 22) - 1) // (2 * (zeros + ones) + 2)
        start[state] = share << 10
    return following, seen, start


def _after(history: History, bit: int) -> History:
    counts, exact = [history[0], history[1]], history[3]
    counts[bit] += 1
    other = counts[1 - bit]
    if other > 2:
        # Recent bits say more than old ones: a change of mind forgets most of the past.
        counts[1 - bit] = _DISCOUNT.get(other, 6 if other < 15 else 7)
    zeros, ones = counts
    while not _allowed(zeros, ones):
        zeros, ones = (zeros - (zeros >= ones), ones - (ones >= zeros))
    last = bit if zeros and ones and zeros + ones <= 17 else int(ones > zeros)
    kept = (*exact, bit) if exact is not None and len(exact) < _EXACT else None
    return zeros, ones, last, kept


def _allowed(zeros: int, ones: int) -> bool:
    more, fewer = max(zeros, ones), min(zeros, ones)
    return fewer < len(_BOUNDS) and more <= _BOUNDS[fewer]


@cache
def reciprocals() -> NDArray[np.int64]:
    """Step of an estimate that has seen n bits: 65536 / (n + 1.5), for n below 1024."""
    return np.array([65536 * 2 // (2 * n + 3) for n in range(1024)], np.int64)


def knots() -> NDArray[np.int32]:
    """Probabilities at evenly spaced log-odds: an adaptive probability map, each yet its own."""
    x = (np.arange(KNOTS) - KNOTS // 2) * (CLIP + 1) // (KNOTS // 2)
    return squash_table()[np.clip(x, -CLIP, CLIP) + _FAR]


@compiled
def hashed(a: Any, b: Any) -> Any:
    """32 bits that depend on all of two whole numbers below 2^32."""
    h = (a * 0x2C9277B5 + b * 0x1B873593 + 0x5BD1E995) & _U32
    h ^= h >> 15
    h = (h * 0x2545F491) & _U32
    return h ^ (h >> 13)


@compiled
def find(lines: Any, base: Any, bits: Any, context: Any, seen: Any) -> Any:
    """Place of a context's line of 16 bytes in its table of 2^bits lines, made if missing.

    Byte 0 of a line checks the context, the others hold histories.  Of the lines a new
    context may take, the one seen least gives way.
    """
    check = np.uint8(context & 255)
    at, mask = context >> (32 - bits), (1 << bits) - 1
    for way in range(_WAYS):
        place = base + (((at ^ way) & mask) << 4)
        if lines[place] == check:
            return place
    best, least = base, np.int64(1000)
    for way in range(_WAYS):
        place = base + (((at ^ way) & mask) << 4)
        count = np.int64(seen[lines[place + 1]])
        if count < least:
            best, least = place, count
    for node in range(1, 16):
        lines[best + node] = 0
    lines[best] = check
    return best


@compiled
def peek(lines: Any, base: Any, bits: Any, context: Any) -> Any:
    """Place of a context's line, or -1 where it has none."""
    check = np.uint8(context & 255)
    at, mask = context >> (32 - bits), (1 << bits) - 1
    for way in range(_WAYS):
        place = base + (((at ^ way) & mask) << 4)
        if lines[place] == check:
            return place
    return -1


@compiled
def crowded(lines: Any, base: Any, bits: Any, context: Any) -> Any:
    """Whether a new context would take a line that another one uses."""
    at, mask = context >> (32 - bits), (1 << bits) - 1
    free = 0
    for way in range(_WAYS):
        free += lines[base + (((at ^ way) & mask) << 4) + 1] == 0
    return free == 0


@compiled
def dot(weights: Any, inputs: Any) -> Any:
    """Gate's sum: log-odds within ``CLIP`` from weights in multiples of 2^-16.

    All in 32 bits, which a processor does many at a time: products stay below 2^31, as
    weights are below 2^20 and inputs below 2^11, and lose 8 bits before they are summed.
    """
    total = np.int32(0)
    for i in range(len(inputs)):
        product = np.int32(weights[i] * inputs[i])
        total = np.int32(total + (product >> np.int32(8)))
    return min(max(np.int64(total) >> 8, -CLIP), CLIP)


@compiled
def descend(weights: Any, inputs: Any, error: Any) -> Any:
    """Move weights down the gradient of the code length, -error x input; 32 bits, as in dot."""
    step, half, most = np.int32(error), np.int32(0x8000), np.int32((1 << 20) - 1)
    for i in range(len(inputs)):
        change = np.int32(np.int32(inputs[i] * step) + half) >> np.int32(16)
        moved = np.int32(weights[i] + change)
        weights[i] = min(max(moved, -most), most)


@compiled
def estimate(entry: Any, bit: Any, most: Any, recip: Any) -> Any:
    """A 22-bit probability with its 10-bit count, moved towards a bit."""
    value: Any = np.int64(entry)
    count, p = value & 1023, value >> 10
    p += (((bit << 22) - p) * recip[count]) >> 16
    p = min(max(p, 1), (1 << 22) - 1)
    if count < most:
        count += 1
    return np.uint32((p << 10) | count)
