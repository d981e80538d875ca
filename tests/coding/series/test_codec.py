"""Series as files: exact for any doubles, small, and closed to everything damaged."""

from __future__ import annotations

import hashlib
import lzma
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from htm_engine import compress_series, compress_text, decompress_series, decompress_text
from htm_engine.coding.container import pack, varint
from htm_engine.coding.series import pieces, whole
from htm_engine.coding.series.codec import (
    KIND,
    LARGEST,
    LONG_FROM,
    inspect_series,
    is_series,
    read_series,
)
from htm_engine.errors import DataError, FormatError

RNG = np.random.default_rng(0)
DAY = np.arange(600)
#: A noisy daily pattern to one decimal, with two gaps.
PATTERN = np.round(20 + 8 * np.sin(DAY / 24 * 2 * np.pi) + RNG.normal(size=600), 1)
PATTERN[[100, 300]] = np.nan


def same(one, other):
    """Whether all bits are the same."""
    return one.shape == other.shape and one.tobytes() == other.tobytes()


@settings(max_examples=40, deadline=None)
@given(arrays(np.int64, st.integers(0, 80), elements=st.integers(-(2**63), 2**63 - 1)))
def test_any_64_bits_come_back(bits):
    values = bits.view(np.float64)
    assert same(decompress_series(compress_series(values)), values)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.decimals(-(10**7), 10**7, places=3).map(float), max_size=60),
    st.integers(1, 3),
)
def test_tables_of_decimals_come_back(numbers, columns):
    table = np.resize(np.array(numbers, float), (len(numbers), columns))
    assert same(decompress_series(compress_series(table)), table)


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float64, 40, elements=st.floats(-1e6, 1e6)),
    st.floats(1e-6, 1e6),
)
def test_no_value_is_farther_off_than_the_tolerance(values, tolerance):
    found = read_series(compress_series(values, tolerance=tolerance))
    assert np.abs(found.values - values).max() <= tolerance
    assert found.tolerance[0] <= tolerance + 0.5 * 10.0 ** -found.decimals[0]


@settings(max_examples=30, deadline=None)
@given(arrays(np.int64, st.integers(1, 40), elements=st.integers(-(2**63), 2**63 - 1)))
def test_any_time_stamps_come_back(stamps):
    found = read_series(compress_series(np.zeros(len(stamps)), timestamps=stamps))
    assert same(found.timestamps, stamps)


@pytest.mark.parametrize(
    "values",
    [
        [],
        np.zeros((0, 3)),
        [3.25],
        [7.5] * 50,
        [np.nan] * 50,
        [np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e300, -1e300, 2.0**53],
        np.arange(64) * 1e15,
        np.array([0x7FF8000000000001, -1], np.int64).view(np.float64),
        PATTERN,
        np.stack([PATTERN, 2 * PATTERN + 1], 1),
        np.array([51.846000000000004, 44.508, 94.79799999999999]),
    ],
)
def test_what_is_odd_comes_back(values):
    values = np.asarray(values, float)
    assert same(decompress_series(compress_series(values)), values)


def test_decimals_round_and_are_told():
    values = np.cumsum(RNG.normal(size=200))
    found = read_series(compress_series(values, decimals=2))
    assert same(found.values, np.rint(values * 100) / 100)
    assert found.decimals == (2,)
    assert read_series(compress_series(PATTERN)).decimals == (1,)
    assert read_series(compress_series([5e-324, 1e-310])).decimals == (None,)


def test_even_time_stamps_cost_a_few_bytes_and_come_back():
    stamps = np.datetime64("2024-02-29T00:00") + np.arange(600) * np.timedelta64(5, "m")
    data = compress_series(PATTERN, timestamps=stamps)
    assert same(read_series(data).timestamps, stamps)
    assert read_series(data).timestamps.dtype == stamps.dtype
    assert len(data) - len(compress_series(PATTERN)) <= 12


def test_a_daily_pattern_takes_far_less_than_xz():
    text = "\n".join(str(value) for value in PATTERN).encode()
    assert len(compress_series(PATTERN)) < 0.66 * len(lzma.compress(text, preset=9))


def test_a_second_column_that_follows_the_first_costs_less_than_alone():
    one = np.round(np.cumsum(RNG.normal(size=400)), 2)
    two = np.round(3 * one + RNG.normal(size=400) / 50, 2)
    together = len(compress_series(np.stack([one, two], 1)))
    assert together < 0.9 * (len(compress_series(one)) + len(compress_series(two)))


def test_random_doubles_grow_by_less_than_a_thousandth():
    noise = RNG.integers(-(2**63), 2**63 - 1, 4000).view(np.float64)
    assert len(compress_series(noise)) < 1.001 * noise.nbytes


def test_short_series_are_short():
    assert len(compress_series([20.5, 20.6, 20.6, 20.4])) <= 19
    assert len(compress_series([7.5] * 1000)) <= 12


