"""Drawing from a network, and the article's own generator to hold it against.

::

    sample       a top unit ──► its values ──► children that depend on it ──► tones
    descend      drawn pictures ──► what every level on the way down made of them
    interpolate  codes of two pictures ──► codes between ──► down
    vary         a picture's code ──► nearby codes of the same unit ──► down
    complete     covered picture ──► what the units expect there, given what is seen
    PCARandomCodes   random numbers ──► inverse PCA (the article's "generation")

``nearest`` finds the training picture next to each drawn one, and ``memorisation`` holds
those distances against the ones of pictures nobody learned from, so that copying shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.utils import check_random_state

from ..errors import DataError
from ..estimator.drawing import Temperature
from ..estimator.network import HTM
from ..evaluation.baselines import PCABaseline
from ..evaluation.rates import flat
from ..model.hierarchy import Codes
from . import completion

F32 = NDArray[np.float32]
#: Numbers compared at a time when looking for neighbours.
BLOCK = 1 << 24


@dataclass(frozen=True)
class Samples:
    """Drawn pictures and how they came about.

    Attributes
    ----------
    pictures : ndarray (n, ...)
        Laid out as the training data; intensities may leave 0..1 slightly.
    prototypes : ndarray (n, ...)
        The winners' prototypes alone, decoded.
    winners : list of ndarray (n, gh, gw)
        Units drawn at every level, bottom first.
    codes : Codes
        What was drawn at the top.
    """

    pictures: F32
    prototypes: F32
    winners: list[NDArray[np.intp]]
    codes: Codes


def sample(
    model: HTM,
    n: int,
    random_state: Any = None,
    temperature: Temperature = 1.0,
    label: int | None = None,
) -> Samples:
    """Draw ``n`` pictures from the top down (as ``HTM.drawing``, with its reasons).

    Raises
    ------
    DataError
        If ``n``, a temperature or the class is out of range.
    """
    if not 1 <= n <= 100_000:
        raise DataError("draw 1 to 100,000 pictures")
    drawn = model.drawing(n, random_state, temperature, label)
    codes = drawn.codes
    still = Codes(codes.winners, codes.weights, np.zeros_like(codes.values))
    return Samples(drawn.pictures, model.decode(still), drawn.winners, codes)


@dataclass(frozen=True)
class Stage:
    """What one level made of a drawn code on the way down.

    Attributes
    ----------
    level : int
        0 is next to the picture.
    winners : ndarray (n, gh, gw)
        Strongest unit of every patch.
    prototypes : ndarray (n, ...)
        Pictures of those units' prototypes alone, each at its place.
    """

    level: int
    winners: NDArray[np.intp]
    prototypes: F32


def descend(model: HTM, drawn: Samples) -> list[Stage]:
    """Stages of a drawing from the top level to the bottom one."""
    h = model.hierarchy_
    stages: list[Stage] = []
    for level in range(len(h.layers) - 1, -1, -1):
        index = drawn.winners[level]
        alone = h.down(level, h.layers[level].m[index.ravel()].astype(np.float64))
        pictures = alone.reshape(len(index), *model.layout).astype(np.float32)
        stages.append(Stage(level, index, pictures))
    return stages


def nearest(pictures: Any, X: Any) -> tuple[NDArray[np.intp], F32]:
    """Index of the nearest picture of X to each, and the root-mean-square distance.

    Intensities count from 0 to 1.  Memory stays bounded: X is taken in blocks.
    """
    rows = flat(np.clip(pictures, 0, 1) if np.asarray(pictures).dtype != np.uint8 else pictures)
    if not len(X) or int(np.prod(np.shape(X)[1:])) != rows.shape[1]:
        raise DataError("there are no pictures of the same size to compare with")
    best = np.zeros(len(rows), np.intp)
    least = np.full(len(rows), np.inf, np.float32)
    block = max(1, BLOCK // rows.shape[1])
    for start in range(0, len(X), block):
        index, distance = pairwise_distances_argmin_min(rows, flat(X[start : start + block]))
        less = distance < least
        best[less], least[less] = start + index[less], distance[less]
    return best, least / np.float32(np.sqrt(rows.shape[1]))


@dataclass(frozen=True)
class Memorisation:
    """Distances to the nearest training picture, root mean square, intensities 0 to 1.

    A network that had learned pictures by heart would draw nearer to them than pictures
    from the same source lie by themselves.

    Attributes
    ----------
    samples, held : float
        Median over the drawn pictures, and over pictures not in the training set.
    copies : float
        Share of drawn pictures nearer than 99 % of the held-out ones are.
    """

    samples: float
    held: float
    copies: float


def memorisation(near: F32, held: F32) -> Memorisation:
    """Compare distances to the training pictures (:func:`nearest`): drawn against held-out."""
    copies = (near < np.quantile(held, 0.01)).mean()
    return Memorisation(float(np.median(near)), float(np.median(held)), float(copies))


def interpolate(model: HTM, first: Any, second: Any, steps: int = 8) -> F32:
    """Pictures from one to another through their codes, ``(steps, ...)``, ends included.

    Each picture's own rows at the top level are mixed, and the mixture competes again,
    so that every picture between is one that the units can say.

    Raises
    ------
    DataError
        If there are fewer than two steps.
    """
    if steps < 2:
        raise DataError("a way from one picture to another has at least two steps")
    pair = np.stack([np.asarray(first), np.asarray(second)])
    h = model.hierarchy_
    ends = h.layers[-1].decode(h.unpack(model.encode(pair)).double())
    share = np.linspace(0, 1, steps)[:, None, None]
    a, b = ends.reshape(2, -1, ends.shape[1])
    rows = ((1 - share) * a + share * b).reshape(-1, ends.shape[1])
    codes = h.pack(h.layers[-1].encode(rows))
    return model.decode(codes)


def vary(model: HTM, picture: Any, n: int, random_state: Any = None, strength: float = 0.5) -> F32:
    """Variations of a picture ``(...)``, ``(n, ...)``: the same top units, other values.

    ``z' = sqrt(1 - s^2) z + s e`` with ``e`` of the unit's own spread keeps the values as
    probable as they are; at strength s = 0 it is the picture's reconstruction, at 1 a fresh
    draw of the same unit.

    Raises
    ------
    DataError
        If ``n`` or ``strength`` is out of range.
    """
    if not 1 <= n <= 10_000 or not 0 <= strength <= 1:
        raise DataError("draw 1 to 10,000 variations, of a strength from 0 to 1")
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    codes = model.encode(np.asarray(picture)[None])
    top = model.hierarchy_.layers[-1]
    codes = codes[np.zeros(n, np.intp)]
    moved = rng.standard_normal(codes.values.shape) * top.spread[codes.winners]
    values = np.sqrt(1 - strength**2) * codes.values + strength * moved
    return model.decode(Codes(codes.winners, codes.weights, values.astype(np.float32)))


def complete(model: HTM, picture: Any, seen: Any, rounds: int = 30) -> F32:
    """Fill what is not ``seen`` of a picture ``(...)`` with what the network expects.

    The mean of all that its top units hold possible, given the seen cells (``completion``).
    Where that has no closed form, the picture is encoded and decoded ``rounds`` times with
    the seen cells put back each time (projection onto the units' subspaces and onto what is
    known, in turn).

    Raises
    ------
    DataError
        If the mask has another shape or nothing is seen.
    """
    return complete_all(model, np.asarray(picture)[None], seen, rounds)[0]


def complete_all(model: HTM, pictures: Any, seen: Any, rounds: int = 30) -> F32:
    """Complete pictures ``(n, ...)`` that are covered in the same place; see :func:`complete`."""
    mask = np.asarray(seen, bool)
    known = np.asarray(pictures)
    known = known.astype(np.float32) / (255 if known.dtype == np.uint8 else 1)
    if mask.shape != known.shape[1:] or not mask.any():
        raise DataError("the mask must have the picture's shape and show some of it")
    if completion.possible(model):
        flat = known.reshape(len(known), -1).astype(np.float64)
        guess, _ = completion.expect(completion.gaussians(model), flat, mask.ravel())
        return np.where(mask, known, np.clip(guess, 0, 1).reshape(known.shape)).astype(np.float32)
    middle = known[:, mask].mean(1).reshape(-1, *[1] * mask.ndim)
    guess = np.where(mask, known, middle)
    for _ in range(rounds):
        guess = np.where(mask, known, np.clip(model.reconstruct(guess), 0, 1))
    return guess.astype(np.float32)


class PCARandomCodes:
    """The article's generator: normal numbers of each component's spread into the inverse PCA.

    Attributes
    ----------
    components : int
        Components that hold ``variance`` of the pictures.
    """

    def __init__(self, variance: float = 0.95) -> None:
        self.variance = variance

    def fit(self, X: Any) -> Self:
        """Learn from pictures ``(n, ...)``."""
        self._pca = PCABaseline(self.variance).fit(X)
        self._spread = self._pca.values(X).std(0)
        self._layout = np.shape(X)[1:]
        self.components = self._pca.components
        return self

    def sample(self, n: int, random_state: Any = None, temperature: float = 1.0) -> F32:
        """Draw pictures ``(n, ...)``; ``temperature`` scales the numbers."""
        rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
        codes = rng.standard_normal((n, self.components)) * self._spread * temperature
        return self._pca.from_values(codes).reshape(n, *self._layout)
