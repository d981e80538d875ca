"""The series that a visitor brought, for the pages that look into one.

::

    Series page: keep(data, column) ──► session ──► choose(): a drawn one, or theirs
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

_KEPT = "_own_series"


@dataclass(frozen=True)
class Chosen:
    """One column that is looked into."""

    name: str  #: of a drawn series, else of the visitor's column
    values: NDArray[np.float64]  #: ``(n,)``
    stamps: NDArray[np.datetime64] | None
    own: bool
    key: str  #: names the content

    @property
    def axis(self) -> NDArray[Any]:
        """Where each value stands: its time, or its row from 1."""
        if self.stamps is None or np.isnat(self.stamps).any():
            return np.arange(1, len(self.values) + 1)
        return self.stamps


def keep(data: SeriesData, column: int) -> None:
    """Keep the visitor's series, while the session lasts, in the place of another."""
    st.session_state[_KEPT] = (data, column)


def choose(on: Page, label: str, where: Any = st) -> Chosen:
    """Draw the choice of a series, with the visitor's own where there is one."""
    control = on.controls["series"]
    assert isinstance(control, Choice)
    kept: tuple[SeriesData, int] | None = st.session_state.get(_KEPT)
    if kept is not None and np.isfinite(kept[0].values[:, kept[1]]).sum() < 2:
        kept = None
    options = [one for one in control.options or () if one != OWN_SERIES or kept]
    own_name = f"{kept[0].name}: {kept[0].columns[kept[1]]}" if kept else ""

    def written(name: str) -> str:
        return own_name if name == OWN_SERIES else t(f"series.of_{name.replace(' ', '_')}")

    name = str(on.select("series", label, where, options=options, format_func=written))
    if kept is None or name != OWN_SERIES:
        data = draw_series(name).data
        return Chosen(name, data.values[:, 0], data.stamps, False, name)
    data, column = kept
    values = data.values[:, column]
    found = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    found.update(b"" if data.stamps is None else data.stamps.tobytes())
    return Chosen(own_name, values, data.stamps, True, found.hexdigest())
