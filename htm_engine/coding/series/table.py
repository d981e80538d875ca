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

Text is read and written some thousand lines at a time; of the whole table only the numbers and
times are in memory, eight bytes each.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, FormatError, HTMError
from ...files import as_bytes, bytes_of
from ...kinds import wrong
from ..container import MAGIC, pack, read_varint, unpack, varint
from .codec import LARGEST, compress_series, read_series
from .pieces import spans

#: Container kind of a table.
KIND = 5
#: Numbers of a table that is stored at most, two gigabytes; columns, each a model of some
#: milliseconds: a table of more is mostly wider than it is long.
MOST_NUMBERS, MOST_COLUMNS = 1 << 28, 4096
#: Bytes that are read at a time, bytes of a line at most, and cells that are written at a time.
_CHUNK, _LONGEST, _CELLS = 1 << 20, 1 << 24, 1 << 16
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


def compress_table(data: bytes | BinaryIO) -> bytes:
    """A table as a file, exactly.

    Parameters
    ----------
    data : bytes, or a binary stream that can be sought
        Contents of a CSV file or the like: numbers, at most one column of times, one header
        line or none.

    Raises
    ------
    DataError
        If it is no such table, or would not come back byte by byte: ``compress_text`` stores it.
    """
    try:
        is_stream = hasattr(data, "seek")
        stream = cast(BinaryIO, data) if is_stream else io.BytesIO(as_bytes(data))
        content = _stored(stream)
        stream.seek(0)
        for block in table_blocks(content, limit=MOST_NUMBERS):
            if stream.read(len(block)) != block:
                raise ValueError("another table came back")
        if stream.read(1):
            raise ValueError("less came back")
    except (ValueError, HTMError, OverflowError) as exc:
        raise _none() from exc
    return content


def decompress_table(data: bytes | memoryview, *, limit: int = LARGEST) -> bytes:
    """Inverse of :func:`compress_table`.

    Raises
    ------
    FormatError
        If the file is damaged, is no table, or holds more than ``limit`` numbers.
    """
    return b"".join(table_blocks(data, limit=limit))


def table_blocks(data: bytes | memoryview, *, limit: int = LARGEST) -> Iterator[bytes]:
    """:func:`decompress_table`, some thousand lines at a time."""
    layout, inside = _opened(data)
    series = read_series(inside, limit=limit)
    values = series.values if series.values.ndim == 2 else series.values[:, None]
    numbers = [style for style in layout.styles if style < _TIME]
    if len(numbers) != values.shape[1] or (len(numbers) < len(layout.styles)) != (
        series.timestamps is not None
    ):
        raise FormatError("This file is damaged: its columns are not those of its series.")
    yield from _written_out(layout, values, series.timestamps)


def series_inside(data: bytes | memoryview) -> bytes:
    """The series' file in a table's: its numbers and times, without how they were written."""
    return _opened(data)[1]


def is_table(data: bytes | memoryview) -> bool:
    """Whether these are the contents of a compressed table, by their first bytes."""
    return bytes(data[:4]) == MAGIC and bytes(data[5:6]) == bytes((KIND,))


# ------------------------------------------------------------------- reading
class _Column:
    """How the cells of a column were written so far."""

    def __init__(self, first: tuple[str, ...]) -> None:
        stamp = _STAMP.fullmatch(next(filter(None, first), ""))
        self._time = None if stamp is None else _time_style(stamp)
        self._decimals = set[int]()

    @property
    def style(self) -> int:
        """How all of them are written."""
        if self._time is not None:
            return self._time
        only = next(iter(self._decimals), 0) if len(self._decimals) < 2 else -1
        return only if 0 <= only <= _MOST_DECIMALS else _SHORTEST

    def read(self, cells: tuple[str, ...]) -> NDArray[np.float64] | NDArray[np.datetime64]:
        """Some cells as numbers or times; ``ValueError`` if they are neither."""
        if self._time is not None:
            unit = list(UNITS)[self._time & 15]
            return np.array([cell.rstrip("Z") for cell in cells], f"M8[{unit}]")
        self._decimals |= {_decimals(cell) for cell in set(cells) if cell}
        return np.array([float(cell) if cell else np.nan for cell in cells])


def _stored(stream: BinaryIO) -> bytes:
    """A table's file, not compared yet; ``ValueError`` if it is none."""
    layout, rows = _first_look(stream)
    columns: list[_Column] = []
    values, times, place = np.empty((0, 0)), None, 0
    for lines in _blocks(stream, layout.line_end, skip=layout.header is not None):
        cells = list(zip(*(line.split(layout.delimiter) for line in lines), strict=True))
        if len(cells) > MOST_COLUMNS:
            raise ValueError("too many columns")
        columns = columns or [_Column(column) for column in cells]
        if len(cells) != len(columns):
            raise ValueError("rows of different lengths")
        found = [one.read(column) for one, column in zip(columns, cells, strict=True)]
        numbers = [one for one in found if one.dtype.kind == "f"]
        stamps = [one for one in found if one.dtype.kind == "M"]
        if not place:
            if not numbers or len(stamps) > 1 or rows * len(numbers) > MOST_NUMBERS:
                raise ValueError("no numbers, too many, or two columns of times")
            values = np.empty((rows, len(numbers)))
            times = np.empty(rows, stamps[0].dtype) if stamps else None
        part = slice(place, place + len(lines))
        values[part] = np.stack(numbers, 1)
        if times is not None:
            times[part] = stamps[0]
        place += len(lines)
    layout = layout._replace(styles=tuple(column.style for column in columns))
    _compare(stream, layout, values, cast(NDArray[np.datetime64] | None, times))
    return _packed(layout, compress_series(values, timestamps=times))


