"""The section of the formulas page about a network small enough to see whole."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.figures import formulas

from ..kit import settings
from ..kit.shapes import BARE, number
from ..kit.words import t
from . import handsized, snippets

ON = settings.Page("formulas")


@st.fragment
def in_code(name: str, program: str, label: str = "") -> None:
    """The runnable program beside a formula, sent once it is opened.

    What colours code weighs more than all of the page, and most visitors open none.
    """
    label = label or t("formulas.the_same_in_code")
    with st.expander(label, key=f"code_{name}", on_change="rerun") as box:
        if box.open:
            st.code(program, language="python")


@st.cache_data(max_entries=32, show_spinner=False)
def _trained(settings: handsized.Settings) -> tuple[list[handsized.Toy], list[float]]:
    return handsized.trajectory(settings)


def _on(by: int) -> None:
    st.session_state["at"] = min(handsized.STEPS, st.session_state.get("at", 0) + by)


def _back() -> None:
    st.session_state["at"] = 0


def _settings() -> tuple[handsized.Settings, int]:
    columns = st.columns(5)
    shape = ON.select(
        "points",
        t("formulas.points"),
        columns[0],
        format_func=lambda name: t(f"formulas.points_{name}"),
    )
    rank = ON.select("rank", t("formulas.rank"), columns[1])
    rate = ON.slider("pace", t("formulas.step_size_2"), columns[2])
    heat = ON.slider("warmth", t("formulas.temperature"), columns[3])
    seed = ON.number("hand", t("formulas.seed"), columns[4])
    at = ON.slider("at", t("formulas.steps_made_drag"))
    # In one line and not behind a mark at each: every mark is a stop for whoever uses the keyboard.
    st.caption(t("formulas.how_to_turn_by_hand"))
    row = st.container(horizontal=True)
    row.button(t("formulas.one_step"), type="primary", key="one_step", on_click=_on, args=(1,))
    row.button(t("formulas.ten_steps"), key="ten_steps", on_click=_on, args=(10,))
    row.button(t("formulas.back_to_the_start"), key="no_step", on_click=_back)
    return handsized.Settings(shape, int(rank), int(seed), float(rate), float(heat)), int(at)


def show() -> None:
    """Draw the section."""
    st.subheader(t("formulas.a_network_small_enough_to"), anchor=False)
    st.markdown(t("formulas.two_inputs_three_units_each"))
    settings, at = _settings()
    toys, losses = _trained(settings)
    toy, x = toys[at], handsized.points(settings)
    chosen = int(st.session_state.get("point", 0)) % len(x)
    seen = handsized.look(toy, x)
    left, right = st.columns([3, 2], gap="large")
    axis, winners, shares = handsized.regions(toy)
    figure, words = formulas.territories(
        axis, winners, shares, x, seen.responsibility.argmax(1), toy.m, toy.u, chosen
    )
    left.plotly_chart(figure, alt=words, config=BARE, key="territories")
    with right:
        chosen = int(ON.number("point", t("formulas.point_ringed"), high=len(x) - 1))
        figure, words = formulas.three_shares(seen.activation[chosen], seen.responsibility[chosen])
        st.plotly_chart(figure, alt=words, config=BARE, key="three")
        unit = int(seen.activation[chosen].argmax())
        # A term a line: all in one would not fit the column.
        st.latex(
            rf"\begin{{aligned}}e_{{{unit}}} = {{}}&{number(toy.w[unit, 0])}\cdot"
            rf"({number(x[chosen, 0])})\\&{{}}+{number(toy.w[unit, 1])}\cdot"
            rf"({number(x[chosen, 1])})\\&{{}}+({number(toy.b[unit])})\\"
            rf"= {{}}&{number(seen.evidence[chosen, unit])}\end{{aligned}}"
        )
        st.latex(
            rf"\begin{{aligned}}a_{{{unit}}} &= {number(seen.activation[chosen, unit])}\\"
            rf"r_{{{unit}}} &= {number(seen.responsibility[chosen, unit])}\end{{aligned}}"
        )
    figure, words = formulas.fall(losses, at)
    left.plotly_chart(figure, alt=words, config=BARE, key="fall")
    wins = np.bincount(seen.activation.argmax(1), minlength=handsized.UNITS)
    right.markdown(
        t(
            "formulas.after_steps_the_mean_surprise",
            at=at,
            losses=losses[at],
            losses2=losses[0],
            str=", ".join(map(str, wins)),
            x=len(x),
        )
    )
    in_code(
        "hand",
        snippets.of_hand(toy, x[chosen], settings.rate),
        t("formulas.the_same_in_code_one"),
    )
