"""Figures of the Compress page: where the bits went, and rate against distortion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import plotly.graph_objects as go

from ..coding.collection.anatomy import Budget
from ..evaluation.baselines import RatePoint
from .base import BLUE, GOLD, GREY, ORANGE, PINK, TEAL
from .wording import say

PARTS = {
    "top_winners": "Top winner",
    "top_values": "Top values",
    "tile_winners": "Tile winners",
    "tile_values": "Tile values",
    "header": "Header, checksum",
}
_PART_HUES = (TEAL, BLUE, ORANGE, PINK, GREY)
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
_DASHES = {"PCA 95%": "dash", "JPEG 2000": "dot"}


def named(label: str) -> str:
    """Label as people read it."""
    return say(NAMES.get(label, label))


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


def rate_figure(points: Sequence[RatePoint], quality: int | None = None) -> go.Figure:
    """PSNR over bytes a picture, a line a format; the current quality is ringed."""
    figure = go.Figure()
    for label in dict.fromkeys(point.label for point in points):
        own = sorted((p for p in points if p.label == label), key=lambda p: p.bytes_per_picture)
        figure.add_scatter(
            x=[p.bytes_per_picture for p in own],
            y=[p.psnr for p in own],
            mode="lines+markers",
            name=named(label),
            line={
                "width": 4 if label == "HTM" else 2,
                "color": _HUES.get(label, GREY),
                "dash": _DASHES.get(label, "solid"),
            },
            marker={"size": 7 if label == "HTM" else 5},
            text=[_setting(p) for p in own],
            hovertemplate=say(
                "{label}, %{{text}}<br>%{{x:.1f}} bytes, %{{y:.1f}} dB<extra></extra>",
                label=named(label),
            ),
        )
    here = [p for p in points if p.label == "HTM" and p.setting == f"quality {quality}"]
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
            "dtick": "D2",
            "exponentformat": "none",
        },
        yaxis={"title": say("PSNR in dB"), "range": _range(points)},
        legend={"orientation": "h", "y": -0.22, "x": 0},
    )
    return figure


def _setting(point: RatePoint) -> str:
    """Where on its curve a point is, as people read it."""
    name, _, value = point.setting.partition(" ")
    return say("quality {quality}", quality=value) if name == "quality" else point.setting


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
