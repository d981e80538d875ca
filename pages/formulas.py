"""Formulas: every formula of the model with the numbers of a real patch put in."""

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from studio import formula_hand, formula_parts, formula_show, frame, session, snippets, walkthrough


def choose(found: session.CurrentModel, data) -> tuple[int, int, int, float, int]:
    h = found.model.hierarchy_
    columns = st.columns(5)
    picture = columns[0].number_input(
        "Picture", 0, len(data) - 1, 0, key="picture", bind="query-params",
        help="Which picture of the data the numbers come from.",
    )  # fmt: skip
    level = columns[1].number_input(
        "Level", 1, len(h.layers), 1, key="level", bind="query-params",
        help="1 is the level next to the picture.",
    )  # fmt: skip
    grid = h.grid_shapes[int(level) - 1]
    place = columns[2].number_input(
        "Patch", 0, 10**4, 0, key="place", bind="query-params",
        help=f"Position on the {grid[0]} by {grid[1]} grid of this level, in reading order.",
    )  # fmt: skip
    temperature = columns[3].slider(
        "Temperature T", 0.5, 30.0, 8.0, 0.5, key="heat", bind="query-params",
        help="High: every unit speaks. Low: the strongest alone. Training ends at 1.",
    )  # fmt: skip
    k = columns[4].slider(
        "Winners k", 1, 16, 1, key="winners", bind="query-params",
        help="How many units stay active.",
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
    st.subheader("The same formulas in a real network", anchor=False)
    st.caption(f"Numbers of the model {found.described}.")
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
    "Formulas",
    ":material/function:",
    "Every formula of the network with live numbers: first in a network small enough to see whole, "
    "then in a real one. Move a slider and they move; make a step and see what learning does.",
)
FOUND, DATA = session.current(), session.current_dataset()
if FOUND is None:
    st.stop()
LINK = formula_hand.show()
try:
    LINK |= show(FOUND, DATA)
except HTMError as exc:
    st.error(f"{exc}")
frame.share_link(LINK)
