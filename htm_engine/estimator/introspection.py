"""What a fitted hierarchy shows of itself: winners, activations, receptive fields."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ..model.hierarchy import Hierarchy
from ..model.layer import Floats
from ..model.threads import bounded
from .inputs import MapInputs


class LookInside(MapInputs):
    """A mixin of ``HTM``; changes nothing."""

    def winners(self, X: Any) -> list[NDArray[np.intp]]:
        """Strongest unit of every patch, a level each, bottom first: ``(n, gh, gw)``."""
        X = self.read(X)
        h = self.hierarchy_
        with bounded(h.work(len(X))):
            blocks = [h.up(maps) for maps in self.blocks(X)]
        return [
            np.concatenate([b[level].winners[:, 0] for b in blocks]).reshape(
                -1, *h.grid_shapes[level]
            )
            for level in range(len(h.layers))
        ]

    def activations(self, X: Any, level: int = -1) -> Floats:
        """Share of every unit in the competition at one level, ``(n, gh, gw, K)``."""
        X = self.read(X)
        h = self.hierarchy_
        level = range(len(h.layers))[level]
        layer = h.layers[level]
        with bounded(h.work(len(X))):
            parts = [
                layer.responsibilities(h.rows(level, h.input_of(level, maps)))
                for maps in self.blocks(X)
            ]
        shares = np.concatenate(parts).astype(np.float32)
        return shares.reshape(len(X), *h.grid_shapes[level], layer.units)

    def features(self, X: Any, level: int = -1, grid: int = 4) -> Floats:
        """Activations as features for a classifier, ``(n, grid * grid * K)``.

        Means over ``grid x grid`` regions of the map, then the square root, under which
        Euclidean distance compares shares (Hellinger).  A map smaller than the grid
        keeps its own cells.

        Raises
        ------
        ValueError
            If ``grid`` is not positive.
        """
        if grid < 1:
            raise ValueError(f"grid must be positive, got {grid!r}")
        parts = []
        for start in range(0, len(X), 512):
            shares = self.activations(X[start : start + 512], level)
            _, height, width, units = shares.shape
            rows = np.array_split(np.arange(height), min(grid, height))
            columns = np.array_split(np.arange(width), min(grid, width))
            regions = [
                shares[:, row[0] : row[-1] + 1, column[0] : column[-1] + 1].mean((1, 2))
                for row in rows
                for column in columns
            ]
            parts.append(np.sqrt(np.stack(regions, 1).reshape(len(shares), -1)))
        return np.concatenate(parts)

    def receptive_fields(self, level: int) -> Floats:
        """Every unit's prototype decoded down to the cells it looks at, ``(K, h, w, c)``."""
        check_is_fitted(self)
        return self.as_pictures(level, self.hierarchy_.layers[level].m)

    def as_pictures(self, level: int, rows: NDArray[np.floating]) -> Floats:
        """Rows of one level's input decoded down to the cells of a patch, ``(n, h, w, c)``."""
        check_is_fitted(self)
        h = self.hierarchy_
        level = range(len(h.layers))[level]
        # The part of the stack up to this level, over a map that one row fills alone.
        part = Hierarchy(tuple(layer.spec for layer in h.layers[: level + 1]), h.map_shapes[0])
        part.layers = h.layers[: level + 1]
        part.measure()
        grid = part.grid_shapes[level]
        maps = part.down(level, np.repeat(rows, grid[0] * grid[1], axis=0))
        return maps[:, : -(-maps.shape[1] // grid[0]), : -(-maps.shape[2] // grid[1])]
