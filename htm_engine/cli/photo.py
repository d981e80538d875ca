"""What the photo commands do: learn a codec from a folder, store photographs, describe files."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import files
from ..coding.photo.codec import compress_image, decompress_image, inspect_image
from ..coding.photo.format import LARGEST
from ..coding.photo.learning import learn
from ..coding.photo.model import PhotoModel
from ..data.uploads import LOCAL, read_picture
from ..errors import DataError
from .outputs import check_target, write
from .plan import FORMATS
from .progress import Progress

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp")


def train(arguments: Namespace) -> None:
    """Learn a photo model from all pictures of a folder."""
    target = check_target(arguments.output, arguments.force)
    if target.suffix.lower() != ".npz":
        raise DataError(f"{target.name} must end in .npz, as models do.")
    pictures = [_read(path) for path in _paths(Path(arguments.folder))]
    progress, told = Progress(sys.stderr), ""
    for part, doing, model in learn(pictures, arguments.seed):  # noqa: B007
        progress.show(f"{doing} {part:4.0%}, {progress.left(part)}", milestone=doing != told)
        told = doing
    progress.close()
    assert model is not None  # the last step brings it
    stream = io.BytesIO()
    model.save(stream)
    write(target, stream.getvalue(), arguments.force)
    print(f"pictures         {len(pictures):,}")
    print(f"model            {target} ({stream.tell() / 1024:,.0f} KB, {model.fingerprint.hex()})")


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    found = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()
    )
    if not found:
        raise DataError(f"There are no pictures in {folder}.")
    return found


def _read(path: Path) -> NDArray[np.uint8]:
    content = files.read(path, LOCAL.max_bytes)
    found = read_picture(content, path.name, max_pixels=LARGEST)
    for note in found.notes:
        print(note, file=sys.stderr)
    return found.pixels


# ------------------------------------------------------- there and back
def stored(
    content: bytes, name: str, how: Namespace
) -> tuple[bytes, tuple[int, ...], tuple[str, ...]]:
    """A picture's file as a photograph's; its shape, and notes on what could not be kept."""
    found = read_picture(content, name, max_pixels=LARGEST, keep_alpha=True)
    data = compress_image(
        found.pixels,
        how.quality or 50,
        _model(how.photo_model),
        target_bytes=how.bytes,
        lossless=how.lossless,
        tune=how.tune,
        effort=how.effort,
    )
    return data, found.pixels.shape, tuple(found.notes)


def given_back(
    content: bytes | memoryview, ending: str, model: str | None
) -> tuple[bytes, tuple[int, ...]]:
    """The picture of a photograph's file as a file of that ending, and its shape.

    Raises
    ------
    DataError
        If pictures are not written with that ending, or JPEG is to keep transparency.
    """
    format_ = FORMATS.get(ending.lower())
    if format_ is None:
        raise DataError(f"A photograph comes back as {', '.join(FORMATS)}, not as {ending!r}.")
    picture = decompress_image(content, _model(model))
    stream = io.BytesIO()
    if format_ == "NPY":
        np.save(stream, picture, allow_pickle=False)
    elif format_ == "JPEG" and picture.ndim == 3 and picture.shape[2] == 4:
        raise DataError("JPEG keeps no transparency; take PNG or WebP.")
    else:
        kept = {"lossless": True} if format_ == "WEBP" else {"quality": 95}
        Image.fromarray(picture).save(stream, format_, **kept)
    return stream.getvalue(), picture.shape


def _model(path: str | None) -> PhotoModel | None:
    return None if path is None else PhotoModel.load(path)


# ----------------------------------------------------------------- describe
def of_file(content: bytes) -> dict[str, Any]:
    """What a file of a photograph holds."""
    info = inspect_image(content)
    return {
        "kind": "photograph",
        "shape": [info.height, info.width, info.channels],
        "bytes": info.size,
        "bits_a_pixel": round(8 * info.size / (info.width * info.height), 3),
        "lossless": info.lossless,
        "step": info.step,
        "tune": "eye" if info.eye else "psnr",
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
