"""Training as a generator of steps.

The loop knows nothing of pages, threads or files: it yields after every batch, and
between two steps the learner can be used, saved, or left for good.  The first step that it
yields is the start itself, before anything was learned::

    for step in train(model, X):
        print(step.error, step.usage)      # callers draw; a step never does

It asks of the learner only what :class:`Learner` names, so it stands below the
network and is tested with a stub.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .shuffling import shuffled, window

#: Pictures that a learner sees before its first step, to place its units.
START_SAMPLE = 4096
#: Held-out pictures are measured on at most this many.
VALIDATION_LIMIT = 4000
#: Pictures learned from that the coder's tables are measured on at least.
FEWEST_LEARNED = 1024
#: Part of the epochs during which the temperature falls to its final value.
COOLING = 0.5
#: Steps of the first epoch after which held-out pictures are measured as well as at its end:
#: most is learned there.
EARLY = tuple(2**power for power in range(16))


@dataclass(frozen=True)
class LoopState:
    """Where the loop stands after a step: enough to go on as if it had never stopped.

    Attributes
    ----------
    epoch, within, done : int
        Epochs begun, batches of this epoch done, and steps done in all.
    order : dict
        State of the generator that shuffles, when the epoch began.
    best, error, validation : float or None
        Least error of an epoch, and the errors measured last.
    waited : int
        Epochs without gain.
    kept : bool
        Whether the learner keeps units that were better than those of now.
    seconds : float
        Time since training began.
    """

    epoch: int
    within: int
    done: int
    order: Mapping[str, Any]
    best: float
    waited: int
    error: float
    validation: float | None
    seconds: float
    kept: bool = False


@dataclass(frozen=True)
class TrainStep:
    """One step of training.

    Attributes
    ----------
    step, total : int
        Steps done, and steps planned if nothing stops early; 0 done is the start.
    epoch : int
        Epochs begun, from 1.
    phase : {"units", "sampler", "coder"}
        Units learned; a job that goes on to the tables to draw by, and of the file coder, says
        so here, too.
    error : float
        Mean squared error of the batch at the top level's input (before the step); not a
        number at the start.
    validation : float or None
        Mean squared error of held-out pictures; measured at the start, at the end of an epoch,
        and in the first one after ``EARLY`` steps.
    usage : tuple of ndarray (K,)
        Share of recent wins of every unit, a level each, bottom first.
    dead : tuple of int
        Units that no longer win, a level each.
    revived : int
        Units revived by this step, all levels together.
    temperature : float
        Factor on the layers' own temperatures.
    seconds : float
        Time since training began.
    progress : float
        0 to 1.
    loop : LoopState or None
        Where to go on from; None once the units have learned.
    """

    step: int
    total: int
    epoch: int
    phase: str
    error: float
    validation: float | None
    usage: tuple[NDArray[np.float64], ...]
    dead: tuple[int, ...]
    revived: int
    temperature: float
    seconds: float
    progress: float
    loop: LoopState | None = None


class NetworkStep(NamedTuple):
    """What one step of a network saw: entries of :class:`TrainStep`."""

    error: float
    usage: tuple[NDArray[np.float64], ...] = ()
    dead: tuple[int, ...] = ()
    revived: int = 0


class Learner(Protocol):
    """What the loop asks of a network."""

    epochs: int
    batch_size: int | None
    validation_fraction: float
    patience: int
    tolerance: float
    start_temperature: float

    @property
    def keeps_best(self) -> bool:
        """Whether training ends with the units of the epoch with the least held-out error."""
        ...

    @property
    def fewest(self) -> int:
        """Pictures below which no steps are taken: units stay as all pictures place them."""
        ...

    def generator(self) -> np.random.Generator:
        """A fresh generator, seeded by the learner's settings."""
        ...

    def batch(self, X: Any, rows: NDArray[np.intp]) -> NDArray[np.floating]:
        """Maps of chosen rows of X."""
        ...

    def parts(self, X: Any, rows: NDArray[np.intp]) -> Any:
        """Chosen rows of X as :meth:`step` takes them: maps, or parts that lie elsewhere."""
        ...

    def begin(self, sample: NDArray[np.floating]) -> None:
        """Place the units on a first sample."""
        ...

    def placed(self, maps: NDArray[np.floating]) -> NetworkStep:
        """What a step would report of units that take none."""
        ...

    def step(self, batch: Any, temperature: float) -> NetworkStep:
        """Learn from one batch, as :meth:`parts` gives it."""
        ...

    def validate(self, maps: NDArray[np.floating]) -> float:
        """Mean squared error of maps."""
        ...

    def keep_units(self) -> None:
        """Keep a copy of the units as they are."""
        ...

    def return_to_best(self) -> None:
        """Put back the units that were kept, if any were."""
        ...

    def settle(self) -> None:
        """Put in order what the steps left open."""
        ...

    def keep_for_tables(self, X: Any, rows: NDArray[np.intp]) -> None:
        """Keep aside what tables are learned from later; ``rows`` are fair to new pictures."""
        ...


