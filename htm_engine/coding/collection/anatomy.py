"""What a collection file is made of: where its bits go, and what each part draws.

The decoder's own steps, kept apart::

    file ──► top winners, top values ──► prediction
         └─► tile winners, tile values ─► residual        picture = prediction + residual

Lengths are ideal ones under the tables the coder used; together with the header they
differ from the file by a rounding of at most a few bytes, which stands with the header.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..photo.neighbours import Plane
from ..rangecoder import index_bits
from . import residual_units
from .blocks import Read
from .codec import CollectionInfo, Model, open_collection, read_blocks
from .coder import Coded, CollectionCoder
from .quantise import bits_of_values
from .values import ideal_bits, no_features


@dataclass(frozen=True)
class Budget:
    """Bytes of a file by what they hold."""

    top_winners: float  #: which unit of the top level explains the picture
    top_values: float  #: where in that unit's subspace it lies
    tile_winners: float  #: which unit explains what is left of each tile, or none
    tile_values: float  #: and with which values
    header: float  #: header, checksum and rounding

    @property
    def total(self) -> float:
        """All bytes of the file."""
        return sum((self.top_winners, self.top_values, self.tile_winners, self.tile_values)) + (
            self.header
        )


@dataclass(frozen=True, eq=False)
class Anatomy:
    """An opened file.

    Attributes
    ----------
    pictures : ndarray of uint8 (n, H, W, C)
        What comes back.
    prediction : ndarray of uint8 (n, H, W, C)
        What the top level alone draws.
    residual : ndarray of int16 (n, H, W, C)
        What the rest of the file changes in it, in levels of 255.
    top_winners : ndarray (n, gh, gw)
        Units of the top level.
    tile_winners : ndarray (n, H, W)
        Residual unit of every cell's tile, -1 where the prediction was good enough.
    tiles : (int, int)
        Tiles down and across one picture.
    """

    info: CollectionInfo
    pictures: NDArray[np.uint8]
    prediction: NDArray[np.uint8]
    residual: NDArray[np.int16]
    top_winners: NDArray[np.int64]
    tile_winners: NDArray[np.int64]
    tiles: tuple[int, int]
    budget: Budget


def dissect(data: bytes, model: Model) -> Anatomy:
    """Open a file and keep its parts apart.

    Raises
    ------
    FormatError, ModelMismatchError, DataError
        As ``decompress_collection``.
    """
    coder, container, info = open_collection(data, model)
    if info.in_blocks:
        return _in_blocks(
            list(read_blocks(coder, container, info, range(info.pictures))), coder, info
        )
    coded = coder.read(bytes(container.payload), info.pictures, info.quality, info.surprise)
    pictures = coder.decode(coded, info.quality)
    alone = coder.decode(
        Coded(coded.winners, coded.weights, coded.q, None, coded.top_bits), info.quality
    )
    grid = coder.hierarchy.grid_shapes[-1]
    return Anatomy(
        info,
        pictures,
        alone,
        pictures.astype(np.int16) - alone,
        coded.winners[:, 0].reshape(info.pictures, *grid),
        _cells(coder, coded.tiles, pictures.shape[:3]),
        coder.units.grid,
        _budget(coder, coded, info, len(data)),
    )


def _in_blocks(parts: list[Read], coder: CollectionCoder, info: CollectionInfo) -> Anatomy:
    """The same of a file in blocks; where the network's prediction is not used, it is grey."""
    height, width, channels = coder.hierarchy.map_shapes[0]
    shape, grid = (height, width, channels), coder.hierarchy.grid_shapes[-1]
    pictures = np.stack([part.picture.reshape(shape) for part in parts])
    known = [part.told.prediction for part in parts]
    prediction = np.stack(
        [np.full(shape, 128, np.uint8) if one is None else one.reshape(shape) for one in known]
    )
    none = np.full(int(np.prod(grid)), -1, np.int64)
    tops = [part.told.winners if part.told.fineness else none for part in parts]
    cost = sum((part.cost for part in parts), np.zeros((4, 4))) / 8
    values = float(cost[3, 0] - cost[3, 1])
    units = float(cost[:3, 1].sum() + cost[:3, 3].sum())
    known_bytes = (float(cost[3, 1]), values, units, float(cost[:3, 0].sum()) - units)
    return Anatomy(
        info,
        pictures,
        prediction,
        pictures.astype(np.int16) - prediction,
        np.stack(tops).reshape(len(parts), *grid),
        np.stack([_blocks(part.found[0], (height, width)) for part in parts]),
        (-(-height // 8), -(-width // 8)),
        Budget(*known_bytes, info.size - sum(known_bytes)),
    )


def _blocks(luma: Plane, sides: tuple[int, int]) -> NDArray[np.int64]:
    """Number of the unit that won every sample of luma, -1 where it was told nothing more."""
    silent = luma.energy[1:, 1:-1] == 0
    cells = np.where(silent, -1, luma.unit[1:, 1:-1].astype(np.int64))
    return np.repeat(np.repeat(cells, 8, 0), 8, 1)[: sides[0], : sides[1]]


def _cells(
    coder: CollectionCoder, tiles: residual_units.Tiles | None, shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """Winner of every cell, by drawing each tile in one colour, the number of its unit."""
    if tiles is None:
        return np.full(shape, -1, np.int64)
    units = coder.units
    flat = residual_units.ResidualUnits(units.bases, units.patch, (*units.shape[:2], 1))
    length = flat.split(np.zeros((1, *flat.shape), np.float32)).shape[-1]
    painted = np.repeat((tiles.winners[:, :, None] - 1).astype(np.float64), length, 2)
    return flat.join(painted)[..., 0].astype(np.int64)


def _budget(coder: CollectionCoder, coded: Coded, info: CollectionInfo, size: int) -> Budget:
    top = coder.top[info.quality - 1]
    positions = len(coded.winners) // info.pictures
    place = np.tile(np.arange(positions), info.pictures)
    rates = index_bits(top.counts)
    winners = sum(float(rates[place, unit].sum()) for unit in coded.winners.T)
    if coded.winners.shape[1] > 1:
        off = coded.weights - coder.usual_weights()
        values = bits_of_values(off, np.broadcast_to(top.weights, off.shape))
    else:
        blank = no_features(len(coded.q))
        values = ideal_bits(coded.q, coded.winners[:, 0], top.values, blank)
    tile_winners = tile_values = 0.0
    if coded.tiles is not None:
        tile_winners, tile_values = coder.units.lengths(
            coded.tiles, coder.lively(coded, info.quality), coder.low[info.quality - 1]
        )
    known = [part / 8 for part in (winners, values, tile_winners, tile_values)]
    return Budget(known[0], known[1], known[2], known[3], size - sum(known))
