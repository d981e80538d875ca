"""Skimming: a text read for its contexts only, several times as fast as weighing every unit.

A model that has read megabytes spends its time waiting for memory: at every byte each unit
looks up two lines in a table of its own, far apart.  Nothing forces the units to go through
a text side by side until the gates learn, so here each goes through a whole block alone,
its table staying in the processor's cache, and several go at once::

    block ──► glance ──► contexts (U, n) ──► unit 0 over the block ──┐
                                        ──► unit 1 over the block ──┼──► lines, maps
                                        ──► ...                    ──┘

What the gates and adaptive probability maps need they learn from the last part of a text,
read in full.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ..mixing import crowded, estimate, find, hashed, peek
from .context import COUNT, LAST4, MATCH_LENGTH, follow, take, views
from .units import STATE_COUNT, Fixed, Memory, grade, predicted_byte


@compiled
def _glance(
    R: Any, recent: Any, places: Any, chances: Any, now: Any, recip: Any, data: Any, contexts: Any
) -> Any:
    """Go over ``data`` and write down every unit's context at every byte; train the match."""
    if R[LAST4] == 0:
        views(R, recent, now)
    for index in range(len(data)):
        byte = np.int64(data[index])
        for unit in range(COUNT):
            contexts[unit, index] = now[unit]
        predicted = predicted_byte(R, recent)
        if predicted >= 0:
            entry = 2 * grade(R[MATCH_LENGTH])
            for bit in range(8):
                y, bet = (byte >> (7 - bit)) & 1, (predicted >> (7 - bit)) & 1
                chances[entry + bet] = estimate(chances[entry + bet], y, STATE_COUNT, recip)
                if y != bet:
                    break
        take(byte, R, recent)
        follow(byte, R, recent, places, True)
        views(R, recent, now)


class _Unit(NamedTuple):
    """What one unit learns into."""

    lines: NDArray[np.uint8]  #: bit histories of all units
    base: int  #: where its table begins
    bits: int  #: its table has 2^bits lines
    chances: NDArray[np.uint32]  #: ``(256,)`` what a history has meant
    notes: NDArray[np.uint16]  #: ``(2^20,)`` contexts met once


@compiled
def _read(unit: Any, contexts: Any, data: Any, fixed: Any) -> Any:
    """What one unit learns from ``data`` in the contexts it had there.

    Most long contexts never come again.  Where a new one would drive out another, only a
    note is taken (12 bits of the context, 4 of what followed); it gets its line when it is
    met again, with what followed the first time.
    """
    lines, base, bits, chances, notes = unit
    following, seen, recip = fixed.following, fixed.seen, fixed.recip
    for index in range(len(data)):
        byte, context = np.int64(data[index]), np.int64(contexts[index])
        for half in range(2):
            if half:
                context = hashed(context, (16 | (byte >> 4)) + 1000)
            nibble, before = (byte >> (4 - 4 * half)) & 15, np.int64(-1)
            if peek(lines, base, bits, context) < 0 and crowded(lines, base, bits, context):
                slot = hashed(context, 31) & (len(notes) - 1)
                note = np.int64(notes[slot])
                if note >> 4 != (context >> 4) & 4095:
                    notes[slot] = ((context >> 4) & 4095) << 4 | nibble
                    continue
                before = note & 15
            place = find(lines, base, bits, context, seen)
            if before >= 0:
                for bit in range(4):
                    node = (16 | before) >> (4 - bit)
                    lines[place + node] = following[0, (before >> (3 - bit)) & 1]
            for bit in range(4):
                node, y = (16 | nibble) >> (4 - bit), (nibble >> (3 - bit)) & 1
                state = np.int64(lines[place + node])
                chances[state] = estimate(chances[state], y, STATE_COUNT, recip)
                lines[place + node] = following[state, y]


def blank_notes() -> NDArray[np.uint16]:
    """Notes ``(U, 2^20)`` of contexts met once, none yet; :func:`skim` carries them on."""
    return np.zeros((COUNT, 1 << 20), np.uint16)


def skim(
    memory: Memory,
    fixed: Fixed,
    notes: NDArray[np.uint16],
    data: NDArray[np.uint8],
    workers: Executor,
) -> None:
    """Let a model's units learn from a block, but not its gates; changes ``memory``, ``notes``.

    The result is the same for any number of workers: no two units share anything.

    Parameters
    ----------
    memory : Memory
    fixed : Fixed
    notes : ndarray of uint16 (U, 2^20)
        Contexts met once, from :func:`blank_notes`.
    data : ndarray of uint8 (n,)
        Takes 56 bytes a byte while it is read.
    workers : Executor
        Threads that units are handed to.
    """
    contexts = np.empty((COUNT, len(data)), np.uint32)
    _glance(
        memory.registers,
        memory.recent,
        memory.places,
        memory.match,
        memory.contexts,
        fixed.recip,
        data,
        contexts,
    )
    tables = memory.tables.tolist()

    def read(unit: int) -> None:
        base, bits = tables[unit]
        own = _Unit(memory.lines, base, bits, memory.maps[unit], notes[unit])
        _read(own, contexts[unit], data, fixed)

    list(workers.map(read, range(COUNT)))
