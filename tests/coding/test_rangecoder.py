"""Symbols come back from bytes, in about the ideal length, and damage never crashes."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from htm_engine.coding import rangecoder
from htm_engine.coding.rangecoder import (
    CLASSES,
    LARGEST,
    LIMIT,
    TOTAL,
    SymbolReader,
    SymbolWriter,
    index_bits,
    rounded_counts,
    value_bits,
)
from htm_engine.errors import DataError, FormatError

COUNTS = np.array([[900, 60, 30, 10], [1, 1, 1, 1], [5, 5, 500, 5]], np.uint16)


def written(q, classes, index=(), contexts=()):
    writer = SymbolWriter()
    writer.values(np.asarray(q, np.int64), np.asarray(classes, np.uint8))
    writer.indices(np.asarray(index, np.int64), np.asarray(contexts, np.int64), COUNTS)
    return writer.finish()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_values_and_indices_come_back(data):
    n, m = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 40))
    size = st.one_of(st.integers(-3, 3), st.integers(-200, 200), st.integers(-LARGEST, LARGEST))
    q = data.draw(hnp.arrays(np.int64, n, elements=size))
    classes = data.draw(hnp.arrays(np.uint8, n, elements=st.integers(0, CLASSES - 1)))
    index = data.draw(hnp.arrays(np.int64, m, elements=st.integers(0, 3)))
    contexts = data.draw(hnp.arrays(np.int64, m, elements=st.integers(0, 2)))
    reader = SymbolReader(written(q, classes, index, contexts))
    assert reader.values(classes).tolist() == q.tolist()
    assert reader.indices(contexts, COUNTS).tolist() == index.tolist()
    reader.finish()


def test_nothing_takes_no_bytes():
    assert written([], []) == b""
    SymbolReader(b"").finish()


@pytest.mark.parametrize("value", [0, 1, -1, LIMIT, LIMIT + 1, -LIMIT - 1, LARGEST, -LARGEST])
def test_a_single_value_comes_back(value):
    reader = SymbolReader(written([value], [0]))
    assert reader.values(np.zeros(1, np.uint8)).tolist() == [value]
    reader.finish()


def test_bytes_are_the_format_and_do_not_change():
    q = [0, 1, -1, 5, 0, 0, 63, -64, 300, -70_000, 0, LARGEST]
    classes = [150, 150, 77, 77, 230, 239, 9, 9, 9, 9, 0, 0]
    data = written(q, classes, [0, 3, 2, 2, 1], [0, 0, 2, 2, 1])
    assert data.hex() == "8257fefffc0457dc9fffb795a758c16fd26aca518e89a52d17"


def test_tables_are_the_format_and_do_not_change():
    weights = rangecoder._weights()
    assert weights.shape == (CLASSES, 2 * LIMIT + 3)
    assert weights.min() >= 1
    np.testing.assert_array_equal(weights, weights[:, ::-1])
    digest = hashlib.sha256(weights.astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == "88872e27558d9540"


@pytest.mark.parametrize("n", [1, 20, 1000, 200_000])
def test_length_is_close_to_ideal(n):
    rng = np.random.default_rng(n)
    table = value_bits().astype(np.float64)
    classes = rng.integers(0, CLASSES, n).astype(np.uint8)
    share = 2.0**-table
    ends = (share / share.sum(1, keepdims=True)).cumsum(1)
    q = (rng.random((n, 1)) > ends[classes]).sum(1).clip(0, 2 * LIMIT) - LIMIT
    ideal = table[classes, q + LIMIT].sum() / 8
    assert len(written(q, classes)) <= 1.0005 * ideal + 1


def test_indices_cost_what_their_counts_say():
    rng = np.random.default_rng(0)
    contexts = rng.integers(0, 3, 2000)
    index = np.array([rng.choice(4, p=COUNTS[c] / COUNTS[c].sum()) for c in contexts])
    ideal = index_bits(COUNTS)[contexts, index].sum() / 8
    length = len(written([], [], index, contexts))
    assert ideal - 1 < length <= 1.005 * ideal + 1


@pytest.mark.parametrize("pictures", range(0, 300, 7))
def test_short_streams_waste_less_than_a_byte(pictures):
    rng = np.random.default_rng(pictures)
    classes = rng.integers(60, 200, 25).astype(np.uint8)
    q = rng.integers(-2, 3, 25)
    ideal = value_bits()[classes, q + LIMIT].sum() / 8
    assert len(written(q, classes)) < ideal + 1


def test_value_bits_are_distributions():
    share = 2.0 ** -value_bits().astype(np.float64)
    assert share.shape == (CLASSES, 2 * LIMIT + 1)
    assert (share.sum(1) <= 1 + 1e-6).all()
    assert (share.sum(1) > 0.2).all()


def test_rounded_counts_leave_no_index_impossible():
    counts = rounded_counts(np.array([[0, 0, 0], [1e9, 0, 1], [3, 2, 1]]))
    assert counts.dtype == np.uint16
    assert counts.min() >= 1
    assert (counts.sum(1) <= TOTAL + 3).all()
    assert len(set(counts[0].tolist())) == 1
    assert counts[2, 0] > counts[2, 1] > counts[2, 2]


def test_symbols_without_a_place_are_refused():
    writer = SymbolWriter()
    with pytest.raises(DataError, match="index"):
        writer.indices(np.array([4]), np.array([0]), COUNTS)
    with pytest.raises(DataError, match="larger step"):
        writer.values(np.array([LARGEST + 1]), np.array([0], np.uint8))
    assert writer.finish() == b""


def test_junk_behind_the_stream_raises():
    classes = np.full(30, 100, np.uint8)
    data = written(np.arange(30) - 15, classes)
    for junk in (b"\1", b"\0", b"abcdefgh"):
        with pytest.raises(FormatError, match="do not end"):
            reader = SymbolReader(data + junk)
            reader.values(classes)
            reader.finish()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 80))
def test_any_bytes_give_symbols_or_a_format_error(data, n):
    classes = (np.arange(n) * 37 % CLASSES).astype(np.uint8)
    try:
        reader = SymbolReader(data)
        assert reader.values(classes).shape == (n,)
        index = reader.indices(np.arange(n) % 3, COUNTS)
        assert ((index >= 0) & (index < 4)).all()
        reader.finish()
    except FormatError:
        return
    writer = SymbolWriter()  # accepted, so it must be what a writer writes
    again = SymbolReader(data)
    writer.values(again.values(classes), classes)
    writer.indices(index, np.arange(n) % 3, COUNTS)
    assert writer.finish() == data


@pytest.mark.parametrize("data", [b"\1", b"\xff", b"\x80" * 1000, bytes(999) + b"\1"])
def test_reading_stops_soon_after_the_end_of_the_bytes(data):
    """Symbols that were never written are not made, however many are asked for."""
    reader = SymbolReader(data)
    with pytest.raises(FormatError, match="cannot be read"):
        reader.every(10**12, COUNTS)


def test_first_symbols_take_no_bytes_however_many_they_are():
    """A stream that lies at the lower end of its interval: values far out too, each with a 0."""
    many = 60_000
    contexts, classes = np.tile(np.arange(3), many), np.full(many, 7, np.uint8)
    q = np.full(many, -LIMIT - 1)
    for start in ([], [0, 3, 2, 1]):
        writer = SymbolWriter()
        writer.indices(np.array(start, np.int64), np.zeros(len(start), np.int64), COUNTS)
        writer.indices(np.zeros(3 * many, np.int64), contexts, COUNTS)
        writer.values(q, classes)
        data = writer.finish()
        assert len(data) <= 8  # the lower end itself
        reader = SymbolReader(data)
        assert reader.indices(np.zeros(len(start), np.int64), COUNTS).tolist() == start
        assert not reader.every(many, COUNTS).any()
        assert np.array_equal(reader.values(classes), q)
        reader.finish()
    with pytest.raises(FormatError, match="cannot be read"):
        SymbolReader(b"").values(np.zeros(70_000, np.uint8))


def test_indices_of_regular_contexts_are_read_without_a_list_of_them():
    index = np.random.default_rng(0).integers(0, 4, 3 * 70_000)
    contexts = np.tile(np.arange(3), 70_000)
    data = written([], [], index, contexts)
    plain, regular = SymbolReader(data), SymbolReader(data)
    assert np.array_equal(plain.indices(contexts, COUNTS), index)
    assert np.array_equal(regular.every(70_000, COUNTS).ravel(), index)
    plain.finish()
    regular.finish()


def test_truncated_streams_give_other_symbols_or_an_error():
    # Nearly every string of bytes is the stream of some symbols; telling a truncation
    # from those is the work of the container's length and checksum.
    rng = np.random.default_rng(3)
    classes = rng.integers(0, CLASSES, 200).astype(np.uint8)
    q = rng.integers(-90, 90, 200)
    data = written(q, classes)
    for length in range(len(data)):
        try:
            reader = SymbolReader(data[:length])
            assert reader.values(classes).tolist() != q.tolist()
        except FormatError as error:
            assert "damaged" in str(error) or "larger" in str(error)


def test_ten_thousand_pictures_take_under_a_second():
    rng = np.random.default_rng(0)
    classes = np.tile(rng.integers(0, CLASSES, 100).astype(np.uint8), 10_000)
    q = rng.integers(-3, 4, len(classes))
    start = time.process_time()
    data = written(q, classes)
    assert time.process_time() - start < 1
    np.testing.assert_array_equal(SymbolReader(data).values(classes), q)
