"""Texts as files: any bytes, exact, under a model that may have read before.

::

    bytes ──► work(ENCODE) ──► payload ──► .htmc       the model learns as it goes; the
    .htmc ──► payload ──► work(DECODE) ──► bytes       decoder learns the very same

Two forms.  From 64 KiB on, the container of ``coding.container``, kind 3, with two fields:
length of the text, and b of tables of up to 2^b lines a unit.  Below, the short form::

    offset  bytes  field
    0       1      0xA4: no model, tables of 2^16 lines; 0xA5: "en"; 0xA6: "zh"; 0xA7: another;
                   0xA8: stored
    1       0..1   after 0xA7, first byte of the model's fingerprint
    ...     1..3   length of the text, a varint
    ...     ...    payload
    end-2   2..3   low bytes, the lowest first, of the CRC-32 of the model's fingerprint (8
                   bytes, zeros for none), all bytes before the payload, and the CRC-32 of
                   the text (4 bytes, the lowest first); 2 below 1 KiB of text, else 3

Payload: the bits of every byte, the highest first, by ``coding.arithmetic``; then its last
bytes.  The probabilities are those of ``units.work``.  A text that would take more so is
stored: it is its own payload, needs no model, and in the container b is 0.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ...errors import DataError, FormatError, ModelMismatchError
from ...files import bytes_of
from ...kinds import wrong
from ..arithmetic import DECODE, ENCODE, last_bytes
from ..container import MAGIC, VERSION, read_varint, unpack, varint
from .model import (
    BLOCK,
    LEAST_BITS,
    MOST_BITS,
    NAMES,
    PRIMED_BITS,
    SHIPPED,
    SMALL_BITS,
    TextModel,
    shipped,
    table_bits,
    table_bytes,
)
from .units import Memory, blank, fixed, work

#: Container kind of a text.
KIND = 3
#: First byte of the short form by the fingerprint of the model.  A shipped model that changes
#: gets a new byte, and the old one stays.
SHORT = {bytes(8): 0xA4, SHIPPED["en"]: 0xA5, SHIPPED["zh"]: 0xA6}
SHORT_OTHER, SHORT_STORED = 0xA7, 0xA8
#: In place of the bits of the tables: the payload is the text.
STORED = 0
#: Length from which the container is used.
LONG_FROM = 1 << 16
#: Text that one byte of payload can stand for: eight bits at 2^-16 of surprise each.
MOST_RATIO = 45_500
#: Length above which a text is worked on without a model that has read before: its tables
#: are made for short texts.
PRIMED_UP_TO = 4 << 20
#: Decoded bytes that :func:`decompress_text` gives at most, unless told otherwise.
LARGEST = 1 << 28


@dataclass(frozen=True)
class TextInfo:
    """Length of a text, its model, bits of the tables (0: stored), and bytes of the file."""

    length: int
    fingerprint: str
    bits: int
    size: int


class _Header(NamedTuple):
    length: int
    fingerprint: bytes  # eight bytes, or one in the short form
    bits: int
    payload: bytes | memoryview
    begin: bytes  # what stands before the payload in the short form, else nothing
    check: bytes  # what stands behind it there


def compress_text(
    data: bytes, model: TextModel | str | None = None, *, memory: int | None = None
) -> bytes:
    """Any bytes as a file, exactly.

    Parameters
    ----------
    data : bytes
        The text, or anything else: of numbers of any type and shape, all bytes.
    model : TextModel, "en", "zh", "blank" or None
        What has read before; None chooses by the text (see :func:`model_for`).
    memory : int or None
        Bytes that tables may take; a model that has read takes 240 MiB, and is not chosen
        with less.  None takes up to 120 MiB without one, by the length of the text.

    Returns
    -------
    bytes
        Contents of an ``.htmc`` file.

    Raises
    ------
    DataError
        If ``memory`` is too little, the model's name is unknown, or ``data`` holds no bytes.
    """
    if memory is not None and not isinstance(memory, int | np.integer):
        raise DataError(f"memory is a whole number of bytes, not {memory!r}.")
    view, target = bytes_of(data), io.BytesIO()
    for _ in compress_stream(io.BytesIO(view), target, view.nbytes, model, memory=memory):
        pass
    return target.getvalue()


def compress_stream(
    source: BinaryIO,
    target: BinaryIO,
    length: int,
    model: TextModel | str | None = None,
    *,
    memory: int | None = None,
) -> Generator[float, None, int]:
    """:func:`compress_text` from file to file in constant memory; yields the part done.

    Returns the size of the file.  A source that can seek is read again where it is stored.

    Raises
    ------
    DataError
        If the source holds less than ``length`` bytes.
    """
    start = source.tell() if source.seekable() else None
    head = source.read(min(length, 1 << 16))
    if model is None:
        little = memory is not None and memory < 2 * table_bytes(PRIMED_BITS)
        model = "blank" if little else model_for(head, length)
    used = _named(model)
    bits = _bits(used, length, memory)
    state = used.start() if used is not None else blank(bits)
    name = used.fingerprint if used is not None else bytes(8)
    crc = done = 0
    with tempfile.SpooledTemporaryFile(max_size=1 << 22) as payload:
        for block in _blocks(head, source, length):
            crc = zlib.crc32(block, crc)
            payload.write(_encode(state, block))
            done += len(block)
            yield done / length
        payload.write(last_bytes(state.coder))
        size = payload.tell()
        payload.seek(0)
        if size <= length or start is None:
            return _write(target, _Header(length, name, bits, b"", b"", b""), crc, payload, size)
        source.seek(start)
        return _write(target, _Header(length, bytes(8), STORED, b"", b"", b""), crc, source, length)


def _write(target: BinaryIO, header: _Header, crc: int, payload: Any, size: int) -> int:
    """Write a file of ``size`` bytes of payload; the size of the whole."""
    length, name, bits = header[:3]
    if length < LONG_FROM:
        first = SHORT_STORED if bits == STORED else SHORT.get(name)
        begin = bytes((SHORT_OTHER, name[0]) if first is None else (first,)) + varint(length)
        check = _short_check(name, begin, length, crc)
        target.write(begin + payload.read(size) + check)
        return len(begin) + size + len(check)
    begin = MAGIC + bytes((VERSION, KIND)) + name + bytes((2,)) + varint(length) + varint(bits)
    begin += varint(size)
    target.write(begin)
    total, left = zlib.crc32(begin), size
    while left:
        if not (part := payload.read(min(BLOCK, left))):
            raise DataError("The text ended before the length it was said to have.")
        total, left = zlib.crc32(part, total), left - len(part)
        target.write(part)
    target.write(total.to_bytes(4, "little"))
    return len(begin) + size + 4


def decompress_text(data: bytes, model: TextModel | None = None, *, limit: int = LARGEST) -> bytes:
    """Inverse of :func:`compress_text`.

    Parameters
    ----------
    data : bytes
        Contents of a file.
    model : TextModel or None
        The model that wrote it; None finds one that came with HTM Studio.
    limit : int
        Length of text above which the file is refused.

    Raises
    ------
    FormatError
        If the file is damaged, truncated or extended, is no text, or is longer than
        ``limit``.
    ModelMismatchError
        If another model wrote it.
    """
    return b"".join(block for block, _ in decompress_blocks(data, model, limit=limit))


def decompress_blocks(
    data: bytes | memoryview, model: TextModel | None = None, *, limit: int = LARGEST
) -> Iterator[tuple[bytes, float]]:
    """:func:`decompress_text` a block at a time, each with the part done."""
    if not isinstance(limit, int | np.integer):
        raise DataError(f"limit is a whole number of bytes, not {limit!r}.")
    header = _open(bytes_of(data))
    if header.length > limit:
        raise FormatError(
            f"This file holds {header.length:,} bytes of text; at most {limit:,} are read."
        )
    if header.bits == STORED:
        yield from _stored(header)
        return
    used = _model_of(header, model)
    state = used.start() if used is not None else blank(header.bits)
    coded, tables, place, done, crc = np.frombuffer(header.payload, np.uint8), fixed(), 0, 0, 0
    block = b""
    while done < header.length:
        count = min(BLOCK, header.length - done)
        out = np.empty(count, np.uint8)
        _, read = work(state, tables, coded[place:], count, out, DECODE, np.zeros(0))
        place, done = place + read, done + count
        if place > len(coded) + 8:
            raise FormatError("This file is damaged: it ends before its text does.")
        block = out.tobytes()
        crc = zlib.crc32(block, crc)
        if done < header.length:
            yield block, done / header.length
    name = bytes(8) if used is None else used.fingerprint
    if header.begin and _short_check(name, header.begin, done, crc) != header.check:
        raise FormatError(
            "This file is damaged, or written by another model: its checksum does not match."
        )
    yield block, 1.0


def _stored(header: _Header) -> Iterator[tuple[bytes, float]]:
    """:func:`decompress_blocks` of a text that is its own payload."""
    if len(header.payload) != header.length:
        raise FormatError("This file is damaged: it has not the length that it claims.")
    crc = zlib.crc32(header.payload)
    if header.begin and _short_check(bytes(8), header.begin, header.length, crc) != header.check:
        raise FormatError("This file is damaged: its checksum does not match.")
    for start in range(0, header.length, BLOCK):
        end = min(start + BLOCK, header.length)
        yield bytes(header.payload[start:end]), end / header.length


def inspect_text(data: bytes | memoryview) -> TextInfo:
    """What a file holds, without decoding it."""
    view = bytes_of(data)
    header = _open(view)
    return TextInfo(header.length, header.fingerprint.hex(), header.bits, len(view))


def is_text(data: bytes | memoryview) -> bool:
    """Whether these are the contents of a compressed text, by their first bytes."""
    head = bytes(data[:6])
    long = head[: len(MAGIC)] == MAGIC and head[5:] == bytes((KIND,))
    return long or head[:1] in _SHORT_FORMS or head[:1] == bytes((SHORT_OTHER,))


def model_for(head: bytes, length: int) -> str:
    """Name of the shipped model for a text that begins so; "blank" where it would not help."""
    if not head or length > PRIMED_UP_TO:
        return "blank"
    sample = np.frombuffer(head, np.uint8)
    ideographs = sum("\u3000" <= letter <= "\u9fff" for letter in head.decode("utf-8", "ignore"))
    if 3 * ideographs > len(head) / 3:
        return "zh"
    letters = ((sample | 32) >= 97) & ((sample | 32) <= 122)
    return "en" if (letters | (sample == 32)).mean() > 0.6 else "blank"


# --------------------------------------------------------------------- parts
def _named(model: TextModel | str) -> TextModel | None:
    if isinstance(model, TextModel):
        return model
    if model == "blank":
        return None
    if model not in NAMES:
        raise DataError(f"There is no text model {model!r}; there are {', '.join(NAMES)}, blank.")
    return shipped(model)


def _bits(model: TextModel | None, length: int, memory: int | None) -> int:
    if model is not None:
        return model.bits
    return SMALL_BITS if length < LONG_FROM else table_bits(length, memory)


def _blocks(head: bytes, source: BinaryIO, length: int) -> Iterator[bytes]:
    left = length - len(head)
    if head:
        yield head
    while left > 0:
        block = source.read(min(BLOCK, left))
        if not block:
            raise DataError("The text ended before the length it was said to have.")
        left -= len(block)
        yield block


def _encode(state: Memory, block: bytes) -> bytes:
    out = np.empty(32 * len(block) + 8, np.uint8)  # 4 a bit at most, by far
    text = np.frombuffer(block, np.uint8)
    written, _ = work(state, fixed(), text, len(text), out, ENCODE, np.zeros(0))
    return out[:written].tobytes()


_SHORT_FORMS = {bytes((first,)): name for name, first in SHORT.items()} | {
    bytes((SHORT_STORED,)): bytes(8)
}


def _short_check(name: bytes, begin: bytes, length: int, crc_of_text: int) -> bytes:
    checked = zlib.crc32(name + begin + crc_of_text.to_bytes(4, "little"))
    return checked.to_bytes(4, "little")[: _check_length(length)]


def _check_length(length: int) -> int:
    return 2 if length < 1024 else 3


def _open(data: bytes | memoryview) -> _Header:
    first = bytes(data[:2])
    if first[:1] != MAGIC[:1] and is_text(data):
        place = 1 if first[:1] in _SHORT_FORMS else 2
        if len(data) < place + 3:
            raise FormatError("This file is truncated.")
        length, start = read_varint(data, place)
        if length >= LONG_FROM:
            raise FormatError("This file is damaged: its length is not one of a short text.")
        end = len(data) - _check_length(length)
        if end < start:
            raise FormatError("This file is truncated.")
        name = _SHORT_FORMS.get(first[:1], first[1:])
        begin, check = bytes(data[:start]), bytes(data[end:])
        bits = STORED if first[0] == SHORT_STORED else SMALL_BITS
        header = _Header(length, name, bits, data[start:end], begin, check)
    else:
        box = unpack(data, "a text's file")
        if box.kind != KIND:
            raise FormatError(wrong(data, "a text's file"))
        if (
            len(box.fields) != 2
            or not (LEAST_BITS <= box.fields[1] <= MOST_BITS or box.fields[1] == STORED)
            or box.fields[0] < LONG_FROM
        ):
            raise FormatError("This file is damaged: its header does not describe a text.")
        header = _Header(box.fields[0], box.fingerprint, box.fields[1], box.payload, b"", b"")
    if header.length > MOST_RATIO * (len(header.payload) + 8):
        raise FormatError("This file is damaged: it claims more text than it could hold.")
    return header


def _model_of(header: _Header, model: TextModel | None) -> TextModel | None:
    wanted = header.fingerprint
    if model is not None:
        if not isinstance(model, TextModel):
            raise DataError("A text needs a TextModel: give TextModel.load(path), or None.")
        if model.fingerprint[: len(wanted)] != wanted:
            raise ModelMismatchError(
                f"This text was written by the model {wanted.hex()}, not by "
                f"{model.fingerprint.hex()}."
            )
        return model
    if not any(wanted):
        return None
    for name, fingerprint in SHIPPED.items():
        if fingerprint == wanted:  # one byte, of the short form, names none of ours
            return shipped(name)
    raise ModelMismatchError(
        f"This text was written by the model {wanted.hex()}, which did not come with HTM Studio."
    )
