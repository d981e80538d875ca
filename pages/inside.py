"""Inside: what a unit stands for, why it won, and what surprises the network."""

import numpy as np
import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.errors import HTMError
from studio import frame
from studio.inside import survey, work
from studio.inside import unit as inside_view
from studio.inside.survey import ON
from studio.kit.words import said, t
from studio.visitor import session


def choose(model, seen: work.Surveyed) -> inside_view.Choice:
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
    return inside_view.Choice(model, seen, view, picture, level, place, chosen)


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
    survey.codes(name, data.fingerprint, seen, choice.picture)
    survey.surprises(name, data.fingerprint, seen, choice.picture)
    st.subheader(t("inside.soft_against_hard_competition"), anchor=False)
    seed = ON.number(
        "seed", t("inside.seed"), width=200, help=t("inside.of_the_choice_of_pictures")
    )
    survey.compare(model, data, int(seed))


frame.page("inside", t("inside.pick_any_unit_what_it"))
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(t("inside.inside_the_model", described=FOUND.described))
try:
    show(FOUND)
except HTMError as exc:
    st.error(said(exc), icon=":material/error:")
frame.share_link()
