"""Curves of rate and distortion in the background: start, watch, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import streamlit as st

from htm_engine.evaluation.rates import RatePoint
from htm_engine.figures.rates import rate_figure, rate_in_words
from htm_engine.runs.background import Background

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import t


@dataclass(frozen=True)
class Curves:
    """What is measured, and when it is another: ``name`` is of the place on the page."""

    name: str
    key: tuple[str, ...]
    steps: Callable[[], Iterator[tuple[float, RatePoint]]]

    def job(self) -> Background | None:
        """The work, if it was started."""
        return watching.job_of(f"_{self.name}", self.key)

    def start(self) -> None:
        """Begin; a callback."""
        watching.start(f"_{self.name}", self.key, self.steps, "rate curves")


def show(curves: Curves, quality: int) -> None:
    """The buttons and the figure, with a ring at a quality; redrawn while the work goes on."""
    watching.watch(curves.job, lambda job: _draw(job, curves, quality))


def _draw(job: Background | None, curves: Curves, quality: int) -> None:
    if job is None or job.state == "stopped":
        st.button(
            t("compress.draw_the_curves"),
            key=curves.name,
            icon=":material/show_chart:",
            on_click=curves.start,
        )
        return
    words = t("compress.of_the_points", progress=job.progress)
    done = watching.finished(job, words, f"stop_{curves.name}")
    points = [point for _, point in list(job.items)]
    if points and (done or not job.over):
        st.plotly_chart(
            rate_figure(points, quality),
            alt=rate_in_words(points),
            key=f"rate_{curves.name}",
            config=BARE,
        )
