"""Values as users have them, made fit for the loops or refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError

#: Larger values are refused: their squares are no numbers any more.
LARGEST = 1e100


def values_of(values: Any, *, columns: bool = False) -> NDArray[np.float64]:
    """Values as float64; None and masked ones are NaN, which means a gap.

    Parameters
    ----------
    values : array-like (n,), or (n, c) with ``columns``
    columns : bool

    Returns
    -------
    float64 array

    Raises
    ------
    DataError
        If they are no numbers, have another shape, or one is infinite or beyond 1e100.
    """
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(values.astype(np.float64), np.nan)
        elif hasattr(values, "to_numpy"):  # a frame's missing values are of many kinds
            values = values.to_numpy(np.float64, na_value=np.nan)
        array = np.asarray(values)
        if array.dtype.kind in "cUSMmV":
            raise DataError("A series has numbers, not texts, times or complex numbers.")
        array = array.astype(np.float64, order="C", copy=False)
    except DataError:
        raise
    except (TypeError, ValueError) as exc:
        raise DataError("A series is one row of numbers; a gap in it is NaN or None.") from exc
    if array.ndim != 1 and not (columns and array.ndim == 2):
        raise DataError(
            f"A series is one row of numbers (n,), and this has the shape {array.shape}; "
            "htm_engine.detect takes several columns (n, c)."
        )
    # Reduced, so that no second array of the same length is made.
    least = np.fmin.reduce(array, axis=None, initial=0)
    if not -LARGEST <= least <= np.fmax.reduce(array, axis=None, initial=0) <= LARGEST:
        place = np.argwhere(np.abs(array) > LARGEST)[0]
        raise DataError(
            f"Value {place[0] + 1:,} is {array[tuple(place)]:g}, which no scale can hold; "
            "make it NaN if it is a gap."
        )
    return array


def stamps_in(values: Any, timestamps: Any) -> Any:
    """The time stamps given, else those that a pandas series or frame has as its index."""
    index = getattr(values, "index", None)
    if timestamps is None and getattr(getattr(index, "dtype", None), "kind", "") == "M":
        return index
    return timestamps
