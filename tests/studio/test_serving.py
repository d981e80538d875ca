"""How a server starts, and when it does not."""

from __future__ import annotations

import pytest

from htm_engine import cluster
from studio import serving


def test_it_does_not_start_with_a_scheduler_that_others_can_reach(monkeypatch):
    from streamlit.web import cli

    monkeypatch.setattr(serving, "load", lambda: None)
    monkeypatch.setattr(cli, "main", lambda *_, **__: pytest.fail("it was started"))
    monkeypatch.setenv(cluster.VARIABLE, "tcp://10.0.0.7:8786")
    with pytest.raises(SystemExit, match="without TLS"):
        serving.main()
