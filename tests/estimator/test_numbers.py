"""Extreme but finite numbers: learned as others are, or refused with what is true of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from htm_engine import HTM, LayerSpec, compress_collection, decompress_collection, load_dataset
from htm_engine.coding.collection import residual_learning
from htm_engine.errors import DataError
from htm_engine.model import subspaces


@pytest.fixture(scope="module")
def rows():
    X = load_dataset("digits").X[:300]
    return X.reshape(len(X), -1) / 255


def network():
    return HTM(layers=(LayerSpec(1, 12, 3),), epochs=3, sampler=False)


def share(X):
    """Part of the variance that the code loses."""
    return -network().fit(X).score(X) / X.var(axis=0).mean()


@pytest.mark.parametrize("factor", [1e-4, 1e3, 1e9])
def test_the_unit_of_measure_makes_no_difference(rows, factor):
    assert share(rows * factor) == pytest.approx(share(rows), rel=0.01)


@pytest.mark.parametrize("offset", [-1000, 30, 100, 1000])
def test_where_zero_is_makes_no_difference(rows, offset):
    assert share(rows + offset) == pytest.approx(share(rows), rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X: X * 1e10, "reach 1e\\+10"),
        (lambda X: X * -1e30, "reach 1e\\+30"),
        (lambda X: X * 1e300, "reach 1e\\+300"),
        (lambda X: X * 1e-10, "differ by .* only.*multiply them"),
        (lambda X: X + 1e6, "lie near 1e\\+06 .*subtract their mean"),
    ],
)
@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_what_single_precision_cannot_learn_is_refused_truly(rows, change, said, way):
    with pytest.raises(DataError, match=said):
        getattr(network(), way)(change(rows))


def test_numbers_that_grow_on_the_way_are_refused_too(rows):
    model = network().fit(rows)
    with pytest.raises(DataError, match="divide them first"):
        model.partial_fit(rows * 1e12)
    with pytest.raises(DataError, match="divide them first"):
        network().fit(np.concatenate([np.tile(rows, (14, 1)), rows * 1e15]))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e8, -1e-9])
def test_equal_numbers_are_learned_however_far_they_lie(value):
    X = np.full((30, 5), value)
    assert network().fit(X).score(X) == pytest.approx(0, abs=1e-9 * max(1, value**2))


def test_what_is_read_may_be_far_from_what_was_learned(rows):
    model = network().fit(rows)
    assert np.isfinite(model.transform(rows * 1e12)).all()
    assert model.score(rows * 1e12) < -1e20


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_few_rows_of_many_numbers_are_learned_and_stored_by_either_way(monkeypatch, init):
    """Directions from the rows, where numbers are many, do what those from a covariance do."""
    mixed = np.random.default_rng(0).random((5, 60))
    x = np.random.default_rng(1).dirichlet(np.ones(5), 14) @ mixed
    settings = {"layers": (LayerSpec(1, 3, 4),), "epochs": 2, "init": init}

    def learned():
        model = HTM(**settings).fit(x)
        file = compress_collection(model, x, 2)
        back = decompress_collection(file, model) / 255
        return model, len(file), float(((back - x) ** 2).mean())

    usual, size, error = learned()
    monkeypatch.setattr(subspaces, "EXACT", 10)
    monkeypatch.setattr(residual_learning, "WIDE", 10)
    wide, wide_size, wide_error = learned()
    u = wide.hierarchy_.layers[0].u
    np.testing.assert_allclose(u.transpose(0, 2, 1) @ u, np.eye(4)[None].repeat(3, 0), atol=1e-5)
    assert wide.score(x) == pytest.approx(usual.score(x), abs=1e-4)
    assert wide_size <= 1.1 * size and wide_error <= 1.1 * error + 1e-5


def test_one_row_is_learned_from_any_start():
    for init in ("k-means++", "random"):
        model = HTM(epochs=1, init=init).fit(np.full((1, 3), 0.5))
        assert model.score(np.full((2, 3), 0.5)) == pytest.approx(0, abs=1e-9)


def test_a_network_stays_what_it_was_where_data_is_refused(rows):
    model = HTM((LayerSpec(1, 3, 2),), epochs=1).fit(rows)
    before, score = model.fingerprint, model.score(rows)
    for refused in (np.full((4, 3), 1e12), np.zeros((3, 2, 0)), rows * np.nan):
        with pytest.raises(ValueError):
            model.fit(refused)
    assert model.fingerprint == before and model.score(rows) == score
    late = np.concatenate([np.tile(rows, (10, 1)), np.full((1, rows.shape[1]), 1e39)])
    for learn in (model.fit, model.partial_fit):
        with pytest.raises(DataError, match="reach 1e\\+39"):
            learn(late)
        assert model.fingerprint == before
    fresh = HTM(epochs=1)
    with pytest.raises(ValueError):
        fresh.fit(np.array([[1e19], [0.0]]))
    with pytest.raises(NotFittedError):
        fresh.score(np.array([[1.0]]))