@pytest.mark.parametrize("rows", [LONG_FROM // 8 - 40, LONG_FROM // 8 + 40])
def test_both_forms_are_told_apart(rows):
    noise = RNG.integers(-(2**63), 2**63 - 1, rows).view(np.float64)
    data = compress_series(noise)
    assert data.startswith(b"HTMC") == (rows >= LONG_FROM // 8)
    info = inspect_series(data)
    assert (info.rows, info.columns, info.timestamps, info.size) == (rows, 0, False, len(data))
    assert is_series(data)
    assert same(decompress_series(data), noise)


def test_the_bytes_are_always_the_same():
    table = np.stack([DAY * DAY % 83 / 10, DAY % 7 + 1e-9, DAY / 3], 1)
    table[50, 0], table[51, 0], table[52, 1] = np.nan, 1e300, -0.0
    data = compress_series(table, timestamps=1_700_000_000 + 300 * DAY + DAY % 11 // 10)
    assert (len(data), hashlib.sha256(data).hexdigest()[:16]) == (2661, "5f924eae9850b0dd")


@pytest.mark.parametrize("columns", [1, 3])
def test_memory_does_not_grow_with_the_length(columns, monkeypatch):
    """Beside the values and the file; coding itself, which takes long, is left out."""
    monkeypatch.setattr(whole, "code_values", lambda *given: 0)
    monkeypatch.setattr(whole, "_flat", lambda *given: None)
    most = []
    for rows in (100_000, 250_000):
        table = np.arange(rows * columns).reshape(rows, columns) % 977 / 10
        table[::1000] = np.nan
        tracemalloc.start()
        compress_series(table)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] - most[0] < 100_000, most


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int64, st.integers(1, 60), elements=st.integers(-(2**50), 2**50)),
    st.integers(1, 70),
)
def test_pieces_give_what_numpy_gives_at_once(values, size):
    parts = [values[start:end] for start, end in pieces.spans(len(values), size)]
    row = pieces.Pieces(len(values), lambda: iter(parts))
    assert pieces.median(row, int(values.min()), int(values.max())) == np.median(values)
    assert pieces.mean(row) == values.mean()
    assert same(np.concatenate(list(row.blocks(7))), values)
    assert same(row.first(9), values[:9]) and same(row.last(9), values[-9:])


def test_means_and_medians_of_long_rows_are_numpy_s_to_the_last_bit():
    """Decoders of old files scale steps by them."""
    for wide in (7, 2**16, 2**49):
        values = RNG.integers(-wide, wide, 70_001)
        row = pieces.pieces_of(values)
        assert pieces.mean(row) == values.mean()
        assert pieces.median(row, int(values.min()), int(values.max())) == np.median(values)


def test_damage_is_told():
    data = compress_series(PATTERN)
    for broken in (data[:-1], data[:5], data + b"a", data[:9] + b"!" + data[10:], b"", b"\xa9"):
        with pytest.raises(FormatError):
            decompress_series(broken)


def test_claimed_lengths_are_refused_before_anything_is_made():
    def sealed(body):
        return body + zlib.crc32(body).to_bytes(4, "little")[:2]

    many = sealed(b"\xa9" + varint(LARGEST + 1) + b"\0" + b"\0" + b"\0\x10\x02")
    with pytest.raises(FormatError, match="at most"):
        decompress_series(many)
    coded = compress_series(PATTERN)
    claimed = sealed(b"\xa9" + varint(30_000_000) + coded[3:-2])
    with pytest.raises(FormatError, match="more values"):
        decompress_series(claimed)
    with pytest.raises(FormatError, match="columns"):
        decompress_series(pack(KIND, bytes(8), (1, 1 << 20), b"\0" * 9))


def test_a_period_longer_than_any_found_is_refused():
    """What is kept of a series while it is read is as long as its period."""
    plan = whole.Plan(1, 0, 0, 1 << 15, 0, 8, 0, 4)
    assert whole._read_header(whole._header(plan), 0)[0] == plan
    with pytest.raises(FormatError, match="damaged"):
        whole._read_header(whole._header(plan._replace(period=(1 << 15) + 1)), 0)


def test_another_kind_of_file_is_told_with_what_reads_it():
    with pytest.raises(FormatError, match="decompress_text reads it"):
        decompress_series(compress_text(b"to be or not to be", "blank"))
    with pytest.raises(FormatError, match="decompress_series reads it"):
        decompress_text(compress_series(PATTERN))


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        (["a"], {}, "compress_text"),
        ([[1, 2], [3]], {}, "all rows alike"),
        (np.zeros((2, 2, 2)), {}, "columns"),
        (np.zeros((2, 0)), {}, "columns"),
        ([2**53 + 1], {}, "beyond 2"),
        ([1.0], {"decimals": -1}, "decimals"),
        ([1.0], {"decimals": 1.5}, "decimals"),
        ([1.0], {"tolerance": -1}, "tolerance"),
        ([1.0], {"tolerance": np.nan}, "tolerance"),
        ([1.0], {"timestamps": [1, 2]}, "one a row"),
        ([1.0], {"timestamps": [1.5]}, "whole numbers"),
    ],
)
def test_what_cannot_be_stored_is_told(values, options, said):
    with pytest.raises(DataError, match=said):
        compress_series(values, **options)
