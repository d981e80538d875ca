"""Runs: every training so far, side by side, to go on with or to use."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame, runs_view

frame.guard()
frame.page(
    "Runs",
    ":material/history:",
    "Every training so far. Compare runs, go on with one, or use its model on every page.",
)
LINK = {}
try:
    runs_view.say()
    runs_view.answer()
    FOUND, LINK = runs_view.pick()
    if FOUND:
        runs_view.table(FOUND)
        CHOSEN = runs_view.choose(FOUND)
        LINK["runs"] = [run.id for run in CHOSEN]
        if CHOSEN:
            runs_view.curves(CHOSEN)
            runs_view.side_by_side(CHOSEN)
    else:
        st.info("There is no such run yet. Train a network, and it stands here.")
        st.page_link("pages/train.py", label="Train", icon=":material/model_training:")
    runs_view.put_away()
except HTMError as exc:
    st.error(f"{exc}")
frame.share_link(LINK)
