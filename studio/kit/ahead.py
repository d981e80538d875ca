"""Machine code and text models made ready beside the server, before a visitor asks for them.

On a fresh machine that takes a minute: ``htm warm`` does it in a process of its own, at the
lowest priority, begun when the server starts.  Work that needs it waits for that process
instead of doing the same again beside it, and says how far it is.
"""

from __future__ import annotations

import atexit
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from .places import ROOT

T = TypeVar("T")
#: Seconds that it takes on an idle machine, for telling how far it is.
_USUAL = 75.0
_LOOK_EVERY = 0.25
_lock = threading.Lock()
_begun: list[tuple[subprocess.Popen[bytes], float]] = []


def begin() -> None:
    """Start it, once a server, unless this machine has everything ready."""
    from htm_engine.compiling import ready

    with _lock:
        if _begun or ready():
            return
        command = [sys.executable, "-m", "htm_engine", "warm", "--background"]
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet)
        except OSError:  # no process to be had: then it is compiled where it is needed
            return
        atexit.register(process.terminate)
        _begun.append((process, time.monotonic()))


def set_aside() -> None:
    """Leave what is loaded by now out of all later searches for unused objects.

    While Python searches nobody is served, and with the engine and its libraries that takes 0.1 to
    0.2 s each time.  Modules stay to the end; what visitors hold would too, so it is done once: by
    ``serving`` before there are any.
    """
    if gc.get_freeze_count():
        return
    gc.collect()
    gc.freeze()


def after(steps: Callable[[], Iterator[T]]) -> Iterator[T]:
    """Work that tells nothing of its own before it is ready."""
    for _ in waiting():
        pass
    yield from steps()


def waiting() -> Iterator[float]:
    """Parts of the wait that are over, until it is done; nothing if nothing is to be done."""
    for process, began in _begun:
        while process.poll() is None:
            yield min(0.99, (time.monotonic() - began) / _USUAL)
            time.sleep(_LOOK_EVERY)
