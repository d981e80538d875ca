"""Photographs of 0.25 to 50 megapixels: time, memory, and bytes beside the ideal.

    python benchmarks/photo_size.py PICTURE [--sizes 0.25 3 12] [--effort best] [--quality 50]

The picture is laid out mirrored until it has the size.  Each size runs in a process of its
own: processor seconds to write and to read, the growth of its resident memory at the highest
over the raw picture's bytes, and how far coded bytes lie above the model's ideal length.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from htm_engine.coding.photo.anatomy import look_into_image  # noqa: E402
from htm_engine.coding.photo.codec import compress_image, decompress_image  # noqa: E402
from htm_engine.coding.photo.format import opened  # noqa: E402


def laid(picture: np.ndarray, megapixels: float) -> np.ndarray:
    """A picture of three to two and so many megapixels, mirrored over and over."""
    height = int(round((megapixels * 1e6 / 1.5) ** 0.5))
    width = int(megapixels * 1e6 / height)
    rows, columns = (
        np.pad(np.arange(n), (0, max(0, m - n)), mode="symmetric")[:m]
        for n, m in zip(picture.shape[:2], (height, width), strict=True)
    )
    return np.ascontiguousarray(picture[rows][:, columns])


def peak() -> float:
    """Highest resident memory so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def measured(path: str, megapixels: float, effort: str, quality: float) -> dict[str, float]:
    """One size."""
    with Image.open(path) as opened_picture:
        small = np.array(opened_picture.convert("RGB"))
    decompress_image(compress_image(small[:64, :64], quality, effort=effort))  # compiled, loaded
    picture = laid(small, megapixels)
    before, start = peak(), time.process_time()
    data = compress_image(picture, quality, effort=effort)
    middle, highest = time.process_time(), peak()
    decompress_image(data)
    end = time.process_time()
    parts = look_into_image(data).parts
    ideal = sum(parts.values()) - parts["header"]
    return {
        "megapixels": picture.shape[0] * picture.shape[1] / 1e6,
        "bytes": len(data),
        "write s": middle - start,
        "read s": end - middle,
        "write x raw": (highest - before) / picture.nbytes,
        "both x raw": (peak() - before) / picture.nbytes,
        "above ideal %": 100 * (len(opened(data).coded) / ideal - 1),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture")
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.25, 3, 12])
    parser.add_argument("--effort", default="best")
    parser.add_argument("--quality", type=float, default=50)
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(
            json.dumps(
                measured(arguments.picture, arguments.one, arguments.effort, arguments.quality)
            )
        )
        return
    for place, size in enumerate(arguments.sizes):
        command = [sys.executable, __file__, arguments.picture, "--one", str(size)]
        command += ["--effort", arguments.effort, "--quality", str(arguments.quality)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        row = json.loads(done.stdout)
        if place == 0:
            print("".join(f"{name:>15}" for name in row))
        print("".join(f"{value:15.3f}" for value in row.values()), flush=True)


if __name__ == "__main__":
    main()
