"""The sections of the generate page."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM

from ..kit import settings
from ..kit.pictures import alt, png, sheet, sized
from ..kit.shapes import to_look_at
from ..kit.words import t
from . import work

ON = settings.Page("generate")
#: Samples shown over their nearest training pictures, and columns of every sheet.
MOST_PAIRS, COLUMNS = 8, 8


def say_other_data(on: Any = st) -> None:
    """Why a section is empty: the network did not learn from such data as is at hand."""
    on.info(t("generate.the_data_at_hand_has"))


def number_of_picture(name: str, label: str, on: Any, data: Dataset) -> int:
    """A field for one of the data's pictures."""
    last = len(data) - 1
    words = t("generate.number_of_a_picture_to", last=last)
    return int(ON.number(name, label, on, high=last, help=words))


def samples(model: HTM, drawn: work.Drawn, wanted: work.DrawSettings) -> None:
    """The drawn pictures beside the article's."""
    left, right = st.columns(2, gap="large")
    ours = sheet(to_look_at(model, drawn.samples.pictures), columns=COLUMNS, side=64, gap=6)
    beside = drawn.beside
    left.subheader(t("generate.drawn_by_the_network"), anchor=False)
    left.image(
        ours,
        width="stretch",
        alt=alt(
            t("generate.pictures_drawn_by_the_network", count=wanted.count),
            t("generate.their_median_distance_from_training_2", distance=np.median(beside.distance))
            if beside
            else "",
        ),
    )
    left.download_button(
        t("generate.save_all_as_png"),
        ours,
        f"htm-samples-seed{wanted.seed}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
        key="save_all",
    )
    right.subheader(t("generate.drawn_by_the_articles_generator"), anchor=False)
    if beside is None:
        say_other_data(right)
        return
    right.image(
        sheet(to_look_at(model, beside.article), columns=COLUMNS, side=64, gap=6),
        width="stretch",
        alt=alt(
            t("generate.pictures_from_random_pca_codes", count=wanted.count),
            t(
                "generate.their_median_distance_from_training",
                article_distance=np.median(beside.article_distance),
            ),
        ),
    )
    right.caption(
        t(
            "generate.random_numbers_through_the_inverse",
            components=beside.components,
            article_distance=np.median(beside.article_distance),
            distance=np.median(beside.distance),
        )
    )


def nearest(model: HTM, beside: work.Beside, pictures: np.ndarray) -> None:
    """Each sample over the training picture next to it."""
    st.subheader(t("generate.are_they_copies"), anchor=False)
    shown = min(MOST_PAIRS, len(pictures))
    near = beside.nearest[:shown].astype(np.float32) / 255
    pairs = np.concatenate([pictures[:shown], near.reshape(pictures[:shown].shape)])
    labels = [""] * shown + [f"{d:.2f}" for d in beside.distance[:shown]]
    st.markdown(t("generate.above_drawn_below_the_nearest"))
    st.image(
        sheet(to_look_at(model, pairs), columns=shown, side=64, labels=labels),
        width="stretch",
        alt=alt(
            t("generate.drawn_pictures_over_their_nearest", shown=shown),
            t("generate.the_nearest_of_all_is", min=beside.distance.min()),
        ),
    )
    memory = beside.memory
    if memory is not None:
        st.caption(
            t(
                "generate.median_distance_to_the_nearest",
                samples=memory.samples,
                held=memory.held,
                ASIDE=work.ASIDE,
                copies=memory.copies,
            )
        )


def descent(model: HTM, drawn: work.Drawn, wanted: work.DrawSettings) -> None:
    """How one picture came about, level by level."""
    st.subheader(t("generate.how_a_picture_is_drawn"), anchor=False)
    left, right = st.columns([2, 3], gap="large")
    which = int(
        ON.number(
            "which",
            t("generate.drawn_picture"),
            left,
            high=wanted.count,
            help=t("generate.which_of_the_pictures_above"),
        )
    )
    whole = to_look_at(model, drawn.samples.pictures[which - 1 : which])[0]
    steps = _told(model, drawn, wanted, which - 1)
    left.markdown("\n".join(f"{i}. {step}" for i, step in enumerate(steps, 1)))
    left.download_button(
        t("generate.save_this_picture"),
        png(whole, 512),
        f"htm-sample-seed{wanted.seed}-{which}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
        key="save_one",
    )
    with right.container(horizontal=True, gap="small"):
        for caption, picture in [
            *_stages(model, drawn, which - 1),
            (t("generate.the_picture_values_included"), whole),
        ]:
            file, across = sized(picture, 128)
            st.image(
                file,
                caption=caption,
                width=across,
                alt=alt(t("generate.for_drawn_picture", caption=caption, which=which)),
            )


def _told(model: HTM, drawn: work.Drawn, wanted: work.DrawSettings, index: int) -> list[str]:
    """What was drawn of a picture, and from what, a sentence a step."""
    top, heat = drawn.stages[0], wanted.temperatures
    unit = int(top.winners[index].ravel()[0])
    share = float(model.hierarchy_.layers[-1].shares[unit])
    grid = top.winners.shape[1] * top.winners.shape[2]
    first = (
        t("generate.one_for_each_of_patches", grid=grid, unit=unit, share=share)
        if grid > 1
        else t("generate.unit_which_won_of_the", unit=unit, share=share)
    )
    steps = [t("generate.the_top_level_draws_a", first=first)]
    if model.hierarchy_.layers[-1].rank:
        steps.append(t("generate.its_values_are_drawn_from", heat=heat[-1]))
    else:
        steps.append(t("generate.units_of_rank_have_no"))
    tables = model.sampler_ is not None
    for stage in drawn.stages[1:]:
        steps.append(
            t(
                "generate.level_temperature_each_patch_different",
                level=stage.level + 1,
                heat=heat[stage.level],
                below=t("generate.draws_its_winner") if tables else t("generate.has_the_winner"),
                how=t("generate.by_a_softmax_gate_over")
                if tables
                else t("generate.of_what_its_parent_predicts"),
                winners=len(np.unique(stage.winners[index])),
                size=stage.winners[index].size,
            )
        )
    if tables:
        steps.append(t("generate.tones_every_pixel_moves_to"))
    return steps


def _stages(model: HTM, drawn: work.Drawn, index: int) -> list[tuple[str, np.ndarray]]:
    """The prototypes of each level's winners, as pictures with captions, top first."""
    found = []
    for place, stage in enumerate(drawn.stages):
        caption = t("generate.level", level=stage.level + 1) + (
            t("generate.its_winners_prototypes") if place else t("generate.the_winners_prototype")
        )
        found.append((caption, to_look_at(model, stage.prototypes[index : index + 1])[0]))
    return found
