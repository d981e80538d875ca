"""What a text model has read before it meets a text.

A model file keeps the texts themselves, compressed by the unprimed coder: to load it is
to decode them, and whoever has decoded them has learned them.  That is small, exact on
every machine, and checks itself; it takes seconds, so a loaded model is kept and copied.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .. import storage
from ..errors import DataError, ModelError
from .textcontext import COUNT, HIGH, LOW, STARTED
from .textunits import (
    DECODE,
    ENCODE,
    Memory,
    blank,
    fixed,
    work,
)

#: Models that come with HTM Studio.
NAMES = ("en", "zh")
ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"
#: Bytes worked on between two looks at the clock or a cancel button.
BLOCK = 1 << 16
#: Bits of the tables of a model that has read, and limits of one that has not.
PRIMED_BITS, LEAST_BITS, MOST_BITS = 19, 12, 20
#: Table size of short texts without a model.
SMALL_BITS = 16
#: Text that a model may have read at most.
MOST_READ = 16 << 20


@dataclass(frozen=True, eq=False)
class TextModel:
    """A text model that has read.

    Attributes
    ----------
    memory : Memory
        Its state; never changed, see :meth:`start`.
    text : bytes
        What it has read, compressed.
    length, bits : int
        Length of that text, and size of the tables.
    fingerprint : bytes
        Eight bytes that name it, the first never 0.
    crc : int
        CRC-32 of what it has read.
    """

    memory: Memory
    text: bytes
    length: int
    bits: int
    fingerprint: bytes
    crc: int

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
            Tables of 2^bits lines a unit; a model takes about 240 << bits bytes.
        progress : callable or None
            Called with the part done.

        Raises
        ------
        DataError
            If there is nothing to read, or more than 16 MiB.
        """
        _check_bits(bits)
        whole = b"".join(texts)
        if not whole:
            raise DataError("There is no text to learn from.")
        if len(whole) > MOST_READ:
            raise DataError(
                f"A text model reads at most {MOST_READ >> 20} MiB; these are "
                f"{len(whole) / 2**20:.1f}."
            )
        state, parts = blank(bits), []
        for start in range(0, len(whole), BLOCK):
            block = np.frombuffer(whole, np.uint8)[start : start + BLOCK]
            out = np.empty(2 * len(block) + 64, np.uint8)
            written, _ = work(state, fixed(), block, len(block), out, ENCODE, np.zeros(0))
            parts.append(out[:written].tobytes())
            if progress is not None:
                progress((start + len(block)) / len(whole))
        parts.append(last_bytes(state))
        return cls._made(state, b"".join(parts), len(whole), bits, zlib.crc32(whole))

    @classmethod
    def load(cls, source: str | Path | BinaryIO) -> TextModel:
        """Read a model file, and with it what the model has read; takes seconds.

        Raises
        ------
        ModelError
            If it is no text model, or damaged.
        """
        steps = cls.load_steps(source)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                model: TextModel = end.value
                return model

    @classmethod
    def load_steps(cls, source: str | Path | BinaryIO) -> Generator[float, None, TextModel]:
        """:meth:`load` in steps that tell the part done; returns the model."""
        header, arrays = storage.load(source)
        if header.get("kind") != "text":
            raise ModelError("This model is not one of texts.")
        try:
            length, bits, text = int(header["length"]), int(header["bits"]), arrays["text"]
            if text.dtype != np.uint8 or text.ndim != 1 or not 0 < length <= MOST_READ:
                raise ModelError("This model file does not describe a text model.")
            _check_bits(bits)
        except (KeyError, TypeError, ValueError, DataError) as exc:
            raise ModelError("This model file does not describe a text model.") from exc
        state, place, done, crc = blank(bits), 0, 0, 0
        while done < length:
            count = min(BLOCK, length - done)
            out = np.empty(count, np.uint8)
            _, read = work(state, fixed(), text[place:], count, out, DECODE, np.zeros(0))
            place, done, crc = place + read, done + count, zlib.crc32(out.tobytes(), crc)
            yield done / length
        if crc != header.get("crc"):
            raise ModelError("This model file is damaged: its text does not match its checksum.")
        return cls._made(state, text.tobytes(), length, bits, crc)

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model to one ``.npz`` file."""
        text = np.frombuffer(self.text, np.uint8)
        storage.save(target, self._header(), {"text": text})

    def start(self) -> Memory:
        """A state of one's own that has read what this model has."""
        state = self.memory.copy()
        state.registers[STARTED] = 0
        return state

    def _header(self) -> dict[str, object]:
        return {
            "kind": "text",
            "length": self.length,
            "bits": self.bits,
            "crc": self.crc,
        }

    @classmethod
    def _made(cls, state: Memory, text: bytes, length: int, bits: int, crc: int) -> TextModel:
        digest = hashlib.sha256(bits.to_bytes(1, "little") + text).digest()[:8]
        # A first byte of 0 means "no model" in short files.
        name = bytes((digest[0] or 1,)) + digest[1:]
        return cls(state, text, length, bits, name, crc)


_shipped: dict[str, TextModel] = {}


def shipped(name: str) -> TextModel:
    """The model of a language that came with HTM Studio, read once a process.

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
        _shipped[name] = yield from TextModel.load_steps(path)
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
    return sum(array.nbytes for array in blank(LEAST_BITS)) + (COUNT * 16 + 8) * (
        (1 << bits) - (1 << LEAST_BITS)
    )


def last_bytes(state: Memory) -> bytes:
    """End of a coded text: the fewest bytes that, zeros behind, lie in the last interval."""
    low, high = int(state.registers[LOW]), int(state.registers[HIGH])
    for count in range(5):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number <= high:
            return number.to_bytes(4, "big")[:count]
    raise AssertionError("an interval holds its lower end")


def _check_bits(bits: int) -> None:
    if not LEAST_BITS <= bits <= MOST_BITS + 4:
        raise DataError(f"Tables have 2^{LEAST_BITS} to 2^{MOST_BITS + 4} lines, not 2^{bits}.")
