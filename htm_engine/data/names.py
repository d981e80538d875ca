"""Names of a ZIP's entries, as whoever packed it wrote them."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable

#: Flag of an entry whose name is UTF-8.
_UTF8 = 0x800


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Name of an entry, ``/`` between folders.

    Without the flag for UTF-8, a ZIP does not say how its names are written, and the
    standard library takes them for code page 437.  Many are UTF-8 nevertheless, or of the
    packer's own system: the first of these that makes letters of all bytes is taken.
    Korean names cannot be told from Chinese ones, and are taken for those.

    >>> entry_name(zipfile.ZipInfo("图片.png".encode("gb2312").decode("cp437")))
    '图片.png'
    """
    name = entry.filename
    if not entry.flag_bits & _UTF8 and not name.isascii():
        name = _read(name)
    return name.replace("\\", "/")


def _read(name: str) -> str:
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:  # the library has found it in a field of Unicode
        return name
    for encoding, fits in _ENCODINGS:
        try:
            found = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if fits([letter for letter in found if not letter.isascii()]):
            return found
    return name


def _one_alphabet(letters: list[str]) -> bool:
    """Whether letters of two bytes are of one alphabet: mixed, they are ideographs' halves."""
    names = [unicodedata.name(letter, "") for letter in letters if letter < "\u0800"]
    return len({name.split()[0] for name in names if name}) < 2


def _latin(letters: list[str]) -> bool:
    return all(letter.isalpha() and letter < "\u0250" for letter in letters)


def _japanese(letters: list[str]) -> bool:
    kana = ["\u3041" <= letter <= "\u30fe" for letter in letters]
    return any(kana) and all(k or _is_ideograph(one) for k, one in zip(kana, letters, strict=True))


def _chinese(letters: list[str]) -> bool:
    return all(_is_ideograph(one) or "\uff01" <= one <= "\uff5e" for one in letters)


def _is_ideograph(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\u3001" <= letter <= "\u3011"


#: What names are written in, the surest first, and what their letters then are.
_ENCODINGS: tuple[tuple[str, Callable[[list[str]], bool]], ...] = (
    ("utf-8", _one_alphabet),
    ("cp437", _latin),
    ("shift_jis", _japanese),
    ("gb2312", _chinese),
    ("cp1252", _latin),
)
