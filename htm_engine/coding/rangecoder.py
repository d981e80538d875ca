"""Whole numbers to bytes and back by range coding, with integer probabilities.

Two kinds of symbols are written: indices below some K, under counts chosen by a
context, and signed values around zero, under one of ``CLASSES`` fixed distributions::

    indices (n,), contexts (n,), counts (C, K) ──►┐
                                                  ├── range coder ──► bytes
    values (n,), classes (n,)                  ──►┘

The distributions are integer tables: a probability of zero, and beside it a two-sided
geometric tail, both on a grid, built by whole-number arithmetic alone so that every
machine has the same.  The coder itself is the range coder of ``constriction`` (Martin
1979; Bamler 2022, arXiv:2201.01741); probabilities and coding stay separate objects.

Symbols of one call are written group by group, a group being a context or class, in
ascending order and each in the order given.  A value of magnitude above ``LIMIT`` is
written as the edge ``LIMIT + 1`` with its sign, and after its group follows what is
missing: of every such value in turn ``|q| - LIMIT``, 1 or more, in Elias' gamma code by
even bits, that is as many ones as it has bits less one, a zero, and its bits after the
first, the most significant first.  (What lies above the edge, from 0, is by this in
exponential Golomb code of order 0.)

Bytes: the final interval of the range coder is a set of numbers, read as a fraction with
the most significant byte first; written is the one that needs the fewest bytes, and a
reader puts zeros behind it.  One message has thus one stream and ``finish`` of a reader
can refuse every other.
"""

from __future__ import annotations

import functools

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, FormatError

#: Largest magnitude with a probability of its own; one more stands for all beyond.
LIMIT = 63
_FINELY = 47500, 50500, 53000, 55500, 57800, 59800, 61400, 62700, 63700, 64500, 65050, 65380
#: Part of 65,536 given to zero, a level each: finely towards certainty.
ZERO_LEVELS = (1200, *range(4000, 44001, 4000), *_FINELY)
#: Ratio of neighbouring magnitudes in the tail, in parts of 65,536.
TAIL_LEVELS = (2000, 8000, 15000, 23000, 31000, 39000, 46000, 52000, 57000, 61500)
CLASSES = len(ZERO_LEVELS) * len(TAIL_LEVELS)
#: Counts of a context sum to at most about this.
TOTAL = 1 << 15
#: Largest magnitude that can be written.
LARGEST = 1 << 30
#: Symbols read at once, and bytes past its end at which a stream has ended for certain.
_PART, _PAST = 1 << 16, 16
#: Values that may follow then; all of them lie at the lower edge, as those of no picture do.
_MOST_PAST = 1 << 16

_UNREADABLE = "This file is damaged: its symbols cannot be read."
_WRONG_END = "This file is damaged: its symbols do not end where its bytes do."
_model = constriction.stream.model
_queue = constriction.stream.queue


