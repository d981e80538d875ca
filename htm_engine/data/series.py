"""The one form in which a series of every origin is handed on: numbers, time stamps, notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SeriesData:
    """Columns of numbers over time.

    Parameters
    ----------
    name : str
    values : float64 array (n, c)
        NaN is a gap.
    columns : tuple of str
        Their names.
    stamps : datetime64[us] array (n,) or None
        NaT where there is none; UTC, if the file names zones.
    time : str or None
        Name of the column that they were read from.
    notes : tuple of str
        One sentence for each thing that was found out or dealt with.
    """

    name: str
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    stamps: NDArray[np.datetime64] | None = None
    time: str | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.values)
