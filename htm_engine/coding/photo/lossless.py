"""Photographs kept exactly: every pixel predicted from those around it, its error coded.

Grey, or green and then red and blue by their difference to green.  Six simple predictors are
weighted by how well they did nearby, and the sum is corrected by what the place has taught;
the error goes through the gated adaptive bits of ``entropy``, which start knowing nothing.

An error e is told as: its class (0, then bits of its magnitude: 1, 2..3, 4..7, ...) in unary,
its sign, and the bits of the magnitude below the first, of which two are predicted.

A picture of one colour is that colour instead: one byte of grey, or red, green and blue.  No
other has so few coded bytes; one that would have is followed by a zero, which says nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ...errors import FormatError
from ..arithmetic import (
    DECODE,
    ENCODE,
    EVEN,
    MODE,
    PLACE,
    begin,
    code_bit,
    last_bytes,
    new_registers,
)
from .entropy import (
    INPUTS,
    Own,
    decide,
    new_coder,
)
from .units import four_log2

#: Values of each context, and decisions below each: classes, sign, two bits of each class.
VALUES = (40, 81, 256, 320, 324, 81, 100, 480)
NODES = 48
_SIGN, _BITS = 10, 12
_ENDS = np.cumsum([size * NODES for size in VALUES])
STARTS = (_ENDS - [size * NODES for size in VALUES]).astype(np.int64)
_TABLE = int(_ENDS[-1])
_ROWS = NODES * 10 * 2
#: How fast gates learn that start blank.
_GATE_RATE = 10
_PREDICTORS = 6


@compiled
def graded(e: Any) -> Any:
    """A signed error in nine grades."""
    m = abs(e)
    g = 0 if m == 0 else (1 if m < 3 else (2 if m < 7 else (3 if m < 16 else 4)))
    return 4 + g if e >= 0 else 4 - g


@compiled
def predict_pixel(d: Any, y: Any, x: Any, past: Any, parts: Any) -> Any:
    """Prediction of ``d[y, x + 2]`` in 1/8, of a plane with a border of 2, and its parts.

    ``past (6, 2, w + 4)`` holds each predictor's errors in the row above and this one.
    """
    w, n = np.int64(d[y, x + 1]), np.int64(d[y - 1, x + 2])
    nw, ne = np.int64(d[y - 1, x + 1]), np.int64(d[y - 1, x + 3])
    nn, ww = np.int64(d[y - 2, x + 2]), np.int64(d[y, x])
    nne = np.int64(d[y - 2, x + 3])
    parts[0] = 8 * (w + ne - n)
    parts[1] = 8 * (n + w - nw)
    parts[2] = 8 * (n + ne - nne)
    parts[3] = 8 * w + 4 * (ne - nw)
    parts[4] = 4 * (w + n) + 2 * (ne - nw)
    parts[5] = 8 * n + 3 * (w - nw) + 2 * (n - nn) + (w - ww)
    top, total, weight = np.int64(0), np.int64(0), np.int64(0)
    for i in range(_PREDICTORS):
        s = np.int64(past[i, 0, x + 2]) + past[i, 0, x + 3] + past[i, 0, x + 1] + past[i, 1, x + 1]
        s += past[i, 1, x]
        weight = (np.int64(1) << 34) // (s * s + 64)
        top += weight * parts[i]
        total += weight
    return top // total


@compiled
def code_plane(
    d: Any, base: Any, first: Any, second: Any, errors: Any, signed: Any, coder: Any
) -> Any:
    """A plane written or read; ``d (h + 2, w + 4)`` its values less ``base (h, w)``.

    ``first`` and ``second`` are errors of planes before, ``errors`` this one's, all laid out
    as ``d``.  A value and its base together lie in 0..255.
    """
    height, width = base.shape
    past = np.zeros((_PREDICTORS, 2, width + 4), np.int32)
    parts, at, starts, reg = np.zeros(_PREDICTORS, np.int64), coder.at, coder.starts, coder.reg
    own = Own(coder.probs[0], coder.weights[0])
    taught, times = np.zeros(1024, np.int64), np.zeros(1024, np.int64)
    for y in range(2, height + 2):
        if y == 2 and signed == 0:
            for x in range(width + 4):
                d[0, x], d[1, x] = 128, 128
        for x in range(width):
            if reg[MODE] == DECODE and reg[PLACE] > len(coder.data) + 8:
                return -1  # the file ended long ago
            if x == 0:
                d[y, 0], d[y, 1] = d[y - 1, 2], d[y - 1, 2]
            p = predict_pixel(d, y, x, past, parts)
            w, n = np.int64(d[y, x + 1]), np.int64(d[y - 1, x + 2])
            nw, ne = np.int64(d[y - 1, x + 1]), np.int64(d[y - 1, x + 3])
            ew, en = np.int64(errors[y, x + 1]), np.int64(errors[y - 1, x + 2])
            enw, ene = np.int64(errors[y - 1, x + 1]), np.int64(errors[y - 1, x + 3])
            ann, aww = abs(np.int64(errors[y - 2, x + 2])), abs(np.int64(errors[y, x]))
            rough = abs(w - nw) + abs(n - nw) + abs(n - ne) + 2 * (abs(ew) + abs(en))
            rough += abs(enw) + abs(ene)
            act = min(four_log2(rough + 1), 39)
            shape = 32 * (8 * w > p) + 16 * (8 * n > p) + 8 * (8 * nw > p) + 4 * (8 * ne > p)
            shape += 2 * (8 * np.int64(d[y, x]) > p) + (8 * np.int64(d[y - 2, x + 2]) > p)
            lesson = shape * 16 + min(act >> 1, 15)
            if times[lesson]:
                p += taught[lesson] // times[lesson]
            here = np.int64(base[y - 2, x])
            predicted = min(max((p + 4) >> 3, -here), 255 - here)
            e1, e2 = np.int64(first[y, x + 2]), np.int64(second[y, x + 2])
            at[0] = starts[0] + act * NODES
            at[1] = starts[1] + (graded(ew) * 9 + graded(en)) * NODES
            at[2] = starts[2] + (shape * 4 + min(act // 9, 3)) * NODES
            at[3] = starts[3] + (((predicted + here) >> 3) * 10 + (act >> 2)) * NODES
            at[4] = starts[4] + ((graded(e1) * 9 + graded(e2)) * 4 + min(act // 9, 3)) * NODES
            at[5] = starts[5] + (graded(ene) * 9 + graded(enw)) * NODES
            near, far = min(four_log2(abs(8 * w - p) // 4 + 1) >> 1, 9), abs(8 * n - p) // 4
            at[6] = starts[6] + (near * 10 + min(four_log2(far + 1) >> 1, 9)) * NODES
            at[7] = starts[7] + (min(four_log2(ann + aww + 1) >> 1, 11) * 40 + act) * NODES
            other = min(four_log2(abs(e1) + 1) >> 1, 9)
            e = code_residual(np.int64(d[y, x + 2]) - predicted, act >> 2, other, own, coder)
            value = predicted + e
            errors[y, x + 2] = e
            if reg[MODE] == DECODE:
                if not 0 <= value + here <= 255:
                    return -1
                d[y, x + 2] = value
            for i in range(_PREDICTORS):
                past[i, 1, x + 2] = abs(parts[i] - 8 * value) >> 1
            taught[lesson] += 8 * value - (
                p - (taught[lesson] // times[lesson] if times[lesson] else 0)
            )
            times[lesson] += 1
            if times[lesson] == 256:
                taught[lesson] >>= 1
                times[lesson] = 128
        d[y, width + 2], d[y, width + 3] = d[y, width + 1], d[y, width + 1]
        for i in range(_PREDICTORS):
            past[i, 1, width + 2] = past[i, 1, width + 1]
            for x in range(width + 4):
                past[i, 0, x] = past[i, 1, x]
    return 0


@compiled
def code_residual(e: Any, act: Any, other: Any, own: Any, coder: Any) -> Any:
    """One residual, written or read."""
    size, n = abs(e), np.int64(len(VALUES))
    width = np.int64(0)
    while size >> width:
        width += 1
    found: Any = np.int64(0)
    while found < 9:
        one, two = found * 10 + act, (NODES + found) * 10 + other
        if not decide(found, n, one, two, width > found, own, coder):
            break
        found += 1
    if found == 0:
        return found
    one, two = _SIGN * 10 + act, (NODES + _SIGN) * 10 + other
    negative = decide(np.int64(_SIGN), n, one, two, e < 0, own, coder)
    value, node = np.int64(1), np.int64(1)
    for i in range(found - 2, -1, -1):
        bit = (size >> i) & 1
        if node < 4:
            slot = _BITS + 4 * (found - 1) + node
            one, two = slot * 10 + act, (NODES + slot) * 10 + other
            bit = decide(slot, n, one, two, bit, own, coder)
            node = 2 * node + bit
        else:
            bit = code_bit(np.int64(EVEN), bit, coder.reg, coder.data)
        value = 2 * value + bit
    return -value if negative else value


def is_flat(picture: NDArray[np.uint8]) -> bool:
    """Whether a picture ``(h, w)`` or ``(h, w, 3)`` has one colour."""
    return bool((picture == picture[:1, :1]).all())


def write_exact(picture: NDArray[np.uint8]) -> bytes:
    """Coded bits of a picture ``(h, w)`` or ``(h, w, 3)``."""
    if is_flat(picture):
        return picture[0, 0].tobytes()
    reg = new_registers(ENCODE, _GATE_RATE)
    out = np.zeros(4096 + 5 * picture.size, np.uint8)
    _through(picture, reg, out)
    coded = out[: reg[PLACE]].tobytes() + last_bytes(reg)
    return coded + b"\0" if len(coded) == picture[0, 0].size else coded


def read_exact(coded: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Inverse of :func:`write_exact`, for a shape with one or three channels.

    Raises
    ------
    FormatError
        If the bits cannot be those of a picture of this shape.
    """
    if len(coded) == shape[2]:
        flat = np.empty(shape, np.uint8)
        flat[:] = coded
        return flat if shape[2] == 3 else flat[..., 0]
    # A pixel predicted as surely as can be still takes a two-thousandth of a bit.
    if shape[0] * shape[1] > 30_000 * (len(coded) + 8):
        raise FormatError("This file is damaged: it claims more pixels than it could hold.")
    picture = np.zeros(shape if shape[2] == 3 else shape[:2], np.uint8)
    reg = new_registers(DECODE, _GATE_RATE)
    begin(reg, coded)
    _through(picture, reg, coded)
    return picture


