"""EXIF data as bytes: turned upright without a byte of the rest changed, and what it tells.

A TIFF structure: byte order, then a list of entries of 12 bytes, of which the first one's place
stands in the header.  Cameras put notes of their own behind it at fixed places, so that nothing
may move.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

#: In front of it in JPEG, PNG of some programs, and what Pillow gives.
BEGINS = b"Exif\0\0"
_ORIENTATION, _PLACE = 0x0112, 0x8825
#: Bytes of a whole number, by its kind in TIFF.
_SIZES = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}


def plain(exif: bytes) -> bytes:
    """Without what JPEG puts in front; none if that is all, or it is no TIFF structure."""
    exif = exif.removeprefix(BEGINS).removeprefix(BEGINS)  # some programs write it twice
    return exif if exif[:4] in (b"II*\0", b"MM\0*") and any(_entries(exif)) else b""


def upright(exif: bytes) -> bytes:
    """The same of a picture that has been turned as its orientation said.

    None where that cannot be told in its place: fractions stand elsewhere, texts are not read so.
    """
    turned = bytearray(exif)
    for order, place, tag in _entries(exif):
        if tag == _ORIENTATION:
            size = _SIZES.get(int.from_bytes(exif[place + 2 : place + 4], order))
            if size is None:
                return b""
            turned[place + 8 : place + 8 + size] = (1).to_bytes(size, order)
    return bytes(turned)


def says_where(exif: bytes) -> bool:
    """Whether it has a section for the place where the picture was taken."""
    return any(tag == _PLACE for _, _, tag in _entries(exif))


def _entries(exif: bytes) -> Iterator[tuple[Literal["little", "big"], int, int]]:
    """Byte order, place and tag of every entry of the first list."""
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"
    first = int.from_bytes(exif[4:8], order)
    count = int.from_bytes(exif[first : first + 2], order)
    for index in range(count):  # 65,535 at most
        place = first + 2 + 12 * index
        if place + 12 > len(exif):
            return
        yield order, place, int.from_bytes(exif[place : place + 2], order)
