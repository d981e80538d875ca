"""Generate: new pictures, drawn from the top down."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import drawing, frame, generate_view, session


def clamp(key: str, last: int) -> None:
    """A link may come from more pictures than there are now."""
    if st.session_state.get(key, 0) > last:
        st.session_state[key] = last


def settings() -> drawing.DrawSettings:
    columns = st.columns(3)
    count = columns[0].select_slider(
        "Pictures", (8, 16, 32, 64), 16, key="count", bind="query-params",
        help="How many to draw.",
    )  # fmt: skip
    temperature = columns[1].slider(
        "Temperature", 0.0, 2.0, 0.7, 0.1, key="temperature", bind="query-params",
        help="Spread of the values around each winner's prototype: 0 draws prototypes alone, "
        "1 spreads as the training data did.",
    )  # fmt: skip
    seed = columns[2].number_input(
        "Seed", 0, 10**6, 0, key="seed", bind="query-params",
        help="The same seed draws the same pictures.",
    )  # fmt: skip
    return drawing.DrawSettings(int(count), int(seed), float(temperature))


frame.guard()
frame.page(
    "Generate",
    ":material/auto_awesome:",
    "Let the network draw: a winner at the top, its prediction level by level below.",
)
FOUND, DATA = session.current(), session.current_dataset()
if FOUND is None:
    st.stop()
st.caption(f"Drawn by the model {FOUND.described}.")
WANTED = settings()
MODEL, NAME = FOUND.model, FOUND.model.fingerprint
clamp("which", WANTED.count)
clamp("a", len(DATA) - 1)
clamp("b", len(DATA) - 1)
LINK = {"count": WANTED.count, "temperature": WANTED.temperature, "seed": WANTED.seed}
try:
    DRAWN = drawing.draw(NAME, DATA.fingerprint, WANTED, MODEL, DATA)
    generate_view.samples(MODEL, DRAWN, WANTED)
    if DRAWN.beside is not None:
        generate_view.nearest(MODEL, DRAWN.beside, DRAWN.samples.pictures)
    LINK["which"] = generate_view.descent(MODEL, DRAWN, WANTED)
    ENDS = generate_view.way(MODEL, NAME, DATA)
    if ENDS is not None:
        LINK["a"], LINK["b"] = ENDS
except HTMError as exc:
    st.error(str(exc))
frame.share_link(LINK)
