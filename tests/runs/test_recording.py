"""Trainings in the history: written as they go, taken up again, arriving at the same model."""

from __future__ import annotations

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.errors import DataError, HistoryError
from htm_engine.runs.background import Pool
from htm_engine.runs.history import History
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob, live, resume

WAIT = 60


@pytest.fixture(scope="module")
def data():
    return load_dataset("digits", limit=300)


@pytest.fixture
def history():
    kept = History(None)
    yield kept
    kept.close()


def recipe(data, **settings):
    model = HTM(
        (LayerSpec(4, 6, 2), LayerSpec(2, 4, 3)), **{"epochs": 3, "sampler": False, **settings}
    )
    return Recipe.of(model, data.name, data.fingerprint)


def job_of(history, recipe, data, **more):
    return RecordedJob(history, recipe, *data.split(*SPLIT), pool=Pool(1), **more)


def steps_of(job, count):
    for _ in range(1 + count):  # the first shows the start
        job.step_once()
        assert job.join(WAIT)


def wait_until(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def ended(job):
    job.start()
    assert job.join(WAIT) and job.over
    return job


def test_a_finished_run_has_its_curve_figures_and_model(history, data):
    job = ended(job_of(history, recipe(data), data))
    run = history.get(job.run)
    assert (run.state, run.step, job.trouble) == ("finished", job.snapshot().step.step, "")
    assert HTM.load(io.BytesIO(history.files.get(run.model))).fingerprint == job.result.fingerprint
    assert run.fingerprint == job.result.fingerprint and run.checkpoint is None
    steps, errors = history.curve(job.run)
    assert steps == job.snapshot().steps.tolist() and errors == job.snapshot().errors.tolist()
    assert history.curve(job.run, held=True)[1] == job.snapshot().held_errors.tolist()
    assert 5 < run.figures["psnr"] < 50 and 0 < run.figures["bytes"] < 64
    assert run.figures["units"] == 10 and run.seconds > 0


def test_the_same_recipe_arrives_at_the_same_fingerprint_even_by_way_of_a_link(history, data):
    first = ended(job_of(history, recipe(data), data))
    again = Recipe.unpacked(first.recipe.packed())
    assert again == first.recipe
    second = ended(job_of(history, again, data))
    assert second.result.fingerprint == first.result.fingerprint
    assert history.get(first.run).figures == history.get(second.run).figures


@pytest.mark.parametrize(("coder", "count"), [(True, 5), (False, 0)])
def test_a_run_that_was_stopped_can_be_repeated_as_well(history, data, coder, count):
    first = job_of(history, recipe(data, coder=coder), data)
    steps_of(first, count)
    first.stop()
    wait_until(lambda: first.over)
    assert history.get(first.run).state == "stopped" and first.recipe.stopped == count
    second = ended(job_of(history, Recipe.from_json(history.get(first.run).settings), data))
    assert second.result.fingerprint == first.result.fingerprint


def test_a_run_goes_on_from_its_last_checkpoint_to_the_model_it_would_have_become(tmp_path, data):
    undisturbed = ended(job_of(History(None), recipe(data), data))
    before = History(tmp_path)
    job = job_of(before, recipe(data), data, every=0.0)
    steps_of(job, 6)
    before.close()  # to the system this is what a killed process is: its lock is gone
    after = History(tmp_path)
    run = after.get(job.run)
    assert run is not None
    assert (run.state, run.checkpoint_step) == ("interrupted", 6)
    again = ended(resume(after, job.run, data, pool=Pool(1)))
    assert again.result.fingerprint == undisturbed.result.fingerprint
    assert after.get(job.run).state == "finished"
    assert after.curve(job.run) == (
        undisturbed.snapshot().steps.tolist(),
        undisturbed.snapshot().errors.tolist(),
    )
    assert again.snapshot().steps.tolist() == undisturbed.snapshot().steps.tolist()
    job.cancel()
    wait_until(lambda: "cannot be used" in job.trouble)
    after.close()


def test_a_paused_run_is_on_the_disk_however_long_the_interval(history, data):
    job = job_of(history, recipe(data), data, every=1e9)
    steps_of(job, 4)
    assert history.get(job.run).checkpoint_step == 4
    job.cancel()
    job.join(WAIT)


def test_a_run_is_found_by_its_id_while_it_goes_on_and_not_afterwards(history, data):
    job = job_of(history, recipe(data), data)
    assert live(job.run) is job
    ended(job)
    wait_until(lambda: live(job.run) is None)
    assert live("nobody") is None


def test_a_run_that_was_reset_keeps_its_curve_and_no_model(history, data):
    job = job_of(history, recipe(data), data)
    steps_of(job, 3)
    job.cancel()
    wait_until(lambda: history.get(job.run).state != "running")
    run = history.get(job.run)
    assert (run.state, run.model, len(history.curve(job.run)[0])) == ("stopped", None, 3)


def test_training_goes_on_when_the_history_cannot_be_written(history, data, monkeypatch):
    def refuse(*args, **kwargs):
        raise HistoryError("The disk is full.")

    monkeypatch.setattr(history, "progress", refuse)
    job = ended(job_of(history, recipe(data), data))
    assert job.result is not None and job.trouble == "The disk is full."
    monkeypatch.setattr(history, "create", refuse)
    job = ended(job_of(history, recipe(data), data))
    assert job.result is not None and job.run == ""


@pytest.mark.parametrize("fault", ["model", "training"])
def test_who_waited_for_a_run_that_failed_finds_in_the_history_how_it_ended(
    history, data, monkeypatch, fault
):
    whole = history.end

    def slow(run, state, *, model=None, **more):
        if model is not None:
            raise HistoryError("no room for a model")
        time.sleep(0.2)
        whole(run, state, **more)

    monkeypatch.setattr(history, "end", slow)
    job = job_of(history, recipe(data), data)
    if fault == "training":
        monkeypatch.setattr(job, "_fits", lambda: 1 / 0)
    ended(job)
    assert history.get(job.run).state == {"model": "finished", "training": "failed"}[fault]


def test_going_on_is_refused_without_a_checkpoint_or_on_other_data(history, data):
    with pytest.raises(HistoryError, match="no checkpoint"):
        resume(history, "nobody", data)
    job = job_of(history, recipe(data), data)
    steps_of(job, 2)
    with pytest.raises(HistoryError, match="goes on already"):
        resume(history, job.run, data)
    job.cancel()
    wait_until(lambda: history.get(job.run).state != "running")
    with pytest.raises(HistoryError, match="other data"):
        resume(history, job.run, data.take(200))


# ----------------------------------------------------------------- settings in links
@given(
    text=st.one_of(st.text(max_size=300), st.from_regex(r"[A-Za-z0-9_-]{0,300}", fullmatch=True))
)
def test_any_other_text_is_refused_in_a_sentence(text):
    with pytest.raises(DataError):
        Recipe.unpacked(text)


def packed(found):
    import base64
    import zlib

    return base64.urlsafe_b64encode(zlib.compress(json.dumps(found).encode())).decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {}}, "no network"),
        ({"version": 2}, "another version"),
        ({"stopped": "soon"}, "not the settings"),
        ({"data": 7, "network": []}, "no network|not the settings"),
        ({"padding": "x" * 100_000}, "damaged"),
    ],
)
def test_settings_that_make_no_sense_are_refused(data, change, words):
    with pytest.raises(DataError, match=words):
        Recipe.unpacked(packed(recipe(data).as_json() | change))


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", 10**6), ("learning_rate", "fast"), ("nonsense", 1)]
)
def test_a_link_may_not_ask_for_everything(data, name, value):
    found = recipe(data).as_json()
    found["network"] = dict(found["network"]) | {name: value}
    with pytest.raises(DataError):
        Recipe.unpacked(packed(found))
    found = recipe(data).as_json()
    found["network"]["layers"][0]["units"] = 60_000
    with pytest.raises(DataError, match="up to 1024"):
        Recipe.unpacked(packed(found))


def test_a_training_without_a_seed_cannot_be_repeated(data):
    with pytest.raises(DataError, match="seed"):
        Recipe.of(HTM(random_state=None), data.name, data.fingerprint)


def test_a_disk_that_is_slow_once_does_not_put_off_the_next_checkpoint(history, data, monkeypatch):
    """Writing may take a twentieth of the time; one slow write would mean none for twenty."""
    written, real = [], history.progress

    def slow_once(*args, **more):
        time.sleep(0 if written else 1.0)
        real(*args, **more)
        written.append(time.monotonic())

    monkeypatch.setattr(history, "progress", slow_once)
    job = job_of(history, recipe(data, epochs=1000, patience=1000), data, every=0.02)
    job.start()
    wait_until(lambda: len(written) >= 4)
    job.cancel()
    assert job.join(WAIT)
    assert written[3] - written[0] < 10
