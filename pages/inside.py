"""Inside: what a unit stands for, why it won, and what surprises the network."""

import numpy as np
import streamlit as st

from htm_engine import inspection
from htm_engine.errors import HTMError
from studio import frame, inside_survey, inside_view, session
from studio import inside_work as work
from studio.words import said, t


def choose(model, seen: work.Surveyed) -> inside_view.Choice:
    """Settings by keyboard; clicks in the figures set the same ones."""
    h = model.hierarchy_
    columns = st.columns(4)
    picture = columns[0].number_input(
        t("inside.picture"), 0, work.MOST, 0, key="picture", bind="query-params",
        help=t("inside.which_picture_of_the_data", found=len(seen.found) - 1),
    )  # fmt: skip
    picture = min(int(picture), len(seen.found) - 1)
    level = columns[1].number_input(
        t("inside.level"), 1, 16, len(h.layers), key="level", bind="query-params",
        help=t("inside.is_next_to_the_picture", layers=len(h.layers)),
    )  # fmt: skip
    level = min(int(level), len(h.layers)) - 1
    places = int(np.prod(h.grid_shapes[level]))
    place = columns[2].number_input(
        t("inside.patch"), 0, 10**4, 0, key="place", bind="query-params",
        help=t("inside.which_of_this_levels_patches", places=places),
    )  # fmt: skip
    place = int(place) % places
    units = [work.WINNER, *map(str, range(max(layer.units for layer in h.layers)))]
    unit = columns[3].selectbox(
        t("inside.unit"), units, key="unit", bind="query-params",
        help=t("inside.a_unit_of_the_level"),
    )  # fmt: skip
    view = inspection.look(model, seen.X[picture])
    winner = int(view.codes[level].winners[place, 0])
    chosen = winner if unit == work.WINNER else int(unit) % h.layers[level].units
    return inside_view.Choice(model, seen, view, picture, level, place, chosen)


def link(choice: inside_view.Choice) -> dict[str, frame.Value]:
    """Everything the page shows, as its widgets read it."""
    return {
        "picture": choice.picture,
        "level": choice.level + 1,
        "place": choice.place,
        "unit": st.session_state.get("unit", work.WINNER),
        "thumbs": bool(st.session_state.get("thumbs", True)),
        "seed": int(st.session_state.get("seed", 0)),
    }


def show(found: session.CurrentModel) -> None:
    """The page below its header."""
    model, data = found.model, work.fitting(found.model, session.current_dataset())
    name = model.fingerprint
    seen = work.surveyed(name, data.fingerprint, model, data)
    choice = choose(model, seen)
    # The unit first, though it stands below: what was clicked should answer at once.
    top = st.container()
    inside_view.unit(choice)
    with top:
        inside_view.hierarchy(choice)
    inside_view.why(choice)
    inside_view.switched_off(choice)
    inside_view.levels(choice)
    inside_survey.codes(name, data.fingerprint, seen, choice.picture)
    inside_survey.surprises(name, data.fingerprint, seen, choice.picture)
    st.subheader(t("inside.soft_against_hard_competition"), anchor=False)
    seed = st.number_input(
        t("inside.seed"), 0, 10**6, 0, key="seed", bind="query-params", width=200,
        help=t("inside.of_the_choice_of_pictures"),
    )  # fmt: skip
    inside_survey.compare(model, data, int(seed))
    frame.share_link(link(choice))


frame.guard()
frame.page(
    t("inside.inside"),
    ":material/troubleshoot:",
    t("inside.pick_any_unit_what_it"),
)
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(t("inside.inside_the_model", described=FOUND.described))
try:
    show(FOUND)
except HTMError as exc:
    st.error(said(exc), icon=":material/error:")
