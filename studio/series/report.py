"""The report of a series: one page to read or print, with the formulas in live numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from html import escape

import numpy as np
import streamlit as st

from htm_engine.analysis import series as looks
from htm_engine.analysis.series_walk import SeriesWalk, walk
from htm_engine.errors import HTMError
from htm_engine.figures.series import thinned
from htm_engine.figures.wording import say

from ..kit import settings, words
from ..kit.links import link
from ..kit.shapes import number
from ..kit.words import language, said, t
from ..report.story import chart, document, section, table
from . import sizes
from .view import MOST_MARKS, numbers_of, when
from .work import REPORT, Followed, Study, Wanted

#: Stretches that the series is drawn in, values beside the one looked at, steps of the forecast
#: that are listed, and odd values that are.
_STRETCHES, _NEAR, _STEPS, _LISTED = 350, 100, 24, 100


def button(wanted: Wanted, study: Study, odd: np.ndarray, chosen: int | None) -> None:
    """What makes the report, and then the file."""
    data = wanted.data
    asked = (wanted.key, data.name, data.columns, wanted.column, chosen, len(odd), language())
    about = t("series.report_help")
    offer(asked, lambda: page(wanted, study, odd, chosen), "htm-series.html", about)


def offer(asked: Hashable, make: Callable[[], str], name: str, about: str) -> None:
    """A button that makes a report, and once it is made its file; anew where other is asked."""

    def begin() -> None:
        st.session_state[REPORT] = (asked, "")

    st.button(
        t("report.make"),
        key="series_report",
        icon=":material/description:",
        help=about,
        on_click=begin,
    )
    kept = st.session_state.get(REPORT)
    if kept is None or kept[0] != asked:
        return
    if not kept[1]:
        kept = (asked, make())
        st.session_state[REPORT] = kept
    st.download_button(
        t("report.download"),
        kept[1],
        name,
        "text/html",
        on_click="ignore",
        icon=":material/download:",
        key="series_report_file",
    )


def page(wanted: Wanted, study: Study, odd: np.ndarray, chosen: int | None) -> str:
    """The report as HTML; every word of people in it is escaped."""
    data = wanted.data
    parts = [
        f"<h1>{escape(data.name)}</h1>",
        *section(t("series.report_data"), _data(wanted, study)),
        *section(t("series.series"), _drawn(wanted, study, odd, chosen)),
        *section(t("series.report_odd"), _odd(wanted, study, odd)),
        *section(t("series.why"), _why(wanted, study, chosen)),
        *section(t("series.report_walk"), walked(wanted, chosen)),
        *section(t("series.report_forecast"), _coming(study)),
        *section(t("series.report_sizes"), stored(wanted)),
        *section(t("series.report_again"), again()),
    ]
    return document(data.name, parts, language())


def _data(wanted: Wanted, study: Study) -> list[str]:
    data = wanted.data
    rows = [
        (t("series.report_name"), data.name),
        (t("series.report_column"), data.columns[wanted.column]),
        (t("series.report_learning"), f"{study.period:,}"),
        (t("series.report_seed"), wanted.seed),
    ]
    notes = [(t("series.report_notes"), said(note)) for note in data.notes]
    return [table([*rows, *notes, *numbers_of(wanted, study)])]


def _drawn(wanted: Wanted, study: Study, odd: np.ndarray, chosen: int | None) -> list[str]:
    """The series with its marks, by row; and the value looked at, with the band around it."""
    values, axis = wanted.values, t("series.row_number")

    def line(of: np.ndarray, places: np.ndarray) -> list[tuple[float, float]]:
        return [(float(place + 1), float(of[place])) for place in places]

    every = {say("value"): line(values, thinned(values, _STRETCHES))}
    marks = looks.oddest(odd, study.trace.score, MOST_MARKS)
    drawn = [chart(every, axis, "", marks=line(values, marks))]
    if chosen is not None:
        near = np.arange(max(0, chosen - _NEAR), min(len(values), chosen + _NEAR))
        lines = {
            say("value"): line(values, near),
            t("series.report_low"): line(study.trace.low, near),
            t("series.report_high"): line(study.trace.high, near),
        }
        drawn.append(chart(lines, axis, "", marks=line(values, np.array([chosen]))))
    return drawn


def _odd(wanted: Wanted, study: Study, odd: np.ndarray) -> list[str]:
    trace = study.trace
    head = [
        t("series.report_when"),
        t("series.value"),
        t("series.was_expected"),
        t("series.report_low"),
        t("series.report_high"),
        t("series.score"),
    ]
    listed = looks.oddest(odd, trace.score, _LISTED)
    rows = [
        (
            when(wanted, place),
            f"{wanted.values[place]:,.5g}",
            *(f"{one[place]:,.5g}" for one in (trace.prediction, trace.low, trace.high)),
            f"{trace.score[place]:.2f}",
        )
        for place in listed.tolist()
    ]
    more = t("series.report_oddest", count=len(odd), shown=len(listed))
    words = [f"<p>{escape(more)}</p>"] if len(listed) < len(odd) else []
    return [*words, table(rows, head)] if rows else []


def _why(wanted: Wanted, study: Study, chosen: int | None) -> list[str]:
    if chosen is None:
        return []
    found = looks.reason(wanted.values, study.trace, chosen, wanted.data.stamps)
    rows = [(say(view), f"{bits:.1f}") for view, bits in found.bits]
    told = t("series.came", when=when(wanted, chosen), value=found.value).replace("**", "")
    return [f"<p>{escape(told)}</p>", table(rows, ["", t("series.bits")])]


def walked(wanted: Wanted, chosen: int | None) -> list[str]:
    """The formulas with the numbers of the value that was looked at."""
    if chosen is None:
        return []
    try:
        found = walk(wanted.values, chosen, wanted.data.stamps)
    except HTMError:  # the first value, which nobody could predict
        return []
    head = [t("series.report_unit"), "a", "w", "\u03bc", "b", "r"]
    rows = [
        (say(unit), *(f"{one:.4g}" for one in numbers))
        for unit, *numbers in zip(
            found.units,
            found.evidence,
            found.weights,
            found.means,
            found.scales,
            found.shares,
            strict=True,
        )
    ]
    return [
        *(f'<span class="f">{escape(line)}</span>' for line in _lines(found)),
        table(rows, head),
    ]


def _lines(found: SeriesWalk) -> list[str]:
    best = found.winner
    return [
        f"w_i = exp(a_i) / Σ_k exp(a_k),   w_{best} = {number(found.weights[best])}",
        f"x̂ = median_w(μ_i) = {number(found.prediction)},   x = {number(found.value)}",
        f"s = −log2 Σ_i w_i exp(−|x − μ_i| / b_i) = {number(found.surprise)}",
        "r_i ∝ w_i exp(−|x − μ_i| / b_i) / b_i",
        f"a_i ← a_i + α (r_i − w_i),   a_{best} = {number(found.after[best])}",
    ]


def _coming(study: Study) -> list[str]:
    ahead = study.coming
    bands = (ahead.at(0.5), ahead.at(0.05), ahead.at(0.95))
    head = [
        t("series.report_step"),
        t("series.report_median"),
        t("series.report_low"),
        t("series.report_high"),
    ]
    rows = [
        (step + 1, *(f"{band[step]:,.5g}" for band in bands))
        for step in range(min(_STEPS, len(ahead.mean)))
    ]
    return [table(rows, head)]


def stored(wanted: Followed) -> list[str]:
    """Sizes of the same numbers in each format, where they were measured."""
    found = sizes.found(wanted)
    if not found:
        return []
    rows = [(name, f"{size:,}") for name, size in found]
    return [table(rows, [t("series.report_format"), t("series.report_bytes")])]


def again() -> list[str]:
    """The link that opens the page with these settings."""
    address = link(st.context.url or "", {**settings.drawn(), words.PARAMETER: language()})
    told = t("series.report_again_words")
    return [f"<p>{escape(told)}</p>", f"<p><code>{escape(address, quote=True)}</code></p>"]
