"""Both decoders on random small files: ``python -m tests.reference.compare --cases 200 --seed 0``.

Every third case has its coded bits replaced by others, under a right checksum: what no encoder
writes must be read alike as well, or refused.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections import Counter
from typing import Any

import numpy as np
from sklearn.datasets import load_sample_image

from htm_engine import compress_image, decompress_image
from htm_engine.assets import ASSETS
from htm_engine.coding.photo.format import LOSSLESS, opened
from htm_engine.errors import FormatError
from tests.reference.photo_decoder import decode

MODEL = ASSETS / "photo.npz"


def picture(rng: np.random.Generator, most: int) -> np.ndarray:
    """A part of a photograph, or patches, of 1 to ``most`` rows and columns; or larger shading."""
    height, width = (int(side) for side in rng.integers(1, most + 1, 2))
    kind = rng.integers(4)
    if kind < 2:
        whole = load_sample_image(("china.jpg", "flower.jpg")[kind])
        y, x = (int(rng.integers(0, side - most)) for side in whole.shape[:2])
        found = whole[y : y + height, x : x + width].astype(float)
    elif kind == 2:  # large enough for blocks of 32x32
        height, width = 2 * height, 2 * width
        y, x = np.mgrid[:height, :width]
        slopes = rng.normal(0, rng.choice([0, 1, 4]), (3, 2))
        found = 128 + y[..., None] * slopes[:, 0] + x[..., None] * slopes[:, 1]
        found = found + rng.normal(0, rng.choice([0.5, 4, 20]), found.shape)
    else:
        patches = rng.integers(0, 256, (8, 8, 3))
        found = np.kron(patches, np.ones((most // 8 + 1,) * 2 + (1,)))[:height, :width]
    rgb = np.clip(np.rint(found), 0, 255).astype(np.uint8)
    alpha = np.full((height, width, 1), 255, np.uint8)
    alpha[: height // 2] = rng.integers(256)
    forms = (rgb, rgb, rgb, rgb[..., 0], np.dstack([rgb, alpha]), np.dstack([rgb[..., :1], alpha]))
    return np.ascontiguousarray(forms[rng.integers(len(forms))])


def file_of(rng: np.random.Generator, most: int) -> bytes:
    """A file of such a picture, by any settings."""
    shown = picture(rng, most)
    if rng.random() < 0.15:
        return compress_image(shown, lossless=True)
    how: dict[str, Any] = {"tune": str(rng.choice(["psnr", "eye"]))}
    return compress_image(shown, int(rng.integers(1, 101)), effort="fast", **how)


def with_other_bits(data: bytes, rng: np.random.Generator) -> bytes:
    """The same header over coded bits that no encoder has written; its eye and filters vary."""
    header = opened(data)
    end = len(data) - 4 - len(header.alpha) - len(header.metadata)
    start = end - len(header.coded)
    fresh = rng.bytes(int(rng.integers(1, 60)))
    keep = int(rng.integers(0, len(header.coded) + 1))
    body = data[:start] + header.coded[:keep].tobytes() + fresh + data[end:-4]
    return body + zlib.crc32(body).to_bytes(4, "little")


def agree(data: bytes) -> str:
    """``"same"``, ``"refused"`` by the codec, or ``"DIFFERENT"``."""
    try:
        ours = decompress_image(data)
    except FormatError:
        return "refused"
    theirs = decode(data, MODEL)
    return "same" if ours.shape == theirs.shape and (ours == theirs).all() else "DIFFERENT"


def case(seed: int, number: int, most: int = 48) -> tuple[bytes, str]:
    """A file, and whether the decoders agree on it; one that we wrote has to be read."""
    rng = np.random.default_rng([seed, number])
    data = file_of(rng, most)
    if number % 3 == 2:
        data = with_other_bits(data, rng)
        return data, agree(data)
    outcome = agree(data)
    return data, "DIFFERENT" if outcome == "refused" else outcome


def main() -> int:
    """Compare, tell what happened, and fail if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began, found = time.monotonic(), Counter()
    for number in range(asked.cases):
        data, outcome = case(asked.seed, number)
        exact = "lossless" if opened(data).form & LOSSLESS else "lossy"
        found[f"{exact}, {'other bits' if number % 3 == 2 else 'written'}: {outcome}"] += 1
        if outcome == "DIFFERENT":
            print(f"case {number} of seed {asked.seed} differs: {data.hex()}")
    for name, count in sorted(found.items()):
        print(f"{count:6,}  {name}")
    print(f"{asked.cases:,} files, seed {asked.seed}, {time.monotonic() - began:.0f} s")
    return int(any("DIFFERENT" in name for name in found))


if __name__ == "__main__":
    sys.exit(main())
