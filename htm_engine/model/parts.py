"""A batch cut into parts, and what each part's sums are computed from.

::

    pictures ──cut──► parts of PART ──mirror images beside them──► maps of level 0
    maps ──rows──► chosen rows ──sums──► Sums          (``sums``)
    maps ──climb──► maps of the level above

The functions are what a worker of a cluster calls; :class:`Here` calls them in this process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .hierarchy import Hierarchy, Shape
from .layer import Floats
from .sums import PART, Standing, Sums, opened, sums
from .threads import bounded

Chosen = NDArray[np.intp] | None


def cut(rows: Any) -> Iterator[Any]:
    """What is to be learned from in one step, cut into parts: row numbers, or maps."""
    for start in range(0, len(rows), PART):
        yield rows[start : start + PART]


def as_maps(part: NDArray[Any], shape: Shape) -> Floats:
    """Rows of bytes or numbers as maps ``(n, H, W, C)`` in single precision.

    Raises
    ------
    DataError
        If a number is none, or too large.
    """
    with np.errstate(over="ignore"):  # what overflows is refused below, with a sentence
        maps: Floats = np.asarray(part, np.float32).reshape(len(part), *shape)
    if part.dtype == np.uint8:
        return maps / np.float32(255)
    if not np.isfinite(maps).all():
        if np.isnan(maps).any():
            raise DataError("The data holds places without a number (NaN): fill or drop them.")
        raise DataError("The data holds numbers too large for single precision.")
    return maps


def mirrored(maps: Floats) -> Floats:
    """Maps ``(n, H, W, C)`` and their mirror images, left to right, after them."""
    return np.concatenate([maps, maps[:, :, ::-1]])


def chosen_rows(hierarchy: Hierarchy, level: int, maps: Floats, chosen: Chosen) -> Floats:
    """Rows of a level's maps, all or those chosen."""
    rows = hierarchy.rows(level, maps)
    return rows if chosen is None else rows[chosen]


def part_sums(
    hierarchy: Hierarchy,
    standing: Standing,
    level: int,
    maps: Floats,
    chosen: Chosen,
    temperature: float,
    alone: bool = False,
) -> Sums:
    """Sums of one part of a batch, to be added to others unless it is alone."""
    with bounded(hierarchy.work(len(maps))):
        found = sums(standing, chosen_rows(hierarchy, level, maps, chosen), temperature)
        return found if alone else opened(standing, found)


def climbed(hierarchy: Hierarchy, level: int, maps: Floats) -> Floats:
    """Maps that a level hands up."""
    with bounded(hierarchy.work(len(maps))):
        return hierarchy.encode_level(level, maps)[1]


class Here:
    """Parts in this process (see ``sums.Parts``).

    Parameters
    ----------
    hierarchy : Hierarchy
        As it learns.
    maps : sequence of ndarray (n, H, W, C)
        Of each part.
    """

    def __init__(self, hierarchy: Hierarchy, maps: Sequence[Floats]) -> None:
        self._hierarchy, self._maps = hierarchy, list(maps)
        self._level = 0
        self._chosen: list[Chosen] = [None] * len(self._maps)

    @property
    def sizes(self) -> Sequence[int]:
        """Maps of each part."""
        return [len(maps) for maps in self._maps]

    def sums(
        self, level: int, standing: Standing, chosen: Sequence[Chosen], temperature: float
    ) -> list[Sums]:
        """Sums of each part."""
        self._level, self._chosen = level, list(chosen)
        alone = len(self._maps) == 1
        return [
            part_sums(self._hierarchy, standing, level, maps, some, temperature, alone)
            for maps, some in zip(self._maps, chosen, strict=True)
        ]

    def row(self, part: int, number: int) -> Floats:
        """One row of those that sums were taken of last."""
        rows = chosen_rows(self._hierarchy, self._level, self._maps[part], self._chosen[part])
        return rows[number]

    def climb(self, level: int) -> None:
        """Go on to what a level hands up."""
        self._maps = [climbed(self._hierarchy, level, maps) for maps in self._maps]
