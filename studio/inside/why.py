"""The section of the inside page on why a unit won a patch, or lost it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.figures import inside

from ..kit.shapes import BARE, number
from ..kit.words import t
from . import work
from .choice import Choice

#: Rivals that are shown.
MOST_RIVALS = 4


def show(c: Choice) -> None:
    """How the evidence adds up over the patch, and who came second."""
    st.subheader(t("inside.why_it_won_or_lost"), anchor=False)
    left, right = st.columns(2, gap="large")
    layer, place = c.model.hierarchy_.layers[c.level], c.place
    found = inspection.attribute(c.view, c.level, place, c.unit)
    pixels = work.over_picture(c.model, found.pixels)
    if work.spatial(c.model):
        top, low, bottom, high = found.box
        pixels = pixels[top:bottom, low:high]
    left.latex(
        rf"e_{{{c.unit}}} = \sum_j w_{{{c.unit},j}}\,x_j + b_{{{c.unit}}}"
    )  # in two lines: one would not fit its column
    left.latex(
        rf"{{}} = {number(found.pixels.sum())} + ({number(found.bias)}) = {number(found.evidence)}"
    )
    figure, words = inside.evidence_map(pixels, found.evidence, found.bias, c.unit)
    left.plotly_chart(figure, alt=words, config=BARE, key="evidence")
    left.caption(
        t("inside.what_each_pixel_of_the")
        + (t("inside.the_levels_below_hand_up") if c.level else "")
    )
    shares, score = c.view.shares(c.level)[place], c.view.scores(c.level)[place]
    order = [int(u) for u in np.argsort(-score, kind="stable")]
    winner = order[0]
    if len(order) == 1:
        right.info(t("inside.this_level_has_one_unit"))
        return
    rivals = order[1 : 1 + MOST_RIVALS]
    if c.unit != winner and c.unit not in rivals:
        rivals[-1] = c.unit
    duels = [inspection.duel(c.view, c.level, place, winner, rival) for rival in rivals]
    right.markdown(_verdict(c, winner, duels[0], shares))
    figure, words = inside.leads(
        rivals, [d.by_evidence for d in duels], [d.by_error for d in duels], winner
    )
    right.plotly_chart(figure, alt=words, config=BARE, key="rivals")
    if layer.spec.compete_on == "evidence":
        right.caption(t("inside.this_level_competes_on_evidence"))
    else:
        right.caption(t("inside.lead_in_nats_of_log"))


def _verdict(c: Choice, winner: int, first: inspection.Duel, shares: np.ndarray) -> str:
    rank = int((shares > shares[c.unit]).sum()) + 1
    second = first.second
    parts = sorted(
        (
            (t("inside.the_gates_evidence"), first.by_evidence),
            (t("inside.a_smaller_reconstruction_error"), first.by_error),
        ),
        key=lambda part: -part[1],
    )
    reason = t(
        "inside.mostly_by_of_nats",
        parts=parts[0][0],
        parts2=number(parts[0][1]),
        lead=number(first.lead),
    )
    if parts[1][1] < 0:
        reason += t("inside.against_nats_in_favour_of", value=number(-parts[1][1]))
    text = t(
        "inside.patch_of_picture_went_to",
        place=c.place,
        picture=c.picture,
        winner=winner,
        shares=shares[winner],
        second=second,
        shares2=shares[second],
        reason=reason,
    )
    if c.unit != winner:
        text += t("inside.unit_came_in_at_place", unit=c.unit, rank=rank, shares=shares[c.unit])
    return text
