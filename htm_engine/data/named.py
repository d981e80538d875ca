"""The sets that need no download: scikit-learn's digits and photographs, and drawn scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .scenes import SCENES, draw_scenes

Seed = tuple[int, int]  # the caller's seed, and 0 for the train part or 1 for the test part
Made = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True)
class Named:
    """A named set: how to make it and what to say of it.

    Parameters
    ----------
    make : callable (count, side, seed) -> X, y
        May return more pictures than ``count``, and of another side.
    side, count : int
        Defaults.
    splits : tuple of str
        Which of "train" and "test" it has.
    label_names, about, source, licence
        As in a dataset; ``about`` is one sentence for a menu.
    """

    make: Callable[[int, int, Seed], Made]
    side: int
    count: int
    splits: tuple[str, ...]
    label_names: tuple[str, ...]
    about: str
    source: str
    licence: str


def _digits(count: int, side: int, seed: Seed) -> Made:
    from sklearn.datasets import load_digits  # here, for its import takes a second

    bunch = load_digits()
    return np.rint(bunch.images * (255 / 16)).astype(np.uint8), bunch.target.astype(np.int64)


def _photo_patches(count: int, side: int, seed: Seed) -> Made:
    from sklearn.datasets import load_sample_image

    rng = np.random.default_rng(seed)
    photos = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    # The right quarter is kept for "test", so that no pixel is in both parts.
    border = photos[0].shape[1] * 3 // 4
    photos = [p[:, border:] if seed[1] else p[:, :border] for p in photos]
    largest = photos[0].shape[1] if seed[1] else min(photos[0].shape[:2])
    if side > largest:
        raise DataError(f"Patches of the photographs have at most {largest} pixels a side.")
    y = rng.integers(len(photos), size=count)
    X = np.empty((count, side, side, 3), np.uint8)
    for index, kind in enumerate(y):
        photo = photos[kind]
        top = rng.integers(photo.shape[0] - side + 1)
        left = rng.integers(photo.shape[1] - side + 1)
        X[index] = photo[top : top + side, left : left + side]
    return X, y


def _scenes(count: int, side: int, seed: Seed) -> Made:
    if side < 8:
        raise DataError("Scenes need at least 8 pixels a side.")
    return draw_scenes(count, side, seed)


NAMED = {
    "digits": Named(
        _digits,
        side=8,
        count=1797,
        splits=("train",),
        label_names=tuple("0123456789"),
        about="1,797 handwritten digits of 8 x 8 pixels, grey.",
        source="Handwritten digits of 8 x 8 pixels, from the UCI repository by way of "
        "scikit-learn.",
        licence="CC BY 4.0 (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository)",
    ),
    "photo-patches": Named(
        _photo_patches,
        side=16,
        count=6000,
        splits=("train", "test"),
        label_names=("china", "flower"),
        about="Patches of two photographs, 16 x 16, grey or colour.",
        source="Random patches of scikit-learn's two photographs, china.jpg and flower.jpg.",
        licence="CC BY 2.0 (danielbuechele and vultilion, Flickr)",
    ),
    "scenes": Named(
        _scenes,
        side=32,
        count=4000,
        splits=("train", "test"),
        label_names=tuple(SCENES),
        about="Houses, faces, boats and seven more, drawn from strokes; 32 x 32, grey.",
        source="Drawn by this program: strokes make shapes, and shapes make ten kinds of "
        "small scenes.",
        licence="The same as this program's",
    ),
}
