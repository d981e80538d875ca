"""The sections of the runs page: what there is, several side by side, what was deleted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from htm_engine import HTM
from htm_engine.errors import HTMError
from htm_engine.figures import base
from htm_engine.runs.history import History, Run
from htm_engine.runs.schema import STATES

from ..kit import settings
from ..kit.keeping import kept
from ..kit.pictures import alt, sheet
from ..kit.shapes import BARE
from ..kit.words import escaped, moment, said, t, unmarked
from ..report import button
from ..visitor import history, resume
from . import rows

ON = settings.Page("runs")
#: Runs compared at once, and units of each that are drawn.
MOST, UNITS = 4, 64


def say() -> None:
    """What the history did by itself, and whether it is kept at all."""
    history.say_trouble()
    notices = [] if history.is_shared() else history.kept().history.notices()
    if notices:
        st.warning("\n\n".join(map(unmarked, notices[-10:])), icon=":material/delete_sweep:")
        st.button(
            t("runs.understood"), key="understood", on_click=history.kept().history.forget_notices
        )


def pick() -> list[Run]:
    """Runs that fit the filter."""
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    words = ON.text(
        "find",
        t("runs.find"),
        left,
        placeholder=t("runs.name_data_or_model"),
        help=t("runs.all_words_must_be_in"),
    )
    states = ON.pills(
        "state",
        t("runs.state"),
        options=STATES,
        format_func=said,
        help=t("runs.nothing_chosen_shows_all"),
    )
    starred = ON.toggle("starred", t("runs.starred"), right)
    return rows.chosen(history.visible(), words, states, starred)


def table(runs: Sequence[Run]) -> None:
    """One line a run, and the same as CSV."""
    st.dataframe(
        rows.shown(runs),
        hide_index=True,
        placeholder="–",  # for what was not measured
        alt=t("runs.runs_with_state_steps_time", runs=len(runs)),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            t("runs.save_as_csv"),
            rows.as_csv(runs),
            "htm-runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="csv",
        )
        if history.is_shared():
            st.caption(t("runs.this_server_is_shared_only"))
        kept = history.kept().history
        st.caption(
            t(
                "runs.of_mb_used_when_it",
                total_bytes=kept.total_bytes() / 2**20,
                limit=kept.limit / 2**20,
            )
        )


def choose(runs: Sequence[Run]) -> list[Run]:
    """Up to four runs to look at; the newest, if the link names none."""
    by_id = {run.id: run for run in runs}
    labels = _labels(runs)
    ids = ON.multiselect(
        "runs",
        t("runs.look_at_up_to_side", most=MOST),
        options=list(by_id),
        default=list(by_id)[:1],
        max_selections=MOST,
        format_func=lambda run: labels[run],
    )
    return [by_id[run] for run in ids]


def _labels(runs: Sequence[Run]) -> dict[str, str]:
    """Name and time of every run; Streamlit tells choices apart by what they are called."""
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for run in runs:
        label = f"{run.name} · {moment(run.created)}"
        seen[label] = seen.get(label, 0) + 1
        found[run.id] = label if seen[label] == 1 else f"{label} ({seen[label]})"
    return found


def curves(runs: Sequence[Run]) -> None:
    """Errors over steps, all in one figure."""
    kept, lines = history.kept().history, {}
    for place, run in enumerate(runs, 1):
        steps, errors = kept.curve(run.id, held=True)
        held = bool(steps)
        if not held:
            steps, errors = kept.curve(run.id)
        lines[f"{place}. {run.name}"] = (steps, errors, held)
    if not any(steps for steps, _, _ in lines.values()):
        st.info(t("runs.no_step_was_made_yet"))
        return
    figure, words = base.run_curves(lines)
    st.plotly_chart(figure, alt=words, config=BARE, key="run_curves")


def side_by_side(runs: Sequence[Run]) -> None:
    """A column a run: what can be done with it, its figures, its units."""
    for place, (column, run) in enumerate(zip(st.columns(len(runs)), runs, strict=True), 1):
        with column.container(border=True):
            st.markdown(f"**{place}.** {escaped(run.name)}")
            _handle(run)
            button.show(run)
            _numbers(run)
            _units(run)


def _handle(run: Run) -> None:
    kept = history.kept().history
    st.text_input(
        t("runs.name"),
        run.name,
        key=f"name_{run.id}",
        max_chars=80,
        on_change=_said(lambda: kept.rename(run.id, st.session_state[f"name_{run.id}"])),
    )
    st.toggle(
        t("runs.star"),
        run.star,
        key=f"star_{run.id}",
        help=t("runs.a_starred_run_never_makes"),
        on_change=_said(lambda: kept.star(run.id, st.session_state[f"star_{run.id}"])),
    )
    with st.container(horizontal=True):
        if run.model is not None:
            st.button(
                t("runs.use_its_model"),
                key=f"use_{run.id}",
                icon=":material/check:",
                help=t("runs.on_every_page"),
                on_click=_use,
                args=(run,),
            )
        elif run.checkpoint is not None and run.state != "running":
            st.button(
                t("runs.continue_from_step", checkpoint_step=run.checkpoint_step),
                key=f"go_on_{run.id}",
                icon=":material/resume:",
                on_click=_go_on,
                args=(run,),
            )
        if run.model is not None:
            button.button(run)
        st.button(
            t("runs.delete"),
            key=f"delete_{run.id}",
            icon=":material/delete:",
            disabled=run.state == "running",
            on_click=_said(lambda: _delete(kept, run)),
        )


def _said(action):  # type: ignore[no-untyped-def]
    """An action whose failure is shown on the page."""

    def act() -> None:
        try:
            action()
        except HTMError as exc:
            st.session_state["_runs_said"] = ("error", unmarked(exc))

    return act


def _delete(kept: History, run: Run) -> None:
    kept.delete([run.id])
    st.session_state["_just_deleted"] = (run.id, run.name)


def _use(run: Run) -> None:
    def use() -> None:
        history.use(run)
        st.session_state["_runs_said"] = (
            "success",
            t(
                "runs.every_page_uses_the_model",
                fingerprint=run.fingerprint,
                name=escaped(run.name),
            ),
        )

    _said(use)()


def _go_on(run: Run) -> None:
    resume.go_on(run)
    refused = st.session_state.pop("_refused", None)
    st.session_state["_runs_said"] = (
        ("error", unmarked(refused))
        if refused
        else ("success", t("runs.goes_on_the_train_page", name=escaped(run.name)))
    )


def answer() -> None:
    """What the last button did, and the way back from a deletion."""
    kind, words = st.session_state.pop("_runs_said", ("", ""))
    if kind:
        (st.error if kind == "error" else st.success)(words)
    if deleted := st.session_state.get("_just_deleted"):
        run, name = deleted
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(t("runs.deleted", name=escaped(name)), width="content")
            st.button(
                t("runs.undo"),
                key="undo",
                icon=":material/undo:",
                on_click=_said(lambda: _restore(run)),
            )


def _restore(run: str) -> None:
    history.kept().history.restore([run])
    st.session_state.pop("_just_deleted", None)


def put_away() -> None:
    """Deleted runs that can still come back."""
    deleted = history.visible(deleted=True)
    if not deleted:
        return
    with st.expander(t("runs.deleted_runs", deleted=len(deleted)), icon=":material/delete:"):
        st.markdown(t("runs.they_can_be_restored_for"))
        for run in deleted[:50]:
            st.button(
                t("runs.restore", name=escaped(run.name)),
                key=f"restore_{run.id}",
                icon=":material/undo:",
                on_click=_said(lambda run=run: _restore(run.id)),
            )


def _numbers(run: Run) -> None:
    lines = [
        t(
            "runs.of_steps_in_s",
            state=said(rows.state_of(run)),
            step=run.step,
            total=run.total,
            seconds=run.seconds,
        ),
        t("runs.utc_on", created=moment(run.created), data=escaped(run.data)),
    ]
    if run.error:
        lines.append(unmarked(run.error))
    st.caption("  \n".join(lines))
    found = {
        t(f"runs.figure_{key}"): format(run.figures[key], form)
        for key, form in rows.FIGURES
        if key in run.figures
    }
    if found:
        st.table(
            {t("runs.figure"): list(found), t("runs.value"): list(found.values())},
            border="horizontal",
        )
    if run.fingerprint:
        st.caption(
            t("runs.model_kb", fingerprint=run.fingerprint, model_bytes=run.model_bytes / 1000)
        )


def _units(run: Run) -> None:
    if run.model is None:
        return
    try:
        levels = drawn_units(run.fingerprint, run)
    except HTMError as exc:
        st.warning(unmarked(exc))
        return
    for level, (png, count) in enumerate(levels, 1):
        st.image(
            png,
            width="stretch",
            caption=t("runs.level_units", level=level, count=count),
            alt=alt(t("runs.prototypes_of_the_units_of", level=level, name=run.name)),
        )


@kept(64, lambda: t("runs.drawing_the_units"), copied=True)
def drawn_units(fingerprint: str, _run: Run) -> list[tuple[bytes, int]]:
    """A sheet of prototypes a level, top first, and how many units there are."""
    model: HTM = history.load_model(_run)
    levels = []
    for level in range(len(model.hierarchy_.layers)):
        fields = np.asarray(model.receptive_fields(level))
        if fields.shape[-1] in (1, 3):
            few = fields[:UNITS, ..., 0] if fields.shape[-1] == 1 else fields[:UNITS]
            levels.append((sheet(few, columns=8, side=40, gap=4), len(fields)))
    return levels
