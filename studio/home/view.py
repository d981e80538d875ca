"""What the home page draws of the shipped model: examples, figures, units.

Everything is kept by the time stamp of the file it comes from.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..kit.pictures import alt, sheet
from ..kit.words import t
from . import showcase

#: Width of a column on the page, so that ten stand side by side; drawn twice as fine.
COLUMN = 80


@st.cache_resource(show_spinner=False, max_entries=1)
def load_showcase(stamp: float) -> showcase.Showcase:
    return showcase.read()


@st.cache_resource(show_spinner=False, max_entries=1)
def draw_examples(stamp: float) -> list[bytes]:
    """A column a picture: the original, the winner's prototype, the picture from the file."""
    columns = []
    for example in load_showcase(stamp).examples:
        steps = [example.original, example.winner, example.rebuilt]
        columns.append(sheet(np.array(steps, np.uint8), columns=1, side=128, gap=12, margin=16))
    return columns


@st.cache_resource(show_spinner=False, max_entries=8)
def draw_units(stamp: float, level: int) -> bytes:
    units = np.array(load_showcase(stamp).units[level], np.uint8)
    return sheet(units, columns=min(16, len(units)), side=40, gap=4)


def show_examples(stamp: float) -> None:
    found = load_showcase(stamp)
    st.subheader(t("home.digits_it_had_never_seen"), anchor=False)
    st.markdown(t("home.from_top_to_bottom_the", raw_size=found.raw_size))
    st.image(
        draw_examples(stamp),
        caption=[t("home.bytes", size=example.size) for example in found.examples],
        alt=[
            alt(
                t("home.a_handwritten_its_winning_units", label=example.label),
                t("home.the_file_spends_bytes_on", size=example.size),
            )
            for example in found.examples
        ],
        width=COLUMN,
    )


def show_numbers(stamp: float) -> None:
    found = load_showcase(stamp)
    with st.container(horizontal=True, gap="small"):
        for label, value in (
            (t("home.bytes_per_picture"), f"{found.htm.size:.1f}"),
            (t("home.psnr"), t("home.db", psnr=found.htm.psnr)),
            (t("home.bytes_pca_at"), f"{found.pca.size:.1f}"),
            (t("home.psnr_pca_at"), t("home.db", psnr=found.pca.psnr)),
        ):
            st.metric(label, value, border=True, width="stretch")
    st.caption(
        t(
            "home.measured_on_digits_kept_out",
            measured_on=found.measured_on,
            learned_from=found.learned_from,
            quality=found.quality,
            pca_components=found.pca_components,
        )
    )


def show_units(stamp: float) -> None:
    levels = load_showcase(stamp).units
    st.subheader(t("home.what_its_units_stand_for"), anchor=False)
    st.markdown(t("home.every_unit_predicts_one_kind"))
    for level, units in enumerate(levels):
        st.image(
            draw_units(stamp, level),
            caption=t("home.level_units", level=level + 1, units=len(units))
            + (
                t("home.each_for_a_patch")
                if level + 1 < len(levels)
                else t("home.each_for_a_whole_picture")
            ),
            alt=alt(
                t("home.the_prototypes_of_the_units", units=len(units), level=level + 1),
                t("home.each_differs_from_the_others")
                + (
                    t("home.strokes_and_corners")
                    if level + 1 < len(levels)
                    else t("home.most_are_digits")
                ),
            ),
            width="stretch",
        )
