"""Names of a ZIP's entries and of a table's columns, as whoever wrote them did."""

from __future__ import annotations

import itertools
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


def encoding_of(head: bytes) -> str:
    """How a text is written that is not UTF-8: Python's name of the encoding.

    In a Western one, signs that are no ASCII are letters of words that have others, too, or
    signs of units and quotes.  Else it is Japanese or Chinese, if all of it can be that.

    >>> encoding_of("Größe".encode("cp1252")), encoding_of("温度".encode("gb2312"))
    ('cp1252', 'gb18030')
    """
    western = head.decode("cp1252", errors="replace")
    words = ["".join(word) for is_word, word in itertools.groupby(western, str.isalpha) if is_word]
    if all(sign.isalpha() or sign.isascii() or sign in _SIGNS for sign in western) and all(
        len(word) < 2 or any(map(str.isascii, word)) for word in words
    ):
        return "cp1252"
    for encoding, fits in (("shift_jis", _japanese), ("gb18030", _usual_chinese)):
        # The last letter may be cut.
        for length in (len(head), len(head) - 1):
            try:
                found = head[:length].decode(encoding)
            except UnicodeDecodeError:
                continue
            if fits([letter for letter in found if not letter.isascii()]):
                return encoding
    return "cp1252"


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


def _usual_chinese(letters: list[str]) -> bool:
    """Ideographs, most of them of the 3,755 commonest, and signs that stand among them.

    Russian read as Chinese has others; signs such as ℃ say nothing either way.
    """
    signs = [one for one in letters if "\u4e00" <= one <= "\u9fff"]
    usual = sum(b"\xb0" <= one.encode("gb2312", "replace")[:1] <= b"\xd7" for one in signs)
    others = all(_is_ideograph(one) or _is_chinese_sign(one) for one in letters)
    return others and usual > 0.8 * len(signs)


def _is_chinese_sign(letter: str) -> bool:
    """Whether a letter stands in the first nine rows of GB 2312, all of them no ideographs."""
    raw = letter.encode("gb18030", "replace")
    return len(raw) == 2 and b"\xa1" <= raw[:1] <= b"\xa9" and unicodedata.category(letter) != "Co"


def _is_ideograph(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\u3001" <= letter <= "\u3011"


#: Of Western texts, besides letters.
_SIGNS = "\u00a0§©®°±²³µ·¹»«½€£‚„“”‘’–—…%‰"
#: What names are written in, the surest first, and what their letters then are.
_ENCODINGS: tuple[tuple[str, Callable[[list[str]], bool]], ...] = (
    ("utf-8", _one_alphabet),
    ("cp437", _latin),
    ("shift_jis", _japanese),
    ("gb2312", _chinese),
    ("cp1252", _latin),
)
