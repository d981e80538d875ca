"""The history of runs: what was trained, how it went, and what came of it, in SQLite.

::

    create ──► points, checkpoint, points, checkpoint ... ──► end     (one training)
    runs / get / curve / model        what the page of runs and links ask for
    rename / star / delete / restore  what people do with it

    HTM_STUDIO_DATA/
        history.sqlite3     table runs, a row a run; points, a row a point of a curve; notices
        blobs/              models and checkpoints by content (``runfiles``)
        owners/             a locked file for each living process

Every change is one transaction and files are complete before a row names them, so a process
may be killed at any moment.  Whether the process that trained still lives is told by a lock
on its file in ``owners/``, which the system lets go of however it died; a run that nobody
trains any more is *interrupted* from then on.  A database that is damaged is never touched.
"""

from __future__ import annotations

import contextlib
import json
import math
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ..errors import HistoryError
from .blobs import RunFiles
from .schema import (
    COLUMNS,
    FILE,
    SCHEMA,
    STATES,
    VERSION,
    Run,
    data_folder,
    explained,
    lives,
    locked,
    named,
    run_of,
    size_limit,
)

__all__ = ["History", "HistoryError", "Run", "data_folder", "size_limit"]

#: Seconds for which a deleted run can be brought back.
UNDO_SECONDS = 7 * 86_400.0
#: Seconds to wait for another process that writes.
PATIENCE = 10.0


