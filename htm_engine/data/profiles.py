"""What an ICC profile says: its name, what it is for, and whether its colours are sRGB's.

Read off its tags (ICC.1:2022), without a colour engine, which foreign profiles might trip.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_HEADER, _ENTRY, _MOST_TAGS = 128, 12, 100
#: Values of a curve, and bytes of a tag, that are looked at.
_MOST_VALUES = 65536
_MOST_BYTES = 12 + 2 * _MOST_VALUES
#: Tags that come before the matrix: tables, and colours told by numbers of their own.
_BEFORE = (b"A2B", b"D2B", b"cicp")
#: Letters of a name that are shown.
_LONGEST = 60
#: Red, green and blue of sRGB under D50, and how far from them counts as the same.
_SRGB = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_NEAR = 0.0015
#: Levels that curves are compared at, and how far apart they may be: one of 255.
_LEVELS = [i / 64 for i in range(65)]
_NEAR_LEVEL = 1 / 255


def colour_space(profile: bytes) -> bytes:
    """What its numbers are: ``b"RGB"``, ``b"GRAY"``, ``b"CMYK"``; none of no profile."""
    return profile[16:20].strip() if profile[36:40] == b"acsp" else b""


def name_of(profile: bytes) -> str:
    """Its description, printable, at most 60 letters; empty where it has none."""
    tag = _content(profile, _tags(profile), b"desc")
    if tag[:4] == b"desc":
        text = tag[12 : 12 + min(_number(tag, 8), 4 * _LONGEST)].decode("latin-1")
    elif tag[:4] == b"mluc":
        start, length = _number(tag, 24), min(_number(tag, 20), 4 * _LONGEST)
        text = tag[start : start + (length & ~1)].decode("utf-16-be", "replace")
    else:
        text = ""
    text = text.partition("\0")[0]
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST].strip()


def is_srgb(profile: bytes) -> bool:
    """Whether it says by its numbers what values without a profile are taken for.

    Its name is not believed: there are profiles called sRGB with a curve of their own.
    """
    tags = _tags(profile)
    if colour_space(profile) != b"RGB" or any(tag.startswith(_BEFORE) for tag in tags):
        return False
    for colour, wanted in _SRGB.items():
        found = _xyz(_content(profile, tags, colour))
        if found is None or any(abs(a - b) > _NEAR for a, b in zip(found, wanted, strict=True)):
            return False
    names = (b"rTRC", b"gTRC", b"bTRC")
    curves = [_curve(_content(profile, tags, name)) for name in names]
    return all(
        curve is not None
        and all(abs(_srgb_level(curve(level)) - level) < _NEAR_LEVEL for level in _LEVELS)
        for curve in curves
    )


def _tags(profile: bytes) -> dict[bytes, tuple[int, int]]:
    """Where its tags begin, and their bytes, by their names."""
    if profile[36:40] != b"acsp":
        return {}
    found = {}
    for index in range(min(_number(profile, _HEADER), _MOST_TAGS)):
        entry = _HEADER + 4 + _ENTRY * index
        where = _number(profile, entry + 4), _number(profile, entry + 8)
        found[profile[entry : entry + 4]] = where
    return found


def _content(profile: bytes, tags: dict[bytes, tuple[int, int]], name: bytes) -> bytes:
    """What a tag holds, as far as it is looked at; nothing where there is none."""
    start, size = tags.get(name, (0, 0))
    return profile[start : start + min(size, _MOST_BYTES)]


def _number(data: bytes, place: int) -> int:
    """Four bytes as a whole number, zeros where they are missing."""
    return int.from_bytes(data[place : place + 4].ljust(4, b"\0"), "big")


def _xyz(tag: bytes) -> tuple[float, ...] | None:
    if tag[:4] != b"XYZ " or len(tag) < 20:
        return None
    return tuple(one / 65536 for one in struct.unpack(">3i", tag[8:20]))


def _srgb_level(light: float) -> float:
    """The level that sRGB has for a light, both 0 to 1."""
    light = min(max(light, 0.0), 1.0)
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _curve(tag: bytes) -> Callable[[float], float] | None:
    """The curve of a tag, from levels to light, both 0 to 1."""
    if tag[:4] == b"curv":
        count = _number(tag, 8)
        if not 2 <= count <= _MOST_VALUES or len(tag) < 12 + 2 * count:
            return None  # of one value it is a plain power, which sRGB's is not
        values = struct.unpack(f">{count}H", tag[12 : 12 + 2 * count])

        def between(x: float) -> float:
            place = min(int(x * (count - 1)), count - 2)
            part = x * (count - 1) - place
            return ((1 - part) * values[place] + part * values[place + 1]) / 65535

        return between
    if tag[:4] != b"para" or tag[8:10] != b"\0\3" or len(tag) < 32:
        return None
    g, a, b, c, d = (one / 65536 for one in struct.unpack(">5i", tag[12:32]))
    if not 0 < g < 10 or a < 0 or b < 0:
        return None
    return lambda x: (a * x + b) ** g if x >= d else c * x
