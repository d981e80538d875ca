"""A training in a worker process, as the job's thread sees it.

::

    Elsewhere(place, model, X, checkpoint)   the training lies in a worker (``course``)
    .turn(...)  .checkpoint()  .cut()  .result(held)
    .close()    the worker forgets it, and with it the visitor's data

Everything that goes wrong on the way is a ``ClusterError``; what the training itself raises comes
through as it is.
"""

from __future__ import annotations

import contextlib
from typing import Any

from ..errors import ClusterError, HTMError
from ..estimator.network import HTM
from .course import Course, Turn
from .workers import WORKERS, Workers

#: Seconds of a turn, and between two looks whether a worker that is silent still lives.
SECONDS, LOOK = 0.2, 2.0
LOST = "The worker that had this training was lost."


class Elsewhere:
    """A training at the least busy worker.

    Raises
    ------
    ClusterError
        If there is no worker, or it is lost before it begins.
    """

    def __init__(
        self, model: HTM, X: Any, begun: bytes | None = None, workers: Workers = WORKERS
    ) -> None:
        found = workers.place()
        if found is None:
            raise ClusterError("There is no worker.")
        self._workers, (self._client, self.address) = workers, found
        self._future: Any = None
        self._actor: Any = None
        self._open = True
        try:
            with _explained(), self._client.as_current():
                data = self._client.scatter(X, workers=[self.address], hash=False)
                self._future = self._client.submit(
                    Course, model, data, begun, actor=True, pure=False, workers=[self.address]
                )
                self._actor = self._waited(self._future)
        except BaseException:
            self.close()
            raise

    def turn(self, most: int | None, skip: bool = False, copy: bool = False) -> Turn:
        """Steps until the time of a turn is over, or so many."""
        found: Turn = self._asked("turn", SECONDS, most, skip, copy)
        return found

    def checkpoint(self) -> bytes | None:
        """Where it stands, to go on from; None once the units have learned."""
        found: bytes | None = self._asked("checkpoint")
        return found

    def cut(self) -> None:
        """End the units here."""
        self._asked("cut")

    def result(self, held: Any) -> tuple[bytes, dict[str, float]]:
        """The network as a model file, and its figures."""
        found: tuple[bytes, dict[str, float]] = self._asked("result", held)
        return found

    def close(self) -> None:
        """Let the worker forget it."""
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(Exception):  # a worker that is gone has forgotten it
            if self._actor is not None and self._lives():
                self._asked("forget")
        with contextlib.suppress(Exception):
            if self._future is not None:
                self._future.release()
        self._actor = self._future = None
        self._workers.leave(self.address)

    def _asked(self, name: str, *args: Any) -> Any:
        # An actor finds its client by looking for the current one.
        with _explained(), self._client.as_current():
            return self._waited(getattr(self._actor, name)(*args))

    def _waited(self, answer: Any) -> Any:
        """An answer, however long it takes, as long as its worker lives."""
        while True:
            try:
                return answer.result(timeout=LOOK)
            except TimeoutError:
                if not self._lives():
                    raise ClusterError(LOST) from None

    def _lives(self) -> bool:
        client = self._client
        return client.status == "running" and self.address in client.nthreads()


@contextlib.contextmanager
def _explained() -> Any:
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    gone = (KilledWorker, CancelledError, CommClosedError, OSError, TimeoutError)
    try:
        yield
    except HTMError:
        raise
    except gone as exc:
        raise ClusterError(LOST) from exc
    except (ValueError, RuntimeError) as exc:  # Dask says so of actors and of closed clients
        if "Worker holding Actor was lost" in str(exc) or "losed" in str(exc):
            raise ClusterError(LOST) from exc
        raise
