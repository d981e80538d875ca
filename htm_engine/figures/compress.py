"""Figure of the Compress page: where the bits went."""

from __future__ import annotations

from dataclasses import fields

import plotly.graph_objects as go

from ..coding.collection.anatomy import Budget
from .base import BLUE, GREY, ORANGE, PINK, TEAL
from .wording import say

PARTS = {
    "top_winners": "Top winner",
    "top_values": "Top values",
    "tile_winners": "Tile winners",
    "tile_values": "Tile values",
    "header": "Header, checksum",
}
_PART_HUES = (TEAL, BLUE, ORANGE, PINK, GREY)


def bits_figure(budget: Budget) -> go.Figure:
    """One bar of a file's bytes, by what they say."""
    figure = go.Figure()
    total = max(budget.total, 1e-9)
    for field, hue in zip(fields(budget), _PART_HUES, strict=True):
        size = max(0.0, getattr(budget, field.name))
        figure.add_bar(
            x=[size],
            y=["file"],
            orientation="h",
            name=say(PARTS[field.name]),
            text=[f"{size:,.1f}" if size / total > 0.06 else ""],
            insidetextanchor="middle",
            marker_color=hue,
            textfont={"color": "#15191C"},
            textangle=0,
            hovertemplate=say(
                "{part}: %{{x:,.1f}} bytes<extra></extra>", part=say(PARTS[field.name])
            ),
        )
    figure.update_layout(
        barmode="stack",
        height=150,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={"visible": False, "range": [0, total]},
        yaxis={"visible": False},
        legend={"orientation": "h", "y": 0, "yanchor": "top", "x": 0, "traceorder": "normal"},
    )
    return figure


def bits_in_words(budget: Budget) -> str:
    """The bar for those who cannot see it."""
    parts = [
        f"{say(PARTS[field.name]).lower()} {max(0.0, getattr(budget, field.name)):.1f}"
        for field in fields(budget)
    ]
    return say("Of {total:,.0f} bytes: {parts}.", total=budget.total, parts=", ".join(parts))
