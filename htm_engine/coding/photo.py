"""Photographs as files: competing units that foresee, bits that are foreseen.

The container of ``coding.container``, kind 2, with fields::

    0  width          2  form: 1 colour, 2 colour halved both ways, 4 alpha
    1  height         3  step of luma in 1/16 of a grey level
    4  steps of Cb and Cr, in 1/64 of luma's: Cb + 256 Cr (absent in grey pictures)
    5  bytes of alpha at the payload's end (absent without alpha)

Payload: one binary arithmetic code (32 bits; the decoder reads zeros beyond its end) of the
planes in turn, as ``photowalk`` tells: Y, Cb, Cr, padded to whole squares (``photocolour``).
``PULL`` sixty-fourths of a step are taken off a magnitude of 1, half of it off greater ones.
Alpha, a byte a pixel: the difference to the pixel on the left, deflated (zlib).
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, FormatError, ModelMismatchError
from . import mixing
from .container import pack, unpack
from .photochoose import TRADE, choose
from .photocolour import half, picture_of, planes
from .photoentropy import DECODE, ENCODE, HIGH, LOW, PLACE, STARTS
from .photomodel import PhotoModel, shipped
from .photowalk import Plane, blank_plane, walk

#: Container kind of a photograph.
KIND = 2
#: Pixels that a photograph has at most.
LARGEST = 50_000_000
COLOUR, HALVED, ALPHA = 1, 2, 4
PULL = 3
#: Steps of Cb and Cr in 1/64 of luma's, halved and not.
_STEPS = ((31, 34), (62, 68))
#: Step of quality 1 and of 100, in 1/16 of a grey level, and the step from which on colour is
#: halved: below it, what halving loses costs more than it saves.
_COARSEST, _FINEST, _HALVED_FROM = 2100, 52, 650
#: Largest step.
_MOST_STEP = 1 << 14


class PhotoInfo(NamedTuple):
    """What a file says of itself; sizes in pixels and bytes, the step in grey levels."""

    width: int
    height: int
    channels: int
    halved: bool
    step: float
    fingerprint: str
    size: int


class _Header(NamedTuple):
    width: int
    height: int
    form: int
    steps: tuple[int, ...]
    fingerprint: bytes
    coded: NDArray[np.uint8]
    alpha: bytes


def step_of(quality: float) -> int:
    """Step of luma in 1/16 of a grey level: equal steps of quality are equal ratios."""
    share = (quality - 1) / 99
    return int(round(_COARSEST ** (1 - share) * _FINEST**share))


def compress_image(
    picture: NDArray[np.uint8], quality: float = 50, model: PhotoModel | None = None
) -> bytes:
    """A photograph as a file.

    Parameters
    ----------
    picture : ndarray of uint8, (h, w), (h, w, 3) or (h, w, 4)
        Grey, RGB, or RGB with alpha, which is kept exactly.
    quality : float
        1 to 100, about 0.1 to 3 bits a pixel.
    model : PhotoModel or None
        None takes the one that came with HTM Studio.

    Returns
    -------
    bytes
        Contents of an ``.htmc`` file.

    Raises
    ------
    DataError
        If the picture has another shape or type, no pixels, or more than 50 million, or
        quality is out of range.
    """
    picture = np.asarray(picture)
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise DataError("A photograph is an array of bytes (h, w), (h, w, 3) or (h, w, 4).")
    height, width = picture.shape[:2]
    if not 0 < height * width <= LARGEST:
        raise DataError(f"A photograph has 1 to {LARGEST:,} pixels, not {width} x {height}.")
    if not 1 <= quality <= 100:
        raise DataError(f"Quality is 1 to 100, not {quality}.")
    model = shipped() if model is None else model
    step = step_of(quality)
    form, fields, alpha = 0, [width, height, 0, step], b""
    if channels == 4:
        alpha = _packed(picture[..., 3])
        picture, form = picture[..., :3], form | ALPHA
    if channels == 1:
        picture = picture.reshape(height, width)
    elif (picture == picture[..., :1]).all():
        # A grey picture in colour: the decoder makes it colour again.
        picture = np.ascontiguousarray(picture[..., 0])
        form |= HALVED
    else:
        form |= COLOUR | (HALVED if step >= _HALVED_FROM else 0)
    steps = [step]
    if form & COLOUR:
        shares = _STEPS[0 if form & HALVED else 1]
        fields.append(shares[0] + 256 * shares[1])
        steps += _colour_steps(step, fields[4])
    fields[2] = form
    if form & ALPHA:
        fields.append(len(alpha))
    coded = _encode(planes(picture, bool(form & HALVED)), steps, bool(form & HALVED), model)
    return pack(KIND, model.fingerprint, fields, coded + alpha)


def decompress_image(data: bytes | memoryview, model: PhotoModel | None = None) -> NDArray:
    """Inverse of :func:`compress_image`, but for what the quality left out.

    Parameters
    ----------
    data : bytes
        Contents of a file.
    model : PhotoModel or None
        The model that wrote it; None takes the one that came with HTM Studio.

    Returns
    -------
    ndarray of uint8, (h, w), (h, w, 3) or (h, w, 4)

    Raises
    ------
    FormatError
        If the file is damaged, truncated or extended, holds no photograph, or claims more
        than 50 million pixels.
    ModelMismatchError
        If another model wrote it.
    """
    header = _open(data)
    model = shipped() if model is None else model
    if model.fingerprint != header.fingerprint:
        raise ModelMismatchError(
            f"This photograph was written by the model {header.fingerprint.hex()}, not by "
            f"{model.fingerprint.hex()}."
        )
    colour, halved = bool(header.form & COLOUR), bool(header.form & HALVED)
    found = _decode(header, colour, colour and halved, model)
    picture = picture_of(found, header.height, header.width, halved)
    if halved and not colour:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if header.form & ALPHA:
        alpha = _unpacked(header.alpha, header.height, header.width)
        picture = np.concatenate([picture, alpha[..., None]], axis=2)
    return picture


def inspect_image(data: bytes | memoryview) -> PhotoInfo:
    """What a file holds, without decoding it."""
    header = _open(data)
    channels = 3 if header.form & (COLOUR | HALVED) else 1
    channels += 1 if header.form & ALPHA else 0
    halved = header.form & (COLOUR | HALVED) == COLOUR | HALVED
    name = header.fingerprint.hex()
    return PhotoInfo(
        header.width, header.height, channels, halved, header.steps[0] / 16, name, len(data)
    )


# --------------------------------------------------------------------- parts
def _tables() -> tuple[NDArray, NDArray, NDArray]:
    return mixing.stretch_table(), mixing.squash_table(), mixing.reciprocals()


def _colour_steps(step: int, field: int) -> list[int]:
    return [max(1, (step * share + 32) >> 6) for share in (field & 255, field >> 8)]


def _seen(found: list[Plane], channel: int, halved: bool) -> tuple[NDArray, NDArray]:
    """Luma and Cb as a plane's units see them."""
    luma = found[0].samples
    if channel and halved:
        luma = half(luma)
    return luma, found[1].samples if channel == 2 else luma


