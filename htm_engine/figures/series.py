"""Series as figures: what came, what was expected, where it was odd, and what may come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..model.series.results import SeriesForecast, SeriesTrace
from .base import CLEAR, GREY, HUES, ORANGE, PINK, TEAL, Figure, plain
from .wording import say

Array = NDArray[Any]
#: Stretches that a long series is drawn in, each by its least and largest value.
STRETCHES = 900
#: How far from a mark a line tells no values, as a part of what is shown: about its radius.
_REACH = 0.01
_BAND = "rgba(42,157,143,0.22)"


def thinned(values: Array, stretches: int = STRETCHES) -> NDArray[np.intp]:
    """Places that draw a series as all of them would: each stretch's least and largest value.

    >>> thinned(np.array([0, 1, 0, 0, 9, 0, 0, 0]), 2).tolist()
    [0, 1, 4, 5]
    """
    count = len(values)
    if count <= 2 * stretches:
        return np.arange(count)
    edges = np.linspace(0, count, stretches + 1).astype(np.intp)
    low, high = (np.where(np.isnan(values), fill, values) for fill in (np.inf, -np.inf))
    found = [
        place
        for begin, end in zip(edges[:-1], edges[1:], strict=True)
        for place in (begin + low[begin:end].argmin(), begin + high[begin:end].argmax())
    ]
    return np.unique(np.array(found, np.intp))


def followed(
    values: Array, x: Array, trace: SeriesTrace, odd: Array, shown: slice, chosen: int | None = None
) -> Figure:
    """A part of a series with its predicted band, and marks where it was odd.

    Parameters
    ----------
    values, x : ndarray (n,)
        Values, and where each stands: time stamps or numbers.
    trace : SeriesTrace
    odd : ndarray of int
        Places to mark.
    shown : slice
        The part that is drawn.
    chosen : int, optional
        The place whose mark is filled.
    """
    begin = shown.start or 0
    inside = odd[(odd >= begin) & (odd < (shown.stop or len(values)))]
    figure = go.Figure(band(values, x, trace, shown, inside))
    figure.add_trace(marks(x, values, inside, inside, chosen))
    figure = plain(figure, along(x), say("value"), 340)
    figure.update_yaxes(rangemode="normal")
    figure.update_layout(dragmode="pan")
    words = say(
        "{shown:,} values from {low:,.4g} to {high:,.4g}, with the band that was predicted for "
        "each; {odd} of them are marked as odd.",
        shown=len(values[shown]),
        low=_finite(values[shown], np.min),
        high=_finite(values[shown], np.max),
        odd=len(inside),
    )
    return figure, words


def along(x: Array) -> str:
    """What a horizontal axis counts."""
    return say("time") if np.issubdtype(x.dtype, np.datetime64) else say("row")


def marks(
    x: Array, y: Array, places: Array, chooses: Array, chosen: int | None, legend: bool = True
) -> go.Scatter:
    """Marks at places; each carries what a click on it chooses, and the chosen one is filled."""
    return go.Scatter(
        x=x[places],
        y=y[places],
        customdata=chooses,
        mode="markers",
        marker={
            "color": [PINK if place == chosen else ORANGE for place in chooses],
            "size": [15 if place == chosen else 11 for place in chooses],
            "line": {"width": 1.5, "color": "rgba(255,255,255,0.9)"},
        },
        unselected={"marker": {"opacity": 1}},
        name=say("odd"),
        legendgroup="odd",
        showlegend=legend,
    )


def band(
    values: Array,
    x: Array,
    trace: SeriesTrace,
    shown: slice,
    odd: Array,
    stretches: int = STRETCHES,
    legend: bool = True,
) -> list[go.Scatter]:
    """The values of a part as a line, over the band that was predicted for them.

    Of a line and a mark at one place Plotly takes the line, which cannot be clicked: near the
    marks ``odd`` it answers no pointer.
    """
    begin = shown.start or 0
    # A band is as wide as its widest in each stretch, so that none is lost by thinning.
    line, low, high = (
        thinned(one[shown], stretches) + begin for one in (values, trace.low, trace.high)
    )
    drawn = [
        go.Scatter(
            x=x[places],
            y=edge[places],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=_BAND,
            name=say("expected, 90 of 100"),
            legendgroup="band",
            showlegend=legend and fill is not None,
            hoverinfo="skip",
        )
        for places, edge, fill in ((low, trace.low, None), (high, trace.high, "tonexty"))
    ]
    value = go.Scatter(
        x=x[line],
        y=values[line],
        mode="lines",
        line={"color": GREY, "width": 1.4},
        name=say("value"),
        legendgroup="value",
        showlegend=legend,
        hoverinfo="skip",
    )
    return [*drawn, value, pointed(x, values, line, odd, say("value"))]


def pointed(x: Array, y: Array, line: Array, odd: Array, name: str) -> go.Scatter:
    """A clear line that tells its values under the pointer, but for places near marks."""
    away = np.ones(len(line), bool)
    if len(odd) and len(line):
        after = np.searchsorted(odd, line).clip(1, max(1, len(odd) - 1))
        near = np.minimum(np.abs(line - odd[after - 1]), np.abs(line - odd[after % len(odd)]))
        away = near > _REACH * (line[-1] - line[0])
    return go.Scatter(
        x=x[line[away]],
        y=y[line[away]],
        mode="lines",
        line={"color": CLEAR, "width": 0},
        name=name,
        showlegend=False,
    )


def _finite(values: Array, of: Any) -> float:
    known = values[np.isfinite(values)]
    return float(of(known)) if len(known) else 0.0


def surprised(views: Sequence[tuple[str, float]]) -> Figure:
    """Bits of surprise of each way to see a value, the largest first."""
    figure = go.Figure()
    names = [say(name) for name, _ in views][::-1]
    bits = [bit for _, bit in views][::-1]
    figure.add_bar(x=bits, y=names, orientation="h", marker_color=TEAL)
    figure = plain(figure, say("surprise in bits"), "", 220)
    figure.update_yaxes(showgrid=False)
    return figure, say(
        "Surprise at this value in bits: {parts}.",
        parts=", ".join(f"{say(name)} {bit:.1f}" for name, bit in views),
    )


def cells(names: Sequence[str], bits: Sequence[float]) -> Figure:
    """Bits of surprise of the cells of a row, the largest first."""
    figure = go.Figure()
    figure.add_bar(x=list(bits)[::-1], y=list(names)[::-1], orientation="h", marker_color=TEAL)
    figure = plain(figure, say("surprise in bits"), "", 60 + 26 * len(names))
    figure.update_yaxes(showgrid=False, type="category")
    return figure, say(
        "Surprise at the cells of this row in bits: {parts}.",
        parts=", ".join(f"{n} {b:.1f}" for n, b in zip(names, bits, strict=True)),
    )


def leading(x: Array, weights: Array, units: Sequence[str]) -> Figure:
    """Weights of the units along a series, one over the other; they sum to one."""
    figure = go.Figure()
    for unit, hue, share in zip(units, (*HUES, *HUES), weights.T, strict=False):
        figure.add_scatter(
            x=x,
            y=share,
            mode="lines",
            line={"width": 0},
            stackgroup="one",
            fillcolor=hue,
            name=say(unit),
        )
    figure = plain(figure, "", say("weight"), 320)
    figure.update_yaxes(range=[0, 1])
    mean = weights.mean(axis=0)
    return figure, say(
        "Weights of the units along the series, mean: {parts}.",
        parts=", ".join(f"{say(u)} {w:.2f}" for u, w in zip(units, mean, strict=True)),
    )


def stand(units: Sequence[str], weights: Array, shares: Array) -> Figure:
    """What each unit weighed before a value, and its part in explaining it."""
    figure = go.Figure()
    names = [say(unit) for unit in units]
    for values, name, hue in ((weights, "weight before", GREY), (shares, "part after", TEAL)):
        figure.add_bar(x=names, y=values, name=say(name), marker_color=hue)
    figure = plain(figure, "", "", 300)
    return figure, say(
        "Weights before the value and parts after it: {parts}.",
        parts=", ".join(
            f"{n} {w:.2f}, {r:.2f}" for n, w, r in zip(names, weights, shares, strict=True)
        ),
    )


def coming(values: Array, x: Array, ahead: SeriesForecast, then: Array) -> Figure:
    """The last values and those to come: the median, and bands of half and of 90 of 100 paths.

    ``then (steps,)`` is where the values to come stand.
    """
    figure = go.Figure(paths(values, x, ahead, then))
    middle = ahead.at(0.5)
    figure = plain(figure, along(x), say("value"), 300)
    figure.update_yaxes(rangemode="normal")
    return figure, say(
        "The next {steps:,} values: the median goes from {first:,.4g} to {last:,.4g}; the last "
        "lies between {low:,.4g} and {high:,.4g} in 90 of 100 paths.",
        steps=len(then),
        first=middle[0],
        last=middle[-1],
        low=ahead.at(0.05)[-1],
        high=ahead.at(0.95)[-1],
    )


def paths(
    values: Array, x: Array, ahead: SeriesForecast, then: Array, legend: bool = True
) -> list[go.Scatter]:
    """The last values as a line, and those to come: two bands and their median."""
    before = slice(max(0, len(values) - 2 * len(then)), None)
    value = go.Scatter(
        x=x[before],
        y=values[before],
        mode="lines",
        line={"color": GREY, "width": 1.4},
        name=say("value"),
        legendgroup="value",
        showlegend=legend,
    )
    bands = [
        go.Scatter(
            x=then,
            y=ahead.at(level),
            mode="lines",
            line={"width": 0},
            fill="tonexty" if level == high else None,
            fillcolor=_BAND,
            name=say(name),
            legendgroup=name,
            showlegend=legend and level == high,
            hoverinfo="skip",
        )
        for low, high, name in ((0.05, 0.95, "90 of 100"), (0.25, 0.75, "half"))
        for level in (low, high)
    ]
    median = go.Scatter(
        x=then,
        y=ahead.at(0.5),
        mode="lines",
        line={"color": TEAL, "width": 2.5},
        name=say("median"),
        legendgroup="median",
        showlegend=legend,
    )
    return [value, *bands, median]


def stored(sizes: Sequence[tuple[str, int]], count: int) -> Figure:
    """Bits a value in each format, ours first."""
    ordered = list(sizes)[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=[8 * size / count for _, size in ordered],
        y=[name for name, _ in ordered],
        text=[f"{size:,}" for _, size in ordered],
        orientation="h",
        marker_color=[ORANGE if name == "HTM" else GREY for name, _ in ordered],
    )
    figure = plain(figure, say("bits per value"), "", 60 + 40 * len(ordered))
    figure.update_yaxes(showgrid=False)
    return figure, say(
        "Bits per value: {parts}.",
        parts=", ".join(f"{name} {8 * size / count:.2f}" for name, size in sizes),
    )
