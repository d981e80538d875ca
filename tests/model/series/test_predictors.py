"""Units that predict are weighed by the formulas of ``competition``, and keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.model import competition
from htm_engine.model.series.model import SeriesModel
from htm_engine.model.series.predictors import (
    GATE_RATE,
    HIGH,
    LOW,
    MOST_LOG,
    PREDICTION,
    UNITS,
    WINNER,
    below,
    follow,
    gate_step,
    median,
    new_predictors,
    quantile,
    softmax,
    wander,
)

HOUR = 3600.0
RNG = np.random.default_rng(0)


def test_weights_are_the_activation():
    logs, weights = RNG.normal(size=8), np.empty(8)
    softmax(logs, weights)
    np.testing.assert_allclose(weights, competition.activation(logs[None])[0], rtol=1e-14)


def test_the_gate_steps_along_the_gradient():
    logs, joint = RNG.normal(size=8), 5 * RNG.normal(size=8)
    a = competition.activation(logs[None])
    r = competition.activation(joint[None])
    wanted = competition.gradient_step(logs, competition.evidence_gradient(a, r)[0], GATE_RATE)
    gate_step(logs, a[0], joint)
    np.testing.assert_allclose(logs, np.clip(wanted, -MOST_LOG, MOST_LOG), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_a_quantile_is_where_that_share_lies_below(seed, share):
    rng = np.random.default_rng(seed)
    means, scales = rng.normal(size=8), rng.uniform(0.1, 3, 8)
    weights = rng.dirichlet(np.ones(8))
    found = quantile(means, scales, weights, share)
    assert below(means, scales, weights, found) == pytest.approx(share, abs=1e-9)


def test_the_prediction_is_the_median_of_what_units_say():
    assert median(np.array([5.0, 1.0, 3.0]), np.array([0.3, 0.3, 0.4])) == 3
    assert median(np.array([5.0, 1.0, 3.0]), np.array([0.6, 0.2, 0.2])) == 5


def test_an_autoregressive_series_is_predicted_nearly_as_well_as_it_can_be():
    noise = RNG.normal(size=4000)
    values = np.zeros(4000)
    for t in range(2, 4000):
        values[t] = 1.6 * values[t - 1] - 0.8 * values[t - 2] + noise[t]
    found = follow(new_predictors(), np.full(4000, np.nan), values)
    error = np.abs(found[1000:, PREDICTION] - values[1000:]).mean()
    assert error < 1.1 * np.abs(noise[1000:]).mean()
    assert np.bincount(found[1000:, WINNER].astype(int)).argmax() == UNITS.index("autoregression")


def test_a_daily_pattern_is_told_by_the_clock():
    seconds = np.arange(24 * 40) * HOUR
    profile = RNG.normal(size=24) * 10
    values = profile[np.arange(24 * 40) % 24] + RNG.normal(size=24 * 40)
    found = follow(new_predictors(), seconds, values)
    assert np.abs(found[480:, PREDICTION] - values[480:]).mean() < 1.3
    assert UNITS[int(found[-1, WINNER])] == "time of day"


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "walk"])
def test_the_band_holds_nine_values_of_ten(kind):
    noise = np.random.default_rng(5).standard_t(2 if kind == "heavy tails" else 30, size=6000)
    values = np.cumsum(noise) if kind == "walk" else noise
    found = follow(new_predictors(), np.full(6000, np.nan), values)[500:]
    inside = (values[500:] >= found[:, LOW]) & (values[500:] <= found[:, HIGH])
    assert 0.87 <= inside.mean() <= 0.93


def test_learning_is_the_same_whether_anybody_looks_or_not():
    values = RNG.normal(size=300)
    looked, blind = new_predictors(), new_predictors()
    follow(looked, np.arange(300.0), values)
    assert follow(blind, np.arange(300.0), values, bands=False).shape == (0, 5)
    for one, other in zip(looked, blind, strict=True):
        np.testing.assert_array_equal(one, other)


def test_paths_leave_the_state_alone_and_spread():
    state = new_predictors()
    follow(state, np.arange(500) * HOUR, np.cumsum(RNG.normal(size=500)))
    before = [one.copy() for one in state]
    paths = wander(state, np.random.default_rng(0), 200, 20)
    for one, other in zip(state, before, strict=True):
        np.testing.assert_array_equal(one, other)
    spread = np.quantile(paths, 0.9, axis=0) - np.quantile(paths, 0.1, axis=0)
    assert spread[-1] > 2 * spread[0] > 0


def test_a_sensor_stuck_for_ever_breaks_nothing():
    """Forgetting what a constant series says nothing of must not grow without end."""
    values = np.concatenate([[0.0, 1, 0, 1, 2], np.full(40_000, 7.0), [0.0, 1, 0, 1, 2]])
    trace = SeriesModel(learning=50).follow(values)
    assert np.isfinite(trace.prediction[1:]).all()
    assert abs(trace.prediction[40_000] - 7) < 0.01


def test_a_forecast_begins_after_the_last_row_though_it_is_a_gap():
    model = SeriesModel().fit([1.0, 2, 3, 4, np.nan, np.nan], np.arange(6) * 3600.0)
    assert model.forecast(2).seconds.tolist() == [6 * 3600.0, 7 * 3600.0]
