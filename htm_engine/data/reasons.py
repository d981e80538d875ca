"""Why a foreign picture cannot be decoded: of another kind, of a rare one, or damaged."""

from __future__ import annotations

from PIL import UnidentifiedImageError

from ..errors import DataError
from ..kinds import UNKNOWN, is_picture, kind_of
from . import jpeg

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
    if is_ours and (any(word in str(exc) for word in _RARE) or jpeg.is_rare(data)):
        return DataError(
            f"{label} is {name} of a rare kind that is not read here; store it as PNG first."
        )
    if not isinstance(exc, UnidentifiedImageError):
        return DataError(f"{label} is damaged or cut short and cannot be decoded.")
    if is_ours or name == UNKNOWN.name:
        return DataError(f"{label} is not a picture in {FORMAT_NAMES}, or is damaged.")
    return DataError(f"{label} is {name}, not a picture in {FORMAT_NAMES}: {use}.")
