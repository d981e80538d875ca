"""Dask arrays as the training loop reads them: rows by number, batches in parts on workers.

::

    Dask array ──blocks of a window──► futures on the workers, or arrays here without a cluster
    rows of a batch ──cut──► parts ──gathered where most of their blocks lie──► sums ──► one step

What is computed does not depend on where: parts and their order are those of an array in memory
(``shuffling``, ``sums``).  A batch of one part is learned from in this process, since its rows
are less to send than what a step needs to know; several parts are shared by the workers.

Memory: a worker holds its share of two windows, and of two batches' maps; this process holds
what is asked for by ``X[rows]``, which is samples of a few thousand rows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import cluster
from ..errors import ClusterError
from ..model.hierarchy import Hierarchy, Shape
from ..model.layer import Floats
from ..model.parts import Chosen, Here, cut, mirrored
from ..model.shuffling import BLOCK
from ..model.sums import Standing, Sums
from .shares import checked_maps, climbed_of, maps_of, picked, row_of, sums_of

#: Times that a part is computed again after its worker was lost; seconds between two tries, for
#: which workers are waited for where there are none, and between two looks whether there are.
RETRIES, PAUSE, PATIENCE, LOOK = 3, 0.5, 30.0, 2.0
#: Seconds that one answer may take, whatever goes on.
LONGEST = 1800.0
#: Results that are waited for at a time, a worker.
IN_FLIGHT = 2
LOST = (
    "The cluster's workers were lost in the middle of a step; see that some are there, and train "
    "again."
)
Result = TypeVar("Result")


class Owner(Protocol):
    """What is asked of a network that learns."""

    mirror: bool
    hierarchy_: Hierarchy

    @property
    def shape(self) -> Shape:
        """Height, width and channels."""
        ...


class Spread:
    """Rows of a Dask array (see the module docstring).

    Parameters
    ----------
    X : dask.array.Array (n, ...)
        Of bytes or floating-point numbers, checked by :func:`~htm_engine.estimator.shares.checked`.
    """

    def __init__(self, X: Any) -> None:
        self.X, self.shape, self.dtype = X, X.shape, X.dtype
        self.size, self.ndim = int(np.prod(X.shape, dtype=np.int64)), X.ndim
        self._client = cluster.client()
        self._blocks: dict[int, Any] = {}
        self._before: set[int] = set()
        self._hints = True

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        if isinstance(rows, slice):
            return np.asarray(self.X[rows])
        rows = np.asarray(rows)
        order = np.argsort(rows, kind="stable")
        if len(rows) and np.array_equal(np.diff(rows[order]), np.ones(len(rows) - 1)):
            found = np.asarray(self.X[int(rows[order[0]]) : int(rows[order[-1]]) + 1])
        else:
            found = np.concatenate([np.asarray(part) for part in self._few(rows[order])])
        back = np.empty_like(found)
        back[order] = found
        return back

    def _few(self, rows: NDArray[np.intp]) -> Iterator[Any]:
        """Scattered rows in order: so many chunks at a time that few lie in memory whole."""
        ends = np.cumsum(self.X.chunks[0])
        chunk = np.searchsorted(ends, rows, "right")
        at_once = 16
        for first in range(0, len(ends), at_once):
            own = rows[(chunk >= first) & (chunk < first + at_once)]
            if len(own):
                low = int(ends[first - 1]) if first else 0
                high = int(ends[min(first + at_once, len(ends)) - 1])
                yield self.X[low:high][own - low].compute()

    # --------------------------------------------------------------- batches
    def parts(self, learner: Owner, rows: NDArray[np.intp]) -> Away:
        """Sorted rows as a batch for ``step``, on their way."""
        self._hold(np.unique(rows // BLOCK))
        parts = list(cut(rows))

        def shares(again: bool) -> list[tuple[list[Any], Any]]:
            if again:
                self._hold_again()
            return [self._picked(part) for part in parts]

        return Away(self._client, learner, shares, [len(part) for part in parts])

    def _picked(self, rows: NDArray[np.intp]) -> tuple[list[Any], list[NDArray[np.uint16]]]:
        """Blocks of a part, and its rows in each."""
        blocks, starts = np.unique(rows // BLOCK, return_index=True)
        inside = np.split((rows % BLOCK).astype(np.uint16), starts[1:])
        return [self._blocks[int(block)] for block in blocks], inside

    def _hold(self, blocks: NDArray[np.intp]) -> None:
        """Bring blocks, and let go those that neither this batch nor the one before needs."""
        wanted = {int(block) for block in blocks}
        for block in set(self._blocks) - wanted - self._before:
            del self._blocks[block]
        self._before = wanted
        new = sorted(wanted - set(self._blocks))
        if not new:
            return
        if self._client is None:
            import dask

            found = dask.compute(*self._lazy(new))
            self._blocks.update(zip(new, found, strict=True))
            return
        # Neighbours on one worker: a part's rows lie in neighbouring blocks.
        workers = _workers(self._client)
        if len(workers) == 1 or not self._hints:
            self._blocks.update(self._computed(new))
            return
        for worker, own in zip(workers, np.array_split(new, len(workers)), strict=True):
            hint = {"workers": [worker], "allow_other_workers": True}
            self._blocks.update(self._computed(own.tolist(), **hint))

    def _hold_again(self) -> None:
        """Bring anew what was lost, by whoever is there, and hint at no worker any more.

        Dask waits on for workers that were hinted at where all of them are lost, whoever comes.
        """
        _workers(self._client)
        gone = ("error", "lost", "cancelled")
        lost = sorted(b for b, one in self._blocks.items() if self._hints or one.status in gone)
        self._hints = False
        with _explained():
            self._client.cancel([self._blocks[block] for block in lost], force=True)
            self._blocks.update(self._computed(lost))

    def _computed(self, blocks: Sequence[int], **hint: Any) -> dict[int, Any]:
        """Blocks on their way, on any worker unless there is a hint."""
        lazy = self._lazy(blocks)
        futures = self._client.compute(lazy, priority=-1, retries=RETRIES, **hint)
        return dict(zip(blocks, futures, strict=True))

    def _lazy(self, blocks: Sequence[int]) -> list[Any]:
        return [self.X[block * BLOCK : (block + 1) * BLOCK] for block in blocks]

    def each(self, length: int, work: Callable[..., Any], *fixed: Any) -> Iterator[Any]:
        """``work(rows, *fixed)`` of every ``length`` rows in their order, by the workers."""
        pieces = (self.X[at : at + length] for at in range(0, len(self), length))
        if self._client is None:
            for piece in pieces:
                yield work(np.asarray(piece), *fixed)
            return
        most = IN_FLIGHT * len(_workers(self._client))
        with _explained():
            sent = self._client.scatter(list(fixed), broadcast=True, hash=False)
        waiting: list[Any] = []
        for piece in pieces:
            rows = self._client.compute(piece)
            waiting.append(self._client.submit(work, rows, *sent, pure=False, retries=RETRIES))
            if len(waiting) >= most:
                yield _answer(self._client, [waiting.pop(0)])[0]
        for future in waiting:
            yield _answer(self._client, [future])[0]


class Away:
    """A batch in parts on workers (see ``sums.Parts``); one part is brought here.

    Parameters
    ----------
    client : distributed.Client or None
    learner : Owner
    shares : callable
        Blocks, and rows in each, of each part; called with whether they were lost.
    pictures : list of int
        In each part.
    """

    def __init__(
        self,
        client: Any,
        learner: Owner,
        shares: Callable[[bool], list[tuple[list[Any], Any]]],
        pictures: list[int],
    ) -> None:
        self._client, self._learner = client, learner
        self.sizes: Sequence[int] = [count * (1 + bool(learner.mirror)) for count in pictures]
        self._here: Here | None = None
        self._level, self._state = 0, None
        self._chosen: Sequence[Chosen] = ()
        self._standing: Standing | None = None
        self._shares, self._climbed = shares, 0
        self._maps = self._begun()

    def _begun(self, again: bool = False) -> list[Any]:
        """Every part's maps, on their way."""
        client, shares = self._client, self._shares(again)
        if client is None:
            return [self._as_maps(picked(*share)) for share in shares]
        plain = {"pure": False, "priority": -1, "retries": RETRIES}
        if len(shares) == 1:
            return [client.submit(picked, *shares[0], **plain)]
        how = tuple(self._learner.shape), bool(self._learner.mirror)
        return [client.submit(maps_of, *share, *how, **plain) for share in shares]

    def _as_maps(self, rows: NDArray[Any]) -> Floats:
        maps = checked_maps(rows, self._learner.shape)
        return mirrored(maps) if self._learner.mirror else maps

    @property
    def _one(self) -> Here | None:
        """The batch in this process, if that is where it is learned from."""
        if self._client is None or len(self.sizes) == 1:
            if self._here is None:
                maps = self._maps if self._client is None else [self._brought()]
                self._here, self._maps = Here(self._learner.hierarchy_, maps), []
            return self._here
        return None

    def _brought(self) -> Floats:
        def brought(again: bool) -> Floats:
            if again:
                self._maps = self._begun(again)
            return self._as_maps(_answer(self._client, self._maps)[0])

        return _tried(brought)

    def sums(
        self, level: int, standing: Standing, chosen: Sequence[Chosen], temperature: float
    ) -> list[Sums]:
        """Sums of each part, by whoever has it.

        Raises
        ------
        ClusterError
            If the workers were lost, and their work again and again.
        """
        if (here := self._one) is not None:
            return here.sums(level, standing, chosen, temperature)
        self._level, self._chosen, self._standing = level, chosen, standing

        def summed(again: bool) -> list[Sums]:
            self._send(standing)
            if again:
                self._restore()
            work = [
                self._client.submit(
                    sums_of,
                    maps,
                    self._state,
                    level,
                    some,
                    temperature,
                    pure=False,
                    retries=RETRIES,
                )
                for maps, some in zip(self._maps, chosen, strict=True)
            ]
            return _answer(self._client, work)

        return _tried(summed)

    def _send(self, standing: Standing | None) -> None:
        """What the network is now, to every worker."""
        _workers(self._client)
        with _explained():
            (self._state,) = self._client.scatter(
                [(self._learner.hierarchy_, standing)], broadcast=True, hash=False, direct=True
            )

    def _restore(self) -> None:
        """Compute maps anew whose workers were lost, and with them what they were made of."""
        self._maps = self._begun(again=True)
        for level in range(self._climbed):
            self._go_up(level)

    def _go_up(self, level: int) -> None:
        self._maps = [
            self._client.submit(climbed_of, maps, self._state, level, pure=False, retries=RETRIES)
            for maps in self._maps
        ]

    def row(self, part: int, number: int) -> Floats:
        """One row of those that sums were taken of last."""
        if (here := self._one) is not None:
            return here.row(part, number)

        def found(again: bool) -> Floats:
            if again:
                self._send(self._standing)
                self._restore()
            asked = self._maps[part], self._state, self._level, self._chosen[part], number
            one: Floats = _answer(self._client, [self._client.submit(row_of, *asked, pure=False)])[
                0
            ]
            return one

        return _tried(found)

    def climb(self, level: int) -> None:
        """Go on to what a level hands up."""
        if (here := self._one) is not None:
            here.climb(level)
            return
        _tried(lambda again: self._send(None))
        self._go_up(level)
        self._climbed = level + 1


