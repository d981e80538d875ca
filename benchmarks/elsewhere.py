"""A training in a worker process beside one in this process, and workers that are lost.

    python benchmarks/elsewhere.py [--epochs 40] [--times 3] [--kills 20] [--schedulers 5]

First a run of the digits, recorded as the Train page does, in this process and at one of two
workers, in turn; steps a second are those between the first and the last step of the units as the
page sees them, the least and the median of the times; the first step is from ``start`` on, with
the workers there.  The processor's time is the least of this process plus the least of the
workers, and moves less where other work is on the machine.  Then a long run whose worker's
process is killed at random moments, and one whose scheduler is: steps lost are those that were
taken and had to be taken again, and every run must arrive at the fingerprint of one that nothing
happened to.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import time

from common import provenance, table


def job(epochs: int):
    """A run that is not yet started."""
    from htm_engine import HTM, load_dataset
    from htm_engine.runs.background import Pool
    from htm_engine.runs.history import History
    from htm_engine.runs.recipe import SPLIT, Recipe
    from htm_engine.runs.recording import RecordedJob

    data = load_dataset("digits")
    model = HTM.from_preset(
        "default", epochs=epochs, patience=epochs, coder=False, sampler=False, random_state=0
    )
    recipe = Recipe.of(model, data.name, data.fingerprint)
    return RecordedJob(History(None), recipe, *data.split(*SPLIT), pool=Pool(1))


def at_workers() -> float:
    """Processor seconds of all workers so far."""
    from htm_engine.runs.workers import WORKERS

    return sum(WORKERS._client.run(time.process_time).values()) if WORKERS.ready else 0.0


def timed(epochs: int) -> tuple[float, float, str, float, float]:
    """Seconds to the first step, steps a second from there, the fingerprint, and what it cost.

    That is processor milliseconds a step: of this process, and of the workers.
    """
    run, began, own, theirs = job(epochs), time.perf_counter(), time.process_time(), at_workers()
    run.start()
    first = last = None
    while not run.over:
        step = run.snapshot().step
        now = time.perf_counter() - began
        if step is not None and step.step and step.phase == "units":
            first, last = first or (step.step, now), (step.step, now)
        time.sleep(0.1)
    assert run.result is not None, run.error
    own, theirs = time.process_time() - own, at_workers() - theirs
    assert first is not None and last is not None
    rate = (last[0] - first[0]) / (last[1] - first[1])
    return first[1], rate, run.result.fingerprint, 1e3 * own / last[0], 1e3 * theirs / last[0]


def lost(epochs: int, times: int, rng: random.Random, scheduler: bool) -> list[tuple[int, float]]:
    """Steps lost, and seconds until the run went on, of every kill."""
    from htm_engine.runs.workers import AGAIN, WORKERS

    known, found = None, []
    while len(found) < times:
        run = job(epochs)
        run.start()
        while not run.over and len(found) < times:
            time.sleep(0.5 + 4 * rng.random())
            if run.over or not run.where:
                break
            at = run.snapshot().step
            if at is None or at.phase != "units":
                continue
            if scheduler:
                WORKERS._keeper.kill()
            else:
                (number,) = WORKERS._client.run(os.getpid, workers=[run.where]).values()
                os.kill(number, signal.SIGKILL)
            began = time.perf_counter()
            kept, reached = run._kept_at, run.snapshot().step.step
            while not run.over and run.snapshot().step.step <= reached:
                time.sleep(0.01)
            found.append((reached - kept, time.perf_counter() - began))
            if scheduler:
                break
        run.join(600)
        assert run.result is not None, run.error
        known = known or run.result.fingerprint
        assert run.result.fingerprint == known
        if scheduler:
            WORKERS._failed = -AGAIN
            WORKERS.begin(wait=True)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--schedulers", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    from htm_engine.runs.workers import VARIABLE, WORKERS

    provenance("elsewhere", "digits", args.seed)
    found: dict[str, list[tuple[float, float, str, float, float]]] = {
        "this process": [],
        "a worker": [],
    }
    for _ in range(args.times):
        os.environ[VARIABLE] = "0"
        WORKERS.close()
        found["this process"].append(timed(args.epochs))
        os.environ[VARIABLE] = "2"
        began = time.perf_counter()
        WORKERS.begin(wait=True)
        print(f"workers there after {time.perf_counter() - began:.1f} s")
        found["a worker"].append(timed(args.epochs))
    assert len({one[2] for ones in found.values() for one in ones}) == 1
    table(
        ("where", "first step, s (most)", "steps a second, median", "most", "processor, ms a step"),
        [
            (
                name,
                f"{max(one[0] for one in ones):.2f}",
                f"{statistics.median(one[1] for one in ones):.1f}",
                f"{max(one[1] for one in ones):.1f}",
                f"{min(one[3] for one in ones):.2f} + {min(one[4] for one in ones):.2f}",
            )
            for name, ones in found.items()
        ],
    )
    rng, rows = random.Random(args.seed), []
    for what, times, scheduler in (
        ("worker", args.kills, False),
        ("scheduler", args.schedulers, True),
    ):
        if not times:
            continue
        each = lost(4 * args.epochs, times, rng, scheduler)
        rows.append(
            (
                what,
                len(each),
                max(steps for steps, _ in each),
                f"{statistics.median(one for _, one in each):.1f}",
                f"{max(one for _, one in each):.1f}",
            )
        )
    table(("killed", "times", "most steps lost", "goes on after, s, median", "most"), rows)
    WORKERS.close()


if __name__ == "__main__":
    main()
