"""Plotly figures of the formulas page; each comes with its words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .base import BLUE, GREY, ORANGE, TEAL, Figure, plain
from .wording import say

#: Bars shown at most; the rest of the units are too weak to see.
MOST_BARS = 24
#: A colour for each unit of the plane; it has at most three.
_OWN = (TEAL, ORANGE, BLUE)


def shares(activation: NDArray[np.floating], kept: NDArray[np.floating]) -> Figure:
    """Activation of the strongest units, and what competition leaves of it."""
    order = np.argsort(-activation, kind="stable")[:MOST_BARS]
    names = [str(unit) for unit in order]
    figure = go.Figure()
    figure.add_bar(x=names, y=activation[order], name=say("activation a"), marker_color=GREY)
    figure.add_bar(x=names, y=kept[order], name=say("after competition h"), marker_color=TEAL)
    figure.update_xaxes(type="category")
    winners = int((kept > 0).sum())
    return plain(figure, say("unit, strongest first"), "share"), (
        say(
            "Bars of the {order} strongest units. Unit {names} leads with "
            "{activation:.2f}; {winners} of {kept} stay active after competition.",
            order=len(order),
            names=names[0],
            activation=activation[order[0]],
            winners=winners,
            kept=len(kept),
        )
    )


def moved(before: NDArray[np.floating], after: NDArray[np.floating]) -> Figure:
    """Responsibilities and activations before and after a step."""
    order = np.argsort(-np.maximum(before, after), kind="stable")[:12]
    names = [str(unit) for unit in order]
    figure = go.Figure()
    figure.add_bar(x=names, y=before[order], name=say("activation before"), marker_color=GREY)
    figure.add_bar(x=names, y=after[order], name=say("activation now"), marker_color=ORANGE)
    figure.update_xaxes(type="category")
    lead = order[0]
    return plain(figure, say("unit"), say("share")), (
        say(
            "Activations before and after the steps: unit {lead} went from "
            "{before:.3f} to {after:.3f}.",
            lead=lead,
            before=before[lead],
            after=after[lead],
        )
    )


def _loss_line(values: Sequence[float], x: str, y: str, height: int, **look: Any) -> go.Figure:
    """A loss over steps from 0; its scale need not reach down to zero."""
    figure = go.Figure(go.Scatter(x=list(range(len(values))), y=list(values), **look))
    return plain(figure, x, y, height).update_yaxes(rangemode="normal")


def losses(values: Sequence[float]) -> Figure:
    """Loss after every step made by hand."""
    figure = _loss_line(
        values,
        say("steps made"),
        say("surprise L in nats"),
        220,
        mode="lines+markers",
        line={"color": ORANGE},
    )
    return figure, (
        say(
            "The surprise of this patch after each of {values} steps: from "
            "{values2:.3f} to {values3:.3f} nats.",
            values=len(values) - 1,
            values2=values[0],
            values3=values[-1],
        )
    )


def variance(cumulative: NDArray[np.floating], kept: int) -> Figure:
    """Share of the variance that the first components hold, and where 95 % is reached."""
    count = np.arange(1, len(cumulative) + 1)
    figure = go.Figure(
        go.Scatter(
            x=count, y=cumulative, mode="lines", line={"color": TEAL}, name=say("variance held")
        )
    )
    figure.add_scatter(
        x=[kept],
        y=[cumulative[kept - 1]],
        mode="markers+text",
        text=[say("{kept} components", kept=kept)],
        textposition="bottom right",
        marker={"color": ORANGE, "size": 11},
        name="95 %",
    )
    return plain(figure, say("components kept"), say("share of the variance")), (
        say(
            "Share of the variance over the number of components: {kept} of "
            "{cumulative} components hold 95 %.",
            kept=kept,
            cumulative=len(cumulative),
        )
    )


def territories(
    axis: NDArray[np.floating],
    winners: NDArray[np.integer],
    shares: NDArray[np.floating],
    points: NDArray[np.floating],
    owners: NDArray[np.integer],
    prototypes: NDArray[np.floating],
    bases: NDArray[np.floating],
    chosen: int,
) -> Figure:
    """Who wins where on a plane, the points, and what the units stand for.

    Parameters
    ----------
    axis : ndarray (c,)
        Of both sides of the square.
    winners, shares : ndarray (c, c)
        Unit of largest activation in each cell, and its activation.
    points, owners : ndarray (n, 2), (n,)
        What is learned, and who is most responsible for it.
    prototypes, bases : ndarray (K, 2), (K, 2, r)
    chosen : int
        Point to ring.
    """
    figure = go.Figure()
    for unit in range(len(prototypes)):
        _region(figure, axis, np.where(winners == unit, shares, np.nan), _OWN[unit])
    for unit, basis in enumerate(bases):
        _unit(figure, unit, points[owners == unit], prototypes[unit], basis)
    figure.add_scatter(
        x=points[chosen, :1],
        y=points[chosen, 1:],
        mode="markers",
        showlegend=False,
        hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 16, "color": GREY, "line": {"width": 3}},
    )
    figure = plain(figure, say("first input"), say("second input"), 430)
    reach = [float(axis[0]), float(axis[-1])]
    figure.update_xaxes(range=reach, constrain="domain", zeroline=False)
    figure.update_yaxes(
        range=reach, scaleanchor="x", constrain="domain", rangemode="normal", zeroline=False
    )
    parts = [
        say("unit {u} wins {mean:.0%}", u=u, mean=(winners == u).mean())
        for u in range(len(prototypes))
    ]
    return figure, say(
        "Regions of the plane by the strongest unit: {parts} of it.", parts=", ".join(parts)
    )


def _region(
    figure: go.Figure, axis: NDArray[np.floating], shares: NDArray[np.floating], hue: str
) -> None:
    """Where a unit wins, as deep in its colour as its share there is large."""
    figure.add_heatmap(
        x=axis,
        y=axis,
        z=0.1 + 0.45 * (shares - 1 / 3) * 1.5,  # at the border of three a share is a third
        zmin=0,
        zmax=1,
        colorscale=[[0, _clear(hue)], [1, hue]],
        showscale=False,
        hoverinfo="skip",
    )


def _unit(
    figure: go.Figure,
    unit: int,
    points: NDArray[np.floating],
    prototype: NDArray[np.floating],
    basis: NDArray[np.floating],
) -> None:
    """A unit's points, its basis as a line where it has one, and its prototype as a star."""
    hue = _OWN[unit]
    figure.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        name=say("unit {unit}", unit=unit),
        marker={"color": hue, "size": 7, "line": {"color": "#FFFFFF", "width": 1}},
    )
    if basis.shape[1]:
        ends = prototype + np.outer((-0.8, 0.8), basis[:, 0])
        figure.add_scatter(
            x=ends[:, 0],
            y=ends[:, 1],
            mode="lines",
            showlegend=False,
            line={"color": hue, "width": 4},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=prototype[:1],
        y=prototype[1:],
        mode="markers",
        showlegend=False,
        marker={
            "symbol": "star",
            "size": 17,
            "color": hue,
            "line": {"color": "#FFFFFF", "width": 1.5},
        },
        hovertemplate=say("prototype {unit}<extra></extra>", unit=unit),
    )


