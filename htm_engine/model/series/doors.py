"""``detect`` and ``forecast``: a series at hand, one or several columns, in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clock import stamps_of
from .inputs import stamps_in, values_of
from .model import SeriesModel
from .results import SeriesForecast


def detect(
    values: Any, timestamps: Any = None, learning: int | None = None, *, fast: bool = False
) -> NDArray[np.float64]:
    """How odd each value of a series is, judged by those before it.

    Parameters
    ----------
    values : array-like (n,) or (n, c)
        NaN is a gap.  Of several columns each has a model, and the largest score counts.
    timestamps : array-like (n,), optional
        ``datetime64``, ``datetime``, pandas ``Timestamp``, ISO text, or seconds since 1970.
        Only time of day and weekday are used; order and distance are not.
    learning : int, optional
        Learning period in values; by default 15 % of them, from 10 to 750.
    fast : bool
        Whether a smaller committee scores, at about twice the speed.

    Returns
    -------
    float64 array (n,)
        0 to 1: 0 is nothing odd, from 0.5 odd.

    Raises
    ------
    DataError
        If values are no numbers, infinite or beyond 1e100, or stamps no times.

    Examples
    --------
    >>> scores = detect([0.0, 1.0] * 200 + [9.0] + [0.0, 1.0] * 20)
    >>> int(scores.argmax()), bool(scores.max() > 0.5)
    (400, True)
    """
    array = values_of(values, columns=True)
    stamps = stamps_of(stamps_in(values, timestamps), len(array))
    if array.ndim == 1:
        return SeriesModel(learning, fast=fast).detect(array, stamps)
    scores = np.zeros(len(array))
    for column in array.T:
        np.maximum(scores, SeriesModel(learning, fast=fast).detect(column, stamps), out=scores)
    return scores


def forecast(
    values: Any, steps: int, timestamps: Any = None, random_state: int = 0
) -> SeriesForecast:
    """Values to come after a series.

    Parameters
    ----------
    values : array-like (n,)
    steps : int
    timestamps : array-like (n,), optional
        As for :func:`detect`.
    random_state : int
        Seed of the paths that are drawn.

    Returns
    -------
    SeriesForecast

    Raises
    ------
    DataError
        As :func:`detect`, or if there is no value at all.

    Examples
    --------
    >>> coming = forecast([0.0, 1.0] * 200, 3)
    >>> coming.mean.shape, coming.quantiles.shape
    ((3,), (3, 5))
    """
    return SeriesModel(random_state=random_state, fast=True).fit(values, timestamps).forecast(steps)
