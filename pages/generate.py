"""Generate: new pictures, drawn from the top down."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import drawing, frame, generate_more, generate_view, session
from studio.words import said, t

ANY = "any"


def clamp(key: str, last: int) -> None:
    """A link may come from more pictures than there are now."""
    if st.session_state.get(key, 0) > last:
        st.session_state[key] = last


def settings(levels: int, data) -> drawing.DrawSettings:
    columns = st.columns(3)
    count = columns[0].select_slider(
        t("generate.pictures"), (8, 16, 32, 64), 16, key="count", bind="query-params",
        help=t("generate.how_many_to_draw"),
    )  # fmt: skip
    seed = columns[1].number_input(
        t("generate.seed"), 0, 10**6, 0, key="seed", bind="query-params",
        help=t("generate.the_same_seed_draws_the"),
    )  # fmt: skip
    kind = columns[2].selectbox(
        t("generate.class"), [ANY, *drawing.kinds(data)], key="kind", bind="query-params",
        help=t("generate.labels_of_the_data_at"),
    )  # fmt: skip
    heats = []
    columns = st.columns(min(levels, 4))
    for level in range(levels - 1, -1, -1):
        top = level == levels - 1
        heat = columns[(levels - 1 - level) % 4].slider(
            t("generate.temperature_level", level=level + 1) + (t("generate.top") if top else ""),
            0.0, 2.0, 1.0 if top else 0.7, 0.1,
            key="temperature" if top else f"heat{level + 1}", bind="query-params",
            help=t("generate.spread_of_the_values_around") if top else
            t("generate.how_far_children_leave_what"),
        )  # fmt: skip
        heats.insert(0, float(heat))
    return drawing.DrawSettings(int(count), int(seed), tuple(heats), drawing.kind_of(data, kind))


def link(wanted: drawing.DrawSettings) -> dict[str, generate_more.Linked]:
    values: dict[str, generate_more.Linked] = {"count": wanted.count, "seed": wanted.seed}
    values["kind"] = st.session_state.get("kind", ANY)
    values["temperature"] = wanted.temperatures[-1]
    for level, heat in enumerate(wanted.temperatures[:-1], 1):
        values[f"heat{level}"] = heat
    return values


def show(found: session.CurrentModel, data) -> None:
    """The page below its header."""
    name = found.model.fingerprint
    model = drawing.drawer(name, data.fingerprint, found.model, data)
    wanted = settings(len(model.layers), data if drawing.fits(model, data) else None)
    clamp("which", wanted.count)
    for key in ("a", "b", "vary", "cover"):
        clamp(key, len(data) - 1)
    values = link(wanted)
    drawn = drawing.draw(name, data.fingerprint, wanted, model, data)
    generate_view.samples(model, drawn, wanted)
    if drawn.beside is not None:
        generate_view.nearest(model, drawn.beside, drawn.samples.pictures)
    values["which"] = generate_view.descent(model, drawn, wanted)
    values |= generate_more.completion(model, name, data)
    values |= generate_more.way(model, name, data)
    values |= generate_more.variations(model, name, data, wanted.seed)
    frame.share_link(values)


frame.guard()
frame.page(
    t("generate.generate"),
    ":material/auto_awesome:",
    t("generate.let_the_network_draw_a"),
)
FOUND = session.current()
if FOUND is None:
    st.stop()
st.caption(t("generate.drawn_by_the_model", described=FOUND.described))
try:
    show(FOUND, session.current_dataset())
except HTMError as exc:
    st.error(said(exc))
