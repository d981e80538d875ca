"""Any picture is made fit for a network and comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec
from htm_engine.coding.collection.codec import (
    compress_collection,
    decompress_collection,
    inspect_collection,
)
from htm_engine.data.fitting import as_pictures, fit_picture, picture_shape, put_together
from htm_engine.data.mosaic import assemble, cut
from htm_engine.errors import DataError

RNG = np.random.default_rng(0)


def trained(shape, **settings):
    X = RNG.integers(0, 255, (60, *shape)).astype(np.uint8)
    return HTM(layers=(LayerSpec(4, 4, 2),), epochs=1, sampler=False, **settings).fit(X)


@pytest.fixture(scope="module")
def grey():
    return trained((8, 6))


@pytest.mark.parametrize("shape", [(1, 1), (8, 6), (9, 6), (8, 7), (50, 41), (24, 18, 3)])
def test_tiles_go_together_again(shape):
    picture = RNG.integers(0, 255, shape).astype(np.uint8)
    tiles = cut(picture, (8, 6))
    assert tiles.shape[1:3] == (8, 6)
    assert np.array_equal(assemble(tiles, *shape[:2]), picture)


def test_a_wrong_number_of_tiles_is_refused():
    with pytest.raises(DataError, match="do not make a picture"):
        assemble(np.zeros((3, 8, 8), np.uint8), 16, 16)


@pytest.mark.parametrize("shape", [(1, 1), (8, 6, 3), (30, 20), (30, 20, 3), (1, 500)])
@pytest.mark.parametrize("tiles", [True, False])
def test_every_picture_can_be_compressed_and_comes_back_in_its_shape(grey, shape, tiles):
    picture = RNG.integers(0, 255, shape).astype(np.uint8)
    fitted = fit_picture(picture, grey, tiles=tiles)
    assert fitted.whole.shape == (shape[:2] if fitted.mosaic else (8, 6))
    file = compress_collection(grey, fitted.pictures, 5, mosaic=fitted.mosaic)
    info = inspect_collection(file)
    assert info.mosaic == fitted.mosaic
    back = put_together(as_pictures(decompress_collection(file, grey), grey), info.mosaic)
    assert back[0].shape == fitted.whole.shape


def test_what_was_done_to_a_picture_is_said(grey):
    fitted = fit_picture(np.zeros((80, 60, 3), np.uint8), grey, most_pixels=1200)
    said = " ".join(fitted.notes)
    assert "grey" in said and "made smaller" in said and "25 tiles" in said
    assert fitted.mosaic == (40, 30)
    assert fit_picture(np.zeros((8, 6), np.uint8), grey).notes == ()


def test_a_grey_picture_is_repeated_for_a_network_in_colour():
    model = trained((8, 8, 3))
    fitted = fit_picture(RNG.integers(0, 255, (8, 8)).astype(np.uint8), model)
    assert fitted.pictures.shape == (1, 8, 8, 3) and picture_shape(model) == (8, 8, 3)


def test_rows_read_as_pictures_are_pictures():
    model = HTM(layers=(LayerSpec(4, 4, 2),), epochs=1, input_shape=(8, 8)).fit(
        RNG.random((60, 64))
    )
    assert picture_shape(model) == (8, 8, 1)
    pictures = fit_picture(np.zeros((8, 8), np.uint8), model).pictures
    back = as_pictures(decompress_collection(compress_collection(model, pictures), model), model)
    assert back.shape == (1, 8, 8)


@pytest.mark.parametrize("shape", [(64,), (4, 4, 2)])
def test_networks_of_other_numbers_are_refused(shape):
    model = HTM(layers=(LayerSpec(1, 4, 2),), epochs=1).fit(RNG.random((60, *shape)))
    with pytest.raises(DataError, match="This network reads"):
        picture_shape(model)
