"""Learning from data larger than memory: workers against each other, memory of every process.

    python benchmarks/scale.py [--pictures 1000000] [--workers 1 2] [--batch 8192] [--steps 60]
    python benchmarks/scale.py --scheduler 10 100 1000     tasks a second of one scheduler

Pictures of 28x28 are drawn by the program (random mixtures of 24 drawn shapes, and noise) and
written to Zarr in chunks of 1,024, once, into a folder that is removed afterwards.  ``HTM.fit``
then reads them lazily through a cluster of this machine, with so many single-threaded workers,
for so many steps of one epoch; samples a second are those after the first window, so the start
on a sample is not counted but printed beside.  Memory is what each process held at its worst
(Linux); the processor's time a sample is that of this process, which leads and has the scheduler
in it, plus that of all workers, and moves less than the rate where other work is on the machine.
The fingerprint is of the units after these steps, and must be the same in every row;
the row ``here`` learns from the same Zarr without a cluster.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from common import provenance, table

SIDE, SHAPES, CHUNK = 28, 24, 1024


def drawn(folder: Path, pictures: int, seed: int) -> str:
    """Write so many pictures to Zarr; the path."""
    import zarr

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    centres, widths = rng.random((2, SHAPES, 1, 1)), 0.02 + 0.1 * rng.random((SHAPES, 1, 1))
    shapes = np.exp(-((x - centres[0]) ** 2 + (y - centres[1]) ** 2) / widths)
    shapes = shapes.reshape(SHAPES, -1).astype(np.float32)
    path = str(folder / "pictures.zarr")
    kept = zarr.create_array(
        path, shape=(pictures, SIDE, SIDE), chunks=(CHUNK, SIDE, SIDE), dtype="uint8"
    )
    for start in range(0, pictures, 16 * CHUNK):
        count = min(16 * CHUNK, pictures - start)
        mixed = rng.exponential(1, (count, SHAPES)) * (rng.random((count, SHAPES)) < 0.2)
        rows = 120 * mixed.astype(np.float32) @ shapes
        rows += 6 * rng.standard_normal(rows.shape, np.float32)
        kept[start : start + count] = np.clip(rows, 0, 255).astype(np.uint8).reshape(-1, SIDE, SIDE)
    return path


def worst() -> int:
    """Bytes that this process held at its worst."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def spent() -> float:
    """Processor seconds of this process so far, all threads together."""
    return time.process_time()


def learned(path: str, batch: int, steps: int, others) -> tuple[float, float, str, str]:
    """Seconds to the first step, samples a second after, what was learned, and its cost.

    The cost is in processor microseconds a sample: of this process, and of ``others`` together.
    """
    import dask.array as da

    from htm_engine import HTM, LayerSpec
    from htm_engine.model.shuffling import BLOCK, MOST

    model = HTM((LayerSpec(SIDE, 64, 8),), epochs=1, batch_size=batch, coder=False, sampler=False)
    began, first, after = time.perf_counter(), 0.0, (0, 0.0, 0.0, 0.0)
    for step in model.fit_steps(da.from_zarr(path)):
        now = time.perf_counter() - began
        first = first or (now if step.step else 0.0)
        if step.step <= max(2, MOST * BLOCK // batch):
            after = step.step, now, spent(), others()
        if step.step >= steps:
            break
    samples = batch * (step.step - after[0])
    rate = samples / max(1e-9, now - after[1])
    cost = [1e6 * used / samples for used in (spent() - after[2], others() - after[3])]
    model.settle()
    model.coder_ = model.sampler_ = None
    return first, rate, model.fingerprint, f"{cost[0]:.1f} + {cost[1]:.1f}"


def scheduled(counts: list[int], tasks: int = 5000) -> None:
    """What one scheduler does with so many workers, all of them threads of this process."""
    from dask.distributed import Client, LocalCluster

    rows = []
    for count in counts:
        with (
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=False,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",
            ) as cluster,
            Client(cluster) as client,
        ):
            client.gather(client.map(abs, range(count), pure=False))
            before, cpu = time.perf_counter(), spent()
            client.gather(client.map(abs, range(tasks), pure=False))
            took, cpu = time.perf_counter() - before, spent() - cpu
        rows.append((count, f"{tasks / took:,.0f}", f"{1e6 * cpu / tasks:,.0f}"))
    table(("workers in one process", "tasks a second", "processor, us a task"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=8192)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--here", action="store_true", help="without a cluster as well")
    parser.add_argument("--scheduler", type=int, nargs="+", help="tasks by so many workers alone")
    args = parser.parse_args()
    if args.scheduler:
        provenance("scale", "tasks that do nothing", args.seed)
        scheduled(args.scheduler)
        return
    provenance("scale", f"{args.pictures:,} drawn pictures of {SIDE}x{SIDE}", args.seed)
    from dask.distributed import Client, LocalCluster

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = drawn(Path(folder), args.pictures, args.seed)
        if args.here:
            found = learned(path, args.batch, args.steps, lambda: 0.0)
            rows.append(("here", *told(*found), "", f"{worst() / 2**20:.0f}"))
        for count in args.workers:
            with (
                LocalCluster(
                    n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0"
                ) as cluster,
                Client(cluster) as client,
            ):
                found = learned(
                    path, args.batch, args.steps, lambda c=client: sum(c.run(spent).values())
                )
                held = " ".join(f"{most / 2**20:.0f}" for most in client.run(worst).values())
            rows.append((count, *told(*found), held, f"{worst() / 2**20:.0f}"))
    head = ("workers", "first step, s", "samples a second", "fingerprint", "processor, us a sample")
    table((*head, "worst MB, each worker", "MB, this process and scheduler"), rows)


def told(first: float, rate: float, fingerprint: str, cost: str) -> tuple[str, str, str, str]:
    """Cells of a row."""
    return f"{first:.1f}", f"{rate:,.0f}", fingerprint, cost


if __name__ == "__main__":
    main()
