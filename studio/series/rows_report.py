"""The report of rows judged by one another: which are odd, which cells make them so, and how."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from htm_engine.figures.series import thinned

from ..kit.shapes import number
from ..kit.words import language, said, t
from ..report.story import chart, document, section, table
from . import report

if TYPE_CHECKING:
    from htm_engine import RowScores

    from .rows import Rows

#: Odd rows that are listed, the oddest first, and stretches that the surprise is drawn in.
LISTED, _STRETCHES = 100, 350


def button(wanted: Rows, found: RowScores, odd: np.ndarray, place: int | None) -> None:
    """What makes the report of rows, and then the file."""
    data = wanted.data
    asked = (wanted.key, data.name, data.columns, place, len(odd), language())
    about = t("series.report_rows_help")
    report.offer(asked, lambda: page(wanted, found, odd, place), "htm-rows.html", about)


def page(wanted: Rows, found: RowScores, odd: np.ndarray, place: int | None) -> str:
    """The report as HTML; every word of people in it is escaped.

    ``odd`` are rows, the oddest first, and ``place`` is the one that is looked at.
    """
    name = wanted.data.name
    parts = [
        f"<h1>{escape(name)}</h1>",
        *section(t("series.report_data"), _data(wanted, odd)),
        *section(t("series.report_surprise"), _drawn(found, odd)),
        *section(t("series.odd_rows"), _odd(wanted, found, odd)),
    ]
    if place is not None:
        parts += section(t("series.why_row", row=place + 1), _why(wanted, found, place))
        parts += section(t("series.report_row_walk"), _walk(found, place))
    parts += section(t("series.report_again"), report.again())
    return document(name, parts, language())


def _data(wanted: Rows, odd: np.ndarray) -> list[str]:
    data = wanted.data
    rows = [
        (t("series.report_name"), data.name),
        (t("series.rows"), f"{len(data):,}"),
        (t("series.columns"), ", ".join(data.columns)),
        (t("series.report_seed"), wanted.seed),
        *((t("series.report_notes"), said(note)) for note in data.notes),
        (t("series.odd_rows"), f"{len(odd):,}"),
    ]
    return [table(rows)]


def _drawn(found: RowScores, odd: np.ndarray) -> list[str]:
    """Every row's surprise, the odd ones circled."""

    def line(places: np.ndarray) -> list[tuple[float, float]]:
        return [(float(place + 1), float(found.bits[place])) for place in places]

    lines = {t("series.bits"): line(thinned(found.bits, _STRETCHES))}
    return [chart(lines, t("series.row_number"), t("series.bits"), marks=line(odd[:LISTED]))]


def _odd(wanted: Rows, found: RowScores, odd: np.ndarray) -> list[str]:
    head = [
        t("series.row_number"),
        t("series.score"),
        t("series.bits"),
        t("series.cell"),
        t("series.value"),
        t("series.was_expected"),
    ]
    rows = []
    for place in odd[:LISTED].tolist():
        most = int(found.cells[place].argmax())
        value, expected = wanted.data.values[place, most], found.expected[place, most]
        cells = (f"{found.score[place]:.2f}", f"{found.bits[place]:.1f}")
        name = wanted.data.columns[most]
        rows.append((place + 1, *cells, name, f"{value:,.5g}", f"{expected:,.5g}"))
    more = t("series.report_oddest", count=len(odd), shown=len(rows))
    words = [f"<p>{escape(more)}</p>"] if len(rows) < len(odd) else []
    return [*words, table(rows, head)] if rows else []


def _why(wanted: Rows, found: RowScores, place: int) -> list[str]:
    """Every cell of the row, the most surprising first."""
    head = [t("series.cell"), t("series.value"), t("series.was_expected"), t("series.bits")]
    rows = [
        (
            wanted.data.columns[one],
            f"{wanted.data.values[place, one]:,.5g}",
            f"{found.expected[place, one]:,.5g}",
            f"{found.cells[place, one]:.1f}",
        )
        for one in np.argsort(-found.cells[place], kind="stable").tolist()
    ]
    return [table(rows, head), f"<p>{escape(t('series.cells_say'))}</p>"]


def _walk(found: RowScores, place: int) -> list[str]:
    """The formulas with the row's numbers."""
    first, third = (float(one) for one in np.quantile(found.bits, [0.25, 0.75]))
    bits = number(float(found.bits[place]))
    quartiles = f"({bits} − {number(third)}) / {number(max(third - first, 1e-9))}"
    lines = (
        "s_j = −log2 (mean_k exp(−|x_j − u_jk| / 0.1) + 1 / (2 n))",
        "p(x) = Σ_k π_k N(x; m_k, U_k diag(λ_k) U_kᵀ + σ² (I − U_k U_kᵀ))",
        f"s = Σ_j s_j − log2 p(x) − median = {bits}",
        f"score = 1 / (1 + exp(−z)),   z = {quartiles} − 3 → {found.score[place]:.2f}",
    )
    return [f'<span class="f">{escape(line)}</span>' for line in lines]
