"""Where a series was odd, and why, as a trace tells it."""

import numpy as np
import pytest

from htm_engine.analysis.series import a_week, odd_places, quality, reason
from htm_engine.data.drawn_series import draw_series
from htm_engine.model.series.model import SeriesModel


@pytest.fixture(scope="module")
def spikes():
    data = draw_series("spikes").data
    values = data.values[:, 0]
    return values, SeriesModel().follow(values, data.stamps), data.stamps


def test_the_three_spikes_are_the_marks(spikes):
    _, trace, _ = spikes
    assert odd_places(trace.score, 0.5).tolist() == [1930, 2700, 3411]


def test_a_lower_level_marks_no_fewer(spikes):
    _, trace, _ = spikes
    counts = [int((trace.score >= level).sum()) for level in (0.9, 0.5, 0.1)]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_a_spike_lies_outside_its_band_and_nothing_like_it_had_come(spikes):
    values, trace, stamps = spikes
    found = reason(values, trace, 1930, stamps)
    assert found.value > found.high and found.before is None
    assert found.bits[0][1] > 20 and list(found.bits) == sorted(found.bits, key=lambda b: -b[1])


def test_a_usual_value_was_seen_before(spikes):
    values, trace, stamps = spikes
    found = reason(values, trace, 2000, stamps)
    assert found.before is not None and found.before < 1999
    assert abs(values[found.before] - values[2000]) <= 0.02 * np.ptp(values[:2000])


def test_what_is_odd_for_its_time_of_day_is_compared_at_that_time():
    data = draw_series("missing day").data
    values = data.values[:, 0]
    trace = SeriesModel().follow(values, data.stamps)
    (place,) = odd_places(trace.score, 0.5)
    assert reason(values, trace, place, data.stamps).by_day
    assert reason(values, trace, place, data.stamps).before is None  # never at nine on a weekday
    assert reason(values, trace, place).before is not None  # at night it is nothing new


def test_alarms_a_week_come_from_the_stamps(spikes):
    _, _, stamps = spikes
    assert a_week(4, stamps) == pytest.approx(1.0, rel=0.01)  # four weeks
    assert a_week(4, None) is None
    days = np.datetime64("2026-01-01") + np.arange(7)
    assert a_week(1, days) == pytest.approx(1.0)
    assert a_week(1, days[::-1]) == pytest.approx(1.0)
    wrong = np.append(days, np.datetime64("2031-01-01"))  # one wrong stamp is no five years
    assert a_week(1, wrong) == pytest.approx(7 / 8)
    minute = np.datetime64("2026-01-01T00:00:00") + np.arange(60)
    assert a_week(1, minute) is None  # ten thousand a week, from a minute, would say nothing
    assert a_week(4, np.full(3, np.datetime64("NaT", "us"))) is None


def test_bands_hold_nine_values_of_ten_and_predictions_beat_the_last_value(spikes):
    values, trace, _ = spikes
    found = quality(values, trace, 600)
    assert found is not None
    assert 0.87 < found.within < 0.93 and found.of_last < 0.95


def test_a_constant_series_has_no_quality_to_tell():
    values = np.ones(200)
    assert quality(values, SeriesModel().follow(values), 30) is None
