"""A file opens to what was packed, and every other file says what is wrong with it."""

from __future__ import annotations

import dataclasses
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.coding.container import Container, pack, unpack
from htm_engine.errors import FormatError

MARK = bytes(range(8))
NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 1))


def sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


@given(
    st.integers(0, 255),
    st.binary(min_size=8, max_size=8),
    st.lists(NUMBERS, max_size=12),
    st.binary(max_size=300),
)
def test_what_was_packed_comes_back(kind, mark, fields, payload):
    opened = unpack(pack(kind, mark, fields, payload))
    assert opened == Container(kind, 1, mark, tuple(fields), payload)


def test_bytes_are_the_format_and_do_not_change():
    data = pack(1, MARK, (3, 300), b"xy")
    assert data.hex() == "48544d430101000102030405060702" + "03ac02" + "027879" + "aa93ae6e"


def test_a_small_file_costs_at_most_24_bytes():
    assert len(pack(1, MARK, (100, 5, 1), bytes(20))) - 20 <= 24


def test_most_fields_and_largest_number_fit():
    fields = (2**64 - 1,) * 255
    assert unpack(pack(2, MARK, fields, b"")).fields == fields


def test_an_opened_file_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        unpack(pack(1, MARK, (), b"")).kind = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "mark", "fields"),
    [
        (256, MARK, ()),
        (-1, MARK, ()),
        (1, b"short", ()),
        (1, MARK, (2**64,)),
        (1, MARK, (-1,)),
        (1, MARK, (0,) * 256),
    ],
)
def test_fields_that_do_not_fit_are_refused(kind, mark, fields):
    with pytest.raises(ValueError):
        pack(kind, mark, fields, b"")


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"\x89PNG\r\n\x1a\n" + bytes(40), bytes(100)])
def test_foreign_bytes_are_not_ours(data):
    with pytest.raises(FormatError, match="not a compressed file"):
        unpack(data)


def test_a_newer_version_says_so():
    data = bytearray(pack(1, MARK, (), b"x"))
    data[4] = 2
    with pytest.raises(FormatError, match="version 2"):
        unpack(sealed(bytes(data[:-4])))


def test_every_truncation_says_so():
    data = pack(1, MARK, (5, 70_000), b"payload")
    for length in range(1, len(data)):
        with pytest.raises(FormatError, match="truncated"):
            unpack(data[:length])


def test_bytes_behind_the_end_say_so():
    with pytest.raises(FormatError, match="after its end"):
        unpack(pack(1, MARK, (5,), b"payload") + b"\0")


def test_a_huge_claimed_length_is_only_a_truncated_file():
    body = pack(1, MARK, (), b"")[:15] + b"\xff" * 9 + b"\x01"
    with pytest.raises(FormatError, match="truncated"):
        unpack(sealed(body))


@pytest.mark.parametrize("number", [b"\xff" * 9 + b"\x02", b"\x80" * 12, b"\x80\x00", b"\xff" * 10])
def test_malformed_numbers_say_so(number):
    body = pack(1, MARK, (), b"")[:14] + b"\1" + number + b"\0" * 8
    with pytest.raises(FormatError, match="malformed"):
        unpack(sealed(body))


def test_every_flipped_bit_is_noticed():
    data = pack(1, MARK, (5, 300), b"some payload")
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            unpack(bytes(flipped))


@settings(max_examples=200)
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_open_or_raise_a_format_error(tail, seal):
    body = b"HTMC\1\1" + tail
    data = sealed(body) if seal else body
    try:
        opened = unpack(data)
    except FormatError as error:
        assert str(error).endswith(".")
        return
    assert pack(opened.kind, opened.fingerprint, opened.fields, opened.payload) == data
