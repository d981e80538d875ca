"""The train page's views: data to choose, the run as it goes, its rivals, its sizes."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from htm_engine import HTM, figures
from htm_engine.background import Background
from htm_engine.baselines import BaselineRow, RatePoint, baseline_table
from htm_engine.coding.collection import compress_collection, decompress_collection
from htm_engine.datasets import Dataset, load_upload
from htm_engine.errors import HTMError
from htm_engine.jobs import JobSnapshot
from htm_engine.metrics import mse, psnr_of
from htm_engine.recording import RecordedJob
from htm_engine.training import FoldResult, cross_validate

from . import drawing, history, resume, session
from .pictures import alt, sheet

BARE = {"displayModeBar": False}
#: Seconds between two looks at a running job, and between two looks inside its model.
LOOK, PEEK = 0.5, 2.0
#: Seconds without a look after which a job pauses.
ABANDON = 10.0
ENDINGS = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "zip", "gz", "idx", "npy", "npz"]
SAMPLES = 10


# ---------------------------------------------------------------------- data
def choose_data() -> tuple[Dataset, str]:
    """Named data or an upload; the choice's name goes into the link."""
    choice = st.segmented_control(
        "Data", [*history.NAMES, "upload"], default="digits", key="data", bind="query-params",
        help="digits: 1,797 handwritten, 8x8. scenes: drawn from strokes and shapes, 32x32. "
        "photo-patches: cut from two photographs, 16x16.",
    )  # fmt: skip
    data = (
        _uploaded()
        if choice == "upload"
        else session.load_data(session.DataChoice(choice or "digits"))
    )
    few = data.X[np.linspace(0, len(data) - 1, min(16, len(data))).astype(int)]
    st.image(
        sheet(few, columns=16, side=64, gap=6),
        width="stretch",
        alt=alt(f"{len(few)} pictures of {data.name}"),
    )
    sides = "x".join(str(side) for side in data.X.shape[1:])
    st.caption(f"{len(data):,} pictures of {sides}. {data.source}")
    if data.skipped:
        with st.expander(f"{len(data.skipped)} files were left out"):
            st.markdown("\n".join(f"- {line}" for line in data.skipped[:100]))
    return data, choice or "digits"


def _uploaded() -> Dataset:
    columns = st.columns(2)
    size = columns[0].number_input(
        "Side to fit pictures to", 4, 128, 32, key="side", bind="query-params"
    )
    colour = columns[1].toggle("Keep colour", False, key="colour", bind="query-params")
    file = st.file_uploader(
        "Pictures, a ZIP of pictures, IDX (as Fashion-MNIST's), NPY or NPZ; up to 50 MB",
        ENDINGS, key="upload",
    )  # fmt: skip
    if file is None:
        st.info("Choose a file; until then the digits stand here.")
        return session.load_data(session.DataChoice("digits"))
    key = (file.file_id, int(size), colour)
    kept = st.session_state.get("_upload")
    if kept is None or kept[0] != key:
        try:
            with st.spinner("Reading…"):
                data = load_upload(file.name, file.getvalue(), size=int(size), colour=colour)
        except HTMError as exc:
            st.error(f"{exc}")
            return session.load_data(session.DataChoice("digits"))
        kept = (key, data)
        st.session_state["_upload"] = kept
    found: Dataset = kept[1]
    return found


# ------------------------------------------------------------------- the run
def job() -> RecordedJob | None:
    """This visitor's run, if there is one."""
    found: RecordedJob | None = st.session_state.get("_job")
    return found


def begin(model: HTM, data: Dataset, single: bool = False) -> None:
    """Start a run on four fifths of the data; the rest is what it will be measured on."""
    old = job()
    if old is not None and not old.over:
        old.cancel()
    try:
        model._check_settings()
    except ValueError as exc:
        st.session_state["_refused"] = f"{exc}."
        return
    if len(data) < 2:
        st.session_state["_refused"] = "Training needs at least two pictures; a ZIP holds many."
        return
    st.session_state.pop("_refused", None)
    try:
        run = resume.new(model, data)
    except HTMError as exc:
        st.session_state["_refused"] = f"{exc}"
        return
    if single:
        run.step_once()
    else:
        run.start()


def reset() -> None:
    """Forget the run; the model in use goes back to the shipped one."""
    old = job()
    if old is not None and not old.over:
        old.cancel()
    for key in ("_job", "_parts", "_view", "_rivals", "_saved", "_folds"):
        st.session_state.pop(key, None)
    if resume.PARAMETER in st.query_params:
        del st.query_params[resume.PARAMETER]
    session.forget_model()