class History:
    """The runs of one folder; safe to use from several threads and processes.

    Parameters
    ----------
    folder : path or None
        Made if need be; None keeps everything in memory.
    limit : int or None
        Bytes that files may take; None asks :func:`size_limit`.

    Raises
    ------
    HistoryError
        If the folder cannot be written, or the database is damaged, of a later version, or
        locked for longer than ``PATIENCE``; nothing is changed then.
    """

    def __init__(self, folder: Path | None, limit: int | None = None) -> None:
        self.folder, self.limit = folder, size_limit() if limit is None else limit
        self.files = RunFiles(None if folder is None else folder / "blobs")
        self._lock, self._owner = threading.RLock(), secrets.token_hex(8)
        self._alive: IO[bytes] | None = None
        self._left: list[str] = []  # files whose rows a transaction lets go
        try:
            if folder is not None:
                (folder / "owners").mkdir(parents=True, exist_ok=True, mode=0o700)
                self._alive = locked(folder / "owners" / self._owner)
            self._db = sqlite3.connect(
                ":memory:" if folder is None else folder / FILE,
                timeout=PATIENCE,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as exc:
            self._let_go()
            raise HistoryError(f"The folder {folder} cannot hold the history: {exc}.") from exc
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the database go; runs of this process that still go on count as interrupted."""
        with self._lock:  # closing while another thread reads would end the process
            self._db.close()
            self._let_go()

    # ---------------------------------------------------------------- recording
    def create(
        self, name: str, data: str, data_fingerprint: str, settings: Mapping[str, Any]
    ) -> str:
        """A new run that this process trains; its id."""
        run, now = secrets.token_urlsafe(12), time.time()
        about = data, data_fingerprint, json.dumps(settings, sort_keys=True)
        with self._change() as db:
            db.execute(
                "INSERT INTO runs (id, name, created, changed, state, owner, data, "
                "data_fingerprint, settings) VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?)",
                (run, named(name), now, now, self._owner, *about),
            )
        return run

    def take_over(self, run: str) -> None:
        """Make this process the one that trains a run, after an interruption."""
        with self._change() as db:
            self._set(db, run, state="running", owner=self._owner, error="")
            # What came after the checkpoint is trained, and measured, again.
            db.execute(
                "DELETE FROM points WHERE run = ? AND step > "
                "(SELECT checkpoint_step FROM runs WHERE id = ?)",
                (run, run),
            )

    def progress(
        self,
        run: str,
        points: Iterable[tuple[bool, int, float]],
        *,
        seconds: float,
        step: int,
        total: int,
        checkpoint: bytes | None = None,
    ) -> None:
        """Write what a run did since the last time, in one piece.

        Parameters
        ----------
        points : iterable of (held, step, error)
            Errors of batches, or of held-out pictures.
        seconds : float
            Time spent working, all together.
        checkpoint : bytes, optional
            Takes the place of the one before.
        """
        with self._change() as db:
            # First, as it says so if the run was removed meanwhile.
            self._set(db, run, seconds=seconds, step=step, total=total)
            self._add_points(db, run, points)
            if checkpoint is not None:
                self._set_file(db, run, "checkpoint", checkpoint)
                self._set(db, run, checkpoint_step=step)
        if checkpoint is not None:
            self.make_room()

    def end(
        self,
        run: str,
        state: str,
        *,
        model: bytes | None = None,
        fingerprint: str = "",
        figures: Mapping[str, float] | None = None,
        settings: Mapping[str, Any] | None = None,
        error: str = "",
    ) -> None:
        """Write how a run ended; with a model its checkpoint is not needed any more."""
        if state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, got {state!r}")
        with self._change() as db:
            self._set(db, run, state=state, error=error)
            if settings is not None:
                self._set(db, run, settings=json.dumps(settings, sort_keys=True))
            if figures is not None:
                self._set(db, run, figures=json.dumps(dict(figures), sort_keys=True))
            if model is not None:
                self._set_file(db, run, "model", model)
                self._set_file(db, run, "checkpoint", None)
                self._set(db, run, fingerprint=fingerprint)
        self.make_room()

    # ------------------------------------------------------------------ reading
    def runs(self, *, deleted: bool = False) -> list[Run]:
        """All runs, newest first; the deleted ones if that is asked for."""
        self._find_interrupted()
        where = "deleted IS NOT NULL" if deleted else "deleted IS NULL"
        rows = self._read(f"SELECT {COLUMNS} FROM runs WHERE {where} ORDER BY created DESC")
        return [run_of(row) for row in rows]

    def get(self, run: str) -> Run | None:
        """One run by its id; None if there is none, or it was deleted."""
        self._find_interrupted()
        rows = self._read(f"SELECT {COLUMNS} FROM runs WHERE id = ? AND deleted IS NULL", run)
        return run_of(rows[0]) if rows else None

    def by_fingerprint(self, fingerprint: str) -> Run | None:
        """The newest run whose model has this fingerprint; None if there is none."""
        rows = self._read(
            f"SELECT {COLUMNS} FROM runs WHERE fingerprint = ? AND fingerprint != '' "
            "AND model IS NOT NULL AND deleted IS NULL ORDER BY created DESC LIMIT 1",
            fingerprint,
        )
        return run_of(rows[0]) if rows else None

    def curve(self, run: str, held: bool = False) -> tuple[list[int], list[float]]:
        """Steps and errors of batches, or of held-out pictures."""
        rows = self._read(
            "SELECT step, value FROM points WHERE run = ? AND held = ? ORDER BY step",
            run,
            int(held),
        )
        return [row[0] for row in rows], [row[1] for row in rows]

    def total_bytes(self) -> int:
        """Bytes of the models and checkpoints of all runs, deleted ones too."""
        rows = self._read(  # UNION leaves out what several runs share
            "SELECT COALESCE(SUM(size), 0) FROM (SELECT model, model_bytes AS size FROM runs "
            "UNION SELECT checkpoint, checkpoint_bytes FROM runs)"
        )
        return int(rows[0][0])

    def notices(self) -> list[str]:
        """What the history did by itself and people should know, oldest first."""
        return [row[0] for row in self._read("SELECT text FROM notices ORDER BY at")]

    # ----------------------------------------------------------- what people do
    def rename(self, run: str, name: str) -> None:
        """Give a run another name."""
        with self._change() as db:
            self._set(db, run, name=named(name))

    def star(self, run: str, star: bool) -> None:
        """Keep a run when room is needed, or no longer."""
        with self._change() as db:
            self._set(db, run, star=int(star))

    def delete(self, runs: Iterable[str]) -> None:
        """Put runs away; until ``UNDO_SECONDS`` have passed, or room is needed, they can come back.

        A run that goes on is not deleted.
        """
        with self._change() as db:
            for run in runs:
                db.execute(
                    "UPDATE runs SET deleted = ? WHERE id = ? AND state != 'running'",
                    (time.time(), run),
                )

    def restore(self, runs: Iterable[str]) -> None:
        """Bring deleted runs back."""
        with self._change() as db:
            for run in runs:
                db.execute("UPDATE runs SET deleted = NULL WHERE id = ?", (run,))

    def forget_notices(self) -> None:
        """Remove the notices, once they were read."""
        with self._change() as db:
            db.execute("DELETE FROM notices")

    def make_room(self) -> list[str]:
        """Remove runs until files fit the limit, and say which; their notices.

        Deleted runs go first, then the oldest without a star; starred and running ones stay.
        """
        said = []
        with self._change() as db:
            while self.total_bytes() > self.limit:
                rows = db.execute(
                    "SELECT id, name, deleted FROM runs WHERE (star = 0 OR deleted IS NOT NULL) "
                    "AND state != 'running' AND model_bytes + checkpoint_bytes > 0 "
                    "ORDER BY deleted IS NULL, created LIMIT 1"
                ).fetchall()
                if not rows:
                    break
                run, name, deleted = rows[0]
                self._purge(db, run)
                if deleted is None:
                    said.append(
                        f"The run “{name}” was removed to make room: runs may take "
                        f"{self.limit / 2**20:,.0f} MB, and it was the oldest without a star."
                    )
                    db.execute("INSERT INTO notices VALUES (?, ?)", (time.time(), said[-1]))
        return said

    # ------------------------------------------------------------------- inside
    def _open(self) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        found = self._read("PRAGMA quick_check(1)")
        if found != [("ok",)]:
            raise HistoryError(f"The history in {self.folder} is damaged; it was left as it is.")
        self._read("PRAGMA journal_mode = WAL")
        self._read("PRAGMA synchronous = NORMAL")  # with WAL a kill loses nothing
        with self._change() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise HistoryError(
                    f"The history in {self.folder} was written by a later version; "
                    "it was left as it is."
                )
            if version == 0:
                for statement in filter(str.strip, SCHEMA.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            old = time.time() - UNDO_SECONDS
            for (run,) in db.execute("SELECT id FROM runs WHERE deleted < ?", (old,)).fetchall():
                self._purge(db, run)
            rows = db.execute("SELECT model, checkpoint FROM runs").fetchall()
            self.files.sweep({name for row in rows for name in row if name})
        self._find_interrupted()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction; other threads and processes see all of it or nothing."""
        with self._lock, explained(self.folder):
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._left.clear()
                raise
            self._remove_left()

    def _remove_left(self) -> None:
        """Remove files of rows that are written: a kill before would leave rows without files."""
        with contextlib.suppress(sqlite3.Error, HistoryError, OSError):  # the next sweep does
            if self._left:
                self._db.execute("BEGIN IMMEDIATE")  # nobody takes up the same content meanwhile
            for name in self._left:
                if not self._read("SELECT 1 FROM runs WHERE ? IN (model, checkpoint)", name):
                    self.files.remove(name)
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._left.clear()

    def _read(self, query: str, *values: Any) -> list[Any]:
        with self._lock, explained(self.folder):
            return self._db.execute(query, values).fetchall()

    def _set(self, db: sqlite3.Connection, run: str, **values: Any) -> None:
        values["changed"] = time.time()
        names = ", ".join(f"{name} = ?" for name in values)
        if not db.execute(
            f"UPDATE runs SET {names} WHERE id = ?", (*values.values(), run)
        ).rowcount:
            raise HistoryError("This run is not in the history any more.")

    def _set_file(self, db: sqlite3.Connection, run: str, kind: str, data: bytes | None) -> None:
        """Inside a transaction, so that no other process removes the file as left over."""
        (old,) = db.execute(f"SELECT {kind} FROM runs WHERE id = ?", (run,)).fetchone() or (None,)
        name = None if data is None else self.files.put(data)
        self._set(db, run, **{kind: name, f"{kind}_bytes": len(data or b"")})
        self._left += [old] if old else []

    def _purge(self, db: sqlite3.Connection, run: str) -> None:
        names = db.execute("SELECT model, checkpoint FROM runs WHERE id = ?", (run,)).fetchone()
        db.execute("DELETE FROM runs WHERE id = ?", (run,))
        self._left += filter(None, names or ())

    @staticmethod
    def _add_points(
        db: sqlite3.Connection, run: str, points: Iterable[tuple[bool, int, float]]
    ) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?)",
            [(run, int(held), step, value) for held, step, value in points if math.isfinite(value)],
        )

    def _find_interrupted(self) -> None:
        if self.folder is None:
            return
        owners = {row[0] for row in self._read("SELECT owner FROM runs WHERE state = 'running'")}
        gone = [o for o in owners - {self._owner} if not lives(self.folder / "owners" / o)]
        if gone:
            with self._change() as db:
                for owner in gone:
                    db.execute(
                        "UPDATE runs SET state = 'interrupted' WHERE state = 'running' "
                        "AND owner = ?",
                        (owner,),
                    )

    def _let_go(self) -> None:
        if self._alive is not None and self.folder is not None:
            (self.folder / "owners" / self._owner).unlink(missing_ok=True)
            self._alive.close()
