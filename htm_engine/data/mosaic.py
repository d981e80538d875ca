"""One large picture as many small ones, and back.

A network reads pictures of one size.  A larger picture is cut into tiles of that size,
row by row, and the tiles are coded like any collection; what overhangs at the right and
below repeats the last pixel and is cut off again::

    (H, W[, 3])  ──cut──►  (n, h, w[, 3])  ──assemble──►  (H, W[, 3])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError


def tile_grid(height: int, width: int, tile: tuple[int, int]) -> tuple[int, int]:
    """Number of tiles down and across.

    >>> tile_grid(100, 64, (32, 32))
    (4, 2)
    """
    return -(-height // tile[0]), -(-width // tile[1])


def cut(picture: NDArray[np.uint8], tile: tuple[int, int]) -> NDArray[np.uint8]:
    """Tiles of a picture, row by row.

    Parameters
    ----------
    picture : ndarray (H, W) or (H, W, 3)
    tile : (height, width)
    """
    height, width = picture.shape[:2]
    down, across = tile_grid(height, width, tile)
    beyond = [(0, down * tile[0] - height), (0, across * tile[1] - width)]
    padded = np.pad(picture, beyond + [(0, 0)] * (picture.ndim - 2), mode="edge")
    blocks = padded.reshape(down, tile[0], across, tile[1], *picture.shape[2:])
    return np.ascontiguousarray(
        blocks.swapaxes(1, 2).reshape(down * across, *tile, *picture.shape[2:])
    )


def assemble(tiles: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Inverse of :func:`cut`.

    Raises
    ------
    DataError
        If the number of tiles is not that of a picture of this size.
    """
    tile = tiles.shape[1:3]
    down, across = tile_grid(height, width, (tile[0], tile[1]))
    if len(tiles) != down * across:
        raise DataError(f"{len(tiles)} tiles do not make a picture of {height} x {width}.")
    blocks = tiles.reshape(down, across, *tiles.shape[1:]).swapaxes(1, 2)
    whole = blocks.reshape(down * tile[0], across * tile[1], *tiles.shape[3:])
    return np.ascontiguousarray(whole[:height, :width])
