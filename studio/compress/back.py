"""A ``.htmc`` file back to pictures: the last section of the Compress page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.figures.compress import bits_in_words

from ..kit.pictures import alt, png, sheet, sized
from ..kit.words import t, unmarked
from ..visitor import handed
from .view import LARGE
from .work import pictures_of

if TYPE_CHECKING:
    from htm_engine import HTM

_SHOWN = 64


def show(model: HTM) -> None:
    """Take a file and show what is in it; a file that cannot be read costs a sentence."""
    st.subheader(t("compress.get_pictures_back"), anchor=False)
    sent = st.file_uploader(
        t("compress.a_htmc_file_that_this"), type=["htmc"], key="back", max_upload_size=50
    )
    file = handed.taken("collection_back", sent)
    if file is None:
        return
    try:
        pictures, parts = pictures_of(file.getvalue(), model)
    except HTMError as exc:
        st.error(
            t("compress.nothing_else_on_this_page", exc=unmarked(exc)), icon=":material/error:"
        )
        return
    info, count = parts.info, len(pictures)
    size = f"{pictures.shape[2]} x {pictures.shape[1]}"
    st.success(
        t(
            "compress.picture_of_pixels_from_bytes",
            count=count,
            plural="s" * (count > 1),
            size=size,
            size2=info.size,
            quality=info.quality,
            budget=bits_in_words(parts.budget),
        )
    )
    if count == 1:
        drawn, across = sized(pictures[0], LARGE)
        st.image(drawn, alt=alt(t("compress.the_picture_from_the_file")), width=across)
    else:
        drawn = sheet(list(pictures[:_SHOWN]), columns=16, side=64, gap=6)
        st.image(
            drawn,
            caption=""
            if count <= _SHOWN
            else t("compress.the_first_of", shown=_SHOWN, count=count),
            alt=alt(t("compress.the_pictures_from_the_file")),
            width="stretch",
        )
    array = io.BytesIO()
    np.save(array, pictures, allow_pickle=False)
    with st.container(horizontal=True):
        if count == 1:
            st.download_button(
                t("compress.download_as_png"), png(pictures[0]), "picture.png", "image/png"
            )
        st.download_button(t("compress.download_as_numpy_array"), array.getvalue(), "pictures.npy")
