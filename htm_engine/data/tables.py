"""Tables of any kind as frames, some thousand rows at a time: CSV, TSV, JSON lines, Parquet.

::

    first 256 KB ──layout_of──► encoding, delimiter, decimal mark, header, columns
    file ──frames──► pandas frames, as many rows at a time as fit

Nobody has to say how a file is written: what was found is in :class:`Layout`, to be shown.
What pandas cannot read ends in one :class:`~htm_engine.errors.DataError`.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

import pandas as pd  # type: ignore[import-untyped]

from ..errors import DataError, HTMError
from ..kinds import kind_of
from .names import encoding_of

# Rows that are too long are counted in ``attrs``; set once for the process, because
# warnings.catch_warnings is not safe in the threads a web page runs in.
warnings.filterwarnings("ignore", category=pd.errors.ParserWarning)

#: Bytes that the layout is found by, and cells of a frame.
HEAD, CELLS = 1 << 18, 1 << 20
#: Groups of rows of a Parquet file whose texts are read, at least, and rows of a group where
#: there are more: a group takes some milliseconds, and a small file may have very many.
FEW_GROUPS, GROUP = 64, 1000
MOST_COLUMNS = 1000
#: Cells that are kept at most, a gigabyte and a half; and letters of a time.
MOST_CELLS, LONGEST_TIME = 200_000_000, 64
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_POINT = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_COMMA = re.compile(r"\s*[-+]?(\d+,\d*|,\d+|\d+)([eE][-+]?\d+)?\s*")
#: What pandas, too, reads as a missing cell.
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?")
_LONG = f"A line is longer than {HEAD >> 10} KB, or a table has over {MOST_COLUMNS:,} columns"


@dataclass(frozen=True)
class Layout:
    """How a file of text is written."""

    encoding: str
    delimiter: str
    decimal: str  #: ``.`` or ``,``
    header: bool
    columns: tuple[str, ...]
    blank: int = 0  #: blank lines before the first row

    def in_words(self) -> str:
        """One sentence to show.

        >>> Layout("utf-8", ";", ",", True, ("time", "load")).in_words()
        'Read as 2 columns divided by semicolons, with a decimal comma and a header.'
        """
        mark = "comma" if self.decimal == "," else "point"
        head = "a header" if self.header else "no header"
        number, between = len(self.columns), _DELIMITERS[self.delimiter]
        if number == 1:
            return f"Read as one column, with a decimal {mark} and {head}."
        return f"Read as {number} columns divided by {between}, with a decimal {mark} and {head}."


def layout_of(head: bytes) -> Layout:
    r"""How a delimited text is written, by how it begins.

    Raises
    ------
    DataError
        If it is no text, or a line is too long to be a row.

    Examples
    --------
    >>> layout_of(b"t;x\n1;2,5\n2;3,5\n").columns
    ('t', 'x')
    """
    encoding = _encoding(head)
    text = head.decode(encoding, errors="ignore")
    lines = text.splitlines()
    if len(head) >= HEAD:
        lines = lines[:-1]  # it may be cut
        if not lines:
            raise DataError(f"{_LONG}: this is no series.")
    blank = sum(1 for _ in itertools.takewhile(lambda line: not line.strip(), lines))
    lines = [line for line in lines if line.strip()][:200]
    if not lines:
        raise DataError("The table is empty.")
    delimiter = max(_DELIMITERS, key=lambda one: _evenness(lines, one))
    if _evenness(lines, delimiter) == (0, 0):
        delimiter = ","
    rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    if max(map(len, rows)) > MOST_COLUMNS:
        raise DataError(f"{_LONG}: this is no series.")
    cells = [cell for row in rows[1:] or rows for cell in row]
    comma = sum(bool(_COMMA.fullmatch(c)) for c in cells)
    decimal = "," if delimiter != "," and comma > _numbers(cells, ".") else "."
    header = len(rows) > 1 and _is_header(rows, decimal)
    names = rows[0] if header else []
    widths = [len(row) for row in rows[header:]]
    width = max(set(widths), key=lambda one: (widths.count(one), one))
    if header and width == len(names) + 1:
        names = ["row", *names]  # R and pandas number rows in a column without a name
    names = [*names, *[""] * (width - len(names))]
    return Layout(encoding, delimiter, decimal, header, _distinct(names), blank)


def frames(
    stream: BinaryIO, name: str = "", most_rows: int | None = None
) -> tuple[Layout | None, Iterator[Any]]:
    """A table as pandas frames of at most a million cells, and how it is written.

    Parameters
    ----------
    stream : binary stream that can be sought
    name : str
        What errors call it.
    most_rows : int, optional
        Rows from which a file that says how many it has is refused before it is read.

    Returns
    -------
    layout : Layout or None
        None of JSON lines and Parquet, which say themselves how they are written.
    frames : iterator of pandas.DataFrame
        Cells that are no numbers are text; ``attrs["longer"]`` counts rows with more cells
        than columns, of which the first ones are kept.

    Raises
    ------
    DataError
        If it is no table, at once or while it is read.
    """
    head = stream.read(HEAD)
    stream.seek(0)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:4]
    if start == b"PAR1":
        return None, _told(_parquet(stream, name or "The table", most_rows), name)
    if start[:1] == b"{":
        return None, _told(_json_lines(stream), name)
    if start[:1] == b"[":
        raise DataError("JSON is read line by line: one object a line, no list around them.")
    layout = layout_of(head)
    return layout, _told(_delimited(stream, layout), name)


# --------------------------------------------------------------------- layout
def _encoding(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\0" in head:
        raise DataError(f"This is {kind_of(head).name}, not a table of numbers.")
    try:
        # The last letter may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
        return "utf-8-sig"
    except UnicodeDecodeError:
        return encoding_of(head)


def _evenness(lines: list[str], delimiter: str) -> tuple[float, int]:
    """How much a delimiter looks like one: rows of the commonest width, and that width."""
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    if usual < 2:
        return 0, 0
    # A space divides dates from times: only where nothing else divides does it count.
    share = widths.count(usual) / len(widths)
    return (share / 10 if delimiter == " " else share), usual


def _numbers(cells: list[str], decimal: str) -> int:
    pattern = _COMMA if decimal == "," else _POINT
    return sum(bool(pattern.fullmatch(cell)) for cell in cells)


def _is_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first row has fewer numbers than the second, and names something."""
    first = [cell for cell in rows[0] if cell.strip().lower() not in MISSING]
    return bool(first) and _numbers(first, decimal) < _numbers(rows[1], decimal)


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Names without doubles and blanks, short and of one line.

    >>> _distinct(["load", " load ", ""])
    ('load', 'load 2', 'column 3')
    """
    found: list[str] = []
    for number, name in enumerate(names, 1):
        short = " ".join(name.split())[:60] or f"column {number}"
        free = (f"{short} {other}" for other in itertools.count(number))
        found.append(short if short not in found else next(n for n in free if n not in found))
    return tuple(found)


# ------------------------------------------------------------------- contents
def _delimited(stream: BinaryIO, layout: Layout) -> Iterator[Any]:
    width = len(layout.columns)
    # As much room again for rows that are too long: two that were written into one line.
    spare = [f"\0{number}" for number in range(width + 1)]
    found = pd.read_csv(
        stream,
        sep=layout.delimiter,
        decimal=layout.decimal,
        header=None,
        names=[*layout.columns, *spare],
        skiprows=layout.blank + layout.header,
        skip_blank_lines=width > 1,  # in one column a blank line is a blank cell
        encoding=layout.encoding,
        encoding_errors="replace",
        skipinitialspace=True,
        na_values=["-", "?", "none"],
        index_col=False,
        chunksize=max(256, CELLS // width),
        low_memory=False,
    )
    for frame in _even(found):
        kept = frame[list(layout.columns)]
        if layout.decimal == ",":
            kept = kept.apply(_with_point)
        kept.attrs["longer"] = int(frame[spare[0]].notna().sum())
        yield kept


def _even(frames: Iterator[Any]) -> Iterator[Any]:
    """Frames, unless a row has more cells than there is room for."""
    try:
        yield from frames
    except pd.errors.ParserError as exc:
        raise DataError(
            "A row has over twice as many cells as there are columns; mend or remove it first."
        ) from exc


def _with_point(column: Any) -> Any:
    """A column in which text stands between numbers, these with a decimal point."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    numbers = column.str.fullmatch(_COMMA.pattern).fillna(False).astype(bool)
    return column.mask(numbers, column.str.replace(",", ".", regex=False))


