"""A picture that Pillow has opened as bytes a pixel, and a note on whatever is lost by that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from ..coding.metadata import MOST_EXIF, MOST_PROFILE, Metadata, fitting
from ..errors import DataError
from . import exif, profiles

Bytes = NDArray[np.uint8]
#: Modes of Pillow that are grey, with alpha or without.
_GREY = ("1", "L", "LA", "La")
#: Modes that Pillow converts to RGB with alpha by way of another.
_ON_THE_WAY = {"La": "LA", "PA": "RGBA"}
#: White, red, green and blue of sRGB as PNG says them, and how far from that counts as the same.
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_NEAR = 0.005
#: Pixels that are converted at a time.
_STRIP = 1 << 20


def decoded(
    image: Image.Image, data: bytes, label: str, keep_alpha: bool, keep_metadata: bool = False
) -> tuple[Bytes, tuple[str, ...], Metadata]:
    """Pixels of an opened picture, notes, and what it has besides if that is kept.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, its size checked, not yet decoded.
    data : bytes
        The file.
    label : str
        Its name, for notes.
    keep_alpha : bool
        Whether transparency is kept, ``(h, w, 2)`` or ``(h, w, 4)``; else it is laid on white.
    keep_metadata : bool
        Whether the caller keeps profile, EXIF and density; else there are notes on the first two.
        Nothing of them is looked into that is longer than what is kept.

    Returns
    -------
    ndarray of uint8, (h, w), (h, w, 2), (h, w, 3) or (h, w, 4)
    tuple of str
    Metadata
        Empty unless it is kept; EXIF says of the turned picture that it is upright.

    Raises
    ------
    DataError
        If its levels are none of 16 bits.
    """
    notes: list[str] = []
    if getattr(image, "is_animated", False):
        notes.append(f"{label} holds several frames; the first one is used.")
    image.load()
    depth = bits_of(image, data)
    if depth > 8 and not image.mode.startswith("I"):
        notes.append(f"{label} has {depth} bits a colour; it was scaled to 8.")
    profile, kept = _profile(image, label, keep_metadata, notes), Metadata()
    if profile and not keep_metadata:
        notes.append(f"{label} has a colour profile, which is not kept; its colours may shift.")
    transparent = image.info.get("transparency")
    if isinstance(transparent, int) and image.mode == "L" and depth < 8:
        # Pillow tells the value as it is in the file, and has stretched the pixels to 8 bits.
        image.info["transparency"] = transparent * 255 // (2**depth - 1)
    elif isinstance(transparent, tuple) and depth > 8:
        image.info.pop("transparency", None)
        notes.append(f"{label} has a transparent colour of {depth} bits, which is not applied.")
    if keep_metadata:
        kept = Metadata(profile, _exif(image), _density(image))
        notes += _not_kept(image, data, label)
    readable = _turn_upright(image, label, notes, bool(kept.exif))
    shown = _pixels(image, label, notes, keep_alpha)
    if keep_metadata:
        shown, kept = _fitting(shown, kept if readable else kept._replace(exif=b""), label, notes)
    return shown, tuple(notes), kept


def bits_of(image: Image.Image, data: bytes) -> int:
    """Bits of one value of a pixel, 1 to 16."""
    return 16 if image.mode.startswith("I") else _bits(data)


def _profile(image: Image.Image, label: str, exactly: bool, notes: list[str]) -> bytes:
    """Its colour profile, none of one that says what numbers without any are taken for: sRGB."""
    found = image.info.get("icc_profile") or b""
    if exactly and len(found) > MOST_PROFILE:
        notes.append(
            f"{label} has a colour profile of more than {MOST_PROFILE:,} bytes, which is not "
            "kept; its colours may shift."
        )
        return b""
    # Who keeps none is told of all but those called so; who keeps it looks at their numbers.
    named = b"sRGB" in found or "sRGB".encode("utf-16-be") in found
    return b"" if (profiles.is_srgb(found) if exactly else named) else bytes(found)


def _exif(image: Image.Image) -> bytes:
    """EXIF data of the picture when it is upright; none where that is too long, or cannot be."""
    found = image.info.get("exif") or b""
    if len(found) > MOST_EXIF:
        return b""
    found = exif.plain(bytes(found))
    return exif.upright(found) or (found if _orientation(image) == 1 else b"")


def _density(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch, of the picture when it is upright."""
    found = fitting(image.info.get("dpi"))
    return (found[1], found[0]) if found and _orientation(image) > 4 else found


