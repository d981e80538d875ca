"""A series as it would come in live: values appear one after the other, and so do their marks.

The model scores every value before it learns it, so the trace up to a place is what a live
stream had shown there; nothing is computed anew.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from htm_engine.figures import series as figures

from ..kit.shapes import BARE
from ..kit.words import t
from .view import axis, when
from .work import Followed, Study, Wanted

#: Seconds between two pictures, parts of a series that come in each, values in sight.
_EVERY, _PARTS, _SIGHT = 0.7, 120, 600
_AT, _GOES = "_series_at", "_series_goes"


def show(wanted: Followed, period: int, draw: Callable[[int, slice], None]) -> None:
    """The live view with its buttons; it goes on by itself while it plays.

    ``draw`` is called with the number of values that have come, and the last of them to draw.
    """
    if st.session_state.get(_AT, ("", 0))[0] != wanted.key:
        st.session_state[_AT], st.session_state[_GOES] = _begin(wanted, period), False
    going = st.session_state[_GOES]

    def again() -> None:
        at = st.session_state[_AT][1]
        if going:
            at = _moved(wanted, len(wanted.values) // _PARTS + 1)
        draw(at, slice(max(0, at - _SIGHT), at))
        if going and at >= len(wanted.values):
            st.session_state[_GOES] = False
            st.rerun()

    columns = st.columns(4)
    columns[0].button(
        t("series.pause") if going else t("series.play"),
        key="series_play",
        icon=":material/pause:" if going else ":material/play_arrow:",
        on_click=_switch,
        args=(wanted, period),
    )
    columns[1].button(
        t("series.step"),
        key="series_step",
        icon=":material/skip_next:",
        disabled=going,
        on_click=_one_more,
        args=(wanted,),
    )
    st.fragment(again, run_every=_EVERY if going else None)()


def _begin(wanted: Followed, period: int) -> tuple[str, int]:
    """Where the live view begins: after the learning period, if there is anything after it."""
    return wanted.key, min(period, len(wanted.values))


def _switch(wanted: Followed, period: int) -> None:
    st.session_state[_GOES] = not st.session_state[_GOES]
    if st.session_state[_AT][1] >= len(wanted.values):
        st.session_state[_AT] = _begin(wanted, period)


def _one_more(wanted: Followed) -> None:
    _moved(wanted, 1)


def _moved(wanted: Followed, values: int) -> int:
    at = min(len(wanted.values), st.session_state[_AT][1] + values)
    st.session_state[_AT] = (wanted.key, at)
    return at


def column(wanted: Wanted, study: Study, odd: np.ndarray, at: int, shown: slice) -> None:
    """One column as it had come to a place, and what was expected of its last value."""
    figure, words = figures.followed(wanted.values, axis(wanted), study.trace, odd[odd < at], shown)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_live")
    last = at - 1
    if np.isnan(wanted.values[last]):
        st.caption(t("series.live_gap", when=when(wanted, last)))
        return
    st.caption(
        t(
            "series.live_says",
            when=when(wanted, last),
            value=wanted.values[last],
            low=study.trace.low[last],
            high=study.trace.high[last],
            score=study.trace.score[last],
        )
    )
