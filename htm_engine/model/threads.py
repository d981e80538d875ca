"""How many threads a matrix product takes: one, unless it is large enough to share.

BLAS shares every product among all cores.  For the small matrices of a network that costs
more than it gives: threads spin while they wait, and beside a busy core they wait for it.
``benchmarks/fit_speed.py`` measures a step of training by either number.  Here, within the
library, the number is bounded while the network works, and put back afterwards::

    with bounded(work):      work: multiplications of the largest product
        ...                  fewer than SHARED: one thread; more: as many as there were

Threads are a setting of the whole process: while any of those who work asks for one thread,
all have one, and the last who leaves puts back what there was.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

#: Multiplications of one product from which further threads may gain.  Up to 1.7e9 two threads
#: take 2.0 to 5 times the processor time of one, so they could not gain on an idle machine.
SHARED = 1 << 32

Made = TypeVar("Made")
Method = TypeVar("Method", bound=Callable[..., Any])


class _Bound:
    """How many are within, and what to put back once nobody is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.within, self.known = 0, -1
        self.libraries: list[Any] = []
        self.before: list[int] = []

    def enter(self) -> None:
        """One more works with one thread."""
        with self.lock:
            self.within += 1
            if self.within > 1:
                return
            # Libraries are found by a walk over all that is loaded: only if more is by now.
            if self.known != len(sys.modules):
                self.libraries = ThreadpoolController().select(user_api="blas").lib_controllers
                self.known = len(sys.modules)
            self.before = [library.get_num_threads() for library in self.libraries]
            self.set([1] * len(self.before))

    def leave(self) -> None:
        """One fewer; the last puts back what there was."""
        with self.lock:
            self.within -= 1
            if not self.within:
                self.set(self.before)

    def set(self, numbers: list[int]) -> None:
        """So many threads for each library."""
        for library, number in zip(self.libraries, numbers, strict=True):
            # threadpoolctl lets but one thread of Python at a time set OpenBLAS's number, as
            # several would undo each other; here who comes and goes is counted instead.
            release = getattr(library, "clear_controlling_thread", lambda **_: None)
            release(force=True)
            library.set_num_threads(number)
            release(force=True)


_BOUND = _Bound()


@contextmanager
def bounded(work: int = 0) -> Iterator[None]:
    """One thread for BLAS within, unless the largest product has ``work >= SHARED``."""
    if work >= SHARED:
        yield
        return
    _BOUND.enter()
    try:
        yield
    finally:
        _BOUND.leave()


def one_thread(method: Method) -> Method:
    """A function whose products are all small, as one that runs :func:`bounded`."""

    @wraps(method)
    def within(*args: Any, **kwargs: Any) -> Any:
        with bounded():
            return method(*args, **kwargs)

    return within  # type: ignore[return-value]


def each_bounded(steps: Generator[Any, None, Made], work: int = 0) -> Generator[Any, None, Made]:
    """The same steps, each :func:`bounded`; between two of them threads are as they were."""
    while True:
        with bounded(work):
            try:
                step = next(steps)
            except StopIteration as end:
                result: Made = end.value
                return result
        yield step
