"""The series page without a browser."""

from __future__ import annotations

import csv
import io
import threading
import time

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import decompress_series
from htm_engine.data.drawn_series import draw_series
from htm_engine.data.series import SeriesData
from htm_engine.errors import Cancelled, DataError
from htm_engine.figures.series import thinned
from studio.kit import reading
from studio.series import rows, rows_report, sizes, view, work
from studio.visitor import handed
from tests.helpers.places import ROOT
from tests.studio.waiting import has, until


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("pages/series.py").run()


def followed(app: AppTest) -> AppTest:
    """The page once the series has been followed."""
    return until(app, lambda one: one.metric)


def wanted(name="spikes", **options) -> work.Wanted:
    return work.Wanted(
        draw_series(name).data, 0, **({"learning": 0, "ahead": 20, "seed": 0} | options)
    )


def test_the_first_sight_is_a_finished_result():
    app = opened()
    assert not app.exception
    assert {"Values", "Odd values", "Inside the band"} <= {one.label for one in app.metric}
    assert app.metric[0].value == "4,032" and app.metric[1].value == "1"
    assert "Why it is odd" in {one.value for one in app.subheader}


def test_the_shipped_example_is_what_the_model_makes_of_it():
    asked = wanted(work.EXAMPLE, ahead=144)
    shipped = work.example(asked)
    *_, (_, made) = work.steps(asked)
    for name in ("score", "prediction", "low", "high"):
        np.testing.assert_allclose(
            getattr(shipped.trace, name), getattr(made.trace, name), rtol=1e-5, atol=1e-6
        )
    np.testing.assert_allclose(shipped.coming.quantiles, made.coming.quantiles)


def test_a_linked_series_is_followed_and_marked():
    app = followed(opened(series="spikes", level="0.5", v="2"))
    assert app.metric[1].value == "3" and not app.exception


def test_live_shows_values_one_after_another_and_what_was_expected():
    app = opened(live="true", v="2")
    before = [one.value for one in app.caption if "was expected" in one.value]
    app.button(key="series_step").click().run()
    after = [one.value for one in app.caption if "was expected" in one.value]
    assert len(before) == len(after) == 1 and before != after


def test_a_table_of_ones_own_is_read_and_told():
    data = work.table_of("mine.csv", b"when,load\n2026-01-01 00:00,1.5\n2026-01-01 01:00,x\n")
    assert data.columns == ("load",) and data.stamps is not None
    assert any("gap" in note for note in data.notes)


def test_what_is_no_table_is_refused_in_a_sentence():
    with pytest.raises(DataError):
        work.table_of("mine.csv", bytes(range(256)) * 4)


def test_scores_are_a_table_of_every_value():
    asked = wanted()
    *_, (_, study) = work.steps(asked)
    rows = list(csv.DictReader(io.StringIO(view.scores_csv(asked, study).decode("utf-8-sig"))))
    assert len(rows) == 4032
    assert float(rows[1930]["score"]) > 0.5 and rows[1930]["time"].startswith("2026-01-18T")
    assert [float(row["value"]) for row in rows] == asked.values.tolist()


def test_the_file_gives_the_numbers_back_and_is_the_smallest():
    values = wanted().values[:600]
    *_, (_, found, file) = sizes.steps(values)
    np.testing.assert_array_equal(decompress_series(file), values)
    assert min(found, key=lambda one: one[1])[0] == "HTM"


def test_a_long_series_is_drawn_with_all_its_extremes():
    values = np.random.default_rng(0).normal(size=100_000)
    values[[5_000, 77_777]] = 50, -50
    values[300:400] = np.nan
    places = thinned(values)
    assert {5_000, 77_777} <= set(places.tolist()) and len(places) <= 1800


def uploader(app: AppTest):
    return app.file_uploader(key="series_file")


def rows_of(number: int) -> bytes:
    return b"day,load\n" + b"".join(b"2026-01-%02d,%d\n" % (d, d * number) for d in range(1, 29))


