"""How a fitted network draws: a mixin of ``HTM``.

::

    sample ──► drawing ──► Drawn (pictures, codes, winners of every level)
    with a sampler      a mixture, children, tones (``sampler``), learned after the units
    without one         a winner by its share, values by their spread, decoding (``draw``)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..coding.collection.coder import is_picture
from ..errors import DataError
from ..model.hierarchy import Codes, Hierarchy
from ..model.layer import Floats, RowCodes
from ..sampling import learning
from ..sampling.tables import FULL_TONE, Sampler
from .inputs import MapInputs

#: Pictures drawn or learned from at a time.
BLOCK = 2000
Temperature = float | Sequence[float]


@dataclass(frozen=True)
class Drawn:
    """Drawn pictures and how they came about.

    Attributes
    ----------
    pictures : ndarray (n, ...)
        Laid out as the training data.
    codes : Codes
        What was drawn at the top.
    winners : list of ndarray (n, gh, gw)
        Units drawn at every level, bottom first.
    """

    pictures: Floats
    codes: Codes
    winners: list[NDArray[np.intp]]


class Draws(MapInputs):
    """Learns a sampler and draws by it."""

    sampler_: Sampler | None
    sampler: bool

    # ---------------------------------------------------------------- learning
    def measure_sampler(self, X: Any, y: Any = None) -> Self:
        """Learn the tables to draw by from X, and with labels ``y (n,)`` a class at a time too.

        ``fit`` does so by itself, without labels; this is for after ``partial_fit``, for a
        model of before there were such tables, and for drawing by class.
        """
        for _ in self.sampler_steps(X, y):
            pass
        return self

    def measure_classes(self, X: Any, y: Any) -> Self:
        """Let tables that are there draw by class, from labelled pictures; quick, and few do.

        Raises
        ------
        DataError
            If there are no tables yet (:meth:`measure_sampler`), or not one label a picture.
        """
        if self.sampler_ is None:
            raise DataError("this network has no tables to draw by: see measure_sampler")
        if len(y) != len(X):
            raise DataError(f"there are {len(y)} labels for {len(X)} pictures")
        X, h = self.read(X), self.hierarchy_
        blocks = _Blocks(self, X, np.arange(len(X)))
        tops = [h.up(maps)[-1] for maps in blocks]
        won, values = (np.concatenate([part[i][:, 0] for part in tops]) for i in (0, 2))
        places = len(won) // len(X)
        label = np.repeat(np.asarray(y).astype(np.intp), places)
        self.sampler_ = learning.with_classes(self.sampler_, won, values, label)
        return self

    def sampler_steps(self, X: Any, y: Any = None) -> Iterator[float]:
        """Learn the tables in parts that tell their progress, 0 to 1."""
        yield from self._sampler_steps(self.read(X), y)

    def sampler_if_wanted(self, X: Any) -> Iterator[float]:
        """Learn the tables, in parts, if settings and data call for them; X is checked data."""
        if self.sampler and is_picture(self.batch(X, np.arange(min(len(X), 256)))):
            yield from self._sampler_steps(X)

    def _sampler_steps(self, X: Any, y: Any = None) -> Iterator[float]:
        if y is not None and len(y) != len(X):
            raise DataError(f"there are {len(y)} labels for {len(X)} pictures")
        rows = np.arange(len(X))
        if len(X) > learning.MOST:
            # Evenly, so that data in the order of its labels is seen whole.
            rows = np.linspace(0, len(X) - 1, learning.MOST).astype(np.intp)
        blocks = _Blocks(self, X, rows)
        labels = None if y is None else np.asarray(y)[rows]
        self.sampler_ = yield from learning.learn(self.hierarchy_, blocks, labels)

    # ----------------------------------------------------------------- drawing
    def sample(
        self,
        n_samples: int = 1,
        random_state: Any = None,
        temperature: Temperature = 1.0,
        label: int | None = None,
    ) -> Floats:
        """Draw new pictures or rows (see :meth:`drawing`)."""
        return self.drawing(n_samples, random_state, temperature, label).pictures

    def draw(
        self,
        n_samples: int = 1,
        random_state: Any = None,
        temperature: Temperature = 1.0,
        label: int | None = None,
    ) -> Codes:
        """Draw codes of the top level: those that :meth:`sample` draws with the same seed."""
        rng, heat = _begin(random_state), self._heat(temperature)
        return self.hierarchy_.pack(self._draw_top(n_samples, rng, heat[-1], label))

    def drawing(
        self,
        n_samples: int = 1,
        random_state: Any = None,
        temperature: Temperature = 1.0,
        label: int | None = None,
    ) -> Drawn:
        """Draw new pictures or rows from the top down.

        Parameters
        ----------
        n_samples : int
        random_state : int, RandomState or None
        temperature : float or sequence of float
            One for all levels, or one a level, bottom first.  At the top it scales the values
            around the winner's prototype (0 gives prototypes); below, what the parent leaves
            open.
        label : int, optional
            Draw pictures of one class, of those that :meth:`measure_sampler` was given.

        Raises
        ------
        DataError
            If a temperature or the class makes no sense.
        """
        rng, heat = _begin(random_state), self._heat(temperature)
        h = self.hierarchy_
        top = self._draw_top(n_samples, rng, heat[-1], label)
        codes, sampler = h.pack(top), getattr(self, "sampler_", None)
        if sampler is None:
            rows = h.layers[-1].decode(top.double())
            maps, won = _plain(h, rows, top)
            return Drawn(self._laid_out(maps), codes, won)
        places = int(np.prod(h.grid_shapes[-1]))
        pictures, winners = [], []
        for start in range(0, n_samples, BLOCK):
            own = slice(start * places, (start + BLOCK) * places)
            part = RowCodes(top.winners[own], top.weights[own], top.values[own])
            maps, won = sampler.down(h, part.double(), rng, heat)
            pictures.append(sampler.tone(maps, part, heat[0] / FULL_TONE))
            winners.append(won)
        return Drawn(
            self._laid_out(np.concatenate(pictures)),
            codes,
            [np.concatenate(level) for level in zip(*winners, strict=True)],
        )

    def _laid_out(self, maps: NDArray[Any]) -> Floats:
        return maps.reshape(len(maps), *self.layout).astype(np.float32)

    def _heat(self, temperature: Temperature) -> list[float]:
        check_is_fitted(self)
        levels = len(self.hierarchy_.layers)
        many = [temperature] * levels if np.ndim(temperature) == 0 else temperature
        heat = [float(value) for value in many]  # type: ignore[union-attr, arg-type]
        if len(heat) != levels or not all(0 <= value <= 100 for value in heat):
            raise DataError(
                f"a temperature from 0 to 100 for each of {levels} levels is needed, or one for all"
            )
        return heat

    def _draw_top(
        self, n_samples: int, rng: np.random.Generator, heat: float, label: int | None
    ) -> RowCodes:
        top, sampler = self.hierarchy_.layers[-1], getattr(self, "sampler_", None)
        k = top.winners_kept
        if not isinstance(n_samples, int | np.integer) or n_samples < 1:
            raise DataError(f"n_samples must be a positive whole number, got {n_samples!r}")
        count = int(n_samples) * int(np.prod(self.hierarchy_.grid_shapes[-1]))
        if sampler is not None:
            index, weights, values = sampler.draw_top(count, rng, heat, label)
            return RowCodes(index, weights.astype(np.float32), values.astype(np.float32))
        if label is not None:
            raise DataError("this network has learned no classes: see measure_sampler")
        # Gumbel's trick draws k different units by their shares at once.
        noise = rng.gumbel(size=(count, top.units))
        index = np.argsort(-(np.log(np.maximum(top.shares, 1e-12)) + noise), axis=1)[:, :k]
        weights = np.repeat(top.profile[None, :k], count, 0)
        values = rng.standard_normal((count, k, top.rank)) * top.spread[index] * heat
        return RowCodes(index, weights.astype(np.float32), values.astype(np.float32))


class _Blocks(Sequence[Floats]):
    """Maps of chosen rows of X, a block at a time."""

    def __init__(self, model: Draws, X: Any, rows: NDArray[np.intp]) -> None:
        self._model, self._X, self._rows = model, X, rows

    def __len__(self) -> int:
        return -(-len(self._rows) // BLOCK)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._model.batch(self._X, self._rows[index * BLOCK : (index + 1) * BLOCK])


def _begin(random_state: Any) -> np.random.Generator:
    return np.random.default_rng(check_random_state(random_state).randint(2**31))


def _plain(h: Hierarchy, rows: NDArray[Any], top: RowCodes) -> tuple[NDArray[Any], list[Any]]:
    """Decoding down from rows of the top level, with who would win what each parent predicts."""
    won = [top.winners[:, 0].reshape(-1, *h.grid_shapes[-1])]
    for level in range(len(h.layers) - 1, 0, -1):
        maps = h.maps(level, rows)
        rows = h.layers[level - 1].take_down(maps.reshape(-1, maps.shape[-1]))
        units = h.layers[level - 1].encode(rows).winners[:, 0]
        won.insert(0, units.reshape(-1, *h.grid_shapes[level - 1]))
    return h.maps(0, rows), won
