"""Pictures as the pages show them: enlarged without smoothing, named, labelled."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from studio.kit.pictures import alt, as_bytes, enlarge, png, sheet, sized, unit_colour


def opened(data):
    return Image.open(io.BytesIO(data))


def test_floats_and_bytes_give_the_same_picture():
    whole = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(as_bytes(whole / 255), as_bytes(whole))


def test_values_outside_the_range_are_clipped_and_nan_is_black():
    wild = np.array([[-1.0, 2.0, np.nan]])
    assert as_bytes(wild)[0, :, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (64, 64), (96, 96), (4, 64), (48, 12)])
def test_a_small_picture_is_shown_as_wide_as_its_file_and_about_as_asked(shape):
    """The server would make a wider file smaller, and what it shows blurred."""
    file, shown = sized(np.zeros(shape), 128)
    width, height = opened(file).size
    assert width == shown and 64 < shown <= 160
    assert height * shape[1] == width * shape[0]


def test_a_large_picture_is_shown_as_wide_as_asked():
    assert sized(np.zeros((300, 400)), 128)[1] == 128
    assert opened(sized(np.zeros((3000, 1)), 252)[0]).size[1] <= 3000


def test_every_cell_becomes_one_square_of_its_own_value():
    picture = np.array([[0, 50], [100, 200]], np.uint8)
    big = np.asarray(opened(png(picture, 20)))
    assert big.shape == (20, 20, 3)
    assert np.array_equal(big[::10, ::10, 0], picture)
    assert np.array_equal(big[9::10, 9::10, 0], picture)


def test_a_picture_larger_than_asked_keeps_its_size():
    assert enlarge(np.zeros((40, 30, 3)), 20).shape == (40, 30, 3)


def test_sheet_has_all_pictures_in_reading_order():
    tiles = np.array([np.full((2, 2), v) for v in (10, 20, 30)], np.uint8)
    whole = np.asarray(opened(sheet(tiles, columns=2, side=4, gap=2)))
    assert whole.shape == (10, 10, 4)
    assert [whole[0, 0, 0], whole[0, 6, 0], whole[6, 0, 0]] == [10, 20, 30]
    assert whole[6, 6, 3] == 0  # nothing there: the page shows through


def test_labels_take_room_below():
    tiles = np.zeros((2, 8, 8), np.uint8)
    plain, named = opened(sheet(tiles, side=64)), opened(sheet(tiles, side=64, labels=["a", "b"]))
    assert named.width == plain.width
    assert named.height > plain.height


def test_an_empty_sheet_raises():
    with pytest.raises(ValueError, match="at least one"):
        sheet([])


def test_every_unit_has_a_colour_of_its_own():
    assert len({unit_colour(unit) for unit in range(64)}) == 64


def test_alt_text_without_a_picture_in_it_raises():
    with pytest.raises(ValueError, match="what the picture shows"):
        alt(" ", "good")
