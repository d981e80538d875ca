"""What a text model has read before it meets a text.

A model file keeps the texts themselves (as .xz): to load it is to read them again, most
of them skimmed, the last in full.  That is a tenth of the size of the tables they fill and
the same on every machine.  It takes seconds, so the tables are kept on disk (``kept``): of a
model that has read before on this machine they are only mapped.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import weakref
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ... import storage
from ...assets import ASSETS
from ...errors import DataError, ModelError
from ...files import bytes_of
from ...kinds import wrong_model
from ..arithmetic import new_registers
from . import kept
from .context import HALVINGS
from .skim import blank_notes, skim
from .units import LEARN, Memory, blank, fixed, work

#: Fingerprints of the models that come with HTM Studio.
SHIPPED = {
    "en": bytes.fromhex("2344b3b951313c5c"),
    "zh": bytes.fromhex("9cd758049cad342b"),
}
NAMES = tuple(SHIPPED)
#: Bytes worked on between two looks at the clock or a cancel button.
BLOCK = 1 << 16
#: Bits of the tables of a model that has read, and limits of one that has not.
PRIMED_BITS, LEAST_BITS, MOST_BITS = 19, 12, 19
#: Table size of short texts without a model.
SMALL_BITS = 16
#: Text that a model may have read at most.
MOST_READ = 16 << 20
#: Bytes at the end of a model's text that are read in full, how much longer a byte takes
#: so, and bytes that are skimmed at a time.
READ_IN_FULL, IN_FULL_COSTS, SKIMMED_AT_ONCE = 250_000, 4, 1 << 18
#: Memory that unpacking may take, in bytes.
MOST_TO_UNPACK = 128 << 20


@dataclass(frozen=True, eq=False)
class TextModel:
    """A text model that has read.

    Attributes
    ----------
    memory : Memory
        Its state; never changed, see :meth:`start`.
    bits : int
        Its tables have 2^bits lines a unit.
    fingerprint : bytes
        Eight bytes that name it, the first never 0.
    """

    memory: Memory
    bits: int
    fingerprint: bytes
    _read: bytes | Path  # what it has read, or the file that says it
    _tables: BinaryIO | None = None  # where ``memory`` is mapped from

    @property
    def text(self) -> bytes:
        """What it has read."""
        return self._read if isinstance(self._read, bytes) else _text_of(self._read)[0]

    @classmethod
    def learn(
        cls,
        texts: Iterable[bytes],
        bits: int = PRIMED_BITS,
        progress: Callable[[float], None] | None = None,
    ) -> TextModel:
        """Read texts, the most typical last.

        Parameters
        ----------
        texts : iterable of bytes
        bits : int
            Tables of up to 2^bits lines a unit; a model takes about 220 << bits bytes.
        progress : callable or None
            Called with the part done.

        Raises
        ------
        DataError
            If there is nothing to read, or more than 16 MiB.
        """
        _check_bits(bits)
        lone = isinstance(texts, str | bytes | bytearray | memoryview)
        if lone or not isinstance(texts, Iterable):
            raise DataError("A text model reads a list of texts as bytes: put one into a list.")
        whole = b"".join(map(bytes_of, texts))
        if not whole:
            raise DataError("There is no text to learn from.")
        if len(whole) > MOST_READ:
            raise DataError(
                f"A text model reads at most {MOST_READ >> 20} MiB; these are "
                f"{len(whole) / 2**20:.1f}."
            )
        return _last(cls._reading(whole, int(bits)), progress)

    @classmethod
    def load(cls, source: str | Path | BinaryIO) -> TextModel:
        """Read a model file, and with it what the model has read; takes seconds.

        The second time a file of a path is read on a machine, its tables are only mapped.

        Raises
        ------
        ModelError
            If it is no text model, or damaged.
        """
        return _last(cls.load_steps(source))

    @classmethod
    def load_steps(cls, source: str | Path | BinaryIO) -> Generator[float, None, TextModel]:
        """:meth:`load` in steps that tell the part done; returns the model."""
        whole, bits = _text_of(source)
        if not isinstance(source, str | Path):  # a visitor's: not for this machine's disk
            return (yield from cls._reading(whole, bits))
        return cls._kept(_fingerprint(whole, bits), bits, whole) or (
            yield from cls._keeping(whole, bits)
        )

    @classmethod
    def _kept(cls, fingerprint: bytes, bits: int, read: bytes | Path) -> TextModel | None:
        """The model whose tables are on disk; None if there are none."""
        tables = kept.opened(fingerprint, bits)
        if tables is None:
            return None
        model = cls(kept.mapped(tables, bits), bits, fingerprint, read, tables)
        weakref.finalize(model, tables.close)
        return model

    @classmethod
    def _keeping(cls, whole: bytes, bits: int) -> Generator[float, None, TextModel]:
        """Read a text in steps and put the tables on disk, so that all processes share them."""
        model = yield from cls._reading(whole, bits)
        kept.keep(model.fingerprint, model.memory)
        return cls._kept(model.fingerprint, bits, whole) or model

    @classmethod
    def _reading(cls, whole: bytes, bits: int) -> Generator[float, None, TextModel]:
        """Read a text in steps: all but its end skimmed, the end in full."""
        state, data = blank(bits), np.frombuffer(whole, np.uint8)
        in_full = min(len(data), READ_IN_FULL)
        notes = blank_notes()
        skimmed, cost = len(data) - in_full, len(data) - in_full + IN_FULL_COSTS * in_full
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1), "skim") as workers:
            for start in range(0, skimmed, SKIMMED_AT_ONCE):
                end = min(start + SKIMMED_AT_ONCE, skimmed)
                skim(state, fixed(), notes, data[start:end], workers)
                yield end / cost
        for start in range(skimmed, len(data), BLOCK):
            block = data[start : start + BLOCK]
            work(state, fixed(), block, len(block), np.empty(0, np.uint8), LEARN, np.zeros(0))
            yield 1 - IN_FULL_COSTS * (len(data) - start - len(block)) / cost
        return cls(state, bits, _fingerprint(whole, bits), whole)

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model to one ``.npz`` file."""
        text = self.text
        header = {
            "kind": "text",
            "length": len(text),
            "bits": self.bits,
            "crc": zlib.crc32(text),
        }
        packed = np.frombuffer(lzma.compress(text, preset=9), np.uint8)
        storage.save(target, header, {"text": packed})

    def start(self) -> Memory:
        """A state of one's own that has read what this model has."""
        own, bits = self._tables, self.bits
        state = self.memory.copy() if own is None else kept.mapped(own, bits)
        state.coder[:] = new_registers(LEARN)
        return state