def controls(seen: JobSnapshot, run: RecordedJob) -> None:
    """Pause, resume, single step and stop, with progress and time left."""
    step = seen.step
    where = "Waiting to begin" if step is None else (
        f"Epoch {step.epoch}, step {step.step:,} of at most {step.total:,}"
        if step.phase == "units" else "Learning to draw, by tables of parents and children"
        if step.phase == "sampler" else "Measuring the tables of the file coder"
    )  # fmt: skip
    if seen.state == "queued" and seen.position:
        where = f"Waiting in line, place {seen.position}"
    elif seen.over and step is not None:
        where = f"{step.step:,} steps in {seen.seconds:.0f} s"
    left = "" if seen.eta is None or run.ending else f", about {max(1, round(seen.eta))} s left"
    st.progress(min(1.0, seen.progress), f"{where}{left} ({seen.state})")
    row = st.container(horizontal=True)
    paused = seen.state == "paused"
    if row.button("Resume" if paused else "Pause", key="pause", disabled=seen.over or run.ending,
                  icon=":material/play_arrow:" if paused else ":material/pause:"):  # fmt: skip
        (run.resume if paused else run.pause)()
        st.rerun(scope="fragment")
    if row.button("Single step", key="single", disabled=not paused, icon=":material/skip_next:"):
        run.step_once()
        st.rerun(scope="fragment")
    if row.button(
        "Stop and keep", key="stop", disabled=seen.over or run.ending, icon=":material/stop:"
    ):
        run.stop()
        st.rerun(scope="fragment")


def live(run: RecordedJob, level: int) -> None:
    """Everything that moves while a run goes on; drawn again and again."""
    seen = run.snapshot()
    controls(seen, run)
    if run.trouble:
        st.warning(f"This run is not wholly in the history. {run.trouble}")
    if seen.state == "failed":
        st.error(seen.error)
        return
    if seen.over and not st.session_state.get("_taken"):
        st.session_state["_taken"] = True
        if run.result is not None:
            link = history.link_of(run.result.fingerprint, run.recipe)
            session.set_model(run.result, run.learn.name, "trained", link)
            session.set_parts(run.learn, run.held)
        st.rerun()
    if seen.step is None:
        return
    left, right = st.columns(2, gap="large")
    figure, words = figures.error_curve(seen.steps, seen.errors, seen.held_steps, seen.held_errors)
    left.markdown("**Error** (mean squared, lower is better)")
    left.plotly_chart(figure, alt=words, config=BARE, key="curve")
    figure, words = figures.usage(seen.usage, seen.dead)
    right.markdown("**How the units share the work**")
    right.plotly_chart(figure, alt=words, config=BARE, key="usage")
    view = st.session_state.get("_view")
    if view is None or view[1] != level or time.monotonic() - view[0] > PEEK:
        model = run.peek()
        if model is None:
            return
        held = run.held
        view = (
            time.monotonic(),
            level,
            inside(model, held, level, "Pictures it does not learn from"),
        )
        st.session_state["_view"] = view
    show(view[2])


@dataclass(frozen=True)
class Drawing:
    """A picture ready to show: what stands over it, the file, and its words."""

    title: str
    png: bytes
    words: str


def show(drawings: list[Drawing]) -> None:
    """Put drawings on the page."""
    for one in drawings:
        st.markdown(one.title)
        st.image(one.png, width="stretch", alt=one.words)


def inside(model: HTM, data: Dataset, level: int, which: str) -> list[Drawing]:
    """Draw a level's receptive fields, and ``which`` pictures over what remains of them."""
    level, drawings = min(level, len(model.hierarchy_.layers) - 1), []
    if drawing.fits(model, data):
        few = data.X[: min(SAMPLES, len(data))]
        rebuilt = np.asarray(model.reconstruct(few.reshape(-1, *model._layout))).reshape(few.shape)
        error = mse(few / 255, np.clip(rebuilt, 0, 1))
        drawings.append(
            Drawing(
                f"**{which}**, and below what the top level keeps of them",
                sheet([*(few / 255), *rebuilt], columns=len(few), side=80, gap=6),
                alt(
                    f"{len(few)} pictures over their reconstructions",
                    f"The reconstructions differ by {psnr_of(error):.1f} dB PSNR",
                ),
            )
        )
    fields = model.receptive_fields(level)
    if fields.shape[-1] in (1, 3):
        shown = fields[:128, ..., 0] if fields.shape[-1] == 1 else fields[:128]
        drawings.append(
            Drawing(
                f"**What the {len(fields)} units of level {level + 1} stand for**",
                sheet(shown, columns=16, side=56, gap=5),
                alt(f"Prototypes of {len(shown)} units of level {level + 1}, each different"),
            )
        )
    return drawings


