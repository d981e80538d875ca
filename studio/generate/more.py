"""The sections of the generate page that begin with a picture of the data."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM
from htm_engine.evaluation.metrics import psnr_of
from htm_engine.figures import generate

from ..kit.pictures import alt, gif, png, sheet
from ..kit.shapes import BARE, fits, marked, to_look_at, uri
from ..kit.words import drawable, t
from . import work
from .view import COLUMNS, ON, OTHER_DATA

#: Pictures of a strip, and of a moving picture.
STEPS, FRAMES = 8, 24


def way(model: HTM, fingerprint: str, data: Dataset) -> None:
    """From one picture of the data to another."""
    st.subheader(t("generate.from_one_picture_to_another"), anchor=False)
    if not fits(model, data):
        st.info(OTHER_DATA)
        return
    last = len(data) - 1
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    ends = []
    labels = (t("generate.from_picture"), t("generate.to_picture"))
    for column, key, label in zip(columns, "ab", labels, strict=False):
        chosen = ON.number(
            key, label, column, high=last, help=t("generate.number_of_a_picture_to_2", last=last)
        )
        ends.append(int(chosen))
    moving = ON.toggle(
        "moving", t("generate.moving"), columns[2], help=t("generate.show_the_way_as_a")
    )
    st.markdown(t("generate.their_codes_at_the_top"))
    words = t("generate.from_picture_to_picture_through", ends=ends[0], ends2=ends[1])
    asked = (fingerprint, data.fingerprint, ends[0], ends[1])
    strip = to_look_at(model, work.way(*asked, STEPS, model, data))
    if moving:
        film = gif(to_look_at(model, work.way(*asked, FRAMES, model, data)))
        st.image(film, width=192, alt=alt(t("generate.an_animation_and_back", words=words)))
        st.download_button(
            t("generate.save_as_gif"),
            film,
            f"htm-{ends[0]}-to-{ends[1]}.gif",
            "image/gif",
            icon=":material/download:",
            on_click="ignore",
            key="save_gif",
        )
    else:
        st.image(
            sheet(strip, columns=COLUMNS, side=80),
            width="stretch",
            alt=alt(t("generate.pictures_2", steps=STEPS, words=words)),
        )


def variations(model: HTM, fingerprint: str, data: Dataset, seed: int) -> None:
    """A picture, and others that the same units could have made."""
    st.subheader(t("generate.variations_of_one_picture"), anchor=False)
    if not fits(model, data):
        st.info(OTHER_DATA)
        return
    columns = st.columns(2)
    picture = int(
        ON.number(
            "vary",
            t("generate.picture_to_vary"),
            columns[0],
            high=len(data) - 1,
            help=t("generate.number_of_a_picture_to", data=len(data) - 1),
        )
    )
    strength = ON.slider(
        "strength", t("generate.strength"), columns[1], help=t("generate.is_the_picture_as_its")
    )
    made = work.varied(fingerprint, data.fingerprint, picture, seed, float(strength), model, data)
    drawn, beside = drawable([t("generate.picture_lower")])
    real = data.X[picture : picture + 1].reshape(1, *model._layout).astype(np.float32) / 255
    st.image(
        sheet(
            to_look_at(model, np.concatenate([real, made[: COLUMNS - 1]])),
            columns=COLUMNS,
            side=80,
            labels=[*drawn, *[""] * (COLUMNS - 1)],
        ),
        caption=beside,
        width="stretch",
        alt=alt(
            t(
                "generate.picture_and_variations_of_strength",
                picture=picture,
                columns=COLUMNS - 1,
                strength=strength,
            )
        ),
    )
    st.caption(t("generate.the_same_winner_at_the"))


# ------------------------------------------------------------------- completion
def _take_box(height: int, width: int) -> None:
    """A region was drawn with the mouse: the sliders follow."""
    event = st.session_state.get("region")
    points = event["selection"]["points"] if event else []
    cells = np.array([marked(point) for point in points if "customdata" in point])
    if len(cells) < 2:
        return
    low, high = cells.min(0), cells.max(0) + 1
    st.session_state["cover_rows"] = (int(low[0]), min(int(high[0]), height))
    st.session_state["cover_columns"] = (int(low[1]), min(int(high[1]), width))


def completion(model: HTM, fingerprint: str, data: Dataset) -> None:
    """What the network puts where a picture is covered."""
    st.subheader(t("generate.complete_what_is_covered"), anchor=False)
    if not work.completable(model, data):
        st.info(OTHER_DATA)
        return
    height, width = model._shape[:2]
    columns = st.columns(3)
    picture = int(
        ON.number(
            "cover",
            t("generate.picture_to_cover"),
            columns[0],
            high=len(data) - 1,
            help=t("generate.number_of_a_picture_to", data=len(data) - 1),
        )
    )
    top, bottom = ON.slider(
        "cover_rows",
        t("generate.covered_rows"),
        columns[1],
        high=height,
        default=(height // 2, height),
    )
    left, right = ON.slider(
        "cover_columns",
        t("generate.covered_columns"),
        columns[2],
        high=width,
        default=(0, width),
    )
    rows, across = (int(top), int(bottom)), (int(left), int(right))
    whole = rows == (0, height) and across == (0, width)
    if whole:
        st.info(t("generate.everything_is_covered"))
        return
    box = work.Box(*rows, *across)
    three = work.completed(fingerprint, data.fingerprint, picture, box, model, data)
    real, covered, whole_again = (to_look_at(model, x[None])[0] for x in three)
    first, second = st.columns([2, 3], gap="large")
    figure, words = generate.region(
        uri(covered), (height, width), (box.top, box.bottom, box.left, box.right)
    )
    first.plotly_chart(
        go.Figure(figure),
        alt=words,
        config=BARE,
        key="region",
        selection_mode="box",
        on_select=lambda: _take_box(height, width),
    )
    first.caption(t("generate.draw_a_box_over_the"))
    hidden = (box.bottom - box.top) * (box.right - box.left)
    error = float(((three[2] - three[0]) ** 2).sum() / max(1, hidden * model._shape[2]))
    with second.container(horizontal=True, gap="small"):
        for caption, shown in (
            (t("generate.covered"), covered),
            (t("generate.completed"), whole_again),
            (t("generate.real"), real),
        ):
            st.image(
                png(shown, 224),
                caption=caption,
                width=120,
                alt=alt(t("generate.caption_picture", caption=caption, picture=picture)),
            )
    second.markdown(
        t(
            "generate.of_pixels_are_covered_the",
            height=height * width,
            hidden=hidden,
            error=psnr_of(error),
        )
        if hidden
        else t("generate.nothing_is_covered")
    )
    second.caption(t("generate.every_top_unit_is_a"))
