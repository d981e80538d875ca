"""Results are written whole or not at all."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from htm_engine.cli.outputs import OutputError, contact_sheet, write, write_pictures
from htm_engine.errors import DataError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "a"
    write(target, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write(target, b"new", force=True)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_written_files_can_be_read_by_others(tmp_path):
    write(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("shape", [(1, 3, 4), (1, 3, 4, 3)])
def test_a_single_picture_is_written_as_it_is(tmp_path, shape):
    picture = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    assert write_pictures(tmp_path / "a.png", picture) == 1
    back = np.asarray(Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())))
    assert np.array_equal(back, picture[0])


def test_a_sheet_holds_every_picture():
    pictures = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 3), np.uint8)
    sheet = contact_sheet(pictures)
    assert sheet.shape == (6, 13)
    assert [sheet[0, 0], sheet[0, 5], sheet[0, 10], sheet[4, 0], sheet[4, 5]] == [0, 1, 2, 3, 4]


def test_a_sheet_too_large_to_open_is_refused():
    with pytest.raises(DataError, match="too many"):
        contact_sheet(np.zeros((3000, 2, 2), np.uint8))


def test_an_empty_folder_may_be_filled_and_a_full_one_not(tmp_path):
    pictures = np.zeros((2, 4, 4), np.uint8)
    (tmp_path / "out").mkdir()
    assert write_pictures(tmp_path / "out", pictures) == 2
    with pytest.raises(OutputError, match="--force"):
        write_pictures(tmp_path / "out", pictures)
    (tmp_path / "out" / "mine.txt").write_text("kept")
    write_pictures(tmp_path / "out", pictures, force=True)
    assert len(list((tmp_path / "out").iterdir())) == 3
