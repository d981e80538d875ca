"""What the visitor of the inside page looks at, chosen by keyboard or by a click in a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.estimator.network import HTM

from ..kit import settings
from ..kit.words import t
from . import work

ON = settings.Page("inside")


@dataclass(frozen=True, eq=False)
class Choice:
    """What the visitor looks at: one unit of one level over one patch of one picture."""

    model: HTM
    seen: work.Surveyed
    view: inspection.View
    picture: int
    level: int
    place: int
    unit: int


def choose(model: HTM, seen: work.Surveyed) -> Choice:
    """Settings by keyboard; clicks in the figures set the same ones."""
    h = model.hierarchy_
    columns = st.columns(4)
    picture = ON.number(
        "picture",
        t("inside.picture"),
        columns[0],
        high=len(seen.found) - 1,
        help=t("inside.which_picture_of_the_data", found=len(seen.found) - 1),
    )
    picture = int(picture)
    level = ON.number(
        "level",
        t("inside.level"),
        columns[1],
        high=len(h.layers),
        default=len(h.layers),
        help=t("inside.is_next_to_the_picture", layers=len(h.layers)),
    )
    level = int(level) - 1
    places = int(np.prod(h.grid_shapes[level]))
    place = ON.number(
        "place",
        t("inside.patch"),
        columns[2],
        help=t("inside.which_of_this_levels_patches", places=places),
    )
    place = int(place) % places
    units = [work.WINNER, *map(str, range(max(layer.units for layer in h.layers)))]
    unit = ON.select(
        "unit",
        t("inside.unit"),
        columns[3],
        options=units,
        help=t("inside.a_unit_of_the_level"),
    )
    view = inspection.look(model, seen.X[picture])
    winner = int(view.codes[level].winners[place, 0])
    chosen = winner if unit == work.WINNER else int(unit) % h.layers[level].units
    return Choice(model, seen, view, picture, level, place, chosen)
