"""A training job whose steps a worker process takes, where there is one.

::

    _away()   at a worker, turn by turn ──lost──► at another, from the last checkpoint
                                        ──none──► False: in this process, from there

Who watches the job sees no difference.  What a worker took again after another was lost is not
told twice.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Generator
from typing import Any

from ..errors import Cancelled, ClusterError
from ..estimator.network import HTM
from ..model.training import TrainStep
from . import checkpoints
from .checkpoints import Checkpoint
from .course import Turn
from .elsewhere import Elsewhere
from .jobs import TrainingJob
from .workers import WORKERS

#: Workers that a training is tried at before it runs in this process.
TRIES = 3


class AwayJob(TrainingJob):
    """A training at a worker; see :class:`~htm_engine.runs.jobs.TrainingJob`."""

    #: The worker that has it; its last checkpoint, and the step of that; what to go on from in
    #: this process; and how far it was when a worker was lost.
    _far: Elsewhere | None = None
    _kept: bytes | None = None
    _begun: Checkpoint | None = None
    _kept_at, _reached = 0, -1.0

    @property
    def where(self) -> str:
        """Address of the worker that has it; empty in this process."""
        return "" if self._far is None else self._far.address

    def _away(self, settings: HTM) -> Generator[Any, None, bool]:
        """All turns of workers; False if the rest is to be done in this process."""
        if not WORKERS.holds(self._needed() + 2 * self._X.nbytes):
            return False
        for _ in range(TRIES):
            try:
                self._far = Elsewhere(settings, self._X, self._kept)
                self._move(away=True)
                yield from self._there(self._far)
                return True
            except ClusterError:
                self._come_home()
        self._move(away=False)
        return False

    def _move(self, away: bool) -> None:
        """Take a place among those at workers, or in this process."""
        with self._changed:
            self.away, self._pool.away = away, max(self._pool.limit, WORKERS.count)
            self._changed.notify_all()

    def _there(self, far: Elsewhere) -> Generator[Turn, None, None]:
        over = False
        while not over:
            by_hand = self._allowance is not None
            most = 1 if by_hand else self._left()
            found = far.turn(most, self.skipped, self._copy_wanted or by_hand)
            over = found.over
            turn = found._replace(steps=[step for step in found.steps if not self._shown(step)])
            if turn.choice is not None:
                self.model.choice_ = turn.choice
            self._turned(turn)
            if self._allowance == 0 and turn.copy is None:  # it was paused meanwhile
                with contextlib.suppress(ClusterError):  # as for a checkpoint
                    turn = turn._replace(copy=far.turn(0, copy=True).copy)
            if turn.copy is not None:
                turn = turn._replace(copy=HTM.load(io.BytesIO(turn.copy)))
            if turn.steps or turn.copy is not None:
                yield turn

    @property
    def _gives_way(self) -> bool:
        return self._far is None  # a worker takes nobody's turn

    def _shown(self, step: TrainStep) -> bool:
        """Whether a step was taken before, by a worker that was lost."""
        return step.progress <= self._reached

    def _keep(self, step: TrainStep) -> None:
        """Ask for a checkpoint after a step, the last one that was taken."""
        kept = None
        # A worker that is lost is found out by the next turn, once these steps have been taken.
        with contextlib.suppress(ClusterError):
            kept = None if self._far is None else self._far.checkpoint()
        if kept is not None:
            self._kept, self._kept_at = kept, step.step

    def _come_home(self) -> None:
        """Forget a worker that is lost; from its last checkpoint it goes on elsewhere."""
        if self._far is None:
            return
        self._leave()
        self._reached = -1.0 if self._last is None else self.progress
        if self._kept is not None:
            self._begun = checkpoints.load(self._kept)
            self.model = self._begun.model

    def _leave(self) -> None:
        """Let the worker forget it, and the data with it."""
        far, self._far = self._far, None
        if far is not None:
            far.close()

    def _ended_there(self, early: bool, held: Any) -> dict[str, float]:
        """The end of a training at a worker: its model comes here, and its figures."""
        far = self._far
        assert far is not None
        over = not (early and self._last is not None and self._last.phase == "units")
        if not over:
            far.cut()
        while not over:
            turn = far.turn(None, self.skipped, self._copy_wanted)
            if turn.copy is not None:
                turn = turn._replace(copy=HTM.load(io.BytesIO(turn.copy)))
            over = turn.over
            with self._changed:
                if self._ending == "cancel":
                    raise Cancelled("the model is not wanted any more")
                self._take(turn)
        saved, figures = far.result(held)
        self.model = HTM.load(io.BytesIO(saved))
        return figures

    # ------------------------------------------------------------ under the lock
    def _take(self, item: Any) -> None:
        if not isinstance(item, Turn):
            self.take(item)
            return
        for step in item.steps:
            self.take(step)
        if item.copy is not None:
            self._copy, self._copy_wanted = item.copy, False
            self._changed.notify_all()

    def _hand_over(self) -> None:
        if self._far is None:  # a worker's copy comes with its turn; the model here has no part
            super()._hand_over()

    def _between(self) -> None:
        if self._far is None:
            super()._between()
        elif self._copy_wanted and self._allowance == 0 and self._copy is not None:
            self._copy_wanted = False  # it is of the step that the job waits after
            self._changed.notify_all()

    # ------------------------------------------------------ what a kind of job adds
    def _left(self) -> int | None:
        """Steps that a turn may take at most."""
        return None

    def _turned(self, turn: Turn) -> None:
        """Called in the job's thread after every turn of a worker."""
