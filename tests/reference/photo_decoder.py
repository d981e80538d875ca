"""A second decoder of photographs, in plain Python: from ``docs/format-photo.md`` alone.

Slow and simple on purpose; names are those of that page.  It imports nothing of the engine.

::

    file ──► fields ──► planes (``walk``) ──► filters (``photo_filters``) ──► pixels
                  └──► pixels kept exactly (``photo_lossless``)
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from tests.reference.photo_bits import Bits, Decisions
from tests.reference.photo_blocks import PlaneDecoder
from tests.reference.photo_filters import doubled, filtered
from tests.reference.photo_lossless import lossless

COLOUR, HALVED, ALPHA, LUMA, COLOURS, LOSSLESS, REPEATED = 1, 2, 4, 8, 16, 32, 64
SHIFTS = {"weights": 0, "basis": 3, "scale": 0, "filters": 4, "gates": 2}


class Model:
    """Arrays of a model's file, as the page's table has them."""

    def __init__(self, path: Path) -> None:
        arrays = {}
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as stream:
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(
                        stream, allow_pickle=False
                    )
        header = json.loads(arrays.pop("header.json").tobytes())
        self.name = hashlib.sha256(header["fingerprint"].encode()).digest()[:4]
        for name, array in arrays.items():
            shift = SHIFTS.get(name.rstrip("0123456789"))
            if shift is not None:
                v = array[0].astype(np.int64) + 256 * array[1].astype(np.int64)
                setattr(self, name, np.where(v & 1, -(v >> 1) - 1, v >> 1) << shift)
        v = arrays["probs"].astype(np.int64)
        self.probs = np.where(v == 0, 1 << 31, ((v >> 5) << 21) | (1 << 20) | (v & 31))


@cache
def model_at(path: Path) -> Model:
    return Model(path)


def varint(data: bytes, place: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = data[place]
        number, place = number | (byte & 127) << shift, place + 1
        if byte < 128:
            return number, place
        shift += 7


def decode(data: bytes, path: Path) -> np.ndarray:
    """The picture of a file, with the model of a file where it needs one."""
    version = data[4]
    assert data[:4] == b"HTMP" and version in (1, 2)
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")
    body, place, fields = data[:-4], 9, []
    for _ in range(4):
        number, place = varint(body, place)
        fields.append(number)
    form, eye = fields[0] & 127, fields[0] >> 7
    width, height, s = fields[1:]
    beside = behind = 0
    if form & ALPHA:
        beside, place = varint(body, place)
    if version == 2:
        behind, place = varint(body, place)
    end = len(body) - behind - beside
    coded, alpha = body[place:end], body[end : end + beside]
    colour = bool(form & COLOUR)
    if form & LOSSLESS:
        picture = lossless(coded, height, width, 3 if colour else 1)
    else:
        model = model_at(path)
        assert data[5:9] == model.name
        picture = lossy(coded, (height, width), form, eye, s, model)
    if form & REPEATED:
        picture = np.stack([picture] * 3, -1)
    if form & ALPHA:
        steps = np.frombuffer(zlib.decompress(alpha), np.uint8).reshape(height, width)
        transparency = np.cumsum(steps.astype(np.int64), 1) % 256
        picture = np.dstack([picture, transparency])
    return picture.astype(np.uint8)


def lossy(
    coded: bytes, shape: tuple[int, int], form: int, eye: int, s: int, model: Model
) -> np.ndarray:
    colour, halved = bool(form & COLOUR), bool(form & HALVED)
    high, wide = (-(-side // 16) * 16 for side in shape)
    bits = Bits(coded)
    kinds = [
        Decisions(bits, [model.probs[kind].copy()], [row.copy() for row in model.gates[kind]], 5)
        for kind in range(6)
    ]
    planes: list[PlaneDecoder] = []
    for channel in range(3 if colour else 1):
        part = 2 if channel and halved else 1
        step = s
        if channel:
            step = max(1, (s * ((30, 33) if halved else (62, 68))[channel - 1] + 32) >> 6)
        seen = [plane.samples for plane in planes]
        if seen and halved:
            y = seen[0]
            seen[0] = (y[::2, ::2] + y[1::2, ::2] + y[::2, 1::2] + y[1::2, 1::2] + 2) >> 2
        plane = PlaneDecoder((high // part, wide // part), step, eye, seen, model, kinds)
        plane.walk(channel)
        planes.append(plane)
    full = [plane.samples for plane in planes]
    if halved:
        full[1:] = [doubled(one) for one in full[1:]]
    wanted = [bool(form & (COLOURS if channel else LUMA)) for channel in range(len(full))]
    full = filtered(full, wanted, planes[0], halved, s, model)
    return pixels([one[: shape[0], : shape[1]] for one in full])


def pixels(full: list[np.ndarray]) -> np.ndarray:
    if len(full) == 1:
        return np.clip((full[0] + 8) >> 4, 0, 255)
    y, b, r = full[0], full[1] - 2048, full[2] - 2048
    red = (65536 * y + 91881 * r + 524288) >> 20
    green = (65536 * y - 22553 * b - 46802 * r + 524288) >> 20
    blue = (65536 * y + 116130 * b + 524288) >> 20
    return np.clip(np.stack([red, green, blue], -1), 0, 255)
