"""How a fitted network draws: a mixin of ``HTM``.

::

    sample ──► drawing ──► Drawn (pictures, codes, winners of every level)
    with a sampler      a mixture, children, tones (``sampler``), learned after the units
    without one         a winner by its share, values by their spread, decoding (``draw``)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import DataError
from ..model.hierarchy import Codes, Hierarchy
from ..model.layer import Floats, RowCodes
from ..model.threads import bounded
from ..sampling.tables import FULL_TONE
from .tables import BLOCK, Tables

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


class Draws(Tables):
    """Draws, by its tables where it has them."""

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
        with bounded(self.hierarchy_.work(_checked(n_samples))):
            return self._drawing(n_samples, rng, heat, label)

    def _drawing(
        self, n_samples: int, rng: np.random.Generator, heat: list[float], label: int | None
    ) -> Drawn:
        h = self.hierarchy_
        top = self._draw_top(n_samples, rng, heat[-1], label)
        codes, sampler = h.pack(top), self.sampler_
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
        top, sampler = self.hierarchy_.layers[-1], self.sampler_
        k = top.winners_kept
        count = _checked(n_samples) * int(np.prod(self.hierarchy_.grid_shapes[-1]))
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


def _checked(n_samples: Any) -> int:
    if not isinstance(n_samples, int | np.integer) or n_samples < 1:
        raise DataError(f"n_samples must be a positive whole number, got {n_samples!r}")
    return int(n_samples)