def _orientation(image: Image.Image) -> int:
    """How the picture lies, 1 to 8, as Pillow will turn it."""
    try:
        told = image.getexif().get(ExifTags.Base.Orientation, 1)
        return int(told) if told in range(1, 9) else 1
    except Exception:  # as in ``_turn_upright``
        return 1


def _not_kept(image: Image.Image, data: bytes, label: str) -> list[str]:
    """Notes on what else a file says of its picture."""
    found = []
    if not image.info.get("icc_profile") and _shifted(image, data):
        found.append(f"{label} tells its colours by PNG's own fields, which are not kept.")
    if image.info.get("xmp"):
        found.append(f"{label} has XMP data, which is not kept.")
    return found


def _shifted(image: Image.Image, data: bytes) -> bool:
    """Whether a PNG without a profile says that its colours are not sRGB's."""
    if data[:4] != b"\x89PNG":
        return False
    place = data.find(b"cICP", 0, data.find(b"IDAT"))
    if place > 0:
        return data[place + 4 : place + 6] != b"\1\x0d"  # primaries and curve of sRGB
    if "srgb" in image.info:
        return False
    gamma, primaries = image.info.get("gamma"), image.info.get("chromaticity")
    return bool(gamma and abs(gamma * 2.2 - 1) > _NEAR) or bool(
        primaries and any(abs(a - b) > _NEAR for a, b in zip(primaries, _SRGB, strict=True))
    )


def _fitting(shown: Bytes, kept: Metadata, label: str, notes: list[str]) -> tuple[Bytes, Metadata]:
    """Pixels that a profile is for, and what of the metadata can be kept."""
    grey = shown.ndim == 2 or shown.shape[2] == 2
    space = profiles.colour_space(kept.profile)
    if grey and space == b"RGB":  # grey of a palette, or of a program that does not care
        places = [0, 0, 0] if shown.ndim == 2 else [0, 0, 0, 1]
        shown = np.atleast_3d(shown)[..., places]
    elif kept.profile and space != (b"GRAY" if grey else b"RGB"):
        notes.append(f"{label} has a colour profile, which is not kept; its colours may shift.")
        kept = kept._replace(profile=b"")
    return shown, kept


def _bits(data: bytes) -> int:
    """Bits of one value of a pixel, by the file's header; 8 where that does not say."""
    if data[:4] == b"\x89PNG" and len(data) > 25:
        return 8 if data[25] == 3 else data[24]  # of a palette, the depth is that of its places
    place = data.find(b"av1C", 0, 4096)
    if data[4:8] == b"ftyp" and 0 < place < len(data) - 6:
        return (8, 8, 10, 12)[data[place + 6] >> 5 & 3]
    return 8


def _turn_upright(image: Image.Image, label: str, notes: list[str], kept: bool) -> bool:
    """Turn the picture as its EXIF tag says; a broken tag costs the rotation, not the picture."""
    try:
        if set(image.getexif()) - {ExifTags.Base.Orientation} and not kept:
            notes.append(f"{label} has EXIF data, which is not kept.")
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # the parser of a damaged EXIF block raises anything
        notes.append(f"{label} has an unreadable EXIF block; its rotation was not applied.")
        return False
    return True


