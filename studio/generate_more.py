"""The sections of the generate page that begin with a picture of the data."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from htm_engine import figures_generate as figures
from htm_engine.datasets import Dataset
from htm_engine.metrics import psnr_of
from htm_engine.network import HTM

from . import drawing, inside_work
from .frame import Value
from .generate_view import COLUMNS, OTHER_DATA
from .pictures import alt, gif, png, sheet

Linked = Value | tuple[Value, ...]
#: Pictures of a strip, and of a moving picture.
STEPS, FRAMES = 8, 24


def way(model: HTM, fingerprint: str, data: Dataset) -> dict[str, Value]:
    """From one picture of the data to another."""
    st.subheader("From one picture to another", anchor=False)
    if not drawing.fits(model, data):
        st.info(OTHER_DATA)
        return {}
    last = len(data) - 1
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    ends = []
    for column, key, label, usual in zip(
        columns, "ab", ("From picture", "To picture"), (0, min(1, last)), strict=False
    ):
        chosen = column.number_input(
            label, 0, last, usual, key=key, bind="query-params",
            help=f"Number of a picture, 0 to {last:,}.",
        )  # fmt: skip
        ends.append(int(chosen))
    moving = columns[2].toggle(
        "Moving", key="moving", bind="query-params", help="Show the way as a moving picture."
    )
    st.markdown(
        "Their codes at the top level are mixed, and every mixture **competes again**: what lies "
        "between is something that a unit can say, not a fade."
    )
    words = f"from picture {ends[0]} to picture {ends[1]}, through their codes"
    asked = (fingerprint, data.fingerprint, ends[0], ends[1])
    strip = drawing.picture_shape(model, drawing.way(*asked, STEPS, model, data))
    if moving:
        film = gif(drawing.picture_shape(model, drawing.way(*asked, FRAMES, model, data)))
        st.image(film, width=192, alt=alt(f"A moving picture {words}, and back"))
        st.download_button(
            "Save as GIF", film, f"htm-{ends[0]}-to-{ends[1]}.gif", "image/gif",
            icon=":material/download:", on_click="ignore", key="save_gif",
        )  # fmt: skip
    else:
        st.image(
            sheet(strip, columns=COLUMNS, side=80), width="stretch",
            alt=alt(f"{STEPS} pictures {words}"),
        )  # fmt: skip
    return {"a": ends[0], "b": ends[1], "moving": bool(moving)}


def variations(model: HTM, fingerprint: str, data: Dataset, seed: int) -> dict[str, Value]:
    """A picture, and others that the same units could have made."""
    st.subheader("Variations of one picture", anchor=False)
    if not drawing.fits(model, data):
        st.info(OTHER_DATA)
        return {}
    columns = st.columns(2)
    picture = int(columns[0].number_input(
        "Picture to vary", 0, len(data) - 1, 0, key="vary", bind="query-params",
        help=f"Number of a picture, 0 to {len(data) - 1:,}.",
    ))  # fmt: skip
    strength = columns[1].slider(
        "Strength",
        0.0,
        1.0,
        0.5,
        0.1,
        key="strength",
        bind="query-params",
        help="0 is the picture as its code keeps it, 1 a fresh draw of the same unit.",
    )
    made = drawing.varied(
        fingerprint, data.fingerprint, picture, seed, float(strength), model, data
    )
    real = data.X[picture : picture + 1].reshape(1, *model._layout).astype(np.float32) / 255
    st.image(
        sheet(
            drawing.picture_shape(model, np.concatenate([real, made[: COLUMNS - 1]])),
            columns=COLUMNS, side=80, labels=["picture", *[""] * (COLUMNS - 1)],
        ),
        width="stretch",
        alt=alt(f"Picture {picture} and {COLUMNS - 1} variations of strength {strength:g}"),
    )  # fmt: skip
    st.caption(
        "The same winner at the top; its values move within their spread, z′ = √(1 − s²) z + s ε. "
        "The seed above decides how."
    )
    return {"vary": picture, "strength": float(strength)}


# ------------------------------------------------------------------- completion
def _take_box(height: int, width: int) -> None:
    """A region was drawn with the mouse: the sliders follow."""
    event = st.session_state.get("region")
    points = event["selection"]["points"] if event else []
    cells = np.array([inside_work.marked(point) for point in points if "customdata" in point])
    if len(cells) < 2:
        return
    low, high = cells.min(0), cells.max(0) + 1
    st.session_state["cover_rows"] = (int(low[0]), min(int(high[0]), height))
    st.session_state["cover_columns"] = (int(low[1]), min(int(high[1]), width))


def completion(model: HTM, fingerprint: str, data: Dataset) -> dict[str, Linked]:
    """What the network puts where a picture is covered."""
    st.subheader("Complete what is covered", anchor=False)
    if not drawing.completable(model, data):
        st.info(OTHER_DATA)
        return {}
    height, width = model._shape[:2]
    columns = st.columns(3)
    picture = int(columns[0].number_input(
        "Picture to cover", 0, len(data) - 1, 0, key="cover", bind="query-params",
        help=f"Number of a picture, 0 to {len(data) - 1:,}.",
    ))  # fmt: skip
    top, bottom = columns[1].slider(
        "Covered rows", 0, height, (height // 2, height), key="cover_rows", bind="query-params"
    )
    left, right = columns[2].slider(
        "Covered columns", 0, width, (0, width), key="cover_columns", bind="query-params"
    )
    link: dict[str, Linked] = {"cover": picture}
    rows, across = (int(top), int(bottom)), (int(left), int(right))
    whole = rows == (0, height) and across == (0, width)
    if whole:
        st.info("Everything is covered: leave something to go by.")
        return link
    box = drawing.Box(*rows, *across)
    three = drawing.completed(fingerprint, data.fingerprint, picture, box, model, data)
    real, covered, whole_again = (drawing.picture_shape(model, x[None])[0] for x in three)
    first, second = st.columns([2, 3], gap="large")
    figure, words = figures.region(
        inside_work.uri(covered), (height, width), (box.top, box.bottom, box.left, box.right)
    )
    first.plotly_chart(
        go.Figure(figure), alt=words, config={"displayModeBar": False}, key="region",
        selection_mode="box", on_select=lambda: _take_box(height, width),
    )  # fmt: skip
    first.caption("Draw a box over the picture with the mouse, or use the sliders.")
    hidden = (box.bottom - box.top) * (box.right - box.left)
    error = float(((three[2] - three[0]) ** 2).sum() / max(1, hidden * model._shape[2]))
    with second.container(horizontal=True, gap="small"):
        for caption, shown in (("Covered", covered), ("Completed", whole_again), ("Real", real)):
            st.image(png(shown, 224), caption=caption, width=120,
                     alt=alt(f"{caption}: picture {picture}"))  # fmt: skip
    second.markdown(
        f"Of {height * width:,} pixels **{hidden:,}** are covered; the network is "
        f"**{psnr_of(error):.1f} dB** from the real ones there."
        if hidden else "Nothing is covered."
    )  # fmt: skip
    second.caption(
        "Every top unit is a Gaussian over whole pictures. What is seen says how likely each is "
        "and with which values (Bayes' rule); the mean of all, weighted, is what you see. Being a "
        "mean, it is soft where the network is unsure."
    )
    return link | {"cover_rows": rows, "cover_columns": across}
