"""Very long series: values a second, and memory beside the values, by the length.

    python benchmarks/series_scale.py [--values 1000000 3000000 10000000] [--calls detect store ...]
    python benchmarks/series_scale.py --csv [--megabytes 503] [--commands detect compress ...]

Each call runs in a process of its own on a noisy daily pattern of two decimals (seed 0), once
before on 65,536 values, so that nothing is compiled while it is timed.  Memory is how much more
the process held at its worst than with what the call is given (Linux), beyond the result itself:
scores, the file, or the values read.  Seconds are of the processor.  ``read`` reads what ``store``
stored, and the values must be the same.

``--csv`` writes a table of time stamps and values of so many megabytes, and lets ``htm`` score it
(``--fast``), store it and give it back, which must be the same bytes; memory is then that of the
whole process.
"""

from __future__ import annotations

import argparse
import filecmp
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import ROOT, provenance, table

CALLS, COMMANDS = ("detect", "fast", "store", "read"), ("detect", "compress", "decompress")
#: What the values are drawn in, so that the peak of memory is the call's; values to warm up on.
_PART, _FEW = 1 << 17, 1 << 16


def parts(count: int):
    """A noisy daily pattern of two decimals, in parts."""
    rng, level = np.random.default_rng(0), 0.0
    for start in range(0, count, _PART):
        t = np.arange(start, min(start + _PART, count))
        walk = level + np.cumsum(rng.normal(0, 0.02, len(t)))
        level = walk[-1]
        yield t, np.round(20 * np.sin(t * 2 * np.pi / 288) + walk + rng.normal(size=len(t)), 2)


def pattern(count: int) -> np.ndarray:
    """All parts as one array."""
    values = np.empty(count)
    for t, part in parts(count):
        values[t] = part
    return values


def worst() -> int:
    """Bytes that this process held at its worst."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(call: str, count: int, file: Path) -> None:
    """Make one call; print its seconds, bytes beside what it is given, and bytes it gives."""
    from htm_engine import compress_series, decompress_series, detect

    few = pattern(_FEW)
    if call == "read":
        given, warm = file.read_bytes(), compress_series(few)
    else:
        given, warm = pattern(count), few
    ways = {
        "detect": lambda one: detect(one, learning=600),
        "fast": lambda one: detect(one, learning=600, fast=True),
        "store": compress_series,
        "read": lambda one: decompress_series(one, limit=1 << 28),
    }
    ways[call](warm)
    before, began = worst(), time.process_time()
    found = ways[call](given)
    took, more = time.process_time() - began, worst() - before
    if call == "store":
        file.write_bytes(found)
    if call == "read" and not all((found[t] == part).all() for t, part in parts(count)):
        raise SystemExit("The series did not come back.")
    print(took, more, len(found) if call == "store" else found.nbytes)


def measured(counts: list[int], calls: list[str]) -> None:
    """A row for every call and length."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            for call in calls:
                file = Path(folder) / "series.htmc"
                own = [sys.executable, __file__, "--alone", call, str(count), str(file)]
                told = subprocess.run(own, capture_output=True, text=True, check=True).stdout
                took, more, size = map(float, told.split())
                speed, beside = f"{count / took:,.0f}", f"{max(0, more - size) / 1e6:,.1f} MB"
                rows.append((call, f"{count:,}", speed, f"{size / 1e6:,.1f} MB", beside))
    table(("call", "values", "values a second", "what it gives", "memory beside that"), rows)


def as_csv(path: Path, megabytes: float) -> int:
    """Write a table of time stamps and values; its rows."""
    count = 0
    with path.open("wb") as out:
        out.write(b"time,value\n")
        for t, part in parts(1 << 40):
            stamps = (np.datetime64("2000-01-01T00:00:00") + t * 30).astype(str).tolist()
            pairs = zip(stamps, part.tolist(), strict=True)
            out.write("".join(f"{time},{value:.2f}\n" for time, value in pairs).encode())
            count += len(t)
            if out.tell() >= 1e6 * megabytes:
                return count
    return count


def tables(megabytes: float, commands: list[str]) -> None:
    """Seconds and memory of ``htm`` on a large table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source, stored, back = (Path(folder) / name for name in ("x.csv", "x.csv.htmc", "back.csv"))
        count = as_csv(source, megabytes)
        for told in (
            ("detect", source, "--fast"),
            ("compress", source, "-o", stored),
            ("decompress", stored, "-o", back),
        ):
            if told[0] not in commands:
                continue
            took, most = shell([*map(str, told)])
            rows.append((f"htm {told[0]}", f"{took:,.0f} s", f"{most / 1e6:,.0f} MB"))
        if back.exists() and not filecmp.cmp(source, back, shallow=False):
            raise SystemExit("The table did not come back.")
        megabytes, after = source.stat().st_size / 1e6, ""
        if stored.exists():
            after = f", stored in {stored.stat().st_size / 1e6:,.1f} MB"
    print(f"\n{count:,} rows of {megabytes:,.0f} MB{after}\n")
    table(("command", "seconds of the processor", "memory at its worst"), rows)


def shell(words: list[str]) -> tuple[float, int]:
    """Run one command; its seconds of the processor, and bytes it held at its worst."""
    own = [sys.executable, __file__, "--shell", *words]
    told = subprocess.run(own, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    took, most = told.split()[-2:]
    return float(took), int(most)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--alone"]:
        alone(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return
    if sys.argv[1:2] == ["--shell"]:
        from htm_engine.__main__ import main as htm

        if failed := htm(sys.argv[2:]):
            raise SystemExit(failed)
        print(time.process_time(), worst())
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--values", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=CALLS)
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--megabytes", type=float, default=503)
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS)
    args = parser.parse_args()
    provenance("series_scale", "drawn", 0)
    if args.csv:
        tables(args.megabytes, args.commands)
    else:
        measured(args.values, args.calls)


if __name__ == "__main__":
    main()
