"""The text model: units that predict the next byte, bit by bit, and the gates above them.

A byte is eight binary decisions down a tree, a hierarchical softmax.  At every node each
unit gives two numbers (log-odds of what its bit history has meant so far, and how far
that is from even), and so does the longest match.  Seven gates, each with
weights chosen by another view of the place, sum them; an eighth sums the gates; two
adaptive probability maps, learned from the outcome, follow::

    14 units, match ──► 7 gates ──► gate of gates ──► 2 adaptive probability maps ──► p(bit)

Everything learns at every bit, coded or not.  ``Memory`` is the whole state, arrays only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .. import mixing
from ..arithmetic import (
    ADAPT,
    DECODE,
    ENCODE,
    MODE,
    PLACE,
    begin,
    new_registers,
    read_bit,
    write_bit,
)
from ..mixing import CLIP, KNOTS, descend, dot, estimate, find, hashed
from .context import (
    BEGUN,
    CHAR_1,
    COUNT,
    HALVINGS,
    IDEOGRAPHS,
    LACKING,
    LAST4,
    MATCH_AT,
    MATCH_LENGTH,
    PLAIN,
    REGISTERS,
    SINCE_MATCH,
    WORD,
    follow,
    take,
    views,
)

#: Inputs of a gate: two a unit, two of the match, one constant.
INPUTS = 2 * COUNT + 3
#: Rows of weights of each gate.
GATES = (256, 2048, 256, 2048, 2048, 257, 16384)
#: Bytes of the past that matches and columns see.
RECENT = 1 << 22
#: How a text is worked on: learned from, or encoded or decoded as well.
LEARN = ADAPT
#: Steps of the gates and of the gate of gates, in 1/16 of a plain gradient step.
_RATE, _TOP_RATE = 12, 4
#: Bits that the meaning of a bit history looks back on at most.
STATE_COUNT = 1023
#: Error, in multiples of 2^-16, below which a gate is not moved: it knew.
_SURE = 1000
#: Log-odds of the gate's constant input.
_ONE = 256


class Memory(NamedTuple):
    """Whole state of the text model, U units with tables of up to 2^bits lines of 16."""

    lines: NDArray[np.uint8]  #: bit histories, the units' tables one after another
    tables: NDArray[np.int64]  #: ``(U, 2)`` where a unit's table begins, bits of its lines
    maps: NDArray[np.uint32]  #: ``(U, 256)`` what a history has meant
    match: NDArray[np.uint32]  #: ``(64,)`` how often a match of a length went on
    weights: NDArray[np.int32]  #: ``(rows of all gates, INPUTS)``
    top: NDArray[np.int32]  #: ``(256, gates)``
    near: NDArray[np.int32]  #: ``(256 * KNOTS,)`` adaptive probability map by the node
    far: NDArray[np.int32]  #: ``(65536 * KNOTS,)`` adaptive probability map by node and two bytes
    recent: NDArray[np.uint8]  #: the last bytes, a ring
    places: NDArray[np.int64]  #: where six bytes were seen
    contexts: NDArray[np.int64]  #: ``(U,)`` of the byte to come
    registers: NDArray[np.int64]  #: see ``context``
    coder: NDArray[np.int64]  #: registers of the arithmetic coder
    deaf: NDArray[np.uint8]  #: ``(U,)`` 1 for units that are switched off

    def copy(self) -> Memory:
        """The same state in arrays of its own."""
        copied: list[Any] = [array.copy() for array in self]
        return Memory(*copied)

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return sum(array.nbytes for array in self)


class Fixed(NamedTuple):
    """Tables that never change."""

    following: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    stretch: NDArray[np.int32]
    squash: NDArray[np.int32]
    recip: NDArray[np.int64]
    gates: NDArray[np.int64]


def fixed() -> Fixed:
    """Tables that never change."""
    following, seen, _ = mixing.histories()
    gates = np.cumsum((0, *GATES))[:-1].astype(np.int64)
    return Fixed(
        following, seen, mixing.stretch_table(), mixing.squash_table(), mixing.reciprocals(), gates
    )


def blank(bits: int) -> Memory:
    """Model that has seen nothing, with tables of up to 2^bits lines a unit."""
    sizes = np.array([bits - fewer for fewer in HALVINGS])
    ends = np.cumsum(16 << sizes)
    weights = np.zeros((sum(GATES), INPUTS), np.int32)
    weights[:, 0 : 2 * COUNT : 2] = weights[:, 2 * COUNT] = 1 << 14
    ladder = mixing.knots()
    match = np.zeros(64, np.uint32)
    for grade in range(32):
        sure = ((1 << 22) - 1) * (2 * grade + 3) // (2 * grade + 4)
        match[2 * grade : 2 * grade + 2] = ((1 << 22) - 1 - sure) << 10, sure << 10
    return Memory(
        lines=np.zeros(ends[-1], np.uint8),
        tables=np.stack([ends - (16 << sizes), sizes], 1),
        maps=np.tile(mixing.histories()[2], (COUNT, 1)),
        match=match,
        weights=weights,
        top=np.full((256, len(GATES)), 65536 // len(GATES), np.int32),
        near=np.tile(ladder, 256),
        far=np.tile(ladder, 65536),
        recent=np.zeros(RECENT, np.uint8),
        places=np.zeros(1 << bits, np.int64),
        contexts=np.zeros(COUNT, np.int64),
        registers=np.zeros(REGISTERS, np.int64),
        coder=new_registers(LEARN),
        deaf=np.zeros(COUNT, np.uint8),
    )


@compiled
def predicted_byte(R: Any, recent: Any) -> Any:
    """Byte that the longest match predicts, or -1."""
    if R[MATCH_LENGTH] == 0:
        return np.int64(-1)
    return np.int64(recent[R[MATCH_AT] & (len(recent) - 1)])


@compiled
def grade(length: Any) -> Any:
    """Length of a match in 24 grades."""
    if length <= 15:
        return length
    return min(15 + ((length - 15) >> 3), 23)


# The helpers take arrays, not ``memory``: reading one from a tuple inside a loop counts
# references each time, which costs more than the sums.
@compiled(inline="always")
def inputs(lines: Any, maps: Any, deaf: Any, stretch: Any, at: Any, node: Any, x: Any) -> Any:
    """Log-odds of every unit at a node of their lines; units that know nothing give 0."""
    known = 0
    for unit in range(COUNT):
        place = at[unit] + node
        state = np.int64(lines[place]) if at[unit] >= 0 else np.int64(0)
        if state == 0 or deaf[unit]:
            x[2 * unit] = x[2 * unit + 1] = 0
        else:
            p = np.int64(maps[unit, state]) >> 20
            x[2 * unit] = stretch[p]
            x[2 * unit + 1] = (p - 2048) >> 1
            if unit < PLAIN:
                known += 1
    return known


@compiled(inline="always")
def match(
    chances: Any, length: Any, stretch: Any, predicted: Any, c0: Any, bit: Any, x: Any
) -> Any:
    """Log-odds of the match; the entry it comes from, or -1."""
    k = 2 * COUNT
    x[k] = x[k + 1] = 0
    x[k + 2] = _ONE
    if predicted < 0 or ((predicted | 256) >> (8 - bit)) != c0:
        return -1
    entry = 2 * grade(length) + ((predicted >> (7 - bit)) & 1)
    p = np.int64(chances[entry]) >> 20
    x[k], x[k + 1] = stretch[p], (p - 2048) >> 1
    return entry


@compiled(inline="always")
def rows_of(
    R: Any, start: Any, c0: Any, bit: Any, known: Any, entry: Any, predicted: Any, rows: Any
) -> Any:
    """Which weights every gate takes at this place."""
    last, before = R[LAST4] & 255, (R[LAST4] >> 8) & 255
    grade = ((entry >> 2) * 3 + 1 + (entry & 1)) * 8 if entry >= 0 else 0
    rows[0] = start[0] + c0
    rows[1] = start[1] + (last << 3 | bit)
    rows[2] = start[2] + min(grade, 248) + bit
    rows[3] = start[3] + (known * 8 + bit) * 16 + R[SINCE_MATCH]
    rows[4] = start[4] + (before << 3 | bit)
    if R[CHAR_1] >= IDEOGRAPHS:
        rows[4] = start[4] + ((hashed(R[BEGUN], R[LACKING]) & 255) << 3 | bit)
    rows[5] = start[5] + (predicted + 1 if entry >= 0 else 0)
    rows[6] = start[6] + ((hashed(R[WORD], 3) >> 21) << 3 | bit)


@compiled(inline="always")
def sum_up(weights: Any, top: Any, squash: Any, x: Any, rows: Any, sums: Any) -> Any:
    """Sums of all gates; log-odds and probability that the gate of gates makes of them."""
    for gate in range(len(rows)):
        sums[gate] = dot(weights[rows[gate]], x)
    total = dot(top, sums)
    return total, np.int64(squash[total + 3072])


@compiled(inline="always")
def correct(near: Any, far: Any, last4: Any, c0: Any, total: Any, p: Any) -> Any:
    """Probability after the adaptive probability maps, and where in them it was read."""
    scaled = (total + CLIP + 1) * (KNOTS - 1)
    knot, part = scaled >> 12, scaled & 4095
    i = c0 * KNOTS + knot
    j = (hashed(c0 | ((last4 & 255) << 8), (last4 >> 8) & 255) & 0xFFFF) * KNOTS + knot
    one = np.int64(near[i]) * (4096 - part) + np.int64(near[i + 1]) * part
    two = np.int64(far[j]) * (4096 - part) + np.int64(far[j + 1]) * part
    mixed = (2 * p + (one >> 12) + 5 * (two >> 12) + 4) >> 3
    shift = 1 if part >= 2048 else 0
    return min(max(mixed, 1), 65535), i + shift, j + shift


@compiled
def work(memory: Any, fixed: Any, data: Any, count: Any, out: Any, mode: Any, cost: Any) -> Any:
    """Go over ``count`` bytes: learn from ``data``, encode it, or decode from it.

    Parameters
    ----------
    data : ndarray of uint8
        The text, or, decoding, coded bytes (read as zeros beyond their end).
    out : ndarray of uint8
        Where coded bytes, or decoded text, go; the former are at most 32 a byte and 8.
    mode : LEARN, ENCODE or DECODE
    cost : ndarray (count,) or (0,)
        Takes the bits every byte costs, unless it is empty.

    Returns
    -------
    written, read : int
        Bytes put into ``out`` and taken from ``data``.
    """
    R, lines, maps = memory.registers, memory.lines, memory.maps
    chances, weights, top, deaf = memory.match, memory.weights, memory.top, memory.deaf
    near, far, recent, places = memory.near, memory.far, memory.recent, memory.places
    contexts, following, seen = memory.contexts, fixed.following, fixed.seen
    stretch, squash, recip, start = fixed.stretch, fixed.squash, fixed.recip, fixed.gates
    tables = memory.tables
    at = np.zeros(COUNT, np.int64)
    x = np.zeros(INPUTS, np.int32)
    rows, sums = np.zeros(len(start), np.int64), np.zeros(len(start), np.int32)
    coder = memory.coder
    coder[PLACE] = 0
    if mode != LEARN:
        if mode == DECODE and coder[MODE] != DECODE:
            begin(coder, data)
        coder[MODE] = mode
    if R[LAST4] == 0:
        views(R, recent, contexts)
    for index in range(count):
        byte = np.int64(0) if mode == DECODE else np.int64(data[index])
        predicted = predicted_byte(R, recent)
        c0, spent = np.int64(1), 0.0
        for bit in range(8):
            if bit == 0:
                for unit in range(COUNT):
                    at[unit] = find(lines, tables[unit, 0], tables[unit, 1], contexts[unit], seen)
            elif bit == 4:
                for unit in range(COUNT):
                    context = hashed(contexts[unit], c0 + 1000)
                    at[unit] = find(lines, tables[unit, 0], tables[unit, 1], context, seen)
            node = c0 if bit < 4 else (c0 & ((1 << (bit - 4)) - 1)) | (1 << (bit - 4))
            known = inputs(lines, maps, deaf, stretch, at, node, x)
            entry = match(chances, R[MATCH_LENGTH], stretch, predicted, c0, bit, x)
            rows_of(R, start, c0, bit, known, entry, predicted, rows)
            total, p_top = sum_up(weights, top[c0], squash, x, rows, sums)
            p, one, two = correct(near, far, R[LAST4], c0, total, p_top)
            y = (byte >> (7 - bit)) & 1
            if mode == DECODE:
                y = read_bit(p, coder, data)
            elif mode == ENCODE:
                write_bit(p, y, coder, out)
            if len(cost):
                spent -= np.log2((p if y else 65536 - p) / 65536.0)
            # Learn: every weight moves down the gradient of what this bit cost.
            target = y * 65535
            descend(top[c0], sums, ((target - p_top) * _TOP_RATE) >> 4)
            for gate in range(len(rows)):
                error = target - squash[sums[gate] + 3072]
                if error > _SURE or error < -_SURE:
                    descend(weights[rows[gate]], x, (error * _RATE) >> 4)
            near[one] += (target - near[one]) >> 6
            far[two] += (target - far[two]) >> 5
            for unit in range(COUNT):
                spot = at[unit] + node
                state = np.int64(lines[spot])
                maps[unit, state] = estimate(maps[unit, state], y, STATE_COUNT, recip)
                lines[spot] = following[state, y]
            if entry >= 0:
                chances[entry] = estimate(chances[entry], y, STATE_COUNT, recip)
            c0 = (c0 << 1) | y
        byte = c0 & 255
        if mode == DECODE:
            out[index] = byte
        if len(cost):
            cost[index] = spent
        take(byte, R, recent)
        follow(byte, R, recent, places, True)
        views(R, recent, contexts)
    return (count, coder[PLACE]) if mode == DECODE else (coder[PLACE], 0)
