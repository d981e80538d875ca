"""Formulas: every formula of the model with the numbers of a real patch put in."""

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from studio import formula_hand, formula_parts, formula_show, frame, session, snippets, walkthrough
from studio.words import said, t


def choose(found: session.CurrentModel, data) -> tuple[int, int, int, float, int]:
    h = found.model.hierarchy_
    columns = st.columns(5)
    picture = columns[0].number_input(
        t("formulas.picture"), 0, len(data) - 1, 0, key="picture", bind="query-params",
        help=t("formulas.which_picture_of_the_data"),
    )  # fmt: skip
    level = columns[1].number_input(
        t("formulas.level"), 1, len(h.layers), 1, key="level", bind="query-params",
        help=t("formulas.is_the_level_next_to"),
    )  # fmt: skip
    grid = h.grid_shapes[int(level) - 1]
    place = columns[2].number_input(
        t("formulas.patch"), 0, 10**4, 0, key="place", bind="query-params",
        help=t("formulas.position_on_the_by_grid", grid=grid[0], grid2=grid[1]),
    )  # fmt: skip
    temperature = columns[3].slider(
        t("formulas.temperature_t"), 0.5, 30.0, 8.0, 0.5, key="heat", bind="query-params",
        help=t("formulas.high_every_unit_speaks_low"),
    )  # fmt: skip
    k = columns[4].slider(
        t("formulas.winners_k"), 1, 16, 1, key="winners", bind="query-params",
        help=t("formulas.how_many_units_stay_active"),
    )  # fmt: skip
    return int(picture), int(level) - 1, int(place) % int(np.prod(grid)), float(temperature), int(k)


def where(found: session.CurrentModel, data, chosen) -> snippets.Where:
    """What the snippets are about; another person needs the model as a file."""
    picture, level, place, temperature, k = chosen
    shipped = found.origin == "shipped"
    return snippets.Where(
        f"assets/{session.SHIPPED.name}" if shipped else "model.npz",
        data.name, picture, level, place, temperature, k,
        float(st.session_state.get("rate", 0.5)),
    )  # fmt: skip


def show(found: session.CurrentModel, data) -> dict[str, frame.Value]:
    """The sections about a patch of a picture; their part of the link."""
    st.subheader(t("formulas.the_same_formulas_in_a"), anchor=False)
    st.caption(t("formulas.numbers_of_the_model", described=found.described))
    data = formula_parts.fitting_data(found.model, data)
    chosen = choose(found, data)
    picture, level, place, heat, k = chosen
    about = where(found, data, chosen)
    walk = walkthrough.begin(found.model, data.X[picture], level, place, heat)
    now = walkthrough.stand(walk, k)
    formula_show.evidence(found, walk, now, about)
    formula_show.shares(now, about)
    formula_show.loss(walk, now, about)
    key = f"{found.model.fingerprint}/{data.fingerprint}/{picture}/{level}/{place}/{heat}"
    formula_show.step(key, walk, about)
    formula_show.pca(found, data, about)
    rate = {"rate": st.session_state["rate"]} if "rate" in st.session_state else {}
    return {
        "picture": picture, "level": level + 1, "place": place, "heat": heat, "winners": k, **rate,
    }  # fmt: skip


frame.guard()
frame.page(
    t("formulas.formulas"),
    ":material/function:",
    t("formulas.every_formula_of_the_network"),
)
FOUND, DATA = session.current(), session.current_dataset()
if FOUND is None:
    st.stop()
LINK = formula_hand.show()
try:
    LINK |= show(FOUND, DATA)
except HTMError as exc:
    st.error(said(exc))
frame.share_link(LINK)
