"""Rate against distortion: one figure for whatever is compared, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import plotly.graph_objects as go

from ..evaluation.rates import RatePoint
from .base import BLUE, GOLD, GREY, ORANGE, PINK, TEAL
from .wording import say

_HUES = {
    "HTM": TEAL,
    "PCA 95%": BLUE,
    "PCA, all components": BLUE,
    "JPEG": ORANGE,
    "WEBP": PINK,
    "WebP": PINK,
    "AVIF": GOLD,
    "JPEG 2000": GREY,
}
NAMES = {"PCA 95%": "PCA 95 %", "WEBP": "WebP"}
#: Of whoever else is drawn, in turn.
_OTHERS = ("#6B8E4E", "#9467BD", GREY)
_DASHES = {"PCA 95%": "dash", "JPEG 2000": "dot"}
#: Plotly's own labels between powers of ten are lone digits that nobody can place.
_TICKS = [lead * 10.0**power for power in range(-2, 7) for lead in (1, 2, 5)]


def named(label: str) -> str:
    """Label as people read it."""
    return say(NAMES.get(label, label))


def rate_figure(points: Sequence[RatePoint], quality: int | None = None) -> go.Figure:
    """PSNR over bytes a picture, a line a format; the current quality is ringed."""
    figure = go.Figure()
    others = cycle(_OTHERS)
    for label in dict.fromkeys(point.label for point in points):
        own = sorted((p for p in points if p.label == label), key=lambda p: p.bytes_per_picture)
        figure.add_scatter(
            x=[p.bytes_per_picture for p in own],
            y=[p.psnr for p in own],
            mode="lines+markers",
            name=named(label),
            line={
                "width": 4 if label == "HTM" else 2,
                "color": _HUES.get(label) or next(others),
                "dash": _DASHES.get(label, "solid"),
            },
            marker={"size": 7 if label == "HTM" else 5},
            text=[_setting(p) for p in own],
            hovertemplate=say(
                "{label}, %{{text}}<br>%{{x:.1f}} bytes, %{{y:.1f}} dB<extra></extra>",
                label=named(label),
            ),
        )
    here = [p for p in points if p.label == "HTM" and (p.knob, p.value) == ("quality", quality)]
    for point in here:
        figure.add_scatter(
            x=[point.bytes_per_picture],
            y=[point.psnr],
            mode="markers",
            marker={"size": 17, "symbol": "circle-open", "color": TEAL, "line": {"width": 3}},
            name=say("quality {quality}", quality=quality),
            hoverinfo="skip",
        )
    figure.update_layout(
        height=430,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={
            "title": say("bytes a picture"),
            "type": "log",
            "tickvals": _TICKS,
            "ticktext": [f"{tick:g}" for tick in _TICKS],
        },
        yaxis={"title": say("PSNR in dB"), "range": _range(points)},
        legend={"orientation": "h", "y": -0.22, "x": 0},
    )
    return figure


def _setting(point: RatePoint) -> str:
    """Where on its curve a point is, as people read it."""
    if point.knob == "quality":
        return say("quality {quality}", quality=f"{point.value:g}")
    return point.setting


def _range(points: Sequence[RatePoint]) -> list[float]:
    """Decibels worth looking at: beyond 50 no eye sees a difference."""
    values = [p.psnr for p in points if np.isfinite(p.psnr)] or [0.0, 50.0]
    return [max(0.0, min(values) - 1), min(50.0, max(values) + 1)]


def rate_in_words(points: Sequence[RatePoint]) -> str:
    """The takeaway of the curves: each format's smallest file and what it looks like."""
    said = []
    for label in dict.fromkeys(point.label for point in points):
        own = [p for p in points if p.label == label]
        least = min(own, key=lambda p: p.bytes_per_picture)
        most = max(own, key=lambda p: p.psnr)
        said.append(
            say(
                "{label} from {bytes_per_picture:.1f} bytes at {psnr:.1f} dB to "
                "{bytes_per_picture2:.1f} at {psnr2:.1f}",
                label=named(label),
                bytes_per_picture=least.bytes_per_picture,
                psnr=least.psnr,
                bytes_per_picture2=most.bytes_per_picture,
                psnr2=most.psnr,
            )
        )
    return say("PSNR over bytes a picture: {said}.", said="; ".join(said))
