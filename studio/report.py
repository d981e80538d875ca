"""A run's story as one HTML file that asks nobody for anything.

::

    run, its model and data ──tell──► Told (curve, pictures, units, everybody at equal bytes)
    Told ──► page()    HTML with pictures inside it; prints on A4
         └─► report_zip.bundle()
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from htm_engine import HTM
from htm_engine.comparison import EQUAL_AT, Standings, standings
from htm_engine.dataset import Dataset
from htm_engine.errors import HTMError
from htm_engine.metrics import psnr_of
from htm_engine.recipe import SPLIT
from htm_engine.runs import Run

from .charts import Chart, Line
from .pictures import sheet
from .words import moment, said, t

#: Pictures that are compared, shown over what is kept of them, and units of a level drawn.
COMPARED, SHOWN, UNITS = 100, 10, 64
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
.paper { display: none; }
@page { size: A4; margin: 18mm; }
@media print { :root { color-scheme: light; --ground: #fff; --ink: #000; --line: #bbb;
        --a: #0f6e68; --b: #c4591c; --c: #3c5ba9; --d: #a8477e; --e: #8a6d00; --f: #5b6670;
        --g: #7a3b1d; --h: #4a8c2a; }
       body { margin: 0; max-width: none; font-size: 11pt; }
       h2, h3 { break-after: avoid; } figure, svg, tr, p { break-inside: avoid; }
       img { max-height: 230mm; } details { display: none; } .paper { display: block; }
       .paper table { font-size: 9pt; } }
"""


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
    standings: Standings | None = None


def tell(
    run: Run, model_file: bytes, link: str, curve: Curve, held: Curve, data: Dataset | None,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[float, Told]]:  # fmt: skip
    """Gather a run's story, with the part done; the last item is whole.

    Without its data, a report has no pictures and no rivals, and says so.

    Raises
    ------
    HTMError
        If the model cannot be read, or ``should_stop`` says so.
    """
    model = HTM.load(io.BytesIO(model_file))
    told = Told(run, link, model_file, model.fingerprint, tuple(model._layout), curve, held, data)
    for level in range(len(model.hierarchy_.layers)):
        fields = np.asarray(model.receptive_fields(level))
        if fields.shape[-1] in (1, 3):
            drawn = fields[:UNITS, ..., 0] if fields.shape[-1] == 1 else fields[:UNITS]
            told.units.append((len(fields), sheet(drawn, columns=16, side=40, gap=4)))
    yield 0.05, told
    if data is None or len(data) < 2:
        yield 1.0, told
        return
    learn, rest = data.split(*SPLIT)
    few = rest.X[:SHOWN]
    try:
        back = np.asarray(model.reconstruct(few.reshape(-1, *model._layout))).reshape(few.shape)
        told.pictures = sheet([*(few / 255), *back], columns=len(few), side=72, gap=5)
        yield 0.1, told
        for part, told.standings in standings(model, learn.X, rest.X[:COMPARED], should_stop):
            yield 0.1 + 0.9 * part, told
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
        *_section(t("report.data"), _data(told)),
        *_section(t("report.result"), _result(told)),
        *_section(t("report.figures"), _figures(told)),
        *_section(t("report.curve"), _curve(told)),
        *_section(t("report.units"), _units(told)),
        *_section(t("report.rivals"), _rivals(told)),
        *_section(t("report.settings"), _settings(run)),
        *_section(t("report.formulas"), _formulas()),
        *_section(t("report.again"), _again(told)),
    ]
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(run.name)} · HTM Studio</title><style>{STYLE}</style></head><body>"
        + "\n".join(parts)
        + "</body></html>"
    )


def _section(title: str, body: list[str]) -> list[str]:
    return [f"<h2>{escape(title)}</h2>", *body] if body else []


def _image(png: bytes, words: str) -> str:
    text = escape(words, quote=True)
    data = base64.b64encode(png).decode()
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<small>{text}</small></figure>"
    )


