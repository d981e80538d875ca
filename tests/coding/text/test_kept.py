"""Tables of models that have read: kept on disk once, the same as if read anew, never believed."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from htm_engine.coding.text import kept
from htm_engine.coding.text.codec import compress_text, decompress_text
from htm_engine.coding.text.model import TextModel

SOURCE = Path(lzma.__file__).read_bytes()


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A model's file, on a machine that has kept nothing yet."""
    monkeypatch.setattr(kept, "folder", lambda: tmp_path)
    path = tmp_path / "m.npz"
    TextModel.learn([SOURCE[:8000]], bits=14).save(path)
    return path


def never(*_):
    raise AssertionError("read again")


def tables(file: Path) -> list[Path]:
    return sorted(file.parent.glob("text-*.tables"))


def test_a_model_reads_once_a_machine_and_is_the_same(file, monkeypatch):
    first = TextModel.load(file)
    assert len(tables(file)) == 1
    monkeypatch.setattr(TextModel, "_reading", never)
    again = TextModel.load(file)
    fresh = TextModel.learn  # the same text, read in this process
    monkeypatch.undo()
    alike = zip(again.start(), fresh([SOURCE[:8000]], bits=14).start(), strict=True)
    assert all(np.array_equal(one, other) for one, other in alike)
    assert (again.text, again.fingerprint) == (first.text, first.fingerprint)
    data = SOURCE[9000:9900]
    assert decompress_text(compress_text(data, again), first) == data


def test_what_one_text_teaches_stays_out_of_the_next(file):
    model = TextModel.load(file)
    before = tables(file)[0].read_bytes()
    one = compress_text(SOURCE[9000:9900], model)
    assert compress_text(SOURCE[9000:9900], model) == one
    assert tables(file)[0].read_bytes() == before


@pytest.mark.parametrize("place", [0, 9, 64, 5000, -1])
def test_damaged_tables_are_not_used_but_written_anew(file, place):
    right = compress_text(SOURCE[9000:9400], TextModel.load(file))
    (path,) = tables(file)
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)
    assert compress_text(SOURCE[9000:9400], TextModel.load(file)) == right
    assert path.read_bytes() != whole


@pytest.mark.parametrize("size", [0, 11, 100])
def test_cut_tables_are_not_used(file, size):
    right = compress_text(SOURCE[9000:9400], TextModel.load(file))
    (path,) = tables(file)
    path.write_bytes(path.read_bytes()[:size])
    assert compress_text(SOURCE[9000:9400], TextModel.load(file)) == right


def test_where_nothing_can_be_kept_the_model_reads_each_time(file, monkeypatch):
    def nowhere():
        raise RuntimeError("no home")

    monkeypatch.setattr(kept, "folder", nowhere)
    assert TextModel.load(file).text == SOURCE[:8000]
    monkeypatch.setattr(kept, "folder", lambda: file.parent / "missing")
    assert TextModel.load(file).text == SOURCE[:8000]
    assert not tables(file)


def test_a_visitors_model_leaves_nothing_on_the_disk(file):
    with file.open("rb") as stream:
        TextModel.load(stream)
    assert not tables(file)


def test_the_least_recently_used_tables_go(file):
    for number in range(kept.KEPT + 2):
        TextModel.learn([SOURCE[: 1000 + number]], bits=12).save(file)
        TextModel.load(file)
    assert len(tables(file)) == kept.KEPT
    assert not list(file.parent.glob(".htm-*"))
