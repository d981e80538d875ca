"""A table as a series: which column is the time, which are values, and what was amiss.

::

    CSV, TSV, JSON lines, Parquet, frame ──► time stamps, columns of numbers, notes

Rows stay in the order they have and none is dropped: text, infinities and blanks become gaps
(NaN), stamps that are doubled or go backward stay as they are, and a note says each of these.
Memory holds the numbers alone, eight bytes a cell, whatever the file's size.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pandas.tseries.api import guess_datetime_format  # type: ignore[import-untyped]

from .. import files
from ..errors import DataError
from .series import SeriesData
from .tables import MOST_CELLS, check_rows, frames

# It tells of a format that does not fit what is asked; whatever it says, all is read again.
warnings.filterwarnings("ignore", message="Parsing dates in", category=UserWarning)

#: Values beyond this are no measurements, and their squares no numbers.
_LARGEST = 1e100
#: Part of a column's first cells that must be numbers, or times.
_ENOUGH = 0.5
_SAMPLE = 1000
#: Names of columns that hold the time as a number, and what a number of that size counts.
_TIME_NAMES = ("time", "date", "stamp", "epoch", "zeit", "datum", "ts", "时间", "日期")
_UNITS = ((1e8, 1e11, "s"), (1e11, 1e14, "ms"), (1e14, 1e17, "us"), (1e17, 1e19, "ns"))
#: A date of numbers that does not begin with the year: day and month in some order, and a year.
_DATE = r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2\d"
_UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def read_table(
    source: str | Path | BinaryIO | pd.DataFrame,
    columns: Sequence[str] | None = None,
    time: str | None = None,
    name: str = "",
    most_rows: int | None = None,
) -> SeriesData:
    """Read a series from a table.

    Parameters
    ----------
    source : str, Path, binary stream that can be sought, or pandas.DataFrame
        CSV or TSV (delimiter, decimal comma and header are found out), JSON lines, Parquet.
    columns : sequence of str, optional
        Names of the columns to take; by default all that hold numbers.
    time : str, optional
        Name of the column with the time; by default it is found out.
    name : str
        What notes and errors call it; by default the file's name.
    most_rows : int, optional
        More are refused, before they are read where the file says how many it has.

    Returns
    -------
    SeriesData

    Raises
    ------
    DataError
        If it is no table, holds no numbers, or lacks a column that was asked for.
    OSError
        If it cannot be opened.
    """
    if isinstance(source, str | Path):
        with files.measured(source) as (stream, _):
            return read_table(stream, columns, time, name or Path(source).name, most_rows)
    notes: list[str] = []
    if isinstance(source, pd.DataFrame):
        label, parts = name or "The frame", iter([_with_index(source)])
    else:
        label = name or "The table"
        layout, parts = frames(source, label, most_rows)
        if layout is not None:
            notes.append(layout.in_words())
    try:
        return _read(label, notes, parts, (columns, time, most_rows))
    finally:
        # Before the file is closed, as what reads it would else flush it later.
        if isinstance(parts, Generator):
            parts.close()


def _read(
    label: str,
    notes: list[str],
    parts: Iterator[pd.DataFrame],
    asked: tuple[Sequence[str] | None, str | None, int | None],
) -> SeriesData:
    """A series from the parts of a table: asked for are columns, time, and most rows."""
    columns, time, most_rows = asked
    first = next(parts, None)
    if first is None or not len(first):
        raise DataError(f"{label} has no rows.")
    when = _time_column(first, time, label)
    chosen = _value_columns(first, columns, when, label, notes)
    parts = _counted_rows(itertools.chain([first], parts), most_rows, label)
    values, stamps, amiss = _gathered(parts, chosen, when, label)
    notes += amiss
    if when is not None and stamps is not None:
        notes.append(f"The time is column {when!r}.")
        notes += _about(stamps)
    gaps = int(np.isnan(values).sum())
    if gaps:
        notes.append(
            _counted(gaps, "{count} cell is a gap, scored 0.", "{count} cells are gaps, scored 0.")
        )
    return SeriesData(label, values, tuple(chosen), stamps, when, tuple(notes))


def _counted_rows(
    parts: Iterable[pd.DataFrame], most: int | None, label: str
) -> Iterator[pd.DataFrame]:
    """Parts, until they are more rows than are wanted."""
    rows = 0
    for frame in parts:
        rows += len(frame)
        check_rows(rows, most, label)
        yield frame


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose index of times is a column as well."""
    found = frame.copy(deep=False)
    found.columns = [str(one) for one in found.columns]
    if isinstance(frame.index, pd.DatetimeIndex):
        found.insert(0, str(frame.index.name or "time"), frame.index, allow_duplicates=True)
    return found.loc[:, ~found.columns.duplicated()]


# -------------------------------------------------------------------- columns
def _time_column(frame: pd.DataFrame, asked: str | None, label: str) -> str | None:
    """The column with the time: the one asked for, the first of times, one called so."""
    if asked is not None:
        _must_have(frame, asked, label)
        return asked
    for name in frame.columns:
        head = frame[name].head(_SAMPLE).dropna()
        if not len(head) or pd.api.types.is_bool_dtype(head):
            continue
        if pd.api.types.is_numeric_dtype(head):
            called = any(word in str(name).lower() for word in _TIME_NAMES)
            if called and _unit(head.to_numpy(np.float64)) is not None:
                return str(name)
        elif (
            _numeric(head).notna().mean() <= _ENOUGH
            and (~np.isnat(_stamps(head).stamps)).mean() > _ENOUGH
        ):
            return str(name)
    return None


