"""Plotly figures of many pictures' codes; each comes with its words for those who cannot see it.

Marks that can be chosen by a click carry the picture's number in ``customdata``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .base import BLUE, GREY, HUES, ORANGE, TEAL, Figure, plain
from .wording import say


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
    names = _add_groups(figure, plane, groups)
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
    figure.update_layout(dragmode=False, images=_laid_over(plane, thumbnails))
    return figure, (
        say(
            "{plane:,} pictures where their codes lie in the two directions of "
            "largest variance, {explained:.0%} of it, in {names} groups.",
            plane=len(plane),
            explained=sum(explained),
            names=len(names),
        )
    )


def _add_groups(figure: go.Figure, plane: NDArray[np.floating], groups: Sequence[str]) -> list[str]:
    """Draw every group's points in its own colour and mark; the groups' names in order."""
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
    return names


def _laid_over(
    plane: NDArray[np.floating], thumbnails: Sequence[tuple[int, str]]
) -> list[dict[str, Any]]:
    """Pictures over their points, as images of Plotly."""
    span = np.maximum(np.ptp(plane, axis=0), 1e-9)
    return [
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
