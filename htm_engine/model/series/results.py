"""What a series model gives back: one step, a whole trace, a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: From this score a value is odd.
ALARM = 0.5


@dataclass(frozen=True)
class SeriesStep:
    """One value: what was predicted before it came, and how odd it is."""

    prediction: float  #: NaN before the first value
    low: float  #: lower end of the 90 % band
    high: float  #: upper end
    surprise: float  #: -log2 of the chance to lie so far from the predictions, in bits
    score: float  #: 0 is nothing odd, from 0.5 odd
    winner: str  #: unit of the largest weight; empty before the first value


@dataclass(frozen=True)
class SeriesTrace:
    """The same for many values, as arrays ``(n,)``."""

    prediction: Array
    low: Array
    high: Array
    surprise: Array  #: bits
    score: Array
    winner: Array  #: number of a unit in ``predictors.UNITS``, -1 before the first value
    bits: Array  #: ``(n, 5)`` surprise of each of ``detector.VIEWS``


@dataclass(frozen=True)
class SeriesForecast:
    """Values to come, one row a step."""

    mean: Array  #: ``(steps,)``
    levels: tuple[float, ...]  #: shares of the quantiles
    quantiles: Array  #: ``(steps, levels)``
    seconds: Array  #: ``(steps,)`` time stamps, seconds since 1970; NaN without a clock

    def at(self, level: float) -> Array:
        """One quantile of all steps, ``(steps,)``; a level between two is interpolated."""
        return np.array([np.interp(level, self.levels, row) for row in self.quantiles])
