"""The runs page without a browser: what is listed, what buttons do, and who sees what."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.runs.recipe import Recipe
from studio.kit.words import t
from studio.runs import rows
from studio.runs.rows import as_csv
from studio.visitor import history
from tests.helpers.places import ROOT


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """A history of this test's own."""
    monkeypatch.setenv("HTM_STUDIO_DATA", str(tmp_path / "data"))
    return history.kept().history


@pytest.fixture(scope="module")
def model():
    learn, _ = load_dataset("digits").split(0.2, 0)
    return HTM((LayerSpec(8, 6, 2),), epochs=1, coder=False, sampler=False).fit(learn.X[:300])


def recorded(kept, model, name):
    data = load_dataset("digits")
    recipe = Recipe.of(model, data.name, data.fingerprint)
    run = kept.create(name, data.name, data.fingerprint, recipe.as_json())
    kept.progress(run, [(False, 1, 0.05), (True, 1, 0.06)], seconds=1.5, step=1, total=2)
    stream = io.BytesIO()
    model.save(stream)
    kept.end(
        run,
        "finished",
        model=stream.getvalue(),
        fingerprint=model.fingerprint,
        figures={"psnr": 21.5},
    )
    return run


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.switch_page("pages/runs.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_an_empty_history_says_where_to_begin():
    app = opened()
    assert not app.exception
    assert "No runs to show" in app.info[0].value


def test_runs_are_listed_found_renamed_and_starred(empty, model):
    first, second = (recorded(empty, model, name) for name in ("small *one*", "=cmd()"))
    app = opened()
    assert not app.exception
    assert sorted(app.dataframe[0].value["Run"]) == ["=cmd()", "small *one*"]
    app.text_input(key="find").set_value("small").run()
    assert list(app.dataframe[0].value["Run"]) == ["small *one*"]
    app.multiselect(key="runs").set_value([first]).run()
    app.text_input(key=f"name_{first}").set_value("renamed small").run()
    app.toggle(key=f"star_{first}").set_value(True).run()
    found = empty.get(first)
    assert (found.name, found.star, empty.get(second).star) == ("renamed small", True, False)


def test_a_saved_table_holds_no_formula(empty, model):
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain, with comma"):
        recorded(empty, model, name)
    rows = list(csv.reader(io.StringIO(as_csv(empty.runs()).decode("utf-8-sig"))))
    names = sorted(row[rows[0].index("name")] for row in rows[1:])
    assert "plain, with comma" in names
    assert not [name for name in names if name[0] in "=+-@\t\r"]


def test_a_deleted_run_comes_back(empty, model):
    run = recorded(empty, model, "gone")
    app = opened()
    app.button(key=f"delete_{run}").click().run()
    assert empty.get(run) is None and "No runs to show" in app.info[0].value
    app.button(key="undo").click().run()
    assert empty.get(run) is not None and list(app.dataframe[0].value["Run"]) == ["gone"]


def test_a_link_to_runs_of_which_one_is_gone_shows_the_other(empty, model):
    run = recorded(empty, model, "here")
    app = opened(runs=[run, "1e308"], v="2")
    assert not app.exception
    assert app.multiselect(key="runs").value == [run]


def test_a_run_in_use_is_the_model_of_every_page(empty, model):
    run = recorded(empty, model, "mine")
    app = opened()
    app.button(key=f"use_{run}").click().run()
    assert model.fingerprint in app.success[0].value
    app.switch_page("pages/compress.py").run()
    assert not app.exception
    assert any("of a run in the history" in c.value for c in app.caption)


def test_on_a_shared_server_nobody_sees_a_strangers_run(empty, model, monkeypatch):
    run = recorded(empty, model, "of somebody else")
    assert len(opened().dataframe) == 1  # reached from this machine only
    monkeypatch.setenv("HTM_STUDIO_SHARED", "1")
    app = opened()
    assert not app.dataframe and "No runs to show" in app.info[0].value
    sent = opened(runs=run)
    assert list(sent.dataframe[0].value["Run"]) == ["of somebody else"]


def test_a_run_that_waits_is_called_paused(empty, model, monkeypatch):
    run = empty.get(recorded(empty, model, "mine"))
    assert rows.shown([run])[t("runs.state")] == ["finished"]
    monkeypatch.setattr(rows, "live", lambda run: SimpleNamespace(state="paused"))
    assert rows.shown([run])[t("runs.state")] == ["paused"]


def test_a_damaged_history_is_said_and_the_page_works(empty, tmp_path, monkeypatch):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "history.sqlite3").write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("HTM_STUDIO_DATA", str(folder))
    app = opened()
    assert not app.exception
    assert "kept in memory only" in app.warning[0].value
    assert (folder / "history.sqlite3").read_bytes().startswith(b"no database")
