"""Layers stacked over a map: up from cells to codes, and down again.

::

    level 0   map (n, H, W, C)   ──split──► rows ──layer 0──► codes on a gh x gw grid
    level 1   map (n, gh, gw, c) ──split──► rows ──layer 1──► ...
    top       codes  ──take down──► predicted map below ──...──► (n, H, W, C)

What each level hands up is ``CompetitiveLayer.hand_up``; on the way down a level
turns the vectors its parent predicts into the map below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .layer import CompetitiveLayer, Floats, LayerSpec, RowCodes
from .patches import join, split, tiling

#: Rows a layer handles at a time, so that memory follows the batch and not the data.
ROWS_AT_ONCE = 16384

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Codes:
    """The compact code of pictures: the top level's winners and values.

    Attributes
    ----------
    winners : ndarray (n, gh, gw, k) of int
    weights : ndarray (n, gh, gw, k)
        Competed activations of the winners; each group sums to one.
    values : ndarray (n, gh, gw, k, r)
        Coordinates in each winner's basis.
    """

    winners: NDArray[np.intp]
    weights: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.winners)

    def __getitem__(self, item: slice | NDArray[np.intp]) -> Codes:
        return Codes(self.winners[item], self.weights[item], self.values[item])


class Hierarchy:
    """A stack of layers over maps of one shape.

    Parameters
    ----------
    specs : sequence of LayerSpec
    shape : (H, W, C)
        Shape of the maps at the bottom.

    Attributes
    ----------
    layers : list of CompetitiveLayer
        Bottom first.
    map_shapes : list of (H, W, C)
        Input of each level; known once the level below has started.
    grid_shapes : list of (gh, gw)
        Patches of each level.
    """

    def __init__(self, specs: tuple[LayerSpec, ...], shape: Shape) -> None:
        self.layers = [CompetitiveLayer(spec) for spec in specs]
        self.map_shapes: list[Shape] = [shape]
        self.grid_shapes: list[tuple[int, int]] = []
        self.measure()

    def measure(self) -> None:
        """Recompute the shapes from the layers' present sizes."""
        self.map_shapes, self.grid_shapes = self.map_shapes[:1], []
        for layer in self.layers:
            height, width, _ = self.map_shapes[-1]
            patch, stride = layer.spec.patch, layer.spec.stride
            grid = tiling(height, patch, stride).number, tiling(width, patch, stride).number
            self.grid_shapes.append(grid)
            self.map_shapes.append((*grid, layer.code_length))
        self.map_shapes.pop()

    @property
    def at_once(self) -> int:
        """Pictures to handle at a time, so that memory follows the batch and not the data."""
        return max(1, ROWS_AT_ONCE // max(1, int(np.prod(self.grid_shapes[0]))))

    def work(self, pictures: int) -> int:
        """Multiplications of the largest product that so many pictures take (see ``threads``)."""
        each = (
            int(np.prod(grid)) * layer.m.size * (1 + layer.rank)
            for grid, layer in zip(self.grid_shapes, self.layers, strict=True)
        )
        return min(pictures, self.at_once) * max(each)

    def rows(self, level: int, maps: Floats) -> Floats:
        """Rows ``(n * gh * gw, d)`` of one level's input maps."""
        spec = self.layers[level].spec
        patches = split(maps, spec.patch, spec.stride)
        return patches.reshape(-1, patches.shape[-1])

    def maps(self, level: int, rows: Floats) -> Floats:
        """Inverse of :meth:`rows`."""
        spec = self.layers[level].spec
        height, width, _ = self.map_shapes[level]
        grid = self.grid_shapes[level]
        return join(rows.reshape(-1, *grid, rows.shape[-1]), height, width, spec.patch, spec.stride)

    def encode_level(self, level: int, maps: Floats) -> tuple[RowCodes, Floats]:
        """Codes of one level and the map ``(n, gh, gw, c)`` it hands up."""
        rows = self.rows(level, maps)
        layer = self.layers[level]
        parts = [
            layer.encode(rows[i : i + ROWS_AT_ONCE]) for i in range(0, len(rows), ROWS_AT_ONCE)
        ]
        codes = RowCodes(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        vectors = layer.hand_up(codes)
        return codes, vectors.reshape(-1, *self.grid_shapes[level], vectors.shape[-1])

    def up(self, maps: Floats, levels: int | None = None) -> list[RowCodes]:
        """Codes of the first ``levels`` levels (all by default), bottom first."""
        result = []
        for level in range(len(self.layers) if levels is None else levels):
            codes, maps = self.encode_level(level, maps)
            result.append(codes)
        return result

    def input_of(self, level: int, maps: Floats) -> Floats:
        """Map that a level sees, given the maps at the bottom."""
        for below in range(level):
            maps = self.encode_level(below, maps)[1]
        return maps

    def down(self, level: int, rows: Floats) -> Floats:
        """Maps at the bottom predicted from one level's reconstructed rows."""
        maps = self.maps(level, rows)
        for below in range(level - 1, -1, -1):
            vectors = maps.reshape(-1, maps.shape[-1])
            maps = self.maps(below, self.layers[below].take_down(vectors))
        return maps

    def reconstruct(self, maps: Floats) -> Floats:
        """Maps up to the top level's codes and down again."""
        top, step = len(self.layers) - 1, self.at_once
        parts = [
            self.down(top, self.layers[top].decode(self.up(maps[i : i + step])[top]))
            for i in range(0, len(maps), step)
        ]
        return np.concatenate(parts)

    def decode(self, codes: Codes) -> Floats:
        """Maps ``(n, H, W, C)`` from codes of the top level, in double precision."""
        top, step = len(self.layers) - 1, self.at_once
        parts = [
            self.down(top, self.layers[top].decode(self.unpack(codes[i : i + step]).double()))
            for i in range(0, len(codes), step)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, *self.map_shapes[0]))

    def pack(self, codes: RowCodes) -> Codes:
        """Codes of the top level, arranged on its grid."""
        grid = self.grid_shapes[-1]
        k, r = codes.values.shape[1:]
        n = len(codes.winners) // (grid[0] * grid[1])
        return Codes(
            codes.winners.reshape(n, *grid, k),
            codes.weights.reshape(n, *grid, k),
            codes.values.reshape(n, *grid, k, r),
        )

    def unpack(self, codes: Codes) -> RowCodes:
        """Inverse of :meth:`pack`."""
        k, r = codes.values.shape[-2:]
        n = codes.winners.size // k
        return RowCodes(
            codes.winners.reshape(n, k),
            codes.weights.reshape(n, k),
            codes.values.reshape(n, k, r),
        )
