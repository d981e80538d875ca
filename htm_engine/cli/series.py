"""What the commands for series do: score a table, score lines as they come, forecast.

Results go to the standard output or a file, notes on what was read to standard error.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..data.drawn_series import DRAWN, draw_series
from ..data.series import SeriesData
from ..data.series_tables import read_table
from ..errors import DataError
from ..model.series.clock import seconds_of
from ..model.series.model import SeriesModel
from ..model.series.results import ALARM
from .live import follow_lines
from .outputs import check_target, replacing
from .plan import PIPE

#: Rows that are written at a time.
_ROWS = 1 << 14
#: A spreadsheet would run a cell that begins so.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def detect(arguments: Namespace) -> None:
    """Score every value of a table, or of the lines of the standard input as they come."""
    if arguments.data == PIPE:
        if arguments.output or arguments.columns or arguments.time or arguments.rows:
            raise DataError("Lines that come one by one take no -o, --column, --time and --rows.")
        make = partial(SeriesModel, arguments.learning, fast=arguments.fast)
        follow_lines(sys.stdin, sys.stdout, make)
        return
    if arguments.output is not None:
        check_target(arguments.output, arguments.force, arguments.data)
    data = _read(arguments)
    if _is_of_rows(data, arguments):
        _detect_rows(data, arguments)
        return
    scores, more = _scored(data, arguments)
    odd = np.flatnonzero(scores >= ALARM)
    rows = odd if arguments.output is None else np.arange(len(data))
    _deliver(arguments, data, rows, {"score": scores, **more})
    _say(f"{len(odd):,} of {len(data):,} values are odd.")


def _is_of_rows(data: SeriesData, arguments: Namespace) -> bool:
    """Whether rows are judged by one another: where it is asked for, or there is no time."""
    if arguments.rows is not None:
        return bool(arguments.rows)
    as_series = arguments.learning or arguments.fast
    found = data.stamps is None and len(data.columns) > 1 and not as_series
    if found:
        _say("There is no time, so rows are judged by one another; --series takes their order.")
    return found


def _detect_rows(data: SeriesData, arguments: Namespace) -> None:
    """Score rows by one another, and name the cell that surprises most in each."""
    from ..estimator.rows import detect_rows

    if arguments.learning or arguments.fast:
        raise DataError("Rows judged by one another take no --learning and --fast.")
    found = detect_rows(data.values)
    odd = np.flatnonzero(found.score >= ALARM)
    most = found.cells.argmax(1)
    more: dict[str, NDArray[Any]] = {
        "score": found.score,
        "bits": found.bits,
        "cell": np.array(data.columns, object)[most],
        "expected": np.take_along_axis(found.expected, most[:, None], 1)[:, 0],
    }
    rows = odd if arguments.output is None else np.arange(len(data))
    if arguments.output is not None:
        more |= {f"bits of {n}": b for n, b in zip(data.columns, found.cells.T, strict=True)}
    _deliver(arguments, data, rows, more)
    _say(f"{len(odd):,} of {len(data):,} rows are odd.")


def forecast(arguments: Namespace) -> None:
    """Say what values are to come, with quantiles."""
    if arguments.output is not None:
        check_target(arguments.output, arguments.force, arguments.data)
    data = _read(arguments)
    if len(data.columns) > 1:
        names = ", ".join(map(repr, data.columns[:20]))
        raise DataError(f"A forecast is of one column: choose one by --column, of {names}.")
    model = SeriesModel(random_state=arguments.seed, fast=True).fit(data.values[:, 0], data.stamps)
    coming = model.forecast(arguments.number)
    stamps = None
    if np.isfinite(coming.seconds).all():
        stamps = (coming.seconds * 1e6).astype("datetime64[us]")
    found = {"mean": coming.mean}
    for level, quantile in zip(coming.levels, coming.quantiles.T, strict=True):
        found[f"{100 * level:g} %"] = quantile
    table = SeriesData("forecast", np.zeros((arguments.number, 0)), (), stamps, data.time)
    _deliver(arguments, table, np.arange(arguments.number), found, len(data))


def _deliver(
    arguments: Namespace,
    data: SeriesData,
    rows: NDArray[np.int64],
    more: dict[str, NDArray[Any]],
    before: int = 0,
) -> None:
    """Write rows to the file that was asked for, else to the standard output."""
    if arguments.output is None:
        _write(sys.stdout.buffer, data, rows, more, before)
        return
    with replacing(arguments.output, arguments.force) as stream:
        _write(stream, data, rows, more, before)
    print(f"written          {arguments.output}")


def _read(arguments: Namespace) -> SeriesData:
    name = arguments.data
    if name in DRAWN and not Path(name).exists():
        return _only(draw_series(name).data, arguments.columns)
    with files.measured(name) as (stream, _):
        data = read_table(stream, arguments.columns, arguments.time, Path(name).name)
    for note in data.notes:
        _say(note)
    return data


def _only(data: SeriesData, names: list[str] | None) -> SeriesData:
    """The columns of some names; all without any."""
    names = list(dict.fromkeys(names or data.columns))
    for name in names:
        if name not in data.columns:
            there = ", ".join(map(repr, data.columns))
            raise DataError(f"{data.name} has no column {name[:60]!r}; it has {there}.")
    places = [data.columns.index(name) for name in names]
    return replace(data, values=data.values[:, places], columns=tuple(names))


def _scored(
    data: SeriesData, arguments: Namespace
) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]]]:
    """The largest score of each row; of a single column, what was predicted as well."""
    seconds = seconds_of(data.stamps, len(data))
    scores, more = np.zeros(len(data)), {}
    for column in data.values.T:
        model = SeriesModel(arguments.learning, fast=arguments.fast)
        if len(data.columns) == 1 and arguments.output is not None:
            trace = model.follow(column, seconds)
            names = ("prediction", "low", "high", "surprise")
            more = {name: getattr(trace, name) for name in names}
            return trace.score, more
        np.maximum(scores, model.detect(column, seconds), out=scores)
    return scores, more


def _write(
    stream: BinaryIO,
    data: SeriesData,
    rows: NDArray[np.int64],
    more: dict[str, NDArray[Any]],
    before: int = 0,
) -> None:
    """Rows as CSV: their number from 1, time, values, and what was found."""
    names = ["row", *([data.time or "time"] if data.stamps is not None else []), *data.columns]
    stream.write((",".join(_cell(name) for name in [*names, *more]) + "\n").encode())
    for begin in range(0, len(rows), _ROWS):
        part = rows[begin : begin + _ROWS]
        columns: list[Iterator[str]] = [map(str, part + 1 + before)]
        if data.stamps is not None:
            columns.append(map(_time, data.stamps[part]))
        columns += [map(_number, column[part].tolist()) for column in data.values.T]
        columns += [
            map(_cell if column.dtype == object else _number, column[part].tolist())
            for column in more.values()
        ]
        lines = "".join(",".join(cells) + "\n" for cells in zip(*columns, strict=True))
        stream.write(lines.encode())
    stream.flush()


def _cell(name: str) -> str:
    """A name as a cell that no spreadsheet runs."""
    safe = f"'{name}" if name.startswith(_FORMULAS) else name
    return '"' + safe.replace('"', '""') + '"' if set(safe) & set(',"\n\r') else safe


def _number(value: float) -> str:
    """A number in as few digits as give it back; a gap is empty."""
    return "" if value != value else repr(value).removesuffix(".0")


def _time(stamp: np.datetime64) -> str:
    return "" if np.isnat(stamp) else str(stamp).removesuffix(".000000")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


# ----------------------------------------------------------------- describe
def of_model(content: bytes) -> dict[str, Any]:
    """What the file of a series' model holds."""
    model = SeriesModel.load(BytesIO(content))
    return {
        "kind": "series model",
        "values": model.seen_,
        "learning": model.period_,
        "bytes": len(content),
    }
