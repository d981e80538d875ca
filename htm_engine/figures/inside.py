"""Plotly figures of the inside page; each comes with its words for those who cannot see it.

Marks that can be chosen by a click carry what they stand for in ``customdata``: level and
unit, level and place, or the picture's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .base import BLUE, GREY, HUES, ORANGE, PINK, TEAL, Figure, plain
from .wording import say

#: Units drawn in one line; a level with more goes on in the next.
ACROSS = 24
#: A unit below this part of a fair share is drawn as dead.
_DEAD = 0.02
_CLEAR = "rgba(0,0,0,0)"
_DIVERGING = [[0, "#3C5BA9"], [0.5, "#F4F1EA"], [1, "#C4591C"]]


def _bare(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        showlegend=False,
        dragmode=False,
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def hierarchy(
    shares: Sequence[NDArray[np.floating]],
    titles: Sequence[str],
    chosen: tuple[int, int] | None = None,
) -> Figure:
    """Every unit of every level as a square, filled by how often it wins; the top on top.

    Parameters
    ----------
    shares : sequence of ndarray (K,)
        Share of wins, bottom level first.
    titles : sequence of str
        What stands over each level.
    chosen : (level, unit), optional
        Unit to ring.
    """
    figure, y, ring = go.Figure(), 0.0, None
    dead_in_all = []
    for level, share in enumerate(shares):
        lines = -(-len(share) // ACROSS)
        unit = np.arange(len(share))
        row = unit // ACROSS
        # Lines are centred, so that a small level stands in the middle of a large one.
        inside = np.minimum(len(share) - row * ACROSS, ACROSS)
        x = unit % ACROSS - (inside - 1) / 2
        ys = y + (lines - 1 - row)
        fair = np.asarray(share, float) * len(share)
        dead = fair < _DEAD
        dead_in_all.append(int(dead.sum()))
        figure.add_scatter(
            x=x,
            y=ys,
            mode="markers",
            customdata=np.stack([np.full(len(unit), level), unit], 1),
            marker={
                "symbol": ["x" if d else "square" for d in dead],
                "size": 13,
                "color": [PINK if d else _shade(f) for f, d in zip(fair, dead, strict=True)],
                "line": {"width": 1, "color": GREY},
            },
            unselected={"marker": {"opacity": 1}},
            hovertemplate=say("unit %{{customdata[1]}}: %{{text}}<extra></extra>"),
            text=[say("{s:.1%} of wins", s=s) for s in share],
        )
        if chosen is not None and chosen[0] == level:
            ring = (float(x[chosen[1]]), float(ys[chosen[1]]))
        figure.add_annotation(
            x=0,
            y=y + lines - 0.15,
            text=titles[level],
            showarrow=False,
            yanchor="bottom",
            font={"size": 12, "color": GREY},
        )
        y += lines + 2.0  # two lines of title
    if ring is not None:
        figure.add_scatter(
            x=[ring[0]],
            y=[ring[1]],
            mode="markers",
            hoverinfo="skip",
            marker={"symbol": "square-open", "size": 19, "color": ORANGE, "line": {"width": 3}},
        )
    widest = min(ACROSS, max(len(share) for share in shares))
    figure = _bare(figure, int(60 + 24 * y))
    figure.update_xaxes(range=[-widest / 2 - 0.6, widest / 2 + 0.6])
    figure.update_yaxes(range=[-0.8, y + 0.2])
    said = [
        say(
            "level {level} has {share} units, the most used wins {share2:.1%}, {dead_in_all} dead",
            level=level + 1,
            share=len(share),
            share2=np.max(share),
            dead_in_all=dead_in_all[level],
        )
        for level, share in enumerate(shares)
    ]
    return figure, say(
        "The hierarchy, a square a unit, darker the more it wins: {said}.", said="; ".join(said)
    )


def _shade(fair: float) -> str:
    """From pale to deep teal; a fair share is in the middle."""
    t = fair / (1 + fair)
    low, high = (214, 224, 219), (10, 84, 78)
    red, green, blue = (round(a + t * (b - a)) for a, b in zip(low, high, strict=True))
    return f"rgb({red},{green},{blue})"


def winner_map(
    png_uri: str,
    shape: tuple[int, int],
    winners: NDArray[np.integer[Any]],
    boxes: Sequence[tuple[int, int, int, int]],
    colours: Sequence[tuple[int, int, int]],
    level: int,
    chosen: int | None = None,
) -> Figure:
    """Winners of one level over the picture, a coloured number in the middle of each patch.

    Parameters
    ----------
    png_uri : str
        The picture as a data URI.
    shape : (height, width)
        Of the picture in pixels.
    winners : ndarray (gh, gw)
    boxes : sequence of (top, left, bottom, right)
        Pixels of each patch, in reading order.
    colours : sequence of (red, green, blue)
        Of each patch's winner.
    level : int
    chosen : int, optional
        Patch to ring.
    """
    height, width = shape
    figure = go.Figure()
    figure.add_layout_image(
        source=png_uri,
        xref="x",
        yref="y",
        x=0,
        y=0,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer="below",
    )
    shapes = []
    for place, (top, left, bottom, right) in enumerate(boxes):
        red, green, blue = colours[place]
        here = place == chosen
        shapes.append(
            {
                "type": "rect",
                "x0": left,
                "x1": right,
                "y0": top,
                "y1": bottom,
                "fillcolor": f"rgba({red},{green},{blue},0.28)",
                "line": {
                    "color": ORANGE if here else f"rgb({red},{green},{blue})",
                    "width": 4 if here else 1,
                },
            }
        )
    figure.update_layout(shapes=shapes)
    middle = np.array([((b[1] + b[3]) / 2, (b[0] + b[2]) / 2) for b in boxes])
    flat = np.asarray(winners).ravel()
    few = len(flat) <= 64
    figure.add_scatter(
        x=middle[:, 0],
        y=middle[:, 1],
        mode="markers+text" if few else "markers",
        text=[str(unit) for unit in flat],
        textfont={"color": "#FFFFFF", "size": 12},
        marker={
            "size": 26 if few else 10,
            "symbol": "square",
            "opacity": 0.85,
            "color": [f"rgb({r},{g},{b})" for r, g, b in colours],
        },
        unselected={"marker": {"opacity": 0.85}},
        customdata=np.stack([np.full(len(flat), level), np.arange(len(flat))], 1),
        hovertemplate=say("patch %{{customdata[1]}}: unit %{{text}}<extra></extra>"),
    )
    figure = _bare(figure, 260)
    figure.update_xaxes(range=[0, width], constrain="domain")
    figure.update_yaxes(range=[height, 0], scaleanchor="x", constrain="domain")
    return figure, (
        say(
            "Who won each of the {flat} patches of level {level}: {flat2} different units",
            flat=len(flat),
            level=level + 1,
            flat2=len(np.unique(flat)),
        )
        + (
            say(", in reading order {str}.", str=", ".join(map(str, flat)))
            if len(flat) <= 16
            else "."
        )
    )


def evidence_map(pixels: NDArray[np.floating], evidence: float, bias: float, unit: int) -> Figure:
    """What each pixel ``(h, w)`` adds to a unit's evidence: orange for it, blue against."""
    size = float(np.abs(pixels).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=pixels,
            zmin=-size,
            zmax=size,
            colorscale=_DIVERGING,
            xgap=1,
            ygap=1,
            colorbar={"thickness": 10, "len": 0.9, "tickfont": {"color": GREY}},
            hovertemplate=say("row %{{y}}, column %{{x}}: %{{z:.4g}}<extra></extra>"),
        )
    )
    figure = _bare(figure, 300)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain")
    figure.update_xaxes(constrain="domain")
    total = float(pixels.sum())
    return figure, (
        say(
            "What each pixel adds to the evidence of unit {unit}: together "
            "{total:.4g}, with b = {bias:.4g} that is {evidence:.4g}.",
            unit=unit,
            total=total,
            bias=bias,
            evidence=evidence,
        )
    )


