"""The byte format around compressed collections and long texts.

A file is, field by field::

    offset  bytes  field
    0       4      "HTMC"
    4       1      format version, 1
    5       1      kind: 1 collection of pictures, 3 text, 4 series, 5 table; 255 comparisons,
                   never files
    6       8      fingerprint of the model that reads it (zeros: none needed)
    14      1      number of header fields f
    15      ...    f header fields, each a varint; their meaning is the kind's
    ...     ...    length of the payload, a varint
    ...     ...    payload
    end-4   4      CRC-32 of everything before, least significant byte first

Some files are laid out otherwise, to be shorter: a text below 64 KiB (``coding.text.codec``),
a short series (``coding.series.codec``) and a photograph (``coding.photo.format``).

A varint is a whole number below 2^64, seven bits a byte, least significant first; all
bytes but the last have the top bit set, and the last is not zero unless it stands alone.
The CRC-32 is zlib's.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import FormatError
from ..kinds import wrong

MAGIC, VERSION = b"HTMC", 1


@dataclass(frozen=True)
class Container:
    """An opened file: kind, version, model fingerprint, header fields and payload."""

    kind: int
    version: int
    fingerprint: bytes
    fields: tuple[int, ...]
    payload: bytes | memoryview


def varint(number: int) -> bytes:
    """A whole number below 2^64 as a varint."""
    if not 0 <= number < 1 << 64:
        raise ValueError(f"a header field must lie in 0..2^64-1, got {number}")
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """The varint at a place, and the place after it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise FormatError("This file is truncated.")
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >= 1 << 64 or (byte == 0 and shift):
                break
            return number, place
    raise FormatError("This file is damaged: a header field is malformed.")


def pack(kind: int, fingerprint: bytes, fields: Sequence[int], *payload: bytes) -> bytes:
    """Bytes of a file, whose payload may come in parts.

    Raises
    ------
    ValueError
        If a field does not fit its place.
    """
    if not 0 <= kind < 256 or len(fingerprint) != 8 or len(fields) > 255:
        raise ValueError("kind, fingerprint or number of fields does not fit the format")
    parts = [
        MAGIC,
        bytes((VERSION, kind)),
        fingerprint,
        bytes((len(fields),)),
        *map(varint, fields),
        varint(sum(map(len, payload))),
        *payload,
    ]
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    return b"".join((*parts, check.to_bytes(4, "little")))


def unpack(data: bytes | memoryview, wanted: str = "a compressed file of HTM Studio") -> Container:
    """Open a file.

    Parameters
    ----------
    data : bytes or memoryview
    wanted : str
        What it should hold, for the sentence about another kind of file.

    Raises
    ------
    FormatError
        If it is not ours, of a newer version, truncated, too long, or damaged.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise FormatError(wrong(data, wanted))
    if len(data) < 20:
        raise FormatError("This file is truncated.")
    if data[4] != VERSION:
        raise FormatError(
            f"This file is of format version {data[4]}; this release reads version {VERSION}."
        )
    place, fields = 15, []
    for _ in range(data[14]):
        number, place = read_varint(data, place)
        fields.append(number)
    length, place = read_varint(data, place)
    end = place + length + 4
    if len(data) < end:
        raise FormatError("This file is truncated.")
    if len(data) > end:
        raise FormatError("This file has bytes after its end.")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise FormatError("This file is damaged: its checksum does not match.")
    return Container(data[5], data[4], bytes(data[6:14]), tuple(fields), data[place:-4])
