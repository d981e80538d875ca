"""Runs: every training so far, side by side, to go on with or to use."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame, runs_view
from studio.words import said, t

frame.page("runs", t("runs.every_training_so_far_compare"))
try:
    runs_view.say()
    runs_view.answer()
    FOUND = runs_view.pick()
    if FOUND:
        runs_view.table(FOUND)
        CHOSEN = runs_view.choose(FOUND)
        if CHOSEN:
            runs_view.curves(CHOSEN)
            runs_view.side_by_side(CHOSEN)
    else:
        st.info(t("runs.there_is_no_such_run"))
        st.page_link("pages/train.py", label=t("runs.train"), icon=":material/model_training:")
    runs_view.put_away()
except HTMError as exc:
    st.error(said(exc))
frame.share_link()