def _json_lines(stream: BinaryIO) -> Iterator[Any]:
    # A line is cut at the size a row may have, so that one without an end takes no memory.
    text: IO[str] = io.TextIOWrapper(stream, "utf-8-sig", errors="replace")
    while lines := list(itertools.islice(iter(lambda: text.readline(HEAD), ""), CELLS >> 7)):
        if any(len(line) >= HEAD for line in lines):
            raise DataError(f"{_LONG}: this is no series.")
        rows = [json.loads(line) for line in lines if line.strip()]
        if not all(isinstance(row, dict) for row in rows):
            raise DataError("JSON is read line by line: one object a line, no list around them.")
        # A frame has a cell for every row and key, so the keys are counted first.
        if len(set(itertools.chain(*rows))) > MOST_COLUMNS:
            raise DataError(f"{_LONG}: this is no series.")
        yield pd.DataFrame(rows)


def _parquet(stream: BinaryIO, label: str, most_rows: int | None) -> Iterator[Any]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError as exc:
        raise DataError(
            "Parquet needs the package pyarrow, which comes with the dashboard: "
            'pip install "htm-studio[studio]".'
        ) from exc
    file = parquet.ParquetFile(stream)
    schema = file.schema_arrow
    if len(schema.names) > MOST_COLUMNS:
        raise DataError(f"{_LONG}: this is no series.")
    rows = file.metadata.num_rows
    check_rows(rows, most_rows, label)
    # Text may be short in the file and long in memory: each is read once, and cut, where the
    # file says that it is short; else it is left blank, and so left out.
    texts = [one.name for one in schema if _is_text(one.type)]
    few = file.num_row_groups <= max(FEW_GROUPS, rows // GROUP)
    if texts and few and _is_short(file.metadata, len(texts), len(schema.names)):
        file = parquet.ParquetFile(stream, read_dictionary=texts)
    else:
        texts = []
    blank = [one.name for one in schema if not _is_plain(one.type) and one.name not in texts]
    kept = [one for one in schema.names if one not in blank]
    at_once = max(256, CELLS // max(1, len(schema.names)))
    read = (_cut(batch, texts) for batch in file.iter_batches(at_once, columns=kept))
    for frame in _together((_framed(batch, texts) for batch in read), at_once):
        frame.columns = list(_distinct(list(map(str, frame.columns))))
        yield frame.assign(**dict.fromkeys(blank))


def _framed(batch: Any, texts: list[str]) -> Any:
    frame = batch.to_pandas(ignore_metadata=True)
    return frame.astype(dict.fromkeys((n for n in texts if n in frame.columns), object))


def _together(frames: Iterator[Any], rows: int) -> Iterator[Any]:
    """Frames of about so many rows: texts come by groups of rows, however small those are."""
    held: list[Any] = []
    for frame in frames:
        held.append(frame)
        if sum(map(len, held)) >= rows:
            yield pd.concat(held, ignore_index=True) if len(held) > 1 else held[0]
            held = []
    if held:
        yield pd.concat(held, ignore_index=True) if len(held) > 1 else held[0]


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_short(found: Any, texts: int, columns: int) -> bool:
    """Whether columns of text take no more room than stamps would, unpacked.

    By what groups of rows say of themselves: to ask a column of a damaged file ends the process,
    as pyarrow 26 throws there what Python cannot catch.
    """
    size = sum(found.row_group(number).total_byte_size for number in range(found.num_row_groups))
    most = 2 * (LONGEST_TIME * texts + 8 * columns) * found.num_rows
    return bool(size <= HEAD * columns + most)


def _cut(batch: Any, texts: list[str]) -> Any:
    """A batch whose texts are no longer than a time: what each says twice is kept once."""
    from pyarrow import DictionaryArray, compute

    for name in texts:
        place = batch.schema.get_field_index(name)
        column = batch.column(place)
        words = compute.utf8_slice_codeunits(column.dictionary, 0, LONGEST_TIME)
        batch = batch.set_column(place, name, DictionaryArray.from_arrays(column.indices, words))
    return batch


def check_rows(rows: int, most: int | None, label: str) -> None:
    """Refuse more rows than are wanted, or than any table here may have."""
    most = MOST_CELLS if most is None else most
    if rows > most:
        raise DataError(f"{label} has {rows:,} rows; at most {most:,} are read.")


def _is_plain(kind: Any) -> bool:
    """Whether a column of Parquet takes no more memory than its rows: numbers and times."""
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_timestamp)
    return any(test(kind) for test in (*tests, types.is_date, types.is_decimal))


def _told(found: Iterator[Any], name: str) -> Iterator[Any]:
    """Whatever a reader of foreign bytes raises, as a sentence."""
    label = name or "The table"
    try:
        yield from found
    except HTMError:
        raise
    except MemoryError as exc:
        raise DataError(f"{label} needs more memory than there is.") from exc
    except Exception as exc:  # parsers of foreign files raise dozens of kinds
        if isinstance(exc, OSError) and exc.errno is not None:
            raise  # the disk's own; pyarrow's has no number
        raise DataError(f"{label} cannot be read as a table: it is damaged or no table.") from exc
