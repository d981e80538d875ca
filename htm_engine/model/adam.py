"""Adam's direction (Kingma and Ba, ICLR 2015): a gradient, each number by its own usual size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: How much of the running means of the gradient and of its square a step renews.
MEAN, SQUARE = 0.1, 0.01

Floats = NDArray[np.floating]


def direction(first: Floats, second: Floats, gradient: Floats, step: int, least: float) -> Floats:
    """Direction to go against, about one long in every number.

    It does not change where the gradient is multiplied by a constant.

    Parameters
    ----------
    first, second : ndarray
        Running means of the gradient and of its square, zero at the start; renewed in place.
    gradient : ndarray
    step : int
        Which step this is, from 1.
    least : float
        Size below which a gradient counts as none.
    """
    first += MEAN * (gradient - first)
    second += SQUARE * (gradient * gradient - second)
    usual = np.sqrt(second / (1 - (1 - SQUARE) ** step))
    result: Floats = first / (1 - (1 - MEAN) ** step) / (usual + least)
    return result