def leads(
    units: Sequence[int], by_evidence: Sequence[float], by_error: Sequence[float], winner: int
) -> Figure:
    """How far behind the winner each other unit is, in nats, and for which of two reasons."""
    names = [say("unit {unit}", unit=unit) for unit in units]
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=list(by_evidence),
        name=say("by evidence w·x + b"),
        orientation="h",
        marker_color=TEAL,
    )
    figure.add_bar(
        y=names,
        x=list(by_error),
        name=say("by reconstruction error"),
        orientation="h",
        marker_color=ORANGE,
    )
    figure = plain(
        figure, say("behind unit {winner}, in nats", winner=winner), "", 120 + 34 * len(names)
    )
    figure.update_layout(barmode="relative")
    figure.update_yaxes(autorange="reversed", rangemode="normal", showgrid=False)
    figure.add_vline(x=0, line_color=GREY)
    said = [
        say(
            "unit {u} is {a:.3g} behind ({a2:.3g} by evidence, {b:.3g} by error)",
            u=u,
            a=a + b,
            a2=a,
            b=b,
        )
        for u, a, b in zip(units, by_evidence, by_error, strict=True)
    ]
    return figure, say(
        "Behind the winner, unit {winner}: {said}.", winner=winner, said="; ".join(said)
    )


