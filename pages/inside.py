"""Inside: what a unit stands for, why it won, and what surprises the network."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame
from studio.inside import levels, overview, series, soft_and_hard, survey, unit, why, work
from studio.inside.choice import choose
from studio.kit.words import t, unmarked
from studio.visitor import session


def show(found: session.CurrentModel) -> None:
    """The page below its header."""
    model, data = found.model, work.fitting(found.model, session.current_dataset())
    name = model.fingerprint
    seen = work.surveyed(name, data.fingerprint, model, data)
    choice = choose(model, seen)
    # The unit first, though it stands below: what was clicked should answer at once.
    top = st.container()
    unit.show(choice)
    with top:
        overview.hierarchy(choice)
    why.show(choice)
    unit.switched_off(choice)
    levels.show(choice)
    survey.codes(name, data.fingerprint, seen, choice.picture)
    survey.odd(name, data.fingerprint, seen)
    survey.surprises(name, data.fingerprint, seen, choice.picture)
    soft_and_hard.show(model, data)


frame.page("inside", t("inside.pick_any_unit_what_it"))
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(t("inside.inside_the_model", described=FOUND.described))
try:
    show(FOUND)
    series.show()
except HTMError as exc:
    st.error(unmarked(exc), icon=":material/error:")
frame.share_link()
