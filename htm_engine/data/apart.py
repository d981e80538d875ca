"""A foreign picture decoded by a process of its own, which ends when nobody waits any more.

::

    header, options, bytes ──► python -m htm_engine.data.decoder ──► header, metadata, pixels
      ten times a second: is it still wanted?   killed then, and at the end of its time

Decoders are others' code, which no thread can be made to leave.  (Those of all formats that are
read let Python's other threads run meanwhile.)  What they do in a second is done where it is
asked for, since a process takes a fifth of that to start.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..coding.metadata import Metadata
from ..errors import DataError
from . import jpeg

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")
#: Pixels, notes, metadata and bits: the fields of a picture.
Found = tuple[NDArray[np.uint8], tuple[str, ...], Metadata, int]
#: What the process runs; it stands above the gate that asks for it.
DECODER = "htm_engine.data.decoder"
#: Hears of the part done, 0 to 1; what it raises ends the reading.
Told = Callable[[float], None]
#: Seconds that one picture of a visitor's may take.
SECONDS = 20.0
#: Seconds that decoding may take by the header before it is done apart, and between two looks.
_AT_ONCE, _LOOK = 1.0, 0.1
#: Seconds a million pixels take, measured on photographs of 12 million; a JPEG in several scans
#: takes more for each.
_SECONDS = {"JPEG": 0.006, "PNG": 0.03, "WEBP": 0.03, "AVIF": 0.03, "GIF": 0.01, "BMP": 0.005}
_EACH_SCAN = 0.002
#: How a process ends that is killed, and from where on those end that crash on Windows.
_KILLED, _CRASHES = 9, 0xC0000000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long somebody waits for one picture, and whether they still do.

    Parameters
    ----------
    seconds : float
        Time after which decoding is ended.
    ask : callable
        Called ten times a second while it lasts; what it raises ends the decoding too.
    """

    seconds: float
    ask: Callable[[], None]


def patience(told: Told | None, part: float) -> Patience | None:
    """How long the next picture is waited for, if anybody is told; they hear of it now.

    Raises
    ------
    Exception
        What ``told`` raises, if this is not wanted any more.
    """
    if told is None:
        return None
    told(part)
    return Patience(SECONDS, lambda: told(part))


def takes_long(image: Image.Image, data: bytes) -> bool:
    """Whether decoding may take more than a second, by the picture's header.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, not yet decoded or drafted.
    data : bytes
        The file.
    """
    each = _SECONDS.get(image.format or "", _SECONDS["AVIF"])
    if jpeg.is_jpeg(data):
        each += _EACH_SCAN * jpeg.scans(data)
    return image.width * image.height / 1e6 * each > _AT_ONCE


def read(data: bytes, label: str, patience: Patience, options: dict[str, Any]) -> Found:
    """What ``uploads.read_picture`` gives with ``options``, by a process of its own.

    Returns
    -------
    pixels, notes, metadata, bits
        Fields of its picture.

    Raises
    ------
    DataError
        If the picture cannot be read, or not in time.
    MemoryError
        If no process is to be had, or the system has ended it for want of memory.
    """
    head = json.dumps({"name": label, **options}).encode() + b"\n"
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", DECODER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": _path()},
        )
    except OSError as exc:
        raise MemoryError from exc
    # The threads end with the process: then nobody takes what is sent, and nothing comes any more.
    with process:
        try:
            to, process.stdin = process.stdin, None
            _begun(_send, to, (head, data))
            assert process.stderr is not None
            complaint = _begun(process.stderr.read)
            found = _waited_for(_begun(_received, process), label, patience)
        finally:
            process.kill()
        if found is None:
            _refuse(process.returncode, complaint.result(), label)
    return found


def _refuse(code: int, complaint: bytes, label: str) -> NoReturn:
    """Tell why a process ended without a picture that was not killed here."""
    if code == -_KILLED:  # the system does so where memory is short
        raise MemoryError
    if code < 0 or code >= _CRASHES:  # the decoder took the process down with it
        raise DataError(f"{label} is damaged or cut short and cannot be decoded.")
    _LOG.error("A decoder ended with %d: %s", code, complaint[-2000:].decode(errors="replace"))
    raise DataError(
        f"{label} is not decoded: something went wrong inside, which the server's log tells."
    )


def _begun(do: Callable[..., T], *given: Any) -> Future[T]:
    """Work in a thread that keeps no server from ending, as those of a pool would."""
    work: Future[T] = Future()

    def run() -> None:
        try:
            work.set_result(do(*given))
        except BaseException as exc:
            work.set_exception(exc)

    threading.Thread(target=run, daemon=True, name="decoder").start()
    return work


def _waited_for(work: Future[T], label: str, how: Patience) -> T:
    """What work gives, as long as it is waited for."""
    for _ in range(max(1, round(how.seconds / _LOOK))):
        how.ask()
        with contextlib.suppress(TimeoutError):
            return work.result(_LOOK)
    raise DataError(
        f"{label} is not decoded after {how.seconds:g} seconds, which is too long; "
        "store it anew first."
    )


def _send(to: IO[bytes] | None, parts: tuple[bytes, ...]) -> None:
    """Write all there is; whoever reads may have ended."""
    assert to is not None
    with contextlib.suppress(OSError), to:
        for part in parts:
            to.write(part)


def _received(process: subprocess.Popen[bytes]) -> Found | None:
    """What a process sends; None of one that has ended before all of it was there.

    Pixels go into the array that is returned as they come, so that they are never held twice.
    """
    out = cast(BufferedReader, process.stdout)  # fills what it reads into, as no raw pipe does
    line = out.readline()
    if line.endswith(b"\n"):
        told = json.loads(line)
        if "error" in told:
            raise DataError(told["error"])
        profile, exif = out.read(told["profile"]), out.read(told["exif"])
        density = tuple(told["density"]) if told["density"] else None
        pixels = np.empty(told["shape"], np.uint8)
        if out.readinto(pixels.data.cast("B")) == pixels.nbytes:
            return pixels, tuple(told["notes"]), Metadata(profile, exif, density), told["bits"]
    process.wait()
    return None


def _path() -> str:
    """Where the process finds this package."""
    root = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
