"""Split maps into patches and join them again.

A map is ``(n, H, W, C)``: n pictures (or code maps) of H x W cells with C numbers
each.  A patch is a ``ph x pw`` block of cells, flattened to ``ph * pw * C``::

    (n, H, W, C)  ──split──►  (n, gh, gw, ph*pw*C)  ──join──►  (n, H, W, C)

Without a stride the patches tile the map.  A side that ``patch`` does not divide
gets the most even tiling with patches not larger than asked (8 cells by 7 become
two patches of 4), and what still overhangs repeats the last cell; ``join`` cuts it
off.  With a stride smaller than the patch, patches overlap and ``join`` averages.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tiling(NamedTuple):
    """How one side of a map is cut."""

    size: int  #: cells per patch
    stride: int  #: cells from one patch to the next
    number: int  #: number of patches
    padded: int  #: length of the side after padding


def tiling(length: int, patch: int, stride: int | None = None) -> Tiling:
    """Cut a side of ``length`` cells.

    Raises
    ------
    ValueError
        If a size is not positive or the stride is larger than the patch.

    Examples
    --------
    >>> tiling(28, 7)
    Tiling(size=7, stride=7, number=4, padded=28)
    >>> tiling(8, 7)
    Tiling(size=4, stride=4, number=2, padded=8)
    """
    if length < 1 or patch < 1 or (stride is not None and not 1 <= stride <= patch):
        raise ValueError(f"cannot cut {length} cells by patch={patch}, stride={stride}")
    if stride is None:
        count = -(-length // patch)
        size = -(-length // count)
        return Tiling(size, size, count, size * count)
    size = min(patch, length)
    count = -(-(length - size) // stride) + 1
    return Tiling(size, stride, count, size + stride * (count - 1))


def split(maps: NDArray, patch: int, stride: int | None = None) -> NDArray:
    """Patches of every map, ``(n, gh, gw, ph*pw*C)``."""
    _, height, width, channels = maps.shape
    rows, columns = tiling(height, patch, stride), tiling(width, patch, stride)
    bottom, right = rows.padded - height, columns.padded - width
    if bottom or right:
        maps = np.pad(maps, ((0, 0), (0, bottom), (0, right), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(
        maps, (rows.size, columns.size), axis=(1, 2)
    )[:, :: rows.stride, :: columns.stride]
    patches = windows.transpose(0, 1, 2, 4, 5, 3)
    return patches.reshape(
        len(maps), rows.number, columns.number, rows.size * columns.size * channels
    )


def join(
    patches: NDArray, height: int, width: int, patch: int, stride: int | None = None
) -> NDArray:
    """Maps ``(n, height, width, C)`` from patches; overlaps are averaged."""
    n, gh, gw, length = patches.shape
    rows, columns = tiling(height, patch, stride), tiling(width, patch, stride)
    if (gh, gw) != (rows.number, columns.number) or length % (rows.size * columns.size):
        raise ValueError(f"patches {patches.shape} do not fit a {height} x {width} map")
    channels = length // (rows.size * columns.size)
    blocks = patches.reshape(n, gh, gw, rows.size, columns.size, channels)
    if rows.stride == rows.size and columns.stride == columns.size:
        whole = blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, rows.padded, columns.padded, channels)
        return np.ascontiguousarray(whole[:, :height, :width])
    total = np.zeros((n, rows.padded, columns.padded, channels), patches.dtype)
    count = np.zeros((1, rows.padded, columns.padded, 1), patches.dtype)
    for i in range(gh):
        for j in range(gw):
            place = np.s_[
                :,
                i * rows.stride : i * rows.stride + rows.size,
                j * columns.stride : j * columns.stride + columns.size,
            ]
            total[place] += blocks[:, i, j]
            count[place] += 1
    return np.ascontiguousarray((total / count)[:, :height, :width])
