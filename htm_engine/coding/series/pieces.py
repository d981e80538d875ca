"""Long rows of numbers in pieces: made when they are asked for, as often as they are.

What stores a series looks at it several times, and keeps no copy: it holds a function that makes
whole numbers of some of its values, and takes a piece at a time.  So memory does not grow with
the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .predictors import STEP_BITS

Whole = NDArray[np.int64]
#: Whole numbers from one place of a row up to another.
Part = Callable[[int, int], Whole]

#: Values of a piece.
PIECE = 1 << 15
#: Values that NumPy's mean of whole numbers adds at a time.
_ADDED = 1 << 13
#: Bits of a value that a median is narrowed by in each look at all values.
_NARROWED = 16


@dataclass(frozen=True)
class Pieces:
    """A row of whole numbers that can be gone through any number of times.

    Attributes
    ----------
    length : int
        How many there are.
    begin : callable
        Begins to go through them: pieces of any lengths, none of them empty.
    """

    length: int
    begin: Callable[[], Iterator[Whole]]

    def __iter__(self) -> Iterator[Whole]:
        """Go through all pieces."""
        return self.begin()

    def each(self, change: Callable[[Whole], Whole]) -> Pieces:
        """The same row with every piece changed."""
        return Pieces(self.length, lambda: map(change, self.begin()))

    def blocks(self, size: int) -> Iterator[Whole]:
        """All values, so many at a time; the last block may be shorter."""
        held = np.zeros(0, np.int64)
        for piece in self:
            held = np.concatenate([held, piece]) if len(held) else piece
            full = len(held) // size * size
            for start in range(0, full, size):
                yield held[start : start + size]
            held = held[full:]
        if len(held):
            yield held

    def first(self, count: int) -> Whole:
        """The first values, at most so many."""
        return next(self.blocks(count), np.zeros(0, np.int64))

    def last(self, count: int) -> Whole:
        """The last values, at most so many."""
        held = np.zeros(0, np.int64)
        for piece in self:
            held = piece if len(piece) >= count else np.concatenate([held, piece])
            held = held[-count:]
        return held


def pieces_of(values: Whole) -> Pieces:
    """Pieces of an array ``(n,)`` that is there."""
    return by_parts(len(values), lambda start, end: values[start:end])


def by_parts(length: int, part: Part) -> Pieces:
    """Pieces of a row whose values can be made at any place."""
    return Pieces(length, lambda: (part(*span) for span in spans(length)))


def spans(length: int, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """Where pieces begin and end.

    >>> list(spans(5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    return ((start, min(start + size, length)) for start in range(0, length, size))


def mean(values: Pieces) -> float:
    """What NumPy's ``mean`` gives for all at once, to the last bit.

    Decoders compute it again, so the order in which doubles are added is part of the format.

    >>> mean(pieces_of(np.array([1, 2, 4])))
    2.3333333333333335
    """
    total = 0.0
    for block in values.blocks(_ADDED):
        total += float(block.astype(np.float64).sum())
    return total / values.length


def median(values: Pieces, low: int, high: int) -> float:
    """What NumPy's ``median`` gives, of whole numbers from ``low`` to ``high`` below 2^52.

    Each look at all values counts how many lie in each of 2^16 equal parts of the range that
    the median is in, and goes on with one of them.

    >>> median(pieces_of(np.array([7, 1, 2, 4])), 1, 7)
    3.0
    """
    rank = (values.length - 1) // 2
    below, upto = 0, values.length
    while low < high:
        shift = max(0, (high - low).bit_length() - _NARROWED)
        counts = np.zeros(((high - low) >> shift) + 1, np.int64)
        for piece in values:
            inside = piece[(piece >= low) & (piece <= high)]
            counts += np.bincount((inside - low) >> shift, minlength=len(counts))
        sums = np.cumsum(counts)
        place = int(np.searchsorted(sums, rank - below, side="right"))
        upto = below + int(sums[place])
        below = upto - int(counts[place])
        low, high = low + (place << shift), min(high, low + ((place + 1) << shift) - 1)
    after = low
    if upto <= values.length // 2:  # the other of the two in the middle is the next larger one
        after = min(int(piece[piece > low].min(initial=1 << 62)) for piece in values)
    return (low + after) / 2


def kept(source: Callable[[int, int], tuple[Any, ...]], length: int, count: int) -> Pieces:
    """Pieces of what is kept of a row: ``source`` gives values and which of them.

    ``count`` is how many that are in all.
    """

    def begin() -> Iterator[Whole]:
        for span in spans(length):
            values, which = source(*span)
            chosen = values if which.all() else values[which]
            if len(chosen):
                yield chosen

    return Pieces(count, begin)


@dataclass(frozen=True)
class Steps:
    """Steps of a series ``(n,)`` as the filters of another see them, made when they are asked for.

    Attributes
    ----------
    length : int
    k : function
        Gives the series from one place to another.
    """

    length: int
    k: Part

    @cached_property
    def usual(self) -> np.int64:
        """Their usual size."""
        moves = by_parts(self.length - 1, lambda a, b: np.abs(np.diff(self.k(a, b + 1))))
        return np.int64(max(1, int(mean(moves)) if self.length > 1 else 1))

    def __call__(self, start: int, end: int) -> Whole:
        """Steps to the values from one place to another."""
        before = max(start - 1, 0)
        moved = np.zeros(end - start, np.int64)
        moved[1 if start == 0 else 0 :] = np.diff(self.k(before, end))
        moved = np.clip(moved, -(1 << 48), 1 << 48)
        return np.clip((moved << STEP_BITS) // self.usual, -32767, 32767)
