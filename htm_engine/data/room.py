"""A bound on what all threads of a process hold at one time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Room:
    """Room for so much; who asks for more than is free waits until others are done.

    Whoever is alone gets what is asked for, whatever it is, so that nobody waits for ever.

    Examples
    --------
    >>> room = Room(10)
    >>> with room.of(8):
    ...     room.taken
    8
    """

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, amount: int, ask: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold some of the room as long as the block lasts.

        ``ask`` is called some ten times a second while it waits, and raises if nobody does.
        """
        with self._changed:
            while self.taken and self.taken + amount > self.most:
                self._changed.wait(None if ask is None else 0.1)
                if ask is not None:
                    ask()
            self.taken += amount
        try:
            yield
        finally:
            with self._changed:
                self.taken -= amount
                self._changed.notify_all()
