"""The train page's views: data to choose, the run as it goes, the model in and out of files."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from htm_engine import HTM
from htm_engine.data.datasets import Dataset, load_upload
from htm_engine.errors import HTMError
from htm_engine.evaluation.metrics import mse, psnr_of
from htm_engine.figures import base
from htm_engine.runs.background import POOL
from htm_engine.runs.jobs import JobSnapshot
from htm_engine.runs.recording import RecordedJob

from ..kit.pictures import alt, sheet
from ..kit.shapes import BARE, fits
from ..kit.words import said, t
from ..report import button
from ..visitor import handed, history, resume, session
from .settings import ON

#: Seconds between two looks at a running job at least and at most, more for every job of the
#: server; and between two looks inside its model, in looks.
LOOK, LONGEST_LOOK, LOOK_EACH, PEEK = 0.5, 5.0, 0.4, 4
ENDINGS = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "zip", "gz", "idx", "npy", "npz"]
SAMPLES = 10


# ---------------------------------------------------------------------- data
def choose_data() -> Dataset:
    """Named data or an upload."""
    choice = ON.segments("data", t("train.data"), help=t("train.digits_handwritten_x_scenes_drawn"))
    data = _uploaded() if choice == "upload" else session.load_data(choice)
    few = data.X[np.linspace(0, len(data) - 1, min(16, len(data))).astype(int)]
    st.image(
        sheet(few, columns=16, side=64, gap=6),
        width="stretch",
        alt=alt(t("train.pictures_of_2", few=len(few), name=data.name)),
    )
    sides = "x".join(str(side) for side in data.X.shape[1:])
    st.caption(t("train.pictures_of", data=len(data), sides=sides, source=said(data.source)))
    for note in data.notes:
        st.caption(f":material/info: {said(note)}")
    if data.skipped:
        with st.expander(t("train.files_were_left_out", skipped=len(data.skipped))):
            st.markdown("\n".join(f"- {line}" for line in data.skipped[:100]))
    return data


def _uploaded() -> Dataset:
    columns = st.columns(2)
    size = ON.number("side", t("train.side_to_fit_pictures_to"), columns[0])
    colour = ON.toggle("colour", t("train.keep_colour"), columns[1])
    sent = st.file_uploader(
        t("train.pictures_a_zip_of_pictures"),
        ENDINGS,
        key="upload",
    )
    file = handed.taken("data", sent)
    if file is None:
        st.info(t("train.choose_a_file_until_then"))
        return session.load_data()
    key = (file.file_id, int(size), colour)
    kept = st.session_state.get("_upload")
    if kept is None or kept[0] != key:
        try:
            with st.spinner(t("train.reading")):
                data = load_upload(
                    file.name,
                    file.getvalue(),
                    size=int(size) or None,
                    colour=None if colour else False,
                )
        except HTMError as exc:
            st.error(said(exc))
            return session.load_data()
        kept = (key, data)
        st.session_state["_upload"] = kept
    found: Dataset = kept[1]
    return found


# ------------------------------------------------------------------- the run
def job() -> RecordedJob | None:
    """This visitor's run, if there is one."""
    found: RecordedJob | None = st.session_state.get("_job")
    return found


def report(run: RecordedJob) -> None:
    """The run's story as a file, once its model is in the history."""
    found = history.kept().history.get(run.run)
    if found is not None and found.model is not None:
        button.button(found)
        button.show(found)


def begin(model: HTM, data: Dataset, single: bool = False) -> None:
    """Start a run on four fifths of the data; the rest is what it will be measured on."""
    old = job()
    if old is not None and not old.over:
        old.cancel()
    try:
        model.check_settings()
    except ValueError as exc:
        st.session_state["_refused"] = f"{exc}."
        return
    if len(data) < 2:
        st.session_state["_refused"] = t("train.training_needs_at_least_two")
        return
    st.session_state.pop("_refused", None)
    try:
        run = resume.new(model, data)
    except HTMError as exc:
        st.session_state["_refused"] = said(exc)
        return
    if single:
        run.step_once()
    else:
        run.start()


def reset() -> None:
    """Forget the run; the model in use goes back to the shipped one."""
    old = job()
    if old is not None and not old.over:
        old.cancel()
    for key in ("_job", "_parts", "_view", "_rivals", "_saved", "_folds"):
        st.session_state.pop(key, None)
    if resume.PARAMETER in st.query_params:
        del st.query_params[resume.PARAMETER]
    session.forget_model()


def controls(seen: JobSnapshot, run: RecordedJob) -> None:
    """Pause, resume, single step and stop, with progress and time left."""
    step = seen.step
    where = (
        t("train.waiting_to_begin")
        if step is None
        else (
            t("train.epoch_step_of_at_most", epoch=step.epoch, step=step.step, total=step.total)
            if step.phase == "units"
            else t("train.learning_to_draw_by_tables")
            if step.phase == "sampler"
            else t("train.measuring_the_tables_of_the")
        )
    )
    if seen.state == "queued" and seen.position:
        where = t("train.waiting_in_line_place", position=seen.position)
    elif seen.over and step is not None:
        where = t("train.steps_in_s", step=step.step, seconds=seen.seconds)
    left = (
        ""
        if seen.eta is None or run.ending
        else t("train.about_s_left", value=max(1, round(seen.eta)))
    )
    st.progress(min(1.0, seen.progress), f"{where}{left} ({said(seen.state)})")
    row = st.container(horizontal=True)
    paused = seen.state == "paused"
    if row.button(
        t("train.resume") if paused else t("train.pause"),
        key="pause",
        disabled=seen.over or run.ending,
        icon=":material/play_arrow:" if paused else ":material/pause:",
    ):
        (run.resume if paused else run.pause)()
        st.rerun(scope="fragment")
    if row.button(
        t("train.single_step"), key="single", disabled=not paused, icon=":material/skip_next:"
    ):
        run.step_once()
        st.rerun(scope="fragment")
    if seen.learned and not seen.over:
        row.button(
            t("train.skip_the_tables"),
            key="skip",
            disabled=run.ending,
            icon=":material/fast_forward:",
            on_click=run.skip,
        )
        st.caption(t("train.the_units_have_learned"))
    elif row.button(
        t("train.stop_and_keep"),
        key="stop",
        disabled=seen.over or run.ending,
        icon=":material/stop:",
    ):
        run.stop()
        st.rerun(scope="fragment")


