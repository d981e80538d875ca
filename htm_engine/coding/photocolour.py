"""A photograph's planes: luma and two colour differences, in whole numbers both ways.

``Y = .299 R + .587 G + .114 B``, ``Cb = (B - Y) / 1.772 + 128``, ``Cr = (R - Y) / 1.402 +
128``, in 1/16 of a grey level.  Planes are padded with their last row and column to whole
squares of 16x16; colour may be halved both ways (means of four, and back by weights of 3
and 1 sixteenths and their products).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .photounits import SAMPLE_BITS, TOP

_HALF = 1 << 15


def planes(picture: NDArray[np.uint8], halved: bool) -> list[NDArray[np.int32]]:
    """Planes of a picture ``(h, w)`` or ``(h, w, 3)``, padded; one, or three."""
    height, width = picture.shape[:2]
    padding = ((0, -height % 16), (0, -width % 16))
    if picture.ndim == 2:
        return [np.pad(picture, padding, mode="edge").astype(np.int32) << SAMPLE_BITS]
    full = np.pad(picture, (*padding, (0, 0)), mode="edge").astype(np.int64) << SAMPLE_BITS
    red, green, blue = full[..., 0], full[..., 1], full[..., 2]
    luma = (19595 * red + 38470 * green + 7471 * blue + _HALF) >> 16
    grey = 128 << SAMPLE_BITS
    cb = (((blue - luma) * 36984 + _HALF) >> 16) + grey
    cr = (((red - luma) * 46745 + _HALF) >> 16) + grey
    found = [np.clip(plane, 0, TOP).astype(np.int32) for plane in (luma, cb, cr)]
    return [found[0], *(half(plane) for plane in found[1:])] if halved else found


def picture_of(
    found: list[NDArray[np.int32]], height: int, width: int, halved: bool
) -> NDArray[np.uint8]:
    """Picture ``(height, width[, 3])`` of planes."""
    parts = [found[0]] + [doubled(plane) if halved else plane for plane in found[1:]]
    cut = [plane[:height, :width].astype(np.int64) for plane in parts]
    if len(cut) == 1:
        return _grey_levels(cut[0] << 16)
    luma, grey = cut[0] << 16, 128 << SAMPLE_BITS
    cb, cr = cut[1] - grey, cut[2] - grey
    red, blue = luma + 91881 * cr, luma + 116130 * cb
    green = luma - 22553 * cb - 46802 * cr
    return np.stack([_grey_levels(red), _grey_levels(green), _grey_levels(blue)], axis=-1)


def half(plane: NDArray[np.int32]) -> NDArray[np.int32]:
    """Means of two by two samples."""
    total = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    return np.ascontiguousarray((total + 2) >> 2)


def doubled(plane: NDArray[np.int32]) -> NDArray[np.int32]:
    """Twice as many samples both ways, each near one 3/4 of it and 1/4 of the next."""
    for axis in (0, 1):
        around = np.concatenate([plane.take([0], axis), plane, plane.take([-1], axis)], axis)
        count = plane.shape[axis]
        before = around.take(range(count), axis)
        after = around.take(range(2, count + 2), axis)
        stacked = np.stack([3 * plane + before, 3 * plane + after], axis + 1)
        shape = list(plane.shape)
        shape[axis] = 2 * count
        plane = stacked.reshape(shape)
    return (plane + 8) >> 4


def _grey_levels(value: NDArray[np.int64]) -> NDArray[np.uint8]:
    rounded = (value + (1 << (15 + SAMPLE_BITS))) >> (16 + SAMPLE_BITS)
    return np.clip(rounded, 0, 255).astype(np.uint8)
