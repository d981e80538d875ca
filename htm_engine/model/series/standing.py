"""How the units of a series stand before a value comes: what each says, and what it weighs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .clock import cell_of
from .predictors import Predictors, last_cell, predict, scales_of, softmax

Array = NDArray[Any]


class Standing(NamedTuple):
    """Arrays ``(U,)`` in the order of ``predictors.UNITS``."""

    logs: Array  #: a, the evidence
    weights: Array  #: softmax of it
    means: Array  #: what each predicts
    scales: Array  #: how far each errs


def standing(state: Predictors, second: float = np.nan) -> Standing:
    """What the units say of the next value.

    Parameters
    ----------
    state : Predictors
        Left as it is; it has seen a value.
    second : float
        The value's time stamp, NaN if there is none.
    """
    units = len(state.logs)
    found = Standing(state.logs.copy(), np.empty(units), np.empty(units), np.empty(units))
    predict(state, cell_of(float(second)), last_cell(state), found.means)
    scales_of(state, found.scales)
    softmax(state.logs, found.weights)
    return found
