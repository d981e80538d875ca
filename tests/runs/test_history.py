"""The history of runs: kept, found, put away and brought back; full, locked, damaged, killed."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from htm_engine.errors import HistoryError
from htm_engine.runs import checkpoints
from htm_engine.runs import history as runs_module
from htm_engine.runs.blobs import RunFiles
from htm_engine.runs.history import History, data_folder, size_limit
from htm_engine.runs.schema import FILE, named

CHILD = Path(__file__).with_name("killed_child.py")


@pytest.fixture(params=["disk", "memory"])
def history(request, tmp_path):
    found = History(tmp_path if request.param == "disk" else None, limit=10_000)
    yield found
    found.close()


def made(history, name="first", model=b"", **more):
    run = history.create(name, "digits", "ab" * 8, {"epochs": 3})
    if model:
        history.end(run, "finished", model=model, fingerprint="f" * 16, **more)
    return run


def test_a_run_is_found_again_as_it_was_written(history):
    run = made(history)
    history.progress(run, [(False, 1, 0.5), (True, 1, 0.6)], seconds=1.5, step=1, total=9)
    history.progress(run, [(False, 2, 0.4)], seconds=2.5, step=2, total=9, checkpoint=b"half")
    found = history.get(run)
    assert (found.state, found.step, found.total, found.seconds) == ("running", 2, 9, 2.5)
    assert history.files.get(found.checkpoint) == b"half"
    history.end(run, "finished", model=b"whole", fingerprint="0123", figures={"psnr": 21.5})
    found = history.get(run)
    assert (found.state, found.settings, found.figures) == (
        "finished",
        {"epochs": 3},
        {"psnr": 21.5},
    )
    assert history.files.get(found.model) == b"whole" and found.checkpoint is None
    assert history.curve(run) == ([1, 2], [0.5, 0.4])
    assert history.curve(run, held=True) == ([1], [0.6])
    assert history.by_fingerprint("0123").id == run
    assert history.by_fingerprint("") is None and history.get("nobody") is None


def test_ids_are_long_and_never_alike(history):
    ids = {made(history) for _ in range(50)}
    assert len(ids) == 50 and min(map(len, ids)) >= 16


def test_deleting_can_be_undone_and_a_going_run_is_not_deleted(history):
    gone, going = made(history, model=b"m"), made(history, "going")
    history.delete([gone, going])
    assert [run.id for run in history.runs()] == [going]
    assert [run.id for run in history.runs(deleted=True)] == [gone]
    assert history.by_fingerprint("f" * 16) is None
    history.restore([gone])
    assert history.files.get(history.get(gone).model) == b"m"


def test_deleted_runs_are_gone_with_their_files_when_the_time_is_over(tmp_path, monkeypatch):
    history = History(tmp_path)
    run = made(history, model=b"m")
    name = history.get(run).model
    history.delete([run])
    history.close()
    monkeypatch.setattr(runs_module, "UNDO_SECONDS", -1.0)
    history = History(tmp_path)
    assert history.runs(deleted=True) == []
    with pytest.raises(HistoryError, match="not there"):
        history.files.get(name)
    history.close()


def test_room_is_made_from_the_oldest_without_a_star_and_it_is_said(history):
    first = made(history, "starred", bytes(4000))
    history.star(first, True)
    made(history, "oldest", b"1" * 4000)
    time.sleep(0.01)
    last = made(history, "newest", b"2" * 4000)
    assert {run.id for run in history.runs()} == {first, last}
    assert len(history.notices()) == 1 and "oldest" in history.notices()[0]
    assert history.total_bytes() == 8000
    history.forget_notices()
    assert history.notices() == []


def test_deleted_runs_make_room_first_and_quietly(history):
    old = made(history, "old", b"0" * 4000)
    put_away = made(history, "put away", b"1" * 4000)
    history.delete([put_away])
    made(history, "new", b"2" * 4000)
    assert old in {run.id for run in history.runs()} and history.notices() == []


def test_equal_models_are_stored_once_and_last_as_long_as_one_run_needs_them(history):
    first, second = made(history, model=b"same" * 1000), made(history, model=b"same" * 1000)
    assert history.total_bytes() == 4000
    third = made(history, "third", b"x" * 9000)  # one has to go, but not the file of the other
    left = history.runs()
    assert third in {run.id for run in left}
    for run in left:
        assert history.files.get(run.model)
    assert len({first, second} & {run.id for run in left}) <= 1


@given(name=st.text(max_size=200))
def test_any_name_becomes_one_line_that_can_be_shown(name):
    given_name = named(name)
    assert given_name == given_name.strip() and 0 < len(given_name) <= 80
    assert given_name.isprintable()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["make", "end", "star", "delete", "restore"]), st.integers(0, 9)),
        max_size=30,
    )
)
def test_whatever_is_done_every_shown_model_is_there_and_stars_stay(steps):
    history, ids, starred = History(None, limit=3000), [], set()
    for number, (what, which) in enumerate(steps):
        chosen = ids[which % len(ids)] if ids else None
        if what == "make" or chosen is None:
            ids.append(history.create(f"{number}", "d", "f", {}))
            continue
        if what == "end" and history.get(chosen) is not None:
            history.end(chosen, "finished", model=b"%d" % number * 1000, fingerprint=str(number))
        elif what == "star" and history.get(chosen) is not None:
            history.star(chosen, True)
            starred.add(chosen)
        elif what == "delete":
            history.delete([chosen])
            starred.discard(chosen)
        elif what == "restore":
            history.restore([chosen])
    for run in history.runs():
        assert run.model is None or history.files.get(run.model)
    kept = {run.id for run in history.runs()}
    assert {run for run in starred if history.get(run)} <= kept
    evictable = [r for r in history.runs() if not r.star and r.model and r.state != "running"]
    assert history.make_room() or history.total_bytes() <= 3000 or not evictable
    history.close()


# ------------------------------------------------------------- when things go wrong
def test_a_run_whose_process_is_gone_is_interrupted_and_one_that_lives_is_not(tmp_path):
    one, other = History(tmp_path), History(tmp_path)
    run = made(one)
    assert other.get(run).state == "running"
    one.close()
    assert other.get(run).state == "interrupted"
    other.take_over(run)
    assert other.get(run).state == "running"
    other.close()


def test_what_came_after_the_checkpoint_is_measured_anew_when_it_goes_on(history):
    run = made(history)
    history.progress(run, [(False, 1, 0.5)], seconds=1, step=1, total=9, checkpoint=b"one")
    history.progress(run, [(False, 2, 0.4)], seconds=2, step=2, total=9)
    history.take_over(run)
    assert history.curve(run) == ([1], [0.5])


@pytest.mark.parametrize("damage", ["garbage", "middle"])
def test_a_damaged_history_is_said_and_not_touched(tmp_path, damage):
    history = History(tmp_path)
    run = made(history)
    history.progress(run, [(False, i, i / 7) for i in range(4000)], seconds=1, step=1, total=2)
    history.close()
    data = bytearray((tmp_path / FILE).read_bytes())
    if damage == "garbage":
        data[:] = b"this is no database " * 100
    else:
        data[5000 : len(data) // 2] = random.Random(0).randbytes(len(data) // 2 - 5000)
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(HistoryError, match="damaged"):
        History(tmp_path)
    assert (tmp_path / FILE).read_bytes() == bytes(data)


def test_a_history_of_a_later_version_is_left_alone(tmp_path):
    History(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(HistoryError, match="later version"):
        History(tmp_path)


def test_a_locked_history_says_so_and_works_again_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(runs_module, "PATIENCE", 0.05)
    history = History(tmp_path)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryError, match="another program"):
        made(history)
    other.execute("ROLLBACK")
    other.close()
    assert made(history)
    history.close()


def test_a_full_disk_says_so_and_nothing_older_is_lost(tmp_path):
    history = History(tmp_path)
    run = made(history, model=b"m")
    pages = history._db.execute("PRAGMA page_count").fetchone()[0]
    history._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(HistoryError, match="disk is full"):
        history.progress(run, [(False, i, 0.1) for i in range(50_000)], seconds=1, step=1, total=1)
    history._db.execute("PRAGMA max_page_count = 1000000")
    assert history.get(run).state == "finished" and history.curve(run) == ([], [])
    history.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HistoryError, match="cannot hold the history"):
        History(tmp_path / "file" / "below")


def test_a_damaged_model_file_is_never_handed_out(tmp_path):
    files = RunFiles(tmp_path)
    name = files.put(b"weights")
    (tmp_path / name[:2] / name).write_bytes(b"weighty")
    with pytest.raises(HistoryError, match="damaged"):
        files.get(name)
    with pytest.raises(HistoryError, match="not the name"):
        files.get("../../etc/passwd")


def test_files_that_nothing_names_are_swept_away_when_old(tmp_path):
    files = RunFiles(tmp_path)
    old, young, kept = (files.put(data) for data in (b"old", b"young", b"kept"))
    for name in (old, kept):
        os.utime(tmp_path / name[:2] / name, (0, 0))
    assert files.sweep({kept}) == 1
    assert files.get(kept) and files.get(young)


def test_the_folder_and_the_limit_follow_their_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("HTM_STUDIO_DATA", str(tmp_path / "here"))
    assert data_folder() == tmp_path / "here"
    monkeypatch.delenv("HTM_STUDIO_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "htm-studio"
    monkeypatch.setenv("HTM_STUDIO_DATA_MB", "1.5")
    assert size_limit() == 3 * 2**19
    monkeypatch.setenv("HTM_STUDIO_DATA_MB", "lots")
    with pytest.raises(HistoryError, match="number of megabytes"):
        size_limit()


# --------------------------------------------------------------------- killed
def test_a_file_goes_only_when_no_row_names_it_any_more(tmp_path, monkeypatch):
    """A kill between the two would leave a run whose checkpoint is gone."""
    history = History(tmp_path)
    run = history.create("a", "digits", "0" * 16, {})
    other, gone = History(tmp_path), []

    def looked_at(name):
        assert other.get(run).checkpoint != name, "still named by the row that others see"
        gone.append(name)

    monkeypatch.setattr(history.files, "remove", looked_at)
    names = []
    for step in (1, 2, 3):
        history.progress(run, [], seconds=1, step=step, total=3, checkpoint=b"%d" % step)
        names.append(history.get(run).checkpoint)
    assert gone == names[:-1]
    history.progress(run, [], seconds=1, step=3, total=3, checkpoint=b"3")
    assert gone == names[:-1], "the same content again is still in use"
    other.close()
    history.close()


def kill_once(folder: Path, seconds: float) -> tuple[str, int]:
    """Kill a training child some seconds after its first step; its run, and its last step."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        run = child.stdout.readline().strip()
        first = child.stdout.readline()
        assert first, "the child never made a step"
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        said = [first, *child.stdout.readlines()]
    # A line that the kill cut in two was not said.
    whole = [line for line in said if line.endswith("\n")]
    return run, max(int(line) for line in whole)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment_the_history_opens_with_all_that_was_confirmed(tmp_path, seed):
    check_kill(tmp_path, random.Random(seed).uniform(0, 0.5))


def check_kill(folder: Path, seconds: float) -> None:
    run, confirmed = kill_once(folder, seconds)
    history = History(folder)
    found = history.get(run)
    assert found.state == "interrupted"
    steps, _ = history.curve(run)
    assert steps == list(range(1, len(steps) + 1)) and len(steps) >= confirmed
    assert found.checkpoint_step >= confirmed
    begun = checkpoints.load(history.files.get(found.checkpoint))
    assert begun.loop.done == found.checkpoint_step
    history.close()


if __name__ == "__main__":  # the long form: PYTHONPATH=. python tests/runs/test_history.py [TIMES]
    import tempfile

    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as place:
        for _ in range(times):
            check_kill(Path(place), random.uniform(0, 2))
    print(f"killed {times} times; every history opened, nothing that was confirmed was lost")
