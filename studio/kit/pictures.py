"""Arrays to PNG files: one picture, or many on a sheet with labels.

Everything is enlarged by whole numbers without smoothing, so that every cell of the array
is seen as one square.  Floats are read as 0..1, bytes as they are.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Bytes = NDArray[np.uint8]

#: Mid grey: labels and gaps have to read on a light and on a dark page alike.
_INK = (125, 125, 125, 255)
_LABEL_SIZE = 13
#: Pixels that a picture is enlarged to at most, however narrow it is.
_TALLEST = 1600


def as_bytes(picture: NDArray[Any]) -> Bytes:
    """Picture as uint8 ``(h, w, 3)``; floats are clipped to 0..1 first.

    >>> as_bytes(np.array([[0.0, 2.0]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    if picture.dtype != np.uint8:
        picture = np.rint(np.clip(np.nan_to_num(picture), 0, 1) * 255).astype(np.uint8)
    if picture.ndim == 2:
        picture = picture[..., None]
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def enlarge(picture: NDArray[Any], side: int) -> Bytes:
    """Repeat cells by the largest whole number that keeps the longer edge within ``side``."""
    pixels = as_bytes(picture)
    factor = max(1, side // max(pixels.shape[:2]))
    return np.repeat(np.repeat(pixels, factor, 0), factor, 1)


def png(picture: NDArray[Any], side: int = 0) -> bytes:
    """One picture as a PNG file, enlarged towards ``side`` pixels if that is given."""
    return _file(Image.fromarray(enlarge(picture, side)))


def sized(picture: NDArray[Any], width: int) -> tuple[bytes, int]:
    """One picture as a PNG file, as wide as ``width`` or nearly, and how wide to show it.

    An enlarged file that is wider than it is shown would be made smaller by the server: blurred,
    and four times as large.  Cells of a small picture stay whole, at most a quarter too wide;
    one that is wider by itself is made smaller.

    >>> [sized(np.zeros((side, side)), 168)[1] for side in (8, 32, 96, 400)]
    [168, 160, 192, 168]
    """
    height, across = picture.shape[:2]
    factor = max(1, int(width / across + 0.25))
    pixels = enlarge(picture, min(_TALLEST, factor * max(height, across)))
    shown = pixels.shape[1]
    return _file(Image.fromarray(pixels)), width if across > width else shown


def sheet(
    pictures: Sequence[NDArray[Any]] | NDArray[Any],
    *,
    labels: Sequence[str] | None = None,
    columns: int = 8,
    side: int = 96,
    gap: int = 8,
    margin: int = 0,
) -> bytes:
    """Many pictures on one PNG with a clear ground, row by row, a label under each.

    ``margin`` is clear room on the right and left, for sheets that stand side by side.
    """
    tiles = [enlarge(picture, side) for picture in pictures]
    if not tiles:
        raise ValueError("a sheet needs at least one picture")
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    width = max(tile.shape[1] for tile in tiles)
    height = max(tile.shape[0] for tile in tiles)
    below = _LABEL_SIZE + 6 if labels is not None else 0
    whole = Image.new(
        "RGBA",
        (columns * (width + gap) - gap + 2 * margin, rows * (height + below + gap) - gap),
        (0, 0, 0, 0),
    )
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(_LABEL_SIZE)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = margin + column * (width + gap), row * (height + below + gap)
        whole.paste(Image.fromarray(tile), (left, top))
        if labels is not None:
            draw.text(
                (left + width / 2, top + height + 4),
                labels[index],
                fill=_INK,
                font=font,
                anchor="mt",
            )
    return _file(whole)


def gif(pictures: Sequence[NDArray[Any]] | NDArray[Any], side: int = 160, hold: int = 120) -> bytes:
    """Pictures one after another and back again, ``hold`` milliseconds each."""
    frames = [Image.fromarray(enlarge(picture, side)) for picture in pictures]
    there_and_back = [*frames, *frames[-2:0:-1]]
    out = io.BytesIO()
    there_and_back[0].save(
        out, "GIF", save_all=True, append_images=there_and_back[1:], duration=hold, loop=0
    )
    return out.getvalue()


def unit_colour(unit: int) -> tuple[int, int, int]:
    """Colour of a unit; neighbours in number are far apart in hue (golden ratio)."""
    hue = unit * 0.6180339887 % 1
    red, green, blue = colorsys.hls_to_rgb(hue, 0.42 + 0.18 * (unit % 3) / 2, 0.5)
    return round(red * 255), round(green * 255), round(blue * 255)


def alt(what: str, takeaway: str = "") -> str:
    """Text for those who cannot see a picture: what it shows, and what to take from it.

    >>> alt("Eight digits", "The copies are hard to tell apart")
    'Eight digits. The copies are hard to tell apart.'
    """
    parts = [part.strip().rstrip(".") for part in (what, takeaway)]
    if not parts[0]:
        raise ValueError("alternative text must say what the picture shows")
    return ". ".join(part for part in parts if part) + "."


def _file(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
