"""Which unit of the top level a file names: the one of least distortion plus lambda times rate.

The exact cost is tried for a few units that a rough one singles out; the file holds only
who won, so a decoder need not know how the choice was made.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import values
from .quantise import LAMBDA
from .values import ValueTables

#: Units whose exact cost is tried for a row.
CANDIDATES = 8


class Views(NamedTuple):
    """What every unit of the top level makes of every row."""

    errors: NDArray[np.floating]  #: ``(n, K)``
    values: NDArray[np.float32]  #: ``(n, K, r)``


class TopTables(NamedTuple):
    """Probabilities of the top level at one quality."""

    values: ValueTables  #: of the first winner's r values
    counts: NDArray[np.uint16]  #: ``(positions, K)``
    weights: NDArray[np.uint8]  #: ``(k,)``


def best_unit(
    views: Views, tables: TopTables, rates: NDArray[np.floating], step: float
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Winner ``(n, 1)``, its quantised values ``(n, r)``, and the ideal length ``(n,)`` in bits.

    Parameters
    ----------
    views : Views
    tables : TopTables
    rates : ndarray (n, K)
        Bits of naming each unit.
    step : float
        Quantiser step in picture units.
    """
    weight = LAMBDA * step * step
    n, units, _ = views.values.shape
    kept = min(CANDIDATES, units)
    # Roughly: a small value is left out, a large one costs about a step and some bits.
    rough = np.minimum(views.values**2, np.float32(0.6 * step * step)).sum(2)
    rough += views.errors + weight * rates
    tried = np.sort(np.argpartition(rough, kept - 1, axis=1)[:, :kept], axis=1)
    # All candidates of all rows at once: one by one most of the time goes into small calls.
    row, unit = np.repeat(np.arange(n), kept), tried.ravel()
    z = views.values[row, unit]
    q, distortion, bits = values.choose(z, unit, tables.values, values.no_features(len(z)), step)
    bits = bits + rates[row, unit]
    cost = views.errors[row, unit] + distortion + weight * bits
    # The first of equals, which is the one of the lowest number.
    best = kept * np.arange(n) + cost.reshape(n, kept).argmin(1)
    return unit[best, None].astype(np.int64), q[best], bits[best].astype(np.float32)
