"""What each part of the photo codec is worth: bytes at equal PSNR with the part taken away.

    python benchmarks/photo_parts.py FOLDER [--crop 256] [--count 8]

Parts are taken out of the shipped model without learning again, so what is left could do
somewhat better than shown.  BD-rate in PSNR of RGB, of mean curves, against the whole.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from htm_engine.coding.photo.codec import compress_image, decompress_image  # noqa: E402
from htm_engine.coding.photo.entropy import blank_state  # noqa: E402
from htm_engine.coding.photo.model import PhotoModel, shipped  # noqa: E402
from htm_engine.coding.photo.neighbours import Units  # noqa: E402
from htm_engine.coding.photo.postfilter import blank_filters  # noqa: E402
from htm_engine.evaluation.metrics import bd_rate, psnr  # noqa: E402

QUALITIES = (5, 22, 38, 54, 70, 86)


def changed(model: PhotoModel, **parts: Any) -> PhotoModel:
    """A model with parts replaced."""
    return replace(model, **parts).rounded()


def fewer(model: PhotoModel, small: int, big: int) -> PhotoModel:
    """The units of luma that win most, so many of each size."""
    units, dear = list(model.units), model.dear.copy()
    for kind, count in ((0, small), (1, big)):
        kept = np.argsort(dear[kind, : len(units[kind].weights)], kind="stable")[:count]
        units[kind] = Units(*(part[kept] for part in units[kind]))
        dear[kind, :count] = dear[kind, kept]
    probs, gates = blank_state()
    return changed(model, units=tuple(units), dear=dear, probs=probs, gates=gates)


def variants() -> dict[str, tuple[PhotoModel, str]]:
    """Models and efforts by what is missing."""
    whole = shipped()
    probs, gates = blank_state()
    blind = [one._replace(weights=np.zeros_like(one.weights)) for one in whole.units]
    without = {}
    for name, kinds in (
        ("quarters of 4x4", [4]),
        ("squares of 32x32", [5]),
        ("squares of 16x16 and 32x32", [1, 5]),
        ("all sizes but 8x8", [1, 4, 5]),
    ):
        dear = whole.dear.copy()
        dear[kinds] = 250
        without[name] = (changed(whole, dear=dear), "best")
    even = whole.gates.copy()
    even[:] = gates
    return {
        "everything": (whole, "best"),
        "choices priced by the entropy model": (whole, "fast"),
        "restoring filters": (changed(whole, filters=blank_filters()), "best"),
        "rates in the quantiser": (changed(whole, rates=np.zeros_like(whole.rates)), "best"),
        "warm start": (changed(whole, probs=probs, gates=gates), "best"),
        "warm gates alone": (changed(whole, gates=even), "best"),
        **without,
        "contexts (units predict the mean)": (changed(whole, units=tuple(blind)), "best"),
        "24 of 32 and 8 of 12 units, cold": (fewer(whole, 8, 4), "best"),
        "all but 1 unit of each size, cold": (fewer(whole, 1, 1), "best"),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--only", default="", help="names of parts, separated by ;")
    arguments = parser.parse_args()
    only = arguments.only.split(";") if arguments.only else []
    paths = sorted(Path(arguments.folder).glob("*.png"))[: arguments.count]
    pictures = []
    for index, path in enumerate(paths):
        picture = np.array(Image.open(path).convert("RGB"))
        start = index * 37 % (min(picture.shape[:2]) - arguments.crop + 1)
        cut = picture[start : start + arguments.crop, start : start + arguments.crop]
        pictures.append(np.ascontiguousarray(cut))
    reference = None
    for name, (model, effort) in variants().items():
        if only and name not in ("everything", *only):
            continue
        rows = []
        for quality in QUALITIES:
            files = [compress_image(one, quality, model, effort=effort) for one in pictures]
            pairs = zip(pictures, files, strict=True)
            near = [psnr(a / 255, decompress_image(data, model) / 255) for a, data in pairs]
            rows.append((np.mean([len(data) for data in files]), np.mean(near)))
        curve = np.array(rows)
        reference = curve if reference is None else reference
        rate = bd_rate(curve[:, 0], curve[:, 1], reference[:, 0], reference[:, 1])
        print(f"{'' if rate == 0 else 'without '}{name:<40} {rate:+7.1f} %", flush=True)


if __name__ == "__main__":
    main()