def code_map(
    plane: NDArray[np.floating],
    explained: tuple[float, float],
    groups: Sequence[str],
    thumbnails: Sequence[tuple[int, str]] = (),
    chosen: int | None = None,
) -> Figure:
    """Pictures ``(n, 2)`` where their codes lie; near codes are near pictures.

    Parameters
    ----------
    groups : sequence of str
        Label of each picture, shown as colour.
    thumbnails : sequence of (picture, data URI)
        Pictures to lay over their points.
    chosen : int, optional
        Picture to ring.
    """
    figure = go.Figure()
    names = sorted(set(groups), key=lambda name: (len(name), name))
    group = np.asarray(groups)
    for index, name in enumerate(names):
        own = np.flatnonzero(group == name)
        figure.add_scattergl(
            x=plane[own, 0],
            y=plane[own, 1],
            mode="markers",
            name=name,
            customdata=own[:, None],
            marker={
                "size": 6,
                "color": HUES[index % len(HUES)],
                "opacity": 0.75,
                "symbol": ("circle", "diamond", "triangle-up")[index // len(HUES) % 3],
            },
            unselected={"marker": {"opacity": 0.75}},
            hovertemplate=say("picture %{{customdata[0]}} ({name})<extra></extra>", name=name),
        )
    span = np.maximum(np.ptp(plane, axis=0), 1e-9)
    images = [
        {
            "source": uri,
            "xref": "x",
            "yref": "y",
            "x": plane[picture, 0],
            "y": plane[picture, 1],
            "sizex": span[0] / 22,
            "sizey": span[1] / 14,
            "xanchor": "center",
            "yanchor": "middle",
            "layer": "above",
            "opacity": 0.9,
        }
        for picture, uri in thumbnails
    ]
    if chosen is not None and chosen < len(plane):
        figure.add_scatter(
            x=[plane[chosen, 0]],
            y=[plane[chosen, 1]],
            mode="markers",
            showlegend=False,
            marker={"symbol": "circle-open", "size": 18, "color": ORANGE, "line": {"width": 3}},
            hoverinfo="skip",
        )
    figure = plain(
        figure,
        say("first direction ({explained:.0%} of the variance)", explained=explained[0]),
        say("second ({explained:.0%})", explained=explained[1]),
        440,
    )
    figure.update_yaxes(rangemode="normal", zeroline=False)
    figure.update_xaxes(zeroline=False)
    # All at once: added one by one, Plotly checks all before each, which takes a second.
    figure.update_layout(dragmode=False, images=images)
    return figure, (
        say(
            "{plane:,} pictures where their codes lie in the two directions of "
            "largest variance, {explained:.0%} of it, in {names} groups.",
            plane=len(plane),
            explained=sum(explained),
            names=len(names),
        )
    )


def surprise(total: NDArray[np.floating], chosen: int | None = None) -> Figure:
    """How surprising pictures are, in bits, and where the chosen one stands."""
    figure = go.Figure(go.Histogram(x=total, nbinsx=40, marker_color=TEAL, name=say("pictures")))
    figure = plain(figure, say("surprise in bits"), say("pictures"), 220)
    words = say(
        "Surprise of {total:,} pictures: median {total2:.1f} bits",
        total=len(total),
        total2=np.median(total),
    )
    if chosen is not None and chosen < len(total):
        figure.add_vline(x=float(total[chosen]), line_color=ORANGE, line_width=3)
        less = float((total < total[chosen]).mean())
        words += say(
            "; the chosen one has {total:.1f}, more than {less:.0%} of them",
            total=total[chosen],
            less=less,
        )
    return figure, words + "."


def two_ways(names: Sequence[str], usage: Sequence[NDArray[np.floating]], level: int) -> Figure:
    """Share of wins of every unit at one level, most used first, a line a way to compete."""
    figure = go.Figure()
    for name, share, hue in zip(names, usage, (TEAL, ORANGE, BLUE), strict=False):
        ordered = np.sort(np.asarray(share, float))[::-1] * len(share)
        figure.add_scatter(
            x=np.arange(1, len(ordered) + 1),
            y=ordered,
            mode="lines",
            line_shape="hvh",
            name=name,
            line={"color": hue, "width": 2.5},
        )
    figure = plain(
        figure,
        say("units of level {level}, most used first", level=level + 1),
        say("wins, in fair shares"),
    )
    figure.add_hline(y=1, line_dash="dot", line_color=GREY)
    said = [
        say("{name} at most {s:.1f}", name=name, s=np.max(s) * len(s))
        for name, s in zip(names, usage, strict=True)
    ]
    return figure, say(
        "Wins in fair shares at level {level}: {said} times.", level=level + 1, said=", ".join(said)
    )
