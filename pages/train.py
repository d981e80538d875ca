"""Train: choose data and a network, watch it learn, hold it against others."""

import streamlit as st

from studio import frame
from studio.kit import presenting, watching
from studio.kit.words import t, unmarked
from studio.train import compare, live, opening, settings, view
from studio.visitor import history, resume, session

frame.page("train", t("train.choose_data_press_train_and"))
resume.attach()
RUN = view.job()
LEFT, RIGHT = st.columns([2, 3], gap="large")
# Whatever comes and goes has a place of its own: elements that move on the page are made
# anew, and an open expander below them would close under the visitor's hand.
with LEFT.container(key=presenting.HIDDEN):
    with st.container():
        DATA = view.choose_data()
    MODEL = settings.choose(lambda model: view.buttons(model, DATA))
LEVELS = len((RUN.model if RUN else session.current_model()).specs) or 1
with RIGHT, st.container():
    history.say_trouble()
    resume.offer()
    if refused := st.session_state.get("_refused"):
        st.error(unmarked(refused))


# Beside the units that it chooses from; a recorded training has but one level.
with RIGHT if RUN or opening.shows_model(DATA) else LEFT:
    LEVEL = view.choose_level(LEVELS)
PACE = view.pace()


@st.fragment(run_every=PACE if RUN and not RUN.over else None)
def watch() -> None:
    if RUN is not None:
        if not RUN.over and not 0.5 <= view.pace() / PACE <= 2:
            st.rerun()  # others came or went: look less often, or more
        live.show(RUN, LEVEL)


with RIGHT.container(key=f"{watching.STEADY}_run" if RUN else None):
    if RUN is None:
        opening.show(DATA, LEVEL)
    else:
        watch()
with st.container():
    if RUN is not None and RUN.result is not None:
        st.subheader(t("train.against_pca_k_means_and"), anchor=False)
        compare.against_others(RUN)
        view.report(RUN)

with st.container():
    if not view.waits():
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