def chosen(
    targets: list[NDArray[np.int32]], steps: list[int], halved: bool, model: PhotoModel
) -> list[Plane]:
    """What the encoder chose, plane by plane, and what the decoder will see."""
    found: list[Plane] = []
    turns = [
        np.ascontiguousarray(units.basis.transpose(0, 2, 1)).astype(np.float32) / 4096
        for units in model.units
    ]
    for channel, target in enumerate(targets):
        found.append(blank_plane(np.zeros(target.shape, np.int32)))
        luma, blue = _seen(found, channel, halved)
        kind = channel + 1 if channel else 0
        choose(
            channel, target, found[-1], luma, blue, steps[channel], PULL, model.units[kind],
            model.units[1], (turns[kind], turns[1]), model.rates, model.counts, model.dear, TRADE,
        )  # fmt: skip
    return found


def _encode(
    targets: list[NDArray[np.int32]], steps: list[int], halved: bool, model: PhotoModel
) -> bytes:
    return coded_planes(chosen(targets, steps, halved, model), steps, halved, model)[0]


def coded_planes(
    found: list[Plane], steps: list[int], halved: bool, model: PhotoModel
) -> tuple[bytes, NDArray[np.float64], NDArray[np.uint32], NDArray[np.int32]]:
    """Chosen planes as bytes; bits of (all, units, counts, splits) by plane; the last state."""
    probs, gates = model.probs.copy(), model.gates.copy()
    room = 4096 + 4 * sum(plane.samples.size for plane in found)
    out, reg = np.zeros(room, np.uint8), _registers(ENCODE)
    cost = np.zeros((3, 4))
    for channel, plane in enumerate(found):
        # Energies are those of blocks before, not of all.
        plane.energy[:] = 0
        luma, blue = _seen(found, channel, halved)
        walk(
            channel, plane, luma, blue, steps[channel], PULL, model.units[_kind(channel)],
            model.units[1], probs, gates, _tables(), STARTS, reg, out, cost[channel],
        )  # fmt: skip
    return out[: reg[PLACE]].tobytes() + _last_bytes(reg), cost, probs, gates


