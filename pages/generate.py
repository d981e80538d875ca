"""Generate: new pictures, drawn from the top down."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame
from studio.generate import codes, completion, view, work
from studio.generate.view import ON
from studio.kit import shapes
from studio.kit.words import t, unmarked
from studio.visitor import session

ANY = "any"


def settings(levels: int, data) -> work.DrawSettings:
    columns = st.columns(3)
    count = ON.stops(
        "count", t("generate.pictures"), columns[0], help=t("generate.how_many_to_draw")
    )
    seed = ON.number(
        "seed", t("generate.seed"), columns[1], help=t("generate.the_same_seed_draws_the")
    )
    kind = ON.select(
        "kind",
        t("generate.class"),
        columns[2],
        options=[ANY, *work.kinds(data)],
        format_func=lambda kind: t("generate.any") if kind == ANY else str(kind),
        help=t("generate.labels_of_the_data_at"),
    )
    heats = []
    columns = st.columns(min(levels, 4))
    for level in range(levels - 1, -1, -1):
        top = level == levels - 1
        heat = ON.slider(
            "temperature" if top else f"heat{level + 1}",
            t("generate.temperature_level", level=level + 1) + (t("generate.top") if top else ""),
            columns[(levels - 1 - level) % 4],
            help=t("generate.spread_of_the_values_around")
            if top
            else t("generate.how_far_children_leave_what"),
        )
        heats.insert(0, float(heat))
    return work.DrawSettings(int(count), int(seed), tuple(heats), work.kind_of(data, kind))


def show(found: session.CurrentModel, data) -> None:
    """The page below its header."""
    name = found.model.fingerprint
    model = work.drawer(name, data.fingerprint, found.model, data)
    wanted = settings(len(model.specs), data if shapes.fits(model, data) else None)
    drawn = work.draw(name, data.fingerprint, wanted, model, data)
    view.samples(model, drawn, wanted)
    if drawn.beside is not None:
        view.nearest(model, drawn.beside, drawn.samples.pictures)
    view.descent(model, drawn, wanted)
    completion.show(model, name, data)
    codes.way(model, name, data)
    codes.variations(model, name, data, wanted.seed)


frame.page("generate", t("generate.let_the_network_draw_a"))
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(t("generate.drawn_by_the_model", described=FOUND.described))
try:
    show(FOUND, session.current_dataset())
except HTMError as exc:
    st.error(unmarked(exc))
frame.share_link()
