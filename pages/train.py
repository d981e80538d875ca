"""Train: choose data and a network, watch it learn, hold it against others."""

import streamlit as st

from htm_engine.training import select
from studio import frame, history, resume, session, train_settings, train_view

frame.guard()
frame.page(
    "Train",
    ":material/model_training:",
    "Choose data, press **Train**, and watch units compete until each has found its place.",
)
resume.attach()
# Whatever comes and goes has a place of its own: elements that move on the page are made
# anew, and an open expander below them would close under the visitor's hand.
with st.container():
    DATA, CHOICE = train_view.choose_data()
MODEL, VALUES = train_settings.choose()
RUN = train_view.job()
buttons = st.container(horizontal=True)
buttons.button(
    "Train", type="primary", key="train", icon=":material/play_arrow:",
    on_click=train_view.begin, args=(MODEL, DATA),
)  # fmt: skip
buttons.button(
    "First step only", key="first", icon=":material/skip_next:",
    on_click=train_view.begin, args=(MODEL, DATA, True),
)  # fmt: skip
buttons.button("Reset", key="reset", icon=":material/restart_alt:", on_click=train_view.reset)
with st.container():
    history.say_trouble()
    resume.offer()
    if refused := st.session_state.get("_refused"):
        st.error(refused)

LEVELS = len(RUN.model.layers if RUN else session.current_model().layers)
SHOWN = st.segmented_control(
    "Units shown", list(range(1, LEVELS + 1)), default=LEVELS, key="shown", bind="query-params",
    format_func=lambda level: f"level {level}",
)  # fmt: skip
LEVEL = (SHOWN or LEVELS) - 1


@st.fragment(run_every=train_view.LOOK if RUN and not RUN.over else None)
def watch() -> None:
    if RUN is not None:
        train_view.live(RUN, LEVEL)


@st.fragment(run_every=1.0)
def compare() -> None:
    rivals = st.session_state.get("_rivals")
    if rivals is not None:
        train_view.show_rivals(rivals)
    elif st.button("Compare at equal bytes", key="rivals", icon=":material/balance:"):
        st.session_state["_rivals"] = train_view.rivals(RUN.result, RUN.learn, RUN.held)
        st.session_state["_rivals"].start()
        st.rerun(scope="fragment")


@st.fragment(run_every=1.0)
def sizes() -> None:
    run = st.session_state.get("_folds")
    if st.button("Cross-validate", key="cv", disabled=run is not None and not run.over):
        st.session_state["_folds"] = run = train_view.folds(MODEL, DATA)
        run.start()
    results = train_view.show_folds(run) if run is not None else []
    if results:
        layers = select(results)["layers"]
        top = layers[-1]
        st.markdown(f"Least mean error: **{top.units} units of rank {top.rank}** at the top.")
        if st.button(
            "Use these sizes", key="use", on_click=train_settings.take_sizes, args=(layers,)
        ):
            st.rerun()


with st.container():
    if RUN is None:
        FOUND = session.current()
        st.subheader("The model in use", anchor=False)
        st.markdown(f"This is the model {FOUND.described}. Train one to put it in its place.")
        data = session.current_dataset()
        train_view.show(train_view.inside(FOUND.model, data, LEVEL, "Pictures"))
    else:
        watch()
        if RUN.result is not None:
            st.subheader("Against PCA, k-means and an MLP autoencoder", anchor=False)
            compare()

with st.expander("Which sizes? Cross-validation", icon=":material/grid_view:"):
    st.markdown(
        "Three folds for each of up to six sizes of the top level, on at most 1,500 pictures; "
        "the least mean error on pictures left out is selected."
    )
    if st.toggle("Show", key="cv_open"):
        sizes()

with st.expander("Save and load models", icon=":material/save:"):
    st.download_button(
        "Download the model in use", train_view.model_bytes(session.current_model()),
        f"htm-{session.current_model().fingerprint}.npz", icon=":material/download:",
        on_click="ignore", key="download",
    )  # fmt: skip
    file = st.file_uploader("Load a model (.npz)", ["npz"], key="model")
    if file is not None:
        train_view.load_model(file)
frame.share_link({"data": CHOICE, "shown": LEVEL + 1} | VALUES)
