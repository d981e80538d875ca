"""The section of the formulas page about a network small enough to see whole."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine import figures_formulas as figures

from . import handsized, snippets
from .frame import Value
from .walkthrough import number

BARE = {"displayModeBar": False}


@st.cache_data(max_entries=32, show_spinner=False)
def _trained(settings: handsized.Settings) -> tuple[list[handsized.Toy], list[float]]:
    return handsized.trajectory(settings)


def _on(by: int) -> None:
    st.session_state["at"] = min(handsized.STEPS, st.session_state.get("at", 0) + by)


def _back() -> None:
    st.session_state["at"] = 0


def _settings() -> tuple[handsized.Settings, int]:
    columns = st.columns(5)
    shape = columns[0].selectbox(
        "Points", handsized.SHAPES, key="points", bind="query-params",
        help="What there is to learn.",
    )  # fmt: skip
    rank = columns[1].selectbox(
        "Rank", ("0", "1"), key="rank", bind="query-params",
        help="0: a unit says its prototype, as in the article. 1: it says a line.",
    )  # fmt: skip
    rate = columns[2].slider(
        "Step size", 0.05, 2.0, 0.6, 0.05, key="pace", bind="query-params",
        help="α of the article's rule.",
    )  # fmt: skip
    heat = columns[3].slider(
        "Temperature", 0.2, 5.0, 1.0, 0.1, key="warmth", bind="query-params",
        help="Low: borders are sharp. High: units share.",
    )  # fmt: skip
    seed = columns[4].number_input(
        "Seed", 0, 10**6, 0, key="hand", bind="query-params", help="Of the points and the start."
    )
    at = st.slider(
        "Steps made", 0, handsized.STEPS, 0, key="at", bind="query-params",
        help="Drag it: the whole training is in here, forwards and back.",
    )  # fmt: skip
    row = st.container(horizontal=True)
    row.button("One step", type="primary", key="one_step", on_click=_on, args=(1,))
    row.button("Ten steps", key="ten_steps", on_click=_on, args=(10,))
    row.button("Back to the start", key="no_step", on_click=_back)
    return handsized.Settings(shape, int(rank), int(seed), float(rate), float(heat)), int(at)


def show() -> dict[str, Value]:
    """Draw the section; its part of the link."""
    st.subheader("0 · A network small enough to see", anchor=False)
    st.markdown(
        "Two inputs, three units. Each colour is the region where one unit's **activation** is "
        "largest, paler where it is less sure; stars are **prototypes**. Every step moves all "
        "weights down the gradient of the surprise."
    )
    settings, at = _settings()
    toys, losses = _trained(settings)
    toy, x = toys[at], handsized.points(settings)
    chosen = int(st.session_state.get("point", 0)) % len(x)
    seen = handsized.look(toy, x)
    left, right = st.columns([3, 2], gap="large")
    axis, winners, shares = handsized.regions(toy)
    figure, words = figures.territories(
        axis, winners, shares, x, seen.responsibility.argmax(1), toy.m, toy.u, chosen
    )
    left.plotly_chart(figure, alt=words, config=BARE, key="territories")
    with right:
        chosen = int(st.number_input(
            "Point", 0, len(x) - 1, 0, key="point", bind="query-params",
            help="Ringed in the figure; its numbers are beside it.",
        ))  # fmt: skip
        figure, words = figures.three_shares(seen.activation[chosen], seen.responsibility[chosen])
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
    figure, words = figures.fall(losses, at)
    left.plotly_chart(figure, alt=words, config=BARE, key="fall")
    wins = np.bincount(seen.activation.argmax(1), minlength=handsized.UNITS)
    right.markdown(
        f"After **{at}** steps the mean surprise is **{losses[at]:.3f}** nats (it began at "
        f"{losses[0]:.3f}); the units win {', '.join(map(str, wins))} of {len(x)} points."
    )
    with st.expander("The same in code: one step for this point, in NumPy alone"):
        st.code(snippets.of_hand(toy, x[chosen], settings.rate), language="python")
    return {
        "points": settings.shape, "rank": str(settings.rank), "pace": settings.rate,
        "warmth": settings.temperature, "hand": settings.seed, "at": at, "point": chosen,
    }  # fmt: skip
