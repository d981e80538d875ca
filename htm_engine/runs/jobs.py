"""A training run in the background: watch it, pause it, step through it, keep its model.

::

    job = TrainingJob(HTM.from_preset("quick"), X)
    job.start()
    job.snapshot().progress          # any time, from any thread
    job.peek().reconstruct(X[:8])    # by a copy of the model as it is now
    job.stop(); job.join(); job.result.save("model.npz")

The thread alone touches the model while it learns; who peeks gets a copy that the thread
makes between two steps.  Once the units have learned, that copy is the model but for its
tables, which come last and can be skipped.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..errors import Cancelled
from ..estimator.network import HTM
from ..model.choosing import largest
from ..model.layer import LayerSpec
from ..model.training import LoopState, TrainStep
from . import memory
from .background import POOL, Background, Pool

#: Points of a curve that a snapshot carries at most.
CURVE_POINTS = 600
#: Seconds a caller waits at most for a copy of the model.
PEEK_WAIT = 5.0
#: Part of the progress that the units take; the tables have the rest.
UNITS = 0.9
#: Steps, and seconds of them, from which their pace is told.
FEWEST_STEPS, SHORTEST = 20, 2.0
#: Pictures that the file's tables are measured on where training was stopped early, at most.
FIRST = 4096

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JobSnapshot:
    """How a training job stands.

    Attributes
    ----------
    name, state : str
        State is queued, running, paused, finished, stopped or failed.
    step : TrainStep or None
        The last step taken.
    progress : float
        0 to 1.
    seconds : float
        Time spent working; pauses do not count.
    eta : float or None
        Seconds until the units have taken all their steps, if training does not stop early;
        None where nobody can say: at the beginning, while other jobs take their turns, and
        for the tables.
    position : int
        Place in line, from 1; 0 if not waiting for other jobs.
    left : bool
        Whether it paused because nobody looked.
    steps, errors : ndarray
        Batch error after each step; thinned, every point one that was measured.
    held_steps, held_errors : ndarray
        Error on held-out pictures.
    error : str
        Why it failed, in a sentence.
    """

    name: str
    state: str
    step: TrainStep | None
    progress: float
    seconds: float
    eta: float | None
    position: int
    left: bool
    steps: Floats
    errors: Floats
    held_steps: Floats
    held_errors: Floats
    error: str

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("finished", "stopped", "failed")

    @property
    def usage(self) -> tuple[Floats, ...]:
        """Share of recent wins of every unit, a level each, bottom first."""
        return () if self.step is None else self.step.usage

    @property
    def dead(self) -> tuple[int, ...]:
        """Units that no longer win, a level each."""
        return () if self.step is None else self.step.dead

    @property
    def learned(self) -> bool:
        """Whether the units have learned, and only tables are still to come."""
        return self.step is not None and self.step.phase != "units"

    @property
    def stage_done(self) -> float:
        """Part done, 0 to 1, of the steps of the units, or once they have learned, of the tables.

        Where training stops early, the steps end before they are all done.
        """
        if self.step is None or self.over:
            return float(self.state == "finished")
        if self.learned:
            return (self.progress - UNITS) / (1 - UNITS)
        return self.step.step / max(1, self.step.total)


class TrainingJob(Background):
    """Trains a fresh copy of a network in the background.

    Parameters
    ----------
    model : HTM
        Its settings are used; it is never changed itself.
    X : array (n, ...)
        Pictures or rows.
    name : str
        Shown to people.
    pool, abandon_after
        See :class:`~htm_engine.runs.background.Background`.
    """

    def __init__(
        self,
        model: HTM,
        X: Any,
        *,
        name: str = "",
        pool: Pool = POOL,
        abandon_after: float | None = None,
    ) -> None:
        super().__init__(self._train, name=name, pool=pool, abandon_after=abandon_after)
        self.model: HTM = clone(model)
        self._X = X
        self._last: TrainStep | None = None
        self._first: tuple[float, int] | None = None  # seconds and number of the first step
        self._curve = (array("d"), array("d"))
        self._held = (array("d"), array("d"))
        self._copy: HTM | None = None
        self._copy_wanted = False
        #: Whether the tables that are still to come are not wanted.
        self.skipped = False

    # --------------------------------------------------------------- watching
    def snapshot(self) -> JobSnapshot:
        """How the job stands; counts as a look."""
        with self._changed:
            self.look()
            curve, held = _arrays(self._curve), _arrays(self._held)
            values = (
                self.name,
                self._state,
                self._last,
                self.progress,
                self.seconds,
                self._eta(),
                self._pool.position(self),
                self.left,
            )
        return JobSnapshot(*values, *thin(*curve), *thin(*held), self.error)

    @property
    def result(self) -> HTM | None:
        """The trained model once the job is over; None if it was cancelled or never began."""
        usable = self.state in ("finished", "stopped") and self._ending != "cancel"
        return self.model if usable and self._last is not None else None

    def peek(self, timeout: float = PEEK_WAIT) -> HTM | None:
        """A copy of the model between two steps, or None before the first one.

        While a step takes longer than ``timeout``, it is the copy made before; one of units
        that were still learning is not given once they have learned.
        """
        with self._changed:
            if self.over:
                return self.result
            if self._last is None:
                return None
            self._copy_wanted = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._copy_wanted or self.over, timeout)
            return self.result if self.over else self._copy

    def skip(self) -> None:
        """Do without the tables that are not learned yet; before that it does nothing."""
        with self._changed:
            self.skipped = self._last is not None and self._last.phase != "units"
            self._changed.notify_all()

    def _eta(self) -> float | None:
        step, first = self._last, self._first
        shared = self._pool.jobs > self._pool.limit
        if step is None or first is None or step.phase != "units" or self.over or shared:
            return None
        # Placing the units before the first step takes its own time and says nothing on pace.
        done, spent = step.step - first[1], self.seconds - first[0]
        if done < FEWEST_STEPS or spent < SHORTEST:
            return None
        return spent / done * (step.total - step.step)

    # ------------------------------------------------------ in the job's thread
    def _fits(self) -> None:
        """Fail in one sentence before memory runs out, and with it every visitor's work."""
        memory.check(*self._sizes())

    def _sizes(self) -> tuple[Sequence[LayerSpec], tuple[int, ...], int]:
        batch = self.model.batch_size or max(1, len(self._X) // 20)
        shape = np.shape(self._X)[1:]
        return self.model.layers or largest(shape), shape, batch

    def _needed(self) -> int:
        """Bytes that the training takes at its worst, besides the pictures."""
        return memory.needed(*self._sizes())

    def _train(self) -> Iterator[TrainStep]:
        self._fits()
        yield from self.with_tables(self.model.fit_steps(self._X))

    def with_tables(self, units: Iterator[TrainStep]) -> Iterator[TrainStep]:
        """Steps of the units, then of the tables, unless these are skipped."""
        for step in units:
            yield replace(step, progress=UNITS * step.progress)
        yield from self.tables()

    def take(self, item: TrainStep) -> None:
        """Note a step that was taken."""
        self._last, self.progress = item, item.progress
        if self._first is None:
            self._first = (self.seconds, item.step)
        if item.phase != "units" and item.progress == UNITS:
            # Of units that have learned: they can be used from here on, however long tables take.
            self._hand_over()
        for held, step, value in points_of(item):
            _append(self._held if held else self._curve, step, value)

    def _hand_over(self) -> None:
        """Give a copy of the model to whoever looks; called under the lock."""
        self._copy, self._copy_wanted = self.model.snapshot(), False

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return self._last is not None

    @property
    def loop(self) -> LoopState | None:
        """Where the units stand; None before the first step and once they have learned."""
        return None if self._last is None else self._last.loop

    def _take(self, item: Any) -> None:
        self.take(item)

    def _between(self) -> None:
        if not self._copy_wanted or self._last is None:
            return
        self._hand_over()
        self._changed.notify_all()

    def _finish(self, early: bool) -> None:
        if early and self._last is not None and self._last.phase == "units":
            self.model.settle()
            self.model.return_to_best()
            self.model.keep_for_tables(self._X, np.arange(min(len(self._X), FIRST)))
            for step in self.tables():
                with self._changed:
                    if self._ending == "cancel":
                        raise Cancelled("the model is not wanted any more")
                    self._take(step)
                    self._between()
        self.without_awaited()

    def without_awaited(self) -> None:
        """Whoever stops while tables are learned does without them, too."""
        for name in self.model.awaited if self._last is not None else ():
            setattr(self.model, name, False)
        self.model.forget_pending()

    def tables(self) -> Iterator[TrainStep]:
        """Learn the tables that are awaited, until that is skipped."""
        names = self.model.awaited
        if names:  # at once, as from here on the units can be used
            assert self._last is not None
            yield replace(self._last, phase=names[0], validation=None, progress=UNITS, loop=None)
        for name, part in self.model.table_steps():
            done = (names.index(name) + part) / len(names)
            assert self._last is not None
            progress = UNITS + (1 - UNITS) * done
            yield replace(self._last, phase=name, validation=None, progress=progress, loop=None)
            if self.skipped:
                return


def points_of(step: TrainStep) -> Iterator[tuple[bool, int, float]]:
    """What a step adds to the curves: whether of held-out pictures, its number, and the error.

    The end adds nothing: where it goes back to the best units, it repeats their error.
    """
    ended = step.loop is None and step.step > 0
    if step.phase != "units" or ended:
        return
    if np.isfinite(step.error):
        yield False, step.step, step.error
    if step.validation is not None:
        yield True, step.step, step.validation


def thin(x: Floats, y: Floats, most: int = CURVE_POINTS) -> tuple[Floats, Floats]:
    """At most ``most`` of a curve's own points: the ends, and the extremes of each stretch.

    Examples
    --------
    >>> x, y = thin(np.arange(10_000.0), np.zeros(10_000))
    >>> len(x) <= 600, x[0], x[-1]
    (True, np.float64(0.0), np.float64(9999.0))
    """
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), (most - 2) // 2 + 1).astype(int)
    keep = {0, len(x) - 1}
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        part = y[start:stop]
        keep.update((start + int(part.argmin()), start + int(part.argmax())))
    chosen = np.array(sorted(keep))
    return x[chosen], y[chosen]


def _append(curve: tuple[array[float], array[float]], step: int, value: float) -> None:
    """Add a point; a second one at the same step (after settling) takes its place."""
    if curve[0] and curve[0][-1] == step:
        curve[1][-1] = value
        return
    curve[0].append(step)
    curve[1].append(value)


def _arrays(curve: tuple[array[float], array[float]]) -> tuple[Floats, Floats]:
    """Copies, because a view would forbid the arrays to grow."""
    return np.array(curve[0], dtype=float), np.array(curve[1], dtype=float)
