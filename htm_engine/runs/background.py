"""Work that goes on while a page is drawn: any iterator, a step at a time, in a thread.

::

    caller's thread                 the job's thread
    start / pause / step_once ──►   wait for leave to go on, and for a place in the pool
    stop / cancel                   item = next(steps)
    state, items  ◄──────────────   keep the item under the lock

Nothing here knows what the steps do, and nothing polls: every wait is on the pool's one
condition.  A job whose ``abandon_after`` passes without :meth:`Background.look` pauses
and gives its place to others; the next look lets it go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

from ..errors import Cancelled, HTMError

#: States in which a job's thread is over.
OVER = ("finished", "stopped", "failed")
#: Seconds unseen after which even a paused job ends, so that it holds no memory.
FORGET_AFTER = 1800.0
#: Seconds a job keeps its place while others wait in line; then it lines up again itself.
TURN = 5.0
#: Seconds for which a job waits at most, before a step, while somebody's page is drawn.
WAY = 0.1

_LOG = logging.getLogger(__name__)


class Pool:
    """Lets at most ``limit`` jobs work at once; others wait in line and get their turns.

    While somebody waits, a job gives its place away after ``TURN`` seconds, between two
    steps, so that a long job keeps nobody out until it is over.

    Parameters
    ----------
    limit : int
        Jobs at work at the same time.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: The same for jobs whose steps worker processes take; they keep no others out.
        self.away = limit
        #: Guards the pool and the small state of its jobs; notified on every change.
        self.changed = threading.Condition(threading.RLock())
        self._working: list[Background] = []
        self._waiting: list[Background] = []
        self._since: dict[Background, float] = {}  # when those at work got their places
        self._pages = 0

    @contextmanager
    def first(self) -> Iterator[None]:
        """While this lasts, jobs give way between two steps; for who waits for an answer.

        Python runs one thread at a time: a page that is drawn beside jobs gets but its share.
        """
        with self.changed:
            self._pages += 1
        try:
            yield
        finally:
            with self.changed:
                self._pages -= 1
                self.changed.notify_all()

    def give_way(self) -> None:
        """Wait while pages are drawn, for a moment; called under the lock."""
        if self._pages:
            self.changed.wait_for(lambda: not self._pages, WAY)

    @property
    def jobs(self) -> int:
        """How many jobs are at work or in line."""
        return len(self._working) + len(self._waiting)

    def admits(self, job: Background) -> bool:
        """Whether a job may work now; otherwise it is in line afterwards."""
        most = self.away if job.away else self.limit
        if job in self._working:
            fits = len(_alike(self._working, job)) <= most  # one that came home may be too many
            kept = time.monotonic() - self._since[job] < TURN
            if fits and (kept or not _alike(self._waiting, job)):
                return True
            self.leave(job)
        if job not in self._waiting:
            self._waiting.append(job)
        if _alike(self._waiting, job)[0] is not job or len(_alike(self._working, job)) >= most:
            return False
        self._waiting.remove(job)
        self._working.append(job)
        self._since[job] = time.monotonic()
        self.changed.notify_all()  # the next in line may find a place, too
        return True

    def leave(self, job: Background) -> None:
        """Give a job's place, or place in line, to others."""
        for group in (self._working, self._waiting):
            if job in group:
                group.remove(job)
                self.changed.notify_all()
        self._since.pop(job, None)

    def position(self, job: Background) -> int:
        """Place in line from 1; 0 for a job that is not waiting."""
        return _alike(self._waiting, job).index(job) + 1 if job in self._waiting else 0


def _alike(jobs: list[Background], job: Background) -> list[Background]:
    """Those that share their places with a job."""
    return [other for other in jobs if other.away == job.away]


#: The pool of this process; every visitor's jobs share it.
POOL = Pool(2)


