"""The sections of the generate page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.network import HTM

from . import drawing
from .pictures import alt, png, sheet

OTHER_DATA = (
    "The data at hand has other pictures than the network learned from. Choose its own data on "
    "the Train page to see what belongs here."
)
#: Samples shown over their nearest training pictures, and columns of every sheet.
MOST_PAIRS, COLUMNS = 8, 8


def samples(model: HTM, drawn: drawing.Drawn, wanted: drawing.DrawSettings) -> None:
    """The drawn pictures beside the article's."""
    left, right = st.columns(2, gap="large")
    ours = sheet(drawing.picture_shape(model, drawn.samples.pictures), columns=COLUMNS, side=64,
                 gap=6)  # fmt: skip
    beside = drawn.beside
    left.subheader("Drawn by the network", anchor=False)
    left.image(
        ours,
        width="stretch",
        alt=alt(
            f"{wanted.count} pictures drawn by the network",
            f"Their median distance from training pictures is {np.median(beside.distance):.2f}"
            if beside else "",
        ),
    )  # fmt: skip
    left.download_button(
        "Save all as PNG", ours, f"htm-samples-seed{wanted.seed}.png", "image/png",
        icon=":material/download:", on_click="ignore", key="save_all",
    )  # fmt: skip
    right.subheader("Drawn by the article's generator", anchor=False)
    if beside is None:
        right.info(OTHER_DATA)
        return
    right.image(
        sheet(drawing.picture_shape(model, beside.article), columns=COLUMNS, side=64, gap=6),
        width="stretch",
        alt=alt(
            f"{wanted.count} pictures from random PCA codes",
            "Their median distance from training pictures is "
            f"{np.median(beside.article_distance):.2f}",
        ),
    )
    right.caption(
        f"Random numbers through the inverse PCA ({beside.components} components hold 95 % of the "
        "variance). One global subspace cannot know which strokes belong together: the median "
        f"distance to the nearest real picture is {np.median(beside.article_distance):.2f}, the "
        f"network's is {np.median(beside.distance):.2f}."
    )


def nearest(model: HTM, beside: drawing.Beside, pictures: np.ndarray) -> None:
    """Each sample over the training picture next to it."""
    st.subheader("Are they copies?", anchor=False)
    shown = min(MOST_PAIRS, len(pictures))
    near = beside.nearest[:shown].astype(np.float32) / 255
    pairs = np.concatenate([pictures[:shown], near.reshape(pictures[:shown].shape)])
    labels = [""] * shown + [f"{d:.2f}" for d in beside.distance[:shown]]
    st.markdown(
        "Above: drawn. Below: the **nearest picture of the data**, and how far it is (root mean "
        "square of the difference, intensities from 0 to 1; 0 would be a copy)."
    )
    st.image(
        sheet(drawing.picture_shape(model, pairs), columns=shown, side=64, labels=labels),
        width="stretch",
        alt=alt(
            f"{shown} drawn pictures over their nearest pictures of the data",
            f"The nearest of all is {beside.distance.min():.2f} away",
        ),
    )
    memory = beside.memory
    if memory is not None:
        st.caption(
            f"Median distance to the nearest: **{memory.samples:.2f}** for drawn pictures, "
            f"**{memory.held:.2f}** for {drawing.ASIDE} real ones to the others. "
            f"{memory.copies:.0%} of the drawn ones lie nearer than 99 % of the real ones do, "
            "and may be copies; low temperatures draw prototypes, which are means, not copies."
        )


def descent(model: HTM, drawn: drawing.Drawn, wanted: drawing.DrawSettings) -> int:
    """How one picture came about, level by level."""
    st.subheader("How a picture is drawn", anchor=False)
    left, right = st.columns([2, 3], gap="large")
    which = int(left.number_input(
        "Drawn picture", 1, wanted.count, 1, key="which", bind="query-params",
        help="Which of the pictures above, in reading order.",
    ))  # fmt: skip
    own = slice(which - 1, which)
    whole = drawing.picture_shape(model, drawn.samples.pictures[own])[0]
    top = drawn.stages[0]
    unit = int(top.winners[which - 1].ravel()[0])
    share = float(model.hierarchy_.layers[-1].shares[unit])
    grid = top.winners.shape[1] * top.winners.shape[2]
    first = f"unit **{unit}**, which won {share:.1%} of the training pictures"
    if grid > 1:
        first = f"one for each of {grid} patches, the first unit **{unit}** (share {share:.1%})"
    heat = wanted.temperatures
    below = "draws its winner" if model.sampler_ is not None else "has the winner"
    how = (
        "by a softmax gate over what its parent predicts and how its upper and left neighbours "
        "came out, then its values by regression on the same"
        if model.sampler_ is not None
        else "of what its parent predicts (this network has no tables of children)"
    )
    steps = [
        f"The **top level** draws a winner by its share of wins: {first}.",
        "Its **values** are drawn from the kinds that this unit has seen, times the temperature "
        f"{heat[-1]:g}." if model.hierarchy_.layers[-1].rank else
        "Units of rank 0 have no values to draw: their prototypes speak alone.",
        *(f"**Level {stage.level + 1}**, temperature {heat[stage.level]:g}: each patch {below} "
          f"{how}. {len(np.unique(stage.winners[which - 1]))} different units won its "
          f"{stage.winners[which - 1].size} patches." for stage in drawn.stages[1:]),
    ]  # fmt: skip
    if model.sampler_ is not None:
        steps.append("**Tones**: every pixel moves to where real ones of the same rank lie.")
    left.markdown("\n".join(f"{i}. {step}" for i, step in enumerate(steps, 1)))
    left.download_button(
        "Save this picture", png(whole, 512), f"htm-sample-seed{wanted.seed}-{which}.png",
        "image/png", icon=":material/download:", on_click="ignore", key="save_one",
    )  # fmt: skip
    row = [
        (f"Level {s.level + 1}: " + ("the winner's prototype" if s is top else "its winners' "
         "prototypes"), drawing.picture_shape(model, s.prototypes[own])[0])
        for s in drawn.stages
    ]  # fmt: skip
    row.append(("The picture, values included", whole))
    with right.container(horizontal=True, gap="small"):
        for caption, picture in row:
            st.image(png(picture, 256), caption=caption, width=128,
                     alt=alt(f"{caption}, for drawn picture {which}"))  # fmt: skip
    return which
