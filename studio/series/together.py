"""All columns of a table on the Series page: one score, and which columns made it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from htm_engine.analysis import series as looks
from htm_engine.analysis import series_columns as many

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import t, unmarked
from . import live, sizes, together_report, view
from .work import Columns, job

if TYPE_CHECKING:
    from htm_engine.analysis.series_columns import ColumnsTrace, Surprised
    from htm_engine.figures.series_columns import Drawn
    from htm_engine.runs.background import Background

#: Columns that are drawn, that a sentence names, and that a table lists.
DRAWN, NAMED, LISTED = 6, 20, 200


@dataclass(frozen=True)
class Marks:
    """Where the score is odd, and the mark that is looked into with all columns at it."""

    odd: np.ndarray
    level: float
    chosen: int | None
    #: every column, those first that were most surprised at the mark; without one, in the series
    columns: Sequence[Surprised]


def marks_of(wanted: Columns, found: ColumnsTrace, look: view.Looked) -> Marks:
    """Marks from the level that was asked for on."""
    odd = looks.odd_places(found.score, look.level)
    chosen = view.chosen_of(odd, found.score, look.odd, found.period)
    everything = slice(0, len(found.score))
    stretch = everything if chosen is None else many.stretch_of(found.score, look.level, chosen)
    return Marks(odd, look.level, chosen, many.surprised(wanted.values, found, stretch))


def show(wanted: Columns, look: view.Looked) -> None:
    """Progress, then what was found."""
    watching.watch(partial(job, wanted), partial(_draw, wanted, look))


def _draw(wanted: Columns, look: view.Looked, running: Background | None) -> None:
    assert running is not None
    view.follow_click(look)
    words = t("series.following_columns", part=running.progress)
    if not watching.finished(running, words, "series_cancel"):
        if running.state == "stopped":
            st.info(t("series.cancelled"))
        return
    found: ColumnsTrace = running.items[-1][1]
    marks = marks_of(wanted, found, look)
    st.caption(view.marked(wanted, look, marks.odd))
    if look.live:
        live.show(wanted, found.period, partial(_live, wanted, found, marks))
    else:
        _chart(wanted, found, marks, look.part)
    _left_out(wanted, marks)
    columns = st.columns(3)
    columns[0].metric(t("series.rows"), f"{len(found.score):,}")
    columns[1].metric(t("series.columns"), f"{len(wanted.data.columns):,}")
    columns[2].metric(t("series.odd_times"), f"{len(marks.odd):,}")
    if marks.chosen is None:
        st.info(t("series.nothing_odd"))
    else:
        st.subheader(t("series.which_columns"), anchor=False)
        _why(wanted, found, marks)
    _alone(wanted, marks)
    st.subheader(t("series.coming"), anchor=False)
    _coming(wanted, found, marks)
    sizes.show(wanted)
    together_report.button(wanted, found, marks)
    st.download_button(
        t("series.scores"),
        partial(scores_csv, wanted, found),
        "htm-columns.csv",
        "text/csv",
        icon=":material/download:",
        key="series_scores",
    )


def _drawn(wanted: Columns, found: ColumnsTrace, marks: Marks, odd: np.ndarray) -> list[Drawn]:
    """The most surprised columns with their own marks: each belongs to one of all columns."""
    from htm_engine.figures.series_columns import Drawn

    drawn = []
    for one in marks.columns[:DRAWN]:
        trace = found.columns[one.column]
        own = looks.odd_places(trace.score, marks.level)
        # A column's mark stands in the stretch of a mark over all; a click chooses that one.
        chooses = marks.odd[np.searchsorted(marks.odd, own, "right") - 1] if len(own) else own
        kept = np.isin(chooses, odd)
        name, values = wanted.data.columns[one.column], wanted.values[:, one.column]
        drawn.append(Drawn(name, values, trace, own[kept], chooses[kept]))
    return drawn


def _chart(wanted: Columns, found: ColumnsTrace, marks: Marks, part: tuple[int, int]) -> None:
    """The score and the columns below it; a click on a mark chooses it."""
    from htm_engine.figures import series_columns as figures

    shown = view.part_of(len(found.score), part)
    inside = marks.odd[(marks.odd >= shown.start) & (marks.odd < shown.stop)]
    odd = looks.oddest(inside, found.score, view.MOST_MARKS)
    odd = np.union1d(odd, inside[inside == marks.chosen])
    figure, words = figures.together(
        found.score,
        _drawn(wanted, found, marks, odd),
        view.axis(wanted),
        shown,
        (odd, marks.level, marks.chosen),
    )
    st.plotly_chart(
        figure,
        alt=words,
        config=view.DRAGGED,
        key=view.CHART,
        selection_mode="points",
        on_select=view.take_mark,
    )


def _live(wanted: Columns, found: ColumnsTrace, marks: Marks, at: int, shown: slice) -> None:
    """All columns as they had come to a place, and the score of the last values."""
    from htm_engine.figures import series_columns as figures

    odd, x = marks.odd[marks.odd < at], view.axis(wanted)
    marked = (odd, marks.level, None)
    drawn = _drawn(wanted, found, marks, odd)
    figure, words = figures.together(found.score, drawn, x, shown, marked)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_live")
    last = at - 1
    (most, *_) = many.surprised(wanted.values, found, slice(last, at))
    if np.isnan(most.value):
        st.caption(t("series.live_gap", when=view.when(wanted, last)))
        return
    st.caption(
        t(
            "series.live_columns",
            when=view.when(wanted, last),
            column=unmarked(wanted.data.columns[most.column]),
            value=most.value,
            low=most.low,
            high=most.high,
            score=found.score[last],
        )
    )


def _left_out(wanted: Columns, marks: Marks) -> None:
    """Names of the columns that are not drawn."""
    names = [wanted.data.columns[one.column] for one in marks.columns[DRAWN:]]
    if names:
        key = "columns_left_out" if marks.chosen is not None else "columns_left_out_of_all"
        st.caption(t(f"series.{key}", shown=DRAWN, names=_named(names)))


def _named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = t("series.and_more", count=len(names) - NAMED) if len(names) > NAMED else ""
    return unmarked(", ".join(names[:NAMED])) + more


def _why(wanted: Columns, found: ColumnsTrace, marks: Marks) -> None:
    """Which columns were surprised at the chosen mark, and by how much."""
    assert marks.chosen is not None
    names = wanted.data.columns
    guilty = [names[one.column] for one in marks.columns if one.score >= marks.level]
    st.markdown(
        t(
            "series.surprised_at",
            when=view.when(wanted, marks.chosen),
            score=found.score[marks.chosen],
            names=_named(guilty),
        )
    )
    told = marks.columns[:LISTED]
    st.dataframe(
        {
            t("series.column"): [names[one.column] for one in told],
            t("series.value"): [f"{one.value:,.5g}" for one in told],
            t("series.was_expected"): [f"{one.expected:,.5g}" for one in told],
            t("series.surprise"): [round(one.bits, 1) for one in told],
            t("series.score"): [round(one.score, 2) for one in told],
            t("series.report_low"): [f"{one.low:,.5g}" for one in told],
            t("series.report_high"): [f"{one.high:,.5g}" for one in told],
        },
        hide_index=True,
        key="series_columns_table",
        alt=t("series.surprised_says"),
    )
    st.caption(t("series.surprised_says"))


def _alone(wanted: Columns, marks: Marks) -> None:
    """A button for each column that is drawn, which opens it alone."""
    st.caption(t("series.open_alone"))
    names = names_in_links(wanted.data.columns)
    with st.container(horizontal=True):
        for one in marks.columns[:DRAWN]:
            if st.button(
                unmarked(wanted.data.columns[one.column]),
                key=f"series_alone_{one.column}",
                on_click=_open,
                args=(names[one.column],),
            ):
                st.rerun()  # this part of the page ran alone


def _open(name: str) -> None:
    st.session_state["column"] = name


def names_in_links(columns: Sequence[str]) -> list[str]:
    """Columns as links name them: never empty, which stands for all columns.

    >>> names_in_links(["a", "", " "])
    ['a', ' ', '  ']
    """
    return [name if name.strip() else f"{name} " for name in columns]


def label(name: str) -> str:
    """A line of the menu of columns: Streamlit tells lines apart by what they say."""
    every = t("series.all_columns")
    if not name:
        return every
    return f"“{name}”" if name == every else name


def _coming(wanted: Columns, found: ColumnsTrace, marks: Marks) -> None:
    """The forecasts of the columns that are drawn, as far as they were made."""
    from htm_engine.figures import series_columns as figures

    made = [one.column for one in marks.columns if one.column < len(found.coming)][:DRAWN]
    drawn = [(wanted.data.columns[c], wanted.values[:, c], found.coming[c]) for c in made]
    x = view.axis(wanted)
    # A column of a single value tells no interval; the others are at the same times.
    timed = [found.coming[c] for c in made if np.isfinite(found.coming[c].seconds).all()]
    then = view.steps_after(x, (timed or [found.coming[made[0]]])[0])
    figure, words = figures.coming_together(drawn, x, then)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_coming")
    if len(wanted.data.columns) > len(found.coming):
        st.caption(t("series.forecast_of_some", count=len(found.coming)))


def scores_csv(wanted: Columns, found: ColumnsTrace) -> bytes:
    """Every row with its values, the score over all, and each column's own, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = wanted.data.columns
    scores = [f"score of {name}" for name in names]
    named = view.safe(names, ["row", "time", "score", *scores])
    writer.writerow(["row", "time", *named, "score", *scores])
    stamps = wanted.data.stamps
    times = [""] * len(found.score) if stamps is None else np.datetime_as_string(stamps, "s")
    own = np.stack([trace.score for trace in found.columns], 1)
    rows = zip(times, wanted.values, found.score, own, strict=True)
    for row, (time, values, score, columns) in enumerate(rows, 1):
        told = ["" if value != value else repr(value) for value in values.tolist()]
        writer.writerow([row, time, *told, f"{score:.4f}", *(f"{one:.4f}" for one in columns)])
    return out.getvalue().encode("utf-8-sig")
