"""What a photograph's file is made of: winners, sizes of blocks, and where its bits went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...files import bytes_of
from .codec import model_of
from .format import ALPHA, LOSSLESS, opened
from .model import PhotoModel
from .neighbours import FOURTH, PARENT, PART, WHOLE
from .planes import read_planes

#: Names of the planes.
PLANES = ("Y", "Cb", "Cr")


@dataclass(frozen=True)
class PhotoMap:
    """A file looked into; maps have a cell for every 8x8 samples of a plane.

    Attributes
    ----------
    units : list of ndarray of int (h, w)
        The winner of every block, among those of its plane and size; of four quarters, the last.
    sides : list of ndarray of int (h, w)
        Side of the block that a cell belongs to, or of the blocks in it: 4, 8, 16 or 32.
    bits : list of ndarray of float (h, w)
        Bits spent on it; a larger block's are shared out.
    parts : dict of str to float
        Bytes by what they say: "header", "alpha", "metadata", "squares", and of each plane
        "units Y", "counts Y" (how many levels there are), "levels Y".  They add up to the file,
        but for what the arithmetic code itself costs.
    size : int
        Bytes of the file.
    """

    units: list[NDArray[np.int64]]
    sides: list[NDArray[np.int64]]
    bits: list[NDArray[np.float64]]
    parts: dict[str, float]
    size: int


def look_into_image(data: bytes | memoryview, model: PhotoModel | None = None) -> PhotoMap:
    """Winners, sizes of blocks, and where the bits of a file went.

    Raises
    ------
    FormatError, ModelMismatchError
        As :func:`decompress_image`.
    """
    data = bytes_of(data)
    header = opened(data)
    outside = len(data) - len(header.coded) - len(header.alpha) - len(header.metadata)
    parts: dict[str, float] = {"header": outside}
    if header.form & ALPHA:
        parts["alpha"] = len(header.alpha)
    if header.metadata:
        parts["metadata"] = len(header.metadata)
    if header.form & LOSSLESS:
        parts["pixels"] = len(header.coded)
        return PhotoMap([], [], [], parts, len(data))
    cost = np.zeros((3, 4))
    found = read_planes(header, model_of(header, model), cost)
    units, sides, bits = [], [], []
    parts["squares"] = cost[0, 3] / 8
    for channel, plane in enumerate(found):
        whole, winners, counts, splits = cost[channel] / 8
        name = PLANES[channel]
        parts[f"units {name}"], parts[f"counts {name}"] = winners, counts
        parts[f"levels {name}"] = whole - winners - counts - splits
        winner = plane.unit[1:, 1:-1].astype(np.int64)
        side = np.full(plane.coded.shape, 8)
        if channel == 0:
            split = np.kron(plane.split[::2, ::2], np.ones((2, 2), np.uint8))
            side[split == WHOLE], side[split == PART] = 16, 32
            side[plane.quarter == 1] = 4
        first = np.where(side > 8, PARENT, np.where(side == 4, FOURTH, 0))
        units.append(winner - first)
        sides.append(side)
        bits.append(plane.bits.astype(np.float64))
    return PhotoMap(units, sides, bits, parts, len(data))
