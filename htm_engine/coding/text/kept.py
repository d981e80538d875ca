"""Tables of text models that have read, kept on disk beside the machine code and mapped.

To read a model's texts takes seconds, and gives the same on every machine; so it is done
once a machine and version.  A file, in the folder of ``compiling``::

    offset  bytes  field
    0       8      "HTMTEXT" and a zero byte
    8       4      CRC-32 of all that follows the first 64 bytes
    12      52     zeros
    64      ...    arrays of ``Memory`` in order, each begun at a multiple of 64 bytes

It is mapped copy-on-write: a process holds for itself only the pages it has changed, all
others are the same memory for everyone.  It is nothing one has to keep: a file that is
missing, damaged or of other sizes is written anew.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...compiling import folder
from .units import Memory, blank

MAGIC = b"HTMTEXT\0"
#: Where arrays begin: multiples of a cache line.
_ALIGN = 64
#: Files of models kept beside each other; each takes about 120 MiB.
KEPT = 4


def path_of(fingerprint: bytes) -> Path | None:
    """Where a model's tables lie, or would; None where nothing can be kept."""
    try:
        return folder() / f"text-{fingerprint.hex()}.tables"
    except RuntimeError:  # a user without a home
        return None


def keep(fingerprint: bytes, memory: Memory) -> None:
    """Write a model's tables, in one move, if the disk takes them; old ones of others go."""
    path = path_of(fingerprint)
    if path is None:
        return
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=".htm-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, memory)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        others = [one for one in path.parent.glob("text-*.tables") if one != path]
        for old in sorted(others, key=lambda one: one.stat().st_mtime)[: -(KEPT - 1)]:
            old.unlink(missing_ok=True)


def opened(fingerprint: bytes, bits: int) -> BinaryIO | None:
    """The file of a model's tables, checked; None if there is none that holds."""
    path = path_of(fingerprint)
    try:
        stream = path.open("rb") if path is not None else None
    except OSError:
        return None
    if stream is None:
        return None
    with contextlib.suppress(OSError, ValueError):
        if _holds(stream, bits):
            os.utime(stream.fileno())  # the least recently used go first
            return stream
    stream.close()
    return None


def mapped(stream: BinaryIO, bits: int) -> Memory:
    """A state of one's own from a file that holds: changes to it stay in this process."""
    whole = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    arrays: list[Any] = []
    layout: list[NDArray[Any]] = list(blank(bits))
    for start, like in zip(_starts(layout)[0], layout, strict=True):
        flat = np.frombuffer(whole, like.dtype, like.size, start)
        arrays.append(flat.reshape(like.shape))
    return Memory(*arrays)


def _starts(memory: Iterable[NDArray[Any]]) -> tuple[list[int], int]:
    """Where every array begins, and where the file ends."""
    starts, place = [], _ALIGN
    for array in memory:
        starts.append(place)
        place += math.ceil(array.nbytes / _ALIGN) * _ALIGN
    return starts, place


def _write(stream: BinaryIO, memory: Memory) -> None:
    check = 0
    stream.write(bytes(_ALIGN))
    for array in memory:
        content = memoryview(array.tobytes())
        for part in (content, bytes(-len(content) % _ALIGN)):
            stream.write(part)
            check = zlib.crc32(part, check)
    stream.seek(0)
    stream.write(MAGIC + check.to_bytes(4, "little"))


def _holds(stream: BinaryIO, bits: int) -> bool:
    end = _starts(blank(bits))[1]
    if os.fstat(stream.fileno()).st_size != end:
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        head = whole[: len(MAGIC) + 4]
        with memoryview(whole) as content, content[_ALIGN:] as tables:
            return head == MAGIC + zlib.crc32(tables).to_bytes(4, "little")
