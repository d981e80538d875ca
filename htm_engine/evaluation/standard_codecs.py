"""JPEG, WebP, AVIF and PNG through Pillow: one file a picture, as people store them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import Cancelled, DataError
from .metrics import psnr
from .rates import RatePoint, flat, measured

CODECS = ("jpeg", "webp", "avif", "png")
#: Qualities worth a point on a curve; PNG has none.
QUALITIES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90)


def codec_bytes(picture: NDArray[np.uint8], codec: str, quality: int = 50) -> bytes:
    """One picture ``(h, w[, 3])`` as a file of a standard codec.

    JPEG and PNG are optimised, WebP takes its slowest method (6), AVIF speed 6.  JPEG, WebP and
    AVIF halve the colours; "avif444" keeps them whole.  Grey pictures stay grey in JPEG and
    PNG; WebP and AVIF store them as colour without any.

    Raises
    ------
    DataError
        If there is no such codec.
    """
    image, stream = Image.fromarray(picture), io.BytesIO()
    if codec == "jpeg":
        image.save(stream, "JPEG", quality=quality, optimize=True)
    elif codec == "webp":
        image.save(stream, "WEBP", quality=quality, method=6)
    elif codec == "avif":
        image.save(stream, "AVIF", quality=quality, speed=6)
    elif codec == "avif444":
        image.save(stream, "AVIF", quality=quality, speed=6, subsampling="4:4:4")
    elif codec == "png":
        image.save(stream, "PNG", optimize=True)
    else:
        raise DataError(f"no codec {codec!r}; there are {', '.join(CODECS)}")
    return stream.getvalue()


def codec_decode(data: bytes, like: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Picture of a file that :func:`codec_bytes` wrote, grey if ``like`` is."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("L" if like.ndim == 2 else "RGB"))


def codec_curve(
    pictures: NDArray[np.uint8],
    codec: str,
    qualities: Sequence[int] = QUALITIES,
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[RatePoint]:
    """Mean true file bytes and error over pictures at qualities, a point at a time."""
    for quality in (0,) if codec == "png" else qualities:
        size, decoded = 0, np.empty_like(pictures)
        for index, picture in enumerate(pictures):
            if should_stop is not None and should_stop():
                raise Cancelled("The comparison was stopped.")
            data = codec_bytes(picture, codec, quality)
            size, decoded[index] = size + len(data), codec_decode(data, picture)
        yield measured(codec.upper(), "quality", quality, size, pictures, flat(decoded))


def codec_at_bytes(picture: NDArray[np.uint8], codec: str, target: int) -> tuple[bytes, int | None]:
    """File of the best quality that is not above ``target`` bytes, and that quality.

    If even quality 1 is larger, that file is returned and the quality is None.
    """
    smallest = codec_bytes(picture, codec, 1)
    if len(smallest) > target or codec == "png":
        return smallest, None
    low, high, best = 1, 100, smallest
    while low < high:
        middle = (low + high + 1) // 2
        data = codec_bytes(picture, codec, middle)
        if len(data) <= target:
            low, best = middle, data
        else:
            high = middle - 1
    return best, low


def codec_at_psnr(picture: NDArray[np.uint8], codec: str, decibels: float) -> int | None:
    """Bytes of a codec's smallest file that is no further than a PSNR from the picture.

    By bisection over its qualities, on which PSNR rises; None where even quality 100 stays below.
    """

    def size_of(quality: int) -> int | None:
        data = codec_bytes(picture, codec, quality)
        return len(data) if psnr(picture, codec_decode(data, picture), 255) >= decibels else None

    low, high, best = 1, 100, size_of(100)
    while best is not None and low < high:
        middle = (low + high) // 2
        size = size_of(middle)
        if size is None:
            low = middle + 1
        else:
            high, best = middle, size
    return best
