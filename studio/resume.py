"""A run named in the link: found again while it goes on, and taken up again when it was cut off."""

from __future__ import annotations

from typing import Any

import streamlit as st

from htm_engine.datasets import Dataset
from htm_engine.errors import HTMError
from htm_engine.network import HTM
from htm_engine.recipe import SPLIT, Recipe
from htm_engine.recording import RecordedJob, live, resume
from htm_engine.runs import Run

from . import history

#: Seconds without a look after which a recorded run pauses; a tab that was closed by mistake,
#: or a telephone in a pocket, may come back.
ABANDON = 60.0
PARAMETER = "run"


def new(model: HTM, data: Dataset) -> RecordedJob:
    """A run, entered in the history and in the address.

    Raises
    ------
    HTMError
        If the data cannot be divided or the settings ask for too much.
    """
    recipe = Recipe.of(model, data.name, data.fingerprint)
    learn, held = data.split(*SPLIT)
    name = f"{data.name}, {' + '.join(str(spec.units) for spec in model.layers)} units"
    run = RecordedJob(history.kept().history, recipe, learn, held, name=name, abandon_after=ABANDON)
    adopt(run)
    return run


def adopt(run: RecordedJob) -> None:
    """Show a run on this visitor's train page, and name it in the address."""
    fresh: dict[str, Any] = {
        "_job": run, "_view": None, "_taken": False,
        "_rivals": None, "_saved": None, "_missing": None,
    }  # fmt: skip
    st.session_state.update(fresh)
    for name in ("model", "recipe", PARAMETER):  # the model that the link named has served
        if name in st.query_params:
            del st.query_params[name]
    if run.run:
        history.know(run.run)
        st.query_params[PARAMETER] = run.run


def attach() -> None:
    """Find the run that the address names; call it before anything asks for the run."""
    wanted = st.query_params.get(PARAMETER, "")
    if wanted and st.session_state.get("_job") is None:
        going = live(wanted)
        if going is not None:
            adopt(going)
            going.look()


def offer() -> None:
    """Say how the run in the address stands, when it does not go on here."""
    wanted = st.query_params.get(PARAMETER, "")
    if not wanted or st.session_state.get("_job") is not None:
        return
    try:
        found = history.kept().history.get(wanted)
        if found is None:
            st.info("The run that this link names is not in this server's history.")
        elif found.state == "running":
            st.info(f"The run “{found.name}” goes on in another process of this server.")
        elif found.model is not None:
            if st.session_state.get("_opened_run") != wanted:
                history.use(found)
                st.session_state["_opened_run"] = wanted
                st.rerun()
            st.success(
                f"The run “{found.name}” is over ({found.state}, {found.step:,} steps). "
                "Its model is in use on every page."
            )
        else:
            offer_to_go_on(found)
    except HTMError as exc:
        st.error(f"{exc}")


def offer_to_go_on(found: Run) -> None:
    """Where a run was cut off, and a button that takes it up again."""
    where = f"step {found.step:,} of at most {found.total:,}" if found.total else "its beginning"
    why = f" {found.error}" if found.error else ""
    if found.checkpoint is None:
        st.warning(f"The run “{found.name}” ended at {where}; there is nothing to go on from.{why}")
        return
    st.warning(f"The run “{found.name}” was {found.state} at {where}.{why}")
    st.button(
        f"Go on from step {found.checkpoint_step:,}", key=f"go_on_{found.id}",
        icon=":material/resume:", on_click=go_on, args=(found,),
    )  # fmt: skip


def go_on(found: Run) -> None:
    """Take a run up again from its last checkpoint."""
    try:
        data = history.data_of(Recipe.from_json(found.settings))
        if data is None:
            st.session_state["_refused"] = (
                f"To go on, upload the data of this run again ({found.data}); "
                "uploads are not kept on the server."
            )
            return
        run = resume(history.kept().history, found.id, data, abandon_after=ABANDON)
    except HTMError as exc:
        st.session_state["_refused"] = f"{exc}"
        return
    st.session_state.pop("_refused", None)
    adopt(run)
    run.start()
