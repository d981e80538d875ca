"""Time stamps of every kind as seconds since 1970, and the place of a second in the week.

::

    datetime64, datetime, pandas Timestamp, ISO text, number ──► seconds ──► half hour, kind of day

Stamps are context and no order: values are taken in the order they come, whatever their stamps
say, so that doubled, irregular and backward ones do no harm.  What has a zone is converted to
UTC, what has none is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ...errors import DataError

Seconds = NDArray[np.float64]
#: Half hours of a day; there are two kinds of day, of the week's work and of its end.
HALF_HOURS = 48
#: Monday is 0; the first of January 1970 was a Thursday.
_THURSDAY, _SATURDAY, _WEEK, _DAY = 3, 5, 7, 86400.0
#: Stamps farther from 1970 than this are no times of a calendar (years -9999 to 9999).
_FARTHEST = 4e11


def seconds_of(timestamps: Any, count: int) -> Seconds:
    """Time stamps as seconds since 1970, NaN where there is none.

    Parameters
    ----------
    timestamps : array-like of length ``count``, or None
        ``datetime64``, ``datetime``, pandas ``Timestamp`` or index, ISO 8601 text, or numbers,
        which are seconds since 1970.  None, NaT and NaN are missing stamps.
    count : int
        Values that they belong to.

    Returns
    -------
    float64 array (count,)

    Raises
    ------
    DataError
        If there are more or fewer than values, or one of them is no time.

    Examples
    --------
    >>> seconds_of(["1970-01-02", "1970-01-01T00:00:01Z"], 2).tolist()
    [86400.0, 1.0]
    """
    return seconds_at(stamps_of(timestamps, count), 0, count)


def stamps_of(timestamps: Any, count: int) -> NDArray[Any] | None:
    """Time stamps as an array of datetimes or of seconds, as they are where they are such.

    Parameters and errors are those of :func:`seconds_of`; :func:`seconds_at` goes on from here.
    """
    if timestamps is None:
        return None
    if isinstance(timestamps, str | bytes) or not hasattr(timestamps, "__len__"):
        raise DataError("Time stamps come as a list or an array, one for each value.")
    if len(timestamps) != count:
        raise DataError(f"There are {len(timestamps):,} time stamps for {count:,} values.")
    # Of an index with a zone NumPy would make objects, one by one.
    aware = getattr(timestamps, "tz_convert", None)
    if aware is not None and getattr(timestamps, "tz", None) is not None:
        timestamps = aware(None)
    array = np.asarray(timestamps)
    if array.ndim != 1:
        raise DataError("Time stamps come in one row, one for each value.")
    if array.dtype.kind == "M":
        return array
    if array.dtype.kind not in "iuf":
        array = np.array([_second(one) for one in _objects(timestamps)], np.float64)
    # Reduced, so that no second array of the same length is made.
    largest = np.fmax.reduce(array, initial=0), np.fmin.reduce(array, initial=0)
    if not -_FARTHEST <= float(largest[1]) <= float(largest[0]) <= _FARTHEST:
        found = array.astype(np.float64)
        raise DataError(
            f"Time stamp {found[np.abs(found) > _FARTHEST][0]:g} is no number of seconds since "
            "1970; milliseconds are divided by 1000 first."
        )
    return array


def seconds_at(stamps: NDArray[Any] | None, start: int, end: int) -> Seconds:
    """Seconds of some of the stamps that :func:`stamps_of` gave, NaN where there is none."""
    if stamps is None:
        return np.full(end - start, np.nan)
    if stamps.dtype.kind == "M":
        return _of_datetimes(stamps[start:end])
    return np.array(stamps[start:end], np.float64)


def _objects(timestamps: Any) -> Sequence[Any]:
    return timestamps.tolist() if isinstance(timestamps, np.ndarray) else list(timestamps)


def _of_datetimes(array: NDArray[np.datetime64]) -> Seconds:
    whole = array.astype("datetime64[s]")
    found = whole.astype(np.int64).astype(np.float64)
    found += (array - whole) / np.timedelta64(1, "s")
    return np.where(np.isnat(array), np.nan, found)


def _second(stamp: Any) -> float:
    if stamp is None or stamp != stamp:  # NaN and NaT differ from themselves
        return np.nan
    if isinstance(stamp, np.datetime64):
        return float(_of_datetimes(np.array([stamp]))[0])
    if isinstance(stamp, int | float | np.number) and not isinstance(stamp, bool):
        return float(stamp)
    try:
        at = stamp if isinstance(stamp, datetime) else datetime.fromisoformat(str(stamp).strip())
    except ValueError as exc:
        raise DataError(
            f"{str(stamp)[:40]!r} is no time stamp; write it as 2026-01-31 23:59:00."
        ) from exc
    # Of a time without a zone, timestamp() would ask where this machine stands.
    offset = at.utcoffset()
    bare = at.replace(tzinfo=None)
    shift = offset.total_seconds() if offset is not None else 0.0
    return (bare - datetime(1970, 1, 1)).total_seconds() - shift


@compiled(makes_arrays=False)
def cell_of(second: float) -> int:
    """Half hour of the day, after those of a working day those of a weekend; -1 if unknown."""
    if not abs(second) <= _FARTHEST:
        return -1
    day = np.floor(second / _DAY)
    half = int((second - day * _DAY) * HALF_HOURS / _DAY)
    weekend = (int(day) + _THURSDAY) % _WEEK >= _SATURDAY
    return min(half, HALF_HOURS - 1) + (HALF_HOURS if weekend else 0)
