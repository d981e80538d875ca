"""What the Train page shows before a run: a recorded one, or the model in use."""

from __future__ import annotations

import base64
import html

import numpy as np
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.figures import base

from ..kit import presenting
from ..kit.pictures import alt
from ..kit.shapes import BARE, fits
from ..kit.words import t
from ..visitor import session
from . import live, recorded, view


def shows_model(data: Dataset) -> bool:
    """Whether the model in use is shown: the visitor's own, or one that reads such pictures."""
    found = session.current()
    return found is not None and (found.origin != "shipped" or fits(found.model, data))


def show(data: Dataset, level: int) -> None:
    """The model in use, or else what training looks like."""
    if not shows_model(data):
        _recorded(data)
        return
    found = session.current()
    assert found is not None
    st.subheader(t("train.the_model_in_use"), anchor=False)
    st.markdown(t("train.this_is_the_model_train", described=found.described))
    pictures = data if fits(found.model, data) else session.current_dataset()
    view.show(view.inside(found.model, pictures, level, t("train.pictures")))


def _recorded(data: Dataset) -> None:
    """The film of a training on the drawn scenes, and its curve."""
    if data.name != recorded.DATA:
        st.info(t("train.press_train_to_see"), icon=":material/play_arrow:")
    found = recorded.read()
    film, curve = st.columns([3, 2]) if presenting.is_on() else (st.container(), st.container())
    film.markdown(t("train.recorded", units=found.units))
    # Not by st.image, which would keep the first picture only.
    source = base64.b64encode(recorded.FILM.read_bytes()).decode()
    words = html.escape(alt(t("train.recorded_alt", units=found.units)))
    film.html(f'<img src="data:image/webp;base64,{source}" alt="{words}" style="width: 100%">')
    height = live.TALL if presenting.is_on() else live.LOW
    figure, words = base.held_curve(np.array(found.steps), np.array(found.errors), height)
    curve.markdown(t("train.recorded_error", first=found.errors[0], least=min(found.errors)))
    curve.plotly_chart(figure, alt=words, config=BARE, key="recorded")
