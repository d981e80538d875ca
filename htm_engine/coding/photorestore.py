"""What is done to the planes of a photograph after decoding: filters by class, learned.

Every sample of a plane belongs to a class by what the decoder knows: how rough its
surroundings are beside the step (``GRADES``), which way they run and how clearly (``WAYS``),
and whether the sample lies at the border of a block (nine places).  Each class has a linear
filter, from least squares on decoded pictures; those of two neighbouring steps are blended.
Luma sees 29 samples of its own, a colour 9 of its own and 12 of luma around it.

    x + sum of w_i (y_i - y) / 2^12         y: the sample itself, or luma at its place
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .photoaround import PART, SPLIT_UP, Plane
from .photounits import TOP, log4

CALLS_INTO = "1fe4da2a5eb2"
GRADES, WAYS, PLACES = 9, 9, 9
CLASSES = GRADES * WAYS * PLACES
#: Steps, in 1/16 of a grey level, that filters are learned at: 60 x 2^k.
STEPS = (60, 120, 240, 480, 960, 1920)
#: Samples seen: of luma by luma; of itself, and of luma, by a colour.
OWN = tuple((y, x) for y in range(-2, 3) for x in range(-2, 3) if y or x)
OWN += ((-3, 0), (0, -3), (0, 3), (3, 0))
NEAR = tuple((y, x) for y in range(-1, 2) for x in range(-1, 2) if y or x)
LUMA = (*NEAR, (-2, 0), (0, -2), (0, 2), (2, 0))
TAPS = (len(OWN), len(NEAR) + len(LUMA))
_EDGE = 4


@compiled
def classify(padded: Any, step: Any, left: Any, above: Any, out: Any) -> Any:
    """Class of every sample of a plane with a border of 4, two by two.

    ``left (h, w)`` is 1 where a block begins and 2 where one ends along a row, ``above`` down
    a column.
    """
    height, width = out.shape
    here = log4(step)
    for y in range(0, height, 2):
        for x in range(0, width, 2):
            across, down, fall, rise = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
            for i in range(y + 2, y + 8):
                for j in range(x + 2, x + 8):
                    c = 2 * padded[i, j]
                    across += abs(c - padded[i, j - 1] - padded[i, j + 1])
                    down += abs(c - padded[i - 1, j] - padded[i + 1, j])
                    fall += abs(c - padded[i - 1, j - 1] - padded[i + 1, j + 1])
                    rise += abs(c - padded[i - 1, j + 1] - padded[i + 1, j - 1])
            grade = (log4(across + down + fall + rise) - here - 8) >> 1
            grade = min(max(grade, 0), GRADES - 1)
            more, less = max(across, down), min(across, down)
            steep, flat = max(fall, rise), min(fall, rise)
            way = 1 if across > down else 2
            if steep * (less + 1) > more * (flat + 1):
                more, less = steep, flat
                way = 3 if fall > rise else 4
            if 2 * more < 3 * less + 16:
                way = 0
            elif more > 3 * less + 16:
                way += 4
            first = (grade * WAYS + way) * PLACES
            for i in range(y, y + 2):
                for j in range(x, x + 2):
                    out[i, j] = first + 3 * left[i, j] + above[i, j]


@compiled
def gathered(
    padded: Any, luma: Any, target: Any, classes: Any, own: Any, other: Any, moments: Any
) -> Any:
    """Add every sample to the moments ``(classes, taps + 1, taps + 1)`` of its class."""
    height, width = classes.shape
    n, m = len(own), len(other)
    seen = np.zeros(n + m + 1, np.float32)
    for y in range(height):
        for x in range(width):
            here = padded[y + _EDGE, x + _EDGE]
            for i in range(n):
                seen[i] = padded[y + _EDGE + own[i, 0], x + _EDGE + own[i, 1]] - here
            base = luma[y + _EDGE, x + _EDGE]
            for i in range(m):
                seen[n + i] = luma[y + _EDGE + other[i, 0], x + _EDGE + other[i, 1]] - base
            seen[n + m] = target[y, x] - here
            row = moments[classes[y, x]]
            for i in range(n + m + 1):
                for j in range(n + m + 1):
                    row[i, j] += seen[i] * seen[j]


@compiled
def restored(
    padded: Any, luma: Any, classes: Any, own: Any, other: Any, weights: Any, out: Any
) -> Any:
    """Filter a plane: ``weights (classes, taps)``."""
    height, width = classes.shape
    n, m = len(own), len(other)
    for y in range(height):
        for x in range(width):
            here, base = padded[y + _EDGE, x + _EDGE], luma[y + _EDGE, x + _EDGE]
            row = weights[classes[y, x]]
            total = np.int32(2048)
            for i in range(n):
                seen = padded[y + _EDGE + own[i, 0], x + _EDGE + own[i, 1]] - here
                total += np.int32(row[i]) * np.int32(seen)
            for i in range(m):
                seen = luma[y + _EDGE + other[i, 0], x + _EDGE + other[i, 1]] - base
                total += np.int32(row[n + i]) * np.int32(seen)
            out[y, x] = min(max(here + (total >> 12), 0), TOP)


def blended(filters: NDArray[np.int16], step: int) -> NDArray[np.int32]:
    """Filters ``(classes, taps)`` for a step, of those of the two nearest steps."""
    place = min(max(int(log4(step)) - 24, 0), 4 * (len(STEPS) - 1))
    low, part = min(place >> 2, len(STEPS) - 2), place - 4 * min(place >> 2, len(STEPS) - 2)
    first, second = filters[low].astype(np.int32), filters[low + 1].astype(np.int32)
    return ((4 - part) * first + part * second + 2) >> 2


def borders(shape: tuple[int, int], plane: Plane | None, side: int) -> tuple[Any, Any]:
    """Where blocks begin (1) and end (2) along rows and down columns."""
    height, width = shape
    left, above = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    left[:, ::side], left[:, side - 1 :: side] = 1, 2
    above[::side], above[side - 1 :: side] = 1, 2
    if plane is None:
        return left, above
    squares = np.kron(plane.split[::2, ::2], np.ones((16, 16), np.uint8))
    fours = np.kron(plane.quarter, np.ones((8, 8), bool))
    for ends, along in ((left, np.arange(width)), (above, np.arange(height)[:, None])):
        place = np.broadcast_to(along, shape)
        ends[fours & (place % 8 == 3)], ends[fours & (place % 8 == 4)] = 2, 1
        ends[(squares != SPLIT_UP) & np.isin(place % 16, (7, 8))] = 0
        ends[(squares == PART) & np.isin(place % 32, (15, 16))] = 0
    return left, above


def views(channel: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What a plane sees of itself and of luma, as arrays (n, 2)."""
    if channel == 0:
        return np.array(OWN), np.zeros((0, 2), np.int64)
    return np.array(NEAR), np.array(LUMA)


