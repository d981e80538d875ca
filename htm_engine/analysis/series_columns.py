"""Several columns over the same times: each followed by a model of its own, one score over all.

::

    columns ──► a SeriesModel each ──► scores ──largest──► one score ──► odd stretches
    a stretch ──► surprised(): which columns made it odd, and by how much

The score is that of :func:`htm_engine.detect` on the same table, value by value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.series.model import SeriesModel, period_for
from ..model.series.results import SeriesForecast, SeriesTrace

Array = NDArray[Any]
#: Values of a column that are followed between two looks at the progress.
_CHUNK = 20_000
#: Columns whose values to come are drawn: each takes hundreds of paths.
MOST_FORECASTS = 24


@dataclass(frozen=True)
class ColumnsTrace:
    """What all models said of their columns."""

    score: Array  #: ``(n,)`` the largest of the columns' scores
    columns: tuple[SeriesTrace, ...]  #: surprises in single precision
    period: int  #: the learning period, the same for all
    coming: tuple[SeriesForecast, ...]  #: of the first ``MOST_FORECASTS`` columns


def follow_columns(
    values: Array, stamps: Array | None, learning: int, ahead: int, random_state: int = 0
) -> Iterator[tuple[float, ColumnsTrace | None]]:
    """Follow all columns, one after the other; the part that is done, and the trace at the end.

    Parameters
    ----------
    values : float64 array (n, c)
        NaN is a gap.
    stamps : datetime64 array (n,) or None
    learning : int
        Learning period in values; 0 takes 15 % of them, from 10 to 750.
    ahead : int
        Steps of the forecasts.
    random_state : int
        Seed of their paths.

    Raises
    ------
    DataError
        As ``SeriesModel``.
    """
    rows, count = values.shape
    period = learning or period_for(rows)
    score = np.zeros(rows)
    traces: list[SeriesTrace] = []
    coming: list[SeriesForecast] = []
    for place, column in enumerate(values.T):
        model, parts = SeriesModel(period, random_state), list[SeriesTrace]()
        for begin in range(0, rows, _CHUNK):
            yield 0.99 * (place + begin / rows) / count, None
            part = slice(begin, begin + _CHUNK)
            parts.append(
                _small(model.follow(column[part], None if stamps is None else stamps[part]))
            )
        traces.append(joined(parts))
        np.maximum(score, traces[-1].score, out=score)
        # A column of gaps alone has nothing to go on from.
        if place < MOST_FORECASTS and model.seen_:
            coming.append(model.forecast(ahead))
        elif place < MOST_FORECASTS:
            coming.append(_unknown(ahead))
    yield 1.0, ColumnsTrace(score, tuple(traces), period, tuple(coming))


def joined(parts: Sequence[SeriesTrace]) -> SeriesTrace:
    """Traces of parts of a series, one after the other, as that of all of it."""
    fields = SeriesTrace.__dataclass_fields__
    return SeriesTrace(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields}
    )


def _small(trace: SeriesTrace) -> SeriesTrace:
    """A trace in less memory, as there are many; what it scores and predicts is the same."""
    return SeriesTrace(
        prediction=trace.prediction,
        low=trace.low,
        high=trace.high,
        surprise=trace.surprise.astype(np.float32),
        score=trace.score,
        winner=trace.winner.astype(np.int8),
        bits=trace.bits.astype(np.float32),
    )


def _unknown(steps: int) -> SeriesForecast:
    nothing = np.full(steps, np.nan)
    return SeriesForecast(nothing, (0.5,), nothing[:, None], nothing)


@dataclass(frozen=True)
class Surprised:
    """How far one column made a stretch odd, at the value that did most."""

    column: int
    at: int
    value: float
    expected: float
    low: float
    high: float
    bits: float  #: the largest surprise of its views
    score: float


def stretch_of(score: Array, level: float, place: int) -> slice:
    """From a place on, all values whose score reaches a level; the place itself in any case.

    >>> stretch_of(np.array([0, 0.6, 0.7, 0.1]), 0.5, 1)
    slice(1, 3, None)
    """
    below = np.flatnonzero(score[place + 1 :] < level)
    return slice(place, place + 1 + int(below[0] if len(below) else len(score) - place - 1))


def surprised(values: Array, found: ColumnsTrace, stretch: slice) -> list[Surprised]:
    """Every column in a stretch, the one that was most surprised first.

    A column that rests after a report scores 0, so among equal scores the surprise decides.
    """
    told = []
    for column, trace in enumerate(found.columns):
        score, bits = trace.score[stretch], trace.bits[stretch].max(1)
        inside = int(np.lexsort((bits, score))[-1])
        at = stretch.start + inside
        told.append(
            Surprised(
                column=column,
                at=at,
                value=float(values[at, column]),
                expected=float(trace.prediction[at]),
                low=float(trace.low[at]),
                high=float(trace.high[at]),
                bits=float(bits[inside]),
                score=float(score[inside]),
            )
        )
    return sorted(told, key=lambda one: (-one.score, -one.bits))
