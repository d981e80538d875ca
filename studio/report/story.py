"""A run's story as one HTML file that asks nobody for anything.

::

    run, its model and data ──► Told (curve, pictures, units, everybody's curves)
    Told ──► page()   HTML with pictures inside it; prints on A4
         └─► report_zip.bundle()
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from htm_engine import HTM
from htm_engine.data.dataset import Dataset
from htm_engine.errors import HTMError
from htm_engine.evaluation.baselines import k_means_curve, mlp_curve
from htm_engine.evaluation.comparison import LEARN_FROM, all_curves
from htm_engine.evaluation.metrics import psnr_of
from htm_engine.evaluation.rates import RatePoint, most_reached, mse_at
from htm_engine.runs.history import Run
from htm_engine.runs.recipe import SPLIT

from ..kit.pictures import sheet
from ..kit.words import moment, said, t

#: Figure of a run: its key, and how it is written.
FIGURES = (
    ("psnr", ".2f"),
    ("bytes", ".1f"),
    ("units", ".0f"),
    ("dead", ".0f"),
    ("epochs", ".0f"),
)
#: Pictures that are compared, shown over what is kept of them, and units of a level drawn.
COMPARED, SHOWN, UNITS = 100, 10, 64
#: Bytes of the pictures of all units, that a report may be sent by mail; fewer are drawn then.
UNITS_BYTES = 2_000_000
#: Numbers (pictures times pixels) that other methods learn from at most: minutes, not hours.
LEARN_NUMBERS = 16_000_000
#: Points of the curves that take longest, about.
SLOW_POINTS = 12
Curve = tuple[Sequence[int], Sequence[float]]

STYLE = """
:root { color-scheme: light dark; --ink: #22272b; --ground: #fcfbf8; --line: #dcd8ce;
        --a: #0f6e68; --b: #c4591c; --c: #3c5ba9; --d: #a8477e; --e: #8a6d00; --f: #5b6670;
        --g: #7a3b1d; --h: #4a8c2a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e5dd; --ground: #15191c; --line: #374047;
        --a: #4db6ac; --b: #f0955a; --c: #8aa4eb; --d: #dd8aba; --e: #d6b84b; --f: #9aa7b1;
        --g: #c99273; --h: #93c973; } }
body { font: 16px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; color: var(--ink);
       background: var(--ground); max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { font-family: "Source Serif 4", "Source Serif Pro", Georgia, serif; line-height: 1.2; }
h2 { margin-top: 2.2rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; margin: .6rem 0; } td, th { text-align: left;
       padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
img, svg { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
img { image-rendering: pixelated; } figure { margin: 0 0 1rem; }
code, .f { font-family: "Source Code Pro", ui-monospace, monospace; overflow-wrap: anywhere; }
.f { display: block; margin: .5rem 0; } small { opacity: .75; }
svg text { fill: var(--ink); font-size: 12px; } .axis { stroke: var(--line); fill: none; }
@page { size: A4; margin: 18mm; }
@media print { :root { color-scheme: light; --ground: #fff; --ink: #000; --line: #bbb;
        --a: #0f6e68; --b: #c4591c; --c: #3c5ba9; --d: #a8477e; --e: #8a6d00; --f: #5b6670;
        --g: #7a3b1d; --h: #4a8c2a; }
       body { margin: 0; max-width: none; font-size: 11pt; } summary { list-style: none; }
       h2, summary { break-after: avoid; } figure, svg, tr, p { break-inside: avoid; }
       img { max-height: 230mm; } }
"""
COLOURS = ("a", "b", "c", "d", "e", "f", "g", "h")


@dataclass
class Told:
    """All that a report says."""

    run: Run
    link: str
    model: bytes
    fingerprint: str
    layout: tuple[int, ...]
    curve: Curve
    held: Curve
    data: Dataset | None = None
    pictures: bytes | None = None
    units: list[tuple[int, bytes]] = field(default_factory=list)
    points: list[RatePoint] = field(default_factory=list)


def tell(
    run: Run,
    model_file: bytes,
    link: str,
    curve: Curve,
    held: Curve,
    data: Dataset | None,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[float, Told]]:
    """Gather a run's story, with the part done; the last item is whole.

    Without its data, a report has no pictures and no rivals, and says so.

    Raises
    ------
    HTMError
        If the model cannot be read, or ``should_stop`` says so.
    """
    model = HTM.load(io.BytesIO(model_file))
    told = Told(run, link, model_file, model.fingerprint, tuple(model.layout), curve, held, data)
    levels = len(model.hierarchy_.layers)
    for level in range(levels):
        fields = np.asarray(model.receptive_fields(level))
        if fields.shape[-1] in (1, 3):
            drawn = fields[:UNITS, ..., 0] if fields.shape[-1] == 1 else fields[:UNITS]
            png = sheet(drawn, columns=16, side=40, gap=4)
            while len(png) > UNITS_BYTES // levels and len(drawn) > 1:
                drawn = drawn[: len(drawn) // 2]
                png = sheet(drawn, columns=16, side=40, gap=4)
            told.units.append((len(fields), png))
    yield 0.05, told
    if data is None or len(data) < 2:
        yield 1.0, told
        return
    learn, rest = data.split(*SPLIT)
    few = rest.X[:SHOWN]
    try:
        back = np.asarray(model.reconstruct(few.reshape(-1, *model.layout))).reshape(few.shape)
        told.pictures = sheet([*(few / 255), *back], columns=len(few), side=72, gap=5)
        yield 0.1, told
        most = LEARN_NUMBERS // int(np.prod(learn.X.shape[1:]))
        test, few = rest.X[:COMPARED], learn.X[: max(2, min(LEARN_FROM, most))]
        for part, point in all_curves(model, few, test, should_stop):
            told.points.append(point)
            yield 0.1 + 0.6 * part, told
        slow = (k_means_curve, 0.7, 0.1), (mlp_curve, 0.8, 0.2)
        for curve_of, begins, share in slow:
            for done, point in enumerate(curve_of(few, test, should_stop=should_stop), 1):
                told.points.append(point)
                yield begins + share * min(0.99, done / SLOW_POINTS), told
    except HTMError:
        if should_stop():
            raise
        # Such pictures have no file; what could be measured stands.
    yield 1.0, told


# ------------------------------------------------------------------- the page
def page(told: Told, language: str = "en") -> str:
    """The report as HTML; every word of people in it is escaped."""
    run = told.run
    begun = f"{moment(run.created)} UTC"
    parts = [
        f"<h1>{escape(run.name)}</h1>",
        f"<p>{escape(t('report.summary', begun=begun, state=said(run.state), steps=run.step))}<br>"
        f"<code>{escape(told.fingerprint)}</code></p>",
        *section(t("report.data"), _data(told)),
        *section(t("report.result"), _result(told)),
        *section(t("report.figures"), _figures(told)),
        *section(t("report.curve"), curve(told)),
        *section(t("report.units"), _units(told)),
        *section(t("report.rivals"), rivals(told)),
        *section(t("report.settings"), _settings(run)),
        *section(t("report.formulas"), _formulas()),
        *section(t("report.again"), _again(told)),
    ]
    return document(run.name, parts, language)


def document(title: str, parts: Sequence[str], language: str) -> str:
    """Parts of HTML as a page that asks nobody for anything."""
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)} · HTM Studio</title><style>{STYLE}</style></head><body>"
        + "\n".join(parts)
        + "</body></html>"
    )


def section(title: str, body: list[str]) -> list[str]:
    """A part under its title; nothing where there is nothing in it."""
    return [f"<h2>{escape(title)}</h2>", *body] if body else []


def _image(png: bytes, words: str) -> str:
    text = escape(words, quote=True)
    data = base64.b64encode(png).decode()
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<small>{text}</small></figure>"
    )


def table(rows: Sequence[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Rows as HTML, every word escaped."""
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    lines = ["<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in row) + "</tr>" for row in rows]
    # Paper repeats a head on every page that a table runs over.
    whole = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f"<table>{whole}<tbody>{''.join(lines)}</tbody></table>"


def _data(told: Told) -> list[str]:
    rows = [(t("report.name"), told.run.data), (t("report.print"), told.run.data_fingerprint)]
    if told.data is None:
        return [table(rows), f"<p>{escape(t('report.no_data'))}</p>"]
    sides = " x ".join(map(str, told.data.X.shape[1:]))
    rows += [(t("report.pictures"), f"{len(told.data):,}, {sides}")]
    rows += [(t("report.source"), told.data.source), (t("report.licence"), told.data.licence)]
    return [table(rows)]


def _result(told: Told) -> list[str]:
    return [] if told.pictures is None else [_image(told.pictures, t("report.result_words"))]


def _figures(told: Told) -> list[str]:
    found = told.run.figures
    ours = {"mse": t("report.error"), "steps": t("report.step")}
    ours |= {name: t(f"runs.figure_{name}") for name, _ in FIGURES}
    rows = [(ours.get(name, name), f"{value:,.5g}") for name, value in sorted(found.items())]
    rows.append((t("report.seconds"), f"{told.run.seconds:.1f}"))
    return [table(rows)]


def curve(told: Told) -> list[str]:
    lines = {t("report.batches"): told.curve, t("report.held_out"): told.held}
    drawn = {
        name: [(float(step), value) for step, value in zip(*line, strict=True)]
        for name, line in lines.items()
        if len(line[0])
    }
    return [chart(drawn, t("report.step"), t("report.error"), log=True)] if drawn else []


def _rates(told: Told) -> dict[str, list[tuple[float, float]]]:
    curves: dict[str, list[tuple[float, float]]] = {}
    for point in told.points:
        curves.setdefault(said(point.label), []).append((point.bytes_per_picture, point.psnr))
    return curves


def at_equal_bytes(told: Told) -> tuple[float, dict[str, float | None]]:
    """A size of the network's files that most methods reach, and everybody's MSE there.

    None where a method has no file of that size.
    """
    curves: dict[str, list[RatePoint]] = {}
    for point in told.points:
        curves.setdefault(point.label, []).append(point)
    own = curves.get("HTM")
    if not own:
        return 0.0, {}
    size = most_reached(own, [points for label, points in curves.items() if label != "HTM"])[0]
    return size, {label: mse_at(points, size) for label, points in curves.items()}


def _units(told: Told) -> list[str]:
    return [
        _image(png, t("report.level_units", level=level, count=count))
        for level, (count, png) in enumerate(told.units, 1)
    ]


def rivals(told: Told) -> list[str]:
    curves = _rates(told)
    if not curves:
        return []
    size, equal = at_equal_bytes(told)
    lacks = t("report.no_file")
    beside = [
        (
            said(label),
            lacks if error is None else f"{error:.5f}",
            "" if error is None else f"{psnr_of(error):.2f}",
        )
        for label, error in equal.items()
    ]
    rows = [
        (
            said(point.label),
            _setting(point),
            f"{point.bytes_per_picture:,.1f}",
            f"{point.psnr:.2f}",
        )
        for point in told.points
    ]
    head = [t("report.method"), t("report.setting"), t("report.bytes"), "PSNR, dB"]
    words = t("report.rivals_words", count=COMPARED)
    return [
        f"<p>{escape(words)}</p>",
        chart(curves, t("report.bytes"), "PSNR, dB", log_x=True),
        f"<p>{escape(t('report.at_equal_bytes', size=size))}</p>",
        table(beside, [t("report.method"), t("report.error"), "PSNR, dB"]),
        # Open, as paper cannot be clicked.
        f"<details open><summary>{escape(t('report.numbers'))}</summary>{table(rows, head)}"
        "</details>",
    ]


def _setting(point: RatePoint) -> str:
    """A point's setting in the visitor's language."""
    if point.knob == "units":
        return t("report.of_units", count=int(point.value))
    return said(point.setting)


def _settings(run: Run) -> list[str]:
    network = dict(run.settings.get("network", {}))
    layers = network.pop("layers", []) or []
    head = ["", *(t("report.level", level=n + 1) for n in range(len(layers)))]
    names = sorted({name for layer in layers for name in layer})
    rows = [(name, *(layer.get(name, "") for layer in layers)) for name in names]
    return [table(rows, head), table(sorted(network.items()))]


def _formulas() -> list[str]:
    lines = (
        (t("report.activation"), "a_i = exp((w_i·x + b_i) / T) / Σ_k exp((w_k·x + b_k) / T)"),
        (t("report.explains"), "r_i ∝ a_i · exp(−‖x − x̂_i‖² / 2s²)"),
        (t("report.rebuilds"), "x̂_i = m_i + U_i U_iᵀ (x − m_i)"),
        (t("report.learns"), "w_i ← w_i + α (r_i − a_i) x,   b_i ← b_i + α (r_i − a_i)"),
    )
    return [f'<p>{escape(words)}<span class="f">{escape(text)}</span></p>' for words, text in lines]


def _again(told: Told) -> list[str]:
    link = escape(told.link, quote=True)
    return [f"<p>{escape(t('report.again_words'))}</p>", f"<p><code>{link}</code></p>"]


def chart(
    lines: dict[str, list[tuple[float, float]]],
    x: str,
    y: str,
    log: bool = False,
    log_x: bool = False,
    marks: Sequence[tuple[float, float]] = (),
) -> str:
    """Lines as SVG, 740 x 320; logarithmic scales where that is asked for and possible.

    ``marks`` are points that are circled; they lie on a line.
    """
    # What comes back as it was has no finite PSNR, and no place on a scale.
    lines = {name: [p for p in line if np.isfinite(p).all()] for name, line in lines.items()}
    every = np.array([point for line in lines.values() for point in line], float)
    if not len(every):
        return ""
    axes = []
    for column, wanted in ((0, log_x), (1, log)):
        values = every[:, column]
        scale = np.log10 if wanted and values.min() > 0 else np.asarray
        low, high = float(scale(values.min())), float(scale(values.max()))
        axes.append((scale, low, high if high > low else low + 1))

    def place(point: tuple[float, float]) -> str:
        across, up = (
            float((scale(value) - low) / (high - low))
            for value, (scale, low, high) in zip(point, axes, strict=True)
        )
        return f"{60 + 480 * across:.1f},{270 - 250 * up:.1f}"

    drawn = ['<path class="axis" d="M60 20V270H540"/>']
    for number, (name, line) in enumerate(lines.items()):
        colour = f"var(--{COLOURS[number % len(COLOURS)]})"
        path = " ".join(place(point) for point in sorted(line))
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="552" y="{32 + 20 * number}" style="fill:{colour}">{escape(name)}</text>'
        )
    for mark in marks:
        x_at, y_at = place(mark).split(",")
        ring = 'r="6" fill="none" stroke="var(--d)" stroke-width="3"'
        drawn.append(f'<circle cx="{x_at}" cy="{y_at}" {ring}/>')
    low, high = every.min(0), every.max(0)
    for text, left, top, anchor in (
        (f"{low[0]:,.4g}", 60, 288, "start"),
        (f"{high[0]:,.4g}", 540, 288, "end"),
        (x, 300, 306, "middle"),
        (f"{high[1]:,.4g}", 54, 26, "end"),
        (f"{low[1]:,.4g}", 54, 270, "end"),
        (y, 60, 14, "start"),
    ):
        drawn.append(f'<text x="{left}" y="{top}" text-anchor="{anchor}">{escape(text)}</text>')
    words = escape(f"{y} / {x}: {', '.join(lines)}", quote=True)
    return f'<svg viewBox="0 0 740 320" role="img" aria-label="{words}">{"".join(drawn)}</svg>'
