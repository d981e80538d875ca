"""How a server starts, and when it does not."""

from __future__ import annotations

import pytest

from htm_engine import cluster
from studio import serving


def test_nobody_waits_for_a_search_of_what_all_visitors_hold():
    """Streamlit knows the setting, and ours is read."""
    from streamlit import config

    config.get_config_options(force_reparse=True)
    assert config.get_option("runner.postScriptGC") is False


def test_it_does_not_start_with_a_scheduler_that_others_can_reach(monkeypatch):
    from streamlit.web import cli

    monkeypatch.setattr(serving, "load", lambda: None)
    monkeypatch.setattr(cli, "main", lambda *_, **__: pytest.fail("it was started"))
    monkeypatch.setenv(cluster.VARIABLE, "tcp://10.0.0.7:8786")
    with pytest.raises(SystemExit, match="without TLS"):
        serving.main()
