"""What every test may use: the root of the tree, and a directory for what a test looks at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep browser tests on one worker: two servers and browsers at a time are too many."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "browser"):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_report_header() -> str:
    return f"browser: {os.environ.get('CHROMIUM') or 'as found on the path'}"
