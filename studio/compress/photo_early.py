"""What there is to see of a photograph before its file is written.

::

    large picture ──► a small copy through the codec, quickly ──► what it will look like, and
                                                                  how long the whole will take
    file ──► what came back from it ──► shown before it is measured
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from htm_engine.coding.photo.model import PhotoModel

    from .photo_work import PhotoSettings

Pixels = NDArray[np.uint8]
T = TypeVar("T")
#: Pixels from which a picture has a preview, and about how many its small copy has.
LARGE, SMALL = 600_000, 160_000
#: Quality of the preview where a size is asked for, and how often that is tried.
MIDDLE, TRIES = 40, 6
#: Seconds of the best search beside the fast one; of decoding and measuring beside coding; a
#: pixel of a small copy takes longer than one of the whole.
BEST, DECODING, MEASURING, SMALLER = 1.8, 0.25, 0.5, 0.7
#: Share of a stage's bar that its expected time fills; what takes longer fills the rest slower.
EXPECTED = 0.85


@dataclass
class Underway:
    """A stage of the work that tells nothing of its own while it goes on.

    Attributes
    ----------
    back : ndarray of uint8
        What came back: of the small copy, or, once ``file`` is not empty, of the whole.
    file : bytes
    part, until : float
        Parts of the work done as the stage begins and ends.
    seconds : float
        How long it is expected to take.
    """

    back: Pixels
    file: bytes
    part: float
    until: float
    seconds: float
    began: float = field(default_factory=time.monotonic)
    _drawn: dict[str, object] = field(default_factory=dict, init=False)

    @property
    def now(self) -> float:
        """Part of the work done by now: always rising, never at the stage's end."""
        share = (time.monotonic() - self.began) / max(self.seconds, 0.1)
        share = EXPECTED * share if share < 1 else 1 - (1 - EXPECTED) / share
        return self.part + (self.until - self.part) * share

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What is drawn of it, made the first time it is asked for."""
        if name not in self._drawn:
            self._drawn[name] = make()
        return self._drawn[name]  # type: ignore[return-value]


def small(picture: Pixels, pixels: int = SMALL) -> Pixels:
    """A copy of at most about so many pixels, each the mean of what it stands for."""
    from PIL import Image

    height, width = picture.shape[:2]
    factor = int(np.ceil((height * width / pixels) ** 0.5))
    if factor <= 1:
        return picture
    return np.asarray(Image.fromarray(picture).reduce(factor))


def preview(
    picture: Pixels, wanted: PhotoSettings, model: PhotoModel | None, part: float, until: float
) -> Underway | None:
    """A large picture's small copy through the codec; None where the whole is soon done."""
    from htm_engine.coding.photo.codec import compress_image, decompress_image

    quality = wanted.quality or (MIDDLE if wanted.target else 0)
    if picture.shape[0] * picture.shape[1] < LARGE or not quality:
        return None
    copy = small(picture)
    compress_image(copy[:32, :32], quality, model)  # loads machine code, which is not of the time
    began = time.perf_counter()
    file = compress_image(copy, quality, model, tune=wanted.tune, effort="fast")
    took = (time.perf_counter() - began) * SMALLER * picture.size / copy.size
    took *= (BEST if wanted.effort == "best" else 1) * (TRIES if wanted.target else 1)
    return Underway(decompress_image(file, model), b"", part, until, took)
