"""Time stamps of every kind mean the same second, and what is none is refused in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.errors import DataError
from htm_engine.model.series.clock import cell_of, seconds_of

#: A Saturday, half past one in the afternoon and a bit.
MOMENT = datetime(2026, 1, 31, 13, 37, 21, 500_000)
SECONDS = (MOMENT - datetime(1970, 1, 1)).total_seconds()


@pytest.mark.parametrize(
    "stamps",
    [
        [MOMENT],
        [MOMENT.replace(tzinfo=UTC)],
        [MOMENT.replace(tzinfo=timezone(timedelta(hours=5))) + timedelta(hours=5)],
        [MOMENT.isoformat()],
        [f"{MOMENT.isoformat()}Z"],
        [np.datetime64(MOMENT)],
        np.array([MOMENT], "datetime64[ns]"),
        pd.DatetimeIndex([MOMENT]),
        pd.DatetimeIndex([MOMENT]).tz_localize("UTC").tz_convert("Asia/Tokyo"),
        pd.Series([pd.Timestamp(MOMENT)]),
        pd.Series(pd.DatetimeIndex([MOMENT]).tz_localize("UTC").tz_convert("Asia/Tokyo")),
        [SECONDS],
        np.array([SECONDS]),
    ],
    ids=lambda stamps: type(stamps[0] if isinstance(stamps, list) else stamps).__name__,
)
def test_every_kind_of_stamp_is_the_same_second(stamps):
    assert seconds_of(stamps, 1).tolist() == [SECONDS]


def test_missing_stamps_are_nan():
    for missing in (None, [None, None], [np.nan, np.nan], ["NaT", None], [pd.NaT, np.datetime64()]):
        stamps = np.array(missing, "datetime64[s]") if missing == ["NaT", None] else missing
        assert np.isnan(seconds_of(stamps, 2)).all()


@pytest.mark.parametrize(
    ("stamps", "says"),
    [
        (["yesterday"], "'yesterday' is no time stamp"),
        (["2026-01-01", "2026-01-02"], "2 time stamps for 1 values"),
        ("2026-01-01", "as a list"),
        ([[1.0]], "one row"),
        ([1.7e12], "milliseconds"),
        ([True], "no time stamp"),
        ([np.inf], "no number of seconds"),
    ],
)
def test_what_is_no_stamp_is_refused_in_a_sentence(stamps, says):
    count = 1
    with pytest.raises(DataError, match=says):
        seconds_of(np.array(stamps) if stamps == [[1.0]] else stamps, count)


@settings(max_examples=50, deadline=None)
@given(st.datetimes(datetime(1600, 1, 1), datetime(3000, 1, 1)))
def test_a_cell_is_the_half_hour_of_a_kind_of_day(moment):
    half = moment.hour * 2 + moment.minute // 30
    weekend = moment.weekday() >= 5
    found = cell_of(seconds_of([moment.replace(microsecond=0)], 1)[0])
    assert found == half + 48 * weekend


def test_without_a_clock_there_is_no_cell():
    assert cell_of(np.nan) == cell_of(np.inf) == cell_of(-1e300) == -1
