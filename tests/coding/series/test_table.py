"""Tables of text: the very same bytes, or a sentence."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine import compress_series
from htm_engine.coding.series import table as tables
from htm_engine.coding.series.table import (
    compress_table,
    decompress_table,
    is_table,
    table_blocks,
)
from htm_engine.errors import DataError, FormatError

STAMPED = b"timestamp,value\n" + b"".join(
    b"2014-04-%02d %02d:05:00,%.1f\n" % (1 + t // 24, t % 24, t * t % 83 / 10) for t in range(200)
)


@pytest.mark.parametrize(
    "table",
    [
        STAMPED,
        STAMPED.replace(b"\n", b"\r\n"),
        STAMPED[:-1],
        b"1;2;3\n4;5;6",
        b"a\tb\n1.50\t-2\n\t3\n2.25\t\n",
        "Größe,°C\n1e-05,51.846000000000004\n0.1,44.508\n".encode(),
        b"t,x\n2024-02-29T00:00:00.125Z,1\n2024-03-01T00:00:00.250Z,-0\n",
        b"x\n2024-02-29,5\n2024-03-01,7\n",
        b"5",
    ],
)
def test_the_very_same_bytes_come_back(table):
    content = compress_table(table)
    assert is_table(content)
    assert decompress_table(content) == table


@settings(max_examples=25, deadline=None)
@given(st.text("0123456789.,;-e\n\r\t aT:", max_size=80))
def test_a_table_comes_back_or_is_none(text):
    data = text.encode()
    try:
        content = compress_table(data)
    except DataError:
        return
    assert decompress_table(content) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1," * 5000 + b"1\n",
        b"a,b\n",
        b"1,2\n3\n",
        b"1,x\n2,y\n",
        b"\xff1",
        b"1,nan\n",
        b"01\n",
        b"2024-01-01\n",
    ],
)
def test_what_is_no_table_is_told(data):
    with pytest.raises(DataError, match="compress_text stores it"):
        compress_table(data)


def test_a_long_table_is_read_and_written_in_parts(monkeypatch):
    """Lines, their ends and cells lie across the parts that are read and written."""
    monkeypatch.setattr(tables, "_CHUNK", 37)
    monkeypatch.setattr(tables, "_CELLS", 23)
    for table in (STAMPED, STAMPED.replace(b"\n", b"\r\n"), STAMPED[:-1]):
        content = compress_table(io.BytesIO(table))
        parts = list(table_blocks(content))
        assert b"".join(parts) == table and len(parts) > 10
        assert content == compress_table(table)
    with pytest.raises(DataError):
        compress_table(STAMPED + b"1,2\n")
    with pytest.raises(DataError):  # more decimals, far behind
        compress_table(b"x\n" + b"1.5\n" * 60 + b"01.5\n")


def test_a_file_of_a_table_without_rows_is_its_header():
    layout = tables._Layout(",", "\n", True, "x", (0,))
    file = tables._packed(layout, compress_series(np.zeros((0, 1))))
    assert decompress_table(file) == b"x\n"


def test_cells_written_in_several_ways_are_refused_before_anything_is_coded(monkeypatch):
    def coded(*_, **__):
        raise AssertionError("coding a long table takes minutes")

    monkeypatch.setattr(tables, "compress_series", coded)
    with pytest.raises(DataError, match="compress_text"):
        compress_table(b"1.50\n2.123\n" * 100)
    with pytest.raises(AssertionError):
        compress_table(b"1.500\n2.123\n" * 100)


def test_times_cost_little_and_damage_is_told():
    content = compress_table(STAMPED)
    values = np.array([t * t % 83 / 10 for t in range(200)])
    assert len(content) < len(compress_series(values)) + 70
    for broken in (content[:-1], content[:30] + b"!" + content[31:]):
        with pytest.raises(FormatError):
            decompress_table(broken)
    with pytest.raises(FormatError, match="decompress_series reads it"):
        decompress_table(compress_series(values))
