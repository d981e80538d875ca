"""Waiting for what a page shows; AppTest has no timers, so it is run again as a browser would."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from htm_engine.runs.background import Background

#: Seconds after which it is given up: many times what the slowest work here takes, as the
#: machine may be busy with other tests.
PATIENCE = 600.0


def until(app: AppTest, seen: Callable[[AppTest], object]) -> AppTest:
    """Run the page again and again until something is to be seen.

    Never more than a third of the time: Python runs one thread at a time, and a page that is
    drawn keeps the work that it waits for from going on.
    """
    end, pause = time.monotonic() + PATIENCE, 0.2
    while not seen(app):
        assert time.monotonic() < end, "it was waited for in vain"
        assert not app.exception
        time.sleep(pause)
        began = time.monotonic()
        app.run()
        pause = max(0.2, 2 * (time.monotonic() - began))
    return app


def has(key: str) -> Callable[[AppTest], bool]:
    """Whether there is a button of a key."""
    return lambda app: any(button.key == key for button in app.button)


def end_of(job: Background) -> None:
    """Look at a job, which would pause if nobody did, until it is over."""
    end = time.monotonic() + PATIENCE
    while not job.over:
        assert time.monotonic() < end, "the work never ended"
        job.look()
        time.sleep(0.1)
