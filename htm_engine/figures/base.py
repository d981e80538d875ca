"""Data to Plotly figures; each comes with its words for those who cannot see it.

Grounds are clear and inks mid-toned, so that a figure reads on a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .wording import say

Figure = tuple[go.Figure, str]
TEAL, ORANGE, BLUE, PINK, GOLD, GREY = (
    "#2A9D8F",
    "#E07B39",
    "#5B7FD1",
    "#C05A94",
    "#B08D1E",
    "#8A949B",
)
HUES = (TEAL, ORANGE, BLUE, PINK, GOLD, GREY, "#6B8E4E", "#9467BD")
CLEAR = "rgba(0,0,0,0)"


def plain(figure: go.Figure, x: str, y: str, height: int = 260) -> go.Figure:
    """Give a figure the house's look and name its axes."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        bargap=0.25,
    )
    figure.update_xaxes(title=x, showgrid=False)
    figure.update_yaxes(title=y, gridcolor="rgba(128,128,128,0.25)", rangemode="tozero")
    return figure


def bare(figure: go.Figure, height: int) -> go.Figure:
    """A figure without axes, legend and margins: a picture, or marks on none."""
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        showlegend=False,
        dragmode=False,
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def lay_under(figure: go.Figure, png_uri: str, shape: tuple[int, int]) -> None:
    """Lay a picture of ``(height, width)`` cells, given as a data URI, under the marks."""
    height, width = shape
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


def as_picture(figure: go.Figure, shape: tuple[int, int]) -> None:
    """Let the axes count cells of a picture ``(height, width)``, rows from the top."""
    height, width = shape
    figure.update_xaxes(range=[0, width], constrain="domain")
    figure.update_yaxes(range=[height, 0], scaleanchor="x", constrain="domain")


def held_curve(
    steps: NDArray[np.floating], errors: NDArray[np.floating], height: int = 220
) -> Figure:
    """Error of held-out pictures from before the first step to the last, the least one marked."""
    figure = go.Figure()
    figure.add_scatter(
        x=steps, y=errors, mode="lines+markers", line={"color": TEAL, "width": 3}, cliponaxis=False
    )
    words = say("Mean squared error of held-out pictures over training steps.")
    if len(errors):
        best = int(np.argmin(errors))
        figure.add_scatter(
            x=steps[best : best + 1],
            y=errors[best : best + 1],
            mode="markers+text",
            text=[say("least: {error:.4f}", error=errors[best])],
            textposition="top center" if 0 < best < len(errors) - 1 else "top left",
            marker={"size": 14, "color": ORANGE, "symbol": "star"},
            cliponaxis=False,
        )
        words += say(
            " It went from {first:.4f} to {last:.4f}, the least is {least:.4f} at step {step:,}.",
            first=errors[0],
            last=errors[-1],
            least=errors[best],
            step=int(steps[best]),
        )
    figure = plain(figure, say("training step"), say("mean squared error"), height)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(rangemode="tozero")
    return figure, words


def batch_curve(steps: NDArray[np.floating], errors: NDArray[np.floating]) -> Figure:
    """Error of every batch at the top level's input, which moves while levels below learn."""
    figure = go.Figure()
    figure.add_scatter(x=steps, y=errors, mode="lines", line={"color": GREY})
    words = say("Mean squared error of every batch, at the top level's input, over steps.")
    return plain(figure, say("training step"), say("mean squared error"), 220), words


def run_curves(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float], bool]],
) -> Figure:
    """Errors of several runs over their steps: ``name: (steps, errors, held out or not)``."""
    figure, ends = go.Figure(), []
    for index, (name, (steps, errors, held)) in enumerate(runs.items()):
        figure.add_scatter(
            x=list(steps),
            y=list(errors),
            mode="lines+markers" if held else "lines",
            name=name if held else say("{name} (batches)", name=name),
            line={"color": HUES[index % len(HUES)], "width": 2.5 if held else 1},
        )
        if len(errors):
            ends.append(say("{name} ended at {errors:.4f}", name=name, errors=errors[-1]))
    figure = plain(figure, say("training step"), say("mean squared error"), 320)
    figure.update_layout(showlegend=True)
    return figure, say("Error of every run on held-out pictures. ") + "; ".join(ends) + "."


def usage(shares: Sequence[NDArray[np.floating]], dead: Sequence[int]) -> Figure:
    """Share of wins of every unit, a panel of bars a level, most used first."""
    figure = go.Figure()
    for level, share in enumerate(shares):
        ordered = np.sort(np.asarray(share, float))[::-1] * len(share)
        figure.add_scatter(
            x=np.arange(1, len(ordered) + 1),
            y=ordered,
            mode="lines",
            line_shape="hvh",
            name=say(
                "level {level}: {share} units, {dead} dead",
                level=level + 1,
                share=len(share),
                dead=dead[level],
            ),
            line={"color": HUES[level % len(HUES)], "width": 2.5},
        )
        if dead[level]:
            first = len(ordered) - dead[level]
            figure.add_scatter(
                x=np.arange(first + 1, len(ordered) + 1),
                y=ordered[first:],
                mode="markers",
                marker={"symbol": "x", "size": 8, "color": PINK},
                name=say("dead at level {level}", level=level + 1),
            )
    figure = plain(figure, say("units, most used first"), say("wins, in fair shares"))
    figure.add_hline(y=1, line_dash="dot", line_color=GREY)
    parts = [
        say("{dead} of {s} units dead at level {i}", dead=dead[i], s=len(s), i=i + 1)
        for i, s in enumerate(shares)
    ]
    return figure, say("How evenly units win; 1 is a fair share. {parts}.", parts="; ".join(parts))


def fold_scores(names: Sequence[str], scores: Sequence[Sequence[float]]) -> Figure:
    """Error of every fold for every setting of a cross-validation."""
    figure = go.Figure()
    for name, values in zip(names, scores, strict=True):
        figure.add_box(y=list(values), name=name, boxpoints="all", marker_color=TEAL)
    means = [float(np.mean(values)) for values in scores]
    best = names[int(np.argmin(means))] if means else "none"
    figure = plain(figure, say("setting"), say("mean squared error of a fold"), 300)
    figure.update_layout(showlegend=False)
    return figure, say(
        "Error of every fold for {names} settings; the least mean has {best}.",
        names=len(names),
        best=best,
    )
