"""Plotly figures of units and of one picture; each comes with its words for those without sight.

What all pictures together show is in ``survey``.
Marks that can be chosen by a click carry what they stand for in ``customdata``: level and
unit, level and place, or the picture's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .base import GREY, ORANGE, PINK, TEAL, Figure, as_picture, bare, lay_under, plain
from .wording import say

#: Units drawn in one line; a level with more goes on in the next.
ACROSS = 24
#: A unit below this part of a fair share is drawn as dead.
_DEAD = 0.02
_DIVERGING = [[0, "#3C5BA9"], [0.5, "#F4F1EA"], [1, "#C4591C"]]


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
    for level, share in enumerate(shares):
        xs, ys, y = _level(figure, level, share, titles[level], y)
        if chosen is not None and chosen[0] == level:
            ring = (float(xs[chosen[1]]), float(ys[chosen[1]]))
    if ring is not None:
        figure.add_scatter(
            x=[ring[0]],
            y=[ring[1]],
            mode="markers",
            hoverinfo="skip",
            marker={"symbol": "square-open", "size": 19, "color": ORANGE, "line": {"width": 3}},
        )
    widest = min(ACROSS, max(len(share) for share in shares))
    figure = bare(figure, int(60 + 24 * y))
    figure.update_xaxes(range=[-widest / 2 - 0.6, widest / 2 + 0.6])
    figure.update_yaxes(range=[-0.8, y + 0.2])
    said = [
        say(
            "level {level} has {share} units, the most used wins {share2:.1%}, {dead_in_all} dead",
            level=level + 1,
            share=len(share),
            share2=np.max(share),
            dead_in_all=int(_dead(share).sum()),
        )
        for level, share in enumerate(shares)
    ]
    return figure, say(
        "The hierarchy, a square a unit, darker the more it wins: {said}.", said="; ".join(said)
    )


def _fair(share: NDArray[np.floating]) -> NDArray[np.floating]:
    """Wins in fair shares."""
    return np.asarray(share, float) * len(share)


def _dead(share: NDArray[np.floating]) -> NDArray[np.bool_]:
    return _fair(share) < _DEAD


def _level(
    figure: go.Figure, level: int, share: NDArray[np.floating], title: str, y: float
) -> tuple[NDArray[np.floating], NDArray[np.floating], float]:
    """Draw one level's units from ``y`` up: where each stands, and where the next level does."""
    lines = -(-len(share) // ACROSS)
    unit = np.arange(len(share))
    row = unit // ACROSS
    # Lines are centred, so that a small level stands in the middle of a large one.
    inside = np.minimum(len(share) - row * ACROSS, ACROSS)
    x = unit % ACROSS - (inside - 1) / 2
    ys = y + (lines - 1 - row)
    fair, dead = _fair(share), _dead(share)
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
    figure.add_annotation(
        x=0,
        y=y + lines - 0.15,
        text=title,
        showarrow=False,
        yanchor="bottom",
        font={"size": 12, "color": GREY},
    )
    return x, ys, y + lines + 2.0  # two lines of title


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
    figure = go.Figure()
    lay_under(figure, png_uri, shape)
    figure.update_layout(
        shapes=[_patch(box, colours[place], place == chosen) for place, box in enumerate(boxes)]
    )
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
    figure = bare(figure, 260)
    as_picture(figure, shape)
    words = say(
        "Who won each of the {flat} patches of level {level}: {flat2} different units",
        flat=len(flat),
        level=level + 1,
        flat2=len(np.unique(flat)),
    )
    order = say(", in reading order {str}.", str=", ".join(map(str, flat)))
    return figure, words + (order if len(flat) <= 16 else ".")


def _patch(
    box: tuple[int, int, int, int], colour: tuple[int, int, int], chosen: bool
) -> dict[str, Any]:
    """A patch in its winner's colour, as a shape of Plotly."""
    top, left, bottom, right = box
    red, green, blue = colour
    return {
        "type": "rect",
        "x0": left,
        "x1": right,
        "y0": top,
        "y1": bottom,
        "fillcolor": f"rgba({red},{green},{blue},0.28)",
        "line": {
            "color": ORANGE if chosen else f"rgb({red},{green},{blue})",
            "width": 4 if chosen else 1,
        },
    }


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
    figure = bare(figure, 300)
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
