"""The Compress page's photographs: settings, progress, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.coding.metadata import NOTHING, Metadata
from htm_engine.errors import DataError, HTMError
from htm_engine.runs.background import Background

from ..kit import reading, watching
from ..kit.pictures import alt
from ..kit.words import t, unmarked
from ..visitor import handed
from . import example, photo_early, photo_learn, photo_view, photo_work
from .choose import KINDS, ON

if TYPE_CHECKING:
    from htm_engine.coding.photo.model import PhotoModel
    from htm_engine.data.uploads import Picture

Pixels = NDArray[np.uint8]
#: A picture, and what it has besides.
Sent = tuple[Pixels, Metadata]
#: How the sample, and a file without a name, are called.
UNNAMED = "photograph"
#: Where the session keeps the visitor's last photograph that could be read, and its name.
_LAST = "_last_photo"


def show() -> None:
    """The page below its first choice."""
    photo_learn.collect()
    if first := handed.waits("photo_back"):
        _back()
    (picture, metadata), wanted = _settings()
    own = photo_learn.current()
    model = own.model if own and wanted.model else None

    def find() -> Background | None:
        ready = None if any(metadata) else example.of(picture, wanted)
        made = photo_work.job(picture, wanted, model, ready, metadata)
        return made if isinstance(made, Background) else None

    sent = picture, metadata
    watching.watch(find, lambda job: _draw(job, sent, wanted, model), steady="photo")
    photo_view.show_curves(picture, wanted, model)
    photo_learn.show()
    if not first:
        _back()


def _settings() -> tuple[Sent, photo_work.PhotoSettings]:
    """The picture to code, and how; where a file is none, the picture before it."""
    left, right = st.columns(2, gap="large")
    upload = right.file_uploader(
        t("compress.a_photograph_of_your_own"),
        KINDS,
        key="photo_upload",
        help=t("compress.up_to_megapixels", most=photo_work.MOST_PIXELS / 1e6),
    )
    with right:
        file = handed.taken("photo", upload)
    lossless = ON.toggle(
        "lossless", t("compress.lossless"), right, help=t("compress.every_pixel_as_it_was")
    )
    quality, size = _target(left, lossless)
    tune = ON.select(
        "tune",
        t("compress.optimise_for"),
        left,
        disabled=lossless,
        format_func=lambda name: t(f"compress.tune_{name}"),
        help=t("compress.tune_help"),
    )
    fast = ON.toggle("fast", t("compress.fast"), right, help=t("compress.fast_help"))
    strip = ON.toggle("strip", t("compress.strip"), right, help=t("compress.strip_help"))
    effort, own = "fast" if fast else "best", photo_learn.current()
    # What makes no difference to the file makes none to what is kept of it either.
    wanted = photo_work.PhotoSettings(0, "psnr", "best")
    if not lossless:
        wanted = photo_work.PhotoSettings(quality, tune, effort, size, own.name if own else "")
    if wanted.model:
        st.caption(t("compress.own_codec_used", name=wanted.model[:8]))
    if file is None:
        reading.forget("photo")
        st.session_state.pop(_LAST, None)
        st.session_state[photo_view.NAME] = UNNAMED
        st.caption(t("compress.the_sample_photograph"))
        return (photo_work.sample(), NOTHING), wanted
    read = None
    try:
        with right:
            read = _read(file)
        if read is not None and read.bits > 8 and lossless:
            raise DataError(t("compress.too_deep", bits=read.bits))
    except HTMError as exc:
        read = None
        st.error(unmarked(exc), icon=":material/error:")
    if read is not None:
        for note in read.notes:
            right.caption(f":material/info: {unmarked(note)}")
        st.session_state[_LAST] = file.name, (read.pixels, read.metadata)
    # Until it is read, or where it cannot be, the rest of the page stays as it was.
    name, sent = st.session_state.get(_LAST) or (UNNAMED, (photo_work.sample(), NOTHING))
    st.session_state[photo_view.NAME] = name
    return (sent[0], NOTHING if strip else sent[1]), wanted


def _read(file: handed.File) -> Picture | None:
    """The picture in a file; None while it is read."""
    name, content = file.name, file.getvalue()
    return reading.of("photo", file.file_id, lambda told: photo_work.uploaded(name, content, told))


def _target(on: Any, disabled: bool) -> tuple[int, int]:
    """The quality wanted and the bytes wanted: one of them, the other is 0."""
    by = ON.segments(
        "sized_by",
        t("compress.sized_by"),
        on,
        disabled=disabled,
        format_func=lambda by: t(f"compress.sized_by_{by}"),
    )
    if by == "size":
        words, about = t("compress.size_bytes"), t("compress.size_bytes_help")
        return 0, int(ON.number("size_bytes", words, on, disabled=disabled, help=about))
    words, about = t("compress.quality"), t("compress.photo_quality_help")
    return int(ON.slider("photo_quality", words, on, disabled=disabled, help=about)), 0


def _draw(
    job: Background | None,
    sent: Sent,
    wanted: photo_work.PhotoSettings,
    model: PhotoModel | None,
) -> None:
    """The photograph as far as it is coded; ``job`` is None once all is done."""
    picture, metadata = sent
    # What is chosen to look at stands below the picture, which should be seen without scrolling.
    above, middle, controls = st.container(), st.container(), st.container()
    seen: photo_work.Coded | photo_early.Underway | None = None
    if job is not None:
        items = list(job.items)
        seen = items[-1][1] if items else None
        with above:
            _progress(job, seen)
    else:
        made = photo_work.job(picture, wanted, model, metadata=metadata)
        seen = None if isinstance(made, Background) else made
    coded = seen if isinstance(seen, photo_work.Coded) else None
    with controls:
        how = photo_view.looking(disabled=coded is None)
    if coded is None:
        with above:
            underway = seen if isinstance(seen, photo_early.Underway) else None
            photo_view.early(picture, underway, metadata.profile)
        return
    with above:
        photo_view.numbers(picture, coded)
    with middle:
        photo_view.divider(picture, coded, how)
    photo_view.downloads(coded)
    photo_view.others(coded)
    photo_view.maps(picture, coded)


def _progress(job: Background, seen: photo_work.Coded | photo_early.Underway | None) -> None:
    """How far the work is; once our own file is there, the other formats can be left out."""
    if job.over:
        watching.finished(job, "")
        if job.state == "stopped" and not isinstance(seen, photo_work.Coded):
            st.info(t("compress.photo_cancelled"))
        return
    if job.ending and isinstance(seen, photo_work.Coded):
        return  # another format's file is under way, which nobody waits for
    done, stage, label = job.progress, "progress", ""
    if isinstance(seen, photo_work.Coded):
        stage, label = "others", t("compress.leave_others_out")
    elif isinstance(seen, photo_early.Underway):
        done = seen.now
        stage = "measuring" if seen.file else "progress"
    elif done < photo_work.BEGUN:
        stage = "begins"
    words = t(f"compress.photo_{stage}", part=done)
    watching.progress(job, words, "photo_cancel", done, label)


def _back() -> None:
    """Take a file and show the photograph in it; one that cannot be read costs a sentence."""
    st.subheader(t("compress.get_pictures_back"), anchor=False)
    sent = st.file_uploader(
        t("compress.a_htmc_file_of_a_photograph"), ["htmc"], key="photo_back", max_upload_size=50
    )
    file = handed.taken("photo_back", sent)
    if file is None:
        return
    try:
        with st.spinner(t("compress.reading_the_file")):
            own = photo_learn.current()
            picture = photo_work.opened(file.getvalue(), own.model if own else None)
            metadata = photo_work.besides(file.getvalue())
    except HTMError as exc:
        st.error(
            t("compress.nothing_else_on_this_page", exc=unmarked(exc)), icon=":material/error:"
        )
        return
    drawn = photo_work.png(picture, metadata)
    st.image(drawn, alt=alt(t("compress.the_picture_from_the_file")), width="stretch")
    photo_view.besides(metadata)
    st.download_button(
        t("compress.download_as_png"),
        drawn,
        f"{photo_view.stem_of(file.name.removesuffix('.htmc'))}.png",
        "image/png",
        key="photo_back_png",
    )
