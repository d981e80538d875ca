"""Series of numbers as files: exactly, to some decimals, or within a tolerance.

::

    values ──► columns ──► whole numbers ──► units predict, decisions are coded ──► .htmc
    time stamps ──► steps ──────────────────────────┘

Two forms.  From 64 KiB of payload on, the container of ``coding.container``, kind 4, with two
fields: the number of rows n, and of columns (0: the values were no table).  Below, the short
form::

    offset  bytes  field
    0       1      0xA9
    1       1..5   number of rows, a varint
    ...     1..5   number of columns, 0 if the values were no table, a varint
    ...     ...    payload
    end-2   2..3   low bytes, the lowest first, of the CRC-32 of everything before; 2 if that is
                   less than 1 KiB, else 3

Payload: 0, or time stamps as ``stamps`` writes them, which begin otherwise; then the columns, one
after another, as ``numbers`` writes them.  Of no rows it is the 0 alone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DataError, FormatError
from ...files import bytes_of
from ...kinds import SHORT_SERIES, wrong
from ..container import MAGIC, pack, read_varint, unpack, varint
from . import numbers, stamps
from .decimals import MOST_DECIMALS
from .pieces import Part, spans
from .whole import BESIDE

#: Container kind of a series.
KIND = 4
#: Length of the payload from which the container is used.
LONG_FROM = 1 << 16
#: Bytes of a short form below which its checksum has two bytes, and not three.
_SHORTER = 1024
#: Values that :func:`decompress_series` gives at most, unless told otherwise.
LARGEST = 1 << 25
#: Columns of a table at most.
MOST_COLUMNS = 1 << 20
_NO_FINGERPRINT = bytes(8)
_WANTED = "a series' file"


@dataclass(frozen=True)
class Series:
    """What a file holds.

    Attributes
    ----------
    values : ndarray of float64 (n,) or (n, columns)
    timestamps : ndarray of int64 or datetime64 (n,), or None
    decimals : tuple of int or None
        Of each column, decimals that its numbers are told to; None for doubles.
    tolerance : tuple of float
        Of each column, half the step that its numbers are multiples of; 0 where nothing is lost
        beyond its decimals.
    """

    values: NDArray[np.float64]
    timestamps: NDArray[Any] | None
    decimals: tuple[int | None, ...]
    tolerance: tuple[float, ...]


@dataclass(frozen=True)
class SeriesInfo:
    """Rows and columns of a series (0: no table), whether it has time stamps, and its bytes."""

    rows: int
    columns: int
    timestamps: bool
    size: int


class _Opened(NamedTuple):
    rows: int
    columns: int
    payload: bytes | memoryview


def compress_series(
    values: ArrayLike,
    decimals: int | None = None,
    tolerance: float = 0,
    timestamps: ArrayLike | None = None,
) -> bytes:
    """A series, or a table of several, as a file.

    Besides the values and the file itself this takes the same memory for any length.

    Parameters
    ----------
    values : array of numbers (n,) or (n, columns)
        Any doubles; NaN, infinities and minus zero come back as they were.
    decimals : int or None
        Decimals to round to, 0..22; None keeps every double exactly, in the fewest decimals
        that say it.
    tolerance : float
        Largest absolute error that a finite value may have; 0 for none.  With ``decimals``, of
        the rounded values.
    timestamps : array (n,) of whole numbers or datetime64, or None
        Kept exactly.  Even steps cost a few bytes in all.

    Returns
    -------
    bytes
        Contents of an ``.htmc`` file.

    Raises
    ------
    DataError
        If the values are no numbers, have more than two dimensions, or there is not one time
        stamp a row; if ``decimals`` or ``tolerance`` make no sense.

    Examples
    --------
    >>> data = compress_series([20.5, 20.6, 20.6, 20.4])
    >>> decompress_series(data).tolist()
    [20.5, 20.6, 20.6, 20.4]
    """
    table = _numbers(values)
    _check(decimals, tolerance)
    rows, columns = len(table), 0 if table.ndim == 1 else table.shape[1]
    payload = [b"\0"]
    if timestamps is not None:
        own = np.asarray(timestamps)
        if own.shape != (rows,):
            raise DataError(f"Time stamps are one a row, {rows:,}, not of shape {own.shape}.")
        payload = stamps.write(own) if rows else payload
    before = list[Part]()
    for column in table.reshape(rows, -1).T if rows else ():
        told, steps = numbers.write(column, decimals, float(tolerance), before)
        payload += told
        before = _followed(before, steps)
    return _write(rows, columns, payload)


def decompress_series(data: bytes, *, limit: int = LARGEST) -> NDArray[np.float64]:
    """Inverse of :func:`compress_series`: values ``(n,)`` or ``(n, columns)``.

    Parameters
    ----------
    data : bytes
        Contents of a file.
    limit : int
        Number of values above which the file is refused.

    Raises
    ------
    FormatError
        If the file is damaged, truncated or extended, is no series, or holds more than ``limit``.
    """
    return read_series(data, limit=limit).values


def read_series(data: bytes, *, limit: int = LARGEST) -> Series:
    """All that a file holds: :func:`decompress_series`, and time stamps, decimals, tolerance.

    Raises
    ------
    FormatError
        As :func:`decompress_series`.
    """
    if not isinstance(limit, int | np.integer):
        raise DataError(f"limit is a whole number of values, not {limit!r}.")
    rows, columns, payload = _open(bytes_of(data))
    count = max(columns, 1)
    if rows * count > limit:
        raise FormatError(
            f"This file holds {rows * count:,} values; at most {limit:,} are read. "
            "Give a larger limit."
        )
    if not payload:
        raise FormatError("This file is truncated.")
    at, times = (1, None) if payload[0] == 0 else (0, None)
    if at == 0 and rows:
        times, at = stamps.read(payload, 0, rows)
    values = np.zeros((rows, count)) if count > 1 or not rows else np.zeros(0)
    found, before = list[tuple[int | None, float]](), list[Part]()
    for place in range(count if rows else 0):
        column, steps, at = numbers.read(payload, at, rows, before, followed=place + 1 < count)
        if count > 1:
            values[:, place] = column.values
        else:
            values = column.values[:, None]
        found.append((column.decimals, column.tolerance))
        before = _followed(before, steps)
    if at != len(payload):
        raise FormatError("This file is damaged: its series do not end where its bytes do.")
    return Series(
        values if columns else values[:, 0],
        times,
        tuple(decimals for decimals, _ in found),
        tuple(tolerance for _, tolerance in found),
    )


def inspect_series(data: bytes | memoryview) -> SeriesInfo:
    """What a file holds, without decoding it."""
    view = bytes_of(data)
    rows, columns, payload = _open(view)
    return SeriesInfo(rows, columns, bool(payload) and payload[0] != 0, len(view))


def is_series(data: bytes | memoryview) -> bool:
    """Whether these are the contents of a compressed series, by their first bytes."""
    head = bytes(data[:6])
    long = head[: len(MAGIC)] == MAGIC and head[5:] == bytes((KIND,))
    return long or head[:1] == bytes((SHORT_SERIES,))


# --------------------------------------------------------------------- parts
def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    try:
        table = np.asarray(values)
    except ValueError as exc:
        raise DataError("Values are numbers in one row or in a table, all rows alike.") from exc
    if table.dtype.kind not in "fiub":
        raise DataError(f"Values are numbers, not {table.dtype}; for words, use compress_text.")
    if table.ndim not in (1, 2) or (table.ndim == 2 and not 1 <= table.shape[1] <= MOST_COLUMNS):
        raise DataError(f"Values are (n,) or (n, columns), not of shape {table.shape}.")
    if table.dtype.kind in "iu" and not all(
        _are_doubles(table[start:end]) for start, end in spans(len(table))
    ):
        raise DataError("Whole numbers beyond 2^53 are no doubles: give them as time stamps.")
    return table


def _are_doubles(numbers: NDArray[Any]) -> bool:
    """Whether doubles hold these whole numbers exactly."""
    far = numbers[(numbers > 1 << 53) | (numbers < -(1 << 53))] if numbers.itemsize == 8 else ()
    return all(int(float(number)) == int(number) for number in far)


def _check(decimals: int | None, tolerance: float) -> None:
    if decimals is not None and (
        not isinstance(decimals, int | np.integer) or not 0 <= decimals <= MOST_DECIMALS
    ):
        raise DataError(f"decimals is a whole number in 0..{MOST_DECIMALS}, not {decimals!r}.")
    if not isinstance(tolerance, int | float | np.number) or not 0 <= tolerance < np.inf:
        raise DataError(f"tolerance is a number from 0 on, not {tolerance!r}.")


def _followed(before: list[Part], steps: Part | None) -> list[Part]:
    """Steps of the last columns, with one more."""
    return before if steps is None else [*before, steps][-BESIDE:]


def _write(rows: int, columns: int, payload: list[bytes]) -> bytes:
    if sum(map(len, payload)) >= LONG_FROM:
        return pack(KIND, _NO_FINGERPRINT, (rows, columns), *payload)
    short = b"".join((bytes((SHORT_SERIES,)), varint(rows), varint(columns), *payload))
    return short + _short_check(short)


def _short_check(checked: bytes | memoryview) -> bytes:
    return zlib.crc32(checked).to_bytes(4, "little")[: 2 if len(checked) < _SHORTER else 3]


def _open(data: memoryview) -> _Opened:
    if bytes(data[:1]) == bytes((SHORT_SERIES,)):
        rows, at = read_varint(data, 1)
        columns, at = read_varint(data, at)
        end = len(data) - (2 if len(data) < _SHORTER + 2 else 3)
        if end < at:
            raise FormatError("This file is truncated.")
        if _short_check(data[:end]) != bytes(data[end:]):
            raise FormatError("This file is damaged: its checksum does not match.")
        payload: bytes | memoryview = data[at:end]
    else:
        box = unpack(data, _WANTED)
        if box.kind != KIND:
            raise FormatError(wrong(data, _WANTED))
        if len(box.fields) != 2 or any(box.fingerprint):
            raise FormatError("This file is damaged: its header does not describe a series.")
        (rows, columns), payload = box.fields, box.payload
    if columns > MOST_COLUMNS or (rows and columns > len(payload)):
        raise FormatError("This file is damaged: it claims more columns than it could hold.")
    return _Opened(rows, columns, payload)
