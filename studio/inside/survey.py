"""The sections of the inside page about the whole collection, and soft against hard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import streamlit as st

from htm_engine.analysis import soft_hard
from htm_engine.analysis.survey import scores_csv
from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM
from htm_engine.figures import inside
from htm_engine.runs.background import Background

from ..kit import settings
from ..kit.keeping import kept
from ..kit.pictures import alt, sheet
from ..kit.words import in_line, said, t
from . import work

ON = settings.Page("inside")
BARE = {"displayModeBar": False}
_JOB, _KEY = "_softhard", "_softhard_of"
MOST_SURPRISING = 16
#: Pictures and epochs of the comparison, seconds between two looks, unseen seconds to a pause.
MOST_LEARNED, EPOCHS, LOOK, ABANDON = 2000, 6, 0.6, 10.0


def codes(name: str, data_name: str, seen: work.Surveyed, picture: int) -> bool:
    """The pictures where their codes lie."""
    st.subheader(t("inside.a_map_of_the_codes"), anchor=False)
    shown = ON.toggle("thumbs", t("inside.thumbnails"), help=t("inside.lay_some_of_the_pictures"))
    top = seen.found.winners[-1].reshape(len(seen.found), -1)[:, 0]
    groups = seen.labels or [t("inside.unit_2", unit=unit) for unit in top]
    if len(set(groups)) > 24:
        groups = [t("inside.pictures_lower")] * len(top)
    figure, words = inside.code_map(
        seen.found.plane,
        seen.found.explained,
        groups,
        work.thumbnails(name, data_name, seen) if shown else (),
        picture,
    )
    st.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key="codes",
        selection_mode="points",
        on_select=lambda: work.take_picture("codes"),
    )
    st.caption(t("inside.each_point_is_a_picture"))
    return shown


@kept(8, copied=True)
def _anomalies(name: str, data_name: str, _seen: work.Surveyed) -> tuple[bytes, str]:
    """The most surprising pictures on a sheet, and all scores as CSV; no click changes them."""
    most = _seen.found.most_surprising(MOST_SURPRISING)
    return (
        sheet(_seen.shown[most], columns=8, side=64, gap=8, labels=[f"#{i}" for i in most]),
        scores_csv(_seen.found, _seen.labels),
    )


def surprises(name: str, data_name: str, seen: work.Surveyed, picture: int) -> None:
    """The pictures that the network expects least."""
    st.subheader(t("inside.what_surprises_it_most"), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    most = seen.found.most_surprising(MOST_SURPRISING)
    total = seen.found.total
    pictures, scores = _anomalies(name, data_name, seen)
    left.image(
        pictures,
        width="stretch",
        alt=alt(
            t("inside.the_most_surprising_of_pictures", most=len(most), total=len(total)),
            t("inside.from_bits_down_the_median", total=total[most[0]], total2=np.median(total)),
        ),
    )
    left.caption(t("inside.surprise_is_the_loss_log"))
    left.download_button(
        t("inside.download_all_scores_csv"),
        scores,
        "htm-surprise.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="scores",
    )
    figure, words = inside.surprise(total, picture)
    right.plotly_chart(figure, alt=words, config=BARE, key="surprise")
    by_level = " + ".join(f"{part:.1f}" for part in seen.found.surprise[picture])
    right.caption(t("inside.picture_bits_level_by_level", picture=picture, by_level=by_level))


# ------------------------------------------------------------- soft against hard
def compare(model: HTM, data: Dataset, seed: int) -> None:
    """The section; redraws itself while the work goes on."""
    job = _job_of(model, data, seed)
    live = job is not None and not job.over
    st.fragment(_draw, run_every=LOOK if live else None)(model, data, seed, live)


def _identity(model: HTM, data: Dataset, seed: int) -> tuple[Any, ...]:
    return tuple(model.layers), data.fingerprint, seed


def _job_of(model: HTM, data: Dataset, seed: int) -> Background | None:
    job: Background | None = st.session_state.get(_JOB)
    if job is not None and st.session_state.get(_KEY) != _identity(model, data, seed):
        job.cancel()
        st.session_state.pop(_JOB)
        return None
    return job


def _start(model: HTM, data: Dataset, seed: int) -> None:
    layout = tuple(model._layout)

    def steps() -> Iterator[tuple[float, soft_hard.Arm | None]]:
        learn, held = data.take(MOST_LEARNED, seed).split(0.25, seed)
        X, X_held = (part.X.reshape(-1, *layout) for part in (learn, held))
        return soft_hard.compare(model.layers, X, X_held, learn.y, held.y, EPOCHS, seed)

    job = Background(
        steps,
        name=t("inside.soft_against_hard"),
        progress=lambda item: float(item[0]),
        abandon_after=ABANDON,
    )
    st.session_state[_JOB], st.session_state[_KEY] = job, _identity(model, data, seed)
    job.start()


def _draw(model: HTM, data: Dataset, seed: int, was_live: bool) -> None:
    job = _job_of(model, data, seed)
    st.markdown(t("inside.the_same_layers_learned_twice", data=min(len(data), MOST_LEARNED)))
    if job is None or job.state == "stopped":
        st.button(
            t("inside.compare"),
            key="softhard",
            icon=":material/balance:",
            on_click=_start,
            args=(model, data, seed),
            disabled=len(data) < 8,
        )
    elif not job.over:
        job.look()
        waiting = in_line(job.position)
        st.progress(
            job.progress,
            text=t("inside.learned_and_measured", progress=job.progress, waiting=waiting),
        )
        st.button(
            t("inside.cancel"), key="stop_softhard", icon=":material/close:", on_click=job.cancel
        )
    elif job.error:
        st.error(said(job.error))
    arms = [] if job is None else [arm for _, arm in list(job.items) if arm is not None]
    if arms and job is not None and job.state != "stopped":
        _table(arms)
    if was_live and (job is None or job.over):
        st.rerun()  # the whole page once more, without the timer


def _table(arms: list[soft_hard.Arm]) -> None:
    levels = range(len(arms[0].usage))
    rows: dict[str, list[str]] = {t("inside.competition"): [said(arm.way) for arm in arms]}
    rows[t("inside.mse_held_out")] = [f"{arm.error:.5f}" for arm in arms]
    for level in levels:
        rows[t("inside.effective_units", level=level + 1)] = [
            t("inside.of", even=arm.even[level], usage=len(arm.usage[level])) for arm in arms
        ]
    rows[t("inside.dead_units")] = [", ".join(map(str, arm.dead)) for arm in arms]
    rows[t("inside.revived")] = [str(arm.revived) for arm in arms]
    rows[t("inside.readout")] = [
        t("inside.no_labels") if arm.accuracy is None else f"{arm.accuracy:.1%}" for arm in arms
    ]
    st.dataframe(rows, hide_index=True, alt=t("inside.soft_and_hard_competition_measured"))
    for column, level in zip(st.columns(len(levels), gap="large"), levels, strict=True):
        figure, words = inside.two_ways(
            [arm.way for arm in arms], [arm.usage[level] for arm in arms], level
        )
        column.plotly_chart(figure, alt=words, config=BARE, key=f"two{level}")
    st.caption(t("inside.effective_units_how"))
