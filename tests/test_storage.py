"""Model files: what is written is read, and nothing else is."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine import storage
from htm_engine.errors import ModelError

HEADER = {"layers": [{"units": 3}], "seed": 0}
ARRAYS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array([7], np.uint16)}


def written() -> bytes:
    stream = io.BytesIO()
    storage.save(stream, HEADER, ARRAYS)
    return stream.getvalue()


def test_settings_and_arrays_come_back():
    header, arrays = storage.load(io.BytesIO(written()))
    assert header == HEADER
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


def test_equal_content_gives_equal_bytes_and_another_content_another_fingerprint():
    assert written() == written()
    changed = ARRAYS | {"n": np.array([8], np.uint16)}
    assert storage.fingerprint(HEADER, ARRAYS) != storage.fingerprint(HEADER, changed)
    assert storage.fingerprint(HEADER, ARRAYS) != storage.fingerprint(HEADER | {"seed": 1}, ARRAYS)


def test_the_format_is_plain_npz_without_pickles():
    with np.load(io.BytesIO(written()), allow_pickle=False) as archive:
        assert set(archive.files) == {"header.json", "w", "n"}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
def test_flipped_or_truncated_files_are_refused_or_read_the_same(place, change, cut):
    data = bytearray(written())
    place %= len(data)
    if cut:
        data = data[:place]
    else:
        data[place] ^= change
    try:
        header, arrays = storage.load(io.BytesIO(bytes(data)))
    except ModelError:
        return
    # A flip in a date or an unused field of the archive changes nothing that is read.
    assert storage.fingerprint(header, arrays) == storage.fingerprint(HEADER, ARRAYS)


def test_a_newer_version_says_which_version_it_is(monkeypatch):
    monkeypatch.setattr(storage, "VERSION", 99)
    data = written()
    monkeypatch.undo()
    with pytest.raises(ModelError, match="version 99"):
        storage.load(io.BytesIO(data))


def test_arrays_of_objects_are_never_unpickled():
    stream = io.BytesIO()
    np.savez(stream, **{"header.json": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ModelError):
        storage.load(io.BytesIO(stream.getvalue()))


def test_a_bomb_is_refused_before_it_inflates():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(9):
            archive.writestr(f"{index}.npy", bytes(64 * 2**20))
    assert len(stream.getvalue()) < 2**20
    with pytest.raises(ModelError, match="larger"):
        storage.load(io.BytesIO(stream.getvalue()))


def test_numbers_that_are_not_finite_are_refused():
    stream = io.BytesIO()
    storage.save(stream, HEADER, {"w": np.array([np.nan], np.float32)})
    with pytest.raises(ModelError, match="finite"):
        storage.load(io.BytesIO(stream.getvalue()))
