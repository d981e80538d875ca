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
    n, units, rank = views.values.shape
    kept = min(CANDIDATES, units)
    # Roughly: a small value is left out, a large one costs about a step and some bits.
    rough = np.minimum(views.values**2, np.float32(0.6 * step * step)).sum(2)
    rough += views.errors + weight * rates
    tried = np.argpartition(rough, kept - 1, axis=1)[:, :kept]
    best = np.full(n, np.inf)
    index, q = np.zeros((n, 1), np.int64), np.zeros((n, rank), np.int32)
    bits = np.zeros(n, np.float32)
    for unit in range(units):
        own = np.flatnonzero((tried == unit).any(1))
        if not len(own):
            continue
        own_q, distortion, own_bits = values.choose(
            views.values[own, unit], unit, tables.values, values.no_features(len(own)), step
        )
        own_bits = own_bits + rates[own, unit]
        cost = views.errors[own, unit] + distortion + weight * own_bits
        less = cost < best[own]
        row = own[less]
        best[row], index[row, 0] = cost[less], unit
        q[row], bits[row] = own_q[less], own_bits[less]
    return index, q, bits
