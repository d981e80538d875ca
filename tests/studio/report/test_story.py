"""Reports: whole, small, asking nobody for anything, and repeatable by their own program."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import runpy
import subprocess
import sys
import threading
import zipfile
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.data.datasets import load_upload
from htm_engine.errors import Cancelled
from htm_engine.evaluation.rates import RatePoint
from htm_engine.runs.background import Background, Pool
from htm_engine.runs.history import History
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob
from studio.kit import words
from studio.kit.pictures import sheet
from studio.report import bundle, story
from tests.helpers.foreign import zipped
from tests.studio.runs.test_page import ROOT, recorded
from tests.studio.waiting import end_of, until

LINK = "http://127.0.0.1:8501/inside?v=1&model=ab&recipe=cd"


def trained(data, stop_after=None, **settings):
    """A run in a history in memory, and all that a report asks for."""
    kept = History(None)
    model = HTM((LayerSpec(4, 6, 2),), **{"epochs": 2, "sampler": False} | settings)
    recipe = Recipe.of(model, data.name, data.fingerprint)
    job = RecordedJob(kept, recipe, *data.split(*SPLIT), pool=Pool(1), name="<b>my</b> run")
    for _ in range(stop_after or 0):
        job.step_once()
        assert job.join(60)
    if stop_after:
        job.stop()
    job.start()
    assert job.join(60) and job._thread.join(60) is None
    run = kept.get(job.run)
    return run, kept.files.get(run.model), LINK, kept.curve(run.id), kept.curve(run.id, True)


def told_of(data, shown=True, whole=True, **settings):
    """A report; where it need not be whole, the other methods are not waited for."""
    asked = trained(data, **settings)
    for part, told in story.tell(*asked, data if shown else None, lambda: False):
        if part == 1.0 or (told.pictures and not whole):
            return told
    raise AssertionError("a report without an end")


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(scope="module")
def told(digits):
    return told_of(digits)


def test_a_report_tells_the_whole_story_in_one_small_file(told):
    html = story.page(told)
    assert len(html) < 5_000_000
    assert "<details>" not in html  # what is folded does not print
    colours = re.findall(r'<polyline [^>]*stroke="([^"]+)"', html.split("<svg")[-1])
    assert len(colours) == len(set(colours)) == 8  # nobody's line looks like another's
    for wanted in (
        told.fingerprint,
        "1,797",
        "CC BY 4.0",
        "exp(",
        "PCA 95%",
        "JPEG",
        "k-means",
        "MLP autoencoder",
        "All methods at that size",
        LINK[:30],
    ):
        assert wanted in html, wanted
    assert html.count("data:image/png;base64,") == 2  # pictures, units of one level
    assert html.count("<svg") == 2  # the learning curve, everybody's rates
    assert "<b>my</b>" not in html and "&lt;b&gt;my&lt;/b&gt; run" in html


def test_a_report_asks_nobody_for_anything(told):
    html = story.page(told)
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:)[a-z]+:""", html)
    assert "<script" not in html and "default-src 'none'" in html


def test_without_its_data_a_report_says_what_it_lacks(digits):
    told = told_of(digits, shown=False)
    html = story.page(told)
    assert "not on this server any more" in html and html.count("<svg") == 1


def test_a_report_can_go_without_the_other_methods(digits, monkeypatch):
    asked, go_on = trained(digits), threading.Event()

    def slow(*_, **__):
        assert go_on.wait(60)  # as a method does that learns for minutes
        yield 1.0, RatePoint("JPEG", "quality", 1, 9.0, 0.1, 10.0)

    monkeypatch.setattr(story, "all_curves", slow)
    monkeypatch.setattr(story, "k_means_curve", lambda *_, **__: ())
    monkeypatch.setattr(story, "mlp_curve", lambda *_, **__: ())
    steps = lambda: story.tell(*asked, digits, lambda: False)  # noqa: E731
    job = Background(steps, name="report", progress=lambda item: item[0], abandon_after=60)
    app = AppTest.from_function(_shown, default_timeout=60)
    app.session_state[f"_report_{asked[0].id}"] = ((), job)
    app.session_state["run"] = asked[0]
    job.start()
    until(app.run(), lambda app: "Leave the other" in " ".join(one.label for one in app.button))
    app.button(key=f"unreport_{asked[0].id}").click().run()
    assert not job.over and len(app.get("download_button")) == 2 and not app.get("progress")
    html = app.session_state[f"_report_{asked[0].id}_files"][3].decode()
    assert html.count("data:image/png;base64,") == 2 and "JPEG" not in html
    go_on.set()
    end_of(job)
    assert "JPEG" not in app.run().session_state[f"_report_{asked[0].id}_files"][3].decode()


def _shown():
    import streamlit as st

    from studio.report import button

    button.show(st.session_state["run"])


def test_methods_are_compared_where_most_have_a_file():
    def curve(label, *sizes):
        return [RatePoint(label, "quality", 1, size, 0.1, 10.0) for size in sizes]

    told = SimpleNamespace(
        points=[*curve("HTM", 10, 20, 40), *curve("JPEG", 35, 90), *curve("PCA", 36, 50)]
    )
    size, equal = story.at_equal_bytes(told)
    assert size == 40 and None not in equal.values()


def test_a_report_can_be_cancelled(digits):
    steps = story.tell(*trained(digits), digits, lambda: True)
    with pytest.raises(Cancelled):
        list(steps)


def unpacked(told, folder):
    with zipfile.ZipFile(io.BytesIO(bundle.bundle(told, story.page(told)))) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    assert HTM.load(folder / "model.npz").fingerprint == told.fingerprint
    return folder / "reproduce.py"