# -------------------------------------------------------------- against others
def network_points(model: HTM, held: Dataset) -> Iterator[RatePoint]:
    """Real files of the held-out pictures at five qualities."""
    for quality in (2, 4, 6, 8, 10):
        data = compress_collection(model, held.X, quality)
        error = mse(held.X / 255, decompress_collection(data, model).reshape(held.X.shape) / 255)
        label = f"quality {quality}"
        yield RatePoint("HTM", label, len(data) / len(held), error, psnr_of(error))


def rivals(model: HTM, learn: Dataset, held: Dataset) -> Background:
    """The comparison as work in the background; gives points, then rows."""

    def work() -> Iterator[RatePoint | BaselineRow]:
        points = list(network_points(model, held))
        yield from points
        yield from baseline_table(
            points[2].bytes_per_picture, learn.X[:10_000], held.X,
            should_stop=lambda: run.ending,
        )  # fmt: skip

    run = Background(work, name="comparison", abandon_after=ABANDON)
    return run


def show_rivals(run: Background) -> None:
    """Progress, then one table and one plot."""
    run.look()
    items = list(run.items)
    points = [item for item in items if isinstance(item, RatePoint)]
    rows = [item for item in items if isinstance(item, BaselineRow)]
    if not run.over:
        st.progress(min(0.99, len(items) / 9), f"Measured {len(items)} of 9 ({run.state})")
        if st.button("Cancel", key="cancel_rivals"):
            run.cancel()
    if run.error:
        st.error(run.error)
    if len(points) < 5:
        return
    middle = points[2]
    table = {
        "method": ["HTM, this network", *(row.label for row in rows)],
        f"MSE at {middle.bytes_per_picture:.1f} bytes a picture": [
            f"{middle.mse:.5f}",
            *("does not spend that" if row.mse_at_equal_bytes is None
              else f"{row.mse_at_equal_bytes:.5f}" for row in rows),
        ],
    }  # fmt: skip
    st.dataframe(table, hide_index=True, alt="Error of every method at the network's bytes")
    curves = {"HTM": [(p.bytes_per_picture, p.psnr) for p in points]}
    curves |= {row.label: [(p.bytes_per_picture, p.psnr) for p in row.points] for row in rows}
    figure, words = figures.rate_distortion(curves)
    st.plotly_chart(figure, alt=words, config=BARE, key="rivals")
    st.caption("Real bytes with the same coder for all, headers counted, model bytes for nobody.")


# ---------------------------------------------------------------- which sizes
def folds(model: HTM, data: Dataset) -> Background:
    """Three-fold cross-validation over the top level's units and rank."""
    top = model.layers[-1]
    grid = [
        {"layers": (*model.layers[:-1], _sized(top, units, rank))}
        for units in sorted({max(2, top.units // 4), top.units})
        for rank in sorted({max(1, top.rank // 4), max(1, top.rank // 2), max(1, top.rank)})
    ]
    quick = HTM(
        layers=model.layers, epochs=4, coder=False, sampler=False, random_state=model.random_state
    )
    pictures = data.take(min(len(data), 1500), random_state=0).X
    return Background(
        lambda: cross_validate(quick, pictures, grid),
        name="cross-validation",
        abandon_after=ABANDON,
    )


def _sized(spec: Any, units: int, rank: int) -> Any:
    return replace(spec, units=units, rank=rank)


def show_folds(run: Background) -> list[FoldResult]:
    """Progress and the scores so far."""
    run.look()
    results: list[FoldResult] = list(run.items)
    names: dict[str, list[float]] = {}
    for result in results:
        top = result.params["layers"][-1]
        names.setdefault(f"{top.units} units, rank {top.rank}", []).append(-result.score)
    if not run.over:
        st.progress(min(0.99, len(results) / 18), f"{len(results)} folds measured ({run.state})")
        if st.button("Cancel", key="cancel_folds"):
            run.cancel()
    if run.error:
        st.error(run.error)
    if results:
        figure, words = figures.fold_scores(list(names), list(names.values()))
        st.plotly_chart(figure, alt=words, config=BARE, key="folds")
    return results if run.over else []


def model_bytes(model: HTM) -> bytes:
    """The model as a file, made once."""
    kept = st.session_state.get("_saved")
    if kept is None or kept[0] is not model:
        stream = io.BytesIO()
        model.save(stream)
        kept = (model, stream.getvalue())
        st.session_state["_saved"] = kept
    data: bytes = kept[1]
    return data


def load_model(file: Any) -> None:
    """Make an uploaded model the visitor's own, or say why not."""
    if st.session_state.get("_loaded") == file.file_id:
        return
    try:
        model = HTM.load(io.BytesIO(file.getvalue()))
    except HTMError as exc:
        st.error(f"{exc} The model in use is unchanged.")
        return
    st.session_state["_loaded"] = file.file_id
    session.set_model(model, file.name, "uploaded")
    st.success(f"Model {model.fingerprint} is in use on every page now.")
