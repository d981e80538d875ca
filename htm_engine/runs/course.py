"""A training that somebody else advances: what lies in a worker process (see ``elsewhere``).

::

    the page's process                        a worker's
    Elsewhere.turn(seconds, most)  ──────►   Course.turn: steps until the time is over
      steps, a copy of the network  ◄──────
    checkpoint, cut, result        ──────►   between two turns

It uses :class:`~htm_engine.runs.jobs.TrainingJob` without its thread, so what a training is,
its tables and its ends stand in one place.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..estimator.network import HTM
from ..model.choosing import Choice
from ..model.layer import LayerSpec
from ..model.training import TrainStep
from . import checkpoints, memory
from .jobs import FIRST, UNITS, TrainingJob
from .measuring import figures_of


class Turn(NamedTuple):
    """What a training did while it had its turn.

    Attributes
    ----------
    steps : list of TrainStep
    over : bool
        Whether there will be no more.
    copy : bytes, HTM or None
        The network after the last of them, if one was asked for or its units have learned; it
        travels as a model file.
    choice : Choice or None
        Layers that it chose from the data.
    """

    steps: list[TrainStep]
    over: bool
    copy: Any
    choice: Choice | None


class Course:
    """A training between two turns.

    Parameters
    ----------
    model : HTM
        Its settings are used.
    X : array (n, ...)
    begun : bytes or None
        A checkpoint to go on from.
    """

    def __init__(self, model: HTM, X: Any, begun: bytes | None = None) -> None:
        self._job, self._X = TrainingJob(model, X), X
        units = self._job.model.fit_steps(X)
        if begun is not None:
            found = checkpoints.load(begun)
            self._job.model, units = found.model, found.steps(X)
        self._steps: Iterator[TrainStep] = self._job.with_tables(units)

    def turn(self, seconds: float, most: int | None, skip: bool, copy: bool) -> Turn:
        """Steps until the time is over, or so many."""
        self._job.skipped = skip
        steps: list[TrainStep] = []
        end, over = time.monotonic() + seconds, False
        while most is None or len(steps) < most:
            step = next(self._steps, None)
            if step is None:
                over = True
                break
            self._job.take(step)
            steps.append(step)
            learned = step.phase != "units" and step.progress == UNITS
            copy = copy or learned  # from here on the units can be used, however long tables take
            if learned or time.monotonic() >= end:
                break
        model = self._job.model
        shown = _saved(model.snapshot()) if copy and self._job.begun else None
        return Turn(steps, over, shown, getattr(model, "choice_", None))

    def checkpoint(self) -> bytes | None:
        """Where it stands, to go on from; None once the units have learned."""
        loop = self._job.loop
        return None if loop is None else checkpoints.save(self._job.model, loop)

    def cut(self) -> None:
        """End the units here; what is still to come are the tables."""
        model = self._job.model
        model.settle()
        model.return_to_best()
        model.keep_for_tables(self._X, np.arange(min(len(self._X), FIRST)))
        self._steps = self._job.tables()

    def forget(self) -> None:
        """Let go of everything, the data above all: who asked for it is gone."""
        del self._job, self._X, self._steps
        memory.give_back()

    def result(self, held: Any) -> tuple[bytes, dict[str, float]]:
        """The network as a model file, and its figures on pictures that were held out."""
        model = self._job.model
        self._job.without_awaited()
        return _saved(model), figures_of(model, held)


def least() -> tuple[HTM, Any]:
    """A training of next to nothing: what it needs is imported when the first visitor comes."""
    drawn = np.random.default_rng(0).integers(0, 255, (40, 4, 4)).astype(np.uint8)
    return HTM(layers=(LayerSpec(4, 2, 1),), epochs=1, coder=False, sampler=False), drawn


def _saved(model: HTM) -> bytes:
    stream = io.BytesIO()
    model.save(stream)
    return stream.getvalue()
