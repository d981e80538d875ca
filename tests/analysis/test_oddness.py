"""Odd pictures are found though they were learned from, by pixels or by pictures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM
from htm_engine.analysis.oddness import unlike
from htm_engine.analysis.survey import survey
from htm_engine.data.datasets import load_dataset


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("count", [10, 30, 60, 300])  # fewer and more than pixels
@pytest.mark.parametrize("odd", ["noise", "inverted", "stripes"])
def test_a_picture_unlike_all_others_comes_first(count, odd):
    digits = (load_digits().images[:count] * 15.9375).astype(np.uint8)
    stripes = np.uint8(np.tile([0, 255], (8, 4)))
    picture = {"noise": noise((8, 8)), "inverted": 255 - digits[3], "stripes": stripes}[odd]
    scores = unlike(np.concatenate([digits, picture[None]]))
    assert scores.argmax() == count and np.isfinite(scores).all()


def test_where_a_network_that_learned_it_is_not_surprised():
    scenes = load_dataset("scenes").X[:200]
    X = np.concatenate([scenes, noise((1, 32, 32))])
    model = HTM(coder=False, sampler=False, random_state=0).fit(X)
    assert (survey(model, X).total.argsort() == 200).argmax() < 50  # it has a unit of its own
    assert unlike(X).argmax() == 200


def test_both_ways_to_solve_agree_with_leaving_each_out():
    rows = np.random.default_rng(1).random((12, 5))
    for X in (rows, rows.T.copy()):
        centred = X - X.mean(0)
        ridge = 0.01 * (centred**2).sum() / min(X.shape) + 1e-12
        for one, score in enumerate(unlike(X)):
            mean = np.delete(X, one, 0).mean(0)
            others = np.delete(X, one, 0) - mean
            weights = np.linalg.solve(
                others.T @ others + ridge * np.eye(X.shape[1]), others.T @ others
            )
            left = (X[one] - mean) @ (np.eye(X.shape[1]) - weights)
            contrast = ((X[one] - X[one].mean()) ** 2).sum()
            assert score == pytest.approx((left**2).sum() / contrast, rel=1e-4)


def test_equal_and_single_pictures_have_finite_scores():
    assert np.isfinite(unlike(np.zeros((4, 3, 3), np.uint8))).all()
    assert np.isfinite(unlike(np.ones((1, 9)))).all()


def test_noise_has_nothing_in_common_with_noise_however_few_there_are():
    for count in (4, 20, 60):
        rows = np.random.default_rng(count).random((count, 400))
        assert np.median(unlike(rows)) == pytest.approx(1, abs=0.4)
