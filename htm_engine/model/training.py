"""Training as a generator of steps, and cross-validation over it.

The loop knows nothing of pages, threads or files: it yields after every batch, and
between two steps the learner can be used, saved, or left for good::

    for step in train(model, X):
        print(step.error, step.usage)      # callers draw; a step never does

It asks of the learner only what :class:`Learner` names, so it stands below the
network and is tested with a stub.
"""

from __future__ import annotations

import itertools
import mmap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold

#: Pictures that a learner sees before its first step, to place its units.
START_SAMPLE = 4096
#: Held-out pictures are measured on at most this many.
VALIDATION_LIMIT = 4000
#: Pictures learned from that the coder's tables are measured on at least.
FEWEST_LEARNED = 1024
#: Part of the epochs during which the temperature falls to its final value.
COOLING = 0.5


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


@dataclass(frozen=True)
class TrainStep:
    """One step of training.

    Attributes
    ----------
    step, total : int
        Steps done, and steps planned if nothing stops early.
    epoch : int
        Epochs begun, from 1.
    phase : {"units", "sampler", "coder"}
        Whether units learned, or the tables to draw by or of the file coder were measured.
    error : float
        Mean squared error of the batch at the top level's input (before the step).
    validation : float or None
        Mean squared error of held-out pictures; measured at the end of an epoch.
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

    def generator(self) -> np.random.Generator:
        """A fresh generator, seeded by the learner's settings."""
        ...

    def batch(self, X: Any, rows: NDArray[np.intp]) -> NDArray[np.floating]:
        """Maps of chosen rows of X."""
        ...

    def begin(self, sample: NDArray[np.floating]) -> None:
        """Place the units on a first sample."""
        ...

    def step(self, maps: NDArray[np.floating], temperature: float) -> NetworkStep:
        """Learn from one batch."""
        ...

    def validate(self, maps: NDArray[np.floating]) -> float:
        """Mean squared error of maps."""
        ...

    def settle(self) -> None:
        """Put in order what the steps left open."""
        ...

    def sampler_if_wanted(self, X: Any) -> Iterator[float]:
        """Learn the tables to draw by, in parts, if they are wanted."""
        ...

    def coder_if_wanted(self, maps: NDArray[np.floating]) -> Iterator[float]:
        """Measure the tables of the file coder, in parts, if they are wanted."""
        ...


