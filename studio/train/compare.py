"""The train page's comparisons: the run against other methods, and sizes against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import streamlit as st

from htm_engine import HTM
from htm_engine.coding.collection.codec import compress_collection, decompress_collection
from htm_engine.data.datasets import Dataset
from htm_engine.evaluation.baselines import BaselineRow, baseline_table
from htm_engine.evaluation.metrics import mse, psnr_of
from htm_engine.evaluation.rates import RatePoint, most_reached, mse_at
from htm_engine.figures import base, rates
from htm_engine.model.folds import FoldResult, cross_validate, select
from htm_engine.runs import memory
from htm_engine.runs.background import Background
from htm_engine.runs.recording import RecordedJob

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import said, t, unmarked
from . import settings
from .settings import ON

#: Where the session keeps the two comparisons.
RIVALS, FOLDS = "_rivals", "_folds"
#: Sizes at which all methods are compared, and what stands where one has no file of a size.
SIZES, NO_FILE = 3, "–"


# -------------------------------------------------------------- against others
def network_points(model: HTM, held: Dataset) -> Iterator[RatePoint]:
    """Real files of the held-out pictures at five qualities."""
    for quality in (2, 4, 6, 8, 10):
        data = compress_collection(model, held.X, quality)
        error = mse(held.X / 255, decompress_collection(data, model).reshape(held.X.shape) / 255)
        yield RatePoint("HTM", "quality", quality, len(data) / len(held), error, psnr_of(error))


def rivals(model: HTM, learn: Dataset, held: Dataset) -> None:
    """Begin the comparison; a callback.  It gives points, then rows."""

    def work() -> Iterator[RatePoint | BaselineRow]:
        points = list(network_points(model, held))
        yield from points
        yield from baseline_table(
            points[2].bytes_per_picture,
            learn.X[:10_000],
            held.X,
            should_stop=lambda: run.ending,
        )

    run = watching.prepare(RIVALS, (), work, "comparison", progress=None)
    run.start()


def against_others(run: RecordedJob) -> None:
    """The section about a finished run."""
    watching.watch(
        lambda: watching.job_of(RIVALS), lambda job: _draw_rivals(job, run), steady="rivals"
    )


def _draw_rivals(job: Background | None, run: RecordedJob) -> None:
    if job is None:
        st.button(
            t("train.compare_at_equal_bytes"),
            key="rivals",
            icon=":material/balance:",
            on_click=rivals,
            args=(run.result, run.learn, run.held),
        )
    else:
        show_rivals(job)


def show_rivals(run: Background) -> None:
    """Progress, then one table and one plot."""
    items = list(run.items)
    points = [item for item in items if isinstance(item, RatePoint)]
    rows = [item for item in items if isinstance(item, BaselineRow)]
    if not (run.over or run.ending):
        words = t("train.measured_of", items=len(items), state=said(run.state))
        watching.progress(run, words, "cancel_rivals", min(0.99, len(items) / 9))
    if run.error:
        st.error(unmarked(run.error))
    if not points:
        return
    curves = {t("train.htm_this_network"): points}
    curves |= {said(row.label): list(row.points) for row in rows}
    reached = most_reached(points, [row.points for row in rows])
    table: dict[str, list[str]] = {t("train.method"): list(curves)}
    for size in sorted(reached[:SIZES]):
        errors = [mse_at(curve, size) for curve in curves.values()]
        table[t("train.mse_at_bytes_per_picture", bytes_per_picture=size)] = [
            NO_FILE if error is None else f"{error:.5f}" for error in errors
        ]
    st.dataframe(table, hide_index=True, alt=t("train.error_of_every_method_at"))
    if any(NO_FILE in cells for cells in table.values()):
        st.caption(t("train.no_file_of_this_size", mark=NO_FILE))
    everybody = points + [point for row in rows for point in row.points]
    st.plotly_chart(
        rates.rate_figure(everybody), alt=rates.rate_in_words(everybody), config=BARE, key="rivals"
    )
    st.caption(t("train.real_bytes_with_the_same"))


# ---------------------------------------------------------------- which sizes
def folds(model: HTM, data: Dataset) -> None:
    """Begin three-fold cross-validation over the top level's units and rank; a callback."""
    layers = model.specs
    top = layers[-1]
    grid = [
        {"layers": (*layers[:-1], _sized(top, units, rank))}
        for units in sorted({max(2, top.units // 4), top.units})
        for rank in sorted({max(1, top.rank // 4), max(1, top.rank // 2), max(1, top.rank)})
    ]
    quick = HTM(
        layers=layers, epochs=4, coder=False, sampler=False, random_state=model.random_state
    )
    pictures = data.take(min(len(data), 1500), random_state=0).X

    def measured() -> Iterator[FoldResult]:
        memory.check(layers, pictures.shape[1:])
        yield from cross_validate(quick, pictures, grid)

    watching.start(FOLDS, (), measured, "cross-validation", progress=None)


def sizes(model: HTM, data: Dataset) -> None:
    """The section: cross-validation when asked for, and its choice into the knobs."""
    if model.layers is None:
        return  # the data chooses by itself
    with st.expander(t("train.which_sizes_cross_validation"), icon=":material/grid_view:"):
        st.markdown(t("train.three_folds_for_each_of"))
        if ON.toggle("cv_open", t("train.show")):
            watching.watch(
                lambda: watching.job_of(FOLDS), lambda job: _draw_sizes(job, model, data)
            )


def _draw_sizes(job: Background | None, model: HTM, data: Dataset) -> None:
    st.button(
        t("train.cross_validate"),
        key="cv",
        disabled=watching.live(job),
        on_click=folds,
        args=(model, data),
    )
    results = show_folds(job) if job is not None else []
    if not results:
        return
    layers = select(results)["layers"]
    top = layers[-1]
    st.markdown(t("train.least_mean_error_units_of", units=top.units, rank=top.rank))
    if st.button(
        t("train.use_these_sizes"), key="use", on_click=settings.take_sizes, args=(layers,)
    ):
        st.rerun()


def _sized(spec: Any, units: int, rank: int) -> Any:
    return replace(spec, units=units, rank=rank)


def show_folds(run: Background) -> list[FoldResult]:
    """Progress and the scores so far."""
    results: list[FoldResult] = list(run.items)
    names: dict[str, list[float]] = {}
    for result in results:
        top = result.params["layers"][-1]
        names.setdefault(t("train.units_rank", units=top.units, rank=top.rank), []).append(
            -result.score
        )
    if not run.over:
        words = t("train.folds_measured", results=len(results), state=said(run.state))
        watching.progress(run, words, "cancel_folds", min(0.99, len(results) / 18))
    if run.error:
        st.error(unmarked(run.error))
    if results:
        figure, words = base.fold_scores(list(names), list(names.values()))
        st.plotly_chart(figure, alt=words, config=BARE, key="folds")
    return results if run.over else []
