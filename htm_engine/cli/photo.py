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

from ..coding.metadata import Metadata
from ..coding.photo.codec import compress_image, decompress_image, inspect_image
from ..coding.photo.format import LARGEST
from ..coding.photo.learning import learn
from ..coding.photo.model import PhotoModel
from ..data import exif, pixels, profiles
from ..data.collecting import folder_members
from ..data.uploads import LOCAL, read_picture
from ..errors import DataError
from .outputs import check_target, write
from .plan import FORMATS
from .progress import Progress

#: Bytes that JPEG has for EXIF data, and for what stands in front of it.
_MOST_JPEG_EXIF = 65533 - 6
#: Whole pixels an inch that JPEG can tell; a larger density is left out.
_MOST_JPEG_DENSITY = 65535


def train(arguments: Namespace) -> None:
    """Learn a photo model from all pictures of a folder."""
    target = check_target(arguments.output, arguments.force)
    if target.suffix.lower() != ".npz":
        raise DataError(f"{target.name} must end in .npz, as models do.")
    pictures = _pictures(Path(arguments.folder))
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


def _pictures(folder: Path) -> list[NDArray[np.uint8]]:
    """All pictures in and below a folder, as ``load_dataset`` finds them: by their content."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    found, left_out = [], []
    for member in folder_members(folder, LOCAL):
        try:
            read = read_picture(member.read(), member.name, max_pixels=LARGEST)
        except DataError as exc:
            left_out.append(str(exc))
            continue
        for note in read.notes:
            print(note, file=sys.stderr)
        found.append(read.pixels)
    if not found:
        raise DataError(" ".join([f"There are no pictures in {folder}.", *left_out[:1]]))
    for sentence in left_out:
        print(f"Left out: {sentence}", file=sys.stderr)
    return found


# ------------------------------------------------------- there and back
def stored(
    content: bytes, name: str, how: Namespace
) -> tuple[bytes, tuple[int, ...], str, tuple[str, ...]]:
    """A picture's file as a photograph's; its shape, what is kept besides, what could not be.

    Raises
    ------
    DataError
        If every pixel is to be kept of a picture of more than 8 bits a value.
    """
    found = read_picture(
        content, name, max_pixels=LARGEST, keep_alpha=True, keep_metadata=not how.strip
    )
    if how.lossless and found.bits > 8:
        raise DataError(
            f"{name} has {found.bits} bits a value, of which a photograph keeps 8: leave out "
            "--lossless, or keep the file as it is by --text."
        )
    data = compress_image(
        found.pixels,
        how.quality or 50,
        _model(how.photo_model),
        target_bytes=how.bytes,
        lossless=how.lossless,
        tune=how.tune,
        effort=how.effort,
        metadata=found.metadata,
    )
    return data, found.pixels.shape, _besides(found.metadata), tuple(found.notes)


def _besides(metadata: Metadata) -> str:
    """What a file has besides its picture, in words."""
    names = ("colour profile", "EXIF", "density")
    kept = [name for name, part in zip(names, metadata, strict=True) if part]
    return f"with {' and '.join([', '.join(kept[:-1])] * (len(kept) > 1) + kept[-1:])}" * bool(kept)


def given_back(
    content: bytes | memoryview, ending: str, model: str | None
) -> tuple[bytes, tuple[int, ...]]:
    """The picture of a photograph's file as a file of that ending, and its shape.

    Raises
    ------
    DataError
        If pictures are not written with that ending, or JPEG is to keep transparency or more
        EXIF data than it can.
    """
    format_ = FORMATS.get(ending.lower())
    if format_ is None:
        raise DataError(f"A photograph comes back as {', '.join(FORMATS)}, not as {ending!r}.")
    picture = decompress_image(content, _model(model))
    metadata = inspect_image(content).metadata
    stream = io.BytesIO()
    if format_ == "NPY":
        np.save(stream, picture, allow_pickle=False)
    elif format_ == "JPEG" and picture.ndim == 3 and picture.shape[2] in (2, 4):
        raise DataError("JPEG keeps no transparency; take PNG or WebP.")
    elif format_ == "JPEG" and len(metadata.exif) > _MOST_JPEG_EXIF:
        raise DataError(f"JPEG keeps {_MOST_JPEG_EXIF:,} bytes of EXIF data; take PNG or WebP.")
    else:
        kept = {"lossless": True} if format_ == "WEBP" else {"quality": 95}
        if format_ == "JPEG" and max(metadata.density or (0,)) > _MOST_JPEG_DENSITY:
            metadata = metadata._replace(density=None)
        Image.fromarray(picture).save(stream, format_, **kept, **pixels.saving(metadata))
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
        **_told(info.metadata),
    }


def _told(metadata: Metadata) -> dict[str, Any]:
    """What a file has besides its picture."""
    profile, data, density = metadata
    return {
        "colour_profile": (profiles.name_of(profile) or "unnamed") if profile else None,
        "profile_bytes": len(profile),
        "exif_bytes": len(data),
        "exif_tells_where": exif.says_where(data),
        "pixels_an_inch": [round(one, 2) for one in density] if density else None,
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
