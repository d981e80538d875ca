"""Rows of a table without time on the Series page: which are odd, and which cells make them so."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from htm_engine.data.series import SeriesData
from htm_engine.errors import DataError
from htm_engine.runs.background import Background

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import t
from . import rows_report
from .view import ON, safe
from .work import ROWS

if TYPE_CHECKING:
    from htm_engine import RowScores

#: The example by its name in the menu.
EXAMPLE = "rare wine"
#: Rows that are listed, cells of a row that are drawn; cells of a table that the page takes.
ROWSED, _DRAWN = 200, 12
MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class Rows:
    """A table whose rows are to be judged by one another."""

    data: SeriesData
    seed: int

    @functools.cached_property
    def key(self) -> str:
        """Names the content and the seed."""
        found = hashlib.sha256(np.ascontiguousarray(self.data.values).tobytes())
        found.update(repr((self.data.values.shape, self.seed)).encode())
        return found.hexdigest()[:24]


@st.cache_data(max_entries=1, show_spinner=False)
def example() -> SeriesData:
    """Wines of two grapes, and six of a third; by scikit-learn."""
    from sklearn.datasets import load_wine

    found = load_wine()
    rows = np.concatenate([np.flatnonzero(found.target > 0), np.arange(0, 59, 10)])
    order = np.random.default_rng(0).permutation(len(rows))
    names = tuple(name.replace("_", " ") for name in found.feature_names)
    return SeriesData(EXAMPLE, found.data[rows[order]], names)


def steps(wanted: Rows) -> Iterator[tuple[float, RowScores | None]]:
    """Part done, and what was found at the end."""
    from htm_engine import detect_rows

    if wanted.data.values.size > MOST_CELLS:
        raise DataError(f"The table has too many cells; the page takes {MOST_CELLS:,}.")
    yield 0.05, None
    yield 1.0, detect_rows(wanted.data.values, wanted.seed)


def show(wanted: Rows) -> None:
    """Progress, then the odd rows."""
    level = ON.slider("level", t("series.level"), help=t("series.rows_level_says"))
    watching.watch(partial(_job, wanted), partial(_draw, wanted, level))


def _job(wanted: Rows) -> Background:
    found = watching.job_of(ROWS, wanted.key)
    return found or watching.start(ROWS, wanted.key, partial(steps, wanted), "rows")


def _draw(wanted: Rows, level: float, job: Background | None) -> None:
    assert job is not None
    if not watching.finished(job, t("series.rows_judged", part=job.progress), "series_rows_cancel"):
        return
    found: RowScores = job.items[-1][1]
    order = np.argsort(-found.bits, kind="stable")
    odd = order[found.score[order] >= level]
    columns = st.columns(3)
    columns[0].metric(t("series.rows"), f"{len(found.bits):,}")
    columns[1].metric(t("series.odd_rows"), f"{len(odd):,}")
    columns[2].metric(t("series.columns"), f"{len(wanted.data.columns):,}")
    place = None
    if len(odd):
        place = _listed(wanted, found, odd[:ROWSED], len(odd))
        _cells(wanted, found, place)
    else:
        st.info(t("series.no_odd_rows"))
    rows_report.button(wanted, found, odd, place)
    st.download_button(
        t("series.scores"),
        partial(scores_csv, wanted, found),
        "htm-rows.csv",
        "text/csv",
        icon=":material/download:",
        key="series_scores",
    )


def _listed(wanted: Rows, found: RowScores, odd: np.ndarray, count: int) -> int:
    """The odd rows, the oddest first; the row that is chosen."""
    most = found.cells[odd].argmax(1)
    at = np.arange(len(odd))
    table = {
        t("series.row_number"): odd + 1,
        t("series.score"): found.score[odd].round(3),
        t("series.bits"): found.bits[odd].round(1),
        t("series.cell"): [wanted.data.columns[one] for one in most],
        t("series.value"): wanted.data.values[odd, most],
        t("series.was_expected"): [f"{x:.4g}" for x in found.expected[odd, most]],
    }
    st.caption(t("series.rows_listed", shown=len(odd), count=count))
    event = st.dataframe(
        table,
        hide_index=True,
        height=min(35 * (len(odd) + 1) + 3, 320),
        key="series_odd_rows",
        on_select="rerun",
        selection_mode="single-row",
        alt=t("series.rows_listed", shown=len(odd), count=count),
    )
    chosen = event.selection.rows if event else []
    return int(odd[chosen[0] if chosen and chosen[0] < len(at) else 0])


def _cells(wanted: Rows, found: RowScores, place: int) -> None:
    """Which cells of a row surprise, and what was expected of them."""
    from htm_engine.figures import series as figures

    st.subheader(t("series.why_row", row=place + 1), anchor=False)
    order = np.argsort(-found.cells[place], kind="stable")[:_DRAWN]
    names = [wanted.data.columns[one] for one in order]
    left, right = st.columns(2, gap="large")
    left.dataframe(
        {
            t("series.cell"): names,
            t("series.value"): [f"{x:.5g}" for x in wanted.data.values[place, order]],
            t("series.was_expected"): [f"{x:.5g}" for x in found.expected[place, order]],
        },
        hide_index=True,
        alt=t("series.cells_say"),
    )
    left.caption(t("series.cells_say"))
    figure, words = figures.cells(names, found.cells[place, order])
    right.plotly_chart(figure, alt=words, config=BARE, key="series_cells")


def scores_csv(wanted: Rows, found: RowScores) -> bytes:
    """Every row with its score, and the bits of each of its cells, for a spreadsheet."""
    import csv

    out = io.StringIO()
    writer = csv.writer(out)
    names = wanted.data.columns
    bits_of = [f"bits of {name}" for name in names]
    ours = ["row", "score", "bits", *bits_of]
    writer.writerow(["row", *safe(names, ours), "score", "bits", *bits_of])
    rows = zip(wanted.data.values, found.score, found.bits, found.cells, strict=True)
    for number, (values, score, bits, cells) in enumerate(rows, 1):
        told = ["" if v != v else repr(v) for v in values.tolist()]
        writer.writerow(
            [number, *told, f"{score:.4f}", f"{bits:.3f}", *(f"{one:.3f}" for one in cells)]
        )
    return out.getvalue().encode("utf-8-sig")
