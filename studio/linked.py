"""A link that names a model: found in the history, or trained again from the link itself.

::

    ?model=FINGERPRINT&recipe=...  ──► the visitor's own, the shipped one, or one of a run
                                   └─► none of these: an offer to train it; the same
                                       settings arrive at the same fingerprint
"""

from __future__ import annotations

import re

import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.recipe import SPLIT, Recipe
from htm_engine.recording import RecordedJob

from . import history, session
from .resume import ABANDON

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def follow() -> None:
    """Use the model that the address names, or offer to train it again."""
    wanted = st.query_params.get("model", "")
    state = st.session_state
    if _FINGERPRINT.fullmatch(wanted) and state.get("_followed") != wanted:
        state["_followed"], state["_missing"] = wanted, None
        try:
            if not _have(wanted):
                state["_missing"] = (wanted, st.query_params.get("recipe", ""))
        except HTMError as exc:
            st.error(f"{exc}")
    if state.get("_missing"):
        _offer(*state["_missing"])


def _have(wanted: str) -> bool:
    found = session.current()
    if found is not None and found.model.fingerprint == wanted:
        return True
    run = history.kept().history.by_fingerprint(wanted)
    if run is not None:
        history.use(run)
        return True
    shipped = session.shipped()
    if shipped is not None and shipped.model.fingerprint == wanted:
        session.forget_model()
        return True
    return False


def _offer(wanted: str, text: str) -> None:
    job: RecordedJob | None = st.session_state.get("_again")
    if job is not None:
        _watch(wanted)
        return
    missing = f"This link shows the model {wanted}, which this server does not have"
    if not text:
        st.warning(f"{missing}, and it does not say how to train it.", icon=":material/link_off:")
        return
    try:
        recipe = Recipe.unpacked(text)
    except HTMError as exc:
        st.warning(f"{missing}. {exc}", icon=":material/link_off:")
        return
    st.info(
        f"{missing}. It was trained on {recipe.data}; the settings are in the link, and training "
        "again arrives at the same model.",
        icon=":material/link:",
    )
    if refused := st.session_state.get("_again_refused"):
        st.error(refused)
    st.button(
        "Train it again", key="train_again", type="primary", icon=":material/replay:",
        on_click=_train, args=(recipe,),
    )  # fmt: skip


def _train(recipe: Recipe) -> None:
    data = history.data_of(recipe)
    if data is None:
        st.session_state["_again_refused"] = (
            f"The data is not here ({recipe.data}). Upload the same pictures on the Train page, "
            "then open the link again."
        )
        return
    st.session_state.pop("_again_refused", None)
    learn, held = data.split(*SPLIT)
    job = RecordedJob(
        history.kept().history, recipe, learn, held, name=f"{data.name}, from a link",
        abandon_after=ABANDON,
    )  # fmt: skip
    st.session_state["_again"] = job
    job.start()


@st.fragment(run_every=0.5)
def _watch(wanted: str) -> None:
    job: RecordedJob | None = st.session_state.get("_again")
    if job is None:
        return
    seen = job.snapshot()
    if not seen.over:
        left = "" if seen.eta is None else f", about {max(1, round(seen.eta))} s left"
        st.progress(seen.progress, f"Training the model of this link again{left} ({seen.state})")
        if st.button("Cancel", key="cancel_again"):
            job.cancel()
        return
    model = job.result
    if model is None:
        st.session_state["_again"] = None
        st.session_state["_again_refused"] = seen.error or "Training was cancelled."
        st.rerun()
        return
    if model.fingerprint == wanted or st.session_state.get("_accepted"):
        link = history.link_of(model.fingerprint, job.recipe)
        session.set_model(model, job.learn.name, "trained", link)
        session.set_parts(job.learn, job.held)
        st.session_state.update(_again=None, _missing=None, _accepted=False)
        st.rerun()
    st.warning(
        f"Training arrived at {model.fingerprint} instead of {wanted}: other processors and "
        "versions may differ in the last bits. What you see will be close, not equal."
    )
    if st.button("Use it all the same", key="accept_again"):
        st.session_state["_accepted"] = True
        st.rerun(scope="fragment")
