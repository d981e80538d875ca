"""What stands before and behind the coded bits of a photograph: the file, byte by byte.

::

    offset  bytes  field
    0       4      "HTMP"
    4       1      version of the format: 2, or 1 where nothing needs a field of version 2
    5       4      first bytes of the fingerprint of the model that reads it (zeros: none needed)
    9       1..2   form, a varint: what the bits below say, + 128 x eye (0..15)
    ...     1..4   width in pixels, a varint
    ...     1..4   height
    ...     1..3   step of luma in 1/16 of a grey level, a varint (0 where nothing is lost)
    ...     1..5   bytes of alpha, a varint (only where there is alpha)
    ...     1..4   bytes of metadata, a varint (only in version 2)
    ...     ...    coded bits
    ...     ...    alpha
    ...     ...    metadata: profile, EXIF, density (see ``coding.metadata``)
    end-4   4      CRC-32 of everything before, least significant byte first

Form: 1 colour, 2 colour is halved both ways, 4 alpha, 8 luma is restored, 16 colours are,
32 nothing is lost, 64 grey that is told as red = green = blue.  Grey with alpha but without 64
is of version 2.  A varint is a whole number, seven bits a byte, the lowest first; all bytes but
the last have the top bit set.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ...files import bytes_of
from ...kinds import wrong
from ..container import read_varint, varint

#: The version that is written where it is needed, and the one that most files are of.
MAGIC, VERSION, PLAIN = b"HTMP", 2, 1
#: Pixels that a photograph has at most.
LARGEST = 50_000_000
COLOUR, HALVED, ALPHA, RESTORED, RESTORED_COLOUR, LOSSLESS, REPEATED = 1, 2, 4, 8, 16, 32, 64
#: Step from which on learning takes colour as halved; ``codec`` looks at each picture.
HALVED_FROM = 420
#: Steps of Cb and Cr in 1/64 of luma's, halved and not.
_SHARES = ((30, 33), (62, 68))
#: Largest step, and the strongest eye.
MOST_STEP, MOST_EYE = 1 << 14, 15
_START = len(MAGIC) + 5
_WRONG = "This file is damaged: its header does not describe a photograph."


class Header(NamedTuple):
    """A file taken apart; sizes in pixels, steps of every plane in 1/16 of a grey level."""

    width: int
    height: int
    form: int
    eye: int
    steps: tuple[int, ...]
    name: bytes  #: first four bytes of the model's fingerprint
    coded: NDArray[np.uint8]
    alpha: bytes
    metadata: bytes


def is_photo(data: bytes | memoryview) -> bool:
    """Whether these are the contents of a photograph's file, by their first bytes."""
    return bytes(data[: len(MAGIC)]) == MAGIC


def plane_steps(step: int, form: int) -> list[int]:
    """Steps of all planes."""
    if not form & COLOUR:
        return [step]
    shares = _SHARES[0 if form & HALVED else 1]
    return [step, *(max(1, (step * share + 32) >> 6) for share in shares)]


def joined(
    width: int,
    height: int,
    form: int,
    eye: int,
    step: int,
    name: bytes,
    coded: bytes,
    alpha: bytes = b"",
    metadata: bytes = b"",
) -> bytes:
    """A file of its parts."""
    version = VERSION if metadata or _is_grey_with_alpha(form) else PLAIN
    fields = [form | eye << 7, width, height, step] + ([len(alpha)] if form & ALPHA else [])
    fields += [len(metadata)] if version > PLAIN else []
    front = MAGIC + bytes((version,)) + name[:4] + b"".join(map(varint, fields))
    body = front + coded + alpha + metadata
    return body + zlib.crc32(body).to_bytes(4, "little")


def _is_grey_with_alpha(form: int) -> bool:
    return bool(form & ALPHA and not form & (COLOUR | REPEATED))


def opened(data: bytes | memoryview) -> Header:
    """A file taken apart.

    Raises
    ------
    FormatError
        If it holds no photograph, is of a newer version, damaged, truncated or extended, or
        claims more than 50 million pixels.
    """
    data = bytes_of(data)
    if not is_photo(data):
        raise FormatError(wrong(data, "a photograph's file"))
    if len(data) < _START + 8:
        raise FormatError("This file is truncated.")
    version = data[len(MAGIC)]
    if not PLAIN <= version <= VERSION:
        raise FormatError(
            f"This photograph is of format version {version}; this release reads version {VERSION}."
        )
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise FormatError("This file is damaged or truncated: its checksum does not match.")
    body, fields, place = data[:-4], [], _START
    for _ in range(4):
        number, place = read_varint(body, place)
        fields.append(number)
    form, eye, step = fields[0] & 127, fields[0] >> 7, fields[3]
    lossless = bool(form & LOSSLESS)
    odd = (form & HALVED and not form & COLOUR) or (form & REPEATED and form & COLOUR)
    odd = odd or (form & RESTORED_COLOUR and not form & COLOUR)
    odd = odd or (_is_grey_with_alpha(form) and version == PLAIN)
    odd = odd or (lossless and (form & (HALVED | RESTORED | RESTORED_COLOUR) or eye or step))
    if odd or eye > MOST_EYE or not (lossless or 1 <= step <= MOST_STEP):
        raise FormatError(_WRONG)
    width, height = fields[1], fields[2]
    if not 0 < width * height <= LARGEST:
        raise FormatError(
            f"This file claims {width:,} x {height:,} pixels; 1 to {LARGEST:,} are read."
        )
    beside, behind = 0, 0
    if form & ALPHA:
        beside, place = read_varint(body, place)
    if version > PLAIN:
        behind, place = read_varint(body, place)
        if not (behind or _is_grey_with_alpha(form)):
            raise FormatError(_WRONG)
    ends = len(body) - behind - beside, len(body) - behind
    if ends[0] < place:
        raise FormatError("This file is damaged: its alpha or metadata is longer than the file.")
    coded = np.frombuffer(bytearray(body[place : ends[0]]), np.uint8)  # owned, for compiled code
    name, alpha = bytes(body[len(MAGIC) + 1 : _START]), bytes(body[ends[0] : ends[1]])
    steps = tuple(plane_steps(step, form))
    return Header(width, height, form, eye, steps, name, coded, alpha, bytes(body[ends[1] :]))


def packed_alpha(alpha: NDArray[np.uint8]) -> bytes:
    """Alpha, the difference to the pixel on the left, deflated (zlib)."""
    left = np.zeros_like(alpha)
    left[:, 1:] = alpha[:, :-1]
    return zlib.compress((alpha - left).tobytes(), 9)


def unpacked_alpha(packed: bytes, height: int, width: int) -> NDArray[np.uint8]:
    """Inverse of :func:`packed_alpha`."""
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(packed, height * width + 1)
    except zlib.error as exc:
        raise FormatError("This file is damaged: its alpha cannot be read.") from exc
    if len(content) != height * width or reader.unused_data or not reader.eof:
        raise FormatError("This file is damaged: its alpha has the wrong size.")
    steps = np.frombuffer(content, np.uint8).reshape(height, width)
    return np.cumsum(steps, axis=1, dtype=np.uint8)
