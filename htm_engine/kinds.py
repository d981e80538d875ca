"""What bytes are, by how they begin, and what reads them: for sentences about a wrong file.

::

    kind_of(data)        "a photograph's file", "decompress_image reads it"
    wrong(data, wanted)  "This is a photograph's file, not a model: decompress_image reads it."

Nobody decodes by what is said here; each reader checks its own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A kind of file: its name with an article, and what to do with one."""

    name: str
    use: str


_PICTURE = "compress --photo and load_dataset read it"
_ARRAYS = "load_dataset reads it"
_ANY = "compress_text and compress --text store any bytes exactly"

PHOTO = Kind("a photograph's file", "decompress_image reads it")
COLLECTION = Kind("a collection's file", "decompress_collection reads it, with its network")
TEXT = Kind("a text's file", "decompress_text reads it")
MODEL = Kind("a model", "HTM.load, TextModel.load, PhotoModel.load or SeriesModel.load reads it")
SERIES = Kind("a series' file", "decompress_series reads it")
TABLE = Kind("a table's file", "decompress on the shell reads it")
EMPTY = Kind("an empty file", "there is nothing to read")
PLAIN = Kind("a text", _ANY)
UNKNOWN = Kind("of no kind known here", _ANY)

#: How files begin, at which place; the first that fits counts.
_BEGINNINGS = (
    (0, b"HTMP", PHOTO),
    (0, b"\x89PNG\r\n\x1a\n", Kind("a PNG picture", _PICTURE)),
    (0, b"\xff\xd8\xff", Kind("a JPEG picture", _PICTURE)),
    (8, b"WEBP", Kind("a WebP picture", _PICTURE)),
    (0, b"GIF8", Kind("a GIF picture", _PICTURE)),
    (4, b"ftypavi", Kind("an AVIF picture", _PICTURE)),
    (4, b"ftyphei", Kind("a HEIC picture", "turn it into PNG or JPEG first")),
    (0, b"II*\0", Kind("a TIFF picture", "turn it into PNG first")),
    (0, b"MM\0*", Kind("a TIFF picture", "turn it into PNG first")),
    (0, b"\x93NUMPY", Kind("a NumPy array", _ARRAYS)),
    (0, b"\x1f\x8b", Kind("a gzip file", _ANY)),
    (0, b"\xfd7zXZ\0", Kind("an xz file", _ANY)),
    (0, b"BZh", Kind("a bzip2 file", _ANY)),
    (0, b"\x28\xb5\x2f\xfd", Kind("a Zstandard file", _ANY)),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7z file", _ANY)),
    (0, b"%PDF", Kind("a PDF document", _ANY)),
    (0, b"SQLite format 3\0", Kind("an SQLite database", _ANY)),
    (0, b"PK\3\4", Kind("a ZIP file", _ARRAYS)),
    (0, b"PK\5\6", Kind("an empty ZIP file", "there is nothing to read")),
)
_CONTAINERS = {1: COLLECTION, 3: TEXT, 4: SERIES, 5: TABLE}
#: First bytes of short texts; they are no more than one byte, so what follows must fit too.
SHORT_TEXTS = bytes(range(0xA4, 0xA9))
#: First byte of a short series, likewise.
SHORT_SERIES = 0xA9
_MODELS = {
    None: Kind("a network", "HTM.load reads it"),
    "text": Kind("a text model", "TextModel.load reads it"),
    "photo": Kind("a photo model", "PhotoModel.load reads it"),
    "series": Kind("a series' model", "SeriesModel.load reads it"),
}


def kind_of(data: bytes | memoryview) -> Kind:
    """The kind of a file, by its first bytes and, of texts, all of the first 4,096.

    >>> kind_of(b"HTMP....").name, kind_of("Grüße".encode()).name
    ("a photograph's file", 'a text')
    """
    head = bytes(data[:4096])
    if not head:
        return EMPTY
    if head[:4] == b"HTMC":
        return _CONTAINERS.get(head[5] if len(head) > 5 else 0, UNKNOWN)
    if head[:2] == b"PK" and head[30:45] == b"header.json.npy":
        return MODEL
    if head[:2] == b"PK" and b".npy" in head[30:200]:
        return Kind("a NumPy archive", _ARRAYS)
    for place, begins, kind in _BEGINNINGS:
        if head[place : place + len(begins)] == begins:
            return kind
    if head[0] in SHORT_TEXTS and len(data) >= 4:
        return TEXT
    if head[0] == SHORT_SERIES and len(data) >= 4:
        return SERIES
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Kind("a BMP picture", _PICTURE)
    return PLAIN if _is_plain(head) else UNKNOWN


def is_picture(data: bytes | memoryview) -> bool:
    """Whether they begin as a picture that is read here does."""
    return kind_of(data).use == _PICTURE


def _is_plain(head: bytes) -> bool:
    """Whether it is text in UTF-8, of which a character may be cut off."""
    try:
        text = head[: len(head) - 3].decode() if len(head) == 4096 else head.decode()
    except UnicodeDecodeError as exc:
        return len(head) == 4096 and exc.start >= len(head) - 7
    return all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)


def wrong(data: bytes | memoryview, wanted: str) -> str:
    """A sentence for whoever gave one kind of file where another is read.

    Parameters
    ----------
    data : bytes
        What was given.
    wanted : str
        What is read, with its article.
    """
    name, use = kind_of(data)
    return f"This is {name}, not {wanted}: {use}."


def wrong_model(settings: Mapping[str, Any], wanted: str) -> str:
    """The same for a model's file, by its settings."""
    kind = settings.get("kind")
    name, use = _MODELS.get(kind if isinstance(kind, str) else None, UNKNOWN)
    return f"This is {name}, not {wanted}: {use}."
