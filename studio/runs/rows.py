"""Runs as rows: for the eye, and as CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from htm_engine.runs.history import Run
from htm_engine.runs.recording import live

from ..kit.words import moment, said, t
from ..report.story import FIGURES

#: A cell that begins with one of these is a formula to a spreadsheet.
ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def sortable(seconds: float) -> str:
    """A moment in UTC, the same in every language."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def state_of(run: Run) -> str:
    """The state as it is now: the history knows a run that waits as one that goes on."""
    job = live(run.id)
    return "paused" if job is not None and job.state == "paused" else run.state


def shown(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Columns of the table on the page."""
    table: dict[str, list[Any]] = {
        "★": ["★" if run.star else "" for run in runs],
        t("runs.run"): [run.name for run in runs],
        t("runs.state"): [said(state_of(run)) for run in runs],
        t("runs.begun_utc"): [moment(run.created) for run in runs],
        t("runs.steps"): [run.step for run in runs],
        t("runs.seconds"): [round(run.seconds, 1) for run in runs],
    }
    for key, form in FIGURES[:2]:
        values = [run.figures.get(key) for run in runs]
        table[t(f"runs.figure_{key}")] = [
            None if v is None else float(format(v, form)) for v in values
        ]
    table[t("runs.size_in_kb")] = [
        round((run.model_bytes + run.checkpoint_bytes) / 1000) for run in runs
    ]
    table[t("runs.model")] = [run.fingerprint for run in runs]
    return table


def as_csv(runs: Sequence[Run]) -> bytes:
    """All that the history says of runs, a line each; UTF-8 with a mark that spreadsheets read."""
    out = io.StringIO()
    keys = [key for key, _ in FIGURES]
    writer = csv.writer(out)
    writer.writerow(
        [
            "id",
            "name",
            "star",
            "state",
            "begun",
            "data",
            "data fingerprint",
            "steps",
            "planned",
            "seconds",
            "model",
            "model bytes",
            "mse",
            *keys,
        ]
    )
    for run in runs:
        cells = [
            run.id,
            run.name,
            int(run.star),
            run.state,
            sortable(run.created),
            run.data,
            run.data_fingerprint,
            run.step,
            run.total,
            f"{run.seconds:.3f}",
            run.fingerprint,
            run.model_bytes,
            *(run.figures.get(key, "") for key in ("mse", *keys)),
        ]
        writer.writerow([defused(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def defused(cell: Any) -> Any:
    """A text that a spreadsheet shows and does not run; numbers stay numbers.

    >>> defused("=1+1"), defused(" plain"), defused(-2)
    ("'=1+1", ' plain', -2)
    """
    if isinstance(cell, str) and (cell.startswith(ACTIVE) or cell.lstrip().startswith(ACTIVE)):
        return "'" + cell
    return cell


def chosen(runs: Sequence[Run], words: str, states: Sequence[str], starred: bool) -> list[Run]:
    """Runs whose name, data or model hold every word, in one of the states if any is named."""
    found = []
    for run in runs:
        text = f"{run.name} {run.data} {run.fingerprint} {run.id}".lower()
        fits = all(word in text for word in words.lower().split())
        if fits and (not states or run.state in states) and (run.star or not starred):
            found.append(run)
    return found