def test_a_table_is_kept_while_its_visitor_looks_around_and_forgotten_when_it_is_taken_out():
    app = opened(series="upload")
    uploader(app).upload("mine.csv", rows_of(1)).run()
    followed(app)
    assert app.session_state["_own_series"][0].name == "mine.csv"
    app.switch_page("pages/formulas.py").run()
    app.switch_page("pages/series.py").run()
    assert any("mine.csv" in one.label for one in app.button) and not app.exception
    assert followed(app).metric[0].value == "28"
    app.button(key="series_forget").click().run()
    kept = ("_own_series", "_reading_series", "_series", "_series_sizes", "_series_report")
    assert not [name for name in kept if name in app.session_state]
    assert not has("series_forget")(app)
    uploader(app).upload("other.csv", rows_of(2)).run()
    assert app.session_state["_own_series"][0].name == "other.csv"
    uploader(app).clear().run()
    assert "_own_series" not in app.session_state and not app.exception


def test_a_table_that_is_read_while_its_visitor_is_elsewhere_is_there_on_the_way_back(monkeypatch):
    monkeypatch.setattr(reading, "WAIT", 0.05)
    go_on, table_of = threading.Event(), work.table_of

    def slow(name, content, told):
        assert go_on.wait(60)
        return table_of(name, content, told)

    monkeypatch.setattr(work, "table_of", slow)
    app = opened(series="upload")
    uploader(app).upload("mine.csv", rows_of(1)).run()
    job = app.session_state["_reading_series"][1]
    app.switch_page("pages/formulas.py").run()
    go_on.set()
    assert job.join(60) and job.state == "finished"
    app.switch_page("pages/series.py").run()
    assert app.session_state["_own_series"][0].name == "mine.csv"


def test_one_click_takes_a_table_away_that_came_from_home():
    app = opened(series="upload")
    app.session_state["_handed"] = {"series": handed.Handed("mine.csv", rows_of(1))}
    app.run()
    assert app.session_state["_own_series"][0].name == "mine.csv"
    app.button(key="handed_series").click().run()
    assert "_own_series" not in app.session_state and "_series" not in app.session_state
    assert not has("series_forget")(app) and not app.exception


def test_a_table_that_is_refused_leaves_the_one_before():
    app = opened(series="upload")
    uploader(app).upload("mine.csv", rows_of(1)).run()
    uploader(app).upload("worse.csv", b"no numbers\n").run()
    assert len(app.error) == 1 and followed(app).metric[0].value == "28"
    assert any("mine.csv" in one.label for one in app.button)


