"""The one history of this server: opened once, and in memory where no folder can be written.

::

    HTM_STUDIO_DATA ──open──► kept().history         said aloud in kept().trouble if it failed
    a run of it     ──use───► this visitor's model, on every page
"""

from __future__ import annotations

import atexit
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from htm_engine import HTM
from htm_engine.data.datasets import Dataset
from htm_engine.errors import HistoryError
from htm_engine.runs.history import History, Run, data_folder, size_limit
from htm_engine.runs.recipe import SPLIT, Recipe
from htm_engine.runs.schema import LIMIT_MB

from ..kit.words import t, unmarked
from . import session


@dataclass(frozen=True)
class Kept:
    """The history, and why it is only in memory, if it is."""

    history: History
    trouble: str


_OPEN: dict[Path, Kept] = {}
_LOCK = threading.Lock()


def kept() -> Kept:
    """The history of this process, opened when first asked for."""
    folder = data_folder()
    with _LOCK:
        if folder not in _OPEN:
            try:
                _OPEN[folder] = Kept(History(folder, size_limit()), "")
            except HistoryError as exc:
                _OPEN[folder] = Kept(History(None, LIMIT_MB * 2**20), f"{exc}")
            atexit.register(_OPEN[folder].history.close)
        return _OPEN[folder]


def is_shared() -> bool:
    """Whether strangers use this server: then nobody sees a run that is not theirs.

    Unless told, a server that other machines can reach is one.
    """
    if told := os.environ.get("HTM_STUDIO_SHARED"):
        return told != "0"
    return st.get_option("server.address") not in ("127.0.0.1", "localhost", "::1")


def know(run: str) -> None:
    """This visitor trained a run, or was sent a link to it."""
    st.session_state.setdefault("_known_runs", set()).add(run)


def visible(*, deleted: bool = False) -> list[Run]:
    """Runs that this visitor may see, newest first: all, or on a shared server the known ones."""
    found = kept().history.runs(deleted=deleted)
    if not is_shared():
        return found
    for run in st.query_params.get_all("runs"):
        know(run)
    known = st.session_state.get("_known_runs", ())
    return [run for run in found if run.id in known]


def say_trouble() -> None:
    """Say, on a page where it matters, that runs are not kept."""
    if trouble := kept().trouble:
        st.warning(
            t("runs.runs_are_kept_in_memory", trouble=unmarked(trouble)),
            icon=":material/warning:",
        )


def data_of(recipe: Recipe) -> Dataset | None:
    """The data that a recipe names, if this server or this visitor has it."""
    offered = [found[1]] if (found := st.session_state.get("_upload")) else []
    if recipe.data in session.NAMED:  # which a server can always load again
        offered.append(session.load_data(recipe.data))
    return next((d for d in offered if d.fingerprint == recipe.data_fingerprint), None)


def link_of(fingerprint: str, recipe: Recipe) -> dict[str, str]:
    """What a link says of a model: its name, and how to make it again."""
    return {"model": fingerprint, "recipe": recipe.packed()}


def load_model(run: Run) -> HTM:
    """The model of a run.

    Raises
    ------
    HTMError
        If it has none, or the file is gone or damaged.
    """
    if run.model is None:
        raise HistoryError(f"The run “{run.name}” has no model.")
    return HTM.load(io.BytesIO(kept().history.files.get(run.model)))


def use(run: Run) -> None:
    """Make a run's model this visitor's, on every page, with the data it learned from.

    Raises
    ------
    HTMError
        As :func:`load_model`.
    """
    model, recipe = load_model(run), Recipe.from_json(run.settings)
    session.set_model(model, run.data, "recorded", link_of(run.fingerprint, recipe))
    data = data_of(recipe)
    if data is not None:
        session.set_parts(*data.split(*SPLIT))
