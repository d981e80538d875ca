"""The check itself: a browser test has a second try, said aloud; nothing else has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

LATE = """
from pathlib import Path
def test_late():
    tries = Path("tries")
    tries.write_text((tries.read_text() if tries.exists() else "") + "x")
    assert len(tries.read_text()) > {}
"""


@pytest.fixture
def checked(root, tmp_path):
    """Run ``.ci/tests.py`` in a small tree of its own: exit code and what it said."""

    def run(**files: str) -> tuple[int, str]:
        (tmp_path / ".ci").mkdir()
        shutil.copy(root / ".ci" / "tests.py", tmp_path / ".ci")
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
        for name, text in files.items():
            path = tmp_path / "tests" / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".py").write_text(text)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        # Other plugins than the one whose options it uses take two seconds to import.
        clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
        done = subprocess.run(
            [sys.executable, ".ci/tests.py", "-n", "0"],  # one worker will do for two tests
            cwd=tmp_path,
            env=clean,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout

    return run


PASSES = "def test_passes():\n    pass\n"
FAILS = "def test_fails():\n    assert False\n"


def test_a_browser_test_that_passes_alone_is_said_and_passes(checked):
    code, said = checked(browser__test_late=LATE.format(1), test_fine=PASSES)
    assert code == 0
    assert "PASSED only at the second try" in said and "tests/browser/test_late.py" in said


def test_a_browser_test_that_fails_again_fails_the_check(checked):
    code, said = checked(browser__test_late=LATE.format(9), test_fine=PASSES)
    assert code == 1 and "FAILED AGAIN" in said


def test_any_other_test_has_one_try(checked):
    code, said = checked(test_late=LATE.format(1))
    assert code == 1 and "second try" not in said


def test_what_else_failed_is_not_forgiven_for_a_browser_test(checked):
    code, said = checked(browser__test_late=LATE.format(1), test_wrong=FAILS)
    assert code == 1 and "FAILED, and no browser test" in said and "test_wrong" in said
