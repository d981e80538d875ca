"""Formulas: every formula of the model with the numbers of a real patch put in."""

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from studio import frame
from studio.formulas import (
    by_hand,
    series,
    snippets,
    view,
    walkthrough,
)
from studio.formulas.by_hand import ON
from studio.kit import shapes
from studio.kit.words import t, unmarked
from studio.visitor import session


def choose(found: session.CurrentModel, data) -> tuple[int, int, int, float, int]:
    h = found.model.hierarchy_
    columns = st.columns(5)
    picture = ON.number("picture", t("formulas.picture"), columns[0], high=len(data) - 1)
    level = ON.number("level", t("formulas.level"), columns[1], high=len(h.layers))
    grid = h.grid_shapes[int(level) - 1]
    place = ON.number("place", t("formulas.patch"), columns[2])
    temperature = ON.slider("heat", t("formulas.temperature_t"), columns[3])
    k = ON.slider("winners", t("formulas.winners_k"), columns[4])
    st.caption(t("formulas.how_to_turn", grid=grid[0], grid2=grid[1]))
    return int(picture), int(level) - 1, int(place) % int(np.prod(grid)), float(temperature), int(k)


def where(found: session.CurrentModel, data, chosen) -> snippets.Where:
    """What the snippets are about; another person needs the model as a file."""
    picture, level, place, temperature, k = chosen
    shipped = found.origin == "shipped"
    return snippets.Where(
        f"assets/{session.SHIPPED.name}" if shipped else "model.npz",
        data.name,
        picture,
        level,
        place,
        temperature,
        k,
        float(st.session_state.get("rate", 0.5)),
    )


def show(found: session.CurrentModel, data) -> None:
    """The sections about a patch of a picture."""
    st.subheader(t("formulas.the_same_formulas_in_a"), anchor=False)
    st.caption(t("formulas.numbers_of_the_model", described=found.described))
    data = shapes.fitting_data(found.model, data)
    chosen = choose(found, data)
    picture, level, place, heat, k = chosen
    about = where(found, data, chosen)
    walk = walkthrough.begin(found.model, data.X[picture], level, place, heat)
    now = walkthrough.stand(walk, k)
    view.evidence(found, walk, now, about)
    view.shares(now, about)
    view.loss(walk, now, about)
    key = f"{found.model.fingerprint}/{data.fingerprint}/{picture}/{level}/{place}/{heat}"
    view.step(key, walk, about)
    view.article(found, data, about)


frame.page("formulas", t("formulas.every_formula_of_the_network"))
FOUND, DATA = session.current(), session.current_dataset()
if FOUND is None:
    st.stop()
by_hand.show()
try:
    show(FOUND, DATA)
    series.show()
except HTMError as exc:
    st.error(unmarked(exc))
frame.share_link()
