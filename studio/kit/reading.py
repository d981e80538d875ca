"""A visitor's file read beside the page, in a thread of its own: bounded, watched, cancelled.

::

    of(place, key, read) ──► what read() made of the file, at once where it takes a second or less
                        └──► None meanwhile, a bar and a button that cancels; then the page runs
                             again
    forget(place)        ──► the file was taken away: nothing of it is read on, or kept

Foreign decoders are others' code: see :mod:`htm_engine.data.apart`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import streamlit as st

from htm_engine.errors import Cancelled, DataError
from htm_engine.runs.background import Background, Pool

from . import watching
from .words import t

T = TypeVar("T")
TOO_LONG = "Reading this file takes more than two minutes; use a smaller one, or fewer pictures."
#: Reads a file, and tells its part done to what it is given, which raises if nobody waits.
Read = Callable[[Callable[[float], None]], T]
#: Files read at a time, of all visitors; trainings keep none of them waiting.
POOL = Pool(4)
#: Seconds that the page itself waits, and unseen after which a file is not read on.
WAIT, GONE = 1.0, 30.0
#: Seconds that one file may take, so that others' come to their turn.
MOST = 120.0


class Reading(Background):
    """A file on its way; its one item is what was made of it."""

    def __init__(self, read: Read[object]) -> None:
        super().__init__(self._steps_of(read), name="file", pool=POOL)
        self.began = time.monotonic()

    def _steps_of(self, read: Read[object]) -> Callable[[], Iterator[object]]:
        def steps() -> Iterator[object]:
            self._until = time.monotonic() + MOST
            yield read(self.told)

        return steps

    def told(self, part: float) -> None:
        """Take note of the part done.

        Raises
        ------
        Cancelled
            If nobody wants the file any more.
        DataError
            If it takes too long.
        """
        self.progress = part
        if self.ending or time.monotonic() - self.seen > GONE:
            raise Cancelled("The file is not wanted any more.")
        if time.monotonic() > self._until:
            raise DataError(TOO_LONG)


def of(place: str, key: object, read: Read[T]) -> T | None:
    """What is read from a file, kept until another is read; None while there is nothing yet.

    Parameters
    ----------
    place : str
        Names the uploader.
    key : object
        What the result depends on: the file's id, and settings.
    read : callable
        Reads it, in a thread that knows nothing of Streamlit.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    name = f"_reading_{place}"
    job = watching.job_of(name, key)
    if job is None or (job.state == "stopped" and not job.ending):  # nobody looked: so again
        job = Reading(read)
        st.session_state[name] = (key, job)
        job.start()
    job.look()
    job.join(WAIT)
    if job.state == "finished":
        found: T = job.items[-1]
        return found
    if job.over:
        if not job.error:
            st.info(t("frame.reading_cancelled"), icon=":material/cancel:")
        # After an error too: too little memory, or a busy machine, is over some time.
        st.button(
            t("frame.read_it_again"),
            key=f"read_again_{place}",
            on_click=lambda: st.session_state.pop(name, None),
        )
        if job.error:
            raise DataError(job.error)
        return None
    watching.watch(lambda: watching.job_of(name, key), lambda job: _draw(job, place))
    return None


def forget(place: str) -> None:
    """Cancel and drop what is read, or was, from an uploader's file, which is there no more."""
    kept = st.session_state.pop(f"_reading_{place}", None)
    if kept is not None:
        kept[1].cancel()


def left(place: str) -> Any:
    """What was read of a file that is not in its uploader any more; None where it was not yet.

    A browser's uploader is empty when its page is come back to.  What is still read is cancelled.
    """
    kept = st.session_state.get(f"_reading_{place}")
    found = kept[1].items[-1] if kept is not None and kept[1].state == "finished" else None
    forget(place)
    return found


def goes_on(place: str) -> bool:
    """Whether a file of an uploader is being read."""
    kept = st.session_state.get(f"_reading_{place}")
    return kept is not None and not kept[1].over


def _draw(job: Background | None, place: str) -> None:
    if isinstance(job, Reading):
        if job.over:  # since the page looked
            st.rerun()
        words = t("frame.reading_the_file", seconds=time.monotonic() - job.began)
        watching.progress(job, words, f"reading_cancel_{place}")
