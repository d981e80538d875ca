"""A race detector: many hands on the same jobs and the same history, in many orders.

Threads change places every few microseconds and sleep at random; what must hold is checked
while they are at it and when they are done.  A thread that hangs fails its test by name.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from htm_engine.errors import HistoryError
from htm_engine.runs import background, history
from htm_engine.runs.background import OVER, Background, Pool
from htm_engine.runs.history import History

HANDS, SECONDS, WAIT = 8, 1.5, 60


@pytest.fixture(autouse=True)
def hurried():
    """Threads change places a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


def together(hand: Callable[[random.Random], None], seed: int) -> None:
    """Many threads do what ``hand`` does, over and over; their errors become the test's."""
    wrong: list[BaseException] = []
    end = time.monotonic() + SECONDS

    def work(number: int) -> None:
        rng = random.Random(1000 * seed + number)
        try:
            while time.monotonic() < end and not wrong:
                hand(rng)
                if rng.random() < 0.3:
                    time.sleep(rng.random() * 0.002)
        except BaseException as exc:
            wrong.append(exc)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + WAIT)
        assert not thread.is_alive(), "a thread hangs"
    if wrong:
        raise wrong[0]


@pytest.mark.parametrize("seed", range(3))
def test_never_more_jobs_work_than_there_are_places_and_all_can_be_ended(monkeypatch, seed):
    monkeypatch.setattr(background, "TURN", 0.003)
    pool, limit = Pool(2), 2
    working, most, lock = 0, 0, threading.Lock()

    def steps():
        nonlocal working, most
        for number in range(100_000):
            with lock:
                working += 1
                most = max(most, working)
            time.sleep(0.0003)
            with lock:
                working -= 1
            yield number

    jobs = [Background(steps, pool=pool, abandon_after=0.02) for _ in range(5)]
    all_jobs = list(jobs)

    def hand(rng: random.Random) -> None:
        place = rng.randrange(len(jobs))
        job = jobs[place]
        what = rng.choice(
            ["start", "resume", "pause", "step_once", "look", "look", "look", "stop", "cancel"]
        )
        if what in ("stop", "cancel") and rng.random() < 0.8:
            what = "look"
        getattr(job, what)()
        items = list(job.items)  # nothing is lost, doubled, or out of order
        assert items == list(range(len(items)))
        assert 0 <= job.position <= len(all_jobs)
        assert len(pool._working) <= limit
        if job.over and rng.random() < 0.5:
            jobs[place] = Background(steps, pool=pool, abandon_after=0.02)
            all_jobs.append(jobs[place])

    together(hand, seed)
    for job in all_jobs:
        job.cancel()
    for job in all_jobs:
        if job._thread is not None:
            job._thread.join(WAIT)
            assert not job._thread.is_alive() and job.state in OVER
            assert job.state != "failed", job.error
    assert 0 < most <= limit and working == 0
    assert not pool._working and not pool._waiting and not pool._since


@pytest.mark.parametrize("seed", range(3))
def test_a_history_that_many_write_is_whole_at_any_moment(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(history, "PATIENCE", 30.0)
    histories = [History(tmp_path, limit=60_000), History(tmp_path, limit=60_000)]
    ids: list[tuple[History, str]] = []
    lock = threading.Lock()

    def hand(rng: random.Random) -> None:
        kept = rng.choice(histories)
        what = rng.choice(["make", "write", "write", "end", "star", "delete", "restore", "read"])
        with lock:
            owner, run = rng.choice(ids) if ids else (kept, "")
        try:
            if what == "make" or not run:
                made = kept.create(f"{rng.random()}", "d", "f", {"a": 1})
                with lock:
                    ids.append((kept, made))
            elif what == "write":
                step = rng.randrange(1000)
                points = [(False, step + i, 0.1) for i in range(5)]
                data = rng.randbytes(500) if rng.random() < 0.5 else None
                owner.progress(run, points, seconds=1, step=step, total=1000, checkpoint=data)
            elif what == "end":
                owner.end(run, "finished", model=rng.randbytes(2000), fingerprint=f"{run}")
            elif what == "star":
                kept.star(run, rng.random() < 0.3)
            elif what == "delete":
                kept.delete([run])
            elif what == "restore":
                kept.restore([run])
            else:
                seen = kept.runs()
                assert len({each.id for each in seen}) == len(seen)
                found = kept.get(run)
                if found is not None and found.state == "finished":
                    assert found.fingerprint == run
                    kept.curve(run)
        except HistoryError as exc:
            # The run was removed to make room meanwhile; nothing else may happen.
            assert "not in the history any more" in str(exc)

    try:
        together(hand, seed)
        assert len(ids) > 20
        _whole(histories[0], tmp_path)
    finally:
        for kept in histories:
            kept.close()
    History(tmp_path).close()


def _whole(kept: History, folder: Path) -> None:
    """Every run's files are there, and no file is there but theirs."""
    shown, away = kept.runs(), kept.runs(deleted=True)
    named = {name for run in shown + away for name in (run.model, run.checkpoint) if name}
    for name in named:
        kept.files.get(name)  # raises if it is gone or damaged
    assert {path.name for path in folder.glob("blobs/*/*")} == named
