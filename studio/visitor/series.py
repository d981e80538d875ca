"""The series that a visitor brought, for the pages that look into one.

::

    Series page: keep(data, column) ──► session ──► choose(): a drawn one, or theirs
                 forget() ──► nothing of it is left
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.data.drawn_series import draw_series
from htm_engine.data.series import SeriesData

from ..kit.controls import OWN_SERIES, Choice
from ..kit.settings import Page
from ..kit.words import t

#: The table and the column; and what is shown where a link asks for somebody else's.
_KEPT, _INSTEAD = "_own_series", "_instead_of_own_series"


@dataclass(frozen=True)
class Chosen:
    """One column that is looked into."""

    name: str  #: of a drawn series, else of the visitor's column
    values: NDArray[np.float64]  #: ``(n,)``
    stamps: NDArray[np.datetime64] | None
    column: str | None  #: the visitor's column as the table calls it; None of a drawn series
    key: str  #: names the content

    @property
    def axis(self) -> NDArray[Any]:
        """Where each value stands: its time, or its row from 1."""
        if self.stamps is None or np.isnat(self.stamps).any():
            return np.arange(1, len(self.values) + 1)
        return self.stamps


def keep(data: SeriesData, column: int | None = None) -> None:
    """Keep the visitor's table, while the session lasts, in the place of another.

    Without a column it is looked into where it was before, at first in the first one.
    """
    before = kept()
    if column is None:
        column = before[1] if before is not None and before[0] is data else 0
    st.session_state[_KEPT] = (data, column)


def kept() -> tuple[SeriesData, int] | None:
    """The visitor's table and the column that was last looked at, if there is one."""
    found: tuple[SeriesData, int] | None = st.session_state.get(_KEPT)
    return found


def forget() -> None:
    """Keep nothing of it any more."""
    st.session_state.pop(_KEPT, None)


def choose(on: Page, label: str, where: Any = st) -> Chosen:
    """Draw the choice of a series, with the visitor's own where there is one."""
    control = on.controls["series"]
    assert isinstance(control, Choice)
    own = kept()
    if own is not None and np.isfinite(own[0].values[:, own[1]]).sum() < 2:
        own = None
    options = [one for one in control.options or () if one != OWN_SERIES or own]
    own_name = f"{own[0].name}: {own[0].columns[own[1]]}" if own else ""
    lacks = own is None and st.session_state.get("series") == OWN_SERIES

    def written(name: str) -> str:
        return own_name if name == OWN_SERIES else t(f"series.of_{name.replace(' ', '_')}")

    name = str(on.select("series", label, where, options=options, format_func=written))
    if own is None or name != OWN_SERIES:
        if lacks:  # said until another is chosen
            st.session_state[_INSTEAD] = name
        if st.session_state.get(_INSTEAD) == name and own is None:
            where.info(t("series.not_yours"), icon=":material/info:")
        data = draw_series(name).data
        return Chosen(name, data.values[:, 0], data.stamps, None, name)
    data, column = own
    values = data.values[:, column]
    found = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    found.update(b"" if data.stamps is None else data.stamps.tobytes())
    return Chosen(own_name, values, data.stamps, data.columns[column], found.hexdigest())
