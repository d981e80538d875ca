"""Train: choose data and a network, watch it learn, hold it against others."""

import streamlit as st

from studio import frame
from studio.kit.words import said, t
from studio.train import compare, settings, view
from studio.train.settings import ON
from studio.visitor import history, resume, session

frame.page("train", t("train.choose_data_press_train_and"))
resume.attach()
# Whatever comes and goes has a place of its own: elements that move on the page are made
# anew, and an open expander below them would close under the visitor's hand.
with st.container():
    DATA = view.choose_data()
MODEL = settings.choose()
RUN = view.job()
buttons = st.container(horizontal=True)
buttons.button(
    t("train.train"),
    type="primary",
    key="train",
    icon=":material/play_arrow:",
    on_click=view.begin,
    args=(MODEL, DATA),
)
buttons.button(
    t("train.first_step_only"),
    key="first",
    icon=":material/skip_next:",
    on_click=view.begin,
    args=(MODEL, DATA, True),
)
buttons.button(t("train.reset"), key="reset", icon=":material/restart_alt:", on_click=view.reset)
with st.container():
    history.say_trouble()
    resume.offer()
    if refused := st.session_state.get("_refused"):
        st.error(said(refused))

LEVELS = len((RUN.model if RUN else session.current_model()).specs) or 1
LEVEL = -1 + ON.segments(
    "shown",
    t("train.units_shown"),
    options=range(1, LEVELS + 1),
    default=LEVELS,
    format_func=lambda level: t("train.level", level=level),
)


PACE = view.pace()


@st.fragment(run_every=PACE if RUN and not RUN.over else None)
def watch() -> None:
    if RUN is not None:
        if not RUN.over and not 0.5 <= view.pace() / PACE <= 2:
            st.rerun()  # others came or went: look less often, or more
        view.live(RUN, LEVEL)


with st.container():
    if RUN is None:
        FOUND = session.current()
        st.subheader(t("train.the_model_in_use"), anchor=False)
        st.markdown(t("train.this_is_the_model_train", described=FOUND.described))
        data = session.current_dataset()
        view.show(view.inside(FOUND.model, data, LEVEL, t("train.pictures")))
    else:
        watch()
        if RUN.result is not None:
            st.subheader(t("train.against_pca_k_means_and"), anchor=False)
            compare.against_others(RUN)
            view.report(RUN)

compare.sizes(MODEL, DATA)

with st.expander(t("train.save_and_load_models"), icon=":material/save:"):
    st.download_button(
        t("train.download_the_model_in_use"),
        view.model_bytes(session.current_model()),
        f"htm-{session.current_model().fingerprint}.npz",
        icon=":material/download:",
        on_click="ignore",
        key="download",
    )
    file = st.file_uploader(t("train.load_a_model_npz"), ["npz"], key="model")
    if file is not None:
        view.load_model(file)
frame.share_link()
