"""Worker processes for trainings: this server's own, or those of a scheduler that is named.

::

    begin()   in a quiet moment: the keeper's process and its workers (``keeper``), or
              HTM_SCHEDULER; in a thread of its own, so that nobody waits
    place()   the least busy worker, or None: then the training runs in this process
    lost      workers that do not answer are no place; others go on from a checkpoint

``HTM_WORKERS`` says how many there shall be; 0 means none.  Where it says nothing there are as many
as cores, four at most, if memory allows, and they start when the first training comes, which runs
in this process meanwhile.  Without Dask there are none.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

from .. import cluster
from ..coding.threads import cores
from ..errors import ClusterError
from . import memory

VARIABLE = "HTM_WORKERS"
#: Bytes that a worker may hold at least, and the part of the free memory that all may hold.
LEAST, SHARE = 512 << 20, 0.7
#: Workers that nobody asked for, at most, and the free memory that there is for each.
MOST, EACH = 4, 3 << 29
#: Bytes of a worker that holds no data.
ITSELF = 300 << 20
#: Seconds that a start may take, and after which one that failed is tried again.
START, AGAIN = 60.0, 120.0


def asked() -> bool:
    """Whether somebody asked for workers, or for none."""
    return bool(os.environ.get(VARIABLE, "").strip() or cluster.named())


def by_itself() -> int:
    """How many workers there are where nobody asked: none on one core, or where memory is short."""
    if not cluster.keeps_workers():
        return 0
    free = memory.free()
    number = min(cores(), MOST, 1 << 30 if free is None else int(free // EACH))
    return number if number > 1 else 0


def wanted() -> int:
    """How many workers there shall be: as the variable says, or as there is room for.

    Raises
    ------
    ClusterError
        If it says no number.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if not told:
        return by_itself()
    if told == "cores":
        return cores()
    try:
        number = int(told)
    except ValueError as exc:
        raise ClusterError(f"{VARIABLE} must be a number of workers, or cores.") from exc
    return max(0, min(number, 256))


class Workers:
    """The workers of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None
        self._keeper: subprocess.Popen[str] | None = None
        self._busy: Counter[str] = Counter()
        self._starting: threading.Thread | None = None
        self._failed = -AGAIN
        self._most: int | None = None
        #: How many there were last.
        self.count = 0
        #: Why there are none, if some were wanted.
        self.trouble = ""

    @property
    def ready(self) -> bool:
        """Whether there is a scheduler that answers."""
        client = self._client
        return client is not None and client.status == "running"

    def begin(self, wait: bool = False) -> None:
        """Start them, unless they are there or not wanted; in a thread unless ``wait``.

        Raises
        ------
        ClusterError
            If workers are wanted that may not be used, or Dask is missing.
        """
        named, number = cluster.named(), wanted()
        if not (named or number):
            return
        cluster.need()
        if not (named or cluster.keeps_workers()):
            raise ClusterError(f"{VARIABLE} needs the package cryptography: {cluster.INSTALL}.")
        with self._lock:
            tried = time.monotonic() - self._failed < AGAIN
            if not (self.ready or self._starting or (tried and not wait)):
                self._starting = threading.Thread(
                    target=self._start, args=(named, number), daemon=True, name="workers"
                )
                self._starting.start()
            starting = self._starting
        if wait and starting is not None:
            starting.join(START)

    def _start(self, named: str, number: int) -> None:
        client: Any = None
        try:
            from distributed import Client

            self.close()
            # Certificates of a scheduler that is named are Dask's own settings.
            address, keys = (named, None) if named else self._keep(number)
            client = Client(address, security=keys, set_as_default=False, timeout=START)
            client.register_plugin(_plugin(), name="htm-engine")
            for address in client.nthreads():
                _tried(client, address)
            found = client.scheduler_info(n_workers=-1)["workers"].values()
            self.count = len(found)
            limits = [one["memory_limit"] for one in found if one["memory_limit"]]
            self._most = min(limits, default=None)
            self._client, self.trouble = client, ""
        except Exception as exc:  # whatever it is, trainings go on in this process
            self._failed = time.monotonic()
            self.trouble = f"There are no workers ({type(exc).__name__}: {exc})."
            self._client = client
            with contextlib.suppress(Exception):  # nobody shall be left behind
                self.close()
        finally:
            self._starting = None

    def _keep(self, number: int) -> tuple[str, Any]:
        """Start the keeper; the address of its scheduler, and the key to it."""
        from distributed.security import Security

        free = memory.free() or number * LEAST * 2
        most = max(LEAST, int(SHARE * free / number))
        command = [sys.executable, "-m", "htm_engine.runs.keeper", str(number), str(most)]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [_root(), env.get("PYTHONPATH", "")]))
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )
        self._keeper = keeper
        atexit.register(keeper.kill)
        assert keeper.stdout is not None
        line = keeper.stdout.readline()
        if not line:
            raise ClusterError("The workers' process ended before it had begun.")
        told = json.loads(line)
        keys = Security(
            require_encryption=True,
            tls_ca_file=told["certificate"],
            tls_client_cert=told["certificate"],
            tls_client_key=told["key"],
        )
        return cluster.checked(told["address"]), keys

    def close(self) -> None:
        """End what was started, and forget it."""
        client, self._client = self._client, None
        keeper, self._keeper = self._keeper, None
        if client is not None:
            with contextlib.suppress(Exception):  # its scheduler may be gone
                client.close(timeout=2)
        if keeper is not None:
            atexit.unregister(keeper.kill)
            if keeper.stdin is not None:
                keeper.stdin.close()
            try:
                keeper.wait(10)
            except subprocess.TimeoutExpired:
                keeper.kill()
            if keeper.stdout is not None:
                keeper.stdout.close()
        self._busy.clear()

    # ---------------------------------------------------------------- places
    def place(self) -> tuple[Any, str] | None:
        """The client, and the address of the least busy worker; None if there is none."""
        if not self.ready:
            try:
                self.begin()
            except ClusterError as exc:
                self.trouble = f"{exc}"
            return None
        try:
            there = self._client.nthreads()
        except (OSError, ValueError, RuntimeError, TimeoutError):
            return None
        with self._lock:
            if not there:
                return None
            self.count = len(there)
            address = min(sorted(there), key=lambda one: self._busy[one])
            self._busy[address] += 1
        return self._client, address

    def holds(self, needed: int) -> bool:
        """Whether so many bytes fit a worker beside what it is; none shall die of one visitor."""
        return self._most is None or needed <= self._most - ITSELF

    def leave(self, address: str) -> None:
        """Give a place back."""
        with self._lock:
            if self._busy[address] > 0:  # none is known after all were closed
                self._busy[address] -= 1


def _root() -> str:
    from pathlib import Path

    return str(Path(__file__).resolve().parent.parent.parent)


def _ready() -> None:
    """What a worker does first: it loads the engine."""
    from .course import least

    model, drawn = least()
    model.fit(drawn)


def _tried(client: Any, address: str) -> None:
    """Have a worker train next to nothing, so that the first visitor does not wait for either."""
    from .course import Course, least

    with client.as_current():
        made = client.submit(Course, *least(), actor=True, pure=False, workers=[address])
        made.result(START).turn(1.0, None, False, True).result(START)
        made.release()


def _plugin() -> Any:
    """The same for workers that take the place of lost ones."""
    from distributed import WorkerPlugin

    class Ready(WorkerPlugin):
        def setup(self, worker: Any) -> None:
            _ready()

    return Ready()


#: Those of this process.
WORKERS = Workers()