class Background:
    """An iterator worked through in a daemon thread.

    Parameters
    ----------
    steps : callable
        Makes the iterator; called in the job's thread.
    name : str
        Shown to people.
    progress : callable, optional
        Tells an item's progress, 0 to 1.
    pool : Pool
        Whose places the job shares.
    abandon_after : float or None
        Seconds without a look after which the job pauses by itself.

    Attributes
    ----------
    items : list
        What the iterator has given so far; copy it before use in another thread.
    error : str
        One sentence on why it failed; empty otherwise.
    """

    def __init__(
        self,
        steps: Callable[[], Iterator[Any]],
        *,
        name: str = "",
        progress: Callable[[Any], float] | None = None,
        pool: Pool = POOL,
        abandon_after: float | None = None,
    ) -> None:
        self.name = name
        self.items: list[Any] = []
        self.error = ""
        self.seconds = 0.0
        self.progress = 0.0
        self.seen = time.monotonic()
        self.abandon_after = abandon_after
        #: Whether it paused because nobody looked.
        self.left = False
        #: Whether worker processes take its steps; changed by the job's thread, under the lock.
        self.away = False
        self._steps = steps
        self._progress = progress
        self._pool = pool
        self._changed = pool.changed
        self._state = "queued"
        self._allowance: int | None = 0  # steps it may take; None is no limit
        self._ending = ""  # "stop" or "cancel" once asked for
        self._thread: threading.Thread | None = None

    # ----------------------------------------------------------- from outside
    def start(self) -> None:
        """Begin, or go on; does nothing to a job that runs or is over."""
        self._allow(None)

    def resume(self) -> None:
        """Go on after a pause."""
        self._allow(None)

    def step_once(self) -> None:
        """Take exactly one step, beginning if need be; ignored unless paused or new."""
        with self._changed:
            if self._allowance is not None:
                self._allow(self._allowance + 1)

    def pause(self) -> None:
        """Wait after the step that is under way."""
        with self._changed:
            if self._thread is not None and not self.over:
                self._allowance, self.left = 0, False
                self._changed.notify_all()

    def stop(self) -> None:
        """End after the step that is under way, keeping what there is."""
        self._end("stop")

    def cancel(self) -> None:
        """End after the step that is under way; the result is not wanted."""
        self._end("cancel")

    def look(self) -> None:
        """Say that somebody is watching; lets a job go on that paused by itself."""
        with self._changed:
            self.seen = time.monotonic()
            if self.left and not self.over:
                self._allow(None)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the job is over or paused; False if the time ran out first."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.over or (self._state == "paused" and self._allowance == 0), timeout
            )

    @property
    def state(self) -> str:
        """One of queued, running, paused, finished, stopped, failed."""
        return self._state

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self._state in OVER

    @property
    def ending(self) -> bool:
        """Whether it was asked to end."""
        return bool(self._ending)

    @property
    def pausing(self) -> bool:
        """Whether it will wait once the step under way is done."""
        return self._allowance == 0 and self._state == "running"

    @property
    def position(self) -> int:
        """Place in line, from 1; 0 if the job is not waiting for others."""
        with self._changed:
            return self._pool.position(self)

    def _allow(self, steps: int | None) -> None:
        with self._changed:
            if self.over or self._ending:
                return
            self._allowance, self.left, self.seen = steps, False, time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name=self.name)
                self._thread.start()
            self._changed.notify_all()

    def _end(self, how: str) -> None:
        with self._changed:
            if self.over or self._ending == "cancel":
                return
            self._ending = how
            if self._thread is None:
                self._state, self._steps = "stopped", _none
            self._changed.notify_all()

    # ------------------------------------------------------ in the job's thread
    def _run(self) -> None:
        state = "failed"
        try:
            with closing(_generator(self._steps())) as steps:
                while self._turn():
                    began = time.perf_counter()
                    item = next(steps, _END)
                    if item is _END:
                        break
                    with self._changed:
                        self.seconds += time.perf_counter() - began
                        self._take(item)
            if self._ending != "cancel":
                with self._changed:
                    self._set_state("running")  # a paused job works again to end well
                self._finish(bool(self._ending))
            state = "stopped" if self._ending else "finished"
        except Cancelled:
            state = "stopped"
        except (Exception, SystemExit) as exc:  # whatever it is, a page must be able to say it
            self.error = sentence(exc)
            if not isinstance(exc, HTMError | ValueError):
                _LOG.exception("background job %r failed", self.name)
        finally:
            try:
                self._close(state)
            finally:
                with self._changed:
                    # What it was made from, such as an upload's bytes, is not needed any more.
                    self._state, self._steps = state, _none
                    self.progress = 1.0 if state == "finished" else self.progress
                    self._pool.leave(self)
                    self._changed.notify_all()

    def _turn(self) -> bool:
        """Wait until the next step may be taken; False if there shall be none."""
        with self._changed:
            if self._allowance is None and self._gives_way:  # who steps by hand waits for the step
                self._pool.give_way()
            while not self._ending:
                self._between()
                unseen = time.monotonic() - self.seen
                patience = None if self.abandon_after is None else self.abandon_after - unseen
                if self._allowance != 0 and patience is not None and patience <= 0:
                    self._allowance, self.left = 0, True
                if self._allowance == 0:
                    self._pool.leave(self)
                    self._set_state("paused")
                    if self.abandon_after is not None and unseen > FORGET_AFTER:
                        self._ending = "stop"
                        break
                    self._changed.wait(None if self.abandon_after is None else FORGET_AFTER)
                elif self._pool.admits(self):
                    self._set_state("running")
                    if self._allowance is not None:
                        self._allowance -= 1
                    return True
                else:
                    self._set_state("queued")
                    self._changed.wait(patience)
            return False

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._changed.notify_all()

    # --------------------------------------------------- what a kind of job adds
    @property
    def _gives_way(self) -> bool:
        """Whether its steps keep pages waiting, so that it waits for them."""
        return True

    def _take(self, item: Any) -> None:
        """Keep one item; called under the lock."""
        self.items.append(item)
        if self._progress is not None:
            self.progress = self._progress(item)

    def _between(self) -> None:
        """Called under the lock before a step, and whenever something changed while waiting."""

    def _finish(self, early: bool) -> None:
        """Called in the job's thread after the last step, unless it was cancelled."""

    def _close(self, state: str) -> None:
        """Called in the job's thread however it ended, before anybody is told."""


_END = object()


def _none() -> Iterator[Any]:
    """The steps of a job that is over."""
    return iter(())


def _generator(steps: Iterator[Any]) -> Generator[Any, None, None]:
    """Any iterator as a generator, whose ``close`` ends a generator inside at once."""
    yield from steps


def sentence(exc: BaseException) -> str:
    """One sentence for people on what went wrong."""
    if isinstance(exc, MemoryError):
        return "There is not enough memory for this; use fewer pictures or smaller layers."
    lines = str(exc).strip().splitlines()
    if isinstance(exc, HTMError | ValueError) and lines:
        return lines[0] if lines[0].endswith((".", "!", "?")) else lines[0] + "."
    return f"Something went wrong inside ({type(exc).__name__}); the settings may not fit the data."
