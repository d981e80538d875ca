"""Training in the background: pausing, stepping, stopping, failing, waiting in line."""

import threading
import time

import numpy as np
import pytest

from htm_engine.errors import Cancelled, DataError
from htm_engine.estimator.network import HTM
from htm_engine.model.layer import LayerSpec
from htm_engine.runs import background
from htm_engine.runs.background import Background, Pool, sentence
from htm_engine.runs.jobs import CURVE_POINTS, TrainingJob, thin

WAIT = 30


@pytest.fixture
def pool():
    return Pool(2)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).random((200, 8, 8)).astype(np.float32)


def small(**settings):
    settings = {"epochs": 3, "batch_size": 32, "coder": False, **settings}
    settings.setdefault("sampler", settings["coder"])  # tables only where a test asks for some
    return HTM(layers=(LayerSpec(4, 6, 2), LayerSpec(2, 4, 3)), **settings)


def wait_until(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def test_a_job_trains_a_copy_to_the_end(X, pool):
    model = small()
    job = TrainingJob(model, X, pool=pool)
    assert job.snapshot().state == "queued" and job.result is None
    job.start()
    assert job.join(WAIT)
    snapshot = job.snapshot()
    assert snapshot.state == "finished" and snapshot.progress == 1 and snapshot.eta is None
    assert not hasattr(model, "hierarchy_")
    assert job.result.reconstruct(X[:3]).shape == (3, 8, 8)
    assert len(snapshot.steps) == snapshot.step.total
    epoch = snapshot.step.total // 3
    early = [step for step in (1, 2, 4) if step < epoch]
    assert snapshot.held_steps.tolist() == [0, *early, epoch, 2 * epoch, 3 * epoch]
    assert [len(usage) for usage in snapshot.usage] == [6, 4] and len(snapshot.dead) == 2


def test_pause_stops_the_steps_and_resume_goes_on(X, pool):
    job = TrainingJob(small(epochs=400, patience=500), X, pool=pool)
    job.start()
    wait_until(lambda: job.snapshot().step is not None)
    job.pause()
    assert job.join(WAIT) and job.state == "paused"
    before = job.snapshot().step.step
    time.sleep(0.1)
    assert job.snapshot().step.step == before
    job.resume()
    wait_until(lambda: job.snapshot().step.step > before)
    job.cancel()
    assert job.join(WAIT)


def test_single_step_makes_exactly_one_step(X, pool):
    job = TrainingJob(small(), X, pool=pool)
    for expected in (0, 1, 2):  # the first shows the start
        job.step_once()
        assert job.join(WAIT) and job.state == "paused"
        assert job.snapshot().step.step == expected
    job.step_once()
    job.step_once()
    wait_until(lambda: job.snapshot().step.step == 4)
    assert job.join(WAIT) and job.snapshot().step.step == 4
    job.cancel()


def test_pausing_and_looking_do_not_change_what_is_learned(X, pool):
    straight = small(random_state=3).fit(X)
    job = TrainingJob(small(random_state=3), X, pool=pool)
    for _ in range(4):
        job.step_once()
        job.join(WAIT)
        job.peek().reconstruct(X[:2])
    job.resume()
    assert job.join(WAIT)
    assert job.result.fingerprint == straight.fingerprint


def test_stop_leaves_a_model_that_saves_loads_and_can_write_files(X, pool, tmp_path):
    job = TrainingJob(small(epochs=1000, patience=2000, coder=True), X, pool=pool)
    job.start()
    wait_until(lambda: job.snapshot().step is not None)
    job.stop()
    assert job.join(60)
    assert job.state == "stopped", job.error
    assert job.result.coder_ is not None
    for layer in job.result.hierarchy_.layers:
        assert np.allclose(layer.u.transpose(0, 2, 1) @ layer.u, np.eye(layer.rank), atol=1e-4)
    job.result.save(tmp_path / "m.npz")
    loaded = HTM.load(tmp_path / "m.npz")
    assert np.array_equal(loaded.reconstruct(X[:5]), job.result.reconstruct(X[:5]))


def test_stop_before_the_first_step_and_cancel_leave_nothing(X, pool):
    unborn = TrainingJob(small(), X, pool=pool)
    unborn.stop()
    assert unborn.snapshot().state == "stopped" and unborn.result is None
    unborn.start()
    assert unborn.state == "stopped"
    job = TrainingJob(small(), X, pool=pool)
    job.step_once()
    job.join(WAIT)
    job.cancel()
    wait_until(lambda: job.over)
    assert job.state == "stopped" and job.result is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_unusable_data_is_a_failed_job_with_a_sentence(X, pool, bad):
    broken = X.copy()
    broken[3, 2, 1] = bad
    job = TrainingJob(small(), broken, pool=pool)
    job.start()
    assert job.join(WAIT)
    snapshot = job.snapshot()
    assert snapshot.state == "failed" and job.result is None and job.peek() is None
    assert snapshot.error.endswith(".") and "\n" not in snapshot.error


def test_starting_twice_trains_once(X, pool):
    job = TrainingJob(small(), X, pool=pool)
    job.start()
    job.start()
    assert job.join(WAIT)
    job.start()
    assert job.state == "finished" and len(job.snapshot().steps) == job.snapshot().step.total


def test_jobs_wait_in_line_and_a_pause_gives_the_place_away(X):
    pool = Pool(1)
    jobs = [TrainingJob(small(epochs=5000, patience=9000), X, pool=pool) for _ in range(3)]
    for job in jobs:
        job.start()
        wait_until(lambda job=job: job.state == "running" or job.position)
    assert [job.snapshot().position for job in jobs] == [0, 1, 2]
    assert [job.state for job in jobs] == ["running", "queued", "queued"]
    jobs[0].pause()
    wait_until(lambda: jobs[1].state == "running")
    assert jobs[2].position == 1
    jobs[1].cancel()
    wait_until(lambda: jobs[2].state == "running")
    for job in jobs:
        job.cancel()
        wait_until(lambda job=job: job.over)


def test_a_long_job_keeps_nobody_out_and_everybody_gets_the_same_result(monkeypatch):
    """One place, one endless job and three short ones: all take turns."""
    monkeypatch.setattr(background, "TURN", 0.05)
    pool, order = Pool(1), []

    def work(name, count):
        for number in range(count):
            time.sleep(0.01)
            order.append(name)
            yield number

    endless = Background(lambda: work("endless", 10_000), pool=pool)
    endless.start()
    wait_until(lambda: order)
    short = [Background(lambda n=n: work(n, 12), pool=pool) for n in "abc"]
    for job in short:
        job.start()
    for job in short:
        assert job.join(WAIT) and job.state == "finished"
        assert job.items == list(range(12))
    assert endless.state in ("running", "queued")
    between = order[order.index("a") :]
    assert between.count("endless") > 5  # it was not kept out, either
    # Turns, and not one step each: places change hands only so often.
    changes = sum(a != b for a, b in zip(between, between[1:], strict=False))
    assert changes < len(between) / 2
    endless.cancel()
    assert endless.join(WAIT)


def test_jobs_give_way_while_a_page_is_drawn_and_still_go_on():
    pool, stamps = Pool(1), []

    def work():
        while True:
            time.sleep(0.001)
            stamps.append(time.monotonic())
            yield len(stamps)

    job = Background(work, pool=pool)
    job.start()
    wait_until(lambda: len(stamps) > 50)
    with pool.first():
        time.sleep(0.05)
        before = len(stamps)
        time.sleep(3.5 * background.WAY)
        during = len(stamps) - before
    assert 1 <= during <= 5  # a step each time it has waited long enough, and no more
    wait_until(lambda: len(stamps) > before + 60)
    job.cancel()
    assert job.join(WAIT) and job.state == "stopped"


def test_whatever_ends_a_jobs_thread_its_place_goes_to_others():
    pool = Pool(1)

    def bad(what):
        yield 1
        raise what

    for what in (MemoryError(), SystemExit(3), RecursionError(), ValueError("a reason")):
        job = Background(lambda what=what: bad(what), pool=pool)
        job.start()
        assert job.join(WAIT)
        assert job.state == "failed" and job.error.endswith(".") and "\n" not in job.error
    after = Background(lambda: iter(range(3)), pool=pool)
    after.start()
    assert after.join(WAIT) and after.state == "finished"


def test_an_unwatched_job_pauses_and_goes_on_when_somebody_looks(X, pool):
    job = TrainingJob(small(epochs=5000, patience=9000), X, pool=pool, abandon_after=0.15)
    job.start()
    wait_until(lambda: job.state == "paused")
    assert job.left
    snapshot = job.snapshot()
    wait_until(lambda: job.state == "running")
    assert snapshot.step is not None
    job.cancel()


def test_snapshots_and_copies_hold_while_many_threads_ask(X, pool):
    job = TrainingJob(small(epochs=40, patience=100), X, pool=pool)
    job.start()
    slowest, failures = [], []

    def hammer():
        try:
            while not job.over:
                began = time.perf_counter()
                snapshot = job.snapshot()
                slowest.append(time.perf_counter() - began)
                assert len(snapshot.steps) == len(snapshot.errors)
                assert (np.diff(snapshot.steps) > 0).all()
                copied = job.peek()
                assert copied is None or np.isfinite(copied.reconstruct(X[:2])).all()
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not failures and job.state == "finished"
    assert np.median(slowest) < 0.1


def test_copies_come_while_paused_and_are_the_model_as_it_is(X, pool):
    job = TrainingJob(small(), X, pool=pool)
    assert job.peek() is None
    job.step_once()
    job.join(WAIT)
    one = job.peek()
    before = one.receptive_fields(0)
    assert one.reconstruct(X[:2]).shape == (2, 8, 8) and len(before) == 6
    job.step_once()
    job.join(WAIT)
    assert not np.array_equal(job.peek().receptive_fields(0), before)
    assert np.array_equal(one.receptive_fields(0), before)  # a copy stays as it was
    job.cancel()


def test_a_thinned_curve_holds_only_measured_points_and_keeps_spikes():
    x = np.arange(50_000.0)
    y = np.random.default_rng(0).random(50_000)
    y[[1234, 40_000]] = 9, -9
    tx, ty = thin(x, y)
    assert len(tx) <= CURVE_POINTS and tx[0] == 0 and tx[-1] == 49_999
    assert (y[tx.astype(int)] == ty).all() and ty.max() == 9 and ty.min() == -9
    assert thin(x[:5], y[:5])[0] is not None and len(thin(x[:5], y[:5])[0]) == 5


def test_any_iterator_runs_in_the_background_and_can_be_cancelled(pool):
    job = Background(lambda: iter(range(4)), progress=lambda i: (i + 1) / 4, pool=pool)
    job.start()
    assert job.join(WAIT) and job.items == [0, 1, 2, 3] and job.progress == 1

    closed = []

    def endless():
        try:
            while True:
                yield 1
                time.sleep(0.001)
        finally:
            closed.append(True)

    job = Background(endless, pool=pool)
    job.start()
    wait_until(lambda: job.items)
    job.cancel()
    assert job.join(WAIT) and job.state == "stopped" and closed


def test_a_cancelled_computation_is_stopped_and_not_failed(pool):
    def gives_up():
        yield 1
        raise Cancelled("asked to")

    job = Background(gives_up, pool=pool)
    job.start()
    assert job.join(WAIT) and job.state == "stopped" and job.error == ""


def test_every_failure_is_one_sentence():
    assert sentence(DataError("No pictures.\nMore.")) == "No pictures."
    assert sentence(ValueError("bad rank")) == "bad rank."
    assert "memory" in sentence(MemoryError())
    assert "KeyError" in sentence(KeyError("x"))


def test_a_paused_job_that_is_stopped_works_to_its_end_and_can_still_be_cancelled(X, pool):
    job = TrainingJob(small(coder=True), X, pool=pool)
    job.step_once()
    job.join(WAIT)
    phases = []
    job.stop()
    assert job.ending
    while not job.over:
        phases.append((job.state, job.snapshot().step.phase))
    assert ("running", "coder") in phases and job.result.coder_ is not None
    job = TrainingJob(small(coder=True), X, pool=pool)
    job.step_once()
    job.join(WAIT)
    job.stop()
    wait_until(lambda: job.over or job.snapshot().step.phase == "coder")
    job.cancel()
    wait_until(lambda: job.over)
    assert job.state == "stopped" and job.error == ""


def at_the_tables(X, pool, **settings):
    """A job that stands between two parts of its tables."""
    job = TrainingJob(small(epochs=1, coder=True, **settings), X, pool=pool)
    job.skip()  # too early to mean anything
    while not job.snapshot().learned:
        job.step_once()
        assert job.join(WAIT)
    return job


def test_the_units_can_be_used_while_tables_are_learned(X, pool):
    job = at_the_tables(X, pool)
    model = job.peek(0)  # at once: nobody waits for a step of the tables
    assert model.reconstruct(X[:3]).shape == (3, 8, 8) and model.awaited == ()
    units = HTM(job.model.layers, epochs=1, batch_size=32, coder=False, sampler=False).fit(X)
    assert np.array_equal(model.transform(X[:9]), units.transform(X[:9]))
    job.resume()
    assert job.join(WAIT) and job.state == "finished"
    straight = small(epochs=1, coder=True).fit(X)
    assert job.result.fingerprint == straight.fingerprint


@pytest.mark.parametrize("how", ["skip", "stop"])
def test_tables_can_be_skipped_and_the_settings_say_so(X, pool, how):
    job = at_the_tables(X, pool)
    getattr(job, how)()
    job.resume()
    wait_until(lambda: job.over)
    assert not job.error
    model = job.result
    assert model.coder_ is None and (model.coder, model.sampler) == (False, False)
    units = small(epochs=1, coder=False).fit(X)
    assert model.fingerprint == units.fingerprint
