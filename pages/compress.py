"""Compress: pictures to a file and back, beside the usual codecs."""

import streamlit as st

from htm_engine.coding.quantise import QUALITIES
from htm_engine.errors import HTMError
from htm_engine.fitting import picture_shape
from studio import compress_back, compress_choose, compress_curve, compress_show, frame, session
from studio import compress_work as work


def show(found: session.CurrentModel, own: work.Collection | None) -> None:
    """The page below its settings."""
    model = found.model
    subject = compress_choose.choose(found, own)
    quality = st.slider(
        "Quality", 1, QUALITIES, 7, key="quality", bind="query-params",
        help="1 gives the smallest file, 10 the nearest picture.",
    )  # fmt: skip
    if subject is None:
        st.info(
            "The data at hand has another size than this network reads. Upload a picture here, or "
            "choose matching data on the Train page."
        )
        return
    for note in subject.notes:
        st.caption(note)
    coded = work.code(model, subject, quality)
    size, alone = len(coded.file), len(subject.wholes) == 1 and subject.mosaic is None
    numbers = [("This file", f"{size:,} bytes")]
    if alone and own is not None:
        every = work.code(model, work.Subject("", own.held, own.held), quality)
        numbers.append(("A picture among many", f"{len(every.file) / len(own.held):,.1f} bytes"))
    elif not alone:
        each = "A tile" if subject.mosaic else "A picture"
        numbers.append((each, f"{size / len(subject.pictures):,.1f} bytes"))
    numbers += [("PSNR", compress_show.decibels(coded.psnr))]
    numbers += [("SSIM", compress_show.score(coded.ssim))]
    compress_show.show_numbers(numbers)
    overhead = (
        "A file has about 23 bytes of header and checksum, whatever it holds; "
        f"{len(own.held):,} pictures in one file share them. "
        if alone and own is not None
        else ""
    )
    st.caption(
        f"{overhead}Before, a picture had {subject.wholes[0].nbytes:,} bytes. The model, "
        f"{work.model_bytes(model.fingerprint, model) / 1024:,.0f} KB, is not counted: both "
        "sides need it once."
    )
    if size > subject.wholes.nbytes:
        st.info(
            f"This file is larger than the plain pixels ({subject.wholes.nbytes:,} bytes): next to "
            "nothing in it looks like what the network has learned. It stores pictures like those "
            "it was trained on; train one on yours.",
            icon=":material/lightbulb:",
        )
    draw = compress_show.show_way if len(subject.wholes) == 1 else compress_show.show_many
    draw(subject, coded)
    st.download_button(
        f"Download the file ({size:,} bytes)", coded.file, "pictures.htmc",
        "application/octet-stream", icon=":material/download:", key="download",
    )  # fmt: skip
    compress_show.show_budget(coded)
    if len(subject.wholes) == 1:
        st.subheader("The same bytes in other formats", anchor=False)
        compress_show.show_rivals(subject, coded, work.rivals(subject, size, own))
    if own is not None:
        st.subheader("At every quality", anchor=False)
        compress_curve.show(model, own, quality)
    compress_back.show(model)


frame.guard()
frame.page(
    "Compress",
    ":material/folder_zip:",
    "Send pictures through the network into a real file, and get them back from it.",
)
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(f"With the model {FOUND.described}.")
try:
    picture_shape(FOUND.model)
    show(FOUND, work.collection(FOUND))
except HTMError as exc:
    st.error(str(exc), icon=":material/error:")
frame.share_link({
    key: st.session_state.get(key, default)
    for key, default in (("picture", 0), ("whole", False), ("tiles", True), ("quality", 7))
})  # fmt: skip
