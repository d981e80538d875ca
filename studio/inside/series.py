"""The section of the inside page about a series: which units lead where, and when that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.analysis.series_walk import weights_over
from htm_engine.figures import series as figures
from htm_engine.figures.wording import say
from htm_engine.model.series.predictors import UNITS

from ..kit.keeping import kept
from ..kit.shapes import BARE
from ..kit.words import t
from ..visitor import series as own
from .choice import ON


@kept(8)
def _weighed(key: str, _of: own.Chosen) -> tuple[NDArray[Any], NDArray[Any]]:
    return weights_over(_of.values, _of.stamps)


def show() -> None:
    """Draw the section, once it is asked for."""
    st.subheader(t("inside.inside_a_series"), anchor=False)
    if not ON.toggle("series_too", t("inside.look_into_a_series")):
        return
    chosen = own.choose(ON, t("inside.series"))
    places, weights = _weighed(chosen.key, chosen)
    figure, words = figures.leading(chosen.axis[places], weights, UNITS)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_leading")
    leads = np.bincount(weights.argmax(axis=1), minlength=len(UNITS))
    best = int(leads.argmax())
    st.markdown(t("inside.unit_leads", unit=say(UNITS[best]), part=leads[best] / leads.sum()))
