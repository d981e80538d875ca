"""Compress: pictures to a file and back, beside the usual codecs."""

from functools import partial

import streamlit as st

from htm_engine import HTM
from htm_engine.data.fitting import picture_shape
from htm_engine.errors import HTMError
from htm_engine.evaluation.comparison import all_curves
from studio import frame
from studio.compress import back, choose, curves, photo, view, work
from studio.compress.choose import ON
from studio.kit.words import t, unmarked
from studio.visitor import handed, session

#: Pictures that are stored again and again for the curves.
CURVES_OF = 200


def show(found: session.CurrentModel, own: work.Collection | None) -> None:
    """The page below its settings."""
    model = found.model
    if first := handed.waits("collection_back"):
        back.show(model)
    subject = choose.choose(found, own)
    quality = ON.slider(
        "quality", t("compress.quality"), help=t("compress.gives_the_smallest_file_the")
    )
    if subject is None:
        st.info(t("compress.the_data_at_hand_has"))
        return
    for note in subject.notes:
        st.caption(unmarked(note))
    coded = work.code(model, subject, quality)
    show_size(model, subject, coded, own, quality)
    draw = view.show_way if len(subject.wholes) == 1 else view.show_many
    draw(subject, coded)
    st.download_button(
        t("compress.download_the_file_bytes", size=len(coded.file)),
        coded.file,
        "pictures.htmc",
        "application/octet-stream",
        icon=":material/download:",
        key="download",
    )
    view.show_budget(coded)
    if len(subject.wholes) == 1:
        st.subheader(t("compress.the_same_bytes_in_other"), anchor=False)
        view.show_rivals(subject, coded, work.rivals(subject, len(coded.file), own))
    if own is not None:
        st.subheader(t("compress.at_every_quality"), anchor=False)
        show_curves(model, own, quality)
    if not first:
        back.show(model)


def show_size(
    model: HTM,
    subject: work.Subject,
    coded: work.Coded,
    own: work.Collection | None,
    quality: int,
) -> None:
    """The file at a glance, and what it had to beat."""
    size, alone = len(coded.file), len(subject.wholes) == 1 and subject.mosaic is None
    numbers = [(t("compress.this_file"), t("compress.bytes_3", size=size))]
    overhead = ""
    if alone and own is not None:
        every = work.code(model, work.Subject("", own.held, own.held), quality)
        share = t("compress.bytes", size=len(every.file) / len(own.held))
        numbers.append((t("compress.a_picture_among_many"), share))
        overhead = t("compress.a_file_has_about_bytes", held=len(own.held))
    elif not alone:
        each = t("compress.a_tile") if subject.mosaic else t("compress.a_picture")
        numbers.append((each, t("compress.bytes", size=size / len(subject.pictures))))
    numbers += [(t("compress.psnr"), view.decibels(coded.psnr)), ("SSIM", view.score(coded.ssim))]
    view.show_numbers(numbers)
    st.caption(
        t(
            "compress.before_a_picture_had_bytes",
            overhead=overhead,
            nbytes=subject.wholes[0].nbytes,
            fingerprint=work.model_bytes(model.fingerprint, model) / 1024,
        )
    )
    if size > subject.wholes.nbytes:
        st.info(
            t("compress.this_file_is_larger_than", nbytes=subject.wholes.nbytes),
            icon=":material/lightbulb:",
        )


def show_curves(model: HTM, own: work.Collection, quality: int) -> None:
    """Every format at every quality, on pictures of the collection."""
    held = own.held[:CURVES_OF]
    st.markdown(t("compress.every_format_at_every_quality", count=len(held)))
    key = (model.fingerprint, own.learn.fingerprint)
    steps = partial(all_curves, model, own.learn.X, held)
    curves.show(curves.Curves("curves", key, steps), quality)


frame.page("compress", t("compress.send_pictures_through_the_network"))
WHAT = ON.segments("what", t("compress.what"), format_func=lambda name: t(f"compress.what_{name}"))
try:
    if WHAT == "photo":
        photo.show()
    elif (FOUND := session.current()) is not None:
        st.caption(t("compress.with_the_model", described=FOUND.described))
        picture_shape(FOUND.model)
        OWN = work.collection(FOUND)
        show(work.with_tables(FOUND, OWN), OWN)
except HTMError as exc:
    st.error(unmarked(exc), icon=":material/error:")
frame.share_link()
