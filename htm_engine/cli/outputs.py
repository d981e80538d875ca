"""Results to files: written whole or not at all, and never over something by accident.

::

    check_target(path, force)  before long work, so that nobody waits for a refusal
    write(path, bytes, force)  a temporary file beside the target, then one rename
    write_pictures(...)        .npy, one .png (a picture or a contact sheet), or a folder of PNGs
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DataError, HTMError

Bytes = NDArray[np.uint8]
#: Most pictures on one contact sheet; more would be too small to see, or too large to open.
MOST_ON_SHEET = 2500
_GAP = 2


class OutputError(HTMError, OSError):
    """A result cannot be written where it was asked for."""


def check_target(path: str | Path, force: bool) -> Path:
    """Path that may be written to.

    Raises
    ------
    OutputError
        If it exists and ``force`` is not given, or its folder does not exist.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {target.parent}.")
    if target.is_dir() and target.suffix:
        raise OutputError(f"{target} is a folder.")
    if target.exists() and not force and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(f"{target} exists already; give --force to replace it.")
    return target


def write(path: str | Path, content: bytes, force: bool = False) -> None:
    """Write a file in one move: readers see the old one or the new one, never half.

    Raises
    ------
    OutputError
        As :func:`check_target`, or if the disk refuses.
    """
    target = check_target(path, force)
    try:
        handle, name = tempfile.mkstemp(prefix=".htm-", dir=target.parent)
    except OSError as exc:
        raise OutputError(f"{target} cannot be written: {exc.strerror}.") from exc
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, 0o666 & ~_umask())  # mkstemp's files are for their owner alone
        os.replace(name, target)
    except BaseException as exc:
        Path(name).unlink(missing_ok=True)
        if isinstance(exc, OSError):
            raise OutputError(f"{target} cannot be written: {exc.strerror}.") from exc
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
    target = check_target(path, force)
    ending = target.suffix.lower()
    if ending == ".npy":
        stream = io.BytesIO()
        np.save(stream, pictures, allow_pickle=False)
        write(target, stream.getvalue(), force)
    elif ending == ".png":
        single = pictures[0] if len(pictures) == 1 else contact_sheet(pictures)
        write(target, png(single), force)
    elif not ending:
        _write_folder(target, [png(picture) for picture in pictures])
        return len(pictures)
    else:
        raise OutputError(f"{target.name} must end in .png or .npy, or be a folder.")
    return 1


def _write_folder(target: Path, files: Sequence[bytes]) -> None:
    digits = max(4, len(str(len(files) - 1)))
    try:
        with tempfile.TemporaryDirectory(prefix=".htm-", dir=target.parent) as name:
            made = Path(name, "made")
            made.mkdir()
            for index, content in enumerate(files):
                Path(made, f"{index:0{digits}d}.png").write_bytes(content)
            if target.is_dir() and not any(target.iterdir()):
                target.rmdir()
            if target.exists():
                _move_into(made, target)
            else:
                made.rename(target)
    except OSError as exc:
        raise OutputError(f"{target} cannot be written: {exc.strerror}.") from exc


def _move_into(made: Path, target: Path) -> None:
    """Replace pictures of a folder one by one; whatever else is in it is not ours to remove."""
    if not target.is_dir():
        raise OutputError(f"{target} is a file; give a folder, or a name ending in .png or .npy.")
    for file in sorted(made.iterdir()):
        shutil.move(file, target / file.name)
