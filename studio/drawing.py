"""What the generate page shows, computed once for equal settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine import generation
from htm_engine.datasets import Dataset
from htm_engine.errors import DataError
from htm_engine.network import HTM


@dataclass(frozen=True)
class DrawSettings:
    """All that decides what is drawn."""

    count: int = 16
    seed: int = 0
    temperature: float = 0.7


@dataclass(frozen=True)
class Drawn:
    """Samples of the network and of the article's generator, with their nearest pictures."""

    samples: generation.Samples
    nearest: NDArray[np.uint8] | None
    distance: NDArray[np.float32] | None
    article: NDArray[np.float32] | None
    components: int


def fits(model: HTM, data: Dataset) -> bool:
    """Whether the pictures of a dataset are such as the network reads."""
    return int(np.prod(data.X.shape[1:])) == model.n_features_in_


@st.cache_data(max_entries=32, show_spinner="Drawing…")
def draw(
    fingerprint: str, data_name: str, settings: DrawSettings, _model: HTM, _data: Dataset
) -> Drawn:
    """Draw; keyed on the model's fingerprint, the data's and the settings."""
    samples = generation.sample(_model, settings.count, settings.seed, settings.temperature)
    if not fits(_model, _data):
        return Drawn(samples, None, None, None, 0)
    index, distance = generation.nearest(samples.pictures, _data.X)
    pca = article(data_name, _data)
    drawn = pca.sample(settings.count, settings.seed, settings.temperature)
    return Drawn(samples, _data.X[index], distance, drawn, pca.components)


@st.cache_resource(max_entries=4, show_spinner=False)
def article(data_name: str, _data: Dataset) -> generation.PCARandomCodes:
    """The article's generator on this data; 4,000 pictures say enough of their directions."""
    return generation.PCARandomCodes(0.95).fit(_data.X[:4000])


@st.cache_data(max_entries=32, show_spinner=False)
def way(
    fingerprint: str, data_name: str, first: int, second: int, _model: HTM, _data: Dataset
) -> NDArray[np.float32]:
    """Eight pictures from one to another through their codes."""
    if not fits(_model, _data):
        raise DataError("the pictures at hand are not of the network's size")
    return generation.interpolate(_model, _data.X[first], _data.X[second], 8)


def picture_shape(model: HTM, pictures: NDArray[np.floating]) -> NDArray[np.floating]:
    """Pictures ``(n, h, w[, c])`` to look at, also of a network that learned rows.

    Rows are folded to a square where their length is one, else shown as a strip.
    """
    if pictures.ndim >= 3:
        return pictures
    side = int(np.sqrt(pictures.shape[1]))
    low, high = pictures.min(), pictures.max()
    grey = (pictures - low) / max(high - low, 1e-9) if low < 0 or high > 1 else pictures
    return grey.reshape(len(grey), side, side) if side * side == grey.shape[1] else grey[:, None]
