"""The gate for foreign bytes: pictures and ZIP files are checked here before they are decoded.

::

    bytes ──► size of the upload ──► format, width x height ──► decode ──► uint8 pixels
              (Limits.max_bytes)     (read from the header)     (Pillow)   + notes

    ZIP ────► number of entries, declared sizes, ratio ──► read_zip ──► Members, each
              (nothing inflated yet)                                    inflated under a cap

Whatever is wrong with the input ends in one :class:`~htm_engine.errors.DataError`
whose sentence names the file.  Names inside a ZIP are labels only, never paths.
Arrays (IDX, NPY, NPZ) have their own gate in :mod:`htm_engine.data.arrayfiles`;
making a collection out of many pictures is the work of :mod:`htm_engine.data.datasets`.
TIFF is left out on purpose: its decoder has the longest record of holes.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..coding.metadata import Metadata
from ..errors import DataError, HTMError
from ..files import as_bytes
from . import apart, jpeg, pixels
from .names import entry_name
from .reasons import FORMATS, refusal
from .room import Room

# A second net below our own check of the header; set once for the process, because
# warnings.catch_warnings is not safe in the threads a web page runs in.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Limits:
    """How much a foreign file may ask for before it is refused.

    Parameters
    ----------
    max_bytes : int
        Size of the file itself.
    max_pixels : int
        Pixels of a picture that comes alone.
    max_pixels_each, max_pixels_total : int
        Pixels of one picture in a collection, and of all of them together.
    max_files : int
        Entries in a ZIP, or files in a folder.
    max_total : int
        Bytes after inflating, all entries together.
    max_ratio : int
        Bytes after inflating for one byte of ZIP (looked at above 16 MiB).
    """

    max_bytes: int = 200 << 20
    max_pixels: int = 50_000_000
    max_pixels_each: int = 16_000_000
    max_pixels_total: int = 500_000_000
    max_files: int = 100_000
    max_total: int = 512 << 20
    max_ratio: int = 200


UPLOAD = Limits()  #: for what a visitor of the page sends
LOCAL = Limits(  #: for files on the user's own disk
    max_bytes=8 << 30,
    max_pixels=150_000_000,
    max_pixels_each=50_000_000,
    max_pixels_total=50_000_000_000,
    max_files=2_000_000,
    max_total=16 << 30,
)
# Pillow's own limit lies between the two; ours is looked at first, picture by picture.
Image.MAX_IMAGE_PIXELS = LOCAL.max_pixels
#: Pictures of all visitors that are decoded at one time, together.
_DECODING = Room(UPLOAD.max_pixels)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture: ``pixels`` and what had to be done to it.

    ``pixels`` is uint8, ``(h, w)`` grey, ``(h, w, 3)`` RGB or, only when asked
    for, ``(h, w, 2)`` and ``(h, w, 4)`` with alpha; ``notes`` holds one sentence per thing worth
    telling; ``metadata``, only when asked for, what the file has besides its pixels, and ``bits``
    those that a value of it had.
    """

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...] = ()
    metadata: Metadata = Metadata()
    bits: int = 8


@dataclass(frozen=True)
class Member:
    """A file of a collection: its ``name`` (``/`` between folders) and how to get its bytes."""

    name: str
    read: Callable[[], bytes]


def shown(name: str) -> str:
    r"""Make a foreign file name fit to stand in a sentence: printable, at most 60 letters.

    Examples
    --------
    >>> shown("a\x00b.png")
    'a?b.png'
    """
    text = "".join(c if c.isprintable() else "?" for c in name) or "the file"
    return text if len(text) <= 60 else "..." + text[-57:]


def check_bytes(data: bytes, name: str, limits: Limits = UPLOAD) -> None:
    """Refuse an empty file and one over ``limits.max_bytes``."""
    if not data:
        raise DataError(f"{shown(name)} is empty.")
    if len(data) > limits.max_bytes:
        raise DataError(
            f"{shown(name)} has {len(data) / 2**20:.0f} MB; at most "
            f"{limits.max_bytes / 2**20:.0f} MB are read."
        )


def read_picture(
    data: bytes,
    name: str = "the picture",
    *,
    max_pixels: int = UPLOAD.max_pixels,
    enough: int | None = None,
    keep_alpha: bool = False,
    keep_metadata: bool = False,
    patience: apart.Patience | None = None,
    begins: Callable[[int], None] = lambda pixels: None,
) -> Picture:
    """Decode one picture, after its header has been found acceptable.

    EXIF's rotation is applied; CMYK becomes RGB; 16 bits are scaled, not clipped; transparency
    is laid on white; of an animation the first frame is used.  What is lost is told in a note.

    Parameters
    ----------
    data : bytes
        The file's content; its format is found from it, never from the name.
    name : str
        Only for the sentences of notes and errors.
    max_pixels : int
        Largest width times height that is decoded.
    enough : int, optional
        Pixels that are of use: a JPEG of many more is decoded at a fraction of its sides.
    keep_alpha : bool
        Return ``(h, w, 4)`` for a picture that has transparency, ``(h, w, 2)`` for a grey one.
    keep_metadata : bool
        Return profile (none of sRGB, the usual), EXIF and density, instead of notes on them.
    patience : Patience, optional
        Have one that may take over a second decoded by a process, ended when time is over.
    begins : callable
        Hears how many pixels are about to be decoded; what it raises keeps them from being so.

    Returns
    -------
    Picture
        uint8 pixels ``(h, w)`` or ``(h, w, 3)`` (or with alpha) and notes.

    Raises
    ------
    DataError
        If the file is empty, of another format, too large, damaged, cut short, or too slow.
    """
    label, data = shown(name), as_bytes(data)
    if not data:
        raise DataError(f"{label} is empty.")
    keep = {"keep_alpha": keep_alpha, "keep_metadata": keep_metadata}
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            begins(_checked(image, data, label, max_pixels))
            if patience is not None and apart.takes_long(image, data):
                options = {"max_pixels": max_pixels, "enough": enough, **keep}
                return _apart(image, data, label, patience, options)
            return _decoded(image, data, label, enough, keep, patience)
    except HTMError:
        raise
    except Exception as exc:
        raise _why(data, label, max_pixels, exc) from exc


