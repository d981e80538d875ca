"""Whole numbers as bytes: what they have in common is told first, the rest is coded.

A part is, byte by byte::

    1      flags: 1 a common step, 2 low bits as they are, 4 a period, 8 plain digits, 16 constant
    1..10  constant: the value, a signed varint; nothing follows
    2..20  with flag 1: the step g >= 2 and the remainder 0..g-1, varints
    1      with flag 2: r, low bits of every value that follow it as they are
    1..5   with flag 4: the period, a varint, in values
    1      with flag 8: j, digits of ten that are coded as evenly spread
    1      bits of the largest magnitude
    1..10  the middle of the values, a signed varint
    1      e: they are usually 2^e from it
    1..5   length of the coded bytes, a varint
    ...    coded bytes: ``tree.code_values``, and the low bits of each block behind it

Values x are coded as k = (x - remainder) / g, of which the lowest r bits are left out.  A signed
varint is that of 2 x for x >= 0 and of -2 x - 1 otherwise.  Blocks are of 4,096 values.

Values come and go in pieces: what the units look back on is held in a window of one period.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...compiling import compiled
from ...errors import FormatError
from ..arithmetic import (
    DECODE,
    ENCODE,
    EVEN,
    PLACE,
    begin,
    code_bit,
    last_bytes,
    new_registers,
)
from ..container import read_varint, varint
from .pieces import Part, Pieces, Whole, mean, median, pieces_of
from .predictors import BESIDE, STEP_BITS
from .tree import code_values
from .units import blank, fixed

#: Values that one coded byte can stand for: 8 bits at 2^-13 of surprise each.
MOST_RATIO = 45_500
#: Values worked on at once, and coded bytes that one takes at most.
_BLOCK, _ROOM = 4096, 160
#: Bits of the largest magnitude that is coded; a value has eight bits of fraction up to 41.
_MOST_BITS, _FRACTION = 49, 8
_STEP, _LOW, _PERIOD, _PLAIN, _CONSTANT = 1, 2, 4, 8, 16
#: Values that a period or even digits are looked for in.
_SAMPLE = 1 << 15
#: Autocorrelation from which on a period is told, and the shortest.
_PERIODIC, _SHORTEST = 0.2, 6
#: Times 10^j that values must move usually for j digits to be plain, and most such digits.
_WIDE, _MOST_PLAIN = 64, 15


class Plan(NamedTuple):
    """How whole numbers are coded; see the format above."""

    step: int
    remainder: int
    low: int
    period: int
    plain: int
    bits: int
    middle: int
    usual: int

    def numbers(self) -> Whole:
        """What the model asks for."""
        f = max(0, min(_FRACTION, _MOST_BITS - self.bits))
        unit = max(1, (1 << self.usual + f) >> STEP_BITS)
        return np.array([f, self.middle, unit, self.period, 10**self.plain], np.int64)


def signed(number: int) -> bytes:
    """A whole number of either sign as a varint."""
    return varint(2 * number if number >= 0 else -2 * number - 1)


def read_signed(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """Inverse of :func:`signed`: the number, and the place behind it."""
    number, at = read_varint(data, at)
    return (number >> 1 if number % 2 == 0 else -(number >> 1) - 1), at


# ------------------------------------------------------------------- writing
def write(
    values: Whole | Pieces, beside: Part | None = None, hints: Whole | Pieces | None = None
) -> bytes:
    """A part of values ``(n,)``; see :func:`written`."""
    values = pieces_of(values) if isinstance(values, np.ndarray) else values
    hints = pieces_of(hints) if isinstance(hints, np.ndarray) else hints
    return b"".join(written(values, beside, hints))


def written(values: Pieces, beside: Part | None = None, hints: Pieces | None = None) -> list[bytes]:
    """A part, as bytes that belong one behind the other.

    Parameters
    ----------
    values : Pieces of int64 (n,)
    beside : function or None
        Gives the steps ``(BESIDE, count)`` of other series at the times from one to another, by
        :class:`Steps`.
    hints : Pieces of int64 (n,) or None
        What is known of each value, as a context; None takes the value before.
    """
    if values.length == 0:
        return []
    survey = _survey(values)
    if survey.low == survey.high:
        return [bytes((_CONSTANT,)) + signed(survey.low)]
    plan = _plan(values, survey)
    coded = list(_coded(values.each(lambda part: part // plan.step), plan, beside, hints))
    return [_header(plan) + varint(sum(map(len, coded))), *coded]


def _coded(k: Pieces, plan: Plan, beside: Part | None, hints: Pieces | None) -> Iterator[bytes]:
    """Coded bytes of all blocks, and what ends them."""
    reg, mask = new_registers(ENCODE), (1 << plan.low) - 1
    out = np.zeros(_ROOM * min(_BLOCK, k.length) + 64, np.uint8)
    units, tables, numbers = blank(k.length), fixed(), plan.numbers()
    known = None if hints is None else hints.blocks(_BLOCK)
    window = _Window(plan.period, k.length)
    for block in k.blocks(_BLOCK):
        span = window.next(len(block))
        window.now[:] = block >> plan.low
        hint = np.zeros(0, np.int64) if known is None else next(known)
        reg[PLACE] = 0
        series = (window.values, _beside(beside, span), hint)
        code_values(units, tables, numbers, series, (*span, window.origin), reg, out)
        _flat(block & mask, plan.low, reg, out)
        yield out[: reg[PLACE]].tobytes()
    yield last_bytes(reg)


class _Window:
    """The values of a block, and those before it that the units look back on."""

    def __init__(self, period: int, length: int) -> None:
        self.back = min(max(2, period + 1), length)
        self.values = np.zeros(self.back + min(_BLOCK, length), np.int64)
        self.end = self.size = 0

    def next(self, count: int) -> tuple[int, int]:
        """Go on to the next values; where they begin and end."""
        self.values[: self.back] = self.values[self.size : self.size + self.back].copy()
        self.size, self.end = count, self.end + count
        return self.end - count, self.end

    @property
    def origin(self) -> int:
        """Place in the series of the window's first value."""
        return self.end - self.size - self.back

    @property
    def now(self) -> Whole:
        """Values of the block."""
        return self.values[self.back : self.back + self.size]