def _value_columns(
    frame: pd.DataFrame,
    asked: Sequence[str] | None,
    when: str | None,
    label: str,
    notes: list[str],
) -> list[str]:
    if asked is not None:
        for name in asked:
            _must_have(frame, name, label)
        return list(dict.fromkeys(asked))
    found: list[str] = []
    left: list[str] = []
    for name in (str(one) for one in frame.columns if one != when):
        head = frame[name].head(_SAMPLE)
        numbers = _numeric(head).notna().sum()
        (found if numbers and numbers >= _ENOUGH * head.notna().sum() else left).append(name)
    if not found:
        raise DataError(f"{label} has no column of numbers; a series needs one.")
    if left:
        names = ", ".join(repr(name) for name in left[:5]) + (" ..." if len(left) > 5 else "")
        notes.append(f"Left out, as they hold no numbers: {names}.")
    return found


def _must_have(frame: pd.DataFrame, name: str, label: str) -> None:
    if name not in frame.columns:
        there = ", ".join(repr(str(one)) for one in list(frame.columns)[:20])
        raise DataError(f"{label} has no column {name[:60]!r}; it has {there}.")


# ---------------------------------------------------------------------- cells
def _gathered(
    parts: Iterable[pd.DataFrame], chosen: list[str], when: str | None, label: str
) -> tuple[NDArray[np.float64], NDArray[np.datetime64] | None, list[str]]:
    """Numbers and stamps of all parts, and what was amiss in them."""
    blocks: list[NDArray[np.float64]] = []
    stamps: list[_Stamps] = []
    texts = infinite = longer = cells = 0
    for frame in _complete(parts, [*chosen, *([when] if when else [])]):
        block = np.empty((len(frame), len(chosen)))
        for number, name in enumerate(chosen):
            column = _numeric(frame[name])
            texts += int((column.isna() & frame[name].notna()).sum())
            block[:, number] = column
        far = np.abs(block) > _LARGEST
        infinite += int(far.sum())
        block[far] = np.nan
        longer += int(frame.attrs.get("longer", 0))
        cells += block.size
        if cells > MOST_CELLS:
            raise DataError(f"{label} has over {MOST_CELLS:,} cells; choose fewer columns.")
        blocks.append(block)
        if when is not None:
            stamps.append(_stamps(frame[when]))
    said = (
        (
            texts,
            "{count} cell holds text and became a gap.",
            "{count} cells hold text and became gaps.",
        ),
        (
            infinite,
            "{count} value is infinite and became a gap.",
            "{count} values are infinite and became gaps.",
        ),
        (
            longer,
            "{count} row has more cells than columns.",
            "{count} rows have more cells than columns.",
        ),
    )
    notes = [_counted(*one) for one in said if one[0]]
    return np.concatenate(blocks), _joined(stamps, notes), notes


def _complete(parts: Iterable[pd.DataFrame], names: list[str]) -> Iterator[pd.DataFrame]:
    """Parts that have all columns: of JSON lines, some thousands may lack one."""
    for frame in parts:
        attrs = frame.attrs
        if any(name not in frame.columns for name in names):
            frame = frame.reindex(columns=names)
        frame.attrs = attrs
        yield frame


def _numeric(column: pd.Series) -> pd.Series:
    """Cells as numbers, NaN where they are none."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(np.nan, column.index)
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(column.astype(str).str.strip(), errors="coerce")
    return column.astype(np.float64)


@dataclass(frozen=True)
class _Stamps:
    """Times of a part of a table, and what it shows of the order of day and month."""

    stamps: NDArray[np.datetime64]
    #: the same, day first, where dates may be either and nothing in this part tells
    either: NDArray[np.datetime64] | None = None
    day_first: int = 0  #: cells that begin with a day, as there is no such month
    month_first: int = 0


def _joined(parts: list[_Stamps], notes: list[str]) -> NDArray[np.datetime64] | None:
    """Times of all parts: a part of 1/2 and 2/2 alone is read as those that tell their order."""
    if not parts:
        return None
    days, months = (sum(getattr(p, name) for p in parts) for name in ("day_first", "month_first"))
    if not (days or months) and any(part.either is not None for part in parts):
        notes.append("Dates such as 1/2/2026 are read as month/day: none tells their order.")
    if days and months:
        notes.append(
            "Some dates are written day/month and some month/day: see that they are right."
        )
    return np.concatenate(
        [part.stamps if part.either is None or days <= months else part.either for part in parts]
    )


def _stamps(column: pd.Series) -> _Stamps:
    """Cells as times, in both orders of day and month if they may be either."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return _Stamps(_times(column).to_numpy("datetime64[us]"))
    column = column.reset_index(drop=True)
    iso = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
    days, months, either = _orders(column[iso.isna() & column.notna()])
    stamps = _times(column, days > months).to_numpy("datetime64[us]")
    if days or months or not either:
        return _Stamps(stamps, None, days, months)
    return _Stamps(stamps, _times(column, day_first=True).to_numpy("datetime64[us]"))


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
        unit = _unit(numbers[np.isfinite(numbers)])
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


def _unit(numbers: NDArray[np.float64]) -> str | None:
    """What numbers of this size count since 1970; None if they are no times."""
    if not len(numbers):
        return None
    middle = float(np.median(numbers))
    return next((unit for low, high, unit in _UNITS if low <= middle < high), None)


# ---------------------------------------------------------------------- notes
def _about(stamps: NDArray[np.datetime64]) -> list[str]:
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
    notes += [_counted(*one) for one in said if one[0]]
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


def _counted(count: int, one: str, many: str) -> str:
    """A sentence about one thing, or about several.

    >>> _counted(1200, "{count} row.", "{count} rows.")
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
