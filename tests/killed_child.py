"""Trains and records until it is killed: says its run, then each step once it is on the disk."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from htm_engine.runs import History  # noqa: E402


def main() -> None:
    history = History(Path(sys.argv[1]))
    run = history.create("child", "digits", "ab", {})
    print(run, flush=True)
    for step in range(1, 100_000):
        history.progress(
            run, [(False, step, 1 / step)], seconds=step, step=step, total=100_000,
            checkpoint=step.to_bytes(4, "big") * 50_000,
        )  # fmt: skip
        print(step, flush=True)


if __name__ == "__main__":
    main()
