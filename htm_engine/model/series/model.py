"""``SeriesModel``: one series, online: it predicts each value, scores it, and learns it.

::

    value ──► detector ──► score          prototypes compete for the value
          ──► predictors ──► prediction   units compete to have said it before

Both see a value once and only after they have spoken.  Memory does not grow with the length,
and values one by one give what all at once give, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ... import storage
from ...errors import DataError, ModelError
from .clock import seconds_at, stamps_of
from .detector import LARGE, ROOM, SMALL, VIEWS, Committee, Detector, new_detector, watch
from .inputs import stamps_in, values_of
from .predictors import (
    HIGH,
    LOW,
    PREDICTION,
    STEP,
    SURPRISE,
    UNITS,
    WINNER,
    Predictors,
    follow,
    new_predictors,
    wander,
)
from .results import SeriesForecast, SeriesStep, SeriesTrace

Array = NDArray[Any]

#: Learning period of a stream, whose length nobody knows.
STREAM = 600
#: Where the length is known: a part of it, at most so many values, at least so many.
_PART, _LONGEST, _SHORTEST = 0.15, 750, 10
#: Arrays that count, weigh or measure something.
_COUNTS = (
    *(f"detector.{name}" for name in ("used", "masses", "totals")),
    *(f"predictors.{name}" for name in ("seen", "scales")),
)
#: Values worked on at a time.
_CHUNK = 1 << 16
#: Shares of a forecast's quantiles, the paths drawn for them, and how far they may go.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_PATHS, _FARTHEST = 400, 100_000


def period_for(length: int) -> int:
    """Learning period of a series of known length: 15 % of it, from 10 to 750 values.

    >>> period_for(4000), period_for(100_000)
    (600, 750)
    """
    return max(_SHORTEST, min(int(_PART * length), _LONGEST))


class SeriesModel:
    """An online model of one series of numbers.

    Parameters
    ----------
    learning : int, optional
        Learning period P in values, from 10: how long thresholds need, and how long the score
        rests after a report.  By default 15 % of the first values given together, at most 750;
        where the first comes alone, 600.
    random_state : int
        Seed of the paths that a forecast draws.
    fast : bool
        Whether 16 members score instead of 288, at about twice the speed.

    Attributes
    ----------
    period_ : int or None
        The learning period; None before the first value.
    seen_ : int
        Values learned.

    Examples
    --------
    >>> model = SeriesModel(learning=50).fit([0.0, 1.0] * 100)
    >>> step = model.update(9.0)
    >>> step.score > 0.5, step.low < 9 < step.high
    (True, False)
    """

    def __init__(
        self, learning: int | None = None, random_state: int = 0, fast: bool = False
    ) -> None:
        if learning is not None and (
            isinstance(learning, bool)
            or not isinstance(learning, int | np.integer)
            or learning < _SHORTEST
        ):
            raise DataError(f"A learning period is a whole number from {_SHORTEST}.")
        if not isinstance(random_state, int | np.integer) or random_state < 0:
            raise DataError("random_state is a whole number from 0.")
        self.learning, self.random_state, self.fast = learning, random_state, bool(fast)
        self.period_: int | None = None if learning is None else int(learning)
        self._detector = new_detector(self._committee)
        self._predictors = new_predictors()

    @property
    def _committee(self) -> Committee:
        return SMALL if self.fast else LARGE

    @property
    def seen_(self) -> int:
        """Values learned."""
        return int(self._predictors.seen[0])

    # ------------------------------------------------------------------ learn
    def update(self, value: float | None, timestamp: Any = None) -> SeriesStep:
        """Predict the next value, score it, and learn it.

        Parameters
        ----------
        value : float
            NaN or None is a gap: it is predicted, scores 0, and is not learned.
        timestamp : datetime, datetime64, Timestamp, ISO text or seconds since 1970, optional

        Raises
        ------
        DataError
            If it is infinite or no number, or the stamp no time.
        """
        if self.period_ is None:
            self.period_ = STREAM
        trace = self.follow([value], None if timestamp is None else [timestamp])
        winner = int(trace.winner[0])
        return SeriesStep(
            prediction=float(trace.prediction[0]),
            low=float(trace.low[0]),
            high=float(trace.high[0]),
            surprise=float(trace.surprise[0]),
            score=float(trace.score[0]),
            winner=UNITS[winner] if winner >= 0 else "",
        )

    def fit(self, values: Any, timestamps: Any = None) -> SeriesModel:
        """Learn values, one after the other; more can follow."""
        self.detect(values, timestamps)
        return self

    def detect(self, values: Any, timestamps: Any = None) -> NDArray[np.float64]:
        """Score values, each before it is learned.

        Parameters
        ----------
        values : array-like (n,)
            Go on from those learned before.  NaN is a gap.  A pandas series with an index of
            times brings its stamps.
        timestamps : array-like (n,), optional
            See :func:`clock.seconds_of`.  Only their time of day and weekday are used.

        Returns
        -------
        float64 array (n,)
            0 to 1: 0 is nothing odd, from 0.5 odd; 0 in the first quarter of the learning
            period, and for 15 % of one after a value was odd.

        Raises
        ------
        DataError
            If values are no numbers or infinite, or stamps no times.
        """
        stamps, array = self._read(values, timestamps)
        scores = np.empty(len(array))
        for place, part in self._parts(stamps, array, bands=False):
            scores[place] = self._watch(part)[0]
        return scores

    def follow(self, values: Any, timestamps: Any = None) -> SeriesTrace:
        """:meth:`detect`, with all that was predicted on the way."""
        stamps, array = self._read(values, timestamps)
        table, scores = np.empty((len(array), 5)), np.empty(len(array))
        bits = np.empty((len(array), len(VIEWS)))
        for place, part in self._parts(stamps, array, bands=True):
            table[place] = part[2]
            scores[place], bits[place] = self._watch(part)
        winner = table[:, WINNER]
        return SeriesTrace(
            prediction=table[:, PREDICTION],
            low=table[:, LOW],
            high=table[:, HIGH],
            surprise=np.nan_to_num(table[:, SURPRISE]),
            score=scores,
            winner=np.where(np.isnan(winner), -1, winner).astype(np.int64),
            bits=bits,
        )

    def _read(self, values: Any, timestamps: Any) -> tuple[Array | None, Array]:
        array = values_of(values)
        stamps = stamps_of(stamps_in(values, timestamps), len(array))
        if self.period_ is None and len(array):
            self.period_ = period_for(len(array))
        return stamps, array

    def _parts(
        self, stamps: Array | None, values: Array, bands: bool
    ) -> Iterator[tuple[slice, tuple[Array, Array, Array]]]:
        """Places, and their stamps, values and predictions, some thousands at a time."""
        for begin in range(0, len(values), _CHUNK):
            end = min(begin + _CHUNK, len(values))
            seconds, part = seconds_at(stamps, begin, end), values[begin:end]
            found = follow(self._predictors, seconds, part, bands=bands)
            yield slice(begin, end), (seconds, part, found)

    def _watch(self, part: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        return watch(self._detector, self._committee, self.period_ or STREAM, part[0], part[1])

    # --------------------------------------------------------------- forecast
    def forecast(self, steps: int, levels: tuple[float, ...] = LEVELS) -> SeriesForecast:
        """Values to come, from 400 paths that each draw a unit and its error at every step.

        Parameters
        ----------
        steps : int
            From 1 to 100,000.
        levels : tuple of float
            Shares of the quantiles, between 0 and 1, rising.

        Returns
        -------
        SeriesForecast
            The same for the same state and ``random_state``.

        Raises
        ------
        DataError
            If nothing was learned yet, or ``steps`` or ``levels`` make no sense.
        """
        if not isinstance(steps, int | np.integer) or not 1 <= steps <= _FARTHEST:
            raise DataError(f"steps is a whole number from 1 to {_FARTHEST:,}.")
        if not levels or not all(0 < one < 1 for one in levels) or list(levels) != sorted(levels):
            raise DataError("levels are shares between 0 and 1, rising.")
        if self.seen_ == 0:
            raise DataError("There is nothing to forecast from: give the model values first.")
        rng = np.random.default_rng(self.random_state)
        paths = wander(self._predictors, rng, _PATHS, int(steps))
        last, step, _ = self._predictors.stamps
        told = self._predictors.seen[1] > 0 and self._predictors.stamps[STEP] > 0
        after = np.arange(1, steps + 1) * step + last
        return SeriesForecast(
            mean=paths.mean(axis=0),
            levels=tuple(map(float, levels)),
            quantiles=np.quantile(paths, levels, axis=0).T,
            seconds=after if told else np.full(steps, np.nan),
        )

    # ------------------------------------------------------------------- keep
    def save(self, target: str | Path | BinaryIO) -> None:
        """Write settings and all state; the loaded model goes on bit for bit."""
        settings = {
            "kind": "series",
            "learning": self.learning,
            "random_state": self.random_state,
            "fast": self.fast,
            "period": self.period_,
        }
        storage.save(target, settings, self._arrays())

    @classmethod
    def load(cls, source: str | Path | BinaryIO) -> SeriesModel:
        """Read a model that :meth:`save` wrote.

        Raises
        ------
        ModelError
            If it is no such file, damaged, or holds another kind of model.
        """
        settings, arrays = storage.load(source)
        if settings.get("kind") != "series":
            raise ModelError("This model is of another kind than a series.")
        try:
            model = cls(*(settings[name] for name in ("learning", "random_state", "fast")))
            period = settings["period"]
            cls(period)
            model.period_ = period
        except (KeyError, TypeError, DataError) as exc:
            raise ModelError("This model of a series has settings that make no sense.") from exc
        blank = model._arrays()
        if arrays.keys() != blank.keys() or any(
            arrays[name].shape != blank[name].shape or arrays[name].dtype != blank[name].dtype
            for name in blank
        ):
            raise ModelError("This model of a series holds other arrays than it should.")
        if (
            arrays["detector.used"].max() > ROOM
            or any(arrays[name].min() < 0 for name in _COUNTS)
            or arrays["detector.marks"][0] < 0
        ):
            raise ModelError("This model of a series counts more than there is, or less than none.")
        model._detector = Detector(*(arrays[f"detector.{name}"] for name in Detector._fields))
        model._predictors = Predictors(
            *(arrays[f"predictors.{name}"] for name in Predictors._fields)
        )
        return model

    def _arrays(self) -> dict[str, Array]:
        return {
            **{f"detector.{name}": one for name, one in self._detector._asdict().items()},
            **{f"predictors.{name}": one for name, one in self._predictors._asdict().items()},
        }
