"""Curves of rate and distortion in the background: start, watch, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import streamlit as st

from htm_engine.background import Background
from htm_engine.baselines import RatePoint
from htm_engine.comparison import all_curves
from htm_engine.figures_compress import rate_figure, rate_in_words

from .compress_work import Collection
from .words import in_line, said, t

if TYPE_CHECKING:
    from htm_engine import HTM

#: Pictures that are stored again and again for the curves.
PICTURES = 200
_JOB, _KEY = "_compress_curve", "_compress_curve_of"
#: Seconds between two looks, and unseen seconds after which the work pauses.
LOOK, ABANDON = 0.6, 10.0


def job_of(model: HTM, own: Collection) -> Background | None:
    """The run for this model and collection, if one was started; another is dropped."""
    job: Background | None = st.session_state.get(_JOB)
    if job is not None and st.session_state.get(_KEY) != _key(model, own):
        job.cancel()
        st.session_state.pop(_JOB)
        return None
    return job


def _key(model: HTM, own: Collection) -> tuple[str, str]:
    return model.fingerprint, own.learn.fingerprint


def start(model: HTM, own: Collection) -> None:
    """Begin; a callback."""

    def steps() -> Iterator[tuple[float, RatePoint]]:
        return all_curves(model, own.learn.X, own.held[:PICTURES])

    job = Background(
        steps, name="rate curves", progress=lambda item: float(item[0]), abandon_after=ABANDON
    )
    st.session_state[_JOB], st.session_state[_KEY] = job, _key(model, own)
    job.start()


def show(model: HTM, own: Collection, quality: int) -> None:
    """The section of the page; redraws itself while the work goes on."""
    job = job_of(model, own)
    live = job is not None and not job.over
    st.fragment(_draw, run_every=LOOK if live else None)(model, own, quality, live)


def _draw(model: HTM, own: Collection, quality: int, was_live: bool) -> None:
    job = job_of(model, own)
    count = min(PICTURES, len(own.held))
    st.markdown(t("compress.every_format_at_every_quality", count=count))
    if job is None or job.state == "stopped":
        st.button(
            t("compress.draw_the_curves"), key="curves", icon=":material/show_chart:",
            on_click=start, args=(model, own),
        )  # fmt: skip
    elif not job.over:
        job.look()
        waiting = in_line(job.position)
        st.progress(
            job.progress, text=t("compress.of_the_points", progress=job.progress, waiting=waiting)
        )
        st.button(
            t("compress.cancel"), key="stop_curves", icon=":material/close:", on_click=job.cancel
        )
    elif job.error:
        st.error(said(job.error))
    points = [] if job is None else [point for _, point in list(job.items)]
    if points and job is not None and (not job.over or job.state == "finished"):
        figure = rate_figure(points, quality)
        st.plotly_chart(figure, alt=rate_in_words(points), key="rate_curve", config={
            "displayModeBar": False})  # fmt: skip
    if was_live and (job is None or job.over):
        st.rerun()  # the whole page once more, without the timer
