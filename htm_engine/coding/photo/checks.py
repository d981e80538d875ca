"""What is asked of the codec of photographs, checked before anything is computed."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from .format import LARGEST
from .model import PhotoModel

TUNES, EFFORTS = ("psnr", "eye"), ("fast", "best")
#: The exact form takes 0.6 to 0.8 of what zlib makes of differences; at less than this share
#: it is not looked for.
_LEAST_SHARE = 0.3


def check_picture(picture: NDArray[Any]) -> None:
    """Refuse what is no photograph.

    Raises
    ------
    DataError
        If its type or shape is another, or it has no pixels or more than 50 million.
    """
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if picture.dtype == np.uint16:
        raise DataError(
            "A photograph has 8 bits a value: give (x.astype(np.uint32) * 255 // 65535)"
            ".astype(np.uint8) of 16."
        )
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or channels not in (1, 2, 3, 4):
        raise DataError(
            "A photograph is an array of bytes (h, w), (h, w, 2), (h, w, 3) or (h, w, 4)."
        )
    height, width = picture.shape[:2]
    if not 0 < height * width <= LARGEST:
        raise DataError(f"A photograph has 1 to {LARGEST:,} pixels, not {width} x {height}.")


def check_settings(quality: Any, model: Any, tune: str, effort: str) -> None:
    """Refuse settings that make no sense.

    Raises
    ------
    DataError
        In a sentence that names the setting.
    """
    if not isinstance(quality, int | float | np.integer | np.floating) or not 1 <= quality <= 100:
        raise DataError(f"Quality is 1 to 100, not {quality}.")
    if tune not in TUNES or effort not in EFFORTS:
        raise DataError(f"tune is one of {TUNES}, effort one of {EFFORTS}.")
    if model is not None:
        check_model(model)


def check_model(model: Any) -> None:
    """Refuse what is no model of photographs.

    Raises
    ------
    DataError
        In a sentence that names what makes one.
    """
    if not isinstance(model, PhotoModel):
        raise DataError("A photograph needs a PhotoModel: give PhotoModel.load(path), or None.")


def check_size(target_bytes: Any, lossless: bool) -> None:
    """Refuse a size that is none, and one for a file that keeps everything.

    Raises
    ------
    DataError
        In a sentence that names the setting.
    """
    whole = isinstance(target_bytes, int | np.integer)
    if target_bytes is not None and not (whole and target_bytes > 0):
        raise DataError(f"target_bytes is a whole number above 0, not {target_bytes}.")
    if lossless and target_bytes is not None:
        raise DataError("A lossless file has the size it has; give target_bytes or lossless.")


def least_exact(picture: NDArray[np.uint8]) -> float:
    """Bytes that the exact form of a picture hardly stays below: a quick estimate by zlib."""
    aside, below = picture.copy(), picture.copy()
    aside[:, 1:] -= picture[:, :-1]
    below[1:] -= picture[:-1]
    return _LEAST_SHARE * min(len(zlib.compress(one.tobytes(), 1)) for one in (aside, below))
