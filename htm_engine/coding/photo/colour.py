"""A photograph's planes: luma and two colour differences, in whole numbers both ways.

``Y = .299 R + .587 G + .114 B``, ``Cb = (B - Y) / 1.772 + 128``, ``Cr = (R - Y) / 1.402 +
128``, in 1/16 of a grey level.  Planes are padded with their last row and column to whole
squares of 16x16; colour may be halved both ways (means of four, and back by weights of 3
and 1 sixteenths and their products).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..threads import each
from .units import SAMPLE_BITS, TOP

Whole = TypeVar("Whole", bound=np.integer)

_HALF = 1 << 15
#: Rows worked on at a time, so that wide numbers take little room.
_STRIP = 64
#: Samples below which a second thread takes longer to start than it saves.
_SMALL = 1 << 16


def planes(picture: NDArray[np.uint8], halved: bool) -> list[NDArray[np.int32]]:
    """Planes of a picture ``(h, w)`` or ``(h, w, 3)``, padded; one, or three."""
    full = extended(picture, 0, *(-side % 16 for side in picture.shape[:2]))
    if full.ndim == 2:
        return [full.astype(np.int32) << SAMPLE_BITS]
    found = [np.empty(full.shape[:2], np.int32)]
    part = 2 if halved else 1
    small = (full.shape[0] // part, full.shape[1] // part)
    found += [np.empty(small, np.int32), np.empty(small, np.int32)]
    grey = 128 << SAMPLE_BITS
    for y in range(0, len(full), _STRIP):
        wide = full[y : y + _STRIP].astype(np.int64) << SAMPLE_BITS
        red, green, blue = wide[..., 0], wide[..., 1], wide[..., 2]
        luma = (19595 * red + 38470 * green + 7471 * blue + _HALF) >> 16
        cb = (((blue - luma) * 36984 + _HALF) >> 16) + grey
        cr = (((red - luma) * 46745 + _HALF) >> 16) + grey
        found[0][y : y + _STRIP] = np.clip(luma, 0, TOP)
        for plane, strip in zip(found[1:], (cb, cr), strict=True):
            kept = np.clip(strip, 0, TOP)
            plane[y // part : (y + _STRIP) // part] = half(kept) if halved else kept
    return found


def extended(plane: NDArray[Whole], before: int, below: int, beside: int) -> NDArray[Whole]:
    """A plane with its edges repeated, ``before`` above and to the left; as ``np.pad`` does.

    That one takes longer for a picture of 28x28 than all that is done to it here.
    """
    high, wide = plane.shape[:2]
    rows = np.clip(np.arange(-before, high + below), 0, high - 1)
    columns = np.clip(np.arange(-before, wide + beside), 0, wide - 1)
    return plane.take(rows, 0).take(columns, 1)


def picture_of(
    found: list[NDArray[np.int32]], height: int, width: int, halved: bool
) -> NDArray[np.uint8]:
    """Picture ``(height, width[, 3])`` of planes."""
    parts = whole_planes(found, halved)
    out = np.empty((height, width) if len(parts) == 1 else (height, width, 3), np.uint8)
    grey = 128 << SAMPLE_BITS

    def strip(y: int) -> None:
        cut = [plane[y : min(y + _STRIP, height), :width].astype(np.int64) for plane in parts]
        luma, rows = cut[0] << 16, out[y : y + _STRIP]
        if len(cut) == 1:
            rows[:] = _grey_levels(luma)
            return
        cb, cr = cut[1] - grey, cut[2] - grey
        rows[..., 0] = _grey_levels(luma + 91881 * cr)
        rows[..., 1] = _grey_levels(luma - 22553 * cb - 46802 * cr)
        rows[..., 2] = _grey_levels(luma + 116130 * cb)

    each(strip, range(0, height, _STRIP))
    return out


def whole_planes(found: list[NDArray[np.int32]], halved: bool) -> list[NDArray[np.int32]]:
    """Planes of full size."""
    if not halved:
        return list(found)
    small = found[0].size < _SMALL
    return [found[0], *(map(doubled, found[1:]) if small else each(doubled, found[1:]))]


def half(plane: NDArray) -> NDArray[np.int32]:
    """Means of two by two samples."""
    total = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    return np.ascontiguousarray((total + 2) >> 2).astype(np.int32)


def doubled(plane: NDArray[np.int32]) -> NDArray[np.int32]:
    """Twice as many samples both ways, each near one 3/4 of it and 1/4 of the next."""
    for axis in (0, 1):
        count = plane.shape[axis]
        shape = list(plane.shape)
        shape[axis] = 2 * count
        out = np.empty(shape, np.int32)
        here, far = np.moveaxis(plane, axis, 0), np.moveaxis(out, axis, 0)
        before = here[np.maximum(np.arange(count) - 1, 0)]
        far[::2] = 3 * here + before
        del before
        after = here[np.minimum(np.arange(count) + 1, count - 1)]
        far[1::2] = 3 * here + after
        plane = out
    return (plane + 8) >> 4


def halving_loss(picture: NDArray[np.uint8]) -> float:
    """What halving the colour of a picture ``(h, w, 3)`` loses: squares of 1/16 a pixel."""
    total, count = 0.0, 0
    for y in range(0, len(picture), _STRIP):
        for plane in planes(picture[y : y + _STRIP], False)[1:]:
            error = (plane - doubled(half(plane))).astype(np.float32)
            total += float(np.square(error).sum(dtype=np.float64))
        count += plane.size
    return total / count


def _grey_levels(value: NDArray[np.int64]) -> NDArray[np.uint8]:
    rounded = (value + (1 << (15 + SAMPLE_BITS))) >> (16 + SAMPLE_BITS)
    return np.clip(rounded, 0, 255).astype(np.uint8)
