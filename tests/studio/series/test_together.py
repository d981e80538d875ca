"""All columns of a table on the series page, without a browser."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

import htm_engine
from htm_engine import decompress_series
from htm_engine.analysis import series_columns as many
from htm_engine.analysis.series_columns import MOST_FORECASTS, follow_columns
from htm_engine.data.drawn_series import draw_series
from htm_engine.data.series import SeriesData
from htm_engine.errors import DataError
from studio.kit import words
from studio.series import sizes, together, together_report, view, work
from tests.studio.series.test_page import followed, opened
from tests.studio.waiting import has, until

LOOK = view.Looked(level=0.5, part=(0, 100), live=False, odd=0)


def asked(data: SeriesData) -> work.Columns:
    return work.Columns(data, learning=0, ahead=20, seed=0)


@pytest.fixture(scope="module")
def machine():
    wanted = asked(draw_series("machine").data)
    *_, (_, found) = work.steps_of_columns(wanted)
    return wanted, found


def table_of_many(columns: int, rows: int = 60) -> SeriesData:
    values = np.random.default_rng(0).normal(size=(rows, columns)).round(2)
    return SeriesData("many", values, tuple(f"c{place}" for place in range(columns)))


def test_the_score_over_all_is_that_of_the_engine(machine):
    wanted, found = machine
    data = wanted.data
    np.testing.assert_array_equal(found.score, htm_engine.detect(data.values, data.stamps))
    for place, trace in enumerate(found.columns):
        alone = htm_engine.detect(data.values[:, place], data.stamps)
        np.testing.assert_array_equal(trace.score, alone)


def test_a_long_table_goes_part_by_part_and_its_scores_are_the_same(monkeypatch):
    monkeypatch.setattr("htm_engine.analysis.series_columns._CHUNK", 100)
    data = table_of_many(2, rows=350)
    steps = list(follow_columns(data.values, None, 0, 5))
    parts = [part for part, _ in steps]
    assert len(parts) == 2 * 4 + 1 and parts == sorted(parts) and parts[-1] == 1
    np.testing.assert_array_equal(steps[-1][1].score, htm_engine.detect(data.values))


def test_a_mark_says_which_columns_were_surprised_and_by_how_much(machine):
    wanted, found = machine
    for place, guilty in ((2388, "vibration"), (3222, "current")):
        look = view.Looked(0.5, (0, 100), False, place)
        marks = together.marks_of(wanted, found, look)
        first, *others = marks.columns
        assert marks.chosen == place and wanted.data.columns[first.column] == guilty
        assert first.value == wanted.values[place, first.column]
        assert not first.low <= first.value <= first.high and first.score >= 0.5
        assert all(other.bits < first.bits / 4 and other.score < 0.5 for other in others)


def test_without_a_choice_a_mark_after_the_learning_period_is_looked_into(machine):
    wanted, found = machine
    marks = together.marks_of(wanted, found, LOOK)
    assert marks.odd[0] < found.period < marks.chosen


def test_a_link_opens_all_columns_and_a_button_one_alone():
    app = followed(opened(series="machine", odd="3222", v="2"))
    told = {one.label: one.value for one in app.metric}
    assert told["Columns"] == "3" and told["Odd times"] == "3"
    assert any("Surprised: **current**" in one.value for one in app.markdown)
    assert app.dataframe[0].value.iloc[0]["Column"] == "current"
    assert app.selectbox(key="column").value == ""
    app.button(key="series_report").click().run()
    html = app.session_state["_series_report"][1]
    assert html.count("<svg") == 4 and "median_w" in html and "current (" not in html
    app.button(key="series_alone_1").click().run()
    followed(app)
    assert not app.exception and app.query_params["column"] == "current"
    assert {"Values", "Odd values"} <= {one.label for one in app.metric}


def test_following_all_columns_shows_how_far_it_is_and_can_be_cancelled(monkeypatch):
    def endless(_):
        while True:
            yield 0.3, None

    monkeypatch.setattr(work, "steps_of_columns", endless)
    app = until(opened(series="machine", v="2"), has("series_cancel"))
    app.button(key="series_cancel").click().run()
    until(app, lambda one: any("Cancelled" in told.value for told in one.info))
    assert not app.exception and not app.metric


def test_in_chinese_and_live_all_columns_come_one_value_after_another(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "zh")
    app = followed(opened(series="machine", live="true", v="2"))
    told = "最感惊奇的列是"
    assert told in words.catalogue("zh")["series.live_columns"]
    before = [one.value for one in app.caption if told in one.value]
    app.button(key="series_step").click().run()
    after = [one.value for one in app.caption if told in one.value]
    assert len(before) == len(after) == 1 and before != after and not app.exception


def test_a_table_without_time_shows_all_columns_where_its_order_counts():
    app = followed(opened(series="rare wine", judged="series", v="2"))
    assert not app.exception and app.metric[1].value == "13"
    assert any("The others: " in one.value for one in app.caption)


def test_a_column_without_a_name_is_not_all_columns():
    app = opened(series="upload")
    lines = "".join(f'{{"t": "2026-01-{day:02}", "": {day}, "b": 1}}\n' for day in range(1, 29))
    app.file_uploader(key="series_file").upload("mine.jsonl", lines.encode()).run()
    followed(app)
    assert app.selectbox(key="column").options[:2] == ["All columns", " "]
    app.selectbox(key="column").set_value("b").run()
    assert app.session_state["_own_series"][1] == 1  # for the pages that look into a series
    app.selectbox(key="column").set_value("").run()
    followed(app)
    assert app.session_state["_own_series"][1] == 1  # all columns are no other one
    app.selectbox(key="column").set_value(" ").run()
    followed(app)
    assert app.session_state["_own_series"][1] == 0
    assert not app.exception and app.metric[0].label == "Values"


def test_a_column_may_be_called_like_all_of_them():
    app = opened(series="upload")
    lines = "".join(
        f'{{"t": "2026-01-{day:02}", "All columns": {day}, "b": 1}}\n' for day in range(1, 29)
    )
    app.file_uploader(key="series_file").upload("mine.jsonl", lines.encode()).run()
    followed(app)
    assert app.selectbox(key="column").value == "" and "Columns" in {
        one.label for one in app.metric
    }
    app.selectbox(key="column").set_value("All columns").run()
    followed(app)
    assert app.session_state["_own_series"][1] == 0
    assert not app.exception and app.metric[0].label == "Values"


def test_among_equal_scores_the_larger_surprise_comes_first(machine):
    wanted, found = machine
    quiet = np.flatnonzero(np.max([trace.score for trace in found.columns], 0) == 0)[::40]
    assert len(quiet) > 20
    for place in quiet:
        told = many.surprised(wanted.values, found, slice(place, place + 1))
        assert [one.bits for one in told] == sorted((one.bits for one in told), reverse=True)


def test_a_column_of_one_value_leaves_the_others_their_times(monkeypatch):
    shown = {}
    monkeypatch.setattr(together.view, "steps_after", lambda x, ahead: shown.update(by=ahead))
    monkeypatch.setattr("htm_engine.figures.series_columns.coming_together", lambda *_: (None, ""))
    monkeypatch.setattr(together.st, "plotly_chart", lambda *_, **__: None)
    values = np.full((40, 2), 3.0)
    values[:-1, 0] = np.nan
    stamps = np.datetime64("2026-01-01", "us") + np.arange(40) * np.timedelta64(3600, "s")
    wanted = asked(SeriesData("late", values, ("late", "b"), stamps))
    *_, (_, found) = work.steps_of_columns(wanted)
    marks = together.Marks(np.array([]), 0.5, None, many.surprised(values, found, slice(39, 40)))
    assert marks.columns[0].column == 0 and not np.isfinite(found.coming[0].seconds).all()
    together._coming(wanted, found, marks)
    assert np.isfinite(shown["by"].seconds).all()


def test_a_sentence_that_names_some_columns_says_how_many_more():
    names = [f"c{place}" for place in range(together.NAMED + 3)]
    told = together._named(names)
    assert (
        f"c{together.NAMED - 1}" in told and f"c{together.NAMED}" not in told and "3" in told[-12:]
    )


def test_scores_of_all_columns_are_a_table_that_no_spreadsheet_runs(machine):
    wanted, found = machine
    named = SeriesData("m", wanted.values, ("=now()", "b", "c"), wanted.data.stamps)
    told = together.scores_csv(asked(named), found).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert list(rows[0])[2:6] == ["'=now()", "b", "c", "score"] and len(rows) == 4032
    own = [f"score of {name}" for name in ("=now()", "b", "c")]
    ours = SeriesData("m", wanted.values, ("score", "time", "score of time"), wanted.data.stamps)
    head = together.scores_csv(asked(ours), found).decode("utf-8-sig").splitlines()[0].split(",")
    assert len(set(head)) == len(head) == 9
    assert all(float(one["score"]) == max(float(one[n]) for n in own) for one in rows[2380:2400])
    assert float(rows[2388]["score of c"]) > 0.5 > float(rows[2388]["score of b"])


def test_all_columns_are_one_file_smaller_than_each_alone(machine):
    values = machine[0].values[:800]
    *_, (_, found, file) = sizes.steps(values)
    np.testing.assert_array_equal(decompress_series(file), values)
    assert min(found, key=lambda one: one[1])[0] == "HTM" and len(found) == 5
    assert len(file) < sum(len(htm_engine.compress_series(one)) for one in values.T)


def test_a_click_on_a_columns_own_mark_chooses_the_mark_over_all_that_it_belongs_to(machine):
    wanted, found = machine
    marks = together.marks_of(wanted, found, LOOK)
    drawn = together._drawn(wanted, found, marks, marks.odd)
    assert [one.name for one in drawn] == [wanted.data.columns[o.column] for o in marks.columns]
    assert sum(len(one.odd) for one in drawn) > 0
    for one in drawn:
        for own, chosen in zip(one.odd, one.chooses, strict=True):
            assert chosen in marks.odd
            stretch = many.stretch_of(found.score, LOOK.level, int(chosen))
            assert stretch.start <= own < stretch.stop


def test_forecasts_stand_in_the_order_of_surprise_each_with_its_own_name(machine, monkeypatch):
    drawn = []
    wanted, found = machine
    marks = together.marks_of(wanted, found, LOOK)
    monkeypatch.setattr(
        "htm_engine.figures.series_columns.coming_together",
        lambda given, *_: drawn.extend(given) or (None, ""),
    )
    monkeypatch.setattr(together.st, "plotly_chart", lambda *_, **__: None)
    together._coming(wanted, found, marks)
    order = [one.column for one in marks.columns]
    assert order != sorted(order)  # else nothing is seen of the order
    assert [name for name, *_ in drawn] == [wanted.data.columns[c] for c in order]
    for (_, values, coming), c in zip(drawn, order, strict=True):
        np.testing.assert_array_equal(values, wanted.values[:, c])
        assert coming is found.coming[c]


def test_of_many_columns_some_are_drawn_and_the_rest_named(monkeypatch):
    told, wanted = [], asked(table_of_many(30))
    *_, (_, found) = work.steps_of_columns(wanted)
    marks = together.marks_of(wanted, found, LOOK)
    monkeypatch.setattr(together.st, "caption", told.append)
    together._left_out(wanted, marks)
    drawn = {wanted.data.columns[one.column] for one in marks.columns[: together.DRAWN]}
    named = set(told[0].split("others: ")[1].split(", and 4 more")[0].split(", "))
    assert len(drawn) == 6 and len(named) == 20 and not drawn & named
    assert len(found.coming) == MOST_FORECASTS and "at this mark" in told[0]
    together._left_out(wanted, replace(marks, chosen=None))
    assert "at this mark" not in told[1] and "in the series" in told[1]


def test_gaps_and_a_column_of_nothing_are_gone_through(machine):
    values = machine[0].values[:400].copy()
    values[100:120, 0], values[:, 1] = np.nan, np.nan
    wanted = asked(SeriesData("gaps", values, ("<b>a", "b", "c")))
    *_, (_, found) = work.steps_of_columns(wanted)
    marks = together.marks_of(wanted, found, LOOK)
    html = together_report.page(wanted, found, marks)
    assert "&lt;b&gt;a" in html and "<b>a" not in html
    np.testing.assert_array_equal(found.score, htm_engine.detect(values))


def test_more_values_than_the_page_takes_are_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(work, "MOST_VALUES", 100)
    with pytest.raises(DataError, match="Choose one column"):
        work.steps_of_columns(asked(table_of_many(4)))


def test_the_prices_are_real_and_many_of_their_highs_are_new():
    data = work.prices()
    assert data.values.shape == (105, 6) and str(data.stamps[0]).startswith("2018-01-01")
    assert np.isfinite(data.values).all() and (data.values[0] == 1).all()