@functools.cache
def _weights() -> NDArray[np.int64]:
    """Integer weights ``(CLASSES, 2 * LIMIT + 3)`` of values -LIMIT-1 .. LIMIT+1."""
    tables = []
    for zero in ZERO_LEVELS:
        for ratio in TAIL_LEVELS:
            tail, weight = [], 1 << 40
            for _ in range(LIMIT + 1):
                tail.append(weight)
                weight = max(weight * ratio >> 16, 1)
            rest, total = ((65536 - zero) << 12) // 2, sum(tail)
            tail = [max(1, part * rest // total) for part in tail]
            tables.append([*tail[::-1], zero << 12, *tail])
    table = np.array(tables, np.int64)
    table.setflags(write=False)
    return table


@functools.cache
def _value_models() -> tuple[object, ...]:
    return tuple(_categorical(weights) for weights in _weights())


def _categorical(weights: NDArray[np.integer]) -> object:
    # Whole numbers below 2^53 are exact in float64, and the library's rounding to its
    # fixed point uses only operations that IEEE 754 fixes.
    return _model.Categorical(np.asarray(weights, np.float64), perfect=False)


def value_bits() -> NDArray[np.float32]:
    """Ideal length in bits of every value -LIMIT..LIMIT in every class."""
    weights = _weights().astype(np.float64)
    bits = -np.log2(weights / weights.sum(1, keepdims=True))
    return bits[:, 1:-1].astype(np.float32)


def rounded_counts(counts: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Counts ``(C, K)`` as whole numbers of at least one that sum to about ``TOTAL``."""
    counts = np.maximum(np.asarray(counts, np.float64), 0)
    total = counts.sum(1, keepdims=True)
    even = np.full_like(counts, 1 / counts.shape[1])
    share = np.where(total > 0, counts / np.where(total > 0, total, 1), even)
    return np.maximum(1, np.floor(share * (TOTAL - counts.shape[1]))).astype(np.uint16)


def index_bits(counts: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Ideal length in bits of every index in every context, ``(C, K)``."""
    counts = counts.astype(np.float64)
    return (-np.log2(counts / counts.sum(1, keepdims=True))).astype(np.float32)


def _groups(keys: NDArray[np.integer]) -> list[tuple[int, NDArray[np.intp]]]:
    """Places of every key that occurs, in order; the same for writer and reader."""
    order = np.argsort(keys, kind="stable")
    present, starts = np.unique(keys[order], return_index=True)
    return (
        list(zip(present.tolist(), np.split(order, starts[1:]), strict=True)) if len(keys) else []
    )


class SymbolWriter:
    """Writes symbols one call at a time; the reader must ask in the same order.

    Examples
    --------
    >>> writer = SymbolWriter()
    >>> writer.values(np.array([0, -2, 90]), np.array([120, 120, 7], np.uint8))
    >>> data = writer.finish()
    >>> reader = SymbolReader(data)
    >>> reader.values(np.array([120, 120, 7], np.uint8)).tolist()
    [0, -2, 90]
    >>> reader.finish()
    """

    def __init__(self) -> None:
        self._coder = _queue.RangeEncoder()

    def indices(
        self,
        index: NDArray[np.integer],
        contexts: NDArray[np.integer],
        counts: NDArray[np.uint16],
    ) -> None:
        """Write ``index (n,)`` under the counts of its context.

        Raises
        ------
        DataError
            If an index has no count.
        """
        index = np.asarray(index)
        if index.size and not (index.min() >= 0 and index.max() < counts.shape[1]):
            raise DataError(f"An index to be written lies outside 0..{counts.shape[1] - 1}.")
        for context, place in _groups(np.asarray(contexts)):
            self._put(index[place], _categorical(counts[context]))

    def values(self, q: NDArray[np.integer], classes: NDArray[np.uint8]) -> None:
        """Write ``q (n,)`` under the distribution of its class.

        Raises
        ------
        DataError
            If a magnitude is above ``LARGEST``.
        """
        edge, q = LIMIT + 1, np.asarray(q, np.int64)
        if q.size and max(-int(q.min()), int(q.max())) > LARGEST:
            raise DataError(f"A value to be written is larger than {LARGEST}: use a larger step.")
        for kind, place in _groups(np.asarray(classes)):
            own = q[place]
            self._put(np.clip(own, -edge, edge) + edge, _value_models()[kind])
            self._beyond(np.abs(own[np.abs(own) >= edge]) - edge)

    def _beyond(self, rest: NDArray[np.int64]) -> None:
        codes = (f"{number:b}" for number in (rest + 1).tolist())
        text = "".join("1" * (len(code) - 1) + "0" + code[1:] for code in codes)
        self._put(np.frombuffer(text.encode(), np.uint8) - ord("0"), _model.Uniform(2))

    def _put(self, symbols: NDArray[np.integer], model: object) -> None:
        self._coder.encode(np.ascontiguousarray(symbols, np.int32), model)

    def finish(self) -> bytes:
        """All that was written, in as few bytes as tell it apart."""
        words = self._coder.get_compressed()
        before, (lower, span) = self._coder.pos()
        # The library's choice lies in the final interval, whose lower end is known but
        # for a carry: it is the nearest number below that ends in ``lower``.
        length = 4 * (before + 2)
        inside = int.from_bytes(words.astype(">u4").tobytes().ljust(length, b"\0"), "big")
        low = inside - ((inside - lower) & ((1 << 64) - 1))
        for zeros in range(8, -1, -1):
            shortest = -(-low >> 8 * zeros) << 8 * zeros
            if shortest < low + span:
                break
        return shortest.to_bytes(length, "big").rstrip(b"\0")


class SymbolReader:
    """Reads what :class:`SymbolWriter` wrote; damage shows as other symbols or an error.

    All that is read is written again on the side.  So the reader knows how much of the
    stream its symbols take up, and :meth:`finish` whether the bytes are their stream.

    A stream may stand for symbols without end: where its number is the very lower end of
    the interval, every symbol after it is the first of its distribution and takes no
    bytes, since a reader puts zeros behind.  Any other symbol past the end is damage (a
    writer's number lies there by chance once in 2^128), and reading stops.

    Raises
    ------
    FormatError
        If the bytes cannot come from a writer, which leaves out zeros at the end.
    """

    def __init__(self, data: bytes) -> None:
        if data.endswith(b"\0"):
            raise FormatError(_WRONG_END)
        padded = data + bytes(-len(data) % 4 + 8)
        self._coder = _queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))
        self._data, self._again, self._edges = data, SymbolWriter(), 0

    def indices(
        self, contexts: NDArray[np.integer], counts: NDArray[np.uint16]
    ) -> NDArray[np.int32]:
        """Read an index for every context."""
        index = np.zeros(len(contexts), np.int32)
        for context, place in _groups(np.asarray(contexts)):
            index[place] = self._get(len(place), _categorical(counts[context]))
        return index

    def every(self, times: int, counts: NDArray[np.uint16]) -> NDArray[np.int32]:
        """Indices ``(times, C)``, as by :meth:`indices`, where every context occurs so often.

        What is claimed takes memory only as it is found to be there.
        """
        return np.stack([self._get(times, _categorical(own)) for own in counts], 1)

    def values(self, classes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Read a value for every class."""
        edge = LIMIT + 1
        q = np.zeros(len(classes), np.int32)
        for kind, place in _groups(np.asarray(classes)):
            own = self._get(len(place), _value_models()[kind]) - edge
            far = np.abs(own) == edge
            if self._is_past():  # a value there goes on by a zero: nothing missing
                self._edges += len(self._get(int(far.sum()), _model.Uniform(2)))
                if self._edges > _MOST_PAST:
                    raise FormatError(_UNREADABLE)
            elif far.any():
                rest = [self._beyond() for _ in range(int(far.sum()))]
                own[far] += np.sign(own[far]) * np.array(rest, np.int32)
            q[place] = own
        return q

    def _beyond(self) -> int:
        bit, length = _model.Uniform(2), 0
        while int(self._get(1, bit)[0]):
            length += 1
            if 1 << length > LARGEST:
                raise FormatError("This file holds a value larger than any that is written.")
        number = 1
        for part in self._get(length, bit).tolist():
            number = 2 * number + part
        if number > LARGEST - LIMIT:
            raise FormatError("This file holds a value larger than any that is written.")
        return number - 1

    def _get(self, count: int, model: object) -> NDArray[np.int32]:
        parts = [self._part(_PART, model) for _ in range(count // _PART)]
        return np.concatenate([*parts, self._part(count % _PART, model)])

    def _part(self, count: int, model: object) -> NDArray[np.int32]:
        past = self._is_past()
        try:
            symbols = np.asarray(self._coder.decode(model, count), np.int32)
        except MemoryError:
            raise  # a want of memory is no damage
        except Exception as exc:  # the coder's own error for words no encoder writes
            raise FormatError(_UNREADABLE) from exc
        if past and symbols.any():
            raise FormatError(_UNREADABLE)
        self._again._put(symbols, model)
        return symbols

    def _is_past(self) -> bool:
        """Whether the symbols so far have taken up all bytes and more."""
        return 4 * self._again._coder.pos()[0] > len(self._data) + _PAST

    def finish(self) -> None:
        """Confirm that the bytes hold what was read and nothing else.

        Raises
        ------
        FormatError
            If a writer of these symbols would have written other bytes.
        """
        if self._again.finish() != self._data:
            raise FormatError(_WRONG_END)
