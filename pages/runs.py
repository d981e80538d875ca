"""Runs: every training so far, side by side, to go on with or to use."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame
from studio.kit.words import t, unmarked
from studio.runs import view

frame.page("runs", t("runs.every_training_so_far_compare"))
try:
    view.say()
    view.answer()
    FOUND = view.pick()
    if FOUND:
        view.table(FOUND)
        CHOSEN = view.choose(FOUND)
        if CHOSEN:
            view.curves(CHOSEN)
            view.side_by_side(CHOSEN)
    else:
        st.info(t("runs.there_is_no_such_run"))
        st.page_link("pages/train.py", label=t("runs.train"), icon=":material/model_training:")
    view.put_away()
except HTMError as exc:
    st.error(unmarked(exc))
frame.share_link()
