"""What a photograph has besides its pixels, as bytes and back: profile, EXIF, density.

A list of parts, none of them twice, in the order of their kinds::

    bytes  field
    1      kind: 1 colour profile (ICC), 2 EXIF (a TIFF structure), 3 density; others are skipped
    1..4   bytes of its content, a varint
    ...    content

The content of a profile and of EXIF is its length, a varint, and the bytes themselves, deflated
(RFC 1951, without zlib's header).  That of a density is two varints, pixels an inch across and
down, in hundredths.  A varint is as in ``container``.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from ..errors import DataError, FormatError
from .container import read_varint, varint

_PROFILE, _EXIF, _DENSITY = 1, 2, 3
#: Bytes that a part may have.  Of a profile in PNG, Pillow reads no more; JPEG's EXIF has 65,533.
MOST_PROFILE, MOST_EXIF = 1 << 20, 1 << 20
#: Pixels an inch, and its parts that are told.
MOST_DENSITY, _PARTS = 1_000_000, 100
#: Bytes that a deflated one can stand for.
_MOST_RATIO = 1032
_NAMES = {_PROFILE: "colour profile", _EXIF: "EXIF data"}
_MOST = {_PROFILE: MOST_PROFILE, _EXIF: MOST_EXIF}


class Metadata(NamedTuple):
    r"""What a photograph has besides its pixels; nothing, unless given.

    Attributes
    ----------
    profile : bytes
        Its ICC profile, which says what its numbers mean as colours.
    exif : bytes
        Its EXIF data: a TIFF structure, without ``Exif\0\0`` in front.
    density : tuple of two floats, or None
        Pixels an inch, across and down.
    """

    profile: bytes = b""
    exif: bytes = b""
    density: tuple[float, float] | None = None


#: Of a picture that has nothing besides.
NOTHING = Metadata()


def packed(metadata: Metadata) -> bytes:
    """Metadata as bytes, none of nothing.

    Raises
    ------
    DataError
        If a part is not what it should be, or larger than a file holds.
    """
    if not isinstance(metadata, Metadata):
        raise DataError("A photograph's metadata must be a Metadata: profile, exif and density.")
    found = b""
    for kind, content in ((_PROFILE, metadata.profile), (_EXIF, metadata.exif)):
        if not isinstance(content, bytes):
            raise DataError(f"A photograph's {_NAMES[kind]} must be bytes.")
        if len(content) > _MOST[kind]:
            raise DataError(
                f"A photograph's {_NAMES[kind]} may have {_MOST[kind]:,} bytes, "
                f"not {len(content):,}."
            )
        if content:
            found += _part(kind, varint(len(content)) + _deflated(content))
    if metadata.density is not None:
        found += _part(_DENSITY, b"".join(varint(one) for one in _hundredths(metadata.density)))
    return found


def unpacked(data: bytes) -> Metadata:
    """Inverse of :func:`packed`; nothing is inflated whose size has not been looked at.

    Raises
    ------
    FormatError
        If these are not such parts, or one is larger than any that is written.
    """
    found, place, last = Metadata(), 0, 0
    while place < len(data):
        kind = data[place]
        length, place = read_varint(data, place + 1)
        content, place = data[place : place + length], place + length
        if place > len(data) or kind <= last:
            raise _damaged()
        last = kind
        if kind == _PROFILE:
            found = found._replace(profile=_inflated(content, MOST_PROFILE))
        elif kind == _EXIF:
            found = found._replace(exif=_inflated(content, MOST_EXIF))
        elif kind == _DENSITY:
            found = found._replace(density=_density(content))
    return found


def fitting(density: object) -> tuple[float, float] | None:
    """A density as a file can hold it; None of what is none, as foreign files may say.

    Examples
    --------
    >>> fitting((72, 300.004)), fitting((0, 0)), fitting("dense")
    ((72.0, 300.0), None, None)
    """
    try:
        across, down = (float(one) for one in density)  # type: ignore[attr-defined]
        x, y = _hundredths((across, down))
    except (TypeError, ValueError, ArithmeticError):
        return None
    return x / _PARTS, y / _PARTS


def _part(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + varint(len(content)) + content


def _deflated(content: bytes) -> bytes:
    writer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return writer.compress(content) + writer.flush()


def _inflated(content: bytes, most: int) -> bytes:
    length, place = read_varint(content, 0)
    if not 0 < length <= min(most, _MOST_RATIO * len(content)):
        raise _damaged()
    reader = zlib.decompressobj(-15)
    try:
        found = reader.decompress(content[place:], length + 1)
    except zlib.error as exc:
        raise _damaged() from exc
    if len(found) != length or reader.unused_data or not reader.eof:
        raise _damaged()
    return found


def _hundredths(density: tuple[float, float]) -> tuple[int, int]:
    try:
        across, down = density
        fits = all(1 / _PARTS <= one <= MOST_DENSITY for one in (across, down))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise DataError(
            f"A density is two numbers of pixels an inch from {1 / _PARTS} to "
            f"{MOST_DENSITY:,}, not {density!r:.60}."
        )
    return round(across * _PARTS), round(down * _PARTS)


def _density(content: bytes) -> tuple[float, float]:
    across, place = read_varint(content, 0)
    down, place = read_varint(content, place)
    if place != len(content) or not all(0 < one <= MOST_DENSITY * _PARTS for one in (across, down)):
        raise _damaged()
    return across / _PARTS, down / _PARTS


def _damaged() -> FormatError:
    return FormatError("This file is damaged: what it holds besides its picture cannot be read.")
