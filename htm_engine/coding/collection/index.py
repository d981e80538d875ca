"""Where each picture of a file begins: how long every picture is, in bits as few as that takes.

Lengths are told by halving: is a length below the middle of what it may still be?  How likely
that is says a logistic distribution, whose mean and slope stand before::

    varint mean │ varint slope │ coded lengths │ picture 0 │ picture 1 │ ...

The pictures fill the file to its end, so that the lengths say where they begin.  The length of
one picture alone is not told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ...errors import FormatError
from ..arithmetic import (
    DECODE,
    ENCODE,
    HIGH,
    LOW,
    MODE,
    PLACE,
    begin,
    code_bit,
    new_registers,
)
from ..container import read_varint, varint
from ..mixing import CLIP, squash_table

#: Lengths are below this.
_MOST = 1 << 24
#: Largest slope, in 1/16 of 1/256 of log-odds a byte.
_STEEPEST = 1 << 14
#: Log-odds of a logistic distribution over its standard deviation, in those units: 16 x 256 x
#: pi / sqrt 3.
_SLOPE = 7429
_ZERO = 3072


@compiled
def share_below(length: Any, mean: Any, slope: Any, squash: Any) -> Any:
    """How many of 2^16 lengths are below one."""
    odds = ((2 * (length - mean) - 1) * slope) >> 5
    return np.int64(squash[min(max(odds, -CLIP), CLIP) + _ZERO])


@compiled
def code_lengths(lengths: Any, mean: Any, slope: Any, squash: Any, reg: Any, data: Any) -> Any:
    """Lengths coded, or decoded into ``lengths``."""
    for i in range(len(lengths)):
        low, high, below, above = np.int64(0), np.int64(_MOST), np.int64(0), np.int64(65536)
        while high - low > 1:
            middle = (low + high) >> 1
            here = min(max(share_below(middle, mean, slope, squash), below), above)
            p: Any = np.int64(32768)
            if above > below:
                p = (here - below) * 65536 // (above - below)
            p = min(max(p, 32), 65536 - 32)
            if code_bit(p, lengths[i] < middle, reg, data):
                high, above = middle, here
            else:
                low, below = middle, here
        lengths[i] = low
        if reg[MODE] == DECODE and reg[PLACE] > len(data) + 8:
            return


def _ending(reg: NDArray[np.int64]) -> bytes:
    """The fewest bytes that lie in the last interval, whatever follows them."""
    low, high = int(reg[LOW]), int(reg[HIGH])
    for count in range(1, 4):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number + unit - 1 <= high:
            return number.to_bytes(4, "big")[:count]
    return low.to_bytes(4, "big")


def together(parts: list[bytes]) -> bytes:
    """The pictures' bytes behind their index."""
    if len(parts) == 1:
        return parts[0]
    lengths = np.array([len(part) for part in parts], np.int64)
    mean = int(round(float(lengths.mean())))
    slope = int(min(_STEEPEST, max(1, _SLOPE / max(float(lengths.std()), 0.1))))
    out, reg = np.zeros(64 + 16 * len(parts), np.uint8), new_registers(ENCODE)
    code_lengths(lengths, mean, slope, squash_table(), reg, out)
    index = out[: reg[PLACE]].tobytes() + _ending(reg)
    return b"".join((varint(mean), varint(slope), index, *parts))


def apart(payload: bytes | memoryview, count: int) -> NDArray[np.int64]:
    """Where each of the pictures begins, and where the last one ends.

    Raises
    ------
    FormatError
        If the index does not fit the payload.
    """
    if count == 1:
        return np.array([0, len(payload)], np.int64)
    mean, place = read_varint(payload, 0)
    slope, place = read_varint(payload, place)
    if mean >= _MOST or not 1 <= slope <= _STEEPEST:
        raise FormatError("This file is damaged: its index is malformed.")
    data = np.frombuffer(bytearray(payload[place:]), np.uint8)
    lengths, reg = np.zeros(count, np.int64), new_registers(DECODE)
    begin(reg, data)
    code_lengths(lengths, mean, slope, squash_table(), reg, data)
    first = len(data) - int(lengths.sum())
    # The decoder holds four bytes beyond what the index needs.
    if first < 0 or not reg[PLACE] - 4 <= first <= reg[PLACE]:
        raise FormatError("This file is damaged: its index does not fit its pictures.")
    return place + first + np.concatenate([[0], np.cumsum(lengths)])