def _beside(beside: Part | None, span: tuple[int, int]) -> Whole:
    return np.zeros((BESIDE, span[1] - span[0]), np.int64) if beside is None else beside(*span)


def _header(plan: Plan) -> bytes:
    flags, told = 0, b""
    if plan.step > 1:
        flags |= _STEP
        told += varint(plan.step) + varint(plan.remainder)
    if plan.low:
        flags |= _LOW
        told += bytes((plan.low,))
    if plan.period:
        flags |= _PERIOD
        told += varint(plan.period)
    if plan.plain:
        flags |= _PLAIN
        told += bytes((plan.plain,))
    end = bytes((plan.bits,)) + signed(plan.middle) + bytes((plan.usual,))
    return bytes((flags,)) + told + end


@compiled
def _flat(low: Any, bits: Any, coder: Any, data: Any) -> Any:
    """Code or read the lowest bits of values as they are."""
    if bits:
        for t in range(len(low)):
            for bit in range(bits - 1, -1, -1):
                y = code_bit(np.int64(EVEN), (low[t] >> bit) & 1, coder, data)
                low[t] = (low[t] & ~(np.int64(1) << bit)) | (y << bit)


# ------------------------------------------------------------------- reading
def read(data: bytes | memoryview, at: int, count: int) -> tuple[Whole, int]:
    """Inverse of :func:`write`: ``count`` values of the part at a place, and the place behind.

    Raises
    ------
    FormatError
        If the bytes are no such part.
    """
    found, place = np.zeros(0, np.int64), 0
    blocks, at = reading(data, at, count)
    for block in blocks:
        if not place:  # nothing is made before the bytes were found able to hold it
            found = np.empty(count, np.int64)
        found[place : place + len(block)] = block
        place += len(block)
    return found, at


def reading(
    data: bytes | memoryview,
    at: int,
    count: int,
    beside: Part | None = None,
    hints: Part | None = None,
) -> tuple[Iterator[Whole], int]:
    """The values of a part, some thousand at a time, and the place behind it.

    ``beside`` and ``hints`` give what :func:`written` was given, for values from one to another.

    Raises
    ------
    FormatError
        If the bytes are no such part, at once or as values are read.
    """
    if count == 0:
        return iter(()), at
    if at >= len(data):
        raise FormatError("This file is truncated.")
    if data[at] == _CONSTANT:
        value, at = read_signed(data, at + 1)
        if not -(1 << 63) <= value < 1 << 63:
            raise _damaged()
        sizes = (min(_BLOCK, count - start) for start in range(0, count, _BLOCK))
        return (np.full(size, value, np.int64) for size in sizes), at
    plan, at = _read_header(data, at)
    length, at = read_varint(data, at)
    if at + length > len(data):
        raise FormatError("This file is truncated.")
    if count > MOST_RATIO * (length + 8):
        raise FormatError("This file is damaged: it claims more values than it could hold.")
    coded = np.frombuffer(bytearray(data[at : at + length]), np.uint8)
    return _decoded(coded, count, plan, beside, hints), at + length


def _decoded(
    coded: Any, count: int, plan: Plan, beside: Part | None, hints: Part | None
) -> Iterator[Whole]:
    """Inverse of :func:`_coded`, with the steps and remainders of the plan."""
    reg, window = new_registers(DECODE), _Window(plan.period, count)
    begin(reg, coded)
    units, tables, numbers = blank(count), fixed(), plan.numbers()
    while window.end < count:
        span = window.next(min(_BLOCK, count - window.end))
        hint = np.zeros(0, np.int64) if hints is None else hints(*span)
        series = (window.values, _beside(beside, span), hint)
        if code_values(units, tables, numbers, series, (*span, window.origin), reg, coded):
            raise _damaged()
        low = np.zeros(window.size, np.int64)
        _flat(low, plan.low, reg, coded)
        with np.errstate(over="ignore"):  # of damaged files only
            yield ((window.now << plan.low) | low) * plan.step + plan.remainder
    if not len(coded) <= reg[PLACE] <= len(coded) + 4:
        raise _damaged()


