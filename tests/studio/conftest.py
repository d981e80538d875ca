"""What tests of pages have in common."""

from __future__ import annotations

import pytest

from studio.kit import reading
from tests.studio.waiting import PATIENCE


@pytest.fixture(autouse=True)
def _files_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for what is uploaded, however busy the machine: AppTest has no timers."""
    monkeypatch.setattr(reading, "WAIT", PATIENCE)
