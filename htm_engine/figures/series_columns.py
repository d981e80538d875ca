"""Several columns over the same times as figures: their score, and each below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from ..model.series.results import SeriesForecast, SeriesTrace
from .base import GREY, TEAL, Figure, plain
from .series import along, band, marks, paths, pointed, thinned
from .wording import say

Array = NDArray[Any]
#: Stretches that each of several columns is drawn in; pixels of each, of what parts two, and of
#: what stands above and below all of them.
_STRETCHES, _HEIGHT, _APART, _AROUND = 500, 104, 34, 115
#: Letters of a name that are drawn.
_NAME = 40


@dataclass(frozen=True)
class Drawn:
    """A column as it is drawn: ``odd`` are places, ``chooses`` what a click on each chooses."""

    name: str
    values: Array
    trace: SeriesTrace
    odd: Array
    chooses: Array


def together(
    score: Array,
    columns: Sequence[Drawn],
    x: Array,
    shown: slice,
    marked: tuple[Array, float, int | None],
) -> Figure:
    """The score over all columns with its marks, and columns below it along the same times.

    Parameters
    ----------
    score, x : ndarray (n,)
        The score, and where each value stands: time stamps or numbers.
    columns : sequence of Drawn
    shown : slice
        The part that is drawn.
    marked : (ndarray of int, float, int or None)
        Places to mark, the level they reach, and the one whose mark is filled.
    """
    odd, level, chosen = marked
    begin, end = shown.start or 0, shown.stop or len(score)
    figure = _panels([say("score over all columns"), *(one.name for one in columns)])
    line = thinned(score[shown], _STRETCHES) + begin
    figure.add_scatter(
        x=x[line],
        y=score[line],
        mode="lines",
        line={"color": TEAL, "width": 1.4},
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=1,
    )
    inside = odd[(odd >= begin) & (odd < end)]
    figure.add_trace(pointed(x, score, line, inside, say("score over all columns")), row=1, col=1)
    figure.add_trace(marks(x, score, inside, inside, chosen), row=1, col=1)
    figure.add_hline(y=level, line_dash="dot", line_color=GREY, row=1, col=1)
    for row, one in enumerate(columns, 2):
        own = (one.odd >= begin) & (one.odd < end)
        here, chooses = one.odd[own], one.chooses[own]
        for trace in band(one.values, x, one.trace, shown, here, _STRETCHES, legend=row == 2):
            figure.add_trace(trace, row=row, col=1)
        own_marks = marks(x, one.values, here, chooses, chosen, legend=False)
        figure.add_trace(own_marks, row=row, col=1)
    figure.update_yaxes(range=[-0.03, 1.1], row=1, col=1)
    figure.update_xaxes(title=along(x), row=len(columns) + 1, col=1)
    figure.update_layout(dragmode="pan")
    words = say(
        "One score over all columns from {first} to {last} of {count:,} values, with {odd} marks; "
        "below it {columns}.",
        first=begin + 1,
        last=end,
        count=len(score),
        odd=len(inside),
        columns=", ".join(one.name for one in columns),
    )
    return figure, words


def coming_together(
    columns: Sequence[tuple[str, Array, SeriesForecast]], x: Array, then: Array
) -> Figure:
    """Columns one below the other: the last values, and those to come.

    ``then (steps,)`` is where the values to come stand.
    """
    figure = _panels([name for name, _, _ in columns])
    for row, (_, values, ahead) in enumerate(columns, 1):
        for trace in paths(values, x, ahead, then, legend=row == 1):
            figure.add_trace(trace, row=row, col=1)
    figure.update_xaxes(title=along(x), row=len(columns), col=1)
    return figure, say(
        "The next {steps:,} values, the median's last: {parts}.",
        steps=len(then),
        parts=", ".join(f"{name} {ahead.at(0.5)[-1]:,.4g}" for name, _, ahead in columns),
    )


def _panels(names: Sequence[str]) -> go.Figure:
    """Panels one below the other that share their horizontal axis, each with its name above."""
    count = len(names)
    height = count * _HEIGHT + (count - 1) * _APART
    figure = make_subplots(
        rows=count, cols=1, shared_xaxes=True, vertical_spacing=_APART / height if count > 1 else 0
    )
    plain(figure, "", "", height + _AROUND)
    figure.update_yaxes(rangemode="normal", nticks=4)
    figure.update_layout(margin={"t": 75}, legend={"y": 1, "yref": "container", "yanchor": "top"})
    for row, name in enumerate(names, 1):
        axis = figure.layout[f"yaxis{row if row > 1 else ''}"]
        short = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
        figure.add_annotation(
            text=f"<b>{escape(short)}</b>",
            xref="paper",
            yref="paper",
            x=0,
            y=axis.domain[1],
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
        )
    return figure