def _through(picture: NDArray[np.uint8], reg: NDArray[np.int64], data: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    channels = 1 if picture.ndim == 2 else 3
    laid = (height + 2, width + 4)
    none = np.zeros(laid, np.int16)
    errors: list[NDArray[np.int16]] = []
    base = np.zeros((height, width), np.uint8)
    for turn in range(channels):
        plane = picture if channels == 1 else picture[..., (1, 0, 2)[turn]]
        d = np.zeros(laid, np.int16)
        d[2:, 2:-2] = plane.astype(np.int16) - base
        probs = np.full((1, _TABLE), 1 << 31, np.uint32)
        weights = np.full((1, _ROWS, INPUTS + 1), 65536 * 4 // 20, np.int32)
        weights[..., len(VALUES) :] = 0
        coder = new_coder(probs, weights, STARTS, reg, data)
        own = np.zeros(laid, np.int16)
        first = errors[-1] if errors else none
        second = errors[0] if len(errors) > 1 else none
        wrong = code_plane(d, base, first, second, own, int(turn > 0), coder)
        if wrong or (reg[MODE] == DECODE and reg[PLACE] > len(data) + 8):
            raise FormatError("This file is damaged: it is no picture kept exactly.")
        errors.append(own)
        if reg[MODE] == DECODE:
            plane[:] = (d[2:, 2:-2] + base).astype(np.uint8)
        if turn == 0:
            base = np.ascontiguousarray(plane)
