"""The section of the generate page that completes a picture where a box covers it."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM
from htm_engine.evaluation.metrics import psnr_of
from htm_engine.figures import generate

from ..kit.pictures import alt, sized
from ..kit.shapes import BARE, marked, to_look_at, uri
from ..kit.words import t
from . import work
from .view import ON, number_of_picture, say_other_data


def show(model: HTM, fingerprint: str, data: Dataset) -> None:
    """What the network puts where a picture is covered."""
    st.subheader(t("generate.complete_what_is_covered"), anchor=False)
    if not work.completable(model, data):
        say_other_data()
        return
    height, width = model.shape[:2]
    picture, box = _choose(data, height, width)
    if (box.top, box.bottom, box.left, box.right) == (0, height, 0, width):
        st.info(t("generate.everything_is_covered"))
        return
    three = work.completed(fingerprint, data.fingerprint, picture, box, model, data)
    real, covered, completed = (to_look_at(model, x[None])[0] for x in three)
    left, right = st.columns([2, 3], gap="large")
    _show_box(left, uri(covered), box, height, width)
    with right.container(horizontal=True, gap="small"):
        for caption, shown in (
            (t("generate.covered"), covered),
            (t("generate.completed"), completed),
            (t("generate.real"), real),
        ):
            file, across = sized(shown, 120)
            st.image(
                file,
                caption=caption,
                width=across,
                alt=alt(t("generate.caption_picture", caption=caption, picture=picture)),
            )
    hidden = (box.bottom - box.top) * (box.right - box.left)
    error = float(((three[2] - three[0]) ** 2).sum() / max(1, hidden * model.shape[2]))
    right.markdown(
        t(
            "generate.of_pixels_are_covered_the",
            height=height * width,
            hidden=hidden,
            error=psnr_of(error),
        )
        if hidden
        else t("generate.nothing_is_covered")
    )
    right.caption(t("generate.every_top_unit_is_a"))


def _choose(data: Dataset, height: int, width: int) -> tuple[int, work.Box]:
    """The picture, and what is covered of it, by keyboard."""
    columns = st.columns(3)
    picture = number_of_picture("cover", t("generate.picture_to_cover"), columns[0], data)
    top, bottom = ON.slider(
        "cover_rows",
        t("generate.covered_rows"),
        columns[1],
        high=height,
        default=(height // 2, height),
    )
    left, right = ON.slider(
        "cover_columns", t("generate.covered_columns"), columns[2], high=width, default=(0, width)
    )
    return picture, work.Box(int(top), int(bottom), int(left), int(right))


def _show_box(on: Any, covered: str, box: work.Box, height: int, width: int) -> None:
    """The picture with its box, where the mouse can draw another."""
    figure, words = generate.region(
        covered, (height, width), (box.top, box.bottom, box.left, box.right)
    )
    on.plotly_chart(
        go.Figure(figure),
        alt=words,
        config=BARE,
        key="region",
        selection_mode="box",
        on_select=lambda: _take_box(height, width),
    )
    on.caption(t("generate.draw_a_box_over_the"))


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
