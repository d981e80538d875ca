"""What learning to draw needs of all pictures, gathered a block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.hierarchy import Hierarchy
from .tables import Floats, Ints

#: Numbers of pictures looked at for the quantiles.
MOST_NUMBERS = 1 << 23
#: Cells that the gate and the regressions learn from, a block more or less.
CELLS = 1 << 18


class Gathered:
    """What learning needs of all blocks."""

    def __init__(self, h: Hierarchy) -> None:
        self.h, self.pictures = h, 0
        self.noise: Floats = np.zeros(int(np.prod(h.map_shapes[0])))
        self.levels = [
            level
            for level in range(len(h.layers) - 1)
            if h.layers[level].rank and h.layers[level].winners_kept == 1
        ]
        self._parts: dict[int, list[tuple[NDArray[Any], ...]]] = {n: [] for n in self.levels}
        self._tops: list[Ints] = []
        self._values: list[Floats] = []
        self._flats: list[NDArray[np.float32]] = []

    def add(self, maps: Floats) -> None:
        """Look at one block."""
        h, top = self.h, len(self.h.layers) - 1
        flat = maps.reshape(len(maps), -1)
        room = (MOST_NUMBERS - sum(part.size for part in self._flats)) // flat.shape[1]
        if room > 0 or not self._flats:
            self._flats.append(flat[: max(1, room)].astype(np.float32))
        self.pictures += len(maps)
        codes = h.up(maps)
        self._tops.append(codes[-1].winners[:, 0])
        self._values.append(codes[-1].values[:, 0])
        decoded = h.down(top, h.layers[-1].decode(codes[-1])).reshape(flat.shape)
        self.noise += ((flat - decoded) ** 2).sum(0, dtype=np.float64)
        for level in self.levels:
            if sum(len(part[0]) for part in self._parts[level]) >= CELLS:
                continue
            above = h.layers[level + 1].decode(codes[level + 1])
            predicted = h.maps(level + 1, above)
            came = h.layers[level].hand_up(codes[level]).reshape(predicted.shape)
            self._parts[level].append(_cells(predicted, came, codes[level]))

    def close(self) -> None:
        """Put the blocks together."""
        self.winners, self.values = np.concatenate(self._tops), np.concatenate(self._values)
        self.flat = np.concatenate(self._flats)
        self.cells = {
            level: [np.concatenate(each) for each in zip(*part, strict=True)]
            for level, part in self._parts.items()
        }


def _cells(predicted: Floats, came: Floats, codes: Any) -> tuple[Floats, ...]:
    """Prediction, residual left and above, winner and values of every cell, in reading order."""
    residual = np.pad(came - predicted, ((0, 0), (1, 0), (1, 0), (0, 0)))
    c = predicted.shape[-1]
    return (
        predicted.reshape(-1, c).astype(np.float32),
        residual[:, 1:, :-1].reshape(-1, c).astype(np.float32),
        residual[:, :-1, 1:].reshape(-1, c).astype(np.float32),
        codes.winners[:, 0],
        codes.values[:, 0].astype(np.float32),
    )
