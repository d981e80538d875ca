"""Codes of the top level as rows of numbers, and back.

::

    Codes (winners, weights, values)  ◄──►  (n, positions * (K + k * r))
                                            a position: activations of all K units, the k
                                            winners' values in the order of their numbers
"""

from __future__ import annotations

import numpy as np

from ..model.hierarchy import Codes, Hierarchy
from ..model.layer import Floats


def length(hierarchy: Hierarchy) -> int:
    """Numbers in one dense code."""
    top = hierarchy.layers[-1]
    per = top.units + top.winners_kept * top.rank
    return per * int(np.prod(hierarchy.grid_shapes[-1]))


def from_codes(hierarchy: Hierarchy, codes: Codes) -> Floats:
    """Dense form ``(n, length)`` of codes."""
    n, k, r = len(codes), codes.winners.shape[-1], codes.values.shape[-1]
    # Slots by unit number, not by strength, so that a code has one dense form.
    order = np.argsort(codes.winners, axis=-1)
    dense = np.zeros((*codes.winners.shape[:3], hierarchy.layers[-1].units), np.float32)
    np.put_along_axis(dense, codes.winners, codes.weights, -1)
    values = np.take_along_axis(codes.values, order[..., None], -2)
    values = values.reshape(*codes.winners.shape[:3], k * r)
    return np.concatenate([dense, values], -1).reshape(n, -1)


def to_codes(hierarchy: Hierarchy, Z: Floats) -> Codes:
    """Codes from rows of numbers; where more than k units are active, the k strongest win."""
    top = hierarchy.layers[-1]
    grid, k, r = hierarchy.grid_shapes[-1], top.winners_kept, top.rank
    Z = Z.reshape(len(Z), *grid, -1)
    dense, values = Z[..., : top.units], Z[..., top.units :].reshape(len(Z), *grid, k, r)
    index = np.sort(np.argsort(-dense, axis=-1, kind="stable")[..., :k], -1)
    weights = np.maximum(np.take_along_axis(dense, index, -1), 0)
    total = weights.sum(-1, keepdims=True)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / k)
    return Codes(index, weights.astype(np.float32), values)
