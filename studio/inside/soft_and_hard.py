"""The section of the inside page that trains twice: soft against hard competition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from htm_engine.analysis import soft_hard
from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM
from htm_engine.figures import survey
from htm_engine.runs.background import Background

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import said, t
from .choice import ON

#: Pictures and epochs of the comparison.
MOST_LEARNED, EPOCHS = 2000, 6


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared: the layers of a model, trained on data, by a seed."""

    model: HTM
    data: Dataset
    seed: int

    def job(self) -> Background | None:
        """The work, if it was started."""
        return watching.job_of("_softhard", self._key())

    def _key(self) -> tuple[object, ...]:
        return self.model.specs, self.data.fingerprint, self.seed

    def start(self) -> None:
        """Begin; a callback."""
        watching.start("_softhard", self._key(), self._steps, t("inside.soft_against_hard"))

    def _steps(self) -> Iterator[tuple[float, soft_hard.Arm | None]]:
        learn, held = self.data.take(MOST_LEARNED, self.seed).split(0.25, self.seed)
        X, X_held = (part.X.reshape(-1, *self.model.layout) for part in (learn, held))
        return soft_hard.compare(self.model.specs, X, X_held, learn.y, held.y, EPOCHS, self.seed)


def show(model: HTM, data: Dataset) -> None:
    """The section; redraws itself while the work goes on."""
    st.subheader(t("inside.soft_against_hard_competition"), anchor=False)
    seed = ON.number(
        "seed", t("inside.seed"), width=200, help=t("inside.of_the_choice_of_pictures")
    )
    asked = Comparison(model, data, int(seed))
    watching.watch(asked.job, lambda job: _draw(job, asked))


def _draw(job: Background | None, asked: Comparison) -> None:
    count = len(asked.data)
    st.markdown(t("inside.the_same_layers_learned_twice", data=min(count, MOST_LEARNED)))
    if job is None or job.state == "stopped":
        st.button(
            t("inside.compare"),
            key="softhard",
            icon=":material/balance:",
            on_click=asked.start,
            disabled=count < 8,
        )
        return
    words = t("inside.learned_and_measured", progress=job.progress)
    watching.finished(job, words, "stop_softhard")
    arms = [arm for _, arm in list(job.items) if arm is not None]
    if arms:
        _table(arms)


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
        figure, words = survey.two_ways(
            [arm.way for arm in arms], [arm.usage[level] for arm in arms], level
        )
        column.plotly_chart(figure, alt=words, config=BARE, key=f"two{level}")
    st.caption(t("inside.effective_units_how"))
