"""A picture, a text or a folder of the visitor's own, put in on Home and handed on.

Nothing is read here beyond the first bytes, which say what a file is; the page it goes to
opens it through the same gate as its own uploader does.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from htm_engine.errors import DataError

from ..kit.controls import CONTROLS, Words
from ..kit.words import escaped, t
from ..visitor import handed
from . import give_back


def show() -> None:
    """A place for files and one for words; whatever comes goes to its page at once."""
    st.subheader(t("home.put_in_your_own"), anchor=False)
    left, right = st.columns(2, gap="large")
    files = left.file_uploader(
        t("home.files_of_your_own"),
        accept_multiple_files=True,
        key="home_files",
        help=t("home.files_help"),
    )
    with left.expander(t("home.or_a_folder"), icon=":material/folder_open:"):
        folder = st.file_uploader(
            t("home.a_folder_of_pictures"), accept_multiple_files="directory", key="home_folder"
        )
    right.markdown(t("home.or_write_something"))
    control = CONTROLS["text"]["text"]
    assert isinstance(control, Words)
    with right.container():
        typed = st.chat_input(t("home.write_here"), key="home_text", max_chars=control.most)
    if typed:
        handed.forget("text")
        st.switch_page("pages/text.py", query_params={"text": typed})
    if files or folder:
        _hand_over(files or folder)


def _hand_over(files: Sequence[handed.File]) -> None:
    try:
        place, file = handed.sorted_out(files, int(st.get_option("server.maxUploadSize")) << 20)
    except DataError as exc:
        st.error(escaped(str(exc)), icon=":material/error:")
        return
    if place == "numbers_back":
        give_back.show(file)
        return
    handed.give(place, file)
    stem, query = handed.GOES_TO[place]
    st.switch_page(f"pages/{stem}.py", query_params=query)
