"""Tables as text, CSV and the like: stored as series where the very same bytes come back.

::

    header line, cells of numbers, one column of times ──► styles + a series' file ──► .htmc
    .htmc ──► series ──styles──► the bytes of the table

The container of ``coding.container``, kind 5, without fields.  Its payload::

    1      delimiter
    1      1 if lines end in CR LF, plus 2 if the last line ends too
    1..5   length of the header line, a varint, plus 1; 0 for none
    ...    header line
    1..5   number of columns, a varint
    1 each how the cells of a column are written: 0..22 that many decimals; 64 the shortest that
           is read as the same double; from 128 on times, of which one column may be: the unit of
           ``UNITS``, plus 16 with T between date and time and 32 with Z at the end
    ...    a series' file of these columns without the times, which are its time stamps

An empty cell is NaN.  :func:`compress_table` writes the table back from what it stored before
it says anything: a table that would come back otherwise is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, FormatError, HTMError
from ...files import bytes_of
from ...kinds import wrong
from ..container import MAGIC, pack, read_varint, unpack, varint
from .codec import LARGEST, compress_series, read_series

#: Container kind of a table.
KIND = 5
#: Bytes of a table at most; all of its cells are in memory at once.
MOST_BYTES = 1 << 28
#: Units that times are written in, and how many letters that takes.
UNITS = {"D": 10, "m": 16, "s": 19, "ms": 23, "us": 26}
_DELIMITERS = (b",", b";", b"\t", b" ", b"|")
_SHORTEST, _TIME, _WITH_T, _WITH_Z = 64, 128, 16, 32
_MOST_DECIMALS = 22
_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:([ T])\d\d:\d\d(?::\d\d(?:\.\d{3}(?:\d{3})?)?)?(Z?))?")


class _Layout(NamedTuple):
    """All of a table but its numbers."""

    delimiter: str
    line_end: str
    ended: bool
    header: str | None
    styles: tuple[int, ...]


def compress_table(data: bytes) -> bytes:
    """A table as a file, exactly.

    Parameters
    ----------
    data : bytes
        Contents of a CSV file or the like: numbers, at most one column of times, one header
        line or none.

    Raises
    ------
    DataError
        If it is no such table, or would not come back byte by byte: ``compress_text`` stores it.
    """
    try:
        layout, rows = _parsed(bytes(bytes_of(data)))
        values, times = _columns(layout, rows)
        content = _packed(layout, compress_series(values, timestamps=times))
        back = decompress_table(content)
    except (ValueError, HTMError, OverflowError) as exc:
        raise _none() from exc
    if back != data:
        raise _none()
    return content


def decompress_table(data: bytes | memoryview, *, limit: int = LARGEST) -> bytes:
    """Inverse of :func:`compress_table`.

    Raises
    ------
    FormatError
        If the file is damaged, is no table, or holds more than ``limit`` numbers.
    """
    layout, inside = _opened(data)
    series = read_series(inside, limit=limit)
    values = series.values.reshape(len(series.values), -1)
    numbers = [style for style in layout.styles if style < _TIME]
    if len(numbers) != values.shape[1] or (len(numbers) < len(layout.styles)) != (
        series.timestamps is not None
    ):
        raise FormatError("This file is damaged: its columns are not those of its series.")
    told, cells = iter(values.T), []
    for style in layout.styles:
        if style >= _TIME:
            cells.append(_stamps(series.timestamps, style))
        else:
            cells.append(_written(next(told), style))
    lines = [layout.delimiter.join(row) for row in zip(*cells, strict=True)]
    if layout.header is not None:
        lines.insert(0, layout.header)
    end = layout.line_end if layout.ended else ""
    return (layout.line_end.join(lines) + end).encode()


def series_inside(data: bytes | memoryview) -> bytes:
    """The series' file in a table's: its numbers and times, without how they were written."""
    return _opened(data)[1]


def is_table(data: bytes | memoryview) -> bool:
    """Whether these are the contents of a compressed table, by their first bytes."""
    return bytes(data[:4]) == MAGIC and bytes(data[5:6]) == bytes((KIND,))


# ------------------------------------------------------------------- reading
def _parsed(data: bytes) -> tuple[_Layout, list[list[str]]]:
    """Layout of a table, and its cells; ``ValueError`` if it is none."""
    if not data or len(data) > MOST_BYTES:
        raise ValueError("too long or empty")
    text = data.decode()
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(line_end)
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    delimiter = _delimiter(lines[-1])
    header = None
    if any(_style([cell]) is None for cell in lines[0].split(delimiter)):
        header = lines.pop(0)
    rows = [line.split(delimiter) for line in lines]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError("rows of different lengths")
    styles = [_style(list(column)) for column in zip(*rows, strict=True)]
    known = tuple(style for style in styles if style is not None)
    if len(known) < len(styles) or sum(style >= _TIME for style in known) > 1:
        raise ValueError("cells that are no numbers")
    if all(style >= _TIME for style in known):
        raise ValueError("no numbers")
    return _Layout(delimiter, line_end, ended, header, known), rows


def _delimiter(line: str) -> str:
    for one in _DELIMITERS:
        cells = line.split(one.decode())
        if len(cells) > 1 and all(_style([cell]) is not None for cell in cells):
            return one.decode()
    return ","


def _style(column: list[str]) -> int | None:
    """How cells are written; None if they are neither numbers nor times, all alike."""
    filled = [cell for cell in column if cell]
    if not filled:
        return 0
    stamp = _STAMP.fullmatch(filled[0])
    if stamp:
        marks = (_WITH_T if stamp[1] == "T" else 0) + (_WITH_Z if stamp[2] else 0)
        length = len(filled[0]) - bool(stamp[2])
        units = [place for place, size in enumerate(UNITS.values()) if size == length]
        return _TIME + marks + units[0] if units and len(filled) == len(column) else None
    decimals = set()
    for cell in filled:
        number = _NUMBER.fullmatch(cell)
        if number is None:
            try:
                float(cell)
            except ValueError:
                return None
        decimals.add(len(number[1] or "") if number else -1)
    only = decimals.pop() if len(decimals) == 1 else -1
    return only if 0 <= only <= _MOST_DECIMALS else _SHORTEST


def _columns(
    layout: _Layout, rows: list[list[str]]
) -> tuple[NDArray[np.float64], NDArray[np.datetime64] | None]:
    values, times = [], None
    for style, cells in zip(layout.styles, zip(*rows, strict=True), strict=True):
        if style >= _TIME:
            unit = list(UNITS)[style & 15]
            times = np.array([cell.rstrip("Z") for cell in cells], f"M8[{unit}]")
        else:
            values.append(np.array([float(cell) if cell else np.nan for cell in cells]))
    return np.stack(values, 1), times


# ------------------------------------------------------------------- writing
def _written(values: NDArray[np.float64], style: int) -> list[str]:
    """Cells of a column of numbers."""
    if style == _SHORTEST:
        return ["" if x != x else repr(x) for x in values.tolist()]
    return ["" if x != x else f"{x:.{style}f}" for x in values.tolist()]


def _stamps(times: NDArray[np.datetime64] | None, style: int) -> list[str]:
    """Cells of a column of times."""
    place = style & 15
    if times is None or place >= len(UNITS) or times.dtype.kind != "M":
        raise FormatError("This file is damaged: its times are written in no way known here.")
    cells = times.astype(f"M8[{list(UNITS)[place]}]").astype(str).tolist()
    if not style & _WITH_T:
        cells = [cell.replace("T", " ") for cell in cells]
    return [cell + "Z" for cell in cells] if style & _WITH_Z else cells


def _packed(layout: _Layout, series: bytes) -> bytes:
    marks = (layout.line_end == "\r\n") + 2 * layout.ended
    header = b"" if layout.header is None else layout.header.encode()
    return pack(
        KIND,
        bytes(8),
        (),
        layout.delimiter.encode()
        + bytes((marks,))
        + varint(0 if layout.header is None else len(header) + 1)
        + header
        + varint(len(layout.styles))
        + bytes(layout.styles)
        + series,
    )


def _opened(data: bytes | memoryview) -> tuple[_Layout, bytes]:
    """Inverse of :func:`_packed`."""
    box = unpack(bytes_of(data), "a table's file")
    if box.kind != KIND:
        raise FormatError(wrong(data, "a table's file"))
    payload = bytes(box.payload)
    if len(payload) < 4 or payload[:1] not in _DELIMITERS or payload[1] > 3:
        raise FormatError("This file is damaged: its header does not describe a table.")
    length, at = read_varint(payload, 2)
    header = None
    if length:
        try:
            header = payload[at : at + length - 1].decode()
        except UnicodeDecodeError as exc:
            raise FormatError("This file is damaged: its header line is no text.") from exc
        at += length - 1
    columns, at = read_varint(payload, at)
    styles = payload[at : at + columns]
    if len(styles) < columns or any(_MOST_DECIMALS < s < _TIME and s != _SHORTEST for s in styles):
        raise FormatError("This file is damaged: its columns are written in no way known here.")
    if sum(style >= _TIME for style in styles) > 1:
        raise FormatError("This file is damaged: it has more than one column of times.")
    line_end = "\r\n" if payload[1] & 1 else "\n"
    layout = _Layout(payload[:1].decode(), line_end, payload[1] >= 2, header, tuple(styles))
    return layout, payload[at + columns :]


def _none() -> DataError:
    return DataError(
        "This is no table of numbers that would come back byte by byte; compress_text stores it."
    )
