"""Binary arithmetic coding: decisions to bytes and back, under any probability model.

An interval of whole numbers below 2^32, from ``low`` to ``high`` with both ends, stands for
the decisions so far.  A probability p of a one, in 2^-16, divides it::

    low ├──────── one ────────┤ middle │ middle + 1 ├────── zero ──────┤ high
    middle = low + (high - low) * p / 2^16, rounded down

While both ends begin with the same byte, it is written, and zeros enter ``low`` at the end
and ones ``high``.  A decoder holds the next four bytes, zeros behind the last; the decision is
a one where they are at most ``middle``.  Nothing is ever carried: this is the coder of lpaq
(Mahoney 2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

#: What a coder does: write, read, go along and adapt, or only measure the code length.
ENCODE, DECODE, ADAPT, MEASURE = 0, 1, 2, 3
#: Registers; the last is how fast gates learn, for models that keep it here.
LOW, HIGH, CODE, PLACE, MODE, RATE = 0, 1, 2, 3, 4, 5
#: Probability of a bit that nothing predicts, in 2^-16.
EVEN = 32768
_U32 = 0xFFFFFFFF


def new_registers(mode: int, rate: int = 0) -> NDArray[np.int64]:
    """A coder that has coded nothing."""
    return np.array([0, _U32, 0, 0, mode, rate], np.int64)


@compiled
def begin(registers: Any, data: Any) -> Any:
    """Let a decoder read its first bytes."""
    registers[CODE] = 0
    for place in range(4):
        fresh = np.int64(data[place]) if place < len(data) else np.int64(0)
        registers[CODE] = (registers[CODE] << 8) | fresh
    registers[PLACE] = 4


def last_bytes(registers: NDArray[np.int64]) -> bytes:
    """The fewest bytes that, zeros behind, lie in the last interval."""
    low, high = int(registers[LOW]), int(registers[HIGH])
    for count in range(5):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number <= high:
            return number.to_bytes(4, "big")[:count]
    raise AssertionError("an interval holds its lower end")


@compiled(inline="always")
def _middle(low: Any, high: Any, p: Any) -> Any:
    """Last number of the part that stands for a one; products stay below 2^32."""
    return low + ((high - low) >> 16) * p + ((((high - low) & 0xFFFF) * p) >> 16)


@compiled(makes_arrays=False)
def write_bit(p: Any, bit: Any, registers: Any, out: Any) -> Any:
    """Write one bit of probability p / 2^16 of being one; the bit."""
    low, high = registers[LOW], registers[HIGH]
    middle = _middle(low, high, p)
    low, high = (low, middle) if bit else (middle + 1, high)
    while ((low ^ high) & 0xFF000000) == 0:
        out[registers[PLACE]] = low >> 24
        registers[PLACE] += 1
        low, high = (low << 8) & _U32, ((high << 8) & _U32) | 255
    registers[LOW], registers[HIGH] = low, high
    return np.int64(bit)


@compiled(makes_arrays=False)
def read_bit(p: Any, registers: Any, data: Any) -> Any:
    """Read one bit of probability p / 2^16 of being one."""
    low, high, code = registers[LOW], registers[HIGH], registers[CODE]
    middle = _middle(low, high, p)
    bit = np.int64(1 if code <= middle else 0)
    low, high = (low, middle) if bit else (middle + 1, high)
    while ((low ^ high) & 0xFF000000) == 0:
        place = registers[PLACE]
        fresh = np.int64(data[place]) if place < len(data) else np.int64(0)
        code = ((code << 8) & _U32) | fresh
        registers[PLACE] += 1
        low, high = (low << 8) & _U32, ((high << 8) & _U32) | 255
    registers[LOW], registers[HIGH], registers[CODE] = low, high, code
    return bit


@compiled(makes_arrays=False)
def code_bit(p: Any, bit: Any, registers: Any, data: Any) -> Any:
    """Code one bit of probability p / 2^16 of being one, as ``MODE`` says; the bit."""
    if registers[MODE] >= ADAPT:
        return np.int64(bit)
    if registers[MODE] == DECODE:
        return read_bit(p, registers, data)
    return write_bit(p, bit, registers, data)
