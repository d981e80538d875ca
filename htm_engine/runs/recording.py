"""A training that is written to the history as it goes, and can be taken up again from there.

::

    job = RecordedJob(history, recipe, learn, held)      resume(history, run, learn, held)
    job.start()                                             │ from its last checkpoint
        step ─► step ─► step ─► ...            the job's thread
          └─ every few seconds ──► history.progress(points, checkpoint)
        end  ──► figures, model ──► history.end
    live(job.run)                    found again from anywhere in this process

Training never fails because the history does: what went wrong stands in ``trouble``, and
the run goes on.
"""

from __future__ import annotations

import io
import threading
import time
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..errors import Cancelled, ClusterError, HistoryError
from ..model.training import LoopState, TrainStep
from . import checkpoints
from .away import AwayJob
from .background import POOL, Pool
from .course import Turn
from .history import History
from .jobs import points_of
from .measuring import MEASURED, figures_of
from .recipe import SPLIT, Recipe

#: Seconds of work between two checkpoints, and the part of the time they may take at most.
EVERY, SHARE = 5.0, 0.05

_LIVE: dict[str, RecordedJob] = {}
_LOCK = threading.Lock()


class RecordedJob(AwayJob):
    """Trains a network in the background, and writes how it goes.

    Parameters
    ----------
    history : History
    recipe : Recipe
        What to train; if somebody stopped the first training, this one stops there, too.
    learn, held : Dataset
        What to learn from, and what the figures are measured on.
    name : str
        Of the run.
    every : float
        Seconds of work between two checkpoints; more where writing one takes long.
    pool, abandon_after
        See :class:`~htm_engine.runs.background.Background`.

    Attributes
    ----------
    run : str
        Id in the history; empty if the history could not be written.
    recipe : Recipe
        With the place where it was stopped, once it was.
    trouble : str
        Why it is not, or not wholly, in the history; empty if it is.
    """

    def __init__(
        self,
        history: History,
        recipe: Recipe,
        learn: Dataset,
        held: Dataset,
        *,
        name: str = "",
        every: float = EVERY,
        pool: Pool = POOL,
        abandon_after: float | None = None,
    ) -> None:
        super().__init__(
            recipe.model(), learn.X, name=learn.name, pool=pool, abandon_after=abandon_after
        )
        self.recipe, self.learn, self.held, self.trouble = recipe, learn, held, ""
        self._history, self._every = history, every
        self._points: list[tuple[bool, int, float]] = []
        self._written, self._count, self._written_out = time.monotonic(), 0, False
        self._costs: deque[float] = deque([0.0], maxlen=2)
        self._settings = self.recipe.model()
        self.run = ""
        self._enter(name)
        if self.run:
            with _LOCK:
                _LIVE[self.run] = self

    def _enter(self, name: str) -> None:
        """Begin a run in the history, if it can be written."""
        with self._trying():
            self.run = self._history.create(
                name or self.learn.name,
                self.recipe.data,
                self.recipe.data_fingerprint,
                self.recipe.as_json(),
            )

    # ------------------------------------------------------ in the job's thread
    def _close(self, state: str) -> None:
        # Whoever waited for the job may look into the history at once.
        if self.run and not self._written_out:
            with self._trying():
                self._write(None)
            with self._trying():
                self._history.end(self.run, state, error=self.error)
        self._leave()
        with _LOCK:
            _LIVE.pop(self.run, None)

    def _train(self) -> Iterator[Any]:
        self._fits()
        if (yield from self._away(self._settings)):
            return
        units = self._begun.steps(self.learn.X) if self._begun else self._fresh()
        for step in self.with_tables(units):
            if self._shown(step):
                continue
            self._note(step)
            if self._due():
                with self._trying():
                    self._write(step)
            if self._count == self.recipe.stopped and step.phase == "units":
                self.stop()
            yield step

    def _fresh(self) -> Iterator[TrainStep]:
        """Steps from the beginning."""
        if self._last is not None:  # of a worker that was lost before its first checkpoint
            self.model = self.recipe.model()
        return self.model.fit_steps(self.learn.X)

    def _left(self) -> int | None:
        """Steps until the place where it shall stop."""
        stopped = self.recipe.stopped
        return None if stopped is None else max(1, stopped - self._count)

    def _turned(self, turn: Turn) -> None:
        """Note what a worker did."""
        for step in turn.steps:
            self._note(step)
        if turn.steps and (self._kept is None or self._due()):
            self._keep(turn.steps[-1])
            with self._trying():
                self._write(turn.steps[-1])
        if turn.steps and self._count == self.recipe.stopped and turn.steps[-1].phase == "units":
            self.stop()

    def _note(self, step: TrainStep) -> None:
        self._count += step.step > 0  # the start is none
        self._points.extend(points_of(step))

    def _due(self) -> bool:
        worked = time.monotonic() - self._written
        unseen = time.monotonic() - self.seen
        leaving = self._allowance == 0 or unseen > (self.abandon_after or np.inf)
        # The less of two: a cold or busy disk is slow once, a large model always.
        rest = min(self._costs) / SHARE
        return leaving or worked >= max(self._every, rest) or self._count == 1

    def _write(self, step: TrainStep | None) -> None:
        step, began = step or self._last, time.monotonic()
        if step is None or not self.run:
            return
        going = step.loop is not None and not self.ending
        kept = self._checkpoint(step.loop) if going and step.loop else None
        self._history.progress(
            self.run,
            self._points,
            seconds=self.seconds,
            step=step.step,
            total=step.total,
            checkpoint=kept,
        )
        self._points, self._written = [], time.monotonic()
        self._costs.append(self._written - began)

    def _checkpoint(self, loop: LoopState) -> bytes | None:
        """Where it stands after the last step, if that can be told."""
        if self._far is None:
            return checkpoints.save(self.model, loop)
        return self._kept if self._kept_at == loop.done else None

    def _ended(self, early: bool) -> dict[str, float]:
        """The end of a training, wherever it is; figures of its model."""
        if self._far is not None and self._last is not None:
            cut, at = early and self._last.phase == "units", self._last.step
            try:
                return self._ended_there(early, self.held.X[:MEASURED])
            except ClusterError:
                self._come_home()
            if cut and self._begun is not None:
                self._count = self._begun.loop.done
            else:  # a short training has left no checkpoint: it is taken from the beginning
                units = self._begun.steps(self.learn.X) if self._begun else self._fresh()
                self._again(units, early, at if cut else None)
            if cut:  # it may have been lost at its tables: here they come after the units
                self._last = replace(self._last, phase="units")
        super()._finish(early)
        if self._last is None or not self.run:
            return {}
        return figures_of(self.model, self.held.X[:MEASURED])

    def _again(self, units: Iterator[TrainStep], early: bool, last: int | None) -> None:
        """What a worker lost at the very end had learned; who stops does without tables.

        ``last`` is the step that it was stopped after.
        """
        for step in self.with_tables(units):
            with self._changed:
                if self._ending == "cancel":
                    raise Cancelled("the model is not wanted any more")
                if (early or self._ending) and step.phase != "units":
                    return
                if not self._shown(step):
                    self.take(step)
                self._between()
            if last is not None and step.step >= last:
                return

    def _finish(self, early: bool) -> None:
        cut = early and self._last is not None and self._last.phase == "units"
        figures = self._ended(early)
        step = self._last
        if cut:
            self.recipe = replace(self.recipe, stopped=self._count)
        # Tables that were skipped are none of what the recipe leads to.
        tables = {name: getattr(self.model, name) for name in ("sampler", "coder")}
        self.recipe = replace(self.recipe, network={**self.recipe.network, **tables})
        if step is None or not self.run:
            return
        with self._trying():
            self._write(None)
            stream = io.BytesIO()
            self.model.save(stream)
            self._history.end(
                self.run,
                "stopped" if early else "finished",
                model=stream.getvalue(),
                fingerprint=self.model.fingerprint,
                settings=self.recipe.as_json(),
                figures=figures | _of_training(step),
            )
            self._written_out = True

    def _trying(self) -> _Trying:
        return _Trying(self)


