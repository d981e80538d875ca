"""Doubles as whole numbers: k / 10^d where that is the number, all else by its 64 bits.

A column of n doubles is, byte by byte::

    1      d, decimals of the column, 0..22, or 31 for none; plus 32 with classes, 64 with last
           places, 128 with a step; or 255: 8 n bytes of doubles follow as they are
    1..9   with a step: m >= 2, a varint
    ...    with classes: a part of n: 0 a decimal number, 1 NaN, 2 any other
    ...    a part of the decimal numbers: k, which stands for k m / 10^d, rounded as IEEE 754
           rounds a quotient
    ...    with last places: a part of as many: how many doubles further on it is, -2..2
    ...    a part of the others: the bits of each below its sign as a whole number, with its sign

Parts are those of ``whole``; one of no values has no bytes.  Doubles further on are counted
over the bits in order, of which those below the sign are inverted for numbers below zero: so
minus zero is one before zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..container import read_varint, varint
from . import whole
from .whole import Whole

Doubles = NDArray[np.float64]

#: Most decimals, beyond which powers of ten are no doubles; none; and a column as it is.
MOST_DECIMALS, _NONE, _STORED = 22, 31, 255
_CLASSES, _PLACES, _STEP = 32, 64, 128
_DECIMAL, _NAN, _OTHER = 0, 1, 2
#: Doubles that a number may be away from the nearest decimal one.
_NEAR = 2
#: Magnitude below which whole numbers are decimals' numerators: rounding stays below 1/2.
_MOST = 1 << 50
#: Decimals that are tried, and values that they are tried on.
_TRIED, _SAMPLE = 18, 8192
_NAN_BITS = 0x7FF8 << 48
_FLIP = np.int64((1 << 63) - 1)


@dataclass(frozen=True)
class Column:
    """A decoded column: its values, its decimals (None: doubles), and half the step."""

    values: Doubles
    decimals: int | None
    tolerance: float


def ordered(values: Doubles) -> Whole:
    """Bits of doubles as whole numbers in the same order."""
    bits = values.view(np.int64)
    return np.where(bits < 0, bits ^ _FLIP, bits)


def doubles(order: Whole) -> Doubles:
    """Inverse of :func:`ordered`."""
    return np.where(order < 0, order ^ _FLIP, order).view(np.float64)


def _signed(values: Doubles) -> Whole:
    """Bits below the sign of doubles other than zero, with the sign."""
    order = ordered(values)
    return order + (order < 0)


def _unsigned(numbers: Whole) -> Doubles:
    """Inverse of :func:`_signed`."""
    return doubles(numbers - (numbers < 0))


def _quotients(k: Whole, step: int, decimals: int) -> Doubles:
    return (k * step).astype(np.float64) / 10.0**decimals


def decimal_parts(values: Doubles) -> tuple[Whole, Whole, Whole]:
    """Numerators, last places and classes of doubles, at the decimals that suit them best."""
    return _split(values, _decimals(values, 0.0))


# ------------------------------------------------------------------- writing
def write(
    values: Doubles, decimals: int | None, tolerance: float, before: list[Whole]
) -> tuple[bytes, Whole | None]:
    """A column of values ``(n,)``, and its steps for the columns after it.

    Parameters
    ----------
    values : ndarray of float64 (n,)
    decimals : int or None
        Decimals that are kept; None keeps the doubles.
    tolerance : float
        Largest error, 0 for none.
    before : list of ndarray of int64 (n,)
        Steps of the columns before.
    """
    d = _decimals(values, tolerance) if decimals is None else decimals
    step = 1
    if decimals is not None or tolerance:
        k, step, classes = _rounded(values, d, tolerance, decimals is not None)
        places = np.zeros(len(k), np.int64)
    else:
        k, places, classes = _split(values, d)
    kept = classes == _DECIMAL
    flags, told = (d if kept.any() else _NONE), b""
    if step > 1:
        flags |= _STEP
        told += varint(step)
    if classes.any():
        flags |= _CLASSES
        told += whole.write(classes)
    k, places = k[kept], places[kept]
    told += whole.write(k, _beside(before, len(k), len(values)))
    if places.any():
        flags |= _PLACES
        told += whole.write(places, hints=k)
    told += whole.write(_signed(values[classes == _OTHER]))
    own = whole.steps(k) if kept.all() and len(k) else None
    if len(told) >= 8 * len(values) and decimals is None and not tolerance:
        return bytes((_STORED,)) + values.astype("<f8").tobytes(), None
    return bytes((flags,)) + told, own


def _beside(before: list[Whole], count: int, length: int) -> Whole | None:
    """Steps of the last columns, the nearest first, if they are of the same times."""
    if not before or count != length:
        return None
    found = np.zeros((whole.BESIDE, count), np.int64)
    for place, steps in enumerate(before[: -whole.BESIDE - 1 : -1]):
        found[place] = steps
    return found


def _numerators(values: Doubles, decimals: int) -> tuple[Whole, NDArray[np.bool_]]:
    """Nearest whole numbers to ``values 10^d``, and where they are small enough."""
    with np.errstate(all="ignore"):
        scaled = np.rint(values * 10.0**decimals)
        fit = np.abs(scaled) < _MOST
    return np.where(fit, scaled, 0).astype(np.int64), fit


def _split(values: Doubles, decimals: int) -> tuple[Whole, Whole, Whole]:
    """Numerators, last places and classes of doubles kept as they are."""
    k, fit = _numerators(values, decimals)
    with np.errstate(over="ignore"):
        places = ordered(values) - ordered(_quotients(k, 1, decimals))
    fit &= np.abs(places) <= _NEAR
    return k, np.where(fit, places, 0), _classes(values, fit)


def _classes(values: Doubles, fit: NDArray[np.bool_]) -> Whole:
    is_nan = values.view(np.int64) == _NAN_BITS
    return np.where(fit, _DECIMAL, np.where(is_nan, _NAN, _OTHER)).astype(np.int64)


def _rounded(
    values: Doubles, decimals: int, tolerance: float, fixed: bool
) -> tuple[Whole, int, Whole]:
    """Numerators of multiples of a step within the tolerance, the step, and classes."""
    k, fit = _numerators(values, decimals)
    exact = fixed or bool((_quotients(k, 1, decimals) == values)[fit].all())
    room = tolerance * 10.0**decimals - (0 if exact else 0.5)
    step = 2 * int(min(max(room, 0), 2.0**48)) + 1
    k = (2 * k + step) // (2 * step)
    if not fixed:
        with np.errstate(invalid="ignore"):
            fit &= np.abs(_quotients(k, step, decimals) - values) <= tolerance
    return np.where(fit, k, 0), step, _classes(values, fit)


def _decimals(values: Doubles, tolerance: float) -> int:
    """Decimals that a column takes the fewest bits with, roughly."""
    sample = values[np.isfinite(values)]
    if len(sample) > _SAMPLE:
        part = _SAMPLE // 8
        starts = np.linspace(0, len(sample) - part, 8).astype(int)
        sample = np.concatenate([sample[start : start + part] for start in starts])
    if len(sample) == 0:
        return 0
    costs = []
    for decimals in range(_TRIED):
        k, places, classes = _split(sample, decimals)
        kept = classes == _DECIMAL
        moves = np.log2(1 + np.abs(np.diff(k[kept]))).sum()
        share = (places[kept] != 0).mean() if kept.any() else 0
        costs.append(moves + 64 * (~kept).sum() + 1.5 * min(share, 1 - share) * len(sample))
    best = int(np.argmin(costs))
    if not tolerance:
        return best
    # No more decimals than a hundredth of the tolerance asks for.
    enough = int(np.clip(np.ceil(2 - np.log10(tolerance)), 0, MOST_DECIMALS))
    return min(best, enough) if costs[best] < 60 * len(sample) else enough


# ------------------------------------------------------------------- reading
def read(
    data: bytes | memoryview, at: int, count: int, before: list[Whole]
) -> tuple[Column, Whole | None, int]:
    """Inverse of :func:`write`: the column at a place, its steps, and the place behind it.

    Raises
    ------
    FormatError
        If the bytes are no column.
    """
    if at >= len(data):
        raise FormatError("This file is truncated.")
    flags, at = data[at], at + 1
    if flags == _STORED:
        if at + 8 * count > len(data):
            raise FormatError("This file is truncated.")
        stored = np.frombuffer(data[at : at + 8 * count], "<f8").astype(np.float64)
        return Column(stored, None, 0.0), None, at + 8 * count
    decimals, step = flags & 31, 1
    if decimals > MOST_DECIMALS and decimals != _NONE:
        raise _damaged()
    if flags & _STEP:
        step, at = read_varint(data, at)
        if not 2 <= step < 1 << 50:
            raise _damaged()
    classes = np.zeros(count, np.int64)
    if flags & _CLASSES:
        classes, at = whole.read(data, at, count)
    kept, others = classes == _DECIMAL, classes == _OTHER
    if decimals == _NONE and kept.any():
        raise _damaged()
    number = int(kept.sum())
    k, at = whole.read(data, at, number, _beside(before, number, count))
    if number and not int(k.max()) < 1 << 53 > -int(k.min()):
        raise _damaged()
    values = np.full(count, _NAN_BITS, np.int64).view(np.float64)
    found = _quotients(k, step, decimals) if number else np.zeros(0)
    if flags & _PLACES:
        places, at = whole.read(data, at, number, hints=k)
        found = doubles(ordered(found) + np.clip(places, -_NEAR, _NEAR))
    values[kept] = found
    rest, at = whole.read(data, at, int(others.sum()))
    values[others] = _unsigned(rest)
    own = whole.steps(k) if number == count and count else None
    tolerance = step / 2 / 10.0**decimals if step > 1 else 0.0
    return Column(values, None if decimals == _NONE else decimals, tolerance), own, at


def _damaged() -> FormatError:
    return FormatError("This file is damaged: its header does not describe a series.")
