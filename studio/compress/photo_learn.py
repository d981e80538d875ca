"""A photo codec of the visitor's own: learned in the background, or brought along as a file.

::

    pictures ──► checked, decoded ──► learn()   in the background ──┐
    .npz     ──► checked                                            ├──► Own, for this session
                                                                    ┘     and for the download
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.errors import Cancelled, DataError, HTMError
from htm_engine.runs.background import Background

from ..kit import ahead, keeping, watching
from ..kit.words import escaped, said, t
from .choose import KINDS

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from htm_engine.coding.photo.model import PhotoModel

Pixels = NDArray[np.uint8]
#: Pictures and their pixels together; megabytes of a model's file.
MOST_PICTURES, MOST_PIXELS, MOST_MODEL_MB = 40, 24_000_000, 8
#: Seconds between two looks; seconds unseen, on another page, after which learning pauses.
LOOK, ABANDON = 1.0, 900.0
_JOB, _OWN, _REFUSED, _TAKEN = "_photo_learning", "_photo_own", "_photo_refused", "_photo_taken"


@dataclass(frozen=True)
class Own:
    """A codec and its file; ``name`` is its fingerprint."""

    name: str
    model: PhotoModel
    file: bytes


def current() -> Own | None:
    """The visitor's own codec, if there is one."""
    found: Own | None = st.session_state.get(_OWN)
    return found


def _hold(model: PhotoModel) -> None:
    stream = io.BytesIO()
    model.save(stream)
    keeping.make_private()
    st.session_state[_OWN] = Own(model.fingerprint.hex(), model, stream.getvalue())


def opened(content: bytes) -> PhotoModel:
    """A codec from its file, which comes from anywhere.

    Raises
    ------
    HTMError
        If it is none, is damaged, or is larger than a codec is.
    """
    from htm_engine.coding.photo.model import PhotoModel

    if len(content) > MOST_MODEL_MB * 1_000_000:
        raise DataError(f"The file of a photo codec has at most {MOST_MODEL_MB} MB.")
    return PhotoModel.load(io.BytesIO(content))


def learned(
    files: list[tuple[str, bytes]], ask: Callable[[], None] = lambda: None
) -> Iterator[tuple[float, str, PhotoModel | None]]:
    """Pictures read one after another, then learned from; sizes are known before they are decoded.

    Raises
    ------
    DataError
        If they are too many or too large together, or one cannot be read.
    """
    from htm_engine.coding.photo.learning import learn
    from htm_engine.data.apart import SECONDS, Patience
    from htm_engine.data.uploads import read_picture

    if len(files) > MOST_PICTURES:
        raise DataError(
            f"These are {len(files)} pictures; the page learns from at most {MOST_PICTURES}, "
            "the shell from any number: python -m htm_engine train-codec."
        )
    pictures: list[Pixels] = []
    left, waits = MOST_PIXELS, Patience(SECONDS, ask)
    for name, content in files:
        yield 0.0, "looking at the pictures", None
        read = read_picture(content, name, max_pixels=max(1, left), patience=waits)
        pictures.append(read.pixels)
        left -= read.pixels.shape[0] * read.pixels.shape[1]
    yield from learn(pictures)


def _start() -> None:
    """Begin to learn from what was uploaded; a callback."""
    st.session_state.pop(_REFUSED, None)
    files: list[UploadedFile] = st.session_state.get("photo_learn") or []
    sent = [(file.name, file.getvalue()) for file in files]

    def ask() -> None:
        job = begun[0] if begun else None
        if job is not None and (job.ending or time.monotonic() - job.seen > ABANDON):
            raise Cancelled("nobody waits for the pictures")

    begun: list[Background] = []
    steps = partial(ahead.after, partial(learned, sent, ask))
    begun.append(watching.start(_JOB, (), steps, "photo codec", abandon_after=ABANDON))


def _job() -> Background | None:
    return watching.job_of(_JOB)


def collect() -> None:
    """Take what was learned in the background; call it before the page asks for the codec."""
    job = _job()
    if job is None or not job.over:
        return
    st.session_state.pop(_JOB)
    if job.error:
        st.session_state[_REFUSED] = said(job.error)
    elif job.state == "finished" and job.items:
        _hold(job.items[-1][2])


def show() -> None:
    """The section of the page."""
    live = watching.live(_job())
    with st.expander(
        t("compress.own_codec"),
        expanded=live or current() is not None,
        icon=":material/model_training:",
    ):
        st.markdown(t("compress.own_codec_is"))
        left, right = st.columns(2, gap="large")
        files = left.file_uploader(
            t("compress.photographs_to_learn_from"),
            KINDS,
            accept_multiple_files=True,
            key="photo_learn",
            disabled=live,
            help=t(
                "compress.photographs_to_learn_help", most=MOST_PICTURES, pixels=MOST_PIXELS / 1e6
            ),
        )
        left.button(
            t("compress.learn_a_codec", count=len(files)),
            key="photo_learn_go",
            type="primary",
            disabled=live or not files,
            on_click=_start,
            icon=":material/play_arrow:",
        )
        _take(
            right.file_uploader(
                t("compress.or_a_codec_learned_before"),
                ["npz"],
                key="photo_model",
                disabled=live,
                max_upload_size=MOST_MODEL_MB,
            )
        )
        if refused := st.session_state.get(_REFUSED):
            st.error(escaped(refused), icon=":material/error:")
        watching.watch(_job, _draw, LOOK)
        _mine()


def _take(file: UploadedFile | None) -> None:
    """Use an uploaded codec, once: a visitor may have gone back to the shipped one since."""
    if file is None or st.session_state.get(_TAKEN) == file.file_id:
        return
    st.session_state[_TAKEN] = file.file_id
    try:
        _hold(opened(file.getvalue()))
    except HTMError as exc:
        st.session_state[_REFUSED] = said(exc)
    else:
        st.session_state.pop(_REFUSED, None)
        st.rerun()


def _draw(job: Background | None) -> None:
    if job is None:
        return
    items = list(job.items)
    doing = said(items[-1][1]) if items else ""
    words = t("compress.learning_codec", part=job.progress, doing=doing)
    watching.progress(job, words, "photo_learn_stop")


def _mine() -> None:
    own = current()
    if own is None:
        return
    st.success(t("compress.own_codec_used", name=own.name[:8]), icon=":material/check:")
    with st.container(horizontal=True):
        st.download_button(
            t("compress.download_the_codec", size=len(own.file) / 1e6),
            own.file,
            f"codec-{own.name[:8]}.npz",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
            key="photo_model_download",
        )
        st.button(
            t("compress.back_to_shipped"),
            key="photo_shipped",
            icon=":material/undo:",
            on_click=lambda: st.session_state.pop(_OWN),
        )