def batch_length(batch_size: int | None, n: int) -> int:
    """Pictures a step: as asked, or a twentieth of the data within 32..1024."""
    return int(batch_size) if batch_size is not None else int(np.clip(n // 20, 32, 1024))


def hold_out(
    n: int, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers to learn from and to measure on; nothing is held out of few rows."""
    order = rng.permutation(n)
    held = min(int(n * float(fraction)), VALIDATION_LIMIT) if n >= 20 else 0
    return order[held:], order[:held]


def train(learner: Learner, X: Any, loop: LoopState | None = None) -> Iterator[TrainStep]:
    """Train a batch at a time, from a fresh start or from where a loop stood.

    Parameters
    ----------
    learner : Learner
        Changed in place; usable between any two steps.
    X : array (n, ...)
        Pictures or rows, already checked; a memory map is read a batch at a time.
    loop : LoopState, optional
        Goes on from there; the learner must be as it was then, and X the same.

    Yields
    ------
    TrainStep
    """
    run = _Run(learner, X, loop)
    if loop is None and run.epochs:
        yield run.report("units", 0.0)
    yield from run.units()
    learner.settle()
    run.end_at_best()
    learner.keep_for_tables(X, run.fair())
    run.validation = run.validate()
    yield run.report("units", 1.0)


class _Run:
    """A training under way: what :func:`train` knows between two steps.

    Attributes
    ----------
    first, aside : ndarray of int
        Rows that the learner began with, and that it is measured on, if any.
    held : ndarray or None
        Maps of the latter.
    validation : float or None
        What the next report says of the held-out maps.
    """

    def __init__(self, learner: Learner, X: Any, loop: LoopState | None) -> None:
        self.learner, self.X = learner, X
        self.clock = time.perf_counter() - (loop.seconds if loop else 0.0)
        self.rng = learner.generator()
        steps = len(X) >= learner.fewest
        fraction = learner.validation_fraction if steps else 0.0
        self.rows, held = hold_out(len(X), fraction, self.rng)
        # Python's own number: sums of NumPy's small types may overflow.
        self.epochs = int(learner.epochs) if steps else 0
        self.length = batch_length(learner.batch_size, len(self.rows))
        self.starts = range(0, len(self.rows), self.length)
        self.total = self.epochs * len(self.starts)
        self.first, self.aside = np.sort(self.rows[:START_SAMPLE]), np.sort(held)
        self.window = window(X)
        self.kept = loop is not None and loop.kept
        if loop is None:
            learner.begin(learner.batch(X, self.first))
        self.held = learner.batch(X, self.aside) if len(held) else None
        self.temperature = float(learner.start_temperature)
        self.last, self.validation = NetworkStep(np.nan), None if loop is None else loop.validation
        self.best, self.waited, self.done, self.epoch, self.skipped = np.inf, 0, 0, 1, 0
        if loop is not None:
            self.best, self.waited, self.done = loop.best, loop.waited, loop.done
            self.epoch, self.skipped = loop.epoch, loop.within
            self.last = NetworkStep(loop.error)
            self.rng.bit_generator.state = loop.order
        elif not steps:
            self.last = learner.placed(learner.batch(X, self.first))
        elif self.held is not None:
            start = learner.placed(self.held)
            self.last, self.validation = start._replace(error=np.nan), start.error
            if learner.keeps_best:
                self._watch(start.error)

    def units(self) -> Iterator[TrainStep]:
        """Epochs until all are done or nothing is gained any more."""
        for epoch in range(self.epoch, self.epochs + 1):
            self.epoch = epoch
            yield from self._epoch()
            _forget_pages(self.X)
            watched = self.validation if self.validation is not None else self.last.error
            gained = watched < self.best * (1 - self.learner.tolerance)
            self.waited = 0 if gained else self.waited + 1
            # While the temperature still falls, an epoch without gain means little; but where
            # the best is kept, error that rises is enough.
            risen = self.kept and watched > self.best
            self._watch(watched)
            cooled = self._cooled(self.done - 1) >= 1
            if self.waited > self.learner.patience and (cooled or risen):
                break

    def _watch(self, error: float) -> None:
        """Remember the least error, and have the learner keep the units that made it."""
        better = error < self.best
        self.best = min(self.best, error)
        if better and self.learner.keeps_best and self.held is not None:
            self.learner.keep_units()
            self.kept = True

    def end_at_best(self) -> None:
        """Go back to the best units, unless those of the end are as good."""
        if self.kept and self.held is not None and self.learner.validate(self.held) > self.best:
            self.learner.return_to_best()

    def _epoch(self) -> Iterator[TrainStep]:
        """What is left of an epoch, a batch at a time; measured at its end."""
        shuffling = self.rng.bit_generator.state
        order = shuffled(self.rows, self.window, self.rng)
        for start, batch in self._batches(order):
            self.temperature = float(self.learner.start_temperature) ** (
                1 - self._cooled(self.done)
            )
            self.last = self.learner.step(batch, self.temperature)
            self.done += 1
            last = start + self.length >= len(self.rows)
            early = self.epoch == 1 and self.done in EARLY
            self.validation = self.validate() if last or early else None
            state = LoopState(
                self.epoch,
                start // self.length + 1,
                self.done,
                shuffling,
                self.best,
                self.waited,
                self.last.error,
                self.validation,
                time.perf_counter() - self.clock,
                self.kept,
            )
            yield self.report("units", 0.99 * self.done / self.total, state)
        self.skipped = 0

    def _batches(self, order: NDArray[np.intp]) -> Iterator[tuple[int, Any]]:
        """What is left of an epoch, a batch at a time.

        Each is asked for one ahead: who brings it from elsewhere does so while the one before
        is learned from.
        """
        ahead: list[tuple[int, Any]] = []
        for start in self.starts[self.skipped :]:
            rows = np.sort(order[start : start + self.length])
            ahead.append((start, self.learner.parts(self.X, rows)))
            if len(ahead) > 1:
                yield ahead.pop(0)
        yield from ahead

    def _cooled(self, before: int) -> float:
        """How far the temperature has fallen after so many steps, 0 to 1."""
        return min(1.0, before / max(1.0, COOLING * self.total))

    def validate(self) -> float | None:
        """Error of the held-out maps, if there are any."""
        return None if self.held is None else self.learner.validate(self.held)

    def fair(self) -> NDArray[np.intp]:
        """Rows for the coder's tables: as many that were held out as learned from, mixed.

        A network knows what it learned from too well: tables measured on that alone expect
        less surprise than new pictures bring, tables from held-out pictures alone are rough.
        """
        if self.held is None:
            return self.first
        learned = self.first[: max(len(self.aside), FEWEST_LEARNED)]
        both = np.concatenate([self.aside, learned])
        return both[self.rng.permutation(len(both))]

    def report(self, phase: str, progress: float, state: LoopState | None = None) -> TrainStep:
        """Where training stands."""
        return TrainStep(
            self.done,
            self.total,
            self.epoch,
            phase,
            self.last.error,
            self.validation,
            self.last.usage,
            self.last.dead,
            self.last.revived,
            self.temperature,
            time.perf_counter() - self.clock,
            progress,
            state,
        )


def _forget_pages(X: Any) -> None:
    """Give a memory map's pages back, so that reading all of it does not keep all of it."""
    mapped = getattr(X, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
