"""What a server meets in its life, each fault put in by hand: it says so and goes on.

The history is whole afterwards, every page opens, and what can go on does.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.errors import HistoryError
from htm_engine.runs import blobs
from htm_engine.runs import history as keeping
from htm_engine.runs.background import Pool
from htm_engine.runs.history import History
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob
from htm_engine.runs.schema import FILE
from studio.visitor import history, session
from tests.helpers.places import ROOT

WAIT = 60


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A history of this test's own, as the server would open it."""
    monkeypatch.setenv("HTM_STUDIO_DATA", str(tmp_path))
    monkeypatch.setattr(keeping, "PATIENCE", 0.2)
    return tmp_path


@pytest.fixture(scope="module")
def data():
    return load_dataset("digits", limit=200)


@pytest.fixture
def no_room(monkeypatch):
    """A disk on which nothing more can be written."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(blobs.os, "fsync", full)


def training(kept, data, **settings) -> RecordedJob:
    model = HTM((LayerSpec(4, 6, 2),), **{"epochs": 2, "coder": False, "sampler": False} | settings)
    recipe = Recipe.of(model, data.name, data.fingerprint)
    return RecordedJob(kept, recipe, *data.split(*SPLIT), pool=Pool(1), every=0.0)


def ended(job: RecordedJob) -> RecordedJob:
    job.start()
    assert job.join(WAIT) and job.over
    return job


def opened(page: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    return app.switch_page(f"pages/{page}.py").run()


def said(app: AppTest) -> str:
    return " ".join(box.value for boxes in (app.error, app.warning, app.info) for box in boxes)


def whole(folder: Path) -> History:
    """The history as another process would find it: checked, and without files left over."""
    again = History(folder)
    again.close()
    assert not list(folder.glob("blobs/*/*.part"))
    return again


# ------------------------------------------------------------------ the disk
def test_a_full_disk_costs_the_files_of_a_run_and_not_the_training(folder, data, no_room):
    job = ended(training(history.kept().history, data))
    assert job.state == "finished" and job.result is not None
    assert "No space left" in job.trouble
    run = history.kept().history.get(job.run)
    assert run.state == "finished" and run.model is None
    assert len(history.kept().history.curve(job.run)[0]) > 0
    app = opened("runs")
    assert not app.exception and list(app.dataframe[0].value["Run"]) == [data.name]
    whole(folder)


def test_a_full_database_keeps_what_it_had_and_takes_more_once_there_is_room(folder):
    kept = history.kept().history
    run = kept.create("r", "d", "f", {})
    kept.progress(run, [(False, 1, 0.5)], seconds=1, step=1, total=9)
    pages = kept._db.execute("PRAGMA page_count").fetchone()[0]
    kept._db.execute(f"PRAGMA max_page_count = {pages}")
    many = [(False, step, 0.5) for step in range(2, 20_000)]
    with pytest.raises(HistoryError, match="disk is full"):
        kept.progress(run, many, seconds=2, step=20_000, total=20_000)
    assert kept.curve(run) == ([1], [0.5]) and kept.get(run).step == 1
    assert not opened("runs").exception
    kept._db.execute("PRAGMA max_page_count = 1000000")
    kept.progress(run, many, seconds=2, step=20_000, total=20_000)
    assert len(kept.curve(run)[0]) == len(many) + 1
    whole(folder)


# -------------------------------------------------------------- the database
def test_while_another_program_holds_the_database_a_training_goes_on(folder, data):
    kept = history.kept().history
    first = ended(training(kept, data))
    other = sqlite3.connect(folder / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    job = ended(training(kept, data))
    assert job.state == "finished" and "another program" in job.trouble and job.run == ""
    app = opened("runs")
    assert not app.exception and len(app.dataframe[0].value) == 1
    app.button(key=f"delete_{first.run}").click().run()
    assert not app.exception and "another program" in said(app)
    other.execute("ROLLBACK")
    other.close()
    app.button(key=f"delete_{first.run}").click().run()
    assert kept.get(first.run) is None
    assert ended(training(kept, data)).trouble == ""
    whole(folder)


def test_a_database_that_is_destroyed_while_open_is_said_on_the_page(folder, data):
    kept = history.kept().history
    ended(training(kept, data))
    for path in folder.glob(FILE + "*"):
        path.write_bytes(b"\xff" * max(8192, path.stat().st_size))
    app = opened("runs")
    assert not app.exception and "history" in said(app).lower()
    job = ended(training(kept, data))
    assert job.state == "finished" and job.trouble
    for page in ("home", "train", "compress"):
        assert not opened(page).exception


def test_a_damaged_database_leaves_a_server_that_works_without_it(folder, data, monkeypatch):
    (folder / FILE).write_bytes(b"no database at all " * 500)
    monkeypatch.setattr(history, "_OPEN", {})
    app = opened("runs")
    assert not app.exception
    assert "damaged" in said(app) and "lost when the server stops" in said(app)
    assert ended(training(history.kept().history, data)).trouble == ""
    assert len(opened("runs").dataframe[0].value) == 1
    assert (folder / FILE).read_bytes() == b"no database at all " * 500


# ----------------------------------------------------------------- the files
def test_a_model_file_that_vanished_is_said_and_the_others_stay(folder, data):
    kept = history.kept().history
    gone, there = ended(training(kept, data)), ended(training(kept, data, random_state=1))
    kept.files._path(kept.get(gone.run).model).unlink()
    app = opened("runs")
    app.multiselect(key="runs").set_value([gone.run, there.run]).run()
    assert not app.exception
    app.button(key=f"use_{gone.run}").click().run()
    assert not app.exception and "not there any more" in said(app)
    app.button(key=f"use_{there.run}").click().run()
    assert there.result.fingerprint in app.success[0].value


def test_a_damaged_model_file_is_never_used(folder, data):
    kept = history.kept().history
    job = ended(training(kept, data))
    path = kept.files._path(kept.get(job.run).model)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    app = opened("runs")
    app.button(key=f"use_{job.run}").click().run()
    assert not app.exception and "damaged" in said(app)


@pytest.mark.parametrize("what", ["gone", "damaged"])
def test_without_the_shipped_model_every_page_opens_and_says_what_to_do(
    folder, tmp_path, monkeypatch, what
):
    path = tmp_path / "shipped.npz"
    if what == "damaged":
        path.write_bytes(session.SHIPPED.read_bytes()[:5000])
    monkeypatch.setattr(session, "SHIPPED", path)
    for page in ("home", "train", "inside", "compress", "generate", "formulas"):
        app = opened(page)
        assert not app.exception, page
        if page in ("inside", "compress", "generate"):
            assert "model that comes with the app" in said(app)


# --------------------------------------------------------------- the workers
def test_a_worker_that_is_killed_fails_its_run_alone(folder, data):
    kept, pool = history.kept().history, Pool(1)
    model = HTM((LayerSpec(4, 6, 2),), epochs=1000, patience=1000, coder=False, sampler=False)
    recipe = Recipe.of(model, data.name, data.fingerprint)
    job = RecordedJob(kept, recipe, *data.split(*SPLIT), pool=pool, every=0.0)
    job.start()
    end = time.monotonic() + WAIT
    while job.snapshot().step is None or kept.get(job.run).checkpoint is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    thread = ctypes.c_ulong(job._thread.ident)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(SystemExit))
    job._thread.join(WAIT)
    assert job.state == "failed" and job.error
    run = kept.get(job.run)
    assert run.state == "failed" and run.checkpoint is not None  # it can go on from there
    assert ended(training(kept, data)).state == "finished"
    app = opened("runs")
    assert not app.exception and len(app.dataframe[0].value) == 2
    whole(folder)


def test_no_thread_is_left_when_jobs_are_cancelled(folder, data):
    before = threading.active_count()
    jobs = [training(history.kept().history, data, epochs=500, patience=500) for _ in range(5)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.cancel()
        assert job.join(WAIT) and job.result is None
        job._thread.join(WAIT)
    assert threading.active_count() <= before
    whole(folder)


# ----------------------------------------------------------------- the clock
@pytest.mark.parametrize("jump", [-86_400.0 * 400, 86_400.0 * 3650])
def test_a_clock_that_jumps_spoils_no_run_and_no_training(folder, data, monkeypatch, jump):
    kept, real = history.kept().history, time.time
    first = ended(training(kept, data))
    monkeypatch.setattr(keeping.time, "time", lambda: real() + jump)
    second = ended(training(kept, data))
    monkeypatch.setattr(keeping.time, "time", real)
    for job in (first, second):
        run = kept.get(job.run)
        assert run.state == "finished" and run.seconds >= 0
        stored = HTM.load(io.BytesIO(kept.files.get(run.model)))
        assert stored.fingerprint == job.result.fingerprint
    app = opened("runs")
    assert not app.exception and len(app.dataframe[0].value) == 2
    whole(folder)
    assert {job.run for job in (first, second)} == {run.id for run in kept.runs()}