class _ResumedJob(RecordedJob):
    """A training that goes on from a checkpoint of a run in the history."""

    def __init__(self, run: str, begun: bytes, *recorded: Any, **settings: Any) -> None:
        self._found = run, begun
        super().__init__(*recorded, **settings)

    def _enter(self, name: str) -> None:
        self.run, self._kept = self._found
        begun = checkpoints.load(self._kept)
        self._history.take_over(self.run)
        found = self._history.get(self.run)
        self.seconds = found.seconds if found else 0.0
        self._begun, self.model, self._count = begun, begun.model, begun.loop.done
        for place, held in ((self._curve, False), (self._held, True)):
            steps, values = self._history.curve(self.run, held)
            place[0].extend(array("d", steps))
            place[1].extend(array("d", values))


class _Trying:
    """Notes what the history could not do, and lets the training go on."""

    def __init__(self, job: RecordedJob) -> None:
        self._job = job

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, HistoryError):
            self._job.trouble = f"{error}"
            return True
        return False


def live(run: str) -> RecordedJob | None:
    """The job of a run that this process trains now; None if there is none."""
    with _LOCK:
        return _LIVE.get(run)


def resume(history: History, run: str, data: Dataset, **settings: Any) -> RecordedJob:
    """Take up a run from its last checkpoint; start the job that this gives.

    Parameters
    ----------
    data : Dataset
        The data of the run, before a part is held out.
    settings
        Of :class:`RecordedJob`.

    Raises
    ------
    HTMError
        If the run has no readable checkpoint, goes on elsewhere, or learned from other data.
    """
    found = history.get(run)
    if found is None or found.checkpoint is None:
        raise HistoryError("This run left no checkpoint to go on from; train it again.")
    if found.state == "running":
        raise HistoryError("This run goes on already.")
    if data.fingerprint != found.data_fingerprint:
        raise HistoryError(f"This run learned from other data ({found.data}).")
    recipe = replace(Recipe.from_json(found.settings), stopped=None)
    begun = history.files.get(found.checkpoint)
    learn, held = data.split(*SPLIT)
    return _ResumedJob(run, begun, history, recipe, learn, held, **settings)


def _of_training(step: TrainStep) -> dict[str, float]:
    units = sum(len(shares) for shares in step.usage)
    return {"steps": step.step, "epochs": step.epoch, "units": units, "dead": sum(step.dead)}