def _read_header(data: bytes | memoryview, at: int) -> tuple[Plan, int]:
    flags, at = data[at], at + 1
    step, remainder, low, period, plain = 1, 0, 0, 0, 0
    try:
        if flags & _STEP:
            step, at = read_varint(data, at)
            remainder, at = read_varint(data, at)
        if flags & _LOW:
            low, at = data[at], at + 1
        if flags & _PERIOD:
            period, at = read_varint(data, at)
        if flags & _PLAIN:
            plain, at = data[at], at + 1
        bits, at = data[at], at + 1
        middle, at = read_signed(data, at)
        usual, at = data[at], at + 1
    except IndexError as exc:
        raise FormatError("This file is truncated.") from exc
    plan = Plan(step, remainder, low, period, plain, bits, middle, usual)
    if (
        flags >= _CONSTANT
        or not 0 <= remainder < step < 1 << 63
        or low > 64 - _MOST_BITS
        or period > _SAMPLE  # none is longer than what it was found in
        or plain > _MOST_PLAIN
        or max(bits, usual) > _MOST_BITS
        or abs(middle) > 1 << _MOST_BITS
    ):
        raise _damaged()
    return plan, at


def _damaged() -> FormatError:
    return FormatError("This file is damaged: its values cannot be read.")


# ------------------------------------------------------------------ planning
class _Survey(NamedTuple):
    """What whole numbers have in common."""

    low: int
    high: int
    apart: int  #: largest number that all are apart by a multiple of, if they do not overflow
    differ: int  #: bits in which they differ


def _survey(values: Pieces) -> _Survey:
    low, high, apart, differ = 1 << 63, -(1 << 63), 0, 0
    first = None
    for piece in values:
        first = piece[0] if first is None else first
        low, high = min(low, int(piece.min())), max(high, int(piece.max()))
        differ |= int(np.bitwise_or.reduce(piece ^ first))
        if apart != 1:
            apart = int(np.gcd(np.int64(apart), np.gcd.reduce(piece - first)))
    return _Survey(low, high, apart, differ)


def _plan(values: Pieces, survey: _Survey) -> Plan:
    low, high, apart, differ = survey
    step = apart if high - low < 1 << 62 else min(differ & -differ, 1 << 62)
    least, most = low // step, high // step
    bits = max(most.bit_length(), (-1 - least).bit_length())
    cut = max(0, bits - _MOST_BITS)
    k = values.each(lambda part: (part // step) >> cut)
    middle = int(median(k, least >> cut, most >> cut))
    away = k.each(lambda part: np.abs(part - middle))
    usual = max(1, int(mean(away))).bit_length() - 1
    usual = min(usual, _MOST_BITS)
    period, plain = _period(k.first(_SAMPLE)), _plain(k.last(_SAMPLE))
    return Plan(step, low % step, cut, period, plain, bits - cut, middle, usual)


def _period(k: Whole) -> int:
    """Lag of the highest peak of the autocorrelation of the first values, or 0."""
    x = k.astype(np.float64)
    if len(x) < 8 * _SHORTEST:
        return 0
    spread = 4 * np.abs(x - np.median(x)).mean()
    x = np.clip(x, np.median(x) - spread, np.median(x) + spread)
    x -= x.mean()
    power = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    found = np.fft.irfft(power)[: len(x) // 2]
    if found[0] <= 0:
        return 0
    found = found / (found[0] * (1 - np.arange(len(found)) / len(x)))
    peaks = np.flatnonzero((found[1:-1] > found[:-2]) & (found[1:-1] >= found[2:])) + 1
    peaks = peaks[(peaks >= _SHORTEST) & (found[peaks] > _PERIODIC)]
    return int(peaks[np.argmax(found[peaks])]) if len(peaks) else 0


def _plain(x: Whole) -> int:
    """Digits of ten at the end of the last values that nothing can be said of."""
    if len(x) < 256 or len(np.unique(x)) < 0.95 * len(x):
        return 0
    wide = int(np.median(np.abs(np.diff(x)))) // _WIDE
    for digits in range(1, _MOST_PLAIN + 1):
        if 10**digits > wide:
            return digits - 1
        counts = np.bincount((x // 10 ** (digits - 1)) % 10, minlength=10)
        # Chi-square of nine degrees of freedom: above this once in a thousand.
        if ((counts - len(x) / 10) ** 2).sum() / (len(x) / 10) > 28:
            return digits - 1
    return _MOST_PLAIN
