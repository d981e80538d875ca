"""What the history of runs is made of: its tables, one run, its place, and who is alive."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import HistoryError

FOLDER_VARIABLE, LIMIT_VARIABLE = "HTM_STUDIO_DATA", "HTM_STUDIO_DATA_MB"
FILE = "history.sqlite3"
VERSION = 1
#: Megabytes that models and checkpoints of all runs may take, unless the variable says more.
LIMIT_MB = 2048
LONGEST_NAME = 80
STATES = ("running", "finished", "stopped", "interrupted", "failed")

SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, star INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, changed REAL NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    data TEXT NOT NULL, data_fingerprint TEXT NOT NULL, settings TEXT NOT NULL,
    figures TEXT NOT NULL DEFAULT '{}', seconds REAL NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    fingerprint TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
    model TEXT, model_bytes INTEGER NOT NULL DEFAULT 0,
    checkpoint TEXT, checkpoint_bytes INTEGER NOT NULL DEFAULT 0,
    checkpoint_step INTEGER NOT NULL DEFAULT 0, deleted REAL);
CREATE INDEX runs_by_fingerprint ON runs (fingerprint);
CREATE TABLE points (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    held INTEGER NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (run, held, step)) WITHOUT ROWID;
CREATE TABLE notices (at REAL NOT NULL, text TEXT NOT NULL);
"""
COLUMNS = (
    "id, name, star, created, changed, state, data, data_fingerprint, settings, figures, "
    "seconds, step, total, fingerprint, error, model, model_bytes, checkpoint, "
    "checkpoint_bytes, checkpoint_step, deleted"
)


@dataclass(frozen=True)
class Run:
    """One training as the history knows it.

    Attributes
    ----------
    id : str
        Cannot be guessed; names the run in links.
    name : str
        Shown to people; they may change it.
    star : bool
        Kept when room is needed.
    created, changed : float
        Seconds since 1970.
    state : str
        One of ``STATES``.
    data, data_fingerprint : str
        What it learned from.
    settings : dict
        All that decides what came of it.
    figures : dict of str to float
        What was measured at the end.
    seconds : float
        Time spent working.
    step, total : int
        Steps done and planned.
    fingerprint : str
        Of the model; empty until there is one.
    error : str
        Why it failed, in a sentence.
    model, checkpoint : str or None
        Names of the files.
    model_bytes, checkpoint_bytes, checkpoint_step : int
    deleted : float or None
        When it was deleted; it can be restored for some days.
    """

    id: str
    name: str
    star: bool
    created: float
    changed: float
    state: str
    data: str
    data_fingerprint: str
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    seconds: float
    step: int
    total: int
    fingerprint: str
    error: str
    model: str | None
    model_bytes: int
    checkpoint: str | None
    checkpoint_bytes: int
    checkpoint_step: int
    deleted: float | None


def data_folder() -> Path:
    """Folder of the history: the variable's, else one among the user's own data."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).expanduser()
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "htm-studio"


def size_limit() -> int:
    """Bytes that the files of all runs may take.

    Raises
    ------
    HistoryError
        If the variable is no positive number.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(LIMIT_MB))
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = math.nan
    if not 0 < megabytes < 1e9:
        raise HistoryError(f"{LIMIT_VARIABLE} must be a number of megabytes, not {text!r}.")
    return int(megabytes * 2**20)


def run_of(row: tuple[Any, ...]) -> Run:
    """A run from a row of ``COLUMNS``."""
    values = list(row)
    values[2] = bool(values[2])
    try:
        values[8], values[9] = json.loads(values[8]), json.loads(values[9])
    except ValueError as exc:
        raise HistoryError(f"The settings of run {values[0]} cannot be read.") from exc
    return Run(*values)


def named(name: str) -> str:
    """A name fit to show: one line, not empty, not endless."""
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return text[:LONGEST_NAME] or "Unnamed run"


def locked(path: Path) -> IO[bytes]:
    """A file that is locked as long as this process lives and keeps it open."""
    file = path.open("wb")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def lives(path: Path) -> bool:
    """Whether a process holds the lock on its file; one that is left over is removed."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextlib.contextmanager
def explained(folder: Path | None) -> Iterator[None]:
    """Turn the database's errors into sentences.

    Raises
    ------
    HistoryError
    """
    try:
        yield
    except sqlite3.Error as exc:
        text, where = str(exc).lower(), f"The history in {folder}"
        if "locked" in text or "busy" in text:
            said = f"{where} is being written by another program; try again in a moment."
        elif "full" in text:
            said = f"{where} cannot grow: the disk is full. Delete runs or free some room."
        elif "readonly" in text or "unable to open" in text or "disk i/o" in text:
            said = f"{where} cannot be written ({exc})."
        elif isinstance(exc, sqlite3.DatabaseError) and (
            "malformed" in text or "not a database" in text
        ):
            said = f"{where} is damaged; it was left as it is."
        else:
            said = f"{where} cannot be used ({exc})."
        raise HistoryError(said) from exc