def _compare(
    stream: BinaryIO,
    layout: _Layout,
    values: NDArray[np.float64],
    times: NDArray[np.datetime64] | None,
) -> None:
    """``ValueError`` if the cells are not written as they were: in seconds, before any coding."""
    stream.seek(0)
    for block in _written_out(layout, values, times):
        if stream.read(len(block)) != block:
            raise ValueError("cells of a column are written in several ways")


def _first_look(stream: BinaryIO) -> tuple[_Layout, int]:
    """Layout of a table but for its columns, and how many rows it has."""
    line_end = "\r\n" if _holds(stream, b"\r\n") else "\n"
    first, last, count = "", "", 0
    for lines in _blocks(stream, line_end):
        first = first if count else lines[0]
        last, count = lines[-1], count + len(lines)
    delimiter = _delimiter(last)
    header = None if all(_is_cell(cell) for cell in first.split(delimiter)) else first
    if count == (header is not None):
        raise ValueError("empty")
    stream.seek(-len(line_end), io.SEEK_END)
    ended = stream.read() == line_end.encode()
    return _Layout(delimiter, line_end, ended, header, ()), count - (header is not None)


def _holds(stream: BinaryIO, wanted: bytes) -> bool:
    stream.seek(0)
    before = b""
    while chunk := stream.read(_CHUNK):
        if wanted in before + chunk:
            return True
        before = chunk[1 - len(wanted) :]
    return False


def _blocks(stream: BinaryIO, line_end: str, skip: bool = False) -> Iterator[list[str]]:
    """Lines without their ends, some thousand at a time; all, or all but the first."""
    stream.seek(0)
    end, held = line_end.encode(), b""
    while chunk := stream.read(_CHUNK):
        held += chunk
        cut = held.rfind(end)
        if cut < 0 and len(held) > _LONGEST:
            raise ValueError("a line is too long")
        if cut >= 0:
            lines = held[:cut].decode().split(line_end)
            held = held[cut + len(end) :]
            if lines[skip:]:
                yield lines[skip:]
            skip = False
    if held and not skip:
        yield [held.decode()]


def _delimiter(line: str) -> str:
    for one in _DELIMITERS:
        cells = line.split(one.decode())
        if len(cells) > 1 and all(_is_cell(cell) for cell in cells):
            return one.decode()
    return ","


def _is_cell(cell: str) -> bool:
    """Whether it is empty, a number or a time."""
    try:
        stamp = _STAMP.fullmatch(cell)
        return not cell or (_decimals(cell) if stamp is None else _time_style(stamp)) > -2
    except ValueError:
        return False


def _time_style(stamp: re.Match[str]) -> int:
    """How a time is written."""
    marks = (_WITH_T if stamp[1] == "T" else 0) + (_WITH_Z if stamp[2] else 0)
    length = len(stamp[0]) - bool(stamp[2])
    units = [place for place, size in enumerate(UNITS.values()) if size == length]
    if not units:
        raise ValueError("a time in a form that is not known")
    return _TIME + marks + units[0]


def _decimals(cell: str) -> int:
    """Decimals of a number, -1 if it is written otherwise; ``ValueError`` if it is none."""
    number = _NUMBER.fullmatch(cell)
    if number is None:
        float(cell)
        return -1
    return len(number[1] or "")


# ------------------------------------------------------------------- writing
def _written_out(
    layout: _Layout, values: NDArray[np.float64], times: NDArray[np.datetime64] | None
) -> Iterator[bytes]:
    """All of a table, some thousand lines at a time."""
    before = "" if layout.header is None else layout.header + layout.line_end * (len(values) > 0)
    for span in spans(len(values), max(1, _CELLS // len(layout.styles))):
        part = slice(*span)
        told = None if times is None else times[part]
        yield (before + _lines(layout, values[part], told)).encode()
        before = layout.line_end
    yield ("" if len(values) else before).encode() + (layout.line_end * layout.ended).encode()


def _lines(
    layout: _Layout, values: NDArray[np.float64], times: NDArray[np.datetime64] | None
) -> str:
    """Some rows, without the end of the last line."""
    told = iter(values.T)
    cells = [
        _stamps(times, style) if style >= _TIME else _written(next(told), style)
        for style in layout.styles
    ]
    return layout.line_end.join(layout.delimiter.join(row) for row in zip(*cells, strict=True))


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
