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

F32 = NDArray[np.float32]
#: Pictures of the data set aside, to see how near to each other real ones lie.
ASIDE = 200


@dataclass(frozen=True)
class DrawSettings:
    """All that decides what is drawn."""

    count: int = 16
    seed: int = 0
    temperature: float = 0.7


@dataclass(frozen=True)
class Beside:
    """What stands beside the samples when the data at hand is what the network reads."""

    nearest: NDArray[np.uint8]
    distance: F32
    article: F32
    article_distance: F32
    components: int
    memory: generation.Memorisation | None


@dataclass(frozen=True)
class Drawn:
    """Samples of the network, how they came about, and what to hold them against."""

    samples: generation.Samples
    stages: list[generation.Stage]
    beside: Beside | None


def fits(model: HTM, data: Dataset) -> bool:
    """Whether the pictures of a dataset are such as the network reads."""
    layout = tuple(model._layout)
    if len(layout) > 1:
        return data.X.shape[1:] == layout
    return int(np.prod(data.X.shape[1:])) == layout[0]


@st.cache_data(max_entries=32, show_spinner="Drawing…")
def draw(
    fingerprint: str, data_name: str, settings: DrawSettings, _model: HTM, _data: Dataset
) -> Drawn:
    """Draw; keyed on the model's fingerprint, the data's and the settings."""
    samples = generation.sample(_model, settings.count, settings.seed, settings.temperature)
    stages = generation.descend(_model, samples)
    if not fits(_model, _data):
        return Drawn(samples, stages, None)
    index, distance = generation.nearest(samples.pictures, _data.X)
    pca = article(data_name, _data)
    drawn = pca.sample(settings.count, settings.seed, settings.temperature)
    theirs = generation.nearest(drawn, _data.X)[1]
    memory = None
    if len(_data) >= 2 * ASIDE:
        rest, aside = _data.split(ASIDE / len(_data))
        memory = generation.memorisation(samples.pictures, rest.X, aside.X)
    return Drawn(
        samples,
        stages,
        Beside(_data.X[index], distance, drawn, theirs, pca.components, memory),
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def article(data_name: str, _data: Dataset) -> generation.PCARandomCodes:
    """The article's generator on this data; 4,000 pictures say enough of their directions."""
    return generation.PCARandomCodes(0.95).fit(_data.X[:4000])


@st.cache_data(max_entries=32, show_spinner=False)
def way(
    fingerprint: str, data_name: str, first: int, second: int, _model: HTM, _data: Dataset
) -> F32:
    """Eight pictures from one to another through their codes."""
    if not fits(_model, _data):
        raise DataError("The pictures at hand are not of the network's size.")
    ends = _data.X[[first, second]].reshape(2, *_model._layout)
    return generation.interpolate(_model, ends[0], ends[1], 8)


def picture_shape(model: HTM, pictures: NDArray[np.floating]) -> NDArray[np.floating]:
    """Pictures ``(n, h, w[, c])`` to look at, also of a network that learned rows.

    Rows are folded to a square where their length is one, else shown as a strip.
    """
    if pictures.ndim == 3 or pictures.shape[-1] in (1, 3):
        return pictures
    if pictures.ndim == 4:
        return pictures.mean(-1)
    side = int(np.sqrt(pictures.shape[1]))
    low, high = pictures.min(), pictures.max()
    grey = (pictures - low) / max(high - low, 1e-9) if low < 0 or high > 1 else pictures
    return grey.reshape(len(grey), side, side) if side * side == grey.shape[1] else grey[:, None]
