"""The report of all columns: their score, which of them made it odd, and what may come."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from htm_engine.analysis import series as looks
from htm_engine.analysis import series_columns as many
from htm_engine.figures.series import thinned

from ..kit.words import language, said, t
from ..report.story import chart, document, section, table
from . import report
from .view import MOST_MARKS, when
from .work import Columns, Wanted

if TYPE_CHECKING:
    from htm_engine.analysis.series_columns import ColumnsTrace

    from .together import Marks

#: Columns that are drawn, stretches that each is drawn in, marks and columns that are listed, and
#: steps of the forecasts that are.
_DRAWN, _STRETCHES, _LISTED, _STEPS = 6, 350, 100, 24


def button(wanted: Columns, found: ColumnsTrace, marks: Marks) -> None:
    """What makes the report of all columns, and then the file."""
    data = wanted.data
    asked = (wanted.key, data.name, data.columns, marks.chosen, marks.level, language())
    about = t("series.report_columns_help")
    report.offer(asked, lambda: page(wanted, found, marks), "htm-columns.html", about)


def page(wanted: Columns, found: ColumnsTrace, marks: Marks) -> str:
    """The report as HTML; every word of people in it is escaped."""
    parts = [
        f"<h1>{escape(wanted.data.name)}</h1>",
        *section(t("series.report_data"), _data(wanted, found, marks)),
        *section(t("series.score_over_all"), _drawn(wanted, found, marks)),
        *section(t("series.odd_times"), _odd(wanted, found, marks)),
    ]
    if marks.chosen is not None:
        parts += section(t("series.which_columns"), _why(wanted, marks))
        most = marks.columns[0]
        alone = Wanted(wanted.data, most.column, wanted.learning, wanted.ahead, wanted.seed)
        name = wanted.data.columns[most.column]
        title = f"{t('series.report_walk')}: {name}"
        parts += section(title, report.walked(alone, most.at))
    parts += section(t("series.report_quality"), _quality(wanted, found))
    parts += section(t("series.report_forecast"), _coming(wanted, found, marks))
    parts += section(t("series.report_sizes"), report.stored(wanted))
    parts += section(t("series.report_again"), report.again())
    return document(wanted.data.name, parts, language())


def _data(wanted: Columns, found: ColumnsTrace, marks: Marks) -> list[str]:
    data = wanted.data
    rows = [
        (t("series.report_name"), data.name),
        (t("series.columns"), ", ".join(data.columns)),
        (t("series.rows"), f"{len(data):,}"),
        (t("series.report_learning"), f"{found.period:,}"),
        (t("series.report_seed"), wanted.seed),
        *((t("series.report_notes"), said(note)) for note in data.notes),
        (t("series.level"), f"{marks.level:.2f}"),
        (t("series.odd_times"), f"{len(marks.odd):,}"),
    ]
    return [table(rows)]


def _drawn(wanted: Columns, found: ColumnsTrace, marks: Marks) -> list[str]:
    """The score with its marks by row, and the most surprised columns with their own."""

    def line(of: np.ndarray, places: np.ndarray) -> list[tuple[float, float]]:
        return [(float(place + 1), float(of[place])) for place in places]

    axis = t("series.row_number")
    odd = looks.oddest(marks.odd, found.score, MOST_MARKS)
    score = {t("series.score"): line(found.score, thinned(found.score, _STRETCHES))}
    drawn = [chart(score, axis, t("series.score"), marks=line(found.score, odd))]
    for one in marks.columns[:_DRAWN]:
        name, values = wanted.data.columns[one.column], wanted.values[:, one.column]
        own = looks.odd_places(found.columns[one.column].score, marks.level)
        lines = {name: line(values, thinned(values, _STRETCHES))}
        own = looks.oddest(own, found.columns[one.column].score, MOST_MARKS)
        drawn.append(chart(lines, axis, name, marks=line(values, own)))
    return drawn


def _odd(wanted: Columns, found: ColumnsTrace, marks: Marks) -> list[str]:
    """The marks, and the columns that were surprised at each."""
    listed = looks.oddest(marks.odd, found.score, _LISTED)
    rows: list[tuple[str, ...]] = []
    for place in listed.tolist():
        stretch = many.stretch_of(found.score, marks.level, place)
        guilty = [
            wanted.data.columns[one.column]
            for one in many.surprised(wanted.values, found, stretch)
            if one.score >= marks.level
        ]
        score = float(found.score[stretch].max())
        rows.append((when(wanted, place), ", ".join(guilty), f"{score:.2f}"))
    more = t("series.report_oddest", count=len(marks.odd), shown=len(listed))
    words = [f"<p>{escape(more)}</p>"] if len(listed) < len(marks.odd) else []
    head = [t("series.report_when"), t("series.columns_surprised"), t("series.score")]
    return [*words, table(rows, head)] if rows else []


def _why(wanted: Columns, marks: Marks) -> list[str]:
    """Every column at the mark that was looked at."""
    assert marks.chosen is not None
    head = [
        t("series.column"),
        t("series.report_when"),
        t("series.value"),
        t("series.was_expected"),
        t("series.surprise"),
        t("series.score"),
    ]
    rows = [
        (
            wanted.data.columns[one.column],
            when(wanted, one.at),
            f"{one.value:,.5g}",
            f"{one.expected:,.5g}",
            f"{one.bits:.1f}",
            f"{one.score:.2f}",
        )
        for one in marks.columns[:_LISTED]
    ]
    return [table(rows, head), f"<p>{escape(t('series.surprised_says'))}</p>"]


def _quality(wanted: Columns, found: ColumnsTrace) -> list[str]:
    """How good each column's predictions were."""
    rows: list[tuple[str, ...]] = []
    for place, (name, trace) in enumerate(zip(wanted.data.columns, found.columns, strict=True)):
        one = looks.quality(wanted.values[:, place], trace, found.period)
        if one is not None and len(rows) < _LISTED:
            told = t("series.of_last", part=one.of_last)
            rows.append((name, f"{one.error:,.3g}", told, f"{one.within:.0%}"))
    head = [t("series.column"), t("series.error"), "", t("series.within")]
    return [table(rows, head)] if rows else []


def _coming(wanted: Columns, found: ColumnsTrace, marks: Marks) -> list[str]:
    """The first steps of the forecasts: median, and the band of 90 of 100 paths."""
    made = [one.column for one in marks.columns if one.column < len(found.coming)][:_DRAWN]
    bands = [[found.coming[c].at(level) for level in (0.5, 0.05, 0.95)] for c in made]
    head = [t("series.report_step"), *(wanted.data.columns[c] for c in made)]
    rows = [
        (
            step + 1,
            *(
                f"{mid[step]:,.5g} ({low[step]:,.5g} – {high[step]:,.5g})"
                for mid, low, high in bands
            ),
        )
        for step in range(min(_STEPS, wanted.ahead))
    ]
    return [table(rows, head), f"<p>{escape(t('series.report_bands'))}</p>"]
