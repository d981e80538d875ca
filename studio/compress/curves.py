"""Curves of rate and distortion in the background: start, watch, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import streamlit as st

from htm_engine.evaluation.rates import RatePoint
from htm_engine.figures.rates import rate_figure, rate_in_words
from htm_engine.runs.background import Background

from ..kit.words import in_line, said, t

#: Seconds between two looks, and unseen seconds after which the work pauses.
LOOK, ABANDON = 0.6, 10.0


@dataclass(frozen=True)
class Curves:
    """What is measured, and when it is another: ``name`` is of the place on the page."""

    name: str
    key: tuple[str, ...]
    steps: Callable[[], Iterator[tuple[float, RatePoint]]]


def job_of(curves: Curves) -> Background | None:
    """The run for what is on the page, if one was started; another's is dropped."""
    found: tuple[tuple[str, ...], Background] | None = st.session_state.get(f"_{curves.name}")
    if found is not None and found[0] != curves.key:
        found[1].cancel()
        st.session_state.pop(f"_{curves.name}")
        return None
    return None if found is None else found[1]


def start(curves: Curves) -> None:
    """Begin; a callback."""
    job = Background(
        curves.steps,
        name="rate curves",
        progress=lambda item: float(item[0]),
        abandon_after=ABANDON,
    )
    st.session_state[f"_{curves.name}"] = (curves.key, job)
    job.start()


def show(curves: Curves, quality: int) -> None:
    """The buttons and the figure, with a ring at a quality; redrawn while the work goes on."""
    job = job_of(curves)
    live = job is not None and not job.over
    st.fragment(_draw, run_every=LOOK if live else None)(curves, quality, live)


def _draw(curves: Curves, quality: int, was_live: bool) -> None:
    job = job_of(curves)
    if job is not None and not job.over and not was_live:
        st.rerun()  # begun by a click in here, which brings no timer
    if job is None or job.state == "stopped":
        st.button(
            t("compress.draw_the_curves"),
            key=curves.name,
            icon=":material/show_chart:",
            on_click=start,
            args=(curves,),
        )
    elif not job.over:
        job.look()
        waiting = in_line(job.position)
        st.progress(
            job.progress, text=t("compress.of_the_points", progress=job.progress, waiting=waiting)
        )
        st.button(
            t("compress.cancel"),
            key=f"stop_{curves.name}",
            icon=":material/close:",
            on_click=job.cancel,
        )
    elif job.error:
        st.error(said(job.error))
    points = [] if job is None else [point for _, point in list(job.items)]
    if points and job is not None and (not job.over or job.state == "finished"):
        figure = rate_figure(points, quality)
        st.plotly_chart(
            figure,
            alt=rate_in_words(points),
            key=f"rate_{curves.name}",
            config={"displayModeBar": False},
        )
    if was_live and (job is None or job.over):
        st.rerun()  # the whole page once more, without the timer
