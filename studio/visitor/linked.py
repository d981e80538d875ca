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
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob

from ..kit import watching
from ..kit.words import escaped, said, t, unmarked
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
            st.error(unmarked(exc))
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
        watching.watch(lambda: st.session_state.get("_again"), lambda _: _draw(wanted))
        return
    missing = t("runs.this_link_shows_the_model", wanted=escaped(wanted))
    if not text:
        st.warning(t("runs.and_it_does_not_say", missing=missing), icon=":material/link_off:")
        return
    try:
        recipe = Recipe.unpacked(text)
    except HTMError as exc:
        st.warning(f"{missing}. {unmarked(exc)}", icon=":material/link_off:")
        return
    st.info(
        t("runs.it_was_trained_on_the", missing=missing, data=escaped(recipe.data)),
        icon=":material/link:",
    )
    if refused := st.session_state.get("_again_refused"):
        st.error(unmarked(refused))
    st.button(
        t("runs.train_it_again"),
        key="train_again",
        type="primary",
        icon=":material/replay:",
        on_click=_train,
        args=(recipe,),
    )


def _train(recipe: Recipe) -> None:
    data = history.data_of(recipe)
    if data is None:
        st.session_state["_again_refused"] = t("runs.the_data_is_not_here", data=recipe.data)
        return
    st.session_state.pop("_again_refused", None)
    learn, held = data.split(*SPLIT)
    job = RecordedJob(
        history.kept().history,
        recipe,
        learn,
        held,
        name=f"{data.name}, from a link",
        abandon_after=ABANDON,
    )
    st.session_state["_again"] = job
    job.start()


def _draw(wanted: str) -> None:
    job: RecordedJob | None = st.session_state.get("_again")
    if job is None:
        return
    seen = job.snapshot()
    if not seen.over:
        left = "" if seen.eta is None else t("runs.about_s_left", value=max(1, round(seen.eta)))
        words = t("runs.training_the_model_of_this", left=left, state=said(seen.state))
        watching.progress(job, words, "cancel_again")
        return
    model = job.result
    if model is None:
        st.session_state["_again"] = None
        st.session_state["_again_refused"] = seen.error or t("runs.training_was_cancelled")
        st.rerun()
        return
    if model.fingerprint == wanted or st.session_state.get("_accepted"):
        link = history.link_of(model.fingerprint, job.recipe)
        session.set_model(model, job.learn.name, "trained", link)
        session.set_parts(job.learn, job.held)
        st.session_state.update(_again=None, _missing=None, _accepted=False)
        st.rerun()
    st.warning(
        t("runs.training_arrived_at_instead_of", fingerprint=model.fingerprint, wanted=wanted)
    )
    if st.button(t("runs.use_it_all_the_same"), key="accept_again"):
        st.session_state["_accepted"] = True
        st.rerun(scope="fragment")
