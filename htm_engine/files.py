"""Bytes of the user's: read to their end whatever they are, written whole or not at all.

::

    bytes_of(data)        all bytes of a buffer of any type and shape
    read(path, most)      all bytes; what a file says of its length is only a hint
    measured(path)        a stream and its length; a pipe is first read to its end
    replacing(path)       a stream to a file that nobody sees before it is whole

A pipe, ``/dev/stdin`` and files of ``/proc`` say that they have no bytes, and a device may
give them for ever: lengths are counted, not believed, and devices are refused.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .errors import DataError, HTMError

#: Bytes that a pipe may give; a file on a disk may be of any length.
MOST_OF_A_PIPE = 1 << 30
_CHUNK = 1 << 20
_IN_MEMORY = 1 << 22


# ------------------------------------------------------------------- reading
def bytes_of(data: Any) -> memoryview:
    """All bytes of whatever holds bytes, without a copy where they lie in one piece.

    Parameters
    ----------
    data : bytes, bytearray, memoryview, array
        Numbers of any type in any shape give their bytes as they are in memory, row by row.

    Returns
    -------
    memoryview of uint8, (n,)

    Raises
    ------
    DataError
        If it is letters, or holds objects or no bytes at all.

    Examples
    --------
    >>> from array import array
    >>> len(bytes_of(array("I", [1, 2, 3])))
    12
    """
    if isinstance(data, str):
        raise DataError("These are letters and not bytes: give text.encode(), or the file's bytes.")
    try:
        view = memoryview(data)
    except (TypeError, ValueError, BufferError) as exc:
        raise DataError(f"Bytes are needed here, not {type(data).__name__}.") from exc
    if getattr(getattr(data, "dtype", None), "hasobject", False) or "O" in view.format[:2]:
        raise DataError("Bytes are needed here, not an array of objects.")
    if not view.nbytes:
        return memoryview(b"")
    try:
        return view.cast("B")
    except TypeError:  # it does not lie in one piece, or has a type that only NumPy knows
        return memoryview(view.tobytes())


def opened(path: str | Path) -> BinaryIO:
    """A file or a pipe, opened to be read.

    Raises
    ------
    DataError
        If it is a device, other than the user's terminal or the empty ``/dev/null``.
    OSError
        If it cannot be opened.
    """
    mode = os.stat(path).st_mode
    is_device = stat.S_ISBLK(mode) or (
        stat.S_ISCHR(mode) and not os.path.samefile(path, "/dev/null")
    )
    stream = Path(path).open("rb")  # noqa: SIM115  # the caller closes it
    if is_device and not stream.isatty():
        stream.close()
        raise DataError(f"{path} is a device, which may never end; give a file or a pipe.")
    return stream


def as_bytes(data: Any) -> bytes:
    """:func:`bytes_of` as bytes; what are bytes already is not copied."""
    return data if isinstance(data, bytes) else bytes(bytes_of(data))


def read(path: str | Path, most: int, name: str = "") -> bytes:
    """All bytes of a file or a pipe.

    Parameters
    ----------
    path : str or Path
    most : int
        Bytes above which it is refused, before more are read.
    name : str
        What errors call it; nothing takes the path.

    Raises
    ------
    DataError
        If it has more, or is a device.
    OSError
        If it cannot be read.
    """
    with opened(path) as stream:
        # What a file says is read at once, which saves a copy; then to its end in any case.
        said = min(os.fstat(stream.fileno()).st_size, most + 1)
        parts = [stream.read(said)] if said else []
        left = most + 1 - sum(map(len, parts))
        while left > 0 and (part := stream.read(min(_CHUNK, left))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise DataError(f"{name or path} has more than {most / 2**20:,.0f} MB, which is too large.")
    return b"".join(parts)


@contextmanager
def measured(path: str | Path, most: int = MOST_OF_A_PIPE) -> Iterator[tuple[BinaryIO, int]]:
    """A file or a pipe as a stream, and how many bytes it will give.

    Parameters
    ----------
    path : str or Path
    most : int
        Bytes of a pipe above which it is refused.

    Raises
    ------
    DataError
        If a pipe gives more, or it is a device.
    OSError
        If it cannot be read.
    """
    with opened(path) as stream:
        found = os.fstat(stream.fileno())
        # Files of /proc claim nothing, those of /sys a page: only a larger claim is one.
        if stat.S_ISREG(found.st_mode) and found.st_size > _CHUNK:
            yield stream, found.st_size
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
            while part := stream.read(_CHUNK):
                held.write(part)
                if held.tell() > most:
                    raise DataError(
                        f"{path} gives more than {most >> 20:,} MB; put it into a file first."
                    )
            length = held.tell()
            held.seek(0)
            yield held, length  # type: ignore[misc]  # typeshed: a spooled file is no BinaryIO


# ------------------------------------------------------------------- writing
@contextmanager
def replacing(path: str | Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file at the end; after an exception nothing is left.

    It goes to a file beside the target under a name that nobody else has, and is moved when
    it is on the disk: others see the old file or the new one, never half.  A link is
    followed.  Permissions stay those of the old file, or are what the umask gives.

    Parameters
    ----------
    path : str or Path
    new : bool
        Whether there must be no such file, also not at the end: of two programs that write
        one file, the second is told.

    Raises
    ------
    FileExistsError
        With ``new``, if there is one.
    OSError
        If it cannot be written; it names the path.
    """
    target = Path(os.path.realpath(path))
    # Named before it is made, so that a signal at any moment finds what is to be removed.
    name = unused_name(target.parent)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(name, flags, 0o666 if mode is None else mode), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            os.chmod(name, mode)
        if new:
            _move_to_nothing(name, target)
        else:
            os.replace(name, target)
    except OSError as exc:
        # Nobody knows that name; what is written tells of itself by no name at all.
        if exc.filename in (str(name), None) and not isinstance(exc, HTMError):
            raise OSError(exc.errno, exc.strerror, str(path)) from exc
        raise
    finally:
        name.unlink(missing_ok=True)


def unused_name(folder: Path) -> Path:
    """A path in a folder that nobody else has: 64 bits drawn by the system."""
    return folder / f".htm-{secrets.token_hex(8)}"


def write(path: str | Path, content: bytes, *, new: bool = False) -> None:
    """Write a file by :func:`replacing`."""
    with replacing(path, new=new) as stream:
        stream.write(content)


def _move_to_nothing(name: Path, target: Path) -> None:
    """Move a file where there is none; ``rename`` would replace what came meanwhile."""
    try:
        os.link(name, target)
        os.unlink(name)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(name, target)
