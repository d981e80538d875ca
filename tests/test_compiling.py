"""Machine code is kept, shared by copies of the package, and never older than its sources."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numba
import pytest
from numba.core import caching

from htm_engine import compiling
from tests.project.test_architecture import MODULES, our_modules

CALLER = """
from ..compiling import compiled
from .called import value

@compiled
def twice():
    return 2 * value()
"""
CALLED = "from ..compiling import compiled\n\n@compiled\ndef value():\n    return {}\n"


@pytest.fixture
def copy(tmp_path):
    """Make a small package that compiles as ours does."""

    def make(name: str, value: int) -> Path:
        package = tmp_path / name / "small"
        (package / "coding").mkdir(parents=True)
        (package / "__init__.py").touch()
        shutil.copy(compiling.__file__, package / "compiling.py")
        (package / "coding" / "caller.py").write_text(CALLER)
        (package / "coding" / "called.py").write_text(CALLED.format(value))
        return package

    return make


@pytest.fixture
def shown(tmp_path):
    """Run a package's function in a process of its own: what it gives, and from where."""

    def run(package: Path) -> list[int]:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        asked = "twice(), sum(twice.stats.cache_hits.values())"
        code = f"from small.coding.caller import twice; print({asked})"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=package.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return [int(word) for word in done.stdout.split()]

    return run


@pytest.mark.parametrize(
    "fault", [OSError(28, "No space left on device"), RuntimeError("no compiled object yet for x")]
)
def test_code_that_cannot_be_kept_runs_all_the_same(monkeypatch, fault):
    def fails(*_):
        raise fault

    monkeypatch.setattr(caching.FunctionCache, "save_overload", fails)
    assert compiling.compiled(lambda x: 3 * x)(2) == 6


def test_python_runs_where_numba_is_switched_off(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    assert compiling.compiled(lambda x: 3 * x)(2) == 6
    assert compiling.compiled(makes_arrays=False)(lambda x: -x)(2) == -2


def test_code_is_kept_on_a_file_system_without_locks(monkeypatch):
    def fails(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    saved = []
    monkeypatch.setattr(compiling.fcntl, "flock", fails)
    monkeypatch.setattr(caching.FunctionCache, "save_overload", lambda *given: saved.append(given))
    assert compiling.compiled(lambda x: 3 * x)(2) == 6
    assert len(saved) == 1


def test_one_at_a_time_keeps_its_code():
    order = []

    def other():
        with compiling._alone():
            order.append("other")

    with compiling._alone():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_a_change_in_what_is_called_reaches_the_caller(copy, shown):
    """numba itself looks at the caller's file alone, and would go on with the old code."""
    package = copy("one", 3)
    assert shown(package) == [6, 0]
    assert shown(package) == [6, 1]
    (package / "coding" / "called.py").write_text(CALLED.format(4))
    assert shown(package) == [8, 0]


def test_copies_of_the_same_sources_share_what_was_compiled(copy, shown):
    assert shown(copy("one", 3)) == [6, 0]
    assert shown(copy("two", 3)) == [6, 1]


def test_every_source_in_the_folder_has_a_say_in_its_name(copy):
    package = copy("one", 3)
    before = compiling.digest(package)
    (package / "coding" / "deep").mkdir()
    (package / "coding" / "deep" / "more.py").touch()
    after = compiling.digest(package)
    assert len({before, after, compiling.digest()}) == 3


def test_versions_of_long_ago_are_cleared_away(tmp_path, monkeypatch):
    home = tmp_path / "cache"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home))
    for age in range(6):
        old = home / f"{age:016x}"
        old.mkdir(parents=True)
        os.utime(old, (1000 - age, 1000 - age))
    (home / "somebody-else").mkdir()
    here = compiling.folder.__wrapped__()
    left = {path.name for path in home.iterdir()}
    assert left == {here.name, "somebody-else", *(f"{age:016x}" for age in range(3))}


def test_what_is_compiled_reads_nothing_outside_the_sources_of_the_digest(root):
    """Otherwise a change there would leave old machine code running."""
    allowed = {"errors", "storage", "assets"}  # for the Python around the loops
    for name, path in MODULES.items():
        if not name.startswith("htm_engine.") or "@compiled" not in path.read_text("utf-8"):
            continue
        for one in (name, *our_modules(path)):
            inside = one.removeprefix("htm_engine.").replace(".", "/")
            ours = any(f"{inside}.py/".startswith((f"{s}/", f"{s}.")) for s in compiling.SOURCES)
            assert ours or inside in allowed, f"{name}: {one}"


def test_where_machine_code_cannot_be_kept_it_is_made_anew(monkeypatch):
    def kept_nowhere(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: ("compiled", function, options)

    monkeypatch.setattr(compiling, "njit", kept_nowhere)
    assert compiling.compiled(len, inline="always") == (
        "compiled",
        len,
        {"nogil": True, "inline": "always", "no_cfunc_wrapper": True},
    )
