"""Files named by their content: models and checkpoints beside the history of runs.

::

    put(data)  ──►  blobs/ab/ab12...   (SHA-256 in hex; equal content is stored once)
    get(name)  ◄──  checked against its name, so damage is found and never used

A file is written under a temporary name, flushed to the disk and then renamed: whoever is
killed in between leaves a ``.part``, never half a file under a full name.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from ..errors import HistoryError

#: Seconds after which a file that nothing refers to is left over, and not just being written.
LEFT_OVER = 3600.0


class RunFiles:
    """Bytes by their SHA-256.

    Parameters
    ----------
    folder : path or None
        Where the files lie; None keeps them in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Store bytes; their name.

        Raises
        ------
        HistoryError
            If the disk is full or cannot be written.
        """
        name = hashlib.sha256(data).hexdigest()
        if self._folder is None:
            self._memory[name] = data
            return name
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as exc:
            raise HistoryError(f"A file of a run cannot be written: {exc.strerror}.") from exc
        return name

    def get(self, name: str) -> bytes:
        """Bytes of a name; the inverse of :meth:`put`.

        Raises
        ------
        HistoryError
            If there is no such file, or it is damaged.
        """
        try:
            data = self._memory[name] if self._folder is None else self._path(name).read_bytes()
        except (KeyError, OSError) as exc:
            raise HistoryError("The file of this run is not there any more.") from exc
        if hashlib.sha256(data).hexdigest() != name:
            raise HistoryError("The file of this run is damaged.")
        return data

    def remove(self, name: str) -> None:
        """Forget a file; one that is gone already is no error."""
        self._memory.pop(name, None)
        if self._folder is not None:
            self._path(name).unlink(missing_ok=True)

    def sweep(self, kept: Collection[str]) -> int:
        """Remove what nothing refers to and what was never finished; how many files."""
        removed = 0
        for path in list(self._all()):
            try:
                if path.name not in kept and time.time() - path.stat().st_mtime > LEFT_OVER:
                    path.unlink()
                    removed += 1
            except OSError:  # another process was quicker
                continue
        return removed

    def _all(self) -> Iterator[Path]:
        if self._folder is not None and self._folder.is_dir():
            yield from (path for path in self._folder.glob("??/*") if path.is_file())

    def _path(self, name: str) -> Path:
        if self._folder is None or len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise HistoryError("This is not the name of a stored file.")
        return self._folder / name[:2] / name
