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

Whole numbers of a column are made in pieces, each time that one is looked at (``pieces``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..container import read_varint, varint
from . import whole
from .decimals import (
    DECIMAL,
    MOST_DECIMALS,
    NAN,
    NAN_BITS,
    NEAR,
    OTHER,
    Doubles,
    classes_of,
    decimals_of,
    doubles,
    doubles_at,
    numerators,
    ordered,
    quotients,
    split,
)
from .pieces import Part, Pieces, Steps, Whole, kept, spans

#: No decimals, and a column as it is.
_NONE, _STORED = 31, 255
_CLASSES, _PLACES, _STEP = 32, 64, 128


@dataclass(frozen=True)
class Column:
    """A decoded column: its values, its decimals (None: doubles), and half the step."""

    values: Doubles
    decimals: int | None
    tolerance: float


def _signed(values: Doubles) -> Whole:
    """Bits below the sign of doubles other than zero, with the sign."""
    order = ordered(values)
    return order + (order < 0)


def _unsigned(numbers: Whole) -> Doubles:
    """Inverse of :func:`_signed`."""
    return doubles(numbers - (numbers < 0))


# ------------------------------------------------------------------- writing
class _Source(NamedTuple):
    """A column, and how its numbers become whole ones."""

    values: NDArray[Any]  #: (n,) numbers of any type that doubles hold
    decimals: int
    step: int  #: multiples that are kept; 0 keeps the doubles
    tolerance: float  #: largest error of a multiple; infinite where decimals were asked for

    def parts(self, start: int, end: int) -> tuple[Whole, Whole, Whole]:
        """Numerators, last places and classes of some values."""
        values = doubles_at(self.values, start, end)
        if not self.step:
            return split(values, self.decimals)
        k, classes = _multiples(values, self)
        return k, np.zeros(len(k), np.int64), classes


class _Count(NamedTuple):
    """What there is in a column."""

    decimal: int  #: numbers that are decimal ones
    other: int  #: numbers that are told by their bits
    classes: bool  #: whether not all are decimal
    places: bool  #: whether last places are told


def write(
    values: NDArray[Any],
    decimals: int | None,
    tolerance: float,
    before: list[Part],
) -> tuple[list[bytes], Part | None]:
    """A column of values ``(n,)`` in bytes one behind the other, and its steps for those after it.

    Parameters
    ----------
    values : ndarray of numbers (n,)
        Of any type that doubles hold; n is not 0.
    decimals : int or None
        Decimals that are kept; None keeps the doubles.
    tolerance : float
        Largest error, 0 for none.
    before : list of functions
        Steps of the columns before.
    """
    length = len(values)
    source = _source(values, decimals, tolerance)
    count = _count(source)
    flags, told = (source.decimals if count.decimal else _NONE), list[bytes]()
    if source.step > 1:
        flags |= _STEP
        told.append(varint(source.step))
    if count.classes:
        flags |= _CLASSES
        told += whole.written(_kept(source, length, 2, length))
    k = _kept(source, count.decimal, 0)
    told += whole.written(k, _beside(before, count.decimal, length))
    if count.places:
        flags |= _PLACES
        told += whole.written(_kept(source, count.decimal, 1), hints=k)
    told += whole.written(_others(source, count.other))
    steps = Steps(length, lambda start, end: source.parts(start, end)[0])
    if sum(map(len, told)) >= 8 * length and not source.step:
        return [bytes((_STORED,)), *_stored(values)], None
    return [bytes((flags,)), *told], steps if count.decimal == length else None


def _source(values: NDArray[Any], decimals: int | None, tolerance: float) -> _Source:
    d = decimals_of(values, tolerance) if decimals is None else decimals
    if decimals is None and not tolerance:
        return _Source(values, d, 0, 0.0)
    exact = decimals is not None or all(
        _is_exact(doubles_at(values, *span), d) for span in spans(len(values))
    )
    room = tolerance * 10.0**d - (0 if exact else 0.5)
    step = 2 * int(min(max(room, 0), 2.0**48)) + 1
    return _Source(values, d, step, tolerance if decimals is None else np.inf)


def _is_exact(values: Doubles, decimals: int) -> bool:
    k, fit = numerators(values, decimals)
    return bool((quotients(k, 1, decimals) == values)[fit].all())


def _count(source: _Source) -> _Count:
    decimal, other, classed, placed = 0, 0, False, False
    for span in spans(len(source.values)):
        _, places, classes = source.parts(*span)
        is_decimal = classes == DECIMAL
        decimal += int(is_decimal.sum())
        other += int((classes == OTHER).sum())
        classed |= bool(classes.any())
        placed |= bool(places[is_decimal].any())
    return _Count(decimal, other, classed, placed)


def _kept(source: _Source, count: int, which: int, all_of: int = 0) -> Pieces:
    """Numerators or last places of the decimal numbers, or all classes."""

    def part(start: int, end: int) -> tuple[Whole, NDArray[np.bool_]]:
        found = source.parts(start, end)
        return found[which], (found[2] == DECIMAL) | (all_of > 0)

    return kept(part, len(source.values), count)


def _others(source: _Source, count: int) -> Pieces:
    """What is told of the numbers that are neither decimal nor NaN."""

    def part(start: int, end: int) -> tuple[Whole, NDArray[np.bool_]]:
        values = doubles_at(source.values, start, end)
        return _signed(values), source.parts(start, end)[2] == OTHER

    return kept(part, len(source.values), count)


def _stored(values: NDArray[Any]) -> list[bytes]:
    return [doubles_at(values, *span).astype("<f8").tobytes() for span in spans(len(values))]


def _beside(before: list[Part], count: int, length: int) -> Part | None:
    """Steps of the last columns, the nearest first, if they are of the same times."""
    if not before or count != length:
        return None
    nearest = before[: -whole.BESIDE - 1 : -1]

    def part(start: int, end: int) -> Whole:
        found = np.zeros((whole.BESIDE, end - start), np.int64)
        for place, steps in enumerate(nearest):
            found[place] = steps(start, end)
        return found

    return part


def _multiples(values: Doubles, source: _Source) -> tuple[Whole, Whole]:
    """Numerators of multiples of a step within the tolerance, and classes."""
    decimals, step = source.decimals, source.step
    k, fit = numerators(values, decimals)
    k = (2 * k + step) // (2 * step)
    if source.tolerance < np.inf:
        with np.errstate(invalid="ignore"):
            fit &= np.abs(quotients(k, step, decimals) - values) <= source.tolerance
    return np.where(fit, k, 0), classes_of(values, fit)


# ------------------------------------------------------------------- reading
def read(
    data: bytes | memoryview, at: int, count: int, before: list[Part], *, followed: bool = False
) -> tuple[Column, Part | None, int]:
    """Inverse of :func:`write`: the column at a place, its steps, and the place behind it.

    Steps, two bytes each, are made where a column ``followed`` this one.

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
    classes, number = None, count
    if flags & _CLASSES:
        blocks, at = whole.reading(data, at, count)
        known = (DECIMAL, OTHER)
        classes = _small(np.where(np.isin(block, known), block, NAN) for block in blocks)
        number = int((classes == DECIMAL).sum())
    if decimals == _NONE and number:
        raise _damaged()
    blocks, at = whole.reading(data, at, number, _beside(before, number, count))
    k = _gathered(blocks, count)
    steps = _kept_steps(k) if followed and number == count else None
    places = None
    if flags & _PLACES:
        places, at = whole.reading(data, at, number, hints=lambda start, end: k[start:end])
    values = _in_place(k, number, (step, decimals), places)
    if classes is not None:
        rest, at = whole.reading(data, at, int((classes == OTHER).sum()))
        _spread(values, classes, number, rest)
    tolerance = step / 2 / 10.0**decimals if step > 1 else 0.0
    return Column(values, None if decimals == _NONE else decimals, tolerance), steps, at


def _gathered(blocks: Iterator[Whole], room: int) -> Whole:
    """Numerators, in an array with room for the numbers of the whole column."""
    k, place = np.empty(room, np.int64), 0
    for block in blocks:
        if not int(block.max()) < 1 << 53 > -int(block.min()):
            raise _damaged()
        k[place : place + len(block)] = block
        place += len(block)
    return k


def _in_place(
    k: Whole, number: int, scale: tuple[int, int], places: Iterator[Whole] | None
) -> Doubles:
    """The numbers that numerators stand for, in the very same memory."""
    values, start = k.view(np.float64), 0
    blocks = places or (np.zeros(end - begin, np.int64) for begin, end in spans(number))
    for block in blocks:
        part = slice(start, start + len(block))
        found = quotients(k[part], *scale)
        if places is not None:
            found = doubles(ordered(found) + np.clip(block, -NEAR, NEAR))
        values[part] = found
        start += len(block)
    return values


def _spread(
    values: Doubles, classes: NDArray[np.int16], number: int, rest: Iterator[Whole]
) -> None:
    """Move the decimal numbers, of which there are ``number``, to their places; fill the others."""
    bits = values.view(np.int64)
    for start, end in reversed(list(spans(len(values)))):
        which = start + np.flatnonzero(classes[start:end] == DECIMAL)
        moved = values[number - len(which) : number].copy()
        number -= len(which)
        bits[start:end] = NAN_BITS
        values[which] = moved
    held = np.zeros(0, np.int64)
    for start, end in spans(len(values)):
        which = start + np.flatnonzero(classes[start:end] == OTHER)
        while len(held) < len(which):
            held = np.concatenate([held, next(rest)])
        values[which] = _unsigned(held[: len(which)])
        held = held[len(which) :]
    if next(rest, None) is not None:  # the end of a part is looked at behind its last value
        raise _damaged()


def _kept_steps(k: Whole) -> Part:
    """Steps of a decoded column, whose numerators give way to its values."""
    steps = Steps(len(k), lambda start, end: k[start:end])
    made = _small(steps(*span) for span in spans(len(k)))
    return lambda start, end: made[start:end].astype(np.int64)


def _small(parts: Iterator[Whole]) -> NDArray[np.int16]:
    """Whole numbers below 2^15 in two bytes each."""
    found = [part.astype(np.int16) for part in parts]
    return np.concatenate(found)


def _damaged() -> FormatError:
    return FormatError("This file is damaged: its header does not describe a series.")
