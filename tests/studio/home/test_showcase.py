"""The home page's figures are those of the model that ships with it."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec, load_dataset
from studio.home import showcase


@pytest.fixture(scope="module")
def shown():
    return showcase.read()


def test_figures_are_of_the_shipped_model_and_can_be_measured_again(shown):
    train, test = load_dataset(shown.dataset).split(showcase.HELD_OUT, showcase.SEED)
    again = showcase.build(HTM.load(showcase.MODEL), train.X, test.X, test.y)
    assert shown.fingerprint == again.fingerprint, "run: python -m studio.home.showcase"
    assert shown.htm.size == pytest.approx(again.htm.size)
    assert shown.htm.psnr == pytest.approx(again.htm.psnr)
    assert shown.pca.psnr == pytest.approx(again.pca.psnr, abs=0.01)
    assert [e.rebuilt for e in shown.examples] == [e.rebuilt for e in again.examples]


def test_every_digit_is_shown_once(shown):
    assert [example.label for example in shown.examples] == list("0123456789")


def test_pictures_cost_what_the_file_spends_on_them(shown):
    mean = float(np.mean([example.size for example in shown.examples]))
    assert 0 < mean < 3 * shown.htm.size


def test_written_showcase_reads_back_the_same(tmp_path):
    train, test = load_dataset("digits", limit=240).split(0.25)
    model = HTM(layers=(LayerSpec(4, 8, 2), LayerSpec(2, 8, 4)), epochs=2).fit(train.X)
    built = showcase.build(model, train.X, test.X, test.y)
    showcase.write(built, tmp_path / "home.json")
    assert showcase.read(tmp_path / "home.json") == built
