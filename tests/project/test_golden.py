"""What the version before wrote opens, and gives the same bytes and numbers (``tests/golden``)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import (
    HTM,
    SeriesModel,
    decompress_collection,
    decompress_image,
    decompress_text,
    load_dataset,
    storage,
)
from htm_engine.runs.history import History
from htm_engine.runs.recipe import Recipe
from tests.golden import elsewhere
from tests.helpers.places import ROOT

GOLDEN = ROOT / "tests" / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def test_a_saved_network_is_the_same_and_reads_its_collection():
    model = HTM.load(GOLDEN / "network.npz")
    assert model.fingerprint == EXPECTED["fingerprint"]
    assert model.score(load_dataset("digits").X[400:420]) == pytest.approx(EXPECTED["score"])
    pictures = decompress_collection((GOLDEN / "collection.htmc").read_bytes(), model)
    assert pictures.shape == (20, 8, 8)
    assert digest(np.ascontiguousarray(pictures).tobytes()) == EXPECTED["collection"]


@pytest.mark.parametrize("name", ["photo", "photo-eye", "photo-lossless"])
def test_a_photograph_comes_back_as_it_did(name):
    picture = decompress_image((GOLDEN / f"{name}.htmc").read_bytes())
    assert picture.shape == (40, 56, 3)
    assert digest(np.ascontiguousarray(picture).tobytes()) == EXPECTED[name]


@pytest.mark.parametrize("name", ["text", "bytes"])
def test_a_text_comes_back_as_it_was(name):
    assert digest(decompress_text((GOLDEN / f"{name}.htmc").read_bytes())) == EXPECTED[name]


def test_another_machine_reads_the_same():
    """Another kind of processor for BLAS, other threads, no asserts; all kinds by the program."""
    found = elsewhere.on("all of that")
    known = ("collection", "photo", "photo-eye", "photo-lossless", "text", "bytes")
    assert {name: found[name] for name in known} == {name: EXPECTED[name] for name in known}
    assert found["network"] == EXPECTED["fingerprint"]


def test_a_model_of_a_series_goes_on_as_it_did():
    known = EXPECTED["series"]
    model = SeriesModel.load(GOLDEN / "series.npz")
    assert storage.fingerprint(*storage.load(GOLDEN / "series.npz")) == known["fingerprint"]
    assert model.seen_ == 120
    steps = [model.update(x, 1.7e9 + 1800.0 * t) for t, x in ((120, 3.0), (121, 9.0), (122, -4.0))]
    assert [step.score for step in steps] == pytest.approx(known["scores"])
    assert [step.prediction for step in steps] == pytest.approx(known["predictions"])


@pytest.fixture
def history(tmp_path, monkeypatch):
    """A copy of the old history, as the server would open it."""
    shutil.copytree(GOLDEN / "history", tmp_path / "history")
    monkeypatch.setenv("HTM_STUDIO_DATA", str(tmp_path / "history"))
    return tmp_path / "history"


def test_a_history_of_runs_opens_with_its_model(history):
    kept = History(history, 10**8)
    known = EXPECTED["run"]
    (run,) = kept.runs()
    assert (run.id, run.name, run.state) == (known["id"], known["name"], known["state"])
    assert run.figures == known["figures"] and len(kept.curve(run.id)[0]) == known["points"]
    assert run.model is not None
    path = history.parent / "model.npz"
    path.write_bytes(kept.files.get(run.model))
    assert HTM.load(path).fingerprint == run.fingerprint == known["fingerprint"]
    assert Recipe.unpacked(EXPECTED["recipe"]) == Recipe.from_json(run.settings)
    kept.close()


def test_a_link_that_names_a_run_of_then_uses_its_model(history):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    app.query_params["v"] = "1"
    app.query_params["model"] = EXPECTED["run"]["fingerprint"]
    app.query_params["recipe"] = EXPECTED["recipe"]
    app.switch_page("pages/inside.py").run()
    assert not app.exception and not app.error
    assert app.session_state["_current_model"].model.fingerprint == EXPECTED["run"]["fingerprint"]


def test_the_program_of_an_old_report_still_runs(tmp_path):
    shutil.copy(GOLDEN / "reproduce.txt", tmp_path / "reproduce.py")
    done = subprocess.run(
        [sys.executable, "reproduce.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    # On a processor of another kind a training may arrive elsewhere, and the program says so.
    assert done.returncode in (0, 1) and "as in the report" in done.stdout, done.stderr
    assert HTM.load(tmp_path / "reproduced.npz").fingerprint in done.stdout