def batch_length(batch_size: int | None, n: int) -> int:
    """Pictures a step: as asked, or a twentieth of the data within 32..1024."""
    return batch_size if batch_size is not None else int(np.clip(n // 20, 32, 1024))


def hold_out(
    n: int, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers to learn from and to measure on; nothing is held out of few rows."""
    order = rng.permutation(n)
    held = min(int(n * fraction), VALIDATION_LIMIT) if n >= 20 else 0
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
    clock = time.perf_counter() - (loop.seconds if loop else 0.0)
    rng = learner.generator()
    rows, held = hold_out(len(X), learner.validation_fraction, rng)
    length = batch_length(learner.batch_size, len(rows))
    starts = range(0, len(rows), length)
    total = learner.epochs * len(starts)
    sample = learner.batch(X, np.sort(rows[:START_SAMPLE]))
    if loop is None:
        learner.begin(sample)
    held_maps = learner.batch(X, np.sort(held)) if len(held) else None
    best, waited, done, began, skipped = np.inf, 0, 0, 1, 0
    validation: float | None = None
    usage: tuple[NDArray[np.float64], ...] = ()
    dead: tuple[int, ...] = ()
    error, revived, temperature = np.nan, 0, learner.start_temperature
    if loop is not None:
        best, waited, done, began = loop.best, loop.waited, loop.done, loop.epoch
        error, validation, skipped = loop.error, loop.validation, loop.within
        rng.bit_generator.state = loop.order

    def report(
        phase: str, validation: float | None, progress: float, state: LoopState | None = None
    ) -> TrainStep:
        return TrainStep(
            done,
            total,
            epoch,
            phase,
            error,
            validation,
            usage,
            dead,
            revived,
            temperature,
            time.perf_counter() - clock,
            progress,
            state,
        )

    def cooled(before: int) -> float:
        return min(1.0, before / max(1.0, COOLING * total))

    for epoch in range(began, learner.epochs + 1):
        shuffling = rng.bit_generator.state
        order = rng.permutation(rows)
        for start in starts[skipped:]:
            temperature = learner.start_temperature ** (1 - cooled(done))
            batch = learner.batch(X, np.sort(order[start : start + length]))
            error, usage, dead, revived = learner.step(batch, temperature)
            done += 1
            last = start + length >= len(rows)
            validation = learner.validate(held_maps) if last and held_maps is not None else None
            state = LoopState(
                epoch,
                start // length + 1,
                done,
                shuffling,
                best,
                waited,
                error,
                validation,
                time.perf_counter() - clock,
            )
            yield report("units", validation, 0.9 * done / total, state)
        skipped = 0
        _forget_pages(X)
        watched = validation if validation is not None else error
        waited = 0 if watched < best * (1 - learner.tolerance) else waited + 1
        best = min(best, watched)
        # While the temperature still falls, an epoch without gain means little.
        if waited > learner.patience and cooled(done - 1) >= 1:
            break
    learner.settle()
    validation = learner.validate(held_maps) if held_maps is not None else None
    yield report("units", validation, 0.9)
    for part in learner.sampler_if_wanted(X):
        yield report("sampler", None, 0.9 + 0.05 * part)
    for part in learner.coder_if_wanted(_fair_sample(sample, held_maps, rng)):
        yield report("coder", None, 0.95 + 0.05 * part)


def _fair_sample(
    learned: NDArray[np.float32], held: NDArray[np.float32] | None, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Pictures for the coder's tables: as many that were held out as learned from, mixed.

    A network knows what it learned from too well: tables measured on that alone expect
    less surprise than new pictures bring, tables from held-out pictures alone are rough.
    """
    if held is None:
        return learned
    both = np.concatenate([held, learned[: max(len(held), FEWEST_LEARNED)]])
    return both[rng.permutation(len(both))]


def _forget_pages(X: Any) -> None:
    """Give a memory map's pages back, so that reading all of it does not keep all of it."""
    mapped = getattr(X, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class FoldResult:
    """One setting measured on one fold.

    Attributes
    ----------
    params : dict
        The setting.
    fold, folds : int
        Which fold of how many, from 0.
    score : float
        The estimator's score on the part it did not see (higher is better).
    seconds : float
        Time to fit and score.
    """

    params: Mapping[str, Any]
    fold: int
    folds: int
    score: float
    seconds: float


def cross_validate(
    estimator: Any, X: Any, grid: Sequence[Mapping[str, Any]], folds: int = 3, random_state: int = 0
) -> Iterator[FoldResult]:
    """K-fold cross-validation over settings, one result at a time.

    scikit-learn's own searchers work as well; this one can be watched and stopped.

    Raises
    ------
    ValueError
        If there are fewer pictures than folds, or no setting.
    """
    if not grid:
        raise ValueError("cross-validation needs at least one setting")
    splitter = KFold(folds, shuffle=True, random_state=random_state)
    parts = list(splitter.split(np.arange(len(X))))
    for params, (fold, (learn, held)) in itertools.product(grid, enumerate(parts)):
        began = time.perf_counter()
        candidate = clone(estimator).set_params(**params).fit(X[learn])
        score = float(candidate.score(X[held]))
        yield FoldResult(dict(params), fold, folds, score, time.perf_counter() - began)


def select(results: Sequence[FoldResult]) -> Mapping[str, Any]:
    """Setting with the best mean score; of equal ones, the first."""
    if not results:
        raise ValueError("no results to select from")
    groups: dict[str, list[FoldResult]] = {}
    for result in results:
        groups.setdefault(repr(result.params), []).append(result)
    best = max(groups.values(), key=lambda group: np.mean([r.score for r in group]))
    return best[0].params
