"""The sections of the generate page about codes: from one picture to another, and around one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM

from ..kit.pictures import alt, gif, sheet
from ..kit.shapes import fits, to_look_at
from ..kit.words import drawable, t
from . import work
from .view import COLUMNS, ON, number_of_picture, say_other_data

#: Pictures of a strip, and of a moving picture.
STEPS, FRAMES = 8, 24


def way(model: HTM, fingerprint: str, data: Dataset) -> None:
    """From one picture of the data to another."""
    st.subheader(t("generate.from_one_picture_to_another"), anchor=False)
    if not fits(model, data):
        say_other_data()
        return
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    ends = []
    labels = (t("generate.from_picture"), t("generate.to_picture"))
    for column, key, label in zip(columns, "ab", labels, strict=False):
        ends.append(number_of_picture(key, label, column, data))
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
        say_other_data()
        return
    columns = st.columns(2)
    picture = number_of_picture("vary", t("generate.picture_to_vary"), columns[0], data)
    strength = ON.slider(
        "strength", t("generate.strength"), columns[1], help=t("generate.is_the_picture_as_its")
    )
    made = work.varied(fingerprint, data.fingerprint, picture, seed, float(strength), model, data)
    drawn, beside = drawable([t("generate.picture_lower")])
    real = data.X[picture : picture + 1].reshape(1, *model.layout).astype(np.float32) / 255
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
