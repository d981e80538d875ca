"""What the photo commands do: learn a codec from a folder, describe files."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .coding.photo import inspect_image
from .coding.photolearn import learn
from .coding.photomodel import PhotoModel
from .errors import DataError
from .outputs import check_target, write
from .progress import Progress

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".tif", ".tiff")


def train(arguments: Namespace) -> None:
    """Learn a photo model from all pictures of a folder."""
    target = check_target(arguments.output, arguments.force)
    if target.suffix.lower() != ".npz":
        raise DataError(f"{target.name} must end in .npz, as models do.")
    pictures = [_read(path) for path in _paths(Path(arguments.folder))]
    progress, model = Progress(sys.stderr), None
    for part, doing, model in learn(pictures, arguments.seed):  # noqa: B007
        progress.show(f"{doing} {part:4.0%}, {progress.left(part)}")
    progress.close()
    assert model is not None
    stream = io.BytesIO()
    model.save(stream)
    write(target, stream.getvalue(), arguments.force)
    print(f"pictures         {len(pictures):,}")
    print(f"model            {target} ({stream.tell() / 1024:,.0f} KB, {model.fingerprint.hex()})")


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise DataError(f"There are no pictures in {folder}.")
    return found


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            return np.array(picture.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as exc:
        raise DataError(f"{path.name} cannot be read as a picture.") from exc


# ----------------------------------------------------------------- describe
def of_file(content: bytes) -> dict[str, Any]:
    """What a file of a photograph holds."""
    info = inspect_image(content)
    return {
        "kind": "photograph",
        "shape": [info.height, info.width, info.channels],
        "bytes": info.size,
        "bits_a_pixel": round(8 * info.size / (info.width * info.height), 3),
        "step": info.step,
        "colour_halved": info.halved,
        "model": info.fingerprint,
    }


def of_model(content: bytes) -> dict[str, Any]:
    """What a photo model's file holds."""
    model = PhotoModel.load(io.BytesIO(content))
    return {
        "kind": "photo model",
        "units": [len(units.weights) for units in model.units],
        "fingerprint": model.fingerprint.hex(),
        "bytes": len(content),
    }
