"""Why a foreign picture cannot be decoded: of another kind, of a rare one, or damaged."""

from __future__ import annotations

from PIL import UnidentifiedImageError

from ..errors import DataError
from ..kinds import UNKNOWN, is_picture, kind_of

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP")
FORMAT_NAMES = "PNG, JPEG, WebP, AVIF, GIF or BMP"
#: How decoders say that they know a form of a format and do not read it.
_RARE = ("nsupported", "not supported", "cannot handle", "unrecognized")


def refusal(data: bytes, label: str, exc: Exception) -> DataError:
    """What to tell whoever sent a picture that a decoder answered with an exception.

    Parameters
    ----------
    data : bytes
        The file's content.
    label : str
        Its name, fit to be shown.
    exc : Exception
        What the decoder raised: of a dozen kinds, ``struct.error`` and ``KeyError`` among them.
    """
    name, use = kind_of(data)
    is_ours = is_picture(data)
    if is_ours and (any(word in str(exc) for word in _RARE) or _is_rare_jpeg(data)):
        return DataError(
            f"{label} is {name} of a rare kind that is not read here; store it as PNG first."
        )
    if not isinstance(exc, UnidentifiedImageError):
        return DataError(f"{label} is damaged or cut short and cannot be decoded.")
    if is_ours or name == UNKNOWN.name:
        return DataError(f"{label} is not a picture in {FORMAT_NAMES}, or is damaged.")
    return DataError(f"{label} is {name}, not a picture in {FORMAT_NAMES}: {use}.")


def _is_rare_jpeg(data: bytes) -> bool:
    """Whether a JPEG has more than eight bits a value, or two or more than four planes."""
    if data[:2] != b"\xff\xd8":
        return False
    place = 2
    while place + 10 < len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[place + 4] != 8 or data[place + 9] not in (1, 3, 4)
        place += 2 + max(2, length)
    return False
