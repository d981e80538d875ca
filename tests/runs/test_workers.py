"""Trainings in worker processes: the same runs, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec, cluster, load_dataset
from htm_engine.errors import ClusterError
from htm_engine.runs import elsewhere, workers
from htm_engine.runs.background import Pool
from htm_engine.runs.history import History
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob, resume

pytest.importorskip("distributed")

LAYERS = (LayerSpec(4, 12, 3), LayerSpec(2, 12, 4))


@pytest.fixture(scope="module")
def there():
    """Two workers, for the trainings of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(workers.VARIABLE, "2")
        workers.WORKERS.begin(wait=True)
        assert workers.WORKERS.ready, workers.WORKERS.trouble
        yield workers.WORKERS
        workers.WORKERS.close()


@pytest.fixture
def history(tmp_path):
    kept = History(tmp_path, 2**30)
    yield kept
    kept.close()


DATA = load_dataset("digits").take(400)


def job(history, epochs=4, **settings):
    plain = {"epochs": epochs, "patience": 10_000, "coder": False, "sampler": False}
    model = HTM(LAYERS, **plain | settings)
    recipe = Recipe.of(model, DATA.name, DATA.fingerprint)
    return RecordedJob(history, recipe, *DATA.split(*SPLIT), pool=Pool(2), every=0.0)


def reached(run, step):
    """Wait until a run has taken so many steps."""
    until(lambda: run.over or run.snapshot().step is not None and run.snapshot().step.step >= step)


def until(seen, seconds=60):
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def known():
    """What the training of ``job`` arrives at without workers, by its epochs."""
    learn, _ = DATA.split(*SPLIT)

    def fingerprint(epochs):
        model = HTM(LAYERS, epochs=epochs, patience=10_000, coder=False, sampler=False)
        return model.fit(learn.X).fingerprint

    return {epochs: fingerprint(epochs) for epochs in (4, 25)}


def kill(there, address):
    """End the process of a worker, as the system does for want of memory."""
    (number,) = there._client.run(os.getpid, workers=[address]).values()
    os.kill(number, signal.SIGKILL)


def test_a_run_is_the_same_at_a_worker(there, history, known):
    run = job(history)
    run.step_once()
    assert run.join(60) and run.snapshot().step.step == 0
    assert run.where in there._client.nthreads()
    run.step_once()
    assert run.join(60) and run.snapshot().step.step == 1 and run.state == "paused"
    assert run.peek().reconstruct(DATA.X[:5]).shape == (5, 8, 8)
    run.start()
    assert run.join(60) and run.state == "finished", run.error
    assert run.result.fingerprint == known[4] and not run.trouble
    kept = history.get(run.run)
    assert kept.fingerprint == known[4] and kept.figures["psnr"] > 5
    assert len(history.curve(run.run, False)[0]) == kept.figures["steps"]
    assert not run.where


@pytest.mark.parametrize("how", ["whole", "stopped"])
def test_tables_are_learned_at_a_worker_and_the_units_shown_before(there, history, how):
    cut = how == "stopped"
    run = job(history, epochs=1000 if cut else 3, coder=True, sampler=not cut)
    run.start()
    if cut:
        reached(run, 5)
        run.stop()
    until(lambda: run.over or run.snapshot().learned)
    model = run.peek()
    assert model is not None, run.error
    run.join(60)
    assert run.state == ("stopped" if cut else "finished"), run.error
    assert np.array_equal(model.reconstruct(DATA.X[:9]), run.result.reconstruct(DATA.X[:9]))
    assert run.result.coder_ is not None and (run.result.sampler_ is None) == cut
    if cut:
        return
    here = RecordedJob(History(None), run.recipe, run.learn, run.held, pool=Pool(1))
    here._away = lambda settings: iter(())
    here.start()
    assert here.join(60) and here.result.fingerprint == run.result.fingerprint


def test_a_stopped_run_keeps_its_place_and_goes_back_there(there, history):
    run = job(history, epochs=1000)
    run.start()
    reached(run, 30)
    run.stop()
    assert run.join(60) and run.state == "stopped" and run.recipe.stopped >= 30
    again = RecordedJob(History(None), run.recipe, run.learn, run.held, pool=Pool(1))
    again.start()
    assert again.join(60) and again.result.fingerprint == run.result.fingerprint


