"""One value taken apart by the formulas is what the model itself says of it."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import SeriesModel
from htm_engine.analysis.series_walk import walk, weights_over
from htm_engine.data.drawn_series import draw_series
from htm_engine.errors import DataError
from htm_engine.model import competition


@pytest.fixture(scope="module")
def data():
    return draw_series("missing day").data


@pytest.mark.parametrize("at", [1, 2, 700, 2449])
def test_a_walk_gives_what_the_model_says(data, at):
    values, stamps = data.values[:, 0], data.stamps
    found = walk(values, at, stamps)
    trace = SeriesModel(600, fast=True).follow(values[: at + 1], stamps[: at + 1])
    assert found.prediction == pytest.approx(trace.prediction[at], abs=1e-9)
    assert found.surprise == pytest.approx(trace.surprise[at], abs=1e-9)
    assert found.winner == trace.winner[at]


def test_what_the_gate_learns_is_what_it_has_at_the_next_value(data):
    values, stamps = data.values[:, 0], data.stamps
    now, then = walk(values, 900, stamps), walk(values, 901, stamps)
    np.testing.assert_allclose(now.after, then.evidence, atol=1e-9)
    np.testing.assert_allclose(now.weights, competition.activation(now.evidence))
    assert now.shares.sum() == pytest.approx(1)


def test_weights_along_a_series_are_those_of_its_walks(data):
    values, stamps = data.values[:500, 0], data.stamps[:500]
    places, found = weights_over(values, stamps, looks=6)
    assert places[0] == 1 and places[-1] == 499
    for place, weights in zip(places, found, strict=True):
        np.testing.assert_allclose(weights, walk(values, place, stamps).weights, atol=1e-12)


@pytest.mark.parametrize("at", [0, 3, 9])
def test_what_has_no_prediction_is_refused(at):
    with pytest.raises(DataError):
        walk([1.0, 2.0, 3.0, np.nan], at)
