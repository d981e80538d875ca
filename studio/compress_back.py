"""A ``.htmc`` file back to pictures: the last section of the Compress page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.figures_compress import bits_in_words

from .compress_show import LARGE
from .compress_work import pictures_of
from .pictures import alt, png, sheet

if TYPE_CHECKING:
    from htm_engine import HTM

_SHOWN = 64


def show(model: HTM) -> None:
    """Take a file and show what is in it; a file that cannot be read costs a sentence."""
    st.subheader("Get pictures back", anchor=False)
    file = st.file_uploader(
        "A .htmc file that this network wrote", type=["htmc"], key="back", max_upload_size=50
    )
    if file is None:
        return
    try:
        pictures, parts = pictures_of(file.getvalue(), model)
    except HTMError as exc:
        st.error(f"{exc} Nothing else on this page has changed.", icon=":material/error:")
        return
    info, count = parts.info, len(pictures)
    size = f"{pictures.shape[2]} x {pictures.shape[1]}"
    st.success(
        f"{count:,} picture{'s' * (count > 1)} of {size} pixels from {info.size:,} bytes, "
        f"quality {info.quality}. {bits_in_words(parts.budget)}"
    )
    if count == 1:
        drawn = png(pictures[0], 2 * LARGE)
        st.image(drawn, alt=alt("The picture from the file"), width=LARGE)
    else:
        drawn = sheet(list(pictures[:_SHOWN]), columns=16, side=64, gap=6)
        st.image(
            drawn,
            caption="" if count <= _SHOWN else f"The first {_SHOWN} of {count:,}",
            alt=alt("The pictures from the file, in its order"),
            width="stretch",
        )
    array = io.BytesIO()
    np.save(array, pictures, allow_pickle=False)
    with st.container(horizontal=True):
        if count == 1:
            st.download_button("Download as PNG", png(pictures[0]), "picture.png", "image/png")
        st.download_button("Download as NumPy array", array.getvalue(), "pictures.npy")