def test_a_lost_worker_costs_no_more_than_since_the_last_checkpoint(there, history, known):
    run = job(history, epochs=25)
    run.start()
    for step in (20, 90):
        reached(run, step)
        kill(there, run.where)
        reached(run, step + 40)
    assert run.join(90) and run.state == "finished", run.error
    assert run.result.fingerprint == known[25]
    steps, _ = history.curve(run.run, False)
    assert np.array_equal(steps, 1 + np.arange(len(steps)))


def test_a_worker_lost_while_its_checkpoint_is_fetched_counts_no_step_twice(
    there, history, known, monkeypatch
):
    asked, fetched = [], elsewhere.Elsewhere.checkpoint

    def lost(far):
        asked.append(far.address)
        if len(asked) == 2:
            far._client.cancel(far._future)  # the training there is gone
            raise ClusterError(elsewhere.LOST)
        return fetched(far)

    monkeypatch.setattr(elsewhere.Elsewhere, "checkpoint", lost)
    run = job(history)
    run.step_once()
    assert run.join(60)
    run.step_once()
    assert run.join(60)
    run.start()
    assert run.join(60) and run.state == "finished", run.error
    assert run.result.fingerprint == known[4]
    assert run._count == run.snapshot().step.step + 1  # the end is told once more
    steps, _ = history.curve(run.run, False)
    assert np.array_equal(steps, 1 + np.arange(len(steps)))


@pytest.mark.parametrize("kept", [True, False], ids=["checkpoint", "none"])
@pytest.mark.parametrize("how", ["finished", "stopped"])
def test_a_worker_lost_at_the_very_end_is_made_up_for_here(
    there, history, known, monkeypatch, kept, how
):
    def lost(far, held):
        raise ClusterError(elsewhere.LOST)

    monkeypatch.setattr(elsewhere.Elsewhere, "result", lost)
    if not kept:  # as in a training that a worker has done within one turn
        monkeypatch.setattr(elsewhere.Elsewhere, "checkpoint", lambda far: None)
    run = job(history)
    run.step_once()
    assert run.join(60)
    if how == "stopped":
        for _ in range(2):
            run.step_once()
            assert run.join(60)
        run.stop()
    run.start()
    until(lambda: run.over)
    assert run.state == how, run.error
    if how == "finished":
        assert run.result.fingerprint == known[4]
        return
    monkeypatch.undo()
    again = RecordedJob(History(None), run.recipe, run.learn, run.held, pool=Pool(1))
    again.start()
    assert again.join(60) and again.result.fingerprint == run.result.fingerprint


def test_without_a_scheduler_it_goes_on_here(there, history, known, monkeypatch):
    run = job(history, epochs=25)
    run.start()
    reached(run, 40)
    assert run.where
    there._keeper.kill()
    assert run.join(90) and run.state == "finished", run.error
    assert run.result.fingerprint == known[25] and not run.where
    # The next ones find new workers.
    monkeypatch.setattr(there, "_failed", -workers.AGAIN)
    there.begin(wait=True)
    assert there.ready, there.trouble


def test_a_run_that_was_cut_off_is_taken_up_at_a_worker(there, history, known):
    run = job(history, epochs=25)
    run.start()
    reached(run, 50)
    run.cancel()
    assert run.join(60)
    history.end(run.run, "interrupted")
    again = resume(history, run.run, DATA, pool=Pool(1))
    again.start()
    reached(again, 70)
    assert again.where
    assert again.join(60) and again.result.fingerprint == known[25]


def test_a_workers_memory_is_free_of_data_once_a_run_is_over(there, history):
    def held(dask_worker):
        """Arrays of the data's size that a worker holds."""
        import gc

        import numpy

        gc.collect()
        found = (one for one in gc.get_objects() if isinstance(one, numpy.ndarray))
        return sum(one.shape == (320, 8, 8) for one in found) + len(dask_worker.data)

    run = job(history, epochs=1000)
    run.start()
    reached(run, 5)
    address = run.where
    run.cancel()
    assert run.join(60)
    until(lambda: there._client.run(held, workers=[address])[address] == 0)


