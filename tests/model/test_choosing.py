"""Sizes from the data: PCA is never beaten by what is chosen, and the reason is said."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from htm_engine import HTM
from htm_engine.model import choosing, subspaces
from htm_engine.model.choosing import choose

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits():
    X = (load_digits().images * 15.9375).astype(np.uint8)
    return X[np.random.default_rng(1).permutation(len(X))]


def pca_error(learn, held, values):
    rows, test = (x.reshape(len(x), -1) / 255.0 for x in (learn, held))
    pca = PCA(values, svd_solver="full").fit(rows)
    return ((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean()


@pytest.mark.parametrize("count", [50, 100, 300, 1200])
def test_held_out_error_is_never_above_pcas_with_as_many_values(digits, count):
    learn, held = digits[:count], digits[1200:]
    model = HTM().fit(learn)
    (layer,) = model.hierarchy_.layers
    assert -model.score(held) <= pca_error(learn, held, layer.rank) * 1.0005


def test_one_unit_is_pca(digits):
    rows = digits[:200].reshape(200, -1) / np.float32(255)
    frame = subspaces.frame(rows)
    placed = subspaces.place(frame.into(rows)[0], 1, 8, 10.0, 0)
    held = digits[300:400].reshape(100, -1) / np.float32(255)
    y, outside = frame.into(held)
    ours = (subspaces.errors(y, placed)[:, 0] + outside).mean() / 64
    assert ours == pytest.approx(pca_error(digits[:200], digits[300:400], 8), rel=1e-4)


def test_a_frame_of_more_numbers_than_rows_is_that_of_the_covariance():
    x = RNG.normal(size=(30, 50)).astype(np.float32)
    wide, tall = subspaces.frame(x), subspaces.frame(np.concatenate([x, x]))
    assert np.allclose(wide.power, tall.power[: len(wide.power)], rtol=1e-3)
    assert np.allclose(np.abs((wide.axes * tall.axes[:, : len(wide.power)]).sum(0)), 1, atol=1e-2)
    assert np.allclose(wide.axes.T @ wide.axes, np.eye(len(wide.power)), atol=1e-4)


def test_data_of_one_subspace_is_given_one_unit():
    basis = RNG.normal(size=(6, 100))
    flat = RNG.normal(size=(400, 6)) @ basis + RNG.normal(0, 0.1, (400, 100))
    choice = choose(flat.reshape(400, 10, 10, 1).astype(np.float32), 400)
    assert choice.layers[0].units == 1 and "PCA" in choice.reason


def test_data_of_several_kinds_is_given_several_units():
    kinds = [(RNG.normal(size=100) * 3, RNG.normal(size=(4, 100))) for _ in range(4)]
    rows = [centre + RNG.normal(size=4) @ basis for centre, basis in kinds for _ in range(100)]
    maps = np.array(rows, np.float32).reshape(400, 10, 10, 1)
    choice = choose(maps, 400)
    assert choice.layers[0].units >= 4
    assert "less of them is lost than with PCA" in choice.reason
    assert choose(maps, 400) == choice


def test_few_pictures_are_told_what_they_lack():
    maps = RNG.random((60, 8, 8, 1)).astype(np.float32)
    assert "too few" in choose(maps, 60).note and choose(maps, 5000).note == ""


def test_large_pictures_and_many_have_two_levels():
    large = choose(np.zeros((3, 128, 128, 3), np.float32), 3)
    many = choose(RNG.random((30, 28, 28, 1)).astype(np.float32), 60_000)
    assert len(large.layers) == len(many.layers) == 2
    assert choosing.largest((128, 128, 3)) == large.layers


@pytest.mark.parametrize(
    "maps",
    [
        np.zeros((1, 4, 4, 1)),
        np.full((50, 4, 4, 1), 0.5),
        RNG.random((2, 1, 3, 1)),
        RNG.random((30, 1, 1, 1)),
        np.repeat(RNG.random((1, 6, 6, 3)), 40, 0),
    ],
    ids=["one", "equal", "two", "one number", "copies"],
)
def test_odd_collections_are_given_something_that_learns(maps):
    maps = maps.astype(np.float32)
    model = HTM().fit(maps)
    assert np.isfinite(model.score(maps))
    assert np.isfinite(model.sample(2, 0)).all()
    assert model.choice_.reason