def _fingerprint(whole: bytes, bits: int) -> bytes:
    digest = hashlib.sha256(bits.to_bytes(1, "little") + whole).digest()[:8]
    # A first byte of 0 means "no model" in files.
    return bytes((digest[0] or 1,)) + digest[1:]


def _text_of(source: str | Path | BinaryIO) -> tuple[bytes, int]:
    """What the model of a file has read, and the bits of its tables."""
    header, arrays = storage.load(source)
    if header.get("kind") != "text":
        raise ModelError(wrong_model(header, "a text model"))
    try:
        length, bits, text = int(header["length"]), int(header["bits"]), arrays["text"]
        if text.dtype != np.uint8 or text.ndim != 1 or not 0 < length <= MOST_READ:
            raise ModelError("This model file does not describe a text model.")
        _check_bits(bits)
    except (KeyError, TypeError, ValueError, DataError) as exc:
        raise ModelError("This model file does not describe a text model.") from exc
    whole = _unpacked(text.tobytes(), length)
    if zlib.crc32(whole) != header.get("crc"):
        raise ModelError("This model file is damaged: its text does not match its checksum.")
    return whole, bits


def _unpacked(packed: bytes, length: int) -> bytes:
    """Text of a model file, never more than it says."""
    try:
        reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_TO_UNPACK)
        text = reader.decompress(packed, length + 1)
    except lzma.LZMAError as exc:
        raise ModelError("This model file is damaged: its text cannot be read.") from exc
    if len(text) != length:
        raise ModelError("This model file is damaged: its text is not as long as it says.")
    return text


def _last(
    steps: Generator[float, None, TextModel], progress: Callable[[float], None] | None = None
) -> TextModel:
    """Go through all steps; what they return."""
    while True:
        try:
            part = next(steps)
        except StopIteration as end:
            model: TextModel = end.value
            return model
        if progress is not None:
            progress(part)


_shipped: dict[str, TextModel] = {}


def shipped(name: str) -> TextModel:
    """The model of a language that came with HTM Studio: read once a machine, then mapped.

    Raises
    ------
    ModelError
        If its file is missing.
    """
    for _ in shipped_steps(name):
        pass
    return _shipped[name]


def shipped_steps(name: str) -> Iterator[float]:
    """Read a shipped model unless that was done; tells the part done."""
    path = ASSETS / f"text-{name}.npz"
    if name not in _shipped:
        if not path.is_file():
            raise ModelError(f"The text model assets/{path.name} is missing from this copy.")
        model = TextModel._kept(SHIPPED[name], PRIMED_BITS, path)
        _shipped[name] = model or (yield from TextModel.load_steps(path))
    yield 1.0


def table_bits(length: int, memory: int | None) -> int:
    """Bits of the tables for a text without a model: by its length, within the memory.

    Raises
    ------
    DataError
        If the memory is too little for the smallest tables.
    """
    bits = min(MOST_BITS, max(16, (4 * length - 1).bit_length()))
    if memory is not None:
        while bits >= LEAST_BITS and table_bytes(bits) > memory:
            bits -= 1
        if bits < LEAST_BITS:
            raise DataError(
                f"The text model needs at least {table_bytes(LEAST_BITS) / 2**20:.0f} MiB."
            )
    return bits


def table_bytes(bits: int) -> int:
    """Memory that a model of this size takes."""
    lines = sum(2.0**-fewer for fewer in HALVINGS)
    return sum(array.nbytes for array in blank(LEAST_BITS)) + int(
        (16 * lines + 8) * ((1 << bits) - (1 << LEAST_BITS))
    )


def _check_bits(bits: int) -> None:
    if not isinstance(bits, int | np.integer) or not LEAST_BITS <= bits <= MOST_BITS:
        raise DataError(f"Tables have 2^{LEAST_BITS} to 2^{MOST_BITS} lines, not 2^{bits}.")
