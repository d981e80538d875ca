"""A run named in the link: found again while it goes on, and taken up again when it was cut off."""

from __future__ import annotations

from typing import Any

import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.errors import HTMError
from htm_engine.estimator.network import HTM
from htm_engine.model.choosing import largest
from htm_engine.runs import memory
from htm_engine.runs.history import Run
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.recording import RecordedJob, live, resume

from ..kit.places import RUN, TRAINING
from ..kit.words import escaped, said, t, unmarked
from . import history, ownership

#: Seconds without a look after which a recorded run pauses; a tab that was closed by mistake,
#: or a telephone in a pocket, may come back.
ABANDON = 60.0


def new(model: HTM, data: Dataset) -> RecordedJob:
    """A run, entered in the history and in the address.

    Raises
    ------
    HTMError
        If the data cannot be divided or the training would not fit into memory.
    """
    shape = data.X.shape[1:]
    memory.check(model.layers or largest(shape), shape, model.batch_size or len(data) // 20)
    recipe = Recipe.of(model, data.name, data.fingerprint)
    learn, held = data.split(*SPLIT)
    units = " + ".join(str(spec.units) for spec in model.layers or ()) or "chosen"
    name = f"{data.name}, {units} units"
    run = RecordedJob(history.kept().history, recipe, learn, held, name=name, abandon_after=ABANDON)
    ownership.own(run.run)
    adopt(run)
    return run


def adopt(run: RecordedJob) -> None:
    """Show a run on this visitor's train page, and name it in the address."""
    fresh: dict[str, Any] = {
        TRAINING: run,
        "_view": None,
        "_taken": False,
        "_units_taken": False,
        "_saved": None,
        "_missing": None,
    }
    st.session_state.update(fresh)
    st.session_state.pop("_rivals", None)
    for name in ("model", "recipe", RUN):  # the model that the link named has served
        if name in st.query_params:
            del st.query_params[name]
    if run.run:
        history.know(run.run)
        st.query_params[RUN] = run.run


def attach() -> None:
    """Find the run that the address names; call it before anything asks for the run.

    An address that names none, as after a visit to another page, says the run at hand.
    """
    wanted, here = st.query_params.get(RUN, ""), st.session_state.get(TRAINING)
    if wanted and (here is None or here.run != wanted):
        going = live(wanted)
        if going is not None:
            adopt(going)
            going.look()
    elif here is not None and here.run and not wanted:
        st.query_params[RUN] = here.run


def offer() -> None:
    """Say how the run in the address stands, when it does not go on here."""
    wanted = st.query_params.get(RUN, "")
    if not wanted or st.session_state.get(TRAINING) is not None:
        return
    try:
        found = history.kept().history.get(wanted)
        if found is None:
            st.info(t("runs.the_run_that_this_link"))
        elif found.state == "running":
            st.info(t("runs.the_run_goes_on_in", name=escaped(found.name)))
        elif found.model is not None:
            if st.session_state.get("_opened_run") != wanted:
                history.use(found)
                st.session_state["_opened_run"] = wanted
                st.rerun()
            st.success(
                t(
                    "runs.the_run_is_over_steps",
                    name=escaped(found.name),
                    state=said(found.state),
                    step=found.step,
                )
            )
        else:
            offer_to_go_on(found)
    except HTMError as exc:
        st.error(unmarked(exc))


def offer_to_go_on(found: Run) -> None:
    """Where a run was cut off, and a button that takes it up again."""
    where = (
        t("runs.step_of_at_most", step=found.step, total=found.total)
        if found.total
        else t("runs.its_beginning")
    )
    name, why = escaped(found.name), f" {unmarked(found.error)}" if found.error else ""
    if found.checkpoint is None:
        st.warning(t("runs.the_run_ended_at_there", name=name, where=where, why=why))
        return
    st.warning(t("runs.the_run_was_at", name=name, state=said(found.state), where=where, why=why))
    st.button(
        t("runs.continue_from_step", checkpoint_step=found.checkpoint_step),
        key=f"go_on_{found.id}",
        icon=":material/resume:",
        on_click=go_on,
        args=(found,),
    )


def go_on(found: Run) -> None:
    """Take a run up again from its last checkpoint."""
    try:
        data = history.data_of(Recipe.from_json(found.settings))
        if data is None:
            st.session_state["_refused"] = t("runs.to_go_on_upload_the", data=found.data)
            return
        run = resume(history.kept().history, found.id, data, abandon_after=ABANDON)
    except HTMError as exc:
        st.session_state["_refused"] = said(exc)
        return
    st.session_state.pop("_refused", None)
    ownership.own(run.run)
    adopt(run)
    run.start()
