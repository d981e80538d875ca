"""Time stamps as bytes: the first one, and the steps from each to the next.

::

    1      what they count: 1 a plain number, 2.. a unit of ``UNITS``
    1..10  the first one, a signed varint
    ...    a part of n - 1 steps, as ``whole`` writes whole numbers

Stamps at even steps take four to fifteen bytes in all, however many they are.  Steps are
differences modulo 2^64, so that any 64-bit numbers come back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, FormatError
from . import whole
from .pieces import Whole, by_parts

#: Units of ``datetime64``, in the order of their numbers in a file.
UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns")
_PLAIN, _FIRST_UNIT = 1, 2


def write(stamps: NDArray[Any]) -> list[bytes]:
    """Stamps ``(n,)`` of whole numbers or of ``datetime64``, at least one, in parts.

    Raises
    ------
    DataError
        If they are neither.
    """
    unit = _PLAIN
    if stamps.dtype.kind == "M":
        name, every = np.datetime_data(stamps.dtype)
        if name not in UNITS or every != 1:
            raise DataError(f"Time stamps of {stamps.dtype} are not stored: give datetime64[ns].")
        unit = _FIRST_UNIT + UNITS.index(name)
    elif stamps.dtype.kind not in "iu" or (stamps.size and int(stamps.max()) >= 1 << 63):
        raise DataError(
            "Time stamps are whole numbers below 2^63, or datetime64; round fractions first."
        )

    def steps(start: int, end: int) -> Whole:
        counted = stamps[start : end + 1].astype(np.int64)
        return counted[1:] - counted[:-1]

    first = bytes((unit,)) + whole.signed(int(stamps[:1].astype(np.int64)[0]))
    return [first, *whole.written(by_parts(len(stamps) - 1, steps))]


def read(data: bytes | memoryview, at: int, count: int) -> tuple[NDArray[Any], int]:
    """Inverse of :func:`write`: ``count`` stamps at a place, and the place behind them.

    Raises
    ------
    FormatError
        If the bytes are no time stamps.
    """
    if at >= len(data):
        raise FormatError("This file is truncated.")
    unit = data[at]
    first, at = whole.read_signed(data, at + 1)
    if not _PLAIN <= unit < _FIRST_UNIT + len(UNITS) or not -(1 << 63) <= first < 1 << 63:
        raise FormatError("This file is damaged: its time stamps have no unit known here.")
    blocks, at = whole.reading(data, at, count - 1)
    numbers, place = np.empty(count, np.int64), 1
    numbers[0] = first
    for block in blocks:
        np.cumsum(block, out=block)
        numbers[place : place + len(block)] = block + numbers[place - 1]
        place += len(block)
    if unit == _PLAIN:
        return numbers, at
    return numbers.view(f"M8[{UNITS[unit - _FIRST_UNIT]}]"), at