def _table(rows: Sequence[Sequence[object]], head: Sequence[str] = ()) -> str:
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    lines = ["<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in row) + "</tr>" for row in rows]
    whole = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f"<table>{whole}<tbody>{''.join(lines)}</tbody></table>"


def _data(told: Told) -> list[str]:
    rows = [(t("report.name"), told.run.data), (t("report.print"), told.run.data_fingerprint)]
    if told.data is None:
        return [_table(rows), f"<p>{escape(t('report.no_data'))}</p>"]
    sides = " x ".join(map(str, told.data.X.shape[1:]))
    rows += [(t("report.pictures"), f"{len(told.data):,}, {sides}")]
    rows += [(t("report.source"), told.data.source), (t("report.licence"), told.data.licence)]
    return [_table(rows)]


def _result(told: Told) -> list[str]:
    return [] if told.pictures is None else [_image(told.pictures, t("report.result_words"))]


def _figures(told: Told) -> list[str]:
    found = told.run.figures
    rows = [(name, f"{value:,.5g}") for name, value in sorted(found.items())]
    rows.append((t("report.seconds"), f"{told.run.seconds:.1f}"))
    return [_table(rows)]


def curve_lines(told: Told, batches: str, held_out: str) -> dict[str, Line]:
    """The learning curves by the names given; without one that has no points."""
    lines = {batches: told.curve, held_out: told.held}
    return {
        name: [(float(step), value) for step, value in zip(*line, strict=True)]
        for name, line in lines.items()
        if len(line[0])
    }


def rate_lines(told: Told) -> dict[str, Line]:
    """PSNR over bytes a picture, by method."""
    rows = told.standings.rows if told.standings else ()
    return {said(r.label): [(p.bytes_per_picture, p.psnr) for p in r.points] for r in rows}


def _curve(told: Told) -> list[str]:
    lines = curve_lines(told, t("report.batches"), t("report.held_out"))
    return [Chart(lines, t("report.step"), t("report.error"), log=True).svg()] if lines else []


def _units(told: Told) -> list[str]:
    return [
        _image(png, t("report.level_units", level=level, count=count))
        for level, (count, png) in enumerate(told.units, 1)
    ]


def _rivals(told: Told) -> list[str]:
    if told.standings is None:
        return []
    equal, every = [], []
    for row in told.standings.rows:
        sizes = [point.bytes_per_picture for point in row.points]
        error = row.mse_at_equal_bytes
        equal.append(
            (said(row.label), t("report.spends", least=min(sizes), most=max(sizes)), "")
            if error is None
            else (said(row.label), f"{error:.5f}", f"{psnr_of(error):.2f}")
        )
        every += [
            (said(p.label), _setting(p.setting), f"{p.bytes_per_picture:,.1f}", f"{p.psnr:.2f}")
            for p in row.points
        ]
    method, decibels, bytes_each = t("report.method"), "PSNR, dB", t("report.bytes")
    numbers = _table(every, [method, t("report.setting"), bytes_each, decibels])
    size = told.standings.bytes_per_picture
    # What is closed stays closed on paper, so paper has a table of its own.
    return [
        f"<p>{escape(t('report.equal_words', size=size, quality=EQUAL_AT))}</p>",
        _table(equal, [method, t("report.error"), decibels]),
        f"<p>{escape(t('report.rivals_words', count=COMPARED))}</p>",
        Chart(rate_lines(told), bytes_each, decibels, log_x=True).svg(),
        f"<details><summary>{escape(t('report.numbers'))}</summary>{numbers}</details>",
        f'<div class="paper"><h3>{escape(t("report.numbers"))}</h3>{numbers}</div>',
    ]


def _setting(text: str) -> str:
    """A point's setting in the visitor's language."""
    units = re.fullmatch(r"(\d+) units", text)
    return t("report.of_units", count=int(units[1])) if units else said(text)


def _settings(run: Run) -> list[str]:
    network = dict(run.settings.get("network", {}))
    layers = network.pop("layers", [])
    head = ["", *(t("report.level", level=n + 1) for n in range(len(layers)))]
    names = sorted({name for layer in layers for name in layer})
    rows = [(name, *(layer.get(name, "") for layer in layers)) for name in names]
    return [_table(rows, head), _table(sorted(network.items()))]


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
