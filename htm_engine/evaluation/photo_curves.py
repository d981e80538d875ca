"""Rate against distortion of one photograph: the photo codec beside those of the web.

::

    picture ──► middle part, where it is large ──► every codec at every quality ──► RatePoint

A point at a time, so that a page can draw them as they come, and leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..coding.photo.codec import compress_image, decompress_image
from . import metrics
from .comparison import jpeg2000, too_long
from .rates import RatePoint
from .standard_codecs import codec_bytes, codec_decode

if TYPE_CHECKING:
    from ..coding.photo.model import PhotoModel

Pixels = NDArray[np.uint8]
#: Side of the part of a picture that is measured at most.
MOST_SIDE = 512
#: Qualities of ours, and about as many bits a pixel by others: label, codec, qualities.
QUALITIES = (5, 20, 35, 50, 65, 80, 95)
OTHERS = (
    ("JPEG", "jpeg", (5, 15, 30, 50, 70, 85, 94)),
    ("WebP", "webp", (3, 15, 35, 60, 80, 90, 96)),
    ("AVIF", "avif444", (15, 30, 45, 55, 65, 75, 86)),
)
#: Raw bytes to file of JPEG 2000.
RATIOS = (150.0, 80.0, 45.0, 25.0, 14.0, 9.0, 6.0)


def middle(picture: Pixels) -> Pixels:
    """The part of a picture that is measured, without its alpha."""
    if picture.ndim == 3:
        picture = picture[..., 0] if picture.shape[2] < 3 else picture[..., :3]
    y, x = (max(0, size - MOST_SIDE) // 2 for size in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + MOST_SIDE, x : x + MOST_SIDE])


def photo_curves(
    picture: Pixels, model: PhotoModel | None = None, tune: str = "psnr", effort: str = "fast"
) -> Iterator[tuple[float, RatePoint]]:
    """The part done and a point, from few bytes to many of every codec in turn.

    Parameters
    ----------
    picture : uint8 array (h, w), (h, w, 2), (h, w, 3) or (h, w, 4)
        At most 512x512 from its middle are measured, by their true file bytes.
    model, tune, effort
        As in :func:`compress_image`.
    """
    part = middle(picture)
    tries: list[tuple[str, str, float, Callable[[], bytes]]] = []
    for level, quality in enumerate(QUALITIES):
        write = partial(compress_image, part, quality, model, tune=tune, effort=effort)
        tries.append(("HTM", "quality", quality, write))
        for label, codec, qualities in OTHERS:
            if label not in too_long(part):
                their = qualities[level]
                tries.append((label, "quality", their, partial(codec_bytes, part, codec, their)))
        ratio = RATIOS[level]
        tries.append(("JPEG 2000", "ratio", ratio, partial(jpeg2000, part, ratio)))
    for done, (label, knob, value, make) in enumerate(tries, 1):
        data = make()
        back = decompress_image(data, model) if label == "HTM" else codec_decode(data, part)
        error = float(np.mean((back / 255 - part / 255) ** 2))
        yield (
            done / len(tries),
            RatePoint(label, knob, value, len(data), error, metrics.psnr_of(error)),
        )
