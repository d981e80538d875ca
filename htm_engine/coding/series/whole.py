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
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from .predictors import BESIDE, STEP_BITS
from .tree import code_values
from .units import blank, fixed

Whole = NDArray[np.int64]

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
def write(values: Whole, beside: Whole | None = None, hints: Whole | None = None) -> bytes:
    """A part of values ``(n,)``.

    Parameters
    ----------
    values : ndarray of int64 (n,)
    beside : ndarray of int64 (BESIDE, n) or None
        Steps of other series at the same times, by :func:`steps`.
    hints : ndarray of int64 (n,) or None
        What is known of each value, as a context; None takes the value before.
    """
    if len(values) == 0:
        return b""
    if (values == values[0]).all():
        return bytes((_CONSTANT,)) + signed(int(values[0]))
    plan = _plan(values)
    k = values // plan.step
    reg = new_registers(ENCODE)
    coded, last = bytearray(), min(_BLOCK, len(k))
    out = np.zeros(_ROOM * last + 64, np.uint8)
    units, tables = blank(len(k)), fixed()
    series = _series(k >> plan.low, beside, hints)
    numbers, low = plan.numbers(), k & ((1 << plan.low) - 1)
    for start in range(0, len(k), _BLOCK):
        span = (start, min(start + _BLOCK, len(k)))
        reg[PLACE] = 0
        code_values(units, tables, numbers, series, span, reg, out)
        _flat(low[span[0] : span[1]], plan.low, reg, out)
        coded += out[: reg[PLACE]].tobytes()
    coded += last_bytes(reg)
    return _header(plan) + varint(len(coded)) + bytes(coded)


def _series(k: Whole, beside: Whole | None, hints: Whole | None) -> tuple[Whole, Whole, Whole]:
    if beside is None:
        beside = np.zeros((BESIDE, len(k)), np.int64)
    return k, beside, np.zeros(0, np.int64) if hints is None else hints


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
def read(
    data: bytes | memoryview,
    at: int,
    count: int,
    beside: Whole | None = None,
    hints: Whole | None = None,
) -> tuple[Whole, int]:
    """Inverse of :func:`write`: ``count`` values of the part at a place, and the place behind.

    Raises
    ------
    FormatError
        If the bytes are no such part.
    """
    if count == 0:
        return np.zeros(0, np.int64), at
    if at >= len(data):
        raise FormatError("This file is truncated.")
    if data[at] == _CONSTANT:
        value, at = read_signed(data, at + 1)
        if not -(1 << 63) <= value < 1 << 63:
            raise _damaged()
        return np.full(count, value, np.int64), at
    plan, at = _read_header(data, at)
    length, at = read_varint(data, at)
    if at + length > len(data):
        raise FormatError("This file is truncated.")
    if count > MOST_RATIO * (length + 8):
        raise FormatError("This file is damaged: it claims more values than it could hold.")
    coded = np.frombuffer(bytearray(data[at : at + length]), np.uint8)
    series = _series(np.zeros(count, np.int64), beside, hints)
    reg, low = new_registers(DECODE), np.zeros(count, np.int64)
    begin(reg, coded)
    units, tables, numbers = blank(count), fixed(), plan.numbers()
    for start in range(0, count, _BLOCK):
        span = (start, min(start + _BLOCK, count))
        if code_values(units, tables, numbers, series, span, reg, coded):
            raise _damaged()
        _flat(low[span[0] : span[1]], plan.low, reg, coded)
    if not length <= reg[PLACE] <= length + 4:
        raise _damaged()
    with np.errstate(over="ignore"):  # of damaged files only
        return ((series[0] << plan.low) | low) * plan.step + plan.remainder, at + length


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
        or period >= 1 << 40
        or plain > _MOST_PLAIN
        or max(bits, usual) > _MOST_BITS
        or abs(middle) > 1 << _MOST_BITS
    ):
        raise _damaged()
    return plan, at


def _damaged() -> FormatError:
    return FormatError("This file is damaged: its values cannot be read.")


# ------------------------------------------------------------------ planning
def steps(k: Whole) -> Whole:
    """Steps of a series ``(n,)`` as the filters of another see them."""
    usual = np.int64(max(1, int(np.abs(np.diff(k)).mean()) if len(k) > 1 else 1))
    moved = np.zeros(len(k), np.int64)
    moved[1:] = np.clip(np.diff(k), -(1 << 48), 1 << 48)
    return np.clip((moved << STEP_BITS) // usual, -32767, 32767)


def _plan(values: Whole) -> Plan:
    step, remainder = _common(values)
    k = values // step
    bits = max(int(k.max()).bit_length(), int(-1 - k.min()).bit_length())
    low = max(0, bits - _MOST_BITS)
    k = k >> low
    middle = int(np.median(k))
    usual = max(1, int(np.abs(k - middle).mean())).bit_length() - 1
    usual = min(usual, _MOST_BITS)
    return Plan(step, remainder, low, _period(k), _plain(k), bits - low, middle, usual)


def _common(values: Whole) -> tuple[int, int]:
    """Largest step that all values are apart by, and the remainder."""
    low, high = int(values.min()), int(values.max())
    if high - low < 1 << 62:
        step = int(np.gcd.reduce(values - low))
    else:
        differ = int(np.bitwise_or.reduce(values ^ values[0]))
        step = min(differ & -differ, 1 << 62)
    return step, low % step


def _period(k: Whole) -> int:
    """Lag of the highest peak of the autocorrelation, or 0."""
    x = k[:_SAMPLE].astype(np.float64)
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


def _plain(k: Whole) -> int:
    """Digits of ten at the end of values that nothing can be said of."""
    x = k[-_SAMPLE:]
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
