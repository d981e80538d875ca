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
    """No test, and no server that a test starts, writes to the user's own history.

    Nor does it start workers of its own unless it is about them.
    """
    os.environ["HTM_STUDIO_DATA"] = str(tmp_path_factory.mktemp("data"))
    os.environ["HTM_WORKERS"] = "0"


@pytest.fixture(autouse=True)
def _from_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit reads its settings from the working directory, so tests run in the root."""
    monkeypatch.chdir(ROOT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "browser"):
            item.add_marker(pytest.mark.browser)


class BrowserFilesInTurn(LoadScopeScheduling):
    """Share tests out by file; one worker at a time has files of browser tests, while others last.

    What a file's tests have in common is made once.  Two servers and browsers at a time are
    too many for two cores while other tests run, yet better than a worker without work, so
    when no others are left the rest of the browser's files go to all.
    (xdist's own loadgroup does nothing under pytest 9.2, whose names of tests cannot be
    changed: pytest-xdist issue 1386.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::", 1)[0]

    def _assign_work_unit(self, node: Any) -> None:
        taken = any(
            _is_browser(file) and not all(tests.values())
            for other, work in self.assigned_work.items()
            if other is not node
            for file, tests in work.items()
        )
        wanted = next((f for f in self.workqueue if _is_browser(f) != taken), None)
        if wanted is not None:
            self.workqueue.move_to_end(wanted, last=False)
        super()._assign_work_unit(node)


def _is_browser(file: str) -> bool:
    return file.startswith("tests/browser/")


@pytest.hookimpl(optionalhook=True)  # pytest -p no:xdist is fine
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BrowserFilesInTurn:
    return BrowserFilesInTurn(config, log)


def pytest_report_header() -> str:
    return f"browser: {os.environ.get('CHROMIUM') or 'as found on the path'}"