def _clear(hue: str) -> str:
    red, green, blue = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0)"


def three_shares(activation: NDArray[np.floating], responsibility: NDArray[np.floating]) -> Figure:
    """Activation and responsibility of each of a few units for one point."""
    names = [say("unit {unit}", unit=unit) for unit in range(len(activation))]
    figure = go.Figure()
    figure.add_bar(x=names, y=activation, name=say("activation a"), marker_color=GREY)
    figure.add_bar(x=names, y=responsibility, name=say("responsibility r"), marker_color=TEAL)
    figure = plain(figure, "", say("share"), 230)
    figure.update_yaxes(range=[0, 1])
    said = ", ".join(
        say("{name} {a:.2f} and {r:.2f}", name=name, a=a, r=r)
        for name, a, r in zip(names, activation, responsibility, strict=True)
    )
    return figure, say("Activation and responsibility for the chosen point: {said}.", said=said)


def fall(values: Sequence[float], at: int) -> Figure:
    """The mean loss over a whole training, and where one stands in it."""
    figure = _loss_line(
        values, say("steps"), say("mean surprise L"), 180, line={"color": GREY}, name="L"
    )
    figure.add_scatter(
        x=[at],
        y=[values[at]],
        mode="markers",
        name=say("now"),
        marker={"color": ORANGE, "size": 12},
    )
    figure.update_layout(showlegend=False)
    return figure, (
        say(
            "The mean surprise over {values} steps, from {values2:.2f} to "
            "{values3:.2f} nats; now, after {at}, {values4:.2f}.",
            values=len(values) - 1,
            values2=values[0],
            values3=values[-1],
            at=at,
            values4=values[at],
        )
    )
