"""Resident memory while training on a million pictures from a memory map.

    python benchmarks/memory.py [--pictures 1000000] [--preset default]

Writes a ``.npy`` of random strokes of 28x28 bytes to a temporary folder, trains one
epoch on it, and prints the peak of resident memory, mapped pages included.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import common
import numpy as np


def main() -> None:
    """Measure and print."""
    from htm_engine import HTM, load_dataset

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--preset", default="default")
    args = parser.parse_args()
    common.provenance("memory", "strokes.npy", 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "strokes.npy"
        array = np.lib.format.open_memmap(path, "w+", np.uint8, (args.pictures, 28, 28))
        rng = np.random.default_rng(0)
        for start in range(0, args.pictures, 10_000):
            block = array[start : start + 10_000]
            level = rng.integers(0, 256, (len(block), 4, 4), dtype=np.uint8)
            block[:] = np.kron(level, np.ones((7, 7), np.uint8))
        array.flush()
        del array, block
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        X = load_dataset(str(path)).X
        began = time.perf_counter()
        HTM.from_preset(args.preset, epochs=1, random_state=0).fit(X)
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    common.table(
        ("pictures", "data MiB", "peak before training MiB", "peak MiB", "seconds"),
        [
            (
                args.pictures,
                args.pictures * 784 >> 20,
                f"{before:.0f}",
                f"{peak:.0f}",
                f"{seconds:.0f}",
            )
        ],
    )


if __name__ == "__main__":
    main()
