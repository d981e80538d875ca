"""The sample photograph as the Compress page first shows it, made once and kept beside the codec.

::

    sample ──build──► Coded ──write──► assets/photo-example.npz ──read──► page

So a visitor of a server that has just started, where the coder is still being compiled, sees
the file, what comes back and where its bits went at once.  A test makes it again and compares.
After a change of the codec or its model::

    python -m studio.compress.example
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import streamlit as st
from PIL import Image

from ..kit.places import ASSETS
from . import photo_work

FILE = ASSETS / "photo-example.npz"
#: What the page asks for before anybody has touched it.
SETTINGS = photo_work.PhotoSettings(50, "psnr", "best")


def write(coded: photo_work.Coded, path: Path = FILE) -> None:
    """Keep what was made of the sample; the inverse of :func:`read`."""
    look, stream = coded.look, io.BytesIO()
    Image.fromarray(coded.back).save(stream, "WEBP", lossless=True, quality=100, method=6)
    told = {
        "scores": [coded.psnr, coded.ssim, coded.ms_ssim],
        "seconds": [round(coded.writing, 2), round(coded.reading, 2)],
        "parts": look.parts,
    }
    arrays: dict[str, Any] = {
        "stored": np.frombuffer(coded.file, np.uint8),
        "back": np.frombuffer(stream.getvalue(), np.uint8),
        "told": np.frombuffer(json.dumps(told).encode(), np.uint8),
    }
    for place, maps in enumerate(zip(look.units, look.sides, look.bits, strict=True)):
        for name, values in zip(("units", "sides", "bits"), maps, strict=True):
            kind = np.float32 if name == "bits" else np.int16
            arrays[f"{name}{place}"] = values.astype(kind)
    np.savez_compressed(path, **arrays)


def read(path: Path = FILE) -> photo_work.Coded:
    """What :func:`write` kept, without the other formats."""
    from htm_engine.coding.photo.anatomy import PhotoMap

    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
        file, told = kept["stored"].tobytes(), json.loads(kept["told"].tobytes())
        with Image.open(io.BytesIO(kept["back"].tobytes())) as image:
            back = np.asarray(image.convert("RGB"))
        planes = range(sum(name.startswith("units") for name in kept.files))
        units = [kept[f"units{place}"].astype(np.int64) for place in planes]
        sides = [kept[f"sides{place}"].astype(np.int64) for place in planes]
        bits = [kept[f"bits{place}"].astype(np.float64) for place in planes]
    look = PhotoMap(units, sides, bits, told["parts"], len(file))
    psnr, ssim, ms_ssim = told["scores"]
    writing, reading = told["seconds"]
    return photo_work.Coded(file, back, psnr, ssim, ms_ssim, writing, reading, look)


@st.cache_resource(show_spinner=False)
def shipped() -> photo_work.Coded | None:
    """The sample's, once a server; None where its file is missing or damaged."""
    try:
        return read()
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        return None


def of(picture: photo_work.Pixels, wanted: photo_work.PhotoSettings) -> photo_work.Coded | None:
    """What there is of a picture and settings: the sample's, unless anything is changed."""
    if wanted != SETTINGS or not np.array_equal(picture, photo_work.sample()):
        return None
    return shipped()


def main() -> None:
    """Make it and write ``assets/photo-example.npz``."""
    for _ in range(2):  # the first time machine code is loaded as well, which is not told
        *_, (_, coded) = photo_work.steps(photo_work.sample(), SETTINGS)
    assert isinstance(coded, photo_work.Coded)  # the last step brings it
    write(coded)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes, {coded.psnr:.2f} dB in {len(coded.file):,}")


if __name__ == "__main__":
    main()
