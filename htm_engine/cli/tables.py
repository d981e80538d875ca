"""What the commands do with tables of numbers: store them as series, and write them back.

A table goes as series where the very same bytes come back, and else, or where that is shorter,
as a text.
"""

from __future__ import annotations

import io
from argparse import Namespace
from typing import Any, BinaryIO

import numpy as np

from .. import files
from ..coding.series.codec import inspect_series, read_series
from ..coding.series.table import (
    MOST_NUMBERS,
    compress_table,
    is_table,
    series_inside,
    table_blocks,
)
from ..errors import DataError
from . import text
from .progress import Told
from .watched import watched

#: Bytes up to which a table is stored as a text as well, to see which is shorter.
_COMPARED = 1 << 21
#: Rows of a series that are written at a time.
_ROWS = 1 << 14


def stored(source: str, out: BinaryIO, how: Namespace, told: Told) -> tuple[int, int, bool]:
    """Store a table; its bytes before and after, and whether it is stored as series."""
    with files.measured(source) as (stream, length):
        try:
            with watched(stream, length, told) as seen:
                content = compress_table(seen)
        except DataError:
            content = b""
    if content and length > _COMPARED:
        return length, out.write(content), True
    other = io.BytesIO()
    before, after = text.stored(source, other, how, told)
    if content and len(content) < after:
        return before, out.write(content), True
    return before, out.write(other.getvalue()), False


def given_back(content: bytes | memoryview, out: BinaryIO, limit: int | None = None) -> int:
    """Write a table as it was, or a series as one, of at most so many numbers; its bytes.

    A few bytes can claim any number of equal numbers, so there is a limit in any case.
    """
    limit = MOST_NUMBERS if limit is None else limit
    if is_table(content):
        return sum(map(out.write, table_blocks(content, limit=limit)))
    series = read_series(bytes(content), limit=limit)
    table = series.values if series.values.ndim == 2 else series.values[:, None]
    length = 0
    for begin in range(0, len(table), _ROWS):
        part = slice(begin, begin + _ROWS)
        rows = ([repr(x) for x in row] for row in table[part].tolist())
        if series.timestamps is not None:
            stamps = np.asarray(series.timestamps[part]).astype(str).tolist()
            rows = ([stamp, *row] for stamp, row in zip(stamps, rows, strict=True))
        length += out.write("".join(",".join(row) + "\n" for row in rows).encode())
    return length


def of_file(content: bytes) -> dict[str, Any]:
    """What a file of a series, or of a table, holds."""
    table = is_table(content)
    info = inspect_series(series_inside(content) if table else content)
    values = info.rows * max(info.columns, 1)
    return {
        "kind": "table" if table else "series",
        "rows": info.rows,
        "columns": max(info.columns, 1),
        "time_stamps": info.timestamps,
        "bytes": len(content),
        "bits_a_value": round(8 * len(content) / max(1, values), 3),
    }