def _pixels(image: Image.Image, label: str, notes: list[str], keep_alpha: bool) -> Bytes:
    transparent = image.info.get("transparency")
    if image.mode.startswith("I"):
        notes.append(f"{label} has 16 bits a pixel; it was scaled to 8.")
        if not isinstance(transparent, int):
            return _in_strips(image, "I", lambda levels: _scaled(levels, label))

        def grey_and_alpha(levels: NDArray[np.integer]) -> Bytes:
            grey, alpha = _scaled(levels, label), np.where(levels == transparent, 0, 255)
            both = np.stack([grey, alpha.astype(np.uint8)], axis=-1)
            return both if keep_alpha else on_white(both)[..., 0]

        return _in_strips(image, "I", grey_and_alpha)
    if transparent is not None or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _with_alpha(image, label, notes, keep_alpha)
    if image.mode in ("1", "L"):
        return _in_strips(image, "L")
    if image.mode == "CMYK":
        notes.append(f"{label} is in CMYK; it was converted to RGB.")
    found = _in_strips(image, "RGB")
    is_grey = image.mode == "P" and all(
        np.array_equal(found[..., 0], found[..., other]) for other in (1, 2)
    )
    return np.ascontiguousarray(found[..., 0]) if is_grey else found


def _with_alpha(image: Image.Image, label: str, notes: list[str], keep_alpha: bool) -> Bytes:
    through = _ON_THE_WAY.get(image.mode)
    if keep_alpha:
        mode = "LA" if image.mode in _GREY else "RGBA"
        return _in_strips(image, mode, through=through if through != mode else None)
    lowest = []

    def flat(rgba: Bytes) -> Bytes:
        lowest.append(rgba[..., 3].min())
        laid = on_white(rgba)
        return laid[..., 0] if image.mode in _GREY else laid

    found = _in_strips(image, "RGBA", flat, through)
    if min(lowest) < 255:
        notes.append(f"{label} is partly transparent; it was laid on white.")
    return found


def _in_strips(
    image: Image.Image,
    mode: str,
    change: Callable[[NDArray[Any]], Bytes] = lambda part: part,
    through: str | None = None,
) -> Bytes:
    """Pixels in a mode, ``change`` applied, a strip of rows at a time.

    A large picture is held twice, as Pillow has it and as it is returned; each conversion of the
    whole would hold it once more.  ``through`` is a mode on the way where Pillow has none direct.
    """
    width, height = image.size
    rows, found = max(1, _STRIP // width), np.empty(0, np.uint8)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        strip = strip.convert(through) if through else strip
        part = change(np.asarray(strip if strip.mode == mode else strip.convert(mode)))
        if top == 0:
            found = np.empty((height, *part.shape[1:]), np.uint8)
        found[top : top + len(part)] = part
    return found


def _scaled(levels: NDArray[np.integer], label: str) -> Bytes:
    """Levels of 16 bits as bytes."""
    wide = levels.astype(np.int64)
    if wide.min() < 0 or wide.max() > 65535:
        raise DataError(f"{label} has levels outside 0 to 65535.")
    return ((wide * 255 + 32767) // 65535).astype(np.uint8)


def saving(metadata: Metadata) -> dict[str, Any]:
    """What Pillow's writers are told, for a file with the same profile, EXIF and density."""
    told: dict[str, Any] = {}
    if metadata.profile:
        told["icc_profile"] = metadata.profile
    if metadata.exif:
        told["exif"] = exif.BEGINS + metadata.exif
    if metadata.density:
        told["dpi"] = metadata.density
    return told


def on_white(rgba: Bytes) -> Bytes:
    """Lay RGBA, or grey with alpha, on white: without alpha, exact to half a level.

    Examples
    --------
    >>> on_white(np.array([0, 0, 0, 0], np.uint8)).tolist()
    [255, 255, 255]
    """
    alpha = rgba[..., -1:].astype(np.uint16)
    # (65025 + 127) still fits 16 bits without a sign
    mixed = rgba[..., :-1] * alpha + 255 * (255 - alpha) + 127
    return (mixed // 255).astype(np.uint8)
