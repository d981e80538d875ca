"""Memory and time of decoding large pictures that visitors send, each in a process of its own.

    python benchmarks/uploads.py

The pictures are blank, so that their files are small and what they claim is large.  Memory is
the peak of the process above what it held before decoding; ``enough`` is a page that has a use
for 300,000 pixels.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import common
from PIL import Image

#: A picture's mode and size, its format, and pixels that the page has a use for.
CASES = {
    "PNG with transparency": ("RGBA", (7070, 7070), "PNG", None),
    "JPEG": ("RGB", (11808, 3072), "JPEG", None),
    "JPEG, enough": ("RGB", (11808, 3072), "JPEG", 300_000),
}


def held(what: str) -> float:
    """What Linux says that this process holds (VmRSS), or has held at most (VmHWM), in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 2**10


def measure(data: bytes, enough: int | None) -> tuple[float, float]:
    """MiB above what was held before, and seconds."""
    from htm_engine.data.uploads import read_picture

    Path("/proc/self/clear_refs").write_text("5")  # the parent's peak is none of ours
    before, began = held("VmRSS"), time.perf_counter()
    read_picture(data, **({} if enough is None else {"enough": enough}))
    return held("VmHWM") - before, time.perf_counter() - began


def main() -> None:
    """Measure each case in a child and print."""
    if len(sys.argv) > 1:  # the child: a file by the standard input
        grown, seconds = measure(sys.stdin.buffer.read(), CASES[sys.argv[1]][3])
        print(f"{grown:.0f} {seconds:.2f}")
        return
    common.provenance("uploads", "blank pictures", 0)
    rows = []
    for name, (mode, size, kind, _) in CASES.items():
        stream = io.BytesIO()
        Image.new(mode, size).save(stream, kind)
        told = subprocess.run(
            [sys.executable, __file__, name], input=stream.getvalue(), stdout=-1, check=True
        )
        rows.append((name, f"{stream.tell():,}", *told.stdout.decode().split()))
    common.table(("picture", "bytes", "memory grown by, MiB", "seconds"), rows)


if __name__ == "__main__":
    main()
