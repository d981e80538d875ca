"""The section of the formulas page about a series: the same walk with the numbers of one value."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.analysis.series_walk import SeriesWalk, walk
from htm_engine.errors import DataError
from htm_engine.figures import series as figures
from htm_engine.figures.wording import say

from ..kit.keeping import kept
from ..kit.shapes import BARE, number
from ..kit.words import t, unmarked
from ..visitor import series as own
from . import snippets
from .by_hand import ON, in_code


@kept(8)
def _walked(key: str, at: int, _of: own.Chosen) -> SeriesWalk:
    return walk(_of.values, at, _of.stamps)


def show() -> None:
    """Draw the section, once it is asked for: most visitors came for pictures."""
    st.subheader(t("formulas.the_same_with_a_series"), anchor=False)
    if not ON.toggle("series_too", t("formulas.walk_through_a_series")):
        return
    columns = st.columns(2)
    chosen = own.choose(ON, t("formulas.series"), columns[0])
    row = int(
        ON.number(
            "value",
            t("formulas.value"),
            columns[1],
            help=t("formulas.which_value"),
            high=len(chosen.values),
        )
    )
    try:
        found = _walked(chosen.key, row - 1, chosen)
    except DataError as exc:  # a gap, or nothing before it
        st.info(unmarked(exc))
        return
    _before(found)
    _after(found)
    in_code("series", snippets.of_series(chosen.name, chosen.column, row - 1))


def _before(found: SeriesWalk) -> None:
    """Evidence, softmax, winner and prediction, before the value comes."""
    left, right = st.columns([4, 5], gap="medium")
    best = found.winner
    left.latex(r"w_i = \frac{\exp(a_i)}{\sum_k \exp(a_k)}")
    top = found.evidence - found.evidence.max()
    left.latex(
        rf"w_{{{best}}} = \frac{{1}}{{{number(np.exp(top).sum())}}} = "
        rf"{number(found.weights[best])}"
    )
    left.markdown(t("formulas.each_unit_predicts", unit=say(found.units[best])))
    left.latex(rf"\hat x = \mathrm{{median}}_w(\mu_i) = {number(found.prediction)}")
    right.dataframe(
        {
            t("formulas.unit"): [f"{i} {say(unit)}" for i, unit in enumerate(found.units)],
            "a": [f"{x:.3f}" for x in found.evidence],
            "w": [f"{x:.3f}" for x in found.weights],
            "\u03bc": [f"{x:.4g}" for x in found.means],
            "b": [f"{x:.3g}" for x in found.scales],
            "r": [f"{x:.3f}" for x in found.shares],
        },
        hide_index=True,
        alt=t("formulas.series_units"),
    )


def _after(found: SeriesWalk) -> None:
    """Surprise, responsibilities and the step of the gate, once it is there."""
    left, right = st.columns([4, 5], gap="medium")
    explains = int(found.shares.argmax())
    left.markdown(t("formulas.the_value_comes", value=found.value))
    left.latex(
        r"s = -\log_2 \sum_i w_i\,e^{-|x-\mu_i|/b_i} = "
        rf"{number(found.surprise)}\ \mathrm{{bits}}"
    )
    left.latex(
        r"r_i = \frac{w_i\,e^{-|x-\mu_i|/b_i}/b_i}{\sum_k w_k\,e^{-|x-\mu_k|/b_k}/b_k},\quad "
        rf"r_{{{explains}}} = {number(found.shares[explains])}"
    )
    left.latex(
        rf"a_{{{explains}}} \leftarrow a_{{{explains}}} + \alpha\,(r_{{{explains}}} - "
        rf"w_{{{explains}}}) = {number(found.after[explains])}"
    )
    left.markdown(t("formulas.the_gate_learns"))
    figure, words = figures.stand(found.units, found.weights, found.shares)
    right.plotly_chart(figure, alt=words, config=BARE, key="series_stand")
