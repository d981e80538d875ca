"""Figures of the Text page: sizes beside the others, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from .base import GREY, TEAL
from .wording import say


def sizes_figure(sizes: Sequence[tuple[str, int]], characters: int) -> go.Figure:
    """Bits a character of every compressor, smallest first; the first given is ours."""
    ours = sizes[0][0]
    ordered = sorted(sizes, key=lambda pair: pair[1], reverse=True)
    rates = [8 * size / max(1, characters) for _, size in ordered]
    figure = go.Figure(
        go.Bar(
            x=rates,
            y=[name for name, _ in ordered],
            orientation="h",
            marker_color=[TEAL if name == ours else GREY for name, _ in ordered],
            text=[f"{rate:.2f}" for rate in rates],
            customdata=[size for _, size in ordered],
            hovertemplate=say(
                "%{{y}}: %{{customdata:,}} bytes, %{{x:.3f}} bits a character<extra></extra>"
            ),
        )
    )
    figure.update_layout(
        height=60 + 30 * len(sizes),
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={"title": say("bits a character"), "rangemode": "tozero"},
    )
    return figure


def sizes_in_words(sizes: Sequence[tuple[str, int]], characters: int) -> str:
    """The bars for those who cannot see them."""
    ordered = sorted(sizes, key=lambda pair: pair[1])
    return say("Bits a character: ") + ", ".join(
        f"{name} {8 * size / max(1, characters):.2f}" for name, size in ordered
    )


def next_figure(expected: Sequence[tuple[str, float]]) -> go.Figure:
    """Bars of what may come next, likeliest first."""
    figure = go.Figure(
        go.Bar(
            x=[f"{place}. {character}" for place, (character, _) in enumerate(expected, 1)],
            y=[chance for _, chance in expected],
            marker_color=TEAL,
            text=[f"{chance:.0%}" for _, chance in expected],
            hovertemplate=say("%{{x}}: %{{y:.1%}}<extra></extra>"),
        )
    )
    figure.update_layout(
        height=260,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        yaxis={"title": say("probability"), "tickformat": ".0%", "rangemode": "tozero"},
    )
    return figure


def next_in_words(expected: Sequence[tuple[str, float]]) -> str:
    """The bars for those who cannot see them."""
    return say("Next comes ") + ", ".join(
        say("{char} at {chance:.0%}", char=char, chance=chance) for char, chance in expected[:5]
    )
