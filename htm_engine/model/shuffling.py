"""The order of an epoch: all rows mixed, or where there are very many, within windows.

::

    few rows      one permutation of them all
    many rows     blocks of BLOCK rows in a row of their own ──permuted──► windows of some
                  blocks ──each permuted──► order

Data that outgrows memory is read a window at a time, each block once an epoch; a batch mixes
rows of all the blocks of its window, which lie anywhere.  What decides is the number and the
size of the rows alone, so an array in memory, a memory map and a Dask array of the same numbers
are learned from in the same order, however they are chunked.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows of a block, blocks of a window at most and at least, and bytes of a window at most.
BLOCK, MOST, LEAST, BYTES = 1024, 64, 8, 1 << 30


def window(X: Any) -> int:
    """Blocks of a window for rows of an array, by their size."""
    each = math.prod(X.shape[1:]) * X.dtype.itemsize
    return int(np.clip(BYTES // max(1, BLOCK * each), LEAST, MOST))


def shuffled(rows: NDArray[np.intp], blocks: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Row numbers in the order of an epoch; ``blocks`` of them make a window."""
    if len(rows) <= blocks * BLOCK:
        return rng.permutation(rows)
    ordered = np.sort(rows)
    number = int(ordered[-1]) // BLOCK + 1
    bounds = np.searchsorted(ordered, BLOCK * np.arange(number + 1))
    drawn = rng.permutation(number)
    parts = []
    for start in range(0, number, blocks):
        own = [ordered[bounds[b] : bounds[b + 1]] for b in np.sort(drawn[start : start + blocks])]
        parts.append(rng.permutation(np.concatenate(own)))
    return np.concatenate(parts)
