"""What the benchmarks share: data from a folder, one line of provenance, plain tables."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def pictures(
    folder: str,
    split: str,
    limit: int | None = None,
    size: int | None = None,
    colour: bool = False,
):
    """Pictures and labels of a folder, ZIP, IDX or NPZ, as the product reads them."""
    from htm_engine import load_dataset

    return load_dataset(folder, split=split, limit=limit, size=size, colour=colour)


def learned_and_held_out(folder: str, limit: int | None, size: int | None, colour: bool, seed: int):
    """What to learn from and what to measure on: the test part, or a fifth where there is none."""
    from htm_engine.errors import DataError

    train = pictures(folder, "train", limit, size, colour)
    try:
        return train, pictures(folder, "test", None, size, colour)
    except DataError:
        return train.split(0.2, random_state=seed)


def network_curve(model, test, with_surprise=True, qualities=range(1, 11)):
    """(bytes a picture, PSNR) of real files, decoded."""
    from htm_engine.coding.collection.codec import compress_collection, decompress_collection

    points = []
    for quality in qualities:
        data = compress_collection(model, test, quality, with_surprise=with_surprise)
        points.append((len(data) / len(test), psnr(decompress_collection(data, model), test)))
    return points


def provenance(script: str, data: str, seed: int) -> None:
    """Say what is measured, on what, and where."""
    import numpy
    import sklearn

    print(
        f"{script} | data {Path(data).name} | seed {seed} | Python {platform.python_version()}, "
        f"NumPy {numpy.__version__}, scikit-learn {sklearn.__version__}, {os.cpu_count()} cores"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a head as Markdown."""
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" for _ in head) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """PSNR in dB of pictures in bytes, over all of them together."""
    error = ((a.astype(np.float32) - b.astype(np.float32)) ** 2).mean(dtype=np.float64)
    return float(10 * np.log10(255**2 / max(error, 1e-12)))
