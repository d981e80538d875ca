"""A file taken apart: its parts make up its pictures, and its bits its length."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.coding.collection.anatomy import dissect
from htm_engine.coding.collection.codec import compress_collection, decompress_collection
from htm_engine.errors import ModelMismatchError
from htm_engine.figures.compress import PARTS, bits_figure, bits_in_words

X = load_dataset("digits").X
PLAIN = LayerSpec(4, 8, 0, winners=3, compete_on="evidence")


@pytest.fixture(scope="module", params=["subspaces", "article", "before blocks"])
def model(request):
    layers = (
        (PLAIN, PLAIN) if request.param == "article" else (LayerSpec(4, 8, 4), LayerSpec(2, 8, 4))
    )
    found = HTM(layers=layers, epochs=1).fit(X[:400])
    if request.param == "before blocks":
        found.coder_.blocks = None
    return found


@pytest.mark.parametrize("quality", [1, 5, 10])
@pytest.mark.parametrize("count", [1, 300])
def test_ideal_lengths_add_up_to_the_file(model, quality, count):
    file = compress_collection(model, X[-count:], quality)
    parts = dissect(file, model)
    assert parts.budget.total == pytest.approx(len(file))
    # 20 bytes of header and checksum, a varint or two, and the coder's last byte; in blocks
    # every picture has a last byte, and a place in the index.
    apart = 2 * count if parts.info.in_blocks else 0
    assert 15 < parts.budget.header < 30 + 0.01 * len(file) + apart


def test_values_beyond_the_tables_are_counted(model):
    """A picture unlike any that was learned needs large values."""
    wild = np.random.default_rng(0).integers(0, 2, (50, 8, 8)).astype(np.uint8) * 255
    file = compress_collection(model, wild, 10)
    parts = dissect(file, model)
    assert parts.budget.header < 30 + 0.01 * len(file) + (100 if parts.info.in_blocks else 0)


def test_prediction_and_residual_make_the_pictures(model):
    file = compress_collection(model, X[-50:], 6)
    parts = dissect(file, model)
    assert np.array_equal(parts.pictures[..., 0], decompress_collection(file, model))
    assert np.array_equal(parts.prediction + parts.residual, parts.pictures)
    quiet = parts.tile_winners < 0
    assert parts.info.in_blocks or not parts.residual[..., 0][quiet].any()


def test_a_file_without_a_residual_is_its_prediction(model):
    file = compress_collection(model, X[-50:], 6, with_surprise=False)
    parts = dissect(file, model)
    assert not parts.residual.any() and (parts.tile_winners < 0).all()
    assert parts.budget.tile_winners == parts.budget.tile_values == 0


def test_another_models_file_is_refused(model):
    other = HTM(layers=(LayerSpec(8, 4, 2),), epochs=1).fit(X[:200])
    with pytest.raises(ModelMismatchError):
        dissect(compress_collection(other, X[:2], 5), model)


def test_the_bar_shows_every_part_in_figures_and_words(model):
    budget = dissect(compress_collection(model, X[-20:], 6), model).budget
    figure = bits_figure(budget)
    assert [bar.name for bar in figure.data] == list(PARTS.values())
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(budget.total)
    assert all(name.lower() in bits_in_words(budget) for name in PARTS.values())
