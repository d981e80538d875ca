"""The link that shows another person exactly this page, and the same as a presentation."""

from __future__ import annotations

from typing import Any

import streamlit as st

from . import presenting, settings, words
from .links import link
from .places import LINKED_MODEL, RUN, TRAINING
from .words import t


def values() -> dict[str, Any]:
    """All that a link says: controls, language, and the run that goes on here, else the model."""
    training = st.session_state.get(TRAINING)
    if RUN in st.query_params and training is not None and not training.over:
        shown = {RUN: training.run}
    else:
        shown = dict(st.session_state.get(LINKED_MODEL, {}))
    return {**settings.drawn(), **shown, words.PARAMETER: words.language()}


def show() -> None:
    """Both links, to copy."""
    said = values()
    if RUN in said:
        st.markdown(t("frame.opens_this_page_with_run"))
    elif "model" in said:
        st.markdown(t("frame.opens_this_page_with_model", model=said["model"]))
    else:
        st.markdown(t("frame.opens_this_page"))
    address = st.context.url or ""
    st.code(link(address, said), language=None, wrap_lines=True)
    st.markdown(t("frame.as_a_presentation"))
    st.code(link(address, {**said, presenting.PARAMETER: 1}), language=None, wrap_lines=True)
