"""Cells of tables as times: in which order day and month stand, and what is amiss with them.

::

    column of a part ──times_of──► times, day first as well where nothing tells ─┐
    all parts ────────joined──► times, in the order that most dates show   ◄─────┘
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.tseries.api import guess_datetime_format  # type: ignore[import-untyped]

# It tells of a format that does not fit what is asked; whatever it says, all is read again.
warnings.filterwarnings("ignore", message="Parsing dates in", category=UserWarning)

#: What numbers of a size count since 1970.
_UNITS = ((1e8, 1e11, "s"), (1e11, 1e14, "ms"), (1e14, 1e17, "us"), (1e17, 1e19, "ns"))
#: A date of numbers that does not begin with the year: day and month in some order, and a year.
_DATE = r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2\d"


@dataclass(frozen=True)
class Times:
    """Times of a part of a table, and what it shows of the order of day and month."""

    stamps: NDArray[np.datetime64]
    #: the same, day first, where dates may be either and nothing in this part tells
    either: NDArray[np.datetime64] | None = None
    day_first: int = 0  #: cells that begin with a day, as there is no such month
    month_first: int = 0


def joined(parts: list[Times], notes: list[str]) -> NDArray[np.datetime64] | None:
    """Times of all parts: a part of 1/2 and 2/2 alone is read as those that tell their order.

    Where none does they are read in the order in which time goes more steadily one way.
    """
    if not parts:
        return None
    days, months = (sum(getattr(p, name) for p in parts) for name in ("day_first", "month_first"))
    found = np.concatenate([part.stamps for part in parts])
    if days and months:
        notes.append(
            "Some dates are written day/month and some month/day: see that they are right."
        )
    if all(part.either is None for part in parts):
        return found
    other = np.concatenate([p.stamps if p.either is None else p.either for p in parts])
    if days or months:
        return other if days > months else found
    if _turns(other) < _turns(found):
        return other
    if _turns(other) == _turns(found):
        notes.append("Dates such as 1/2/2026 are read as month/day: none tells their order.")
    return found


def _turns(stamps: NDArray[np.datetime64]) -> int:
    """Steps against the way that most go."""
    steps = np.diff(stamps[~np.isnat(stamps)]).astype(np.int64)
    return min(int((steps < 0).sum()), int((steps > 0).sum()))


def times_of(column: pd.Series) -> Times:
    """Cells as times, in both orders of day and month if they may be either."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return Times(_times(column).to_numpy("datetime64[us]"))
    column = column.reset_index(drop=True)
    iso = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
    days, months, either = _orders(column[iso.isna() & column.notna()])
    stamps = _times(column, days > months).to_numpy("datetime64[us]")
    if days or months or not either:
        return Times(stamps, None, days, months)
    return Times(stamps, _times(column, day_first=True).to_numpy("datetime64[us]"))


def _orders(column: pd.Series) -> tuple[int, int, int]:
    """How many dates of numbers begin with the day, with the month, and may be either.

    With dots between them dates begin with the day.
    """
    parts = column.astype(str).str.extract(_DATE).dropna()
    first, second = (parts[place].astype(int) for place in (0, 2))
    possible = (first >= 1) & (second >= 1) & (first <= 31) & (second <= 31)
    possible &= np.minimum(first, second) <= 12
    days = possible & ((first > 12) | (parts[1] == "."))
    months = possible & ~days & (second > 12)
    return int(days.sum()), int(months.sum()), int((possible & ~days & ~months).sum())


def _times(column: pd.Series, day_first: bool = False) -> pd.Series:
    """Cells as times in UTC without a zone, NaT where they are none.

    Dates of numbers that may begin with the day or with the month do as is said.
    """
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        unit = unit_of(numbers[np.isfinite(numbers)])
        if unit is None:
            return pd.Series(np.datetime64("NaT", "us"), column.index)
        found = pd.to_datetime(column, unit=unit, errors="coerce", utc=True)
    else:
        column = column.reset_index(drop=True)  # a frame may name several rows alike
        found = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
        other = found.isna() & column.notna()
        if other.any():
            rest = column[other].astype(str)
            # As the first one is written most are, which is read forty times as fast.
            written = guess_datetime_format(rest.iloc[0].strip(), dayfirst=day_first)
            for format in (written, "mixed") if written else ("mixed",):
                read = pd.to_datetime(
                    rest, format=format, errors="coerce", utc=True, dayfirst=day_first
                ).astype("datetime64[us, UTC]")
                found = found.astype("datetime64[us, UTC]")
                found[rest.index] = read
                rest = rest[read.isna().to_numpy()]
                if not len(rest):
                    break
    return found.dt.tz_localize(None)


def unit_of(numbers: NDArray[np.float64]) -> str | None:
    """What numbers of this size count since 1970; None if they are no times."""
    if not len(numbers):
        return None
    middle = float(np.median(numbers))
    return next((unit for low, high, unit in _UNITS if low <= middle < high), None)


def about(stamps: NDArray[np.datetime64]) -> list[str]:
    """Sentences on stamps that are missing, doubled, out of order, or far apart."""
    notes = []
    known = stamps[~np.isnat(stamps)]
    missing = len(stamps) - len(known)
    steps = np.diff(known).astype(np.int64)
    said = (
        (missing, "{count} row has no readable time.", "{count} rows have no readable time."),
        (
            int((steps == 0).sum()),
            "{count} time stamp is doubled; rows stay in the order they have.",
            "{count} time stamps are doubled; rows stay in the order they have.",
        ),
        (
            int((steps < 0).sum()),
            "{count} time stamp goes backward; rows stay in the order they have.",
            "{count} time stamps go backward; rows stay in the order they have.",
        ),
    )
    notes += [counted(*one) for one in said if one[0]]
    ahead = steps[steps > 0]
    if len(ahead):
        usual = float(np.median(ahead))
        gaps = ahead[ahead > 1.5 * usual]
        if len(gaps):
            longest, often = _duration(gaps.max() / 1e6), _duration(usual / 1e6)
            number = f"{len(gaps):,}"
            notes.append(
                f"Gaps in time: {number}, the longest {longest} where {often} is usual; "
                "nothing is filled in."
            )
    return notes


def counted(count: int, one: str, many: str) -> str:
    """A sentence about one thing, or about several.

    >>> counted(1200, "{count} row.", "{count} rows.")
    '1,200 rows.'
    """
    return (one if count == 1 else many).format(count=f"{count:,}")


def _duration(seconds: float) -> str:
    """Time in the largest unit that it fills, days from the second on.

    >>> _duration(300), _duration(7200), _duration(0.02)
    ('5 min', '2 h', '0.02 s')
    """
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.3g} days"
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
