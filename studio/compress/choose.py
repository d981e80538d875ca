"""What the Compress page works on: a picture of the collection, all of it, or an upload."""

from __future__ import annotations

import streamlit as st

from htm_engine.data.reasons import FORMAT_NAMES
from htm_engine.errors import HTMError

from ..kit import reading, settings
from ..kit.words import escaped, t, unmarked
from ..visitor import session
from . import work

ON = settings.Page("compress")
KINDS = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp"]


def choose(found: session.CurrentModel, own: work.Collection | None) -> work.Subject | None:
    """The picture to compress: of the collection, all of it, or a visitor's own."""
    left, right = st.columns(2, gap="large")
    with right:
        file = st.file_uploader(
            t("compress.or_a_picture_of_your"), type=KINDS, key="upload", help=f"{FORMAT_NAMES}."
        )
        tiles = ON.toggle(
            "tiles",
            t("compress.cut_a_larger_picture_into"),
            help=t("compress.the_network_reads_pictures_of"),
        )
    with left:
        subject = None if own is None else choose_from(own, file is not None)
    if file is None:
        reading.forget("picture")
        return subject
    name, content, model = file.name, file.getvalue(), found.model
    key = file.file_id, tiles, model.fingerprint
    try:
        with right:
            sent = reading.of(
                "picture",
                key,
                lambda told: work.subject_of_upload(name, content, model, tiles, told),
            )
    except HTMError as exc:
        st.error(unmarked(exc), icon=":material/error:")
        return subject
    return subject if sent is None else sent


def choose_from(own: work.Collection, disabled: bool) -> work.Subject:
    """A picture of the collection, or the whole of it."""
    last, name = len(own.held) - 1, session.named(own.learn.name)
    whole = st.session_state.get("whole", False)
    index = 0
    if last:
        index = ON.slider(
            "picture",
            t("compress.picture_of_2") + escaped(name),
            high=last,
            disabled=disabled or whole,
            help=t("compress.held_out_of_training")
            if own.unseen
            else t("compress.it_may_have_been_learned"),
        )
    whole = ON.toggle(
        "whole", t("compress.all_pictures_in_one_file", held=len(own.held)), disabled=disabled
    )
    if whole:
        return work.Subject(
            t("compress.pictures_of", held=len(own.held), name=name), own.held, own.held
        )
    label = t("compress.labelled", labels=own.labels[index]) if own.labels else ""
    one = own.held[index : index + 1]
    return work.Subject(t("compress.picture_of", index=index, name=name, label=label), one, one)
