"""A table as a series: which column is the time, which are values, and what was amiss.

::

    CSV, TSV, JSON lines, Parquet, frame ──► time stamps, columns of numbers, notes

Rows stay in the order they have and none is dropped: text, infinities and blanks become gaps
(NaN), stamps that are doubled or go backward stay as they are, and a note says each of these.
Memory holds the numbers alone, eight bytes a cell, whatever the file's size.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from numpy.typing import NDArray

from .. import files
from ..errors import DataError
from .series import SeriesData
from .table_times import Times, about, counted, joined, times_of, unit_of
from .tables import MOST_CELLS, check_rows, frames

#: Values beyond this are no measurements, and their squares no numbers.
_LARGEST = 1e100
#: Part of a column's first cells that must be numbers, or times.
_ENOUGH = 0.5
_SAMPLE = 1000
#: Names of columns that hold the time as a number, and what a number of that size counts.
_TIME_NAMES = ("time", "date", "stamp", "epoch", "zeit", "datum", "ts", "时间", "日期")


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
        notes += about(stamps)
    gaps = int(np.isnan(values).sum())
    if gaps:
        notes.append(
            counted(gaps, "{count} cell is a gap, scored 0.", "{count} cells are gaps, scored 0.")
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
            if called and unit_of(head.to_numpy(np.float64)) is not None:
                return str(name)
        elif (
            _numeric(head).notna().mean() <= _ENOUGH
            and (~np.isnat(times_of(head).stamps)).mean() > _ENOUGH
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
    stamps: list[Times] = []
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
            stamps.append(times_of(frame[when]))
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
    notes = [counted(*one) for one in said if one[0]]
    return np.concatenate(blocks), joined(stamps, notes), notes


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
