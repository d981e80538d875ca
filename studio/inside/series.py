"""The section of the inside page about a series: which units lead where, and when that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.analysis.series_walk import weights_over
from htm_engine.data.drawn_series import draw_series
from htm_engine.figures import series as figures
from htm_engine.figures.wording import say
from htm_engine.model.series.predictors import UNITS

from ..kit.controls import CONTROLS, Choice
from ..kit.keeping import kept
from ..kit.shapes import BARE
from ..kit.words import t
from .choice import ON


@kept(8)
def _weighed(name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    data = draw_series(name).data
    return weights_over(data.values[:, 0], data.stamps)


def show() -> None:
    """Draw the section, once it is asked for."""
    st.subheader(t("inside.inside_a_series"), anchor=False)
    if not ON.toggle("series_too", t("inside.look_into_a_series")):
        return
    options = CONTROLS["inside"]["series"]
    assert isinstance(options, Choice)
    name = ON.select(
        "series",
        t("inside.series"),
        options=list(options.options or ()),
        format_func=lambda one: t(f"series.of_{one.replace(' ', '_')}"),
    )
    data = draw_series(name).data
    places, weights = _weighed(name)
    assert data.stamps is not None
    figure, words = figures.leading(data.stamps[places], weights, UNITS)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_leading")
    leads = np.bincount(weights.argmax(axis=1), minlength=len(UNITS))
    best = int(leads.argmax())
    st.markdown(t("inside.unit_leads", unit=say(UNITS[best]), part=leads[best] / leads.sum()))
