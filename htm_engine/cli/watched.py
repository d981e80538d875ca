"""How far the storing of a table is, seen from the stream that it is read from.

::

    reads go on                   reading 40%
    none since the last byte      coding, 2 min 5 s so far
    none since it was wound back  reading back to compare, about 30%

Reading back takes about as long as coding did.  Nothing inside of the coder is asked: a stream
that rests at its end, or at its begin once that was seen, tells which of them goes on.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO, cast

from .progress import Told, duration

#: Seconds between two sentences, and without a read from which on something else is at work.
_EVERY, _RESTS = 0.2, 1.0


class Watched:
    """A stream of bytes that knows where it stands, and since when."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream, self._length = stream, length
        self._at, self._since = 0, time.monotonic()
        self._coding: float | None = None

    def read(self, size: int = -1) -> bytes:
        """As of the stream."""
        content = self._stream.read(size)
        self._at, self._since = self._at + len(content), time.monotonic()
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of the stream."""
        now = time.monotonic()
        if self._at >= self._length and now - self._since > _RESTS:
            self._coding = now - self._since
        self._at, self._since = self._stream.seek(offset, whence), now
        return self._at

    def says(self) -> tuple[float, str]:
        """The part that is done of what goes on, and that in words."""
        rested = time.monotonic() - self._since
        if self._coding is not None and (rested > _RESTS or not self._at):
            part = min(0.99, rested / self._coding)
            return part, f"reading back to compare, about {part:.0%}"
        if rested > _RESTS and self._at >= self._length:
            return 0.0, f"coding, {duration(rested)} so far"
        part = self._at / max(1, self._length)
        return part, f"{'reading' if self._coding is None else 'comparing'} {part:.0%}"


@contextlib.contextmanager
def watched(stream: BinaryIO, length: int, told: Told) -> Iterator[BinaryIO]:
    """A stream of so many bytes that is told of while it is worked on, from a thread beside."""
    seen, over = Watched(stream, length), threading.Event()

    def tell() -> None:
        # A terminal that is closed meanwhile is told nothing more; the work goes on.
        with contextlib.suppress(OSError):
            while not over.wait(_EVERY):
                told(*seen.says())

    beside = threading.Thread(target=tell, daemon=True)
    beside.start()
    try:
        yield cast(BinaryIO, seen)
    finally:
        over.set()
        beside.join()
