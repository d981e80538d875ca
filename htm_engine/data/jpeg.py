"""What a JPEG claims, read off its markers before any of it is decoded.

A file of a few hundred bytes may claim a picture of 36 megapixels, and one of some kilobytes may
have it gone over a thousand times; decoders do as they are told.  The format is ITU-T T.81.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..errors import DataError

_START = b"\xff\xd8"
_SCAN, _END = 0xDA, 0xD9
#: Markers without a length; and what in a scan begins none: a coded byte of ones, restarts.
_BARE, _CODED = range(0xD0, 0xD9), (0x00, 0xFF, *range(0xD0, 0xD8))
#: Of frame headers: none of them, though among their numbers.
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
#: Frames coded arithmetically, where a block may take no bit at all.
_ARITHMETIC = (0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
#: Times that a picture may be gone over; encoders take up to a dozen.
MOST_SCANS = 100
#: By Huffman's code every block of 64 pixels takes a bit at least.
_MOST_PIXELS_A_BYTE = 8 * 64


def is_jpeg(data: bytes) -> bool:
    """Whether a file begins as a JPEG does."""
    return data[:2] == _START


def is_rare(data: bytes) -> bool:
    """Whether a JPEG has more than eight bits a value, or two or more than four planes."""
    return any(header[2] != 8 or header[7] not in (1, 3, 4) for _, header in _frames(data))


def check(data: bytes, label: str, pixels: int) -> None:
    """Refuse a JPEG that cannot hold the picture it claims, or has it gone over too often.

    Parameters
    ----------
    data : bytes
        The file's content; one of another format passes.
    label : str
        Its name, for the sentence.
    pixels : int
        What its header claims.

    Raises
    ------
    DataError
        If there are not as many bits as the picture has blocks, or more than ``MOST_SCANS`` scans.
    """
    if not is_jpeg(data):
        return
    arithmetic = any(marker in _ARITHMETIC for marker, _ in _frames(data))
    if pixels > _MOST_PIXELS_A_BYTE * len(data) and not arithmetic:
        raise DataError(f"{label} is damaged or cut short and cannot be decoded.")
    times = scans(data)
    if times > MOST_SCANS:
        raise DataError(
            f"{label} is a JPEG in {times:,} scans; at most {MOST_SCANS} are read, "
            "so store it anew first."
        )


def scans(data: bytes) -> int:
    """How often a JPEG has its picture gone over, as far as that is counted."""
    return sum(1 for _ in itertools.islice(_scans(data), 100 * MOST_SCANS))


def _scans(data: bytes) -> Iterator[int]:
    """Place of each scan, up to the picture's end; phones append films and previews to theirs."""
    place = 2
    while 0 <= place < len(data) - 3 and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == _END:
            return
        if marker in _BARE or marker == 0xFF:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _SCAN:
            yield place
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == _SCAN:
            place = data.find(b"\xff", place)
            while 0 <= place < len(data) - 1 and data[place + 1] in _CODED:
                place = data.find(b"\xff", place + 1)


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each frame header before the first scan, its length included."""
    place = 2
    while is_jpeg(data) and place + 10 < len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            yield marker, data[place + 2 : place + 10]
        place += 2 + max(2, length)
