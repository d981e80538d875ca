"""Lines on two scales, as SVG for a page that follows its reader's scheme, and as PNG.

::

    lines, names of the axes ──Chart──► marks (text, paths) ──► svg() | png()

Both are drawn from the same marks.  They need neither a browser nor a display; Plotly's own
pictures would need one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Line = list[tuple[float, float]]

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 740, 320, 60, 20, 540, 270
#: Names of the colours in a page's style, and what they are on white paper.
COLOURS = {
    "a": "#0f6e68", "b": "#c4591c", "c": "#3c5ba9", "d": "#a8477e",
    "e": "#8a6d00", "f": "#5b6670", "g": "#7a3b1d", "h": "#4a8c2a",
}  # fmt: skip
_INK, _AXIS, _SIZE, _FINE = "#22272b", "#b9b3a4", 12, 2


@dataclass(frozen=True)
class Mark:
    """A word at a place, in the colour of a line or in ink; anchored at start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str = "start"
    colour: str = ""


class Chart:
    """Lines to draw, 740 x 320.

    Parameters
    ----------
    lines : dict
        Points ``(x, y)`` by name; at most eight lines have colours of their own.
    x, y : str
        What the axes show.
    log, log_x : bool
        Logarithmic scales; linear where values are not positive.
    """

    def __init__(
        self, lines: dict[str, Line], x: str, y: str, log: bool = False, log_x: bool = False
    ) -> None:
        self.words = f"{y} / {x}: {', '.join(lines)}"
        every = np.array([point for line in lines.values() for point in line], float)
        every = every[np.isfinite(every).all(1)]
        low, high = every.min(0), every.max(0)
        places = [
            _places(every[:, column], start, end, wanted)
            for column, start, end, wanted in ((0, LEFT, RIGHT, log_x), (1, BOTTOM, TOP, log))
        ]
        self.paths: list[tuple[str, Line]] = []
        self.marks = [
            Mark(f"{low[0]:,.4g}", LEFT, BOTTOM + 18),
            Mark(f"{high[0]:,.4g}", RIGHT, BOTTOM + 18, "end"),
            Mark(x, (LEFT + RIGHT) / 2, BOTTOM + 36, "middle"),
            Mark(f"{high[1]:,.4g}", LEFT - 6, TOP + 6, "end"),
            Mark(f"{low[1]:,.4g}", LEFT - 6, BOTTOM, "end"),
            Mark(y, LEFT, TOP - 6),
        ]
        for number, (name, line) in enumerate(lines.items()):
            colour = list(COLOURS)[number % len(COLOURS)]
            self.marks.append(Mark(name, RIGHT + 12, 32 + 20 * number, colour=colour))
            # A file that loses nothing has no finite PSNR, and no place on a scale.
            kept = sorted(point for point in line if np.isfinite(point).all())
            self.paths.append((colour, [(places[0](a), places[1](b)) for a, b in kept]))

    def svg(self) -> str:
        """An SVG element; colours are the page's (``--a`` and so on, ``--ink``, ``.axis``)."""
        drawn = [f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>']
        for colour, path in self.paths:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
            drawn.append(
                f'<polyline points="{points}" fill="none" stroke="var(--{colour})" '
                'stroke-width="2"/>'
            )
        for mark in self.marks:
            style = f' style="fill:var(--{mark.colour})"' if mark.colour else ""
            drawn.append(
                f'<text x="{mark.x}" y="{mark.y}" text-anchor="{mark.anchor}"{style}>'
                f"{escape(mark.text)}</text>"
            )
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(self.words, quote=True)}">{"".join(drawn)}</svg>'
        )

    def png(self) -> bytes:
        """A PNG file on white, twice as fine; words should be Latin, as the font is."""
        whole = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), "white")
        draw, font = ImageDraw.Draw(whole), ImageFont.load_default(_SIZE * _FINE)
        axis = [(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)]
        draw.line([(x * _FINE, y * _FINE) for x, y in axis], _AXIS, _FINE)
        for colour, path in self.paths:
            fine = [(x * _FINE, y * _FINE) for x, y in path]
            draw.line(fine, COLOURS[colour], 2 * _FINE, joint="curve")
        for mark in self.marks:
            draw.text(
                (mark.x * _FINE, mark.y * _FINE), mark.text,
                fill=COLOURS.get(mark.colour, _INK), font=font,
                anchor={"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor],
            )  # fmt: skip
        stream = io.BytesIO()
        whole.save(stream, "PNG", optimize=True)
        return stream.getvalue()


def _places(values: np.ndarray, start: float, end: float, log: bool):  # type: ignore[no-untyped-def]
    """Function from a value to its place between ``start`` and ``end``."""
    scale = np.log10 if log and values.min() > 0 else np.asarray
    low, high = float(scale(values.min())), float(scale(values.max()))
    span = high - low if high > low else 1.0

    def place(value: float) -> float:
        return start + (end - start) * (float(scale(value)) - low) / span

    return place