def test_a_table_is_read_beside_the_page_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(reading, "WAIT", 0.05)
    ended = []

    def slow(name, content, told):
        try:
            while True:
                told(0.5)
                time.sleep(0.01)
        except Cancelled:
            ended.append(name)
            raise

    monkeypatch.setattr(work, "table_of", slow)
    app = opened(series="upload")
    uploader(app).upload("mine.csv", rows_of(1)).run()
    assert has("reading_cancel_series")(app) and not app.metric
    app.button(key="reading_cancel_series").click().run()
    until(app, lambda one: ended)
    assert not app.exception and ended == ["mine.csv"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_reading_a_table_tells_how_far_it_is_and_ends_when_it_is_not_wanted(kind):
    frame = pd.DataFrame({"load": np.arange(200_000) / 8})
    content = io.BytesIO()
    if kind == "csv":
        frame.to_csv(content, index=False)
    elif kind == "jsonl":
        frame.to_json(content, orient="records", lines=True)
    else:
        frame.to_parquet(content)
    told = []
    data = work.table_of(f"mine.{kind}", content.getvalue(), told.append)
    np.testing.assert_array_equal(data.values[:, 0], frame["load"])
    assert told == sorted(told) or kind == "parquet"  # which is read from its end
    assert 0 <= min(told) <= max(told) <= 1

    def unwanted(part):
        if part > 0.1:
            raise Cancelled("not wanted")

    with pytest.raises(Cancelled):
        work.table_of(f"mine.{kind}", content.getvalue(), unwanted)


def test_a_gap_in_live_is_called_so():
    app = opened(series="upload", judged="series", v="2")
    cells = b"".join(b"%d\n" % (row % 7) if row < 15 else b"nan\n" for row in range(40))
    uploader(app).upload("mine.csv", b"load\n" + cells).run()
    followed(app)
    app.toggle(key="live").set_value(True).run()
    for _ in range(12):
        app.button(key="series_step").click().run()
    assert any("a gap" in one.value for one in app.caption) and not app.exception
    assert not any("nan" in one.value for one in app.caption)


def test_live_works_where_there_is_less_than_a_learning_period():
    app = opened(live="true", learning="99999", v="2")
    followed(app)
    assert not app.exception and any("was expected" in one.value for one in app.caption)


def test_rows_without_a_time_are_judged_by_one_another():
    app = until(opened(series="rare wine", v="2"), lambda one: one.metric)
    assert {one.label for one in app.metric} == {"Rows", "Odd rows", "Columns"}
    assert app.metric[0].value == "125" and not app.exception
    assert any("Why row" in one.value for one in app.subheader)
    app.button(key="series_report").click().run()
    assert not app.exception and "<h2>" in app.session_state["_series_report"][1]


def test_scores_of_rows_are_a_table_that_no_spreadsheet_runs():
    data = rows.example()
    named = SeriesData(data.name, data.values, ("=load()", *data.columns[1:]))
    *_, (_, found) = rows.steps(rows.Rows(named, 0))
    told = list(csv.reader(io.StringIO(rows.scores_csv(rows.Rows(named, 0), found).decode())))
    assert len(told) == 126 and told[0][1] == "'=load()" and len(set(map(len, told))) == 1


def test_a_report_holds_the_odd_value_and_its_formulas():
    app = opened()
    app.button(key="series_report").click().run()
    assert not app.exception
    (html,) = (one[1] for one in [app.session_state["_series_report"]])
    assert "<svg" in html and "2026-01-" in html and "median_w" in html
    assert "http" not in html.split("Again")[0].replace("http-equiv", "")


def test_marks_are_as_many_as_the_sensitivity_says_and_it_says_how_many_a_week():
    app = followed(opened(series="spikes", level="0.05", v="2"))
    assert not app.exception
    count = int(app.metric[1].value)
    (told,) = (one.value for one in app.caption if "alarms a week" in one.value)
    assert f"{count} marked" in told and f"{count / 4:.1f} alarms a week" in told  # four weeks
    assert count > 3


def test_thousands_of_marks_are_all_counted_and_the_oddest_of_the_part_drawn(monkeypatch):
    asked, drawn = wanted(), []
    *_, (_, study) = work.steps(asked)
    odd = np.arange(0, 4000)
    monkeypatch.setattr(
        view.figures, "followed", lambda *given: drawn.append(given[3]) or ({}, "words")
    )
    monkeypatch.setattr(view.st, "plotly_chart", lambda *given, **options: None)
    view.chart(asked, study, odd, (0, 100), None)
    view.chart(asked, study, odd, (0, 10), None)
    assert len(drawn[0]) == view.MOST_MARKS and len(drawn[1]) == 404


def test_a_link_opens_a_column_of_a_table_without_time():
    app = followed(opened(series="rare wine", judged="series", column="hue", v="2"))
    assert not app.exception and app.metric[0].value == "125"
    assert {one.label for one in app.metric} >= {"Values", "Odd values"}
    assert any("one alarm in" in one.value or "none marked" in one.value for one in app.caption)


def test_a_report_of_rows_holds_the_odd_row_and_its_cells():
    data = rows.example()
    asked = rows.Rows(SeriesData("<b>wine</b>", data.values, data.columns), 0)
    *_, (_, found) = rows.steps(asked)
    odd = np.argsort(-found.bits)[:3]
    html = rows_report.page(asked, found, odd, int(odd[0]))
    assert f"<td>{odd[0] + 1}</td>" in html and all(name in html for name in data.columns)
    assert f"{found.score[odd[0]]:.2f}" in html and "log2 p(x)" in html and "<svg" in html
    assert "<b>wine" not in html and "&lt;b&gt;wine" in html
    assert rows_report.page(asked, found, odd[:0], None).count("<h2>") == 3


def test_names_in_a_visitors_table_are_shown_as_they_are():
    app = opened(series="upload")
    table = b"".join(b"2026-01-%02d,%d\n" % (day, day * day) for day in range(1, 29))
    app.file_uploader(key="series_file").upload("mine.csv", b"**when**,value\n" + table).run()
    told = [one.value for one in app.caption]
    assert any(r"\*\*when\*\*" in one for one in told) and not any(
        "**when**" in one for one in told
    )
    app.file_uploader(key="series_file").upload("[x](http:y).csv", b"no numbers\n").run()
    (refused,) = app.error
    assert r"\[x" in refused.value
