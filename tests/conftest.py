"""What every test may use: the root of the tree, and a directory for what a test looks at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _history_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test, and no server that a test starts, writes to the user's own history."""
    os.environ["HTM_STUDIO_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _from_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit reads its settings from the working directory, so tests run in the root."""
    monkeypatch.chdir(ROOT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "browser"):
            item.add_marker(pytest.mark.browser)


class TwoHalves(LoadScopeScheduling):
    """Share tests out by file, all browser tests to one worker.

    Two servers and browsers at a time are too many for two cores, and what a file's tests
    have in common is made once.  (xdist's own loadgroup does nothing under pytest 9.2, whose
    names of tests cannot be changed: pytest-xdist issue 1386.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)  # pytest -p no:xdist is fine
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoHalves:
    return TwoHalves(config, log)


def pytest_report_header() -> str:
    return f"browser: {os.environ.get('CHROMIUM') or 'as found on the path'}"
