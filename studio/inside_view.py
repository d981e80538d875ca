"""The sections of the inside page that look at one unit and one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from htm_engine import figures_inside as figures
from htm_engine import inspection
from htm_engine.errors import DataError
from htm_engine.metrics import psnr_of
from htm_engine.network import HTM

from . import inside_work as work
from .formula_parts import _look as plane
from .pictures import alt, sheet, unit_colour
from .walkthrough import number

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
            f"level {level + 1}: {layer.units} units of rank {layer.rank}<br>on "
            f"{grid[0]}×{grid[1]} patches of a {shape[0]}×{shape[1]}×{shape[2]} map, "
            f"{layer.m.shape[1]} numbers each"
        )
    return said


def hierarchy(c: Choice) -> None:
    """The units of all levels, and the winners over the picture."""
    left, right = st.columns([3, 2], gap="large")
    layers = c.model.hierarchy_.layers
    figure, words = figures.hierarchy(
        [layer.shares for layer in layers], titles(c.model), (c.level, c.unit)
    )
    left.markdown("**The hierarchy**: a square is a unit, darker the more it wins. Click one.")
    left.plotly_chart(
        figure, alt=words, config=BARE, key="units", selection_mode="points",
        on_select=lambda: work.take_unit("units"),
    )  # fmt: skip
    right.markdown("**Who won where**: click a patch of the picture.")
    picture = work.uri(c.seen.shown[c.picture])
    with right:
        for tab, level in zip(
            st.tabs([f"Level {i + 1}" for i in reversed(range(len(layers)))]),
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
    figure, words = figures.winner_map(
        picture, (shape[0], shape[1]), won.reshape(h.grid_shapes[level]), boxes,
        [unit_colour(int(unit)) for unit in won], level,
        c.place if level == c.level else None,
    )  # fmt: skip
    tab.plotly_chart(
        figure, alt=words, config=BARE, key=key, selection_mode="points",
        on_select=lambda: work.take_place(key),
    )  # fmt: skip


def unit(c: Choice) -> None:
    """What a unit stands for: prototype, basis, and the patches it wins."""
    layer, found = c.model.hierarchy_.layers[c.level], c.seen.found
    st.subheader(f"Unit {c.unit} of level {c.level + 1}", anchor=False)
    left, middle, right = st.columns([1, 2, 3], gap="large")
    prototype = plane(c.model.receptive_fields(c.level)[c.unit : c.unit + 1])[0]
    left.image(
        sheet([prototype], labels=["prototype m"], side=150),
        alt=alt(f"The prototype of unit {c.unit}, decoded down to pixels"),
    )
    wins = found.wins(c.level, layer.units)
    share, here = float(layer.shares[c.unit]), wins[c.unit] / max(1, wins.sum())
    middle.markdown(
        f"- won **{share:.1%}** of the patches in training, {share * layer.units:.2f} fair shares\n"
        f"- wins **{wins[c.unit]:,}** of {wins.sum():,} patches ({here:.1%}) in these "
        f"{len(found):,} pictures\n"
        f"- rank {layer.rank}" + (
            f": its values spread by {number(layer.spread[c.unit, 0])} down to "
            f"{number(layer.spread[c.unit, -1])}" if layer.rank else ", a plain neuron: its "
            "prototype is all it can say"
        )
    )  # fmt: skip
    if layer.rank:
        shown = min(MOST_DIRECTIONS, layer.rank)
        pairs = inspection.along_basis(c.model, c.level, c.unit)[:shown]
        right.image(
            sheet([*plane(pairs[:, 0]), *plane(pairs[:, 1])], columns=shown, side=64, gap=6,
                  labels=[""] * shown + [f"z {i + 1}" for i in range(shown)]),
            width="stretch",
            alt=alt(f"The prototype moved along its first {shown} directions"),
        )  # fmt: skip
        right.caption(
            "Its **basis** U: the prototype moved along each direction by two standard deviations "
            "of its values, down (above) and up (below)."
        )
    _wins(c)


def _wins(c: Choice) -> None:
    found = c.seen.found
    columns = st.columns(2, gap="large")
    kinds = (
        ("Its clearest wins", found.best, "largest"),
        ("Its narrowest wins", found.narrowest, "smallest"),
    )
    for column, (title, choose, size) in zip(columns, kinds, strict=True):
        pairs = choose(c.level, c.unit, MOST_WINS)
        column.markdown(f"**{title}**: the {size} lead over the runner-up, in nats")
        if not len(pairs):
            column.info("It wins nothing in these pictures.")
            continue
        leads = found.leads[c.level].reshape(len(found), -1)[tuple(pairs.T)]
        column.image(
            sheet(work.patches(c.model, c.seen, c.level, pairs), columns=MOST_WINS, side=64,
                  gap=6, labels=[_short(lead) for lead in leads]),
            alt=alt(f"{title}: {len(pairs)} patches", f"Leads from {_short(leads[0])} to "
                    f"{_short(leads[-1])} nats"),
        )  # fmt: skip
        column.caption("Pictures " + ", ".join(str(int(picture)) for picture in pairs[:, 0]))


def _short(value: float) -> str:
    return "no rival" if np.isinf(value) else f"{value:.3g}"


def why(c: Choice) -> None:
    """How the evidence adds up over the patch, and who came second."""
    st.subheader("Why it won, or lost, here", anchor=False)
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
    figure, words = figures.evidence_map(pixels, found.evidence, found.bias, c.unit)
    left.plotly_chart(figure, alt=words, config=BARE, key="evidence")
    left.caption(
        "What each pixel of the patch adds: orange speaks for the unit, blue against; the sum and "
        "b make the evidence." + (
            " The levels below hand up what they decode, so every term can be followed down to "
            "pixels while their winners stay." if c.level else ""
        )
    )  # fmt: skip
    shares, score = c.view.shares(c.level)[place], c.view.scores(c.level)[place]
    order = [int(u) for u in np.argsort(-score, kind="stable")]
    winner = order[0]
    if len(order) == 1:
        right.info("This level has one unit; it has no rivals.")
        return
    rivals = order[1 : 1 + MOST_RIVALS]
    if c.unit != winner and c.unit not in rivals:
        rivals[-1] = c.unit
    duels = [inspection.duel(c.view, c.level, place, winner, rival) for rival in rivals]
    right.markdown(_verdict(c, winner, duels[0], shares))
    figure, words = figures.leads(
        rivals, [d.by_evidence for d in duels], [d.by_error for d in duels], winner
    )
    right.plotly_chart(figure, alt=words, config=BARE, key="rivals")
    if layer.spec.compete_on == "evidence":
        right.caption("This level competes on evidence alone, as in the article.")
    else:
        right.caption(
            "Lead in nats of log odds: (e − e′)/T from the gate, and "
            "(|x − x′|² − |x − xᵢ|²)/2s²T from who reconstructs the patch better."
        )


def _verdict(c: Choice, winner: int, first: inspection.Duel, shares: np.ndarray) -> str:
    rank = int((shares > shares[c.unit]).sum()) + 1
    second = first.second
    parts = sorted(
        (("the gate's evidence", first.by_evidence), ("a smaller reconstruction error",
                                                      first.by_error)),
        key=lambda part: -part[1],
    )  # fmt: skip
    reason = f"mostly by {parts[0][0]} ({number(parts[0][1])} of {number(first.lead)} nats)"
    if parts[1][1] < 0:
        reason += f", against {number(-parts[1][1])} nats that spoke for the other"
    text = (
        f"Patch {c.place} of picture {c.picture} went to **unit {winner}** with a share of "
        f"{shares[winner]:.1%}. **Unit {second} came second** ({shares[second]:.2%}): unit "
        f"{winner} led {reason}."
    )
    if c.unit != winner:
        text += f" Unit {c.unit} came in at place {rank} with a share of {shares[c.unit]:.2g}."
    return text


def switched_off(c: Choice) -> None:
    """The picture without the unit."""
    st.subheader(f"With unit {c.unit} switched off", anchor=False)
    own = c.seen.X[c.picture : c.picture + 1]
    try:
        rest = inspection.without(c.model, c.level, c.unit)
    except DataError as exc:
        st.info(f"Not possible here: {exc}.")
        return
    before, after = (np.asarray(m.reconstruct(own)) for m in (c.model, rest))
    errors = [-m.score(own) for m in (c.model, rest)]
    won = c.seen.found.winners[c.level].reshape(len(c.seen.found), -1) == c.unit
    theirs = np.flatnonzero(won.any(1))[:200]
    left, right = st.columns([3, 2], gap="large")
    left.image(
        sheet(
            [c.seen.shown[c.picture], work.shown(c.model, before)[0],
             work.shown(c.model, after)[0], np.abs(work.shown(c.model, after - before)[0])],
            labels=["picture", f"{psnr_of(errors[0]):.1f} dB", f"{psnr_of(errors[1]):.1f} dB",
                    "change"],
            columns=4, side=128,
        ),
        alt=alt("The picture, its reconstruction, the same without the unit, and the change",
                f"The mean squared error goes from {errors[0]:.4f} to {errors[1]:.4f}"),
    )  # fmt: skip
    taken = rest.winners(own)[c.level].ravel()
    here = np.flatnonzero(c.view.codes[c.level].winners[:, 0] == c.unit)
    heirs = ", ".join(f"unit {unit}" for unit in dict.fromkeys(taken[here].tolist()))
    text = (
        f"Of this picture the unit won **{len(here)}** of {len(taken)} patches"
        + (f"; they go to {heirs}. " if len(here) else ": nothing changes hands. ")
        + f"Mean squared error {errors[0]:.5f} → **{errors[1]:.5f}**."
    )
    if len(theirs):
        both = [-m.score(c.seen.X[theirs]) for m in (c.model, rest)]
        text += (
            f"\n\nOver {len(theirs)} pictures of which it won a patch: {both[0]:.5f} → "
            f"**{both[1]:.5f}** ({100 * (both[1] / max(both[0], 1e-12) - 1):+.1f} %)."
        )
    right.markdown(text)
    right.caption("Nothing is learned anew: the runner-up takes every patch over.")


def levels(c: Choice) -> None:
    """The picture as each level's code alone knows it."""
    st.subheader("What each level adds", anchor=False)
    found = inspection.contributions(c.model, c.seen.X[c.picture : c.picture + 1])
    pictures, labels, rows = [], [], []
    for part in found:
        name = f"level {part.level + 1}"
        kinds = [("winners", part.prototypes, part.prototype_errors, part.winners, 0)]
        if part.values:
            kinds.append(("values", part.pictures, part.errors, part.winners, part.values))
        for kind, decoded, errors, winners, values in kinds:
            pictures.append(work.shown(c.model, decoded)[0])
            labels.append(f"{name}, {kind}")
            rows.append((f"{name}: " + ("with values" if values else "winners"),
                         f"{winners} of {c.model.hierarchy_.layers[part.level].units}", values,
                         f"{errors[0]:.5f}", f"{psnr_of(float(errors[0])):.1f}"))  # fmt: skip
    pictures.append(c.seen.shown[c.picture])
    labels.append("picture")
    left, right = st.columns(2, gap="large")
    left.image(
        sheet(pictures, labels=labels, columns=5, side=112, gap=14),
        alt=alt("The picture from the top level's winners, with their values, and so on down",
                f"The error falls from {found[0].prototype_errors[0]:.4f} to "
                f"{found[-1].errors[0]:.4f}"),
    )  # fmt: skip
    names = ("from the code of", "winners", "values", "MSE", "dB")
    right.dataframe(
        {name: [row[i] for row in rows] for i, name in enumerate(names)}, hide_index=True,
        alt="Numbers kept and error for the code of each level",
    )  # fmt: skip