def prepared(
    plane: NDArray[np.int32], step: int, blocks: Plane | None, side: int
) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """A plane with its border, and the class of every sample."""
    padded = np.pad(plane, _EDGE, mode="edge")
    classes = np.zeros(plane.shape, np.int16)
    classify(padded, step, *borders(plane.shape, blocks, side), classes)
    return padded, classes


def restore(
    full: list[NDArray[np.int32]], step: int, blocks: Plane, halved: bool,
    filters: tuple[NDArray[np.int16], ...], which: tuple[bool, bool],
) -> list[NDArray[np.int32]]:  # fmt: skip
    """Planes of full size, those that ``which`` (luma, colours) names filtered."""
    found, luma = list(full), None
    for channel, plane in enumerate(full):
        if not which[channel > 0]:
            continue
        if luma is None:
            luma = np.pad(full[0], _EDGE, mode="edge")
        padded, classes = prepared(plane, step, *laid(channel, blocks, halved))
        own, other = views(channel)
        out = np.zeros_like(plane)
        restored(padded, luma, classes, own, other, blended(filters[channel], step), out)
        found[channel] = out
    return found


def laid(channel: int, blocks: Plane, halved: bool) -> tuple[Plane | None, int]:
    """How blocks lie in a plane of full size: luma as it was coded, and the side of others."""
    return (blocks, 8) if channel == 0 else (None, 16 if halved else 8)


def blank_filters() -> tuple[NDArray[np.int16], ...]:
    """Filters that change nothing."""
    taps = (TAPS[0], TAPS[1], TAPS[1])
    return tuple(np.zeros((len(STEPS), CLASSES, count), np.int16) for count in taps)


def moments_of(
    targets: list[NDArray[np.int32]], full: list[NDArray[np.int32]], step: int,
    blocks: Plane, halved: bool, moments: list[NDArray[np.float32]],
) -> None:  # fmt: skip
    """Add a decoded picture to what filters are learned from."""
    luma = np.pad(full[0], _EDGE, mode="edge")
    for channel, plane in enumerate(full):
        padded, classes = prepared(plane, step, *laid(channel, blocks, halved))
        fresh = np.zeros_like(moments[channel])
        gathered(padded, luma, targets[channel], classes, *views(channel), fresh)
        moments[channel] += fresh / 256


def blank_moments() -> list[NDArray[np.float32]]:
    """Sums that hold nothing yet."""
    taps = (TAPS[0], TAPS[1], TAPS[1])
    return [np.zeros((CLASSES, count + 1, count + 1), np.float32) for count in taps]


def solved(moments: NDArray[np.float32]) -> NDArray[np.int16]:
    """Filters ``(classes, taps)`` of least squares; classes hardly seen change little."""
    found = np.zeros((len(moments), moments.shape[1] - 1))
    for kind, sums in enumerate(moments.astype(np.float64)):
        count = len(sums) - 1
        ridge = 50 + 1e-3 * np.trace(sums[:count, :count]) / count
        square = sums[:count, :count] + np.eye(count) * ridge
        found[kind] = np.linalg.solve(square, sums[:count, count])
    # Coarse steps of 2^-8 keep the model small.
    return (np.clip(np.rint(found * 256), -1000, 1000) * 16).astype(np.int16)