@pytest.fixture
def reproduce(tmp_path, monkeypatch, capsys):
    """Runs a report's program in this process, which has imported the engine: code, and errors."""

    def run(told, *arguments):
        program = unpacked(told, tmp_path)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(program), *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(program), run_name="__main__")
        said = capsys.readouterr().err
        if isinstance(end.value.code, str):  # as the interpreter does with a sentence
            return 1, said + end.value.code
        return int(end.value.code or 0), said

    return run


def test_the_program_in_the_zip_arrives_at_the_same_network(told, tmp_path):
    program = unpacked(told, tmp_path)
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert f"{told.fingerprint} as in the report" in done.stdout
    assert HTM.load(tmp_path / "reproduced.npz").fingerprint == told.fingerprint


def test_the_program_stops_where_the_run_was_stopped(digits, reproduce):
    told = told_of(digits, shown=False, epochs=50, patience=50, stop_after=7)
    assert reproduce(told) == (0, "")


def test_the_program_takes_a_visitors_own_pictures_and_no_others(tmp_path, reproduce):
    rng = np.random.default_rng(0)
    for name in ("mine.zip", "other.zip"):
        files = {
            f"{n}.png": _png(rng.integers(0, 256, (14, 14), dtype=np.uint8)) for n in range(30)
        }
        (tmp_path / name).write_bytes(zipped(files))
    data = load_upload("mine.zip", (tmp_path / "mine.zip").read_bytes(), size=12, colour=False)
    told = told_of(data, whole=False)
    assert reproduce(told, "mine.zip") == (0, "")
    code, said = reproduce(told, "other.zip")
    assert code == 1 and "other pictures" in said
    code, said = reproduce(told)
    assert code == 2 and "usage: python reproduce.py PICTURES" in said
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        archive.extractall(tmp_path / "folder")
    assert reproduce(told, "folder") == (0, "")
    (tmp_path / "folder" / "7.png").write_bytes(_png(np.zeros((14, 14), np.uint8)))
    code, said = reproduce(told, "folder")
    assert code == 1 and "other pictures" in said
    code, said = reproduce(told, "nowhere")
    assert code == 1 and "nowhere" in said


def _png(pixels):
    from tests.helpers.foreign import saved

    return saved(pixels)


def test_the_zip_has_every_figure_as_a_file_of_its_own(told):
    with zipfile.ZipFile(io.BytesIO(bundle.bundle(told, "x"))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert [name for name in sorted(files) if name.endswith((".png", ".svg"))] == [
        "curve.svg",
        "pictures.png",
        "rates.svg",
        "units-level-1.png",
    ]
    for name in ("curve.svg", "rates.svg"):
        assert ElementTree.fromstring(files[name]).tag == "{http://www.w3.org/2000/svg}svg"
    said = json.loads(files["figures.json"])
    assert said["fingerprint"] == told.fingerprint
    assert said["mse_at_these_bytes"]["HTM"] == pytest.approx(
        next(p.mse for p in told.points if p.bytes_per_picture == said["bytes_a_picture"])
    )
    assert {"k-means", "JPEG", "PCA 95%"} <= set(said["mse_at_these_bytes"])


def test_even_large_pictures_of_noise_leave_a_report_small(digits, monkeypatch):
    """What no PNG makes smaller, in three colours, as large as an upload may be."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 128, 128, 3), dtype=np.uint8)
    monkeypatch.setattr(HTM, "receptive_fields", lambda self, level: noise)
    told = told_of(digits, shown=False)
    told.pictures = sheet(noise[:20], columns=10, side=72, gap=5)
    assert told.units[0][0] == 64  # so many there are, whatever has room
    assert 2_000_000 < len(story.page(told)) < 5_000_000


def test_what_comes_back_as_it_was_has_no_place_on_a_scale(told):
    perfect = RatePoint("HTM", "quality", 11, 90.0, 0.0, float("inf"))
    run = dataclasses.replace(told.run, figures=told.run.figures | {"psnr": float("inf")})
    told = dataclasses.replace(told, run=run, points=[*told.points, perfect])
    assert "nan" not in story.page(told).lower().partition("<svg")[2]
    with zipfile.ZipFile(io.BytesIO(bundle.bundle(told, "x"))) as archive:
        assert json.loads(archive.read("figures.json"))["figures"]["psnr"] is None
        assert "Infinity" not in archive.read("figures.json").decode()


def test_a_report_in_chinese_says_its_methods_in_chinese(told, monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "zh")
    html = story.page(told, "zh")
    for wanted in ("MLP 自编码器，16 个数", "PCA，全部主成分", "质量 6", "64 个单元", "步长 0.4"):
        assert wanted in html, wanted
    assert "finished" not in html


def test_the_same_story_gives_the_same_bytes(told):
    again = dataclasses.replace(told)
    assert story.page(again) == story.page(told)
    assert bundle.bundle(again, "x") == bundle.bundle(told, "x")


def test_the_runs_page_makes_a_report_and_offers_both_files(tmp_path, monkeypatch):
    from studio.visitor import history

    monkeypatch.setenv("HTM_STUDIO_DATA", str(tmp_path))
    learn, _ = load_dataset("digits").split(0.2, 0)
    model = HTM((LayerSpec(8, 6, 2),), epochs=1, sampler=False).fit(learn.X[:300])
    run = recorded(history.kept().history, model, "mine")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.switch_page("pages/runs.py").run()
    app.button(key=f"report_{run}").click().run()
    assert not app.exception
    end_of(app.session_state[f"_report_{run}"][1])
    app.run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert "Report (HTML)" in labels and "Everything (ZIP)" in labels
