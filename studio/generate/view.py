"""The sections of the generate page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.estimator.network import HTM

from ..kit import settings
from ..kit.pictures import alt, png, sheet
from ..kit.shapes import to_look_at
from ..kit.words import t
from . import work

ON = settings.Page("generate")
OTHER_DATA = t("generate.the_data_at_hand_has")
#: Samples shown over their nearest training pictures, and columns of every sheet.
MOST_PAIRS, COLUMNS = 8, 8


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
        right.info(OTHER_DATA)
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
    own = slice(which - 1, which)
    whole = to_look_at(model, drawn.samples.pictures[own])[0]
    top = drawn.stages[0]
    unit = int(top.winners[which - 1].ravel()[0])
    share = float(model.hierarchy_.layers[-1].shares[unit])
    grid = top.winners.shape[1] * top.winners.shape[2]
    first = t("generate.unit_which_won_of_the", unit=unit, share=share)
    if grid > 1:
        first = t("generate.one_for_each_of_patches", grid=grid, unit=unit, share=share)
    heat = wanted.temperatures
    below = (
        t("generate.draws_its_winner")
        if model.sampler_ is not None
        else t("generate.has_the_winner")
    )
    how = (
        t("generate.by_a_softmax_gate_over")
        if model.sampler_ is not None
        else t("generate.of_what_its_parent_predicts")
    )
    steps = [
        t("generate.the_top_level_draws_a", first=first),
        t("generate.its_values_are_drawn_from", heat=heat[-1])
        if model.hierarchy_.layers[-1].rank
        else t("generate.units_of_rank_have_no"),
        *(
            t(
                "generate.level_temperature_each_patch_different",
                level=stage.level + 1,
                heat=heat[stage.level],
                below=below,
                how=how,
                winners=len(np.unique(stage.winners[which - 1])),
                size=stage.winners[which - 1].size,
            )
            for stage in drawn.stages[1:]
        ),
    ]
    if model.sampler_ is not None:
        steps.append(t("generate.tones_every_pixel_moves_to"))
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
    row = [
        (
            t("generate.level", level=s.level + 1)
            + (
                t("generate.the_winners_prototype")
                if s is top
                else t("generate.its_winners_prototypes")
            ),
            to_look_at(model, s.prototypes[own])[0],
        )
        for s in drawn.stages
    ]
    row.append((t("generate.the_picture_values_included"), whole))
    with right.container(horizontal=True, gap="small"):
        for caption, picture in row:
            st.image(
                png(picture, 256),
                caption=caption,
                width=128,
                alt=alt(t("generate.for_drawn_picture", caption=caption, which=which)),
            )
