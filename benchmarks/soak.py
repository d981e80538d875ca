"""Hours of visitors who come and go: does anything grow?

    python benchmarks/soak.py [--minutes 120] [--visitors 6] [--every 30] [--seed S]

One server with a history of its own.  Visitors of the kinds of ``load.py`` stay two to eight
minutes each; who leaves is followed by another.  Every half minute the server's memory,
threads, open files, temporary files and what its history holds on disk are written down.
Halfway the server is told to end and another takes over the same history; visitors who were
there are counted as lost, which is meant.

Printed are the samples, a line each five minutes, and for each quantity the slope over each
half but for its first ten minutes, in which caches fill.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from common import ROOT, provenance, table
from load import Seen, Visitor, resident
from page_load import serve

WHAT = ("memory, MB", "threads", "open files", "temporary files", "history, MB", "trained")
#: Minutes of each server in which caches fill, and that say nothing of growth.
SETTLING = 10.0


def sample(process: subprocess.Popen, folders: tuple[Path, Path], seen: Seen) -> list[float]:
    """What the server holds now."""
    held, temporary = folders
    proc = Path(f"/proc/{process.pid}")
    files = [path for path in held.rglob("*") if path.is_file()]
    return [
        resident(process, "VmRSS") / 2**20,
        len(list((proc / "task").iterdir())),
        len(list((proc / "fd").iterdir())),
        len(list(temporary.rglob("*"))),
        sum(path.stat().st_size for path in files) / 2**20,
        seen.trained,
    ]


async def come_and_go(url: str, count: int, seconds: float, seed: int, seen: Seen) -> None:
    """So many visitors at a time, each followed by another."""
    end = time.monotonic() + seconds
    rng = np.random.default_rng(seed)

    async def place(number: int) -> None:
        await asyncio.sleep(2.0 * number)
        while time.monotonic() < end:
            kind = ("browse", "train", "compress")[int(rng.integers(3))]
            stay = min(end, time.monotonic() + float(rng.uniform(120, 480)))
            await Visitor(url, seen, int(rng.integers(2**31))).live(kind, stay)

    await asyncio.gather(*(place(number) for number in range(count)))


async def watched(
    process: subprocess.Popen, url: str, args: argparse.Namespace, seed: int, folders, seen: Seen
) -> np.ndarray:
    """Samples ``(n, 1 + quantities)`` of half the time, minutes first."""
    began, rows = time.monotonic(), []
    crowd = asyncio.create_task(come_and_go(url, args.visitors, 30 * args.minutes, seed, seen))
    while not crowd.done():
        await asyncio.wait([crowd], timeout=args.every)
        if process.poll() is not None:
            seen.errors.append("the server has died")
            break
        rows.append([(time.monotonic() - began) / 60, *sample(process, folders, seen)])
        if len(rows) % max(1, round(300 / args.every)) == 0:
            print(" ".join(f"{value:9.1f}" for value in rows[-1]), flush=True)
    crowd.cancel()
    return np.array(rows)


def main() -> None:
    """Soak, restart, soak, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--visitors", type=int, default=6)
    parser.add_argument("--every", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    provenance("soak", "shipped model", args.seed)
    print(" ".join(f"{name:>9}" for name in ("minutes", *WHAT)), flush=True)
    seen, found = Seen(), []
    with tempfile.TemporaryDirectory() as outer:
        held, temporary = Path(outer) / "history", Path(outer) / "tmp"
        held.mkdir(), temporary.mkdir()
        env = os.environ | {"HTM_STUDIO_DATA": str(held), "TMPDIR": str(temporary)}
        for half in range(2):
            process, url = serve(ROOT / "app.py", ROOT, env, ready=True)
            try:
                samples = watched(process, url, args, args.seed + half, (held, temporary), seen)
                found.append(asyncio.run(samples))
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    seen.errors.append("the server did not end within 30 s of being told to")
                    process.kill()
    rows = []
    for half, samples in enumerate(found):
        late = samples[samples[:, 0] > min(SETTLING, samples[-1, 0] / 2)]
        for number, name in enumerate(WHAT, 1):
            slope = np.polyfit(late[:, 0], late[:, number], 1)[0] if len(late) > 2 else np.nan
            values = f"{late[0, number]:.0f}", f"{late[:, number].max():.0f}"
            rows.append([half + 1, name, *values, f"{late[-1, number]:.0f}", f"{60 * slope:+.1f}"])
    table(["half", "what", "after settling", "most", "at the end", "an hour"], rows)
    print(f"page changes {len(seen.changes)}, lost {seen.lost}, errors {len(seen.errors)}")
    for line in sorted(set(seen.errors)):
        print("error:", line)


if __name__ == "__main__":
    main()
