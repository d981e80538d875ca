"""A report being made: in the background, with progress and a way to cancel, then to download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.runs.background import Background
from htm_engine.runs.history import Run
from htm_engine.runs.recipe import Recipe

from ..kit import watching
from ..kit.links import link
from ..kit.words import PARAMETER, language, said, t, unmarked
from ..visitor import history
from . import bundle, story

#: Part of the work after which a report has all that is about its own run.
OWN = 0.1


def _key(run: Run) -> str:
    return f"_report_{run.id}"


def start(run: Run) -> None:
    """Begin a run's report.

    Raises
    ------
    HTMError
        If the run's model is gone or damaged.
    """
    assert run.model is not None
    kept, recipe = history.kept().history, Recipe.from_json(run.settings)
    address = link(
        (st.context.url or "").rpartition("/")[0] + "/inside",
        {**history.link_of(run.fingerprint, recipe), PARAMETER: language()},
    )
    data = history.data_of(recipe)
    asked = (run, kept.files.get(run.model), address, kept.curve(run.id), kept.curve(run.id, True))

    def work() -> Iterator[tuple[float, story.Told]]:
        yield from story.tell(*asked, data, lambda: job.ending)

    job = watching.prepare(_key(run), (), work, "report")
    job.start()


def button(run: Run) -> None:
    """What makes the report; a failure is shown by :func:`show`."""

    def begin() -> None:
        try:
            start(run)
        except HTMError as exc:
            st.session_state[_refused(run)] = f"{exc}"

    st.button(
        t("report.make"),
        key=f"report_{run.id}",
        icon=":material/description:",
        help=t("report.make_help"),
        on_click=begin,
    )


def _refused(run: Run) -> str:
    return f"_report_refused_{run.id}"


def show(run: Run) -> None:
    """Progress while it is made, then the two files."""
    if refused := st.session_state.pop(_refused(run), None):
        st.error(unmarked(refused))
    watching.watch(lambda: watching.job_of(_key(run)), lambda job: _draw(job, run))


def _draw(job: Background | None, run: Run) -> None:
    if job is None:
        return
    # A step of other methods may take a minute: what is there is given without it.
    told = _enough(job, run) if job.over or job.ending else None
    if told is not None:
        _downloads(run, told)
    elif job.error:
        st.error(unmarked(job.error), icon=":material/error:")
    elif not job.over:
        _measuring(job, run)


def _measuring(job: Background, run: Run) -> None:
    """What is measured now; as soon as the run's own story is there, the rest can be left out."""
    points = job.items[-1][1].points if job.items else []
    own = job.progress >= OWN
    words = (
        t("report.making", label=said(points[-1].label), part=job.progress)
        if points
        else t("report.beginning", part=job.progress)
    )
    label = t("report.leave_out") if own else ""
    watching.progress(job, words, f"unreport_{run.id}", label=label)
    if own:
        st.caption(t("report.so_far", count=len(points)))


def _enough(job: Background, run: Run) -> story.Told | None:
    """The story that a job told, whole or as far as the visitor let it; the same each time."""
    if not job.items or job.error or (job.state != "finished" and job.progress < OWN):
        return None
    key = f"{_key(run)}_told"
    kept = st.session_state.get(key)
    if kept is None or kept[0] is not job:
        told: story.Told = job.items[-1][1]
        kept = (job, replace(told, points=list(told.points)))
        st.session_state[key] = kept
    found: story.Told = kept[1]
    return found


def _downloads(run: Run, told: story.Told) -> None:
    fingerprint, html, everything = _files(run, told)
    with st.container(horizontal=True):
        for label, data, ending, kind in (
            (t("report.download"), html, "html", "text/html"),
            (t("report.download_zip"), everything, "zip", "application/zip"),
        ):
            st.download_button(
                label,
                data,
                f"htm-{fingerprint}.{ending}",
                kind,
                on_click="ignore",
                icon=":material/download:",
                key=f"report_{ending}_{run.id}",
            )


def _files(run: Run, told: story.Told) -> tuple[str, bytes, bytes]:
    """The model's fingerprint and both files, made once in each language."""
    key = f"{_key(run)}_files"
    kept = st.session_state.get(key)
    if kept is None or kept[0] is not told or kept[1] != language():
        html = story.page(told, language())
        kept = (told, language(), told.fingerprint, html.encode(), bundle.bundle(told, html))
        st.session_state[key] = kept
    found: tuple[str, bytes, bytes] = kept[2:]
    return found
