"""Work in the background as a page shows it: begun once, watched, cancelled, and over.

::

    start(name, key, steps) ──► a job, kept in the visitor's session under a name
    job_of(name, key)       ──► that job, while the same is asked; one for another key is cancelled
    watch(find, draw)       ──► draw(job), again and again while the job goes on
        progress(job, words)    a bar, the place in the queue, a button that cancels
        finished(job, words)    the same until it is over; then whether there is a result
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from htm_engine.runs.background import Background

from .words import t, unmarked

#: Begins the keys of containers whose content never fades while it is drawn again.
STEADY = "steady"
#: Seconds between two looks at a job, and without a look after which it pauses by itself.
LOOK, ABANDON = 0.5, 10.0


def _first(item: Any) -> float:
    return float(item[0])


def job_of(name: str, key: object = ()) -> Background | None:
    """The job that the session keeps under a name, if it is this key's; another's is dropped."""
    kept: tuple[object, Background] | None = st.session_state.get(name)
    if kept is None:
        return None
    if kept[0] != key:
        kept[1].cancel()
        del st.session_state[name]
        return None
    return kept[1]


def prepare(
    name: str,
    key: object,
    steps: Callable[[], Iterator[Any]],
    title: str,
    *,
    progress: Callable[[Any], float] | None = _first,
    abandon_after: float = ABANDON,
) -> Background:
    """Keep a new job under a name, in the place of another; it has not begun.

    Parameters
    ----------
    name : str
        Key of the session.
    key : object
        What the job depends on; see :func:`job_of`.
    steps : callable
        Makes the iterator that is worked through.
    title : str
        The job's own name, for people.
    progress : callable, optional
        Part done by an item of the iterator; if not given, the item's first entry.
    abandon_after : float
        Seconds without a look after which it pauses by itself.
    """
    job = Background(steps, name=title, progress=progress, abandon_after=abandon_after)
    st.session_state[name] = (key, job)
    return job


def start(
    name: str, key: object, steps: Callable[[], Iterator[Any]], title: str, **options: Any
) -> Background:
    """Begin a job; everything as :func:`prepare` takes it."""
    job = prepare(name, key, steps, title, **options)
    job.start()
    return job


def live(job: Background | None) -> bool:
    """Whether there is anything to watch."""
    return job is not None and not job.over


def watch(
    find: Callable[[], Background | None],
    draw: Callable[[Background | None], None],
    every: float = LOOK,
    steady: str | None = None,
) -> None:
    """Call ``draw`` with the job that ``find`` gives: once, or with a timer while it goes on.

    A part of the page that runs again by itself.  Where the job has begun or ended since the
    page was drawn, all of the page runs again, as only that starts or ends the timer.
    What is drawn under a name in ``steady`` does not fade while it is drawn again.
    """
    was_live = live(find())

    def again() -> None:
        job = find()
        if live(job) != was_live:
            st.rerun()
        if job is not None:
            job.look()
        draw(job)

    with st.container(key=steady and f"{STEADY}_{steady}"):
        st.fragment(again, run_every=every if was_live else None)()


def progress(
    job: Background, words: str, cancel: str = "", done: float | None = None, label: str = ""
) -> None:
    """How far a job is, its place in the queue, and, under the key ``cancel``, a way to end it.

    ``label`` is what the button says where ending it loses nothing.
    """
    waiting = t("frame.place_in_the_queue", position=job.position) if job.position else ""
    st.progress(job.progress if done is None else done, words + waiting)
    if cancel:
        words = label or t("frame.cancel")
        icon = ":material/skip_next:" if label else ":material/close:"
        st.button(words, key=cancel, icon=icon, on_click=job.cancel)


def finished(
    job: Background, words: str, cancel: str = "", failed: Callable[[str], str] = unmarked
) -> bool:
    """Whether a job has its result; its progress while it goes on, or its failure, is drawn."""
    if not job.over:
        progress(job, words, cancel)
    elif job.error:
        st.error(failed(job.error), icon=":material/error:")
    return job.state == "finished"
