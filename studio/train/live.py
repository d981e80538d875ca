"""A run as it goes: its stage, one curve, its units and what they keep, and what can be done.

::

    stage and bar            what is under way, how much of it, time left where that is known
    buttons                  for whoever began the run; who was sent its link only looks
    held-out error           from before the first step to the last, the least one marked
    units, reconstructions   by a copy of the model, exchanged when a new one is there
    folded                   batches and shares of the units, for experts

Drawn again and again while the run goes on: nothing here waits for a step.
"""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from htm_engine.figures import base
from htm_engine.runs.jobs import JobSnapshot
from htm_engine.runs.recording import RecordedJob

from ..kit import presenting
from ..kit.shapes import BARE
from ..kit.words import said, t, unmarked
from ..visitor import ownership
from . import after, view

#: Pixels that the curve is high on a slide, and beside the controls.
TALL, LOW = 320, 200
#: Looks at a running job between two looks inside its model.
PEEK = 4
#: Where the session keeps that the units of its run are in use.
UNITS_TAKEN = "_units_taken"


def show(run: RecordedJob, level: int) -> None:
    """Everything that moves while a run goes on."""
    seen = run.snapshot()
    _progress(seen, run)
    if run.trouble:
        st.warning(t("train.this_run_is_not_wholly", trouble=unmarked(run.trouble)))
    if seen.state == "failed":
        st.error(unmarked(seen.error))
        return
    _take_over(seen, run)
    if seen.over and run.result is not None:
        after.show(run)
    elif seen.learned and st.session_state.get(UNITS_TAKEN):
        after.next_steps()
    if seen.step is None:
        return
    if (choice := getattr(run.model, "choice_", None)) is not None and choice.note:
        st.warning(said(choice.note), icon=":material/photo_library:")
    drawings = _inside(seen, run, level)
    if presenting.is_on():
        left, right = st.columns(2, gap="large")
    else:
        left = right = st.container()
    with left:
        _curve(seen, run)
    with right:
        view.show(drawings)
    _details(seen, run)


# ------------------------------------------------------------------ how it stands
def _progress(seen: JobSnapshot, run: RecordedJob) -> None:
    """The stage, a bar, and for whoever began the run, its buttons."""
    st.progress(min(1.0, seen.stage_done), f"{stage(seen, run)} ({state(seen, run)})")
    if not ownership.mine(run.run):
        if not seen.over:
            st.caption(t("train.you_are_watching"))
        return
    row = st.container(horizontal=True)
    waits = seen.state == "paused" or run.pausing
    row.button(
        t("train.resume") if waits else t("train.pause"),
        # Two buttons: what was clicked as the one is never taken for a click on the other.
        key="resume" if waits else "pause",
        disabled=seen.over or run.ending,
        icon=":material/play_arrow:" if waits else ":material/pause:",
        on_click=run.resume if waits else run.pause,
    )
    row.button(
        t("train.single_step"),
        key="single",
        disabled=seen.state != "paused",
        icon=":material/skip_next:",
        on_click=run.step_once,
    )
    if seen.learned and not seen.over:
        row.button(
            t("train.skip_the_tables"),
            key="skip",
            disabled=run.skipped,
            icon=":material/fast_forward:",
            on_click=run.skip,
        )
        st.caption(t("train.the_units_have_learned"))
    else:
        row.button(
            t("train.stop_and_keep"),
            key="stop",
            disabled=seen.over or run.ending,
            icon=":material/stop:",
            on_click=run.stop,
        )


def stage(seen: JobSnapshot, run: RecordedJob) -> str:
    """What is under way, in words, and the time left where it is known."""
    step = seen.step
    if seen.over:
        return t("train.steps_in_s", step=0 if step is None else step.step, seconds=seen.seconds)
    if seen.position:
        return t("train.waiting_in_line_place", position=seen.position)
    if step is None:
        return t("train.placing") if run.model.layers else t("train.choosing_and_placing")
    if seen.learned and seen.stage_done >= 1:
        return t("train.measuring_and_saving")
    if step.phase != "units":
        if step.phase == "sampler":
            return t("train.tables_to_draw_by", part=seen.stage_done)
        return t("train.tables_of_files", part=seen.stage_done)
    if not step.step:
        return t("train.placed_and_nothing_learned")
    left = "" if seen.eta is None or run.ending else t("train.at_most_s_left", value=seen.eta)
    where = t("train.epoch_step_of_at_most", epoch=step.epoch, step=step.step, total=step.total)
    return where + left


def state(seen: JobSnapshot, run: RecordedJob) -> str:
    """The run's state, or what it was just asked for."""
    if not seen.over and run.ending and not seen.learned:
        return t("train.stopping")
    return t("train.pausing") if run.pausing else said(seen.state)


def _take_over(seen: JobSnapshot, run: RecordedJob) -> None:
    """Make the run's model this visitor's: as soon as its units have learned, and at the end."""
    if seen.learned and not seen.over and not st.session_state.get(UNITS_TAKEN):
        units = run.peek(0)
        if units is not None:
            st.session_state[UNITS_TAKEN] = True
            view.take(run, units)
    if seen.over and not st.session_state.get("_taken"):
        st.session_state["_taken"] = True
        if run.result is not None:
            view.take(run, run.result)
        st.rerun()


# ------------------------------------------------------------------ what is learned
def _curve(seen: JobSnapshot, run: RecordedJob) -> None:
    """Held-out error, and in a sentence where it began and where it is least."""
    steps, errors = seen.held_steps, seen.held_errors
    if seen.step is None or not len(errors):
        st.caption(t("train.nothing_is_held_out"))
        return
    best = int(np.argmin(errors))
    each = max(1, seen.step.total // run.model.epochs)  # steps of an epoch
    st.markdown(
        t(
            "train.held_out_error_went",
            first=errors[0],
            least=errors[best],
            step=int(steps[best]),
            epoch=-(-int(steps[best]) // each),
        )
        if best
        else t("train.held_out_error_begins", first=errors[0], last=errors[-1])
    )
    height = TALL if presenting.is_on() else LOW
    figure, words = base.held_curve(steps, errors, height)
    st.plotly_chart(figure, alt=words, config=BARE, key="curve")


def _inside(seen: JobSnapshot, run: RecordedJob, level: int) -> list[view.Drawing]:
    """The model's drawings: those of before, until it is time for new ones and they are there."""
    kept = st.session_state.get("_view")
    asked = (level, seen.over)
    if kept is not None and kept[1] == asked and time.monotonic() - kept[0] <= PEEK * view.pace():
        return list(kept[2])
    model = run.peek(0)
    if model is None:
        return list(kept[2]) if kept is not None else []
    drawings = view.inside(model, run.held, level, t("train.pictures_it_does_not_learn"))
    st.session_state["_view"] = (time.monotonic(), asked, drawings)
    return drawings


def _details(seen: JobSnapshot, run: RecordedJob) -> None:
    """Why these sizes, how evenly units win, and the error of every batch."""
    with st.expander(t("train.for_experts"), icon=":material/monitoring:"):
        if (choice := getattr(run.model, "choice_", None)) is not None:
            st.markdown(said(choice.reason))
        left, right = st.columns(2, gap="large")
        if seen.usage:
            figure, words = base.usage(seen.usage, seen.dead)
            left.markdown(t("train.how_the_units_share_the"))
            left.plotly_chart(figure, alt=words, config=BARE, key="usage")
        figure, words = base.batch_curve(seen.steps, seen.errors)
        right.markdown(t("train.error_of_every_batch"))
        right.plotly_chart(figure, alt=words, config=BARE, key="batches")
