"""Progress of long work on a terminal: one line rewritten; elsewhere, a line now and then."""

from __future__ import annotations

import time
from typing import Protocol, TextIO


class Told(Protocol):
    """Is told how far work is, and in words what it does where it is not always the same."""

    def __call__(self, part: float, doing: str = "") -> None:
        """Hear of a part from 0 to 1."""


def untold(part: float, doing: str = "") -> None:
    """Say nothing: where others say how far all is."""


class Progress:
    """Writes to ``stream``, usually standard error.

    Parameters
    ----------
    stream : file of text
        A terminal gets one line that changes, anything else whole lines.
    every : float
        Least seconds between two writings of the changing line.
    """

    def __init__(self, stream: TextIO, every: float = 0.1) -> None:
        self.stream, self.every = stream, every
        self.live = stream.isatty()
        self._last, self._began = 0.0, time.monotonic()
        self._open = False

    def show(self, text: str, milestone: bool = False) -> None:
        """Show where the work stands; without a terminal only milestones are written."""
        now = time.monotonic()
        if self.live and (milestone or now - self._last >= self.every):
            self.stream.write(f"\r\x1b[K{text}")
            self.stream.flush()
            self._last, self._open = now, True
        elif milestone and not self.live:
            self.say(text)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.close()
        self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        """End the changing line, if there is one."""
        if self._open:
            self.stream.write("\n")
            self._open = False

    def left(self, part: float) -> str:
        """How long the rest will take, with this part done.

        >>> import io
        >>> Progress(io.StringIO()).left(0)
        'time left unknown'
        """
        if part <= 0:
            return "time left unknown"
        seconds = (time.monotonic() - self._began) * (1 - part) / part
        return f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """Time in the largest fitting units.

    >>> duration(8.31), duration(95), duration(7300)
    ('8 s', '1 min 35 s', '2 h 1 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
