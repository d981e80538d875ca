"""A visitor's own file on its way from Home to the page that takes it.

::

    files ──► sorted_out(): what they are, by their content ──► give() ──► the session
    the page's own uploader, or else what was handed over   ◄── taken() ◄────┘

A browser gives a file to one uploader only, so the session keeps it, under the place it is
for, until the visitor takes it away.  Nothing is decoded here: what a file really is, and
whether it is one to be read at all, is found by the engine's gates on the page it goes to.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import streamlit as st

from htm_engine.errors import DataError

from ..kit import keeping
from ..kit.words import plain, t

#: What may be handed over: a photograph, pictures to learn from, a table of numbers, any other
#: bytes; and our own files, to be read back.  Those of numbers stay on Home.
Place = Literal[
    "photo",
    "data",
    "series",
    "text",
    "photo_back",
    "collection_back",
    "text_back",
    "numbers_back",
]
#: Page of each place, and what the link to it says.
GOES_TO: dict[Place, tuple[str, dict[str, str]]] = {
    "photo": ("compress", {"what": "photo"}),
    "data": ("train", {"data": "upload", "colour": "true"}),
    "series": ("series", {"series": "upload"}),
    "text": ("text", {}),
    "photo_back": ("compress", {"what": "photo"}),
    "collection_back": ("compress", {"what": "collection"}),
    "text_back": ("text", {}),
}
_HANDED = "_handed"

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
#: Files of ours begin so, or are short ones that say what they are by their ending.
_OURS, _OUR_ENDING = (b"HTMC", b"HTMP"), ".htmc"
#: Endings of tables of numbers, how Parquet begins, and bytes that are looked at for a digit.
_TABLES, _PARQUET, _HEAD = (".csv", ".tsv", ".parquet"), b"PAR1", 4096
_ARRAYS = b"\x93NUMPY"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: Endings, inside a ZIP, of what can be learned from.
_LEARNED = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".npy")


class File(Protocol):
    """What an uploader gives, and what is handed over."""

    @property
    def name(self) -> str: ...

    @property
    def file_id(self) -> str: ...

    def getvalue(self) -> bytes: ...


@dataclass(frozen=True)
class Handed:
    """A file in the session: a name, which may be any words, and its bytes."""

    name: str
    content: bytes

    @cached_property
    def file_id(self) -> str:
        """Names the content."""
        return hashlib.sha256(self.content).hexdigest()

    def getvalue(self) -> bytes:
        """The bytes."""
        return self.content


def give(place: Place, file: Handed) -> None:
    """Keep a file for the page that takes it."""
    keeping.make_private()
    st.session_state.setdefault(_HANDED, {})[place] = file


def forget(place: Place) -> None:
    """Take a file away again."""
    st.session_state.get(_HANDED, {}).pop(place, None)


def waits(place: Place) -> bool:
    """Whether a file is there that was handed over: what it is for comes first on the page."""
    return place in st.session_state.get(_HANDED, {})


def taken(place: Place, own: File | None, away: Callable[[], None] = lambda: None) -> File | None:
    """What the page works on: its uploader's own file, else what was handed over, if any.

    The name of what was handed over is drawn, on a button that takes it away; ``away`` is called
    then, and takes away what the page has made of it.
    """
    found: Handed | None = st.session_state.get(_HANDED, {}).get(place)
    if own is not None or found is None:
        return own
    name = "".join(c if c.isprintable() else "?" for c in found.name)
    st.button(
        t("frame.handed_from", name=plain(name), size=len(found.content)),
        key=f"handed_{place}",
        icon=":material/close:",
        help=t("frame.handed_help"),
        on_click=_take_away,
        args=(place, away),
    )
    return found


def _take_away(place: Place, away: Callable[[], None]) -> None:
    forget(place)
    away()


# ------------------------------------------------------------------- what files are
def sorted_out(files: Sequence[File], most: int) -> tuple[Place, Handed]:
    """Where files go, and as what: several become one ZIP.

    Parameters
    ----------
    files : sequence of File
        At least one.
    most : int
        Bytes of all of them together.

    Raises
    ------
    DataError
        In the visitor's language, if they are too large or no page takes them.
    """
    contents = [file.getvalue() for file in files]
    if sum(map(len, contents)) > most:
        raise DataError(t("frame.handed_too_large", most=most / 2**20))
    if len(files) == 1:
        one = Handed(files[0].name, contents[0])
        return place_of(one), one
    if not any(_is_picture(content) for content in contents):
        raise DataError(t("frame.handed_no_picture"))
    return "data", Handed(t("frame.handed_files", files=len(files)), _together(files, contents))


def place_of(file: Handed) -> Place:
    """Where one file goes: by its content, never by its name alone."""
    content = file.content
    if not content:
        raise DataError(t("frame.handed_empty"))
    if _is_picture(content):
        return "photo"
    if content.startswith(_OURS) or file.name.lower().endswith(_OUR_ENDING):
        return _back(content)
    if _is_table(file):
        return "series"
    if content.startswith(_ZIP):
        return "data" if _holds_pictures(content) else "text"
    from htm_engine.data.arrayfiles import GZIP_MAGIC, looks_like_idx

    packed = content.startswith(GZIP_MAGIC) and ("idx" in file.name or "ubyte" in file.name)
    return "data" if packed or content.startswith(_ARRAYS) or looks_like_idx(content) else "text"


def _back(content: bytes) -> Place:
    """Where a file of ours is read back."""
    from htm_engine import kinds

    kind = kinds.kind_of(content)
    places: dict[kinds.Kind, Place] = {
        kinds.PHOTO: "photo_back",
        kinds.COLLECTION: "collection_back",
        kinds.TEXT: "text_back",
        kinds.SERIES: "numbers_back",
        kinds.TABLE: "numbers_back",
    }
    if kind not in places:
        raise DataError(t("frame.handed_no_file_of_ours"))
    return places[kind]


def _is_table(file: Handed) -> bool:
    """Whether a file says that it is a table, and begins like one with numbers in it."""
    head = file.content[:_HEAD]
    if not file.name.lower().endswith(_TABLES):
        return False
    return head.startswith(_PARQUET) or (b"\0" not in head and any(48 <= c < 58 for c in head))


def _is_picture(content: bytes) -> bool:
    boxed = content[4:12] in (b"ftypavif", b"ftypavis")
    webp = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    size = int.from_bytes(content[2:6], "little")
    bmp = content.startswith(b"BM") and len(content) > 26 and size in (0, len(content))
    return content.startswith(_PICTURES) or boxed or webp or bmp


def _holds_pictures(content: bytes) -> bool:
    """Whether a ZIP names anything to learn from; one that the gate refuses is said there."""
    from htm_engine.data.uploads import UPLOAD, open_zip

    try:
        with open_zip(content, "the ZIP", UPLOAD) as archive:
            return any(name.lower().endswith(_LEARNED) for name in archive.namelist())
    except DataError:
        return True


def _together(files: Sequence[File], contents: Sequence[bytes]) -> bytes:
    """Files as one ZIP, stored as they are, so that the gate sees each."""
    out, seen = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (file, content) in enumerate(zip(files, contents, strict=True)):
            name = file.name.lstrip("/") or str(number)
            name = f"{number} {name}" if name in seen else name
            seen.add(name)
            archive.writestr(name, content)
    return out.getvalue()
