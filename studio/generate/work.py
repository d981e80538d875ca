"""What the generate page shows, computed once for equal settings."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_engine.analysis import generation
from htm_engine.data.datasets import Dataset
from htm_engine.errors import DataError
from htm_engine.estimator.network import HTM

from ..kit.keeping import kept
from ..kit.shapes import fits
from ..kit.words import t

F32 = NDArray[np.float32]
#: Pictures of the data set aside, to see how near to each other real ones lie.
ASIDE = 200
#: Pictures that tables to draw by are learned from here; more would keep a visitor waiting.
LEARNED = 6000


@dataclass(frozen=True)
class DrawSettings:
    """All that decides what is drawn."""

    count: int = 16
    seed: int = 0
    #: One a level, bottom first.
    temperatures: tuple[float, ...] = (0.5, 1.0)
    #: Index of the class to draw, or -1 for all.
    kind: int = -1


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


@kept(4, lambda: t("generate.learning_to_draw"))
def drawer(fingerprint: str, data_name: str, _model: HTM, _data: Dataset) -> HTM:
    """The network with tables to draw by, and by class where the data has labels.

    One object for all visitors, never written to; the model itself stays as it is.
    """
    labelled = bool(kinds(_data))
    if not fits(_model, _data) or (_model.sampler_ is not None and not labelled):
        return _model
    own, some = copy.copy(_model), _data.take(min(len(_data), LEARNED), 0)
    X = np.asarray(some.X).reshape(-1, *_model.layout)
    if own.sampler_ is not None:
        return own.measure_classes(X, some.y)
    return own.measure_sampler(X, some.y if labelled else None)


def kinds(data: Dataset | None) -> tuple[str, ...]:
    """Names of the classes that can be asked for; none where there are too many to choose."""
    if data is None:
        return ()
    return data.label_names if data.y is not None and 1 < len(data.label_names) <= 64 else ()


@kept(32, lambda: t("generate.drawing"), copied=True)
def draw(
    fingerprint: str, data_name: str, settings: DrawSettings, _model: HTM, _data: Dataset
) -> Drawn:
    """Draw by :func:`drawer`'s model; keyed on the model's fingerprint, the data's and settings."""
    label = settings.kind if settings.kind >= 0 else None
    samples = generation.sample(_model, settings.count, settings.seed, settings.temperatures, label)
    stages = generation.descend(_model, samples)
    if not fits(_model, _data):
        return Drawn(samples, stages, None)
    index, distance = generation.nearest(samples.pictures, _data.X)
    pca = article(data_name, _data)
    drawn = pca.sample(settings.count, settings.seed)
    theirs = generation.nearest(drawn, _data.X)[1]
    memory = None
    if len(_data) >= 2 * ASIDE:
        memory = generation.memorisation(distance, _held_distances(data_name, _data))
    return Drawn(
        samples,
        stages,
        Beside(_data.X[index], distance, drawn, theirs, pca.components, memory),
    )


@kept(4, copied=True)
def _held_distances(data_name: str, _data: Dataset) -> F32:
    """How near to each other real pictures lie: some set aside, to the nearest of the rest."""
    rest, aside = _data.split(ASIDE / len(_data))
    return generation.nearest(aside.X, rest.X)[1]


@kept(4)
def article(data_name: str, _data: Dataset) -> generation.PCARandomCodes:
    """The article's generator on this data; 4,000 pictures say enough of their directions."""
    return generation.PCARandomCodes(0.95).fit(_data.X[:4000])


@kept(32, copied=True)
def way(
    fingerprint: str,
    data_name: str,
    first: int,
    second: int,
    steps: int,
    _model: HTM,
    _data: Dataset,
) -> F32:
    """Pictures from one to another through their codes."""
    if not fits(_model, _data):
        raise DataError("The pictures at hand are not of the network's size.")
    ends = _data.X[[first, second]].reshape(2, *_model.layout)
    return generation.interpolate(_model, ends[0], ends[1], steps)


@kept(32, copied=True)
def varied(
    fingerprint: str,
    data_name: str,
    picture: int,
    seed: int,
    strength: float,
    _model: HTM,
    _data: Dataset,
) -> F32:
    """Eight variations of a picture of the data."""
    one = _data.X[picture].reshape(_model.layout)
    return generation.vary(_model, one, 8, seed, strength)


@dataclass(frozen=True)
class Box:
    """Covered rows and columns of a picture; the ends are not covered."""

    top: int
    bottom: int
    left: int
    right: int


@kept(64, copied=True)
def completed(
    fingerprint: str, data_name: str, picture: int, box: Box, _model: HTM, _data: Dataset
) -> tuple[F32, F32, F32]:
    """A picture, itself with the box covered in grey, and completed."""
    one = _data.X[picture].reshape(_model.layout)
    real = one.astype(np.float32) / (255 if one.dtype == np.uint8 else 1)
    seen = np.ones(_model.shape, bool)
    seen[box.top : box.bottom, box.left : box.right] = False
    mask = seen.reshape(_model.layout)
    return real, np.where(mask, real, 0.5), generation.complete(_model, one, mask)


def completable(model: HTM, data: Dataset) -> bool:
    """Whether the data are pictures with room for a box."""
    return fits(model, data) and min(model.shape[:2]) >= 2


def kind_of(data: Dataset | None, name: Any) -> int:
    """Index of a class by its name, -1 for any."""
    return kinds(data).index(name) if name in kinds(data) else -1
