"""Whole numbers to bytes and back by range coding, with integer probabilities.

Two kinds of symbols are written: indices below some K, under counts chosen by a
context, and signed values around zero, under one of ``CLASSES`` fixed distributions::

    indices (n,), contexts (n,), counts (C, K) ──►┐
                                                  ├── range coder ──► bytes
    values (n,), classes (n,)                  ──►┘

The distributions are integer tables: a probability of zero, and beside it a two-sided
geometric tail, both on a grid, built by whole-number arithmetic alone so that every
machine has the same.  A value beyond the table is written as its edge, and what is
missing follows as an Exp-Golomb code in even bits.  The coder itself is the range
coder of ``constriction`` (Martin 1979; Bamler 2022, arXiv:2201.01741); probabilities
and coding stay separate objects.

Bytes: the coder's 32-bit words, most significant byte first, without the trailing
zero bytes; a reader puts zeros back.
"""

from __future__ import annotations

import functools

import constriction
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError

#: Largest magnitude with a probability of its own; one more stands for all beyond.
LIMIT = 63
#: Part of 65,536 given to zero, a level each: finely towards certainty.
ZERO_LEVELS = (
    1200, 4000, 8000, 12000, 16000, 20000, 24000, 28000, 32000, 36000, 40000, 44000,
    47500, 50500, 53000, 55500, 57800, 59800, 61400, 62700, 63700, 64500, 65050, 65380,
)  # fmt: skip
#: Ratio of neighbouring magnitudes in the tail, in parts of 65,536.
TAIL_LEVELS = (2000, 8000, 15000, 23000, 31000, 39000, 46000, 52000, 57000, 61500)
CLASSES = len(ZERO_LEVELS) * len(TAIL_LEVELS)
#: Counts of a context sum to at most about this.
TOTAL = 1 << 15

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
    return list(zip(present.tolist(), np.split(order, starts[1:]), strict=True)) if len(keys) else []


class SymbolWriter:
    """Writes symbols one group at a time; the reader must ask in the same order."""

    def __init__(self) -> None:
        self._coder = _queue.RangeEncoder()

    def indices(
        self,
        index: NDArray[np.integer],
        contexts: NDArray[np.integer],
        counts: NDArray[np.uint16],
    ) -> None:
        """Write ``index (n,)`` under the counts of its context."""
        for context, place in _groups(np.asarray(contexts)):
            symbols = np.ascontiguousarray(index[place], np.int32)
            self._coder.encode(symbols, _categorical(counts[context]))

    def values(self, q: NDArray[np.integer], classes: NDArray[np.uint8]) -> None:
        """Write ``q (n,)`` under the distribution of its class."""
        edge = LIMIT + 1
        for kind, place in _groups(np.asarray(classes)):
            own = np.asarray(q[place], np.int64)
            symbols = np.clip(own, -edge, edge)
            self._coder.encode((symbols + edge).astype(np.int32), _value_models()[kind])
            self._beyond((np.abs(own) - edge)[np.abs(own) >= edge])

    def _beyond(self, rest: NDArray[np.int64]) -> None:
        bit = _model.Uniform(2)
        for number in (rest + 1).tolist():
            bits = f"{number:b}"
            code = "1" * (len(bits) - 1) + "0" + bits[1:]
            self._coder.encode(np.array(list(code), np.int32), bit)

    def finish(self) -> bytes:
        """All that was written, as bytes."""
        return self._coder.get_compressed().astype(">u4").tobytes().rstrip(b"\0")


class SymbolReader:
    """Reads what :class:`SymbolWriter` wrote; damage shows as other symbols or an error.

    Raises
    ------
    FormatError
        If the bytes cannot come from a writer.
    """

    def __init__(self, data: bytes) -> None:
        padded = data + bytes(-len(data) % 4 + 8)
        self._coder = _queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))

    def indices(
        self, contexts: NDArray[np.integer], counts: NDArray[np.uint16]
    ) -> NDArray[np.int32]:
        """Read an index for every context."""
        index = np.zeros(len(contexts), np.int32)
        for context, place in _groups(np.asarray(contexts)):
            index[place] = self._decode(_categorical(counts[context]), len(place))
        return index

    def values(self, classes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Read a value for every class."""
        edge = LIMIT + 1
        q = np.zeros(len(classes), np.int32)
        for kind, place in _groups(np.asarray(classes)):
            own = self._decode(_value_models()[kind], len(place)) - edge
            far = np.flatnonzero(np.abs(own) == edge)
            for spot in far:
                own[spot] += np.sign(own[spot]) * self._beyond()
            q[place] = own
        return q

    def _beyond(self) -> int:
        bit, length = _model.Uniform(2), 0
        while int(self._decode(bit, 1)[0]):
            length += 1
            if length > 30:
                raise FormatError("This file holds a value larger than any that is written.")
        number = 1
        for _ in range(length):
            number = 2 * number + int(self._decode(bit, 1)[0])
        return number - 1

    def _decode(self, model: object, count: int) -> NDArray[np.int32]:
        try:
            return np.asarray(self._coder.decode(model, count), np.int32)
        except Exception as exc:  # the coder's own error for words no encoder writes
            raise FormatError("This file is damaged: its symbols cannot be read.") from exc