def test_own_workers_listen_on_this_machine_alone(there):
    psutil = pytest.importorskip("psutil")
    keeper = psutil.Process(there._keeper.pid)
    family = [keeper, *keeper.children(recursive=True)]
    heard = {
        one.laddr.ip
        for process in family
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert heard == {"127.0.0.1"}


def test_where_nobody_asks_there_are_as_many_workers_as_there_is_room_for(monkeypatch):
    monkeypatch.delenv(workers.VARIABLE, raising=False)
    assert not workers.asked()
    for free, count, number in ((64 << 30, 16, 4), (64 << 30, 3, 3), (4 << 30, 16, 2)):
        monkeypatch.setattr(workers.memory, "free", lambda free=free: free)
        monkeypatch.setattr(workers, "cores", lambda count=count: count)
        assert workers.wanted() == number
    monkeypatch.setattr(workers.memory, "free", lambda: 2 << 30)  # a small machine
    assert workers.wanted() == 0
    monkeypatch.setattr(workers.memory, "free", lambda: None)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    assert workers.wanted() == 0
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(cluster, "installed", lambda: False)
    assert workers.wanted() == 0


def test_where_nobody_asks_they_begin_with_the_first_training(monkeypatch):
    monkeypatch.delenv(workers.VARIABLE, raising=False)
    monkeypatch.setattr(workers, "by_itself", lambda: 1)
    own = workers.Workers()
    assert own.place() is None  # it runs in this process, and the next one need not
    try:
        until(lambda: own.ready)
        client, address = own.place()
        assert list(client.nthreads()) == [address]
    finally:
        own.close()


def test_whoever_has_not_the_key_is_not_listened_to(there):
    from distributed import Client

    address = there._client.scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    with pytest.raises((OSError, TimeoutError, TypeError, RuntimeError)):
        Client(address, timeout=3, set_as_default=False)
    with pytest.raises((OSError, TimeoutError, TypeError, RuntimeError)):
        Client(address.replace("tls://", "tcp://"), timeout=3, set_as_default=False)
    other = pytest.importorskip("distributed.security").Security.temporary()
    with pytest.raises((OSError, TimeoutError, TypeError, RuntimeError)):
        Client(address, security=other, timeout=3, set_as_default=False)
    assert there.ready


def test_workers_keep_memory_while_they_train(there):
    """By Dask's own setting each array is handed back to the system at once."""
    found = there._client.run(lambda: os.environ.get("MALLOC_TRIM_THRESHOLD_"))
    assert set(found.values()) == {None}


def test_trainings_give_way_and_what_answers_does_not(there):
    def niceness(dask_worker):
        return dask_worker.executors["actor"].submit(os.nice, 0).result(), os.nice(0)

    if sys.platform == "linux":
        assert set(there._client.run(niceness).values()) == {(min(19, 10 + os.nice(0)), os.nice(0))}


def test_no_workers_are_there_where_none_are_wanted(monkeypatch):
    monkeypatch.setenv(workers.VARIABLE, "0")
    none = workers.Workers()
    none.begin(wait=True)
    assert not none.ready and none.place() is None
    with pytest.raises(ClusterError, match="no worker"):
        elsewhere.Elsewhere(HTM(LAYERS), DATA.X, workers=none)
    monkeypatch.setenv(workers.VARIABLE, "many")
    with pytest.raises(ClusterError, match="number of workers"):
        none.begin()


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("tls://10.0.0.7:8786", True),
        ("tcp://127.0.0.1:8786", True),
        ("tcp://[::1]:8786", True),
        ("localhost:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("tcp://0.0.0.0:8786", False),
        ("tcp://localhost.example.org:8786", False),
        ("ucx://127.0.0.1:8786", False),
        ("ws://example.org:8786", False),
    ],
)
def test_a_scheduler_that_others_can_reach_needs_tls(monkeypatch, address, safe):
    monkeypatch.setenv(cluster.VARIABLE, address)
    if safe:
        assert cluster.named() == address
        return
    with pytest.raises(ClusterError, match="without TLS"):
        cluster.named()
    with pytest.raises(ClusterError, match="without TLS"):
        workers.Workers().begin()


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(cluster, "installed", lambda: False)
    monkeypatch.setenv(workers.VARIABLE, "2")
    with pytest.raises(ClusterError, match="htm-studio\\[cluster\\]"):
        workers.Workers().begin()
    assert workers.Workers().place() is None