def _why(data: bytes, label: str, max_pixels: int, exc: Exception) -> DataError:
    """What to tell of an exception that is none of ours."""
    if isinstance(exc, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return DataError(
            f"{label} is too large to decode: at most {max_pixels / 1e6:g} megapixels are read."
        )
    return too_little(label) if isinstance(exc, MemoryError) else refusal(data, label, exc)


def _decoded(
    image: Image.Image,
    data: bytes,
    label: str,
    enough: int | None,
    keep: dict[str, bool],
    patience: apart.Patience | None,
) -> Picture:
    """The picture of an open file that was found acceptable, once there is room to decode it."""
    notes = _drafted(image, label, enough)
    with _DECODING.of(image.width * image.height, patience.ask if patience else None):
        found, more, metadata = pixels.decoded(image, data, label, **keep)
        return Picture(found, (*notes, *more), metadata, pixels.bits_of(image, data))


def _apart(
    image: Image.Image, data: bytes, label: str, patience: apart.Patience, options: dict[str, Any]
) -> Picture:
    """The same by a process of its own."""
    with _DECODING.of(image.width * image.height, patience.ask):
        return Picture(*apart.read(data, label, patience, options))


def _checked(image: Image.Image, data: bytes, label: str, max_pixels: int) -> int:
    """Pixels that the header claims, where a picture of so many is decoded at all."""
    width, height = image.size
    if width < 1 or height < 1:
        raise DataError(f"{label} has no pixels.")
    if width * height > max_pixels:
        raise DataError(
            f"{label} is {width} x {height} pixels; at most {max_pixels / 1e6:g} megapixels "
            "are read, so make it smaller first."
        )
    jpeg.check(data, label, width * height)
    return width * height


def _drafted(image: Image.Image, label: str, enough: int | None) -> tuple[str, ...]:
    """Have a JPEG decoded smaller where it is much more than enough; a note if it will be."""
    width, height = image.size
    if enough is None or width * height <= enough:
        return ()
    share = math.sqrt(enough / (width * height))
    image.draft(None, (math.ceil(width * share), math.ceil(height * share)))
    if image.size == (width, height):
        return ()
    return (f"{label} is {width} x {height} pixels; fewer are needed and were read.",)


def too_little(label: str) -> DataError:
    """A want of memory is no damage; whoever sent a good file must not be told that it is bad."""
    return DataError(f"There is not enough memory to open {label}.")


#: What zipfile answers damage with.
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # an encrypted entry, or one packed in a way that zipfile does not know
)


def open_zip(data: bytes, name: str, limits: Limits = UPLOAD) -> zipfile.ZipFile:
    """Open a ZIP after its entries have been counted and their declared sizes added up.

    Raises
    ------
    DataError
        If it is damaged, encrypted, has too many entries, or would inflate too far.
    """
    label = shown(name)
    check_bytes(data, name, limits)
    # zipfile makes an object per entry on opening, so count their signatures first
    if data.count(b"PK\x01\x02") > limits.max_files:
        raise DataError(f"{label} holds more than {limits.max_files:,} files.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED_ZIP as exc:
        raise DataError(f"{label} is not a readable ZIP file, or is damaged.") from exc
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise DataError(f"{label} is encrypted; please send it without a password.")
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_total or (total > 16 << 20 and total > limits.max_ratio * len(data)):
        raise DataError(
            f"{label} would grow from {len(data) / 2**20:.1f} to {total / 2**20:.0f} MB when "
            "unpacked, which is refused."
        )
    return archive


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, label: str) -> bytes:
    """Inflate one entry, never beyond the size it declared (which ``open_zip`` has added up)."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{label} is packed in a way that is not read here; use plain ZIP.")
    try:
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
    except MemoryError as exc:
        raise too_little(label) from exc
    except _DAMAGED_ZIP as exc:
        raise DataError(f"{label} is damaged inside the ZIP file.") from exc
    if len(content) != entry.file_size:
        raise DataError(f"{label} is cut short inside the ZIP file.")
    return content


def is_hidden(name: str) -> bool:
    """Tell whether a system put this file there, not the user (``__MACOSX``, dot files)."""
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or (
        parts[-1].lower() in ("thumbs.db", "desktop.ini")
    )


def read_zip(data: bytes, name: str = "the ZIP file", limits: Limits = UPLOAD) -> list[Member]:
    """List the files of a ZIP; each is inflated only when its ``read`` is called.

    Hidden files and folders are left out; a ZIP inside the ZIP raises when it is read.

    Returns
    -------
    list of Member
        In the order of their names.

    Raises
    ------
    DataError
        As :func:`open_zip`, or if there is no file in it.
    """
    archive = open_zip(data, name, limits)
    members = []
    for entry in sorted(archive.infolist(), key=lambda e: e.filename):
        inner = entry_name(entry)
        # A damaged entry may have no name at all, which the standard library trips over.
        if not inner or entry.is_dir() or is_hidden(inner):
            continue
        members.append(Member(inner, _reader(archive, entry)))
    if not members:
        raise DataError(f"{shown(name)} holds no files.")
    return members


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        label = shown(entry_name(entry))
        content = read_member(archive, entry, label)
        if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            raise DataError(f"{label} is a ZIP inside the ZIP, which is not opened.")
        return content

    return read