def pace() -> float:
    """Seconds between two looks: the more jobs there are, the longer, as every look costs."""
    return min(LONGEST_LOOK, max(LOOK, LOOK_EACH * POOL.jobs))


def take(run: RecordedJob, model: HTM) -> None:
    """Make a run's model this visitor's, with what it learned from."""
    link = history.link_of(model.fingerprint, run.recipe)
    session.set_model(model, run.learn.name, "trained", link)
    session.set_parts(run.learn, run.held)


def live(run: RecordedJob, level: int) -> None:
    """Everything that moves while a run goes on; drawn again and again."""
    seen = run.snapshot()
    controls(seen, run)
    if run.trouble:
        st.warning(t("train.this_run_is_not_wholly", trouble=run.trouble))
    if seen.state == "failed":
        st.error(said(seen.error))
        return
    if seen.learned and not seen.over and not st.session_state.get("_units_taken"):
        units = run.peek()
        if units is not None:
            st.session_state["_units_taken"] = True
            take(run, units)
    if seen.over and not st.session_state.get("_taken"):
        st.session_state["_taken"] = True
        if run.result is not None:
            take(run, run.result)
        st.rerun()
    if seen.step is None:
        return
    if (choice := getattr(run.model, "choice_", None)) is not None:
        st.info(said(choice.reason), icon=":material/tune:")
        if choice.note:
            st.warning(said(choice.note), icon=":material/photo_library:")
    left, right = st.columns(2, gap="large")
    figure, words = base.error_curve(seen.steps, seen.errors, seen.held_steps, seen.held_errors)
    left.markdown(t("train.error_mean_squared_lower_is"))
    left.plotly_chart(figure, alt=words, config=BARE, key="curve")
    figure, words = base.usage(seen.usage, seen.dead)
    right.markdown(t("train.how_the_units_share_the"))
    right.plotly_chart(figure, alt=words, config=BARE, key="usage")
    view = st.session_state.get("_view")
    if view is None or view[1] != level or time.monotonic() - view[0] > PEEK * pace():
        model = run.peek()
        if model is None:
            return
        held = run.held
        view = (
            time.monotonic(),
            level,
            inside(model, held, level, t("train.pictures_it_does_not_learn")),
        )
        st.session_state["_view"] = view
    show(view[2])


@dataclass(frozen=True)
class Drawing:
    """A picture ready to show: what stands over it, the file, and its words."""

    title: str
    png: bytes
    words: str


def show(drawings: list[Drawing]) -> None:
    """Put drawings on the page."""
    for one in drawings:
        st.markdown(one.title)
        st.image(one.png, width="stretch", alt=one.words)


def inside(model: HTM, data: Dataset, level: int, which: str) -> list[Drawing]:
    """Draw a level's receptive fields, and ``which`` pictures over what remains of them."""
    level, drawings = min(level, len(model.hierarchy_.layers) - 1), []
    if fits(model, data):
        few = data.X[: min(SAMPLES, len(data))]
        rebuilt = np.asarray(model.reconstruct(few.reshape(-1, *model.layout))).reshape(few.shape)
        error = mse(few / 255, np.clip(rebuilt, 0, 1))
        drawings.append(
            Drawing(
                t("train.and_below_what_the_top", which=which),
                sheet([*(few / 255), *rebuilt], columns=len(few), side=80, gap=6),
                alt(
                    t("train.pictures_over_their_reconstructions", few=len(few)),
                    t("train.the_reconstructions_differ_by_db", error=psnr_of(error)),
                ),
            )
        )
    fields = model.receptive_fields(level)
    if fields.shape[-1] in (1, 3):
        shown = fields[:128, ..., 0] if fields.shape[-1] == 1 else fields[:128]
        drawings.append(
            Drawing(
                t("train.what_the_units_of_level", fields=len(fields), level=level + 1),
                sheet(shown, columns=16, side=56, gap=5),
                alt(t("train.prototypes_of_units_of_level", shown=len(shown), level=level + 1)),
            )
        )
    return drawings


def model_bytes(model: HTM) -> bytes:
    """The model as a file, made once."""
    kept = st.session_state.get("_saved")
    if kept is None or kept[0] is not model:
        stream = io.BytesIO()
        model.save(stream)
        kept = (model, stream.getvalue())
        st.session_state["_saved"] = kept
    data: bytes = kept[1]
    return data


def load_model(file: Any) -> None:
    """Make an uploaded model the visitor's own, or say why not."""
    if st.session_state.get("_loaded") == file.file_id:
        return
    try:
        model = HTM.load(io.BytesIO(file.getvalue()))
    except HTMError as exc:
        st.error(t("train.the_model_in_use_is", exc=said(exc)))
        return
    st.session_state["_loaded"] = file.file_id
    session.set_model(model, file.name, "uploaded")
    st.success(t("train.model_is_in_use_on", fingerprint=model.fingerprint))
