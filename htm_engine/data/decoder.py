"""One picture decoded: what ``apart`` starts, ``python -m htm_engine.data.decoder``.

Reads a line of JSON with the options of ``read_picture``, then the file; writes a line of JSON,
then colour profile, EXIF data and pixels, or in the line why there is no picture.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from ..errors import DataError
from .uploads import read_picture, too_little


def main() -> None:
    """Decode the picture on standard input."""
    options = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout.buffer
    try:
        found = read_picture(sys.stdin.buffer.read(), **options)
        pixels = np.ascontiguousarray(found.pixels)
    except (DataError, MemoryError) as exc:
        why = too_little(options["name"]) if isinstance(exc, MemoryError) else exc
        out.write(json.dumps({"error": str(why)}).encode() + b"\n")
        return
    kept = found.metadata
    told = {
        "shape": found.pixels.shape,
        "notes": found.notes,
        "bits": found.bits,
        "profile": len(kept.profile),
        "exif": len(kept.exif),
        "density": kept.density,
    }
    out.write(json.dumps(told).encode() + b"\n" + kept.profile + kept.exif)
    out.write(pixels.data)


if __name__ == "__main__":
    main()
