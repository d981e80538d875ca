"""The train page's views: data to choose, a run begun, the model in and out of files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from htm_engine import HTM
from htm_engine.data.datasets import Dataset, load_upload
from htm_engine.errors import HTMError
from htm_engine.evaluation.metrics import mse, psnr_of
from htm_engine.runs.background import POOL
from htm_engine.runs.recording import RecordedJob

from ..kit import reading
from ..kit.pictures import alt, sheet
from ..kit.places import RUN, TRAINING
from ..kit.shapes import fits
from ..kit.words import said, t, unmarked
from ..report import button
from ..visitor import handed, history, ownership, resume, session
from .settings import ON

#: Whether the visitor's own pictures are being read as the page is drawn.
_READING = "_pictures_are_read"
#: Seconds between two looks at a running job at least and at most, more for every job of the
#: server.
LOOK, LONGEST_LOOK, LOOK_EACH = 0.5, 5.0, 0.4
ENDINGS = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "zip", "gz", "idx", "npy", "npz"]
SAMPLES = 10


# ---------------------------------------------------------------------- data
def choose_data() -> Dataset:
    """Named data or an upload."""
    choice = ON.segments(
        "data",
        t("train.data"),
        format_func=lambda name: t(f"train.data_{name}"),
        help=t("train.digits_handwritten_x_scenes_drawn"),
    )
    st.session_state[_READING] = False
    data = _uploaded() if choice == "upload" else session.load_data(choice)
    few = data.X[np.linspace(0, len(data) - 1, min(16, len(data))).astype(int)]
    st.image(
        sheet(few, columns=8, side=64, gap=6),
        width="stretch",
        alt=alt(t("train.pictures_of_2", few=len(few), name=session.named(data.name))),
    )
    sides = "x".join(str(side) for side in data.X.shape[1:])
    st.caption(t("train.pictures_of", data=len(data), sides=sides, source=unmarked(data.source)))
    for note in data.notes:
        st.caption(f":material/info: {unmarked(note)}")
    if data.skipped:
        with st.expander(t("train.files_were_left_out", skipped=len(data.skipped))):
            st.markdown("\n".join(f"- {unmarked(line)}" for line in data.skipped[:100]))
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
        reading.forget("data")
        st.info(t("train.choose_a_file_until_then"))
        return session.load_data()
    key = (file.file_id, int(size), colour)
    name, content = file.name, file.getvalue()
    side, keep = int(size) or None, None if colour else False
    try:
        data = reading.of(
            "data",
            key,
            lambda told: load_upload(name, content, size=side, colour=keep, told=told),
        )
    except HTMError as exc:
        st.error(unmarked(exc))
        data = None
    if data is None:
        st.info(t("train.until_then_the_digits"))
        st.session_state[_READING] = reading.goes_on("data")
        return session.load_data()
    st.session_state["_upload"] = key, data
    return data


# ------------------------------------------------------------------- the run
def job() -> RecordedJob | None:
    """This visitor's run, if there is one."""
    found: RecordedJob | None = st.session_state.get(TRAINING)
    return found


def report(run: RecordedJob) -> None:
    """The run's story as a file, once its model is in the history."""
    found = history.kept().history.get(run.run)
    if found is not None and found.model is not None:
        button.button(found)
        button.show(found)


def begin(model: HTM, data: Dataset, single: bool = False) -> None:
    """Start a run on four fifths of the data; the rest is what it will be measured on."""
    _leave()
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


def waits() -> bool:
    """Whether the visitor's pictures are being read; until then nothing is trained on others."""
    return bool(st.session_state.get(_READING))


def buttons(model: HTM, data: Dataset) -> None:
    """What begins a run, and what forgets it."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("train.train"),
            type="primary",
            key="train",
            icon=":material/play_arrow:",
            on_click=begin,
            args=(model, data),
            disabled=waits(),
        )
        st.button(
            t("train.step_by_step"),
            key="first",
            on_click=begin,
            args=(model, data, True),
            help=t("train.step_by_step_help"),
            disabled=waits(),
        )
        st.button(t("train.reset"), key="reset", on_click=reset)


def choose_level(levels: int) -> int:
    """The level whose units are shown, from 0; a choice only where there are several."""
    if levels == 1:
        return 0
    chosen: int = ON.segments(
        "shown",
        t("train.units_shown"),
        options=range(1, levels + 1),
        default=levels,
        format_func=lambda level: t("train.level", level=level),
        label_visibility="collapsed",
    )
    return chosen - 1


def _leave() -> None:
    """End the visitor's own run, if it goes on; somebody else's goes on without them."""
    old = job()
    if old is not None and not old.over and ownership.mine(old.run):
        old.cancel()


def reset() -> None:
    """Forget the run; the model in use goes back to the shipped one."""
    _leave()
    for key in (TRAINING, "_parts", "_view", "_rivals", "_saved", "_folds", "_stored"):
        st.session_state.pop(key, None)
    if RUN in st.query_params:
        del st.query_params[RUN]
    session.forget_model()


def pace() -> float:
    """Seconds between two looks: the more jobs there are, the longer, as every look costs."""
    return min(LONGEST_LOOK, max(LOOK, LOOK_EACH * POOL.jobs))


def take(run: RecordedJob, model: HTM) -> None:
    """Make a run's model this visitor's, with what it learned from."""
    link = history.link_of(model.fingerprint, run.recipe)
    session.set_model(model, run.learn.name, "trained", link)
    session.set_parts(run.learn, run.held)


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
        st.error(t("train.the_model_in_use_is", exc=unmarked(exc)))
        return
    st.session_state["_loaded"] = file.file_id
    session.set_model(model, file.name, "uploaded")
    st.success(t("train.model_is_in_use_on", fingerprint=model.fingerprint))
