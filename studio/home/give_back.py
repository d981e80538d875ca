"""A stored table or series, put in on Home and given back there."""

from __future__ import annotations

import io

import streamlit as st

from htm_engine.errors import HTMError

from ..kit.keeping import kept
from ..kit.words import t, unmarked
from ..visitor import handed

#: Numbers of a file that are given back here: a few bytes can claim any number of equal ones.
MOST = 500_000


@kept(4, words=lambda: t("home.reading_back"))
def read(content: bytes, limit: int) -> bytes:
    """A table as it was, or a series as one.

    Raises
    ------
    HTMError
        If the file is damaged, or holds more than ``limit`` numbers.
    """
    from htm_engine.cli.tables import given_back

    out = io.BytesIO()
    given_back(content, out, limit=limit)
    return out.getvalue()


def show(file: handed.Handed) -> None:
    """The table to download, under the name that it had; a file that cannot be read is said."""
    try:
        table = read(file.content, MOST)
    except HTMError as exc:
        st.error(unmarked(exc), icon=":material/error:")
        return
    name = file.name.removesuffix(".htmc") or "table"
    st.success(t("home.table_from", size=len(table), stored=len(file.content)))
    st.download_button(
        t("home.download_the_table"),
        table,
        name if "." in name else f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="home_back",
    )
