"""A series model is online and exact: one by one, in parts, at once, and after loading."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import htm_engine
from htm_engine import HTM, SeriesModel, detect, storage
from htm_engine.errors import DataError, ModelError
from htm_engine.model.series import model as models
from htm_engine.model.series.model import period_for
from htm_engine.model.series.predictors import UNITS

RNG = np.random.default_rng(0)
VALUES = np.round(10 * np.sin(np.arange(700) / 9) + RNG.normal(size=700), 2)
VALUES[600] = 40.0
STAMPS = np.datetime64("2026-01-01") + 1800 * np.arange(700).astype("timedelta64[s]")


def state(model):
    stream = io.BytesIO()
    model.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("fast", [True, False])
def test_one_by_one_gives_what_all_at_once_gives(fast):
    whole, single, looked = (SeriesModel(100, fast=fast) for _ in range(3))
    scores = whole.detect(VALUES, STAMPS)
    steps = [single.update(v, t) for v, t in zip(VALUES, STAMPS, strict=True)]
    trace = looked.follow(VALUES, STAMPS)
    assert [step.score for step in steps] == scores.tolist() == trace.score.tolist()
    assert scores[600] > 0.5
    for name in ("prediction", "low", "high", "surprise"):
        np.testing.assert_array_equal([getattr(s, name) for s in steps], getattr(trace, name))
    assert [step.winner for step in steps[1:]] == [UNITS[i] for i in trace.winner[1:]]
    assert state(whole) == state(single) == state(looked)


def test_in_parts_gives_what_all_at_once_gives(monkeypatch):
    whole = SeriesModel(100).detect(VALUES, STAMPS)
    monkeypatch.setattr("htm_engine.model.series.model._CHUNK", 64)
    parts = SeriesModel(100)
    found = [parts.detect(VALUES[:250], STAMPS[:250]), parts.detect(VALUES[250:], STAMPS[250:])]
    np.testing.assert_array_equal(np.concatenate(found), whole)


def test_a_loaded_model_goes_on_bit_for_bit(tmp_path):
    model = SeriesModel(100, random_state=3).fit(VALUES[:400], STAMPS[:400])
    model.save(tmp_path / "series.npz")
    again = SeriesModel.load(tmp_path / "series.npz")
    assert state(again) == state(model)
    np.testing.assert_array_equal(again.forecast(9).quantiles, model.forecast(9).quantiles)
    np.testing.assert_array_equal(
        again.detect(VALUES[400:], STAMPS[400:]), model.detect(VALUES[400:], STAMPS[400:])
    )
    assert state(again) == state(model)


def test_its_file_does_not_grow_with_the_series():
    sizes = {
        n: sum(a.nbytes for a in SeriesModel(50).fit(VALUES[:n])._arrays().values())
        for n in (50, 700)
    }
    assert sizes[50] == sizes[700]


def test_a_gap_scores_nothing_and_teaches_nothing():
    full, gaps = SeriesModel(100), SeriesModel(100)
    holes = np.insert(VALUES, [5, 300, 300], np.nan)
    scores = gaps.detect(holes)
    np.testing.assert_array_equal(scores[~np.isnan(holes)], full.detect(VALUES))
    assert scores[np.isnan(holes)].max() == 0 and state(full) == state(gaps)
    step = gaps.update(None)
    assert step.score == step.surprise == 0 and step.low < step.prediction < step.high


@pytest.mark.parametrize("values", [[], [np.nan] * 5, [1.0], [2.0] * 50, [1e100, -1e100] * 30])
def test_odd_series_score_between_0_and_1(values):
    scores = htm_engine.detect(values)
    assert scores.shape == (len(values),) and ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, np.inf], "Value 2 is inf"),
        ([1e300], "Value 1 is 1e\\+300"),
        (["a"], "numbers"),
        ([[1.0]], "one row"),
        (3.0, "one row"),
        ([1j], "complex"),
        (np.array(["2026-01-01"], "datetime64[s]"), "times"),
        ([object()], "one row of numbers"),
    ],
)
def test_what_is_no_series_is_refused_in_a_sentence_and_leaves_no_trace(values, says):
    model = SeriesModel(100)
    before = state(model)
    with pytest.raises(DataError, match=says):
        model.detect(values)
    assert state(model) == before


@pytest.mark.parametrize("setting", [{"learning": 3}, {"learning": 20.5}, {"random_state": -1}])
def test_settings_without_sense_are_refused(setting):
    with pytest.raises(DataError):
        SeriesModel(**setting)


def test_the_learning_period_is_a_part_of_a_known_length():
    assert SeriesModel().fit(VALUES).period_ == period_for(700) == 105
    model = SeriesModel()
    model.update(1.0)
    assert model.period_ == 600


def test_stamps_in_any_order_doubled_or_missing_do_no_harm():
    shuffled = STAMPS[np.random.default_rng(1).permutation(700)]
    shuffled[10:20] = shuffled[9]
    shuffled[30] = np.datetime64("NaT")
    scores = SeriesModel(100).detect(VALUES, shuffled)
    assert scores[600] > 0.5 and np.isfinite(scores).all()


def test_a_pandas_series_brings_its_stamps():
    series = pd.Series(VALUES, index=pd.DatetimeIndex(STAMPS))
    np.testing.assert_array_equal(htm_engine.detect(series), htm_engine.detect(VALUES, STAMPS))


def test_of_several_columns_the_largest_score_counts():
    calm = np.random.default_rng(2).normal(size=700)
    both = htm_engine.detect(np.column_stack([calm, VALUES]), STAMPS)
    each = [htm_engine.detect(one, STAMPS) for one in (calm, VALUES)]
    np.testing.assert_array_equal(both, np.maximum(*each))


def test_a_forecast_goes_on_with_the_day_and_its_clock():
    hours = np.datetime64("2026-03-02T00") + np.arange(24 * 30).astype("timedelta64[h]")
    profile = np.where(np.arange(24) % 12 < 6, 0.0, 50.0)
    noise = np.random.default_rng(3).normal(size=len(hours))
    coming = htm_engine.forecast(profile[np.arange(len(hours)) % 24] + noise, 24, hours)
    assert np.abs(coming.at(0.5) - profile).max() < 6
    assert coming.quantiles.shape == (24, 5) and (np.diff(coming.quantiles) >= 0).all()
    assert coming.seconds[0] == 3600 + hours[-1].astype("datetime64[s]").astype(int)
    again = htm_engine.forecast(profile[np.arange(len(hours)) % 24] + noise, 24, hours)
    np.testing.assert_array_equal(again.mean, coming.mean)


def test_a_forecast_of_nothing_or_of_no_steps_is_refused():
    with pytest.raises(DataError, match="nothing to forecast"):
        SeriesModel().forecast(3)
    for steps, levels in ((0, (0.5,)), (3, ()), (3, (0.9, 0.1)), (3, (0.0, 0.5))):
        with pytest.raises(DataError):
            SeriesModel().fit([1.0, 2.0]).forecast(steps, levels)


def test_other_models_and_damaged_ones_are_refused(tmp_path):
    settings, arrays = storage.load(io.BytesIO(state(SeriesModel(100).fit(VALUES))))

    def refused(says, settings=settings, **changed):
        storage.save(tmp_path / "x.npz", settings, {**arrays, **changed})
        with pytest.raises(ModelError, match=says):
            SeriesModel.load(tmp_path / "x.npz")

    refused("counts more", **{"detector.used": arrays["detector.used"] + 1000})
    refused("less than none", **{"detector.masses": -arrays["detector.masses"]})
    refused("other arrays", **{"detector.theta": arrays["detector.theta"][:2]})
    refused("make no sense", {**settings, "period": "long"})
    refused("another kind", {**settings, "kind": "text"})
    with pytest.raises(ModelError):
        HTM.load(io.BytesIO(state(SeriesModel())))


def test_memory_does_not_grow_with_the_length(monkeypatch):
    """Beside the values and the scores; the units, which take long, are left out."""
    monkeypatch.setattr(models, "follow", lambda state, seconds, values, bands: None)
    monkeypatch.setattr(
        models, "watch", lambda *given: (np.zeros(len(given[-1])), np.zeros((len(given[-1]), 5)))
    )
    more = []
    for length in (500_000, 2_000_000):
        values, stamps = np.zeros(length), np.arange(length).astype("datetime64[s]")
        tracemalloc.start()
        scores = detect(values, stamps)
        more.append(tracemalloc.get_traced_memory()[1] - scores.nbytes)
        tracemalloc.stop()
    assert more[1] - more[0] < 100_000, more
