"""The top level of a network as the coder of blocks asks for it: what it is told, what it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...model.hierarchy import Hierarchy, Shape
from .fixed import to_bytes
from .quantise import step_of
from .values import Int

if TYPE_CHECKING:
    from .coder import CollectionCoder


def block_shape(hierarchy: Hierarchy) -> tuple[Shape, int]:
    """Shape of a network's maps, and positions of its top level."""
    height, width, channels = hierarchy.map_shapes[0]
    return (height, width, channels), int(np.prod(hierarchy.grid_shapes[-1]))


class TopLevel:
    """A network's codes by the tables of its own coder."""

    def __init__(self, coder: CollectionCoder) -> None:
        self.coder = coder

    def told(
        self, maps: NDArray[np.floating], fineness: int
    ) -> tuple[Int, NDArray[np.int16], NDArray[np.float32]]:
        """Winners, values, and bits of pictures, as fine as at that quality."""
        coded, n = self.coder.encode(maps, fineness, False), len(maps)
        q = np.clip(coded.q, -32767, 32767).astype(np.int16)
        return (
            coded.winners.reshape(n, -1),
            q.reshape(n, coded.winners.size // n, q.shape[1]),
            coded.top_bits,
        )

    def predicted(
        self, winners: Int, values: NDArray[np.int16], fineness: int
    ) -> NDArray[np.uint8]:
        """What the network draws of them, the same on any machine."""
        index = winners.reshape(-1, 1)
        q = values.reshape(len(index), values.shape[2]).astype(np.int32)
        weights = np.full_like(index, 32)
        return to_bytes(self.coder.fixed.predict(index, weights, q, step_of(fineness)))
