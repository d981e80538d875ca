"""What the Compress page works on: a picture of the collection, all of it, or an upload."""

from __future__ import annotations

import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.uploads import FORMAT_NAMES

from . import compress_work as work
from . import session

KINDS = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp"]


def choose(found: session.CurrentModel, own: work.Collection | None) -> work.Subject | None:
    """The picture to compress: of the collection, all of it, or a visitor's own."""
    left, right = st.columns(2, gap="large")
    with right:
        file = st.file_uploader(
            "Or a picture of your own", type=KINDS, key="upload", help=f"{FORMAT_NAMES}."
        )
        tiles = st.toggle(
            "Cut a larger picture into tiles", True, key="tiles", bind="query-params",
            help="The network reads pictures of one size. Off: the picture is shrunk to it.",
        )  # fmt: skip
    with left:
        subject = None if own is None else choose_from(own, file is not None)
    if file is None:
        return subject
    try:
        return work.subject_of_upload(file.name, file.getvalue(), found.model, tiles)
    except HTMError as exc:
        st.error(str(exc), icon=":material/error:")
        return subject


def choose_from(own: work.Collection, disabled: bool) -> work.Subject:
    """A picture of the collection, or the whole of it."""
    last = len(own.held) - 1
    # A link may come from a larger collection.
    if st.session_state.get("picture", 0) > last:
        st.session_state["picture"] = last
    whole = st.session_state.get("whole", False)
    index = 0
    if last:
        index = st.slider(
            "Picture of " + own.learn.name, 0, last, 0, key="picture", bind="query-params",
            disabled=disabled or whole,
            help="Held out of training." if own.unseen else "It may have been learned from.",
        )  # fmt: skip
    whole = st.toggle(
        f"All {len(own.held):,} pictures in one file", False, key="whole", bind="query-params",
        disabled=disabled,
    )  # fmt: skip
    if whole:
        return work.Subject(f"{len(own.held)} pictures of {own.learn.name}", own.held, own.held)
    label = f", labelled {own.labels[index]}" if own.labels else ""
    one = own.held[index : index + 1]
    return work.Subject(f"picture {index} of {own.learn.name}{label}", one, one)