def _decode(header: _Header, colour: bool, halved: bool, model: PhotoModel) -> list[NDArray]:
    probs, gates, reg = model.probs.copy(), model.gates.copy(), _registers(DECODE)
    head = np.zeros(4, np.uint8)
    head[: min(4, len(header.coded))] = header.coded[:4]
    reg[2], reg[PLACE] = int.from_bytes(head.tobytes(), "big"), 4
    height, width = (header.height + 15) // 16 * 16, (header.width + 15) // 16 * 16
    found: list[Plane] = []
    cost = np.zeros(4)
    for channel in range(3 if colour else 1):
        part = 2 if channel and halved else 1
        found.append(blank_plane(np.zeros((height // part, width // part), np.int32)))
        luma, blue = _seen(found, channel, halved)
        walk(
            channel, found[-1], luma, blue, header.steps[channel], PULL,
            model.units[_kind(channel)], model.units[1], probs, gates, _tables(), STARTS, reg,
            header.coded, cost,
        )  # fmt: skip
        if reg[PLACE] > len(header.coded) + 8:
            raise FormatError("This file is damaged: it ends before its picture does.")
    return [plane.samples for plane in found]


def _kind(channel: int) -> int:
    return channel + 1 if channel else 0


def _registers(mode: int) -> NDArray[np.int64]:
    return np.array([0, 0xFFFFFFFF, 0, 0, mode, 0], np.int64)


def _last_bytes(reg: NDArray[np.int64]) -> bytes:
    """The fewest bytes that, zeros behind, lie in the last interval."""
    low, high = int(reg[LOW]), int(reg[HIGH])
    for count in range(5):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number <= high:
            return number.to_bytes(4, "big")[:count]
    raise AssertionError("an interval holds its lower end")


def _packed(alpha: NDArray[np.uint8]) -> bytes:
    left = np.zeros_like(alpha)
    left[:, 1:] = alpha[:, :-1]
    return zlib.compress((alpha - left).tobytes(), 9)


def _unpacked(packed: bytes, height: int, width: int) -> NDArray[np.uint8]:
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(packed, height * width + 1)
    except zlib.error as exc:
        raise FormatError("This file is damaged: its alpha cannot be read.") from exc
    if len(content) != height * width or reader.unused_data:
        raise FormatError("This file is damaged: its alpha has the wrong size.")
    steps = np.frombuffer(content, np.uint8).reshape(height, width)
    return np.cumsum(steps, axis=1, dtype=np.uint8)


def _open(data: bytes | memoryview) -> _Header:
    box = unpack(data)
    if box.kind != KIND:
        raise FormatError("This file holds no photograph; it is of another kind.")
    fields = box.fields
    form = fields[2] if len(fields) > 3 else 8
    colour, alpha = form & COLOUR, bool(form & ALPHA)
    if form > 7 or len(fields) != 4 + colour + alpha or not 1 <= fields[3] <= _MOST_STEP:
        raise FormatError("This file is damaged: its header does not describe a photograph.")
    width, height, step = fields[0], fields[1], fields[3]
    if not 0 < width * height <= LARGEST:
        raise FormatError(
            f"This file claims {width:,} x {height:,} pixels; 1 to {LARGEST:,} are read."
        )
    steps = [step]
    if colour:
        if fields[4] >= 1 << 16:
            raise FormatError("This file is damaged: its header does not describe a photograph.")
        steps += _colour_steps(step, fields[4])
    length = fields[-1] if alpha else 0
    if length > len(box.payload):
        raise FormatError("This file is damaged: its alpha is longer than the file.")
    content = np.frombuffer(bytearray(box.payload), np.uint8)  # compiled code wants to own it
    coded = content[: len(content) - length]
    rest = content[len(content) - length :].tobytes()
    return _Header(width, height, form, tuple(steps), box.fingerprint, coded, rest)
