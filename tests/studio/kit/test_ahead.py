"""What is made ready beside the server: once, only where it is needed, and waited for."""

from __future__ import annotations

import sys
import time

import pytest

from htm_engine import compiling
from studio.kit import ahead


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A server on a machine that has nothing ready; its process does something else."""
    started = []

    class Process(ahead.subprocess.Popen):
        def __init__(self, command, **more):
            started.append(command)
            wait = (
                f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists():"
            )
            super().__init__([sys.executable, "-c", f"{wait} time.sleep(0.02)"], **more)

    monkeypatch.setattr(compiling, "folder", lambda: tmp_path)
    monkeypatch.setattr(ahead.subprocess, "Popen", Process)
    monkeypatch.setattr(ahead, "_begun", [])
    yield started
    (tmp_path / "go").touch()
    for process, _ in ahead._begun:
        process.wait(timeout=60)


def test_it_is_begun_once_and_waited_for(fresh, tmp_path):
    ahead.begin()
    ahead.begin()
    assert [command[1:] for command in fresh] == [["-m", "htm_engine", "warm", "--background"]]
    parts = ahead.waiting()
    first = next(parts)
    assert 0 <= first <= next(parts) < 1
    (tmp_path / "go").touch()
    deadline = time.monotonic() + 60
    for _ in parts:
        assert time.monotonic() < deadline
    assert not list(ahead.waiting())


def test_where_everything_is_ready_nothing_is_begun(fresh):
    compiling.ready_mark().touch()
    ahead.begin()
    assert not fresh and not list(ahead.waiting())


def test_where_nothing_can_be_kept_nothing_is_begun(fresh, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(compiling, "folder", homeless)
    ahead.begin()
    assert not fresh
