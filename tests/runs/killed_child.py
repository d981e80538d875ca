"""Trains and records until it is killed: says its run, then each step that is on the disk."""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from htm_engine import HTM, LayerSpec, load_dataset  # noqa: E402
from htm_engine.runs.history import History  # noqa: E402
from htm_engine.runs.recipe import SPLIT, Recipe  # noqa: E402
from htm_engine.runs.recording import RecordedJob  # noqa: E402


def main() -> None:
    history = History(Path(sys.argv[1]))
    data = load_dataset("digits", limit=300)
    model = HTM((LayerSpec(4, 6, 2), LayerSpec(2, 4, 3)), epochs=1000, patience=1000)
    recipe = Recipe.of(model, data.name, data.fingerprint)
    job = RecordedJob(history, recipe, *data.split(*SPLIT), every=0.05)
    print(job.run, flush=True)
    job.start()
    said = 0
    while not job.over:
        step = history.get(job.run).checkpoint_step
        if step > said:
            print(said := step, flush=True)
        time.sleep(0.005)


if __name__ == "__main__":
    main()
