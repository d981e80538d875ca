"""A training killed at random moments: what is lost, and whether the history still opens.

    python benchmarks/killed.py [--times 20] [--every 5] [--seed 0] [--server]

A process trains and records, with the checkpoint interval of the app; after a random time, up
to three intervals, it is killed (SIGKILL).
Then the history is opened by another process, the run is taken up from its last checkpoint,
and killed again: one run, so many lives.  A step counts as lost when it had finished and is
older than the last checkpoint interval.  With ``--server``, the process is a whole server and
the training was begun on its page (see killed_server.py; needs Chromium and playwright).
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, provenance, table


def child(folder: str, run: str, every: float) -> None:
    """Train, say each finished step and when; never returns by itself."""
    from htm_engine import HTM, LayerSpec, load_dataset
    from htm_engine.runs.history import History
    from htm_engine.runs.recipe import SPLIT, Recipe
    from htm_engine.runs.recording import RecordedJob, resume

    history, data = History(Path(folder)), load_dataset("digits")
    if run:
        job = resume(history, run, data, every=every)
    else:
        model = HTM((LayerSpec(4, 24, 4), LayerSpec(2, 24, 6)), epochs=900, patience=900)
        recipe = Recipe.of(model, data.name, data.fingerprint)
        job = RecordedJob(history, recipe, *data.split(*SPLIT), every=every)
    print("run", job.run, flush=True)
    job.start()
    while not job.over:
        step = job.snapshot().step
        if step is not None:
            print("step", step.step, time.time(), flush=True)
        time.sleep(0.05)  # seldom enough that nobody need read it meanwhile


def life(
    folder: str, run: str, every: float, seconds: float
) -> tuple[str, list[tuple[int, float]]]:
    """One life of the process: the run's id and the steps that it said."""
    command = [sys.executable, __file__, "--child", folder, "--run", run, "--every", str(every)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    run = process.stdout.readline().split()[1]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said = [line.split() for line in process.stdout.read().splitlines() if line.count(" ") == 2]
    process.wait()
    return run, [(int(step), float(at)) for _, step, at in said]


def servers(times: int, every: float, seed: int) -> None:
    """Kill servers, and print how the next one found what they left."""
    from killed_server import killed_servers

    provenance("killed --server", "digits", seed)
    rows, bad = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number, life in enumerate(killed_servers(folder, times, every, seed), 1):
            lost, last = life.lost(every), max((step for step, _ in life.said), default=0)
            bad += lost > 0 or not life.listed or not life.told
            rows.append(
                (
                    number,
                    f"{life.seconds:.2f}",
                    last,
                    life.end,
                    life.kept,
                    lost,
                    "yes" if life.listed else "no",
                    "yes" if life.told else "no",
                )
            )
    table(
        [
            "life",
            "killed after, s",
            "last step seen",
            "found",
            "goes on from",
            "lost that were due",
            "listed",
            "says where",
        ],
        rows,
    )
    print(f"{times} kills of a server: {times - bad} without loss, its history opened and said so")


def main() -> None:
    """Kill, open, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--child")
    parser.add_argument("--run", default="")
    args = parser.parse_args()
    if args.child:
        child(args.child, args.run, args.every)
        return
    if args.server:
        servers(args.times, args.every, args.seed)
        return
    from htm_engine.runs.history import History

    provenance("killed", "digits", args.seed)
    rng, run, rows, bad = random.Random(args.seed), "", [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, args.times + 1):
            seconds = 3 * args.every * rng.random()
            run, said = life(folder, run, args.every, seconds)
            history = History(Path(folder))  # raises if it is damaged
            found = history.get(run)
            assert found is not None
            if found.state == "finished":  # it was quicker than the kill
                history.close()
                rows.append((number, f"{seconds:.2f}", found.step, "finished", 0, "yes"))
                run = ""
                continue
            assert found.state == "interrupted"
            whole = found.checkpoint is not None and history.files.get(found.checkpoint)
            history.close()
            last = max((at for _, at in said), default=0)
            # A second more, which writing the checkpoint may take itself.
            due = [step for step, at in said if at < last - args.every - 1]
            lost = max(due, default=0) - found.checkpoint_step
            bad += lost > 0 or not whole
            rows.append(
                (
                    number,
                    f"{seconds:.2f}",
                    max((s for s, _ in said), default=0),
                    found.checkpoint_step,
                    max(0, lost),
                    "yes" if whole else "no",
                )
            )
    head = ["life", "killed after, s", "last step", "checkpoint at", "lost that were due", "whole"]
    table(head, rows)
    print(f"{args.times} kills: {args.times - bad} without loss, the history opened every time")


if __name__ == "__main__":
    main()
