"""Generate: new pictures, drawn from the top down."""

import numpy as np
import streamlit as st

from htm_engine.errors import HTMError
from studio import drawing, frame, session
from studio.pictures import alt, sheet


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


def show_samples(found: session.CurrentModel, drawn: drawing.Drawn, wanted) -> None:
    look = lambda pictures: drawing.picture_shape(found.model, pictures)  # noqa: E731
    left, right = st.columns(2, gap="large")
    ours = sheet(look(drawn.samples.pictures), columns=8, side=64, gap=6)
    left.subheader("Drawn by the network", anchor=False)
    left.image(
        ours,
        width="stretch",
        alt=alt(
            f"{wanted.count} pictures drawn by the network at temperature {wanted.temperature}",
            "Most look like the training pictures without being any of them",
        ),
    )
    left.download_button(
        "Save as PNG", ours, f"htm-samples-seed{wanted.seed}.png", "image/png",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    right.subheader("Drawn by the article's generator", anchor=False)
    if drawn.article is None:
        right.info("The data at hand has other pictures than the network learned from.")
        return
    right.image(
        sheet(look(drawn.article), columns=8, side=64, gap=6),
        width="stretch",
        alt=alt(f"{wanted.count} pictures from random PCA codes", "Most are blurred mixtures"),
    )
    right.caption(
        f"Random numbers through the inverse PCA ({drawn.components} components hold 95 % of the "
        "variance). One global subspace cannot know which strokes belong together."
    )


def show_nearest(found: session.CurrentModel, drawn: drawing.Drawn) -> None:
    if drawn.nearest is None or drawn.distance is None:
        return
    st.subheader("Are they copies?", anchor=False)
    st.markdown(
        "Above: drawn. Below: the **nearest training picture**, and how far it is "
        "(root mean square; 0 would be a copy)."
    )
    shown = min(12, len(drawn.nearest))
    look = drawing.picture_shape(found.model, drawn.samples.pictures[:shown])
    near = drawn.nearest[:shown].astype(np.float32) / 255
    labels = [""] * shown + [f"{d:.2f}" for d in drawn.distance[:shown]]
    st.image(
        sheet([*look, *near.reshape(look.shape)], columns=shown, side=64, labels=labels),
        width="stretch",
        alt=alt(
            f"{shown} drawn pictures over their nearest training pictures",
            f"The median distance is {np.median(drawn.distance):.2f}; none is a copy"
            if drawn.distance.min() > 0.01
            else "At least one is a copy",
        ),
    )


def show_descent(found: session.CurrentModel, drawn: drawing.Drawn) -> None:
    st.subheader("How a picture is drawn", anchor=False)
    st.markdown(
        "1. A unit of the **top level** is chosen by its share of wins: its prototype.  \n"
        "2. Its **values** are drawn by the spread they had in training.  \n"
        "3. Each level below turns what its parent predicts into the map below it."
    )
    look = drawing.picture_shape(found.model, drawn.samples.prototypes[:6])
    full = drawing.picture_shape(found.model, drawn.samples.pictures[:6])
    units = [f"unit {int(w.ravel()[0])}" for w in drawn.samples.winners[:6]]
    st.image(
        sheet([*look, *full], columns=6, side=96, labels=[*units, *["with values"] * 6]),
        width=620,
        alt=alt("Six winners' prototypes over the pictures drawn from them"),
    )


def show_way(found: session.CurrentModel, data) -> None:
    st.subheader("From one picture to another", anchor=False)
    columns = st.columns(2)
    last = len(data) - 1
    first = columns[0].number_input("From picture", 0, last, 0, key="a", bind="query-params")
    second = columns[1].number_input(
        "To picture", 0, last, min(1, last), key="b", bind="query-params"
    )
    if not drawing.fits(found.model, data):
        st.info("The data at hand has other pictures than the network learned from.")
        return
    way = drawing.way(
        found.model.fingerprint, data.fingerprint, int(first), int(second), found.model, data
    )
    st.image(
        sheet(drawing.picture_shape(found.model, way), columns=8, side=80),
        width="stretch",
        alt=alt(
            f"Eight pictures between picture {first} and picture {second}, through their codes"
        ),
    )


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
try:
    DRAWN = drawing.draw(FOUND.model.fingerprint, DATA.fingerprint, WANTED, FOUND.model, DATA)
    show_samples(FOUND, DRAWN, WANTED)
    show_nearest(FOUND, DRAWN)
    show_descent(FOUND, DRAWN)
    show_way(FOUND, DATA)
except HTMError as exc:
    st.error(f"{exc}")
frame.share_link(
    {"count": WANTED.count, "temperature": WANTED.temperature, "seed": WANTED.seed}
    | {name: int(st.session_state[name]) for name in ("a", "b") if name in st.session_state}
)