def _tried(work: Callable[[bool], Result]) -> Result:
    """What ``work(again)`` gives, begun again while workers are lost; the last time it may fail."""
    for attempt in range(RETRIES):
        try:
            return work(attempt > 0)
        except ClusterError:
            time.sleep(PAUSE)
    return work(True)


def _workers(client: Any) -> list[str]:
    """Addresses of the workers; where there are none for a moment, it waits for one."""
    with _explained():
        if not (found := sorted(client.nthreads())):
            client.wait_for_workers(1, timeout=PATIENCE)
            found = sorted(client.nthreads())
    if not found:
        raise ClusterError(LOST)
    return found


def _answer(client: Any, futures: list[Any]) -> list[Any]:
    """Results of futures; what Dask lost is one of our errors.

    Dask itself waits for ever for workers that do not come back.  What is at work there may be
    somebody else's, so that there is an end to that, too.
    """
    from distributed import wait

    began = worked = time.monotonic()
    with _explained():
        while True:
            with contextlib.suppress(TimeoutError):
                wait(futures, timeout=LOOK)
                break
            now = time.monotonic()
            if any(client.processing().values()):
                worked = now
            if now - worked > PATIENCE or now - began > LONGEST:
                raise ClusterError(LOST)
        found: list[Any] = client.gather(futures, direct=True)
    return found


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """What Dask says of lost workers is one of our errors."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except (KilledWorker, CancelledError, CommClosedError, OSError, TimeoutError) as exc:
        raise ClusterError(LOST) from exc
