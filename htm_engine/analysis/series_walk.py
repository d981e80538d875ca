"""One value of a series by the formulas: evidence, softmax, winner, surprise, and what is learned.

The units' weights and what they learn are computed by ``competition``, as for pictures; a test
holds them against what the model itself does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..model import competition
from ..model.series.clock import seconds_of
from ..model.series.predictors import GATE_RATE, MOST_BITS, MOST_LOG, UNITS, follow, new_predictors
from ..model.series.standing import standing

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SeriesWalk:
    """All numbers of one value; arrays ``(U,)`` in the order of ``units``."""

    units: tuple[str, ...]
    value: float
    evidence: Array  #: a_i before the value
    weights: Array  #: softmax of it
    means: Array  #: mu_i, what each predicted
    scales: Array  #: b_i, its mean error
    shares: Array  #: r_i, its part in explaining the value
    after: Array  #: a_i once the gate has learned
    prediction: float  #: the weighted median of the means
    surprise: float  #: bits

    @property
    def winner(self) -> int:
        """The unit of the largest weight."""
        return int(self.weights.argmax())


def walk(values: Any, at: int, stamps: Any = None) -> SeriesWalk:
    """Follow a series up to a value, and take that one apart.

    Parameters
    ----------
    values : float64 array (n,)
    at : int
        Place of the value, from 1.
    stamps : array-like (n,), optional

    Raises
    ------
    DataError
        If there is no value at that place, or none before it.
    """
    values = np.asarray(values, np.float64)
    if not 0 < at < len(values) or np.isnan(values[at]) or np.isnan(values[:at]).all():
        raise DataError("There is no value here that could have been predicted; choose another.")
    seconds = seconds_of(stamps, len(values))
    state = new_predictors()
    follow(state, seconds[:at], values[:at], bands=False)
    now = standing(state, seconds[at])
    value = float(values[at])
    weights = competition.activation(now.logs)
    away = np.abs(value - now.means) / now.scales
    shares = competition.activation(np.log(weights) - away - np.log(now.scales))
    moved = competition.gradient_step(
        now.logs, competition.evidence_gradient(weights, shares), GATE_RATE
    )
    order = np.argsort(now.means, kind="stable")
    half = int(np.searchsorted(np.cumsum(weights[order]), 0.5 - 1e-12))
    beyond = float((weights * np.exp(-away)).sum())
    return SeriesWalk(
        units=UNITS,
        value=value,
        evidence=now.logs,
        weights=weights,
        means=now.means,
        scales=now.scales,
        shares=shares,
        after=np.clip(moved, -MOST_LOG, MOST_LOG),
        prediction=float(now.means[order[min(half, len(order) - 1)]]),
        surprise=min(MOST_BITS, float(-np.log2(max(beyond, 1e-300)))),
    )


def weights_over(values: Any, stamps: Any = None, looks: int = 240) -> tuple[Array, Array]:
    """Weights of the units along a series: places ``(m,)``, and weights before them ``(m, U)``."""
    values = np.asarray(values, np.float64)
    seconds = seconds_of(stamps, len(values))
    state, begin = new_predictors(), 0
    places = np.unique(np.linspace(1, len(values) - 1, min(looks, len(values) - 1)).astype(int))
    found = np.empty((len(places), len(UNITS)))
    for row, place in enumerate(places):
        follow(state, seconds[begin:place], values[begin:place], bands=False)
        found[row], begin = competition.activation(state.logs), place
    return places, found
