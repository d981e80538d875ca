"""Plotly figures of the formulas page; each comes with its words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .figures import GREY, ORANGE, TEAL, Figure, plain

#: Bars shown at most; the rest of the units are too weak to see.
MOST_BARS = 24


def shares(activation: NDArray[np.floating], kept: NDArray[np.floating]) -> Figure:
    """Activation of the strongest units, and what competition leaves of it."""
    order = np.argsort(-activation, kind="stable")[:MOST_BARS]
    names = [str(unit) for unit in order]
    figure = go.Figure()
    figure.add_bar(x=names, y=activation[order], name="activation a", marker_color=GREY)
    figure.add_bar(x=names, y=kept[order], name="after competition h", marker_color=TEAL)
    figure.update_xaxes(type="category")
    winners = int((kept > 0).sum())
    return plain(figure, "unit, strongest first", "share"), (
        f"Bars of the {len(order)} strongest units. Unit {names[0]} leads with "
        f"{activation[order[0]]:.2f}; {winners} of {len(kept)} stay active after competition."
    )


def moved(before: NDArray[np.floating], after: NDArray[np.floating]) -> Figure:
    """Responsibilities and activations before and after a step."""
    order = np.argsort(-np.maximum(before, after), kind="stable")[:12]
    names = [str(unit) for unit in order]
    figure = go.Figure()
    figure.add_bar(x=names, y=before[order], name="activation before", marker_color=GREY)
    figure.add_bar(x=names, y=after[order], name="activation now", marker_color=ORANGE)
    figure.update_xaxes(type="category")
    lead = order[0]
    return plain(figure, "unit", "share"), (
        f"Activations before and after the steps: unit {lead} went from {before[lead]:.3f} "
        f"to {after[lead]:.3f}."
    )


def losses(values: Sequence[float]) -> Figure:
    """Loss after every step made by hand."""
    figure = go.Figure(
        go.Scatter(x=list(range(len(values))), y=list(values), mode="lines+markers",
                   line={"color": ORANGE})
    )  # fmt: skip
    figure = plain(figure, "steps made", "surprise L in nats", 220)
    figure.update_yaxes(rangemode="normal")
    return figure, (
        f"The surprise of this patch after each of {len(values) - 1} steps: "
        f"from {values[0]:.3f} to {values[-1]:.3f} nats."
    )


def variance(cumulative: NDArray[np.floating], kept: int) -> Figure:
    """Share of the variance that the first components hold, and where 95 % is reached."""
    count = np.arange(1, len(cumulative) + 1)
    figure = go.Figure(
        go.Scatter(x=count, y=cumulative, mode="lines", line={"color": TEAL}, name="variance held")
    )
    figure.add_scatter(
        x=[kept], y=[cumulative[kept - 1]], mode="markers+text", text=[f"{kept} components"],
        textposition="bottom right", marker={"color": ORANGE, "size": 11}, name="95 %",
    )  # fmt: skip
    return plain(figure, "components kept", "share of the variance"), (
        f"Share of the variance over the number of components: {kept} of {len(cumulative)} "
        "components hold 95 %."
    )
