"""The sections of the inside page about one unit: what it stands for, and life without it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.errors import DataError
from htm_engine.evaluation.metrics import psnr_of

from ..kit.pictures import alt, sheet
from ..kit.shapes import number, plane
from ..kit.words import drawable, t, unmarked
from . import work
from .choice import Choice

#: Directions of a basis, and wins of a kind, that are shown.
MOST_DIRECTIONS, MOST_WINS = 8, 8


def show(c: Choice) -> None:
    """What a unit stands for: prototype, basis, and the patches it wins."""
    layer, found = c.model.hierarchy_.layers[c.level], c.seen.found
    st.subheader(t("inside.unit_of_level", unit=c.unit, level=c.level + 1), anchor=False)
    left, middle, right = st.columns([1, 2, 3], gap="large")
    prototype = plane(c.model.receptive_fields(c.level)[c.unit : c.unit + 1])[0]
    drawn, beside = drawable([t("inside.prototype_m")])
    left.image(
        sheet([prototype], labels=drawn, side=150),
        caption=beside,
        alt=alt(t("inside.the_prototype_of_unit_decoded", unit=c.unit)),
    )
    wins = found.wins(c.level, layer.units)
    share, here = float(layer.shares[c.unit]), wins[c.unit] / max(1, wins.sum())
    middle.markdown(
        t(
            "inside.won_of_the_patches_in",
            share=share,
            share2=share * layer.units,
            wins=wins[c.unit],
            sum=wins.sum(),
            here=here,
            found=len(found),
            rank=layer.rank,
        )
        + (
            t(
                "inside.its_values_spread",
                most=number(layer.spread[c.unit, 0]),
                least=number(layer.spread[c.unit, -1]),
            )
            if layer.rank
            else t("inside.a_plain_neuron_its_prototype")
        )
    )
    if layer.rank:
        shown = min(MOST_DIRECTIONS, layer.rank)
        pairs = inspection.along_basis(c.model, c.level, c.unit)[:shown]
        right.image(
            sheet(
                [*plane(pairs[:, 0]), *plane(pairs[:, 1])],
                columns=shown,
                side=64,
                gap=6,
                labels=[""] * shown + [f"z {i + 1}" for i in range(shown)],
            ),
            width="stretch",
            alt=alt(t("inside.the_prototype_moved_along_its", shown=shown)),
        )
        right.caption(t("inside.its_basis_u_the_prototype"))
    _wins(c)


def _wins(c: Choice) -> None:
    found = c.seen.found
    columns = st.columns(2, gap="large")
    kinds = (
        (t("inside.its_clearest_wins"), found.best, t("inside.largest")),
        (t("inside.its_narrowest_wins"), found.narrowest, t("inside.smallest")),
    )
    for column, (title, choose, size) in zip(columns, kinds, strict=True):
        pairs = choose(c.level, c.unit, MOST_WINS)
        column.markdown(t("inside.the_lead_over_the_runner", title=title, size=size))
        if not len(pairs):
            column.info(t("inside.it_wins_nothing_in_these"))
            continue
        leads = found.leads[c.level].reshape(len(found), -1)[tuple(pairs.T)]
        column.image(
            sheet(
                work.patches(c.model, c.seen, c.level, pairs),
                columns=MOST_WINS,
                side=64,
                gap=6,
                labels=[_short(lead) for lead in leads],
            ),
            alt=alt(
                t("inside.patches_of", title=title, count=len(pairs)),
                t("inside.leads_from_to_nats", leads=_short(leads[0]), leads2=_short(leads[-1])),
            ),
        )
        column.caption(
            t("inside.pictures") + ", ".join(str(int(picture)) for picture in pairs[:, 0])
        )


def _short(value: float) -> str:
    return t("inside.no_rival") if np.isinf(value) else f"{value:.3g}"


def switched_off(c: Choice) -> None:
    """The picture without the unit."""
    st.subheader(t("inside.with_unit_switched_off", unit=c.unit), anchor=False)
    own = c.seen.X[c.picture : c.picture + 1]
    try:
        rest = inspection.without(c.model, c.level, c.unit)
    except DataError as exc:
        st.info(t("inside.not_possible_here", exc=unmarked(exc)))
        return
    before, after = (np.asarray(m.reconstruct(own)) for m in (c.model, rest))
    errors = [-m.score(own) for m in (c.model, rest)]
    won = c.seen.found.winners[c.level].reshape(len(c.seen.found), -1) == c.unit
    theirs = np.flatnonzero(won.any(1))[:200]
    left, right = st.columns([3, 2], gap="large")
    drawn, beside = drawable(
        [
            t("inside.picture_lower"),
            t("inside.db", errors=psnr_of(errors[0])),
            t("inside.db", errors=psnr_of(errors[1])),
            t("inside.change"),
        ]
    )
    left.image(
        sheet(
            [
                c.seen.shown[c.picture],
                work.shown(c.model, before)[0],
                work.shown(c.model, after)[0],
                np.abs(work.shown(c.model, after - before)[0]),
            ],
            labels=drawn,
            columns=4,
            side=128,
        ),
        caption=beside,
        alt=alt(
            t("inside.the_picture_its_reconstruction_the"),
            t("inside.the_mean_squared_error_goes", errors=errors[0], errors2=errors[1]),
        ),
    )
    taken = rest.winners(own)[c.level].ravel()
    here = np.flatnonzero(c.view.codes[c.level].winners[:, 0] == c.unit)
    heirs = ", ".join(t("inside.unit_2", unit=unit) for unit in dict.fromkeys(taken[here].tolist()))
    text = (
        t("inside.of_this_picture_the_unit", here=len(here), taken=len(taken))
        + (t("inside.they_go_to", heirs=heirs) if len(here) else t("inside.nothing_changes_hands"))
        + t("inside.mean_squared_error", errors=errors[0], errors2=errors[1])
    )
    if len(theirs):
        both = [-m.score(c.seen.X[theirs]) for m in (c.model, rest)]
        text += t(
            "inside.over_pictures_of_which_it",
            theirs=len(theirs),
            both=both[0],
            both2=both[1],
            both3=100 * (both[1] / max(both[0], 1e-12) - 1),
        )
    right.markdown(text)
    right.caption(t("inside.nothing_is_learned_anew_the"))
