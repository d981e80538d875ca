"""The sections of the inside page that look at one unit and one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.errors import DataError
from htm_engine.estimator.network import HTM
from htm_engine.evaluation.metrics import psnr_of
from htm_engine.figures import inside

from ..kit.pictures import alt, sheet, unit_colour
from ..kit.shapes import number, plane, uri
from ..kit.words import drawable, said, t
from . import work

BARE = {"displayModeBar": False}
#: Directions of a basis, wins of a kind, and rivals that are shown.
MOST_DIRECTIONS, MOST_WINS, MOST_RIVALS = 8, 8, 4


@dataclass(frozen=True, eq=False)
class Choice:
    """What the visitor looks at: one unit of one level over one patch of one picture."""

    model: HTM
    seen: work.Surveyed
    view: inspection.View
    picture: int
    level: int
    place: int
    unit: int

    @property
    def winner(self) -> int:
        """Unit that won the chosen patch."""
        return int(self.view.codes[self.level].winners[self.place, 0])


def titles(model: HTM) -> list[str]:
    """A line on each level with its real sizes, bottom first."""
    h, said = model.hierarchy_, []
    for level, layer in enumerate(h.layers):
        grid, shape = h.grid_shapes[level], h.map_shapes[level]
        said.append(
            t(
                "inside.level_units_of_rank_br",
                level=level + 1,
                units=layer.units,
                rank=layer.rank,
                grid=grid[0],
                grid2=grid[1],
                shape=shape[0],
                shape2=shape[1],
                shape3=shape[2],
                shape4=layer.m.shape[1],
            )
        )
    return said


def hierarchy(c: Choice) -> None:
    """The units of all levels, and the winners over the picture."""
    left, right = st.columns([3, 2], gap="large")
    layers = c.model.hierarchy_.layers
    figure, words = inside.hierarchy(
        [layer.shares for layer in layers], titles(c.model), (c.level, c.unit)
    )
    left.markdown(t("inside.the_hierarchy_a_square_is"))
    left.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key="units",
        selection_mode="points",
        on_select=lambda: work.take_unit("units"),
    )
    right.markdown(t("inside.who_won_where_click_a"))
    picture = uri(c.seen.shown[c.picture])
    with right:
        for tab, level in zip(
            st.tabs([t("inside.level_3", i=i + 1) for i in reversed(range(len(layers)))]),
            reversed(range(len(layers))),
            strict=True,
        ):
            _winners(tab, c, level, picture)


def _winners(tab, c: Choice, level: int, picture: str) -> None:  # type: ignore[no-untyped-def]
    h = c.model.hierarchy_
    won = c.view.codes[level].winners[:, 0]
    if work.spatial(c.model):
        shape = c.model._shape[:2]
        boxes = [inspection.box(c.model, level, place) for place in range(len(won))]
    else:
        shape = c.seen.shown[c.picture].shape[:2]
        boxes = [(0, 0, *shape)]
    key = f"map{level + 1}"
    figure, words = inside.winner_map(
        picture,
        (shape[0], shape[1]),
        won.reshape(h.grid_shapes[level]),
        boxes,
        [unit_colour(int(unit)) for unit in won],
        level,
        c.place if level == c.level else None,
    )
    tab.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key=key,
        selection_mode="points",
        on_select=lambda: work.take_place(key),
    )


def unit(c: Choice) -> None:
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


def why(c: Choice) -> None:
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


def switched_off(c: Choice) -> None:
    """The picture without the unit."""
    st.subheader(t("inside.with_unit_switched_off", unit=c.unit), anchor=False)
    own = c.seen.X[c.picture : c.picture + 1]
    try:
        rest = inspection.without(c.model, c.level, c.unit)
    except DataError as exc:
        st.info(t("inside.not_possible_here", exc=said(exc)))
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


def levels(c: Choice) -> None:
    """The picture as each level's code alone knows it."""
    st.subheader(t("inside.what_each_level_adds"), anchor=False)
    found = inspection.contributions(c.model, c.seen.X[c.picture : c.picture + 1])
    pictures, labels, rows = [], [], []
    for part in found:
        name = t("inside.level_2", level=part.level + 1)
        kinds = [(t("inside.winners"), part.prototypes, part.prototype_errors, part.winners, 0)]
        if part.values:
            kinds.append(
                (t("inside.values"), part.pictures, part.errors, part.winners, part.values)
            )
        for kind, decoded, errors, winners, values in kinds:
            pictures.append(work.shown(c.model, decoded)[0])
            labels.append(f"{name}, {kind}")
            rows.append(
                (
                    f"{name}: " + (t("inside.with_values") if values else t("inside.winners")),
                    t(
                        "inside.of_2",
                        winners=winners,
                        units=c.model.hierarchy_.layers[part.level].units,
                    ),
                    values,
                    f"{errors[0]:.5f}",
                    f"{psnr_of(float(errors[0])):.1f}",
                )
            )
    pictures.append(c.seen.shown[c.picture])
    labels.append(t("inside.picture_lower"))
    drawn, beside = drawable(labels)
    left, right = st.columns(2, gap="large")
    left.image(
        sheet(pictures, labels=drawn, columns=5, side=112, gap=14),
        caption=beside,
        alt=alt(
            t("inside.the_picture_from_the_top"),
            t(
                "inside.the_error_falls_from_to",
                prototype_errors=found[0].prototype_errors[0],
                errors=found[-1].errors[0],
            ),
        ),
    )
    names = (
        t("inside.from_the_code_of"),
        t("inside.winners"),
        t("inside.values"),
        t("inside.mse"),
        "dB",
    )
    right.dataframe(
        {name: [row[i] for row in rows] for i, name in enumerate(names)},
        hide_index=True,
        alt=t("inside.numbers_kept_and_error_for"),
    )
