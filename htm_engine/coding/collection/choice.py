"""Which form a file takes: blocks, or what the network predicts with its own residual.

In blocks every picture ends with a byte of its own and has a place in an index, which is much
where a picture takes a few bytes in all: small ones, at low quality, of a network that knows
them.  Some pictures are coded both ways, and distortion and rate decide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..photo.planes import trade_of
from .blocks import STEPS, BlockCoder
from .coder import CollectionCoder
from .index import together

#: Pictures that are coded both ways.
_TRIED = 48


def smaller_in_blocks(
    coder: CollectionCoder, blocks: BlockCoder, maps: NDArray[np.floating], quality: int
) -> bool:
    """Whether blocks cost less, by distortion plus lambda times rate, on the first pictures."""
    some, level = maps[:_TRIED], quality - 1
    original, count = 255 * some.astype(np.float64), len(some)
    coded = coder.encode(some, quality)
    assert coded.tiles is not None
    bits = float(coded.top_bits.sum() + coded.tiles.bits.sum())
    lost = float(((original - coder.decode(coded, quality)) ** 2).sum())
    halved = blocks.is_halved(some, level)
    parts = [part for some_parts in blocks.encode(some, level, halved) for part in some_parts]
    payload = together(parts)
    back = blocks.decode(payload, count, level, halved, range(count))
    pictures = np.stack([one.picture.reshape(some.shape[1:]) for one in back])
    lost_in_blocks = float(((original - pictures) ** 2).sum())
    price = trade_of(STEPS[level]) * (STEPS[level] / 16) ** 2
    return lost_in_blocks + price * 8 * len(payload) < lost + price * bits
