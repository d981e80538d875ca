"""Any picture made fit for a network: in its colours, and of its size or in tiles of it.

::

    picture ──► grey or colour, as the network ──┬──► tiles of the network's size
                                                 └──► cropped and resampled to that size

Whatever had to be done is said in a sentence, for what comes back from a file is the
fitted picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..model.hierarchy import Hierarchy
from .collecting import fit, in_colours
from .mosaic import assemble, cut

Pixels = NDArray[np.uint8]


class Model(Protocol):
    """What this module asks of a network."""

    input_shape: tuple[int, ...] | None
    hierarchy_: Hierarchy

    @property
    def layout(self) -> tuple[int, ...]:
        """Sides of one sample as the training data had them."""
        ...


@dataclass(frozen=True, eq=False)
class Fitted:
    """A picture as a network reads it.

    Attributes
    ----------
    pictures : ndarray of uint8 (n, h, w) or (n, h, w, 3)
        The picture, or its tiles row by row.
    whole : ndarray of uint8 (H, W) or (H, W, 3)
        What the pictures make up; what a perfect codec would give back.
    mosaic : (height, width) or None
        Size of ``whole`` if it is in tiles.
    notes : tuple of str
        One sentence for each thing that was done to the picture.
    """

    pictures: Pixels
    whole: Pixels
    mosaic: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


def picture_shape(model: Model) -> tuple[int, int, int]:
    """Height, width and channels (1 or 3) of the pictures a fitted network reads.

    Raises
    ------
    DataError
        If it reads something else: rows, series, maps of other numbers.
    """
    height, width, channels = model.hierarchy_.map_shapes[0]
    sides = model.layout if model.input_shape is None else model.input_shape
    if len(sides) == 1:
        raise DataError(f"This network reads rows of {sides[0]} numbers, not pictures.")
    if channels not in (1, 3):
        raise DataError(
            f"This network reads maps of {channels} numbers a cell; pictures have 1 or 3."
        )
    return height, width, channels


def as_pictures(maps: Pixels, model: Model) -> Pixels:
    """Bytes in whatever layout the network learned from, as ``(n, h, w)`` or ``(n, h, w, 3)``."""
    height, width, channels = picture_shape(model)
    sides = (height, width) if channels == 1 else (height, width, 3)
    return np.ascontiguousarray(maps).reshape(len(maps), *sides)


def fit_picture(
    picture: Pixels, model: Model, *, tiles: bool = True, most_pixels: int | None = None
) -> Fitted:
    """Make one picture fit for a network.

    Parameters
    ----------
    picture : ndarray of uint8 (H, W) or (H, W, 3)
    model : HTM
        Fitted on pictures.
    tiles : bool
        Cut a picture larger than the network's into tiles, instead of shrinking it.
    most_pixels : int, optional
        A larger picture is made smaller before it is cut.

    Raises
    ------
    DataError
        If the network does not read pictures.
    """
    height, width, channels = picture_shape(model)
    notes = []
    if picture.ndim == 3 and channels == 1:
        notes.append("The network learned in grey, so the picture was made grey.")
    picture = in_colours(picture, channels == 3, single=True)
    shape = picture.shape[:2]
    if shape == (height, width):
        return Fitted(picture[None], picture, None, tuple(notes))
    if tiles and (shape[0] > height or shape[1] > width):
        if most_pixels and shape[0] * shape[1] > most_pixels:
            zoom = (most_pixels / (shape[0] * shape[1])) ** 0.5
            smaller = (max(1, int(shape[0] * zoom)), max(1, int(shape[1] * zoom)))
            picture = fit(picture, smaller)
            notes.append(
                f"It was made smaller, from {shape[1]} x {shape[0]} to "
                f"{smaller[1]} x {smaller[0]} pixels, to be quick."
            )
        cut_up = cut(picture, (height, width))
        notes.append(
            f"It was cut into {len(cut_up):,} tiles of {width} x {height} pixels, the size the "
            "network reads; the file says how they go together."
        )
        return Fitted(cut_up, picture, (picture.shape[0], picture.shape[1]), tuple(notes))
    fitted = fit(picture, (height, width))
    notes.append(
        f"It was brought from {shape[1]} x {shape[0]} to {width} x {height} pixels, the size "
        "the network reads, and cropped at its centre where the shape differed."
    )
    return Fitted(fitted[None], fitted, None, tuple(notes))


def put_together(pictures: Pixels, mosaic: tuple[int, int] | None) -> Pixels:
    """Pictures as they were before :func:`fit_picture` cut them, ``(n, H, W[, 3])``.

    Raises
    ------
    DataError
        If there are not as many tiles as the mosaic needs.
    """
    return pictures if mosaic is None else assemble(pictures, *mosaic)[None]
