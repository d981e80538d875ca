"""Which Dask arrays are read, and what workers do with their share of a batch (``spread``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..model.hierarchy import Hierarchy, Shape
from ..model.layer import Floats
from ..model.parts import Chosen, as_maps, climbed, mirrored, part_sums
from ..model.sums import Standing, Sums
from . import checks


def picked(blocks: list[NDArray[Any]], inside: list[NDArray[np.uint16]]) -> NDArray[Any]:
    """Rows of one part, from its blocks."""
    return np.concatenate([block[own] for block, own in zip(blocks, inside, strict=True)])


def checked_maps(rows: NDArray[Any], shape: Shape) -> Floats:
    """Rows as maps that can be learned from."""
    maps = as_maps(rows, shape)
    checks.check_size(maps)
    return maps


def maps_of(
    blocks: list[NDArray[Any]], inside: list[NDArray[np.uint16]], shape: Shape, mirror: bool
) -> Floats:
    """Maps of one part, their mirror images after them where those are wanted."""
    maps = checked_maps(picked(blocks, inside), shape)
    return mirrored(maps) if mirror else maps


def sums_of(
    maps: Floats,
    state: tuple[Hierarchy, Standing],
    level: int,
    chosen: Chosen,
    temperature: float,
) -> Sums:
    """Sums of one part's maps at a level, as the network stands."""
    return part_sums(state[0], state[1], level, maps, chosen, temperature)


def climbed_of(maps: Floats, state: tuple[Hierarchy, None], level: int) -> Floats:
    """What a level hands up of one part's maps."""
    return climbed(state[0], level, maps)


def row_of(
    maps: Floats, state: tuple[Hierarchy, Standing], level: int, chosen: Chosen, number: int
) -> Floats:
    """One row of those of a part that sums were taken of."""
    rows = state[0].rows(level, maps)
    found: Floats = rows[number if chosen is None else chosen[number]]
    return found


def checked(X: Any) -> Any:
    """A Dask array fit to be read; its numbers are checked as they come.

    Raises
    ------
    DataError
        If it has no length, another number of axes than 2 to 4, or holds no numbers.
    """
    if any(np.isnan(side) for side in X.shape):
        raise DataError("This Dask array does not know its length: X.compute_chunk_sizes() first.")
    if not 2 <= X.ndim <= 4:
        raise DataError(f"X is rows or pictures, with 2 to 4 axes; this array has {X.ndim}.")
    if not all(X.shape):
        raise DataError(f"There are no pictures in data of shape {X.shape}.")
    if X.dtype.kind not in "uifb":
        raise DataError(f"X must hold numbers, not {X.dtype}.")
    known = X.dtype in (np.uint8, np.float32, np.float64)
    return X if known else X.astype(np.float64)
