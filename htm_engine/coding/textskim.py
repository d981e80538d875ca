"""Skimming: a text read for its contexts only, several times as fast as weighing every unit.

A model that has read megabytes spends its time waiting for memory: at every byte each unit
looks up two lines in a table of its own, far apart.  Nothing forces the units to go through
a text side by side until the gates learn, so here each goes through a whole block alone,
its table staying in the processor's cache, and several go at once::

    block ──► glance ──► contexts (U, n) ──► unit 0 over the block ──┐
                                        ──► unit 1 over the block ──┼──► lines, maps
                                        ──► ...                    ──┘

What the gates and corrections need they learn from the last part of a text, read in full.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .mixing import estimate, find, hashed
from .textcontext import COUNT, LAST4, MATCH_LENGTH, follow, take, views
from .textunits import STATE_COUNT, Fixed, Memory, expected_byte, grade

#: Names the code that is called into; numba compiles anew when this file changes.
CALLS_INTO = "9c0f99b7c049"


@njit(cache=True, nogil=True)
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
        expected = expected_byte(R, recent)
        if expected >= 0:
            entry = 2 * grade(R[MATCH_LENGTH])
            for bit in range(8):
                y, said = (byte >> (7 - bit)) & 1, (expected >> (7 - bit)) & 1
                chances[entry + said] = estimate(chances[entry + said], y, STATE_COUNT, recip)
                if y != said:
                    break
        take(byte, R, recent)
        follow(byte, R, recent, places, True)
        views(R, recent, now)


@njit(cache=True, nogil=True)
def _read(
    lines: Any, chances: Any, contexts: Any, data: Any, following: Any, seen: Any, recip: Any
) -> Any:
    """What one unit learns from ``data`` in the contexts it had there."""
    bits = 0
    while (16 << bits) < len(lines):
        bits += 1
    for index in range(len(data)):
        byte, context = np.int64(data[index]), np.int64(contexts[index])
        for half in range(2):
            if half:
                context = hashed(context, (16 | (byte >> 4)) + 1000)
            place, node = find(lines, 0, bits, context, seen), np.int64(1)
            for bit in range(4):
                y = (byte >> (7 - 4 * half - bit)) & 1
                state = np.int64(lines[place + node])
                chances[state] = estimate(chances[state], y, STATE_COUNT, recip)
                lines[place + node] = following[state, y]
                node = (node << 1) | y


def skim(memory: Memory, fixed: Fixed, data: NDArray[np.uint8], workers: Executor) -> None:
    """Let a model's units learn from a block, but not its gates; changes ``memory``.

    The result is the same for any number of workers: no two units share anything.

    Parameters
    ----------
    memory : Memory
    fixed : Fixed
    data : ndarray of uint8 (n,)
        Takes 56 bytes a byte while it is read.
    workers : Executor
        Threads that units are handed to.
    """
    contexts = np.empty((COUNT, len(data)), np.uint32)
    _glance(
        memory.registers, memory.recent, memory.places, memory.match, memory.contexts,
        fixed.recip, data, contexts,
    )  # fmt: skip
    tables = memory.lines.reshape(COUNT, -1)

    def read(unit: int) -> None:
        _read(
            tables[unit], memory.maps[unit], contexts[unit], data, fixed.following, fixed.seen,
            fixed.recip,
        )  # fmt: skip

    list(workers.map(read, range(COUNT)))
