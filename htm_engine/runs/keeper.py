"""The process that keeps this server's own workers: ``python -m htm_engine.runs.keeper N BYTES``.

It starts a scheduler and N single-threaded workers of at most BYTES each on this machine's own
address, and ends with whoever started it: when its standard input is closed, however that came
about.  It prints where the scheduler listens, and the key that it has made for this time: who has
it not, such as another user of the machine, is not listened to.  Pages go first: where they need
the processor, workers get what they leave.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

#: How much trainings give way to pages, of 19.
NICE = 10


def main(count: int, most: int) -> None:
    """Start, tell, wait, end."""
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    # Dask serves pages about itself over HTTP: none, and what is left on this machine alone.
    pages = ("distributed.scheduler.http.routes", "distributed.worker.http.routes")
    dask.config.set(dict.fromkeys(pages, []))
    # Nobody reads profiles of workers, and taking them takes time from trainings.
    dask.config.set({"distributed.worker.profile.enabled": False})
    # By Dask's own setting every array of a step is asked of the system and handed back, which
    # takes a third of a training's time; ours hands back when a training is over.
    dask.config.set({"distributed.nanny.pre-spawn-environ": {"MALLOC_TRIM_THRESHOLD_": None}})
    keys = Security.temporary()
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls",
        security=keys,
        dashboard_address="127.0.0.1:0",
        memory_limit=most,
        silence_logs=50,
        preload=[__spec__.name],
    ) as cluster:
        told = {
            "address": cluster.scheduler_address,
            "certificate": keys.tls_client_cert,
            "key": keys.tls_client_key,
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


def dask_setup(worker: Any) -> None:
    """Called by Dask where a worker begins: the thread of its trainings gives way, no other.

    A worker that does not answer in time counts as lost, however busy the machine is.
    """
    if sys.platform == "linux":  # elsewhere all of a process has one priority
        worker.executors["actor"].submit(os.nice, NICE)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
