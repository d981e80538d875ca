"""The inside page's way to choose: the hierarchy's units, and who won where in the picture."""

from __future__ import annotations

import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.estimator.network import HTM
from htm_engine.figures import inside

from ..kit.pictures import unit_colour
from ..kit.shapes import BARE, uri
from ..kit.words import t
from . import work
from .choice import Choice


def titles(model: HTM) -> list[str]:
    """A line on each level with its real sizes, bottom first."""
    h, said = model.hierarchy_, []
    for level, layer in enumerate(h.layers):
        grid, shape = h.grid_shapes[level], h.map_shapes[level]
        said.append(
            t(
                "inside.level_units_of_rank_br",
                level=level + 1,
                units=layer.units,
                rank=layer.rank,
                grid=grid[0],
                grid2=grid[1],
                shape=shape[0],
                shape2=shape[1],
                shape3=shape[2],
                shape4=layer.m.shape[1],
            )
        )
    return said


def hierarchy(c: Choice) -> None:
    """The units of all levels, and the winners over the picture."""
    left, right = st.columns([3, 2], gap="large")
    layers = c.model.hierarchy_.layers
    figure, words = inside.hierarchy(
        [layer.shares for layer in layers], titles(c.model), (c.level, c.unit)
    )
    left.markdown(t("inside.the_hierarchy_a_square_is"))
    left.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key="units",
        selection_mode="points",
        on_select=lambda: work.take_unit("units"),
    )
    right.markdown(t("inside.who_won_where_click_a"))
    picture = uri(c.seen.shown[c.picture])
    with right:
        for tab, level in zip(
            st.tabs([t("inside.level_3", i=i + 1) for i in reversed(range(len(layers)))]),
            reversed(range(len(layers))),
            strict=True,
        ):
            _winners(tab, c, level, picture)


def _winners(tab, c: Choice, level: int, picture: str) -> None:  # type: ignore[no-untyped-def]
    h = c.model.hierarchy_
    won = c.view.codes[level].winners[:, 0]
    if work.spatial(c.model):
        shape = c.model.shape[:2]
        boxes = [inspection.box(c.model, level, place) for place in range(len(won))]
    else:
        shape = c.seen.shown[c.picture].shape[:2]
        boxes = [(0, 0, *shape)]
    key = f"map{level + 1}"
    figure, words = inside.winner_map(
        picture,
        (shape[0], shape[1]),
        won.reshape(h.grid_shapes[level]),
        boxes,
        [unit_colour(int(unit)) for unit in won],
        level,
        c.place if level == c.level else None,
    )
    tab.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key=key,
        selection_mode="points",
        on_select=lambda: work.take_place(key),
    )
