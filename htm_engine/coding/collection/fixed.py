"""The network's way down in whole numbers, so that any machine draws the same picture.

Weights are rounded to multiples of 2^-14 and every product is taken between whole
numbers held in float64.  As long as sums stay below 2^53 such products are exact in
whatever order a machine adds them, so a fast matrix library and a slow loop give the
same bits.  Each level's result is rounded back to 2^-14 by a shift.

    winners, quantised values ──► top rows ──► map below ──► ... ──► picture
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...model.hierarchy import Hierarchy

#: Bits behind the point of weights and signals.
BITS = 14
ONE = float(1 << BITS)
#: Bits behind the point of a quantised value; the step is a multiple of 2^-12.
VALUE_BITS = 12

Whole = NDArray[np.float64]


def whole(array: NDArray[np.floating]) -> Whole:
    """Nearest multiples of 2^-14, as whole numbers in float64."""
    return np.rint(np.asarray(array, np.float64) * ONE)


def shift(array: Whole, bits: int) -> Whole:
    """Divide by 2^bits and round half up; exact in float64."""
    return np.floor(array * 2.0**-bits + 0.5)


def dequantise(q: NDArray[np.integer], step: int) -> Whole:
    """Values in multiples of 2^-12 from whole numbers of steps.

    A magnitude is drawn in by a thirty-second of a step, because within a step small
    values are more frequent than large ones.  ``step`` is a multiple of 32.
    """
    magnitude = np.abs(q.astype(np.int64))
    return (np.sign(q) * (magnitude * 32 - (magnitude > 0)) * (step // 32)).astype(np.float64)


class FixedDecoder:
    """Whole-number twin of a hierarchy (see the module docstring)."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self.prototypes = [whole(layer.m) for layer in hierarchy.layers]
        self.means = [whole(layer.mean) for layer in hierarchy.layers]
        self.bases = [whole(layer.basis) for layer in hierarchy.layers]
        self.u = whole(hierarchy.layers[-1].u)

    def predict(
        self,
        winners: NDArray[np.integer],
        weights: NDArray[np.integer],
        q: NDArray[np.integer],
        step: int,
    ) -> Whole:
        """Predicted pictures ``(n, H, W, C)`` in multiples of 2^-14.

        Parameters
        ----------
        winners : ndarray (rows, k)
            Units of the top level.
        weights : ndarray (rows, k)
            Their activations in multiples of 1/32.
        q : ndarray (rows, r)
            Values of the first winner in steps.
        step : int
            Step in multiples of 2^-12.
        """
        top = len(self.hierarchy.layers) - 1
        rows = np.zeros((len(winners), self.prototypes[top].shape[1]))
        for slot in range(winners.shape[1]):
            rows += weights[:, slot, None] * self.prototypes[top][winners[:, slot]]
        rows = shift(rows, 5)
        if q.shape[1]:
            z = dequantise(q, step)
            for unit in np.unique(winners[:, 0]):
                own = winners[:, 0] == unit
                rows[own] += shift(z[own] @ self.u[unit].T, VALUE_BITS)
        maps = self._join(top, rows)
        for level in range(top - 1, -1, -1):
            vectors = maps.reshape(-1, maps.shape[-1])
            maps = self._join(level, self._take_down(level, vectors))
        return maps

    def _join(self, level: int, rows: Whole) -> Whole:
        # Where patches overlap the mean of whole numbers is rounded once, on every machine alike.
        return np.floor(self.hierarchy.maps(level, rows) + 0.5)

    def _take_down(self, level: int, vectors: Whole) -> Whole:
        layer = self.hierarchy.layers[level]
        if layer.rank:
            return shift(vectors @ self.bases[level].T, BITS) + self.means[level]
        h = np.maximum(vectors, 0) + 1
        k = layer.winners_kept
        index = np.argsort(-h, axis=1, kind="stable")[:, :k]
        kept = np.take_along_axis(h, index, 1).astype(np.int64)
        kept = (kept << BITS) // kept.sum(1, keepdims=True)
        full = np.zeros_like(h)
        np.put_along_axis(full, index, kept.astype(np.float64), 1)
        return shift(full @ self.prototypes[level], BITS)


def to_bytes(maps: Whole) -> NDArray[np.uint8]:
    """Intensities 0..255 from maps in multiples of 2^-14."""
    return np.clip(np.floor(maps * (255.0 / ONE) + 0.5), 0, 255).astype(np.uint8)
