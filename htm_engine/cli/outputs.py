"""Results to files: written whole or not at all, and never over something by accident.

::

    check_target(path, force, sources)  before long work, so that nobody waits for a refusal
    replacing(path, force)              a stream to a file beside the target, then one move
    write(path, bytes, force)           the same for bytes at hand
    write_pictures(...)                 .npy, one .png (a picture or a sheet), or a folder of PNGs
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import files
from ..errors import DataError, HTMError

Bytes = NDArray[np.uint8]
#: Most pictures on one contact sheet; more would be too small to see, or too large to open.
MOST_ON_SHEET = 2500
_GAP = 2


class OutputError(HTMError, OSError):
    """A result cannot be written where it was asked for."""


def check_target(
    path: str | Path, force: bool, *sources: str | Path | None, folder: bool = False
) -> Path:
    """Path that may be written to.

    Parameters
    ----------
    path : str or Path
    force : bool
        Whether a file that is there may be replaced.
    *sources : str, Path or None
        What the result is made from, which it must not replace whatever ``force`` says.
    folder : bool
        Whether it may be a folder.

    Raises
    ------
    OutputError
        If it exists and ``force`` is not given, its folder does not exist or takes no files,
        or it is a folder, a device, a pipe, or one of the sources.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {target.parent}.")
    if target.is_dir() and (target.suffix or not folder):
        raise OutputError(f"{target} is a folder.")
    special = target.exists() and not target.is_file() and not target.is_dir()
    if special or str(target).startswith(("/dev/std", "/dev/fd/", "/proc/")):
        raise OutputError(f"{target} is a pipe or a device; name a file to be written.")
    if any(_same(target, source) for source in sources):
        raise OutputError(f"{target} is what is read; give the result another name.")
    if target.exists() and not force and not (target.is_dir() and not any(target.iterdir())):
        raise _exists(target)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{target} cannot be written: its folder takes no files.")
    return target


def _same(target: Path, source: str | Path | None) -> bool:
    try:
        return source is not None and os.path.samefile(target, source)
    except OSError:  # one of them does not exist
        return False


def _exists(target: Path) -> OutputError:
    return OutputError(f"{target} exists already; give --force to replace it.")


@contextmanager
def replacing(path: str | Path, force: bool) -> Iterator[BinaryIO]:
    """A stream to a file that nobody sees before it is whole (see ``files.replacing``).

    Raises
    ------
    OutputError
        If the disk refuses, or, without ``force``, another program made the file meanwhile.
    """
    target = Path(path)
    try:
        with files.replacing(target, new=not force) as stream:
            yield stream
    except OSError as exc:
        if isinstance(exc, HTMError) or exc.filename != str(target):
            raise
        if isinstance(exc, FileExistsError):
            raise _exists(target) from exc
        raise OutputError(f"{target} cannot be written: {exc.strerror}.") from exc


def write(path: str | Path, content: bytes, force: bool = False) -> None:
    """Write a file in one move: readers see the old one or the new one, never half.

    Raises
    ------
    OutputError
        As :func:`check_target` and :func:`replacing`.
    """
    with replacing(check_target(path, force), force) as stream:
        stream.write(content)


def png(picture: Bytes) -> bytes:
    """One picture ``(h, w[, 3])`` as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def contact_sheet(pictures: Bytes, columns: int | None = None) -> Bytes:
    """Many pictures ``(n, h, w[, 3])`` as one, row by row, with a white line between them.

    >>> contact_sheet(np.zeros((3, 2, 2), np.uint8)).shape
    (6, 6)

    Raises
    ------
    DataError
        If there are too many.
    """
    n, height, width = pictures.shape[:3]
    if n > MOST_ON_SHEET:
        raise DataError(
            f"{n:,} pictures are too many for one sheet; choose a folder or a .npy file."
        )
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    shape = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, *pictures.shape[3:])
    sheet = np.full(shape, 255, np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        top, left = row * (height + _GAP), column * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def write_pictures(path: str | Path, pictures: Bytes, force: bool = False) -> int:
    """Write pictures ``(n, h, w[, 3])`` the way the path's ending asks for.

    ``.npy`` holds the array; ``.png`` the picture, or a contact sheet of several; a path
    without an ending is a folder of numbered PNGs.  Returns the number of files.

    Raises
    ------
    OutputError
        As :func:`write`, or for another ending.
    DataError
        If there are too many for a sheet.
    """
    target = check_target(path, force, folder=True)
    ending = target.suffix.lower()
    if ending == ".npy":
        stream = io.BytesIO()
        np.save(stream, pictures, allow_pickle=False)
        write(target, stream.getvalue(), force)
    elif ending == ".png":
        single = pictures[0] if len(pictures) == 1 else contact_sheet(pictures)
        write(target, png(single), force)
    elif not ending:
        _write_folder(target, [png(picture) for picture in pictures], force)
        return len(pictures)
    else:
        raise OutputError(f"{target.name} must end in .png or .npy, or be a folder.")
    return 1


def _write_folder(target: Path, contents: Sequence[bytes], force: bool) -> None:
    digits = max(4, len(str(len(contents) - 1)))
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file; give a folder, or a name ending in .png or .npy.")
    made = files.unused_name(target.parent)
    try:
        made.mkdir()
        for index, content in enumerate(contents):
            Path(made, f"{index:0{digits}d}.png").write_bytes(content)
        if force and target.is_dir():
            _move_into(made, target)
        else:  # which fails where a folder with something in it came meanwhile
            made.rename(target)
    except OSError as exc:
        if exc.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise _exists(target) from exc
        raise OutputError(f"{target} cannot be written: {exc.strerror}.") from exc
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move_into(made: Path, target: Path) -> None:
    """Replace pictures of a folder one by one; whatever else is in it is not ours to remove."""
    for file in sorted(made.iterdir()):
        os.replace(file, target / file.name)
