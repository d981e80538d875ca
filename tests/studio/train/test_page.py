"""The train page without a browser: knobs, a whole run, wrong files."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec
from htm_engine.data.datasets import load_upload
from studio.kit import reading
from studio.train import view
from tests.helpers.foreign import saved, zipped
from tests.helpers.places import ROOT
from tests.studio.waiting import end_of, until


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("pages/train.py").run()


def finished(app: AppTest) -> AppTest:
    """Wait for the run; AppTest has no timers, so look as a visitor's browser would."""
    end_of(app.session_state["_job"])
    return app.run()


def test_the_first_sight_is_a_training_of_these_pictures_and_not_an_empty_form():
    app = opened()
    assert not app.exception
    assert app.get("image") and app.get("html") and app.get("plotly_chart")
    assert any("A recorded training" in m.value for m in app.markdown)
    assert any("4,000 pictures of 32x32" in caption.value for caption in app.caption)
    app = opened(data="digits")
    assert any("model that comes with the app" in m.value for m in app.markdown)


def test_training_makes_the_visitor_a_model_of_their_own():
    app = opened(data="digits", preset="quick", epochs="2")
    app.button(key="train").click().run()
    app = finished(app)
    assert not app.exception
    current = app.session_state["_current_model"]
    assert (current.origin, current.dataset) == ("trained", "digits")
    assert len(current.model.layers) == 2
    assert any("Against PCA" in s.value for s in app.subheader)


def test_knobs_in_the_link_reach_the_network():
    app = opened(
        data="digits",
        preset="article",
        levels="1",
        l1units="7",
        l1winners="2",
        seed="5",
        epochs="1",
    )
    app.button(key="train").click().run()
    model = finished(app).session_state["_job"].result
    assert (model.layers[0].units, model.layers[0].winners, model.random_state) == (7, 2, 5)
    assert len(model.layers) == 1


def test_choosing_a_preset_puts_its_values_into_the_knobs():
    app = opened()
    app.selectbox(key="preset").set_value("readout").run()
    assert not app.exception
    assert app.number_input(key="levels").value == 1
    assert app.number_input(key="l1units").value == 128
    assert app.number_input(key="l1stride").value == 2


def test_step_by_step_shows_the_start_and_then_a_step_with_each_click():
    app = opened(data="digits", preset="quick", init="random")
    app.button(key="first").click().run()
    run = app.session_state["_job"]
    for step in (0, 1):
        assert run.join(600)
        app.run()
        assert (run.state, run.snapshot().step.step) == ("paused", step)
        assert run.model.init == "random" and app.get("plotly_chart")
        app.button(key="single").click().run()
    app.button(key="reset").click().run()
    assert not app.exception


def test_a_finished_run_says_its_numbers_and_what_to_do_next():
    app = opened(data="digits", preset="quick", epochs="1")
    app.button(key="train").click().run()
    app = finished(app)
    said = " ".join(m.value for m in app.markdown)
    assert "Held-out error" in said and "bytes** in this network's file" in said
    assert len(app.get("page_link")) >= 3


def test_whoever_was_sent_a_link_looks_and_cannot_stop_the_run():
    owner = opened(data="digits", preset="quick", epochs="200", patience="100")
    owner.button(key="first").click().run()
    run = owner.session_state["_job"]
    viewer = opened(run=run.run)
    assert viewer.session_state["_job"] is run
    keys = {button.key for button in viewer.button}
    assert not keys & {"pause", "resume", "single", "stop", "skip"}
    assert any("watching" in caption.value for caption in viewer.caption)
    viewer.button(key="reset").click().run()
    assert not run.ending
    assert {"resume", "single", "stop"} <= {button.key for button in owner.run().button}
    owner.button(key="reset").click().run()
    assert run.ending


def test_an_uploaded_zip_is_trained_on():
    rng = np.random.default_rng(0)
    files = {f"{i}.png": saved(rng.integers(0, 256, (12, 12), dtype=np.uint8)) for i in range(30)}
    app = opened(data="upload", side="12", preset="quick", epochs="1")
    app.file_uploader(key="upload").upload("mine.zip", zipped(files)).run()
    assert not app.error
    app.button(key="train").click().run()
    assert finished(app).session_state["_job"].result.n_features_in_ == 144


@pytest.mark.parametrize(
    ("name", "data"),
    [("notes.png", b"only text"), ("half.zip", b"PK\x03\x04broken"), ("x.npz", b"")],
)
def test_a_wrong_upload_says_so_and_the_page_goes_on(name, data):
    app = opened(data="upload")
    app.file_uploader(key="upload").upload(name, data).run()
    assert not app.exception
    assert len(app.error) == 1
    assert app.button(key="train")


def test_models_are_saved_and_loaded_and_wrong_ones_refused():
    stream = io.BytesIO()
    HTM((LayerSpec(4, 4, 2),), epochs=1).fit(np.zeros((30, 8, 8), np.uint8)).save(stream)
    app = opened()
    app.file_uploader(key="model").upload("other.npz", b"PK not a model").run()
    assert any("unchanged" in e.value for e in app.error)
    app.file_uploader(key="model").upload("mine.npz", stream.getvalue()).run()
    assert not app.exception
    assert app.session_state["_current_model"].origin == "uploaded"


def test_settings_without_sense_and_garbage_links_end_in_a_sentence():
    app = opened(epochs="-5", l1units="lots", preset="none", shown="77", data="moon")
    assert not app.exception
    one = saved(np.zeros((8, 8), np.uint8))
    app = opened(data="upload")
    app.file_uploader(key="upload").upload("one.png", one).run()
    app.button(key="train").click().run()
    assert any("at least two pictures" in e.value for e in app.error)


def test_nothing_is_trained_on_other_pictures_while_ones_own_are_read(monkeypatch):
    go_on = threading.Event()

    def slow(name, content, **settings):
        assert go_on.wait(60)
        return load_upload(name, content, size=None, colour=None)

    monkeypatch.setattr(reading, "WAIT", 0.05)
    monkeypatch.setattr(view, "load_upload", slow)
    app = opened(data="upload", preset="quick", epochs="1")
    files = {f"{n}.png": saved(np.full((8, 8), 10 * n, np.uint8)) for n in range(20)}
    app.file_uploader(key="upload").upload("mine.zip", zipped(files)).run()
    assert app.button(key="train").disabled and app.button(key="first").disabled
    assert any("Until your pictures are read" in one.value for one in app.info)
    go_on.set()
    until(app, lambda app: not app.button(key="train").disabled)
    assert any("20 pictures" in one.value for one in app.caption)


def test_a_reading_that_is_cancelled_says_so_and_the_file_taken_away_is_forgotten(monkeypatch):
    ended = threading.Event()

    def slow(name, content, told, **settings):
        try:
            while not ended.wait(0.02):
                told(0.5)
        finally:
            ended.set()

    monkeypatch.setattr(reading, "WAIT", 0.05)
    monkeypatch.setattr(view, "load_upload", slow)
    app = opened(data="upload")
    app.file_uploader(key="upload").upload("mine.zip", b"read slowly").run()
    app.button(key="reading_cancel_data").click().run()
    assert ended.wait(60)
    until(app, lambda app: not app.button(key="train").disabled)
    said = [one.value for one in app.info]
    assert any("Reading the file was cancelled" in one for one in said)
    assert any("Until your pictures are read" in one for one in said)
    assert app.button(key="read_again_data") and not app.error
    app.file_uploader(key="upload").clear().run()
    assert "_reading_data" not in app.session_state
    assert not any("Reading the file was cancelled" in one.value for one in app.info)
