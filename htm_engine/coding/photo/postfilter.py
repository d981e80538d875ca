"""What is done to the planes of a photograph after decoding: filters by class, learned.

Every sample of a plane belongs to a class by what the decoder knows: how rough its
surroundings are beside the step (``GRADES``), which way they run and how clearly (``WAYS``),
and, where colour is not halved, whether it lies at the border of a block (``PLACES``: inside,
at one side, in a corner).  What is alike but for mirroring and turning is one class; ``TURNS``
ways of looking at it bring it into one position.  Each class has a filter, from least squares
on decoded pictures: one for luma, one for both colours, one for both where they were halved;
those of two neighbouring steps are blended.

A filter sees differences d between samples around and the sample itself, in its own plane
and, for a colour, in luma and in the other colour; each d is seen several times, within
narrower and wider limits, so that what is small and what is an edge count differently
(Taquet et al., *Non-linear adaptive loop filter*, 2019)::

    x + sum of w_ik min(max(d_i, -c_k), c_k) / 2^12
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from ..threads import each
from .colour import extended
from .neighbours import PART, SPLIT_UP, Plane
from .units import TOP, four_log2

GRADES, WAYS, PLACES, TURNS = 9, 9, 3, 8
#: Classes of luma, of the colours, and of the colours where they were halved.
CLASSES = (GRADES * WAYS * PLACES, GRADES * WAYS * PLACES, GRADES * WAYS)
#: Steps, in 1/16 of a grey level, that filters are learned at: 60 x 2^k.
STEPS = (60, 120, 240, 480, 960, 1920)
#: At these steps, what differences are measured by: limits are multiples of it.
_MEASURES = (18, 30, 48, 72, 96, 128)
#: Limits of differences, in halves of their measure.
_LIMITS = ((1, 4, 16), (2, 8))
_EDGE = 4
_STRIP = 64  #: rows that are filtered in one go, by one thread
#: What the weights of a class may add up to, in 2^-12: sums stay within 32 bits.
MOST_WEIGHT = 1 << 18


def _near(count: int) -> list[tuple[int, int]]:
    """The samples nearest to one, itself left out."""
    places = [(y, x) for y in range(-3, 4) for x in range(-3, 4) if y or x]
    return sorted(places, key=lambda at: (at[0] ** 2 + at[1] ** 2, at))[:count]


class View(NamedTuple):
    """What the filters of a plane see.

    Attributes
    ----------
    places : ndarray (TURNS, n, 2)
        Samples around, each way of looking.
    ends : tuple of int
        How many of the places are of the plane itself, and of it and luma.
    limits : tuple of int
        Limits of every difference, in halves of what differences are measured by.
    """

    places: NDArray[np.int64]
    ends: tuple[int, int]
    limits: tuple[int, ...]

    @property
    def weights(self) -> int:
        """Weights of a filter."""
        return self.places.shape[1] * len(self.limits)

    def steps(self, width: int) -> NDArray[np.int64]:
        """How far the samples lie from one in a plane ``width`` wide, with borders, laid flat."""
        return self.places[..., 0] * (width + 2 * _EDGE) + self.places[..., 1]


def _turned(places: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Places each way of looking: bits of a turn say mirrored along x, along y, transposed."""
    found = np.zeros((TURNS, len(places), 2), np.int64)
    for turn in range(TURNS):
        for index, (y, x) in enumerate(places):
            down, across = (x, y) if turn & 4 else (y, x)
            found[turn, index] = (-down if turn & 2 else down), (-across if turn & 1 else across)
    return found


#: Of luma, and of a colour.
VIEWS = (
    View(_turned(_near(28)), (28, 28), _LIMITS[0]),
    View(_turned(_near(20) + _near(20) + _near(8)), (20, 40), _LIMITS[1]),
)
#: Ridge of the least squares of a class: fixed, and over the mean square of an input; classes
#: with few samples stay near the identity.
_RIDGE = (50, 1e-3)


@compiled
def classify(padded: Any, step: Any, left: Any, above: Any, out: Any) -> Any:
    """Class of every sample of a plane with a border of 4, two by two: 8 x class + turn.

    ``left (h, w)`` is 1 where a block begins and 2 where one ends along a row, ``above`` down
    a column.
    """
    height, width = out.shape
    here = four_log2(step)
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
            grade = (four_log2(across + down + fall + rise) - here - 8) >> 1
            grade = min(max(grade, 0), GRADES - 1)
            more, less = max(across, down), min(across, down)
            steep, flat = max(fall, rise), min(fall, rise)
            way = 1 if across > down else 2
            if steep * (less + 1) > more * (flat + 1):
                more, less = steep, flat
                way = 3 if fall > rise else 4
            clear = 0
            if 2 * more < 3 * less + 16:
                way = 0
            elif more > 3 * less + 16:
                clear = 4
            for i in range(y, y + 2):
                for j in range(x, x + 2):
                    out[i, j] = positioned(grade, way, clear, left[i, j], above[i, j])


@compiled
def positioned(grade: Any, way: Any, clear: Any, left: Any, above: Any) -> Any:
    """Class and turn: borders to the left and above, what runs along a fall and not a rise."""
    mirrored, upended = left == 2, above == 2
    if way >= 3:
        if mirrored != upended:
            way = 7 - way
        if way == 4 and left == 0:
            mirrored, way = not mirrored, 3
        elif way == 4 and above == 0:
            upended, way = not upended, 3
    aside, atop = left > 0, above > 0
    transposed = (atop and not aside) or (aside == atop and way == 2)
    if transposed and 0 < way < 3:
        way = 3 - way
    kind = (grade * WAYS + (way + clear if way else 0)) * PLACES + aside + atop
    return kind * TURNS + mirrored + 2 * upended + 4 * transposed


@compiled
def look_around(
    own: Any, luma: Any, other: Any, place: Any, steps: Any, ends: Any, apart: Any
) -> Any:
    """Differences to the samples around a place of planes with borders, laid out flat."""
    here = own[place]
    for i in range(ends[0]):
        apart[i] = own[place + steps[i]] - here
    here = luma[place]
    for i in range(ends[0], ends[1]):
        apart[i] = luma[place + steps[i]] - here
    here = other[place]
    for i in range(ends[1], len(steps)):
        apart[i] = other[place + steps[i]] - here


@compiled
def limited(value: Any, limit: Any) -> Any:
    """A difference within a limit."""
    return np.int32(min(max(np.int32(value), np.int32(-limit)), np.int32(limit)))


@compiled
def noted(
    padded: Any,
    target: Any,
    classes: Any,
    order: Any,
    steps: Any,
    ends: Any,
    limits: Any,
    out: Any,
) -> Any:
    """The filter's inputs at every sample, and what the sample lacks: a row of ``out`` each."""
    own, luma, other = padded
    width, n = classes.shape[1], steps.shape[1]
    apart = np.zeros(n, np.int32)
    for row in range(len(order)):
        y, x = order[row] // width, order[row] % width
        place = (y + _EDGE) * (width + 2 * _EDGE) + x + _EDGE
        look_around(own, luma, other, place, steps[classes[y, x] & 7], ends, apart)
        for k in range(len(limits)):
            for i in range(n):
                out[row, k * n + i] = limited(apart[i], limits[k])
        out[row, len(limits) * n] = target[y, x] - own[place]


@compiled
def restored(
    padded: Any,
    classes: Any,
    steps: Any,
    ends: Any,
    limits: Any,
    weights: Any,
    out: Any,
) -> Any:
    """Filter a plane: ``weights (classes, limits, places)``; ``padded`` it, luma and the other."""
    own, luma, other = padded
    height, width = classes.shape
    n = steps.shape[1]
    apart = np.zeros(n, np.int32)
    for y in range(height):
        for x in range(width):
            place = (y + _EDGE) * (width + 2 * _EDGE) + x + _EDGE
            look_around(own, luma, other, place, steps[classes[y, x] & 7], ends, apart)
            total = np.int32(2048)
            for k in range(len(limits)):
                row, limit = weights[classes[y, x] >> 3, k], limits[k]
                for i in range(n):
                    part = np.int32(limited(apart[i], limit) * row[i])
                    total = np.int32(total + part)
            out[y, x] = min(max(own[place] + (total >> 12), 0), TOP)


def _between(step: int) -> tuple[int, int]:
    """The step learned at below one, and how far it is to the next, in quarters."""
    place = min(max(int(four_log2(step)) - 24, 0), 4 * (len(STEPS) - 1))
    low = min(place >> 2, len(STEPS) - 2)
    return low, place - 4 * low


def blended(filters: NDArray[np.int16], step: int) -> NDArray[np.int32]:
    """Filters ``(classes, n)`` for a step, of those of the two nearest steps."""
    low, part = _between(step)
    first, second = filters[low].astype(np.int32), filters[low + 1].astype(np.int32)
    return ((4 - part) * first + part * second + 2) >> 2


def limits_of(view: View, step: int) -> NDArray[np.int32]:
    """Limits of differences, in 1/16 of a grey level."""
    low, part = _between(step)
    measure = (4 - part) * _MEASURES[low] + part * _MEASURES[low + 1]
    return np.array([(measure * share + 4) >> 3 for share in view.limits], np.int32)


@compiled
def borders(split: Any, quarter: Any, left: Any, above: Any) -> Any:
    """Where blocks of luma begin (1) and end (2) along rows and down columns, into planes of 0."""
    height, width = quarter.shape
    for i in range(height):
        for j in range(width):
            how = split[i & ~1, j & ~1]
            side = 1 if how == SPLIT_UP else (4 if how == PART else 2)
            rows, columns = slice(8 * i, 8 * i + 8), slice(8 * j, 8 * j + 8)
            if j % side == 0:
                left[rows, 8 * j] = 1
            if j % side == side - 1:
                left[rows, 8 * j + 7] = 2
            if i % side == 0:
                above[8 * i, columns] = 1
            if i % side == side - 1:
                above[8 * i + 7, columns] = 2
            if quarter[i, j]:
                left[rows, 8 * j + 3], left[rows, 8 * j + 4] = 2, 1
                above[8 * i + 3, columns], above[8 * i + 4, columns] = 2, 1


def set_of(channel: int, halved: bool) -> int:
    """Which filters are for a plane: those of luma, of colours, of colours that were halved."""
    return (2 if halved else 1) if channel else 0


def _prepared(
    full: list[NDArray[np.int32]], channel: int, step: int, blocks: Plane, halved: bool
) -> tuple[tuple[NDArray[np.int32], ...], NDArray[np.int16]]:
    """A plane, luma and the other colour, flat with borders, and the class of every sample."""
    shape = full[channel].shape
    seen = [channel] if channel == 0 else [channel, 0, 3 - channel]
    padded = tuple(extended(full[index], _EDGE, _EDGE, _EDGE).ravel() for index in seen)
    padded += padded[:1] * (3 - len(seen))  # luma sees itself alone
    left, above = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    if channel == 0:
        borders(blocks.split, blocks.quarter, left, above)
    elif not halved:
        left[:, ::8], left[:, 7::8] = 1, 2
        above[::8], above[7::8] = 1, 2
    classes, own = np.zeros(shape, np.int16), padded[0].reshape(shape[0] + 2 * _EDGE, -1)

    def strip(rows: slice) -> None:
        around = own[rows.start : rows.stop + 2 * _EDGE]
        classify(around, step, left[rows], above[rows], classes[rows])

    each(strip, _strips(shape[0]))
    if set_of(channel, halved) == 2:  # all are inside
        classes = classes // (PLACES * TURNS) * TURNS + classes % TURNS
    return padded, classes


def restore(
    full: list[NDArray[np.int32]],
    step: int,
    blocks: Plane,
    halved: bool,
    filters: tuple[NDArray[np.int16], ...],
    which: tuple[bool, bool],
) -> list[NDArray[np.int32]]:
    """Planes of full size, those that ``which`` (luma, colours) names filtered."""
    found = list(full)
    for channel in range(len(full)):
        if not which[channel > 0]:
            continue
        own = blended(filters[set_of(channel, halved)], step)
        found[channel] = _restored(full, channel, step, blocks, halved, own)
    return found


def _restored(
    full: list[NDArray[np.int32]],
    channel: int,
    step: int,
    blocks: Plane,
    halved: bool,
    weights: NDArray[np.int32],
) -> NDArray[np.int32]:
    """One plane filtered, its strips side by side."""
    padded, classes = _prepared(full, channel, step, blocks, halved)
    view, (height, width) = VIEWS[channel > 0], classes.shape
    limits, steps, line = limits_of(view, step), view.steps(width), width + 2 * _EDGE
    weights, out = weights.reshape(len(weights), len(limits), -1), np.zeros_like(full[channel])

    def strip(rows: slice) -> None:
        around = slice(rows.start * line, (rows.stop + 2 * _EDGE) * line)
        planes = tuple(plane[around] for plane in padded)
        restored(planes, classes[rows], steps, view.ends, limits, weights, out[rows])

    each(strip, _strips(height))
    return out


def _strips(height: int) -> list[slice]:
    """Rows of a plane in parts, each of an even number."""
    return [slice(y, min(y + _STRIP, height)) for y in range(0, height, _STRIP)]


def _sizes() -> list[tuple[int, int]]:
    """Classes and weights of each set of filters."""
    return [(kinds, VIEWS[number > 0].weights) for number, kinds in enumerate(CLASSES)]


def blank_filters() -> tuple[NDArray[np.int16], ...]:
    """Filters that change nothing."""
    return tuple(np.zeros((len(STEPS), *size), np.int16) for size in _sizes())


def blank_moments() -> list[NDArray[np.float32]]:
    """Sums that hold nothing yet."""
    return [np.zeros((kinds, count + 1, count + 1), np.float32) for kinds, count in _sizes()]


def moments_of(
    targets: list[NDArray[np.int32]],
    full: list[NDArray[np.int32]],
    step: int,
    blocks: Plane,
    halved: bool,
    moments: list[NDArray[np.float32]],
) -> None:
    """Add a decoded picture to what filters are learned from."""
    for channel, target in enumerate(targets):
        padded, classes = _prepared(full, channel, step, blocks, halved)
        view, sums = VIEWS[channel > 0], moments[set_of(channel, halved)]
        kinds = classes.ravel() // TURNS
        order = np.argsort(kinds, kind="stable")
        rows = np.zeros((len(order), sums.shape[1]), np.float32)
        limits, steps = limits_of(view, step), view.steps(classes.shape[1])
        noted(padded, target, classes, order, steps, view.ends, limits, rows)
        ends = np.searchsorted(kinds[order], np.arange(len(sums) + 1))
        for kind in np.flatnonzero(np.diff(ends)):
            own = rows[ends[kind] : ends[kind + 1]]
            sums[kind] += own.T @ own / 256


def solved(moments: NDArray[np.float32]) -> NDArray[np.int16]:
    """Filters ``(classes, n)`` of least squares; classes hardly seen change little."""
    found = np.zeros((len(moments), moments.shape[1] - 1))
    for kind, sums in enumerate(moments.astype(np.float64)):
        count = len(sums) - 1
        ridge = _RIDGE[0] + _RIDGE[1] * np.trace(sums[:count, :count]) / count
        square = sums[:count, :count] + np.eye(count) * ridge
        found[kind] = np.linalg.solve(square, sums[:count, count])
    most = 0.9 * MOST_WEIGHT / 4096
    found *= np.minimum(1, most / np.maximum(np.abs(found).sum(1, keepdims=True), 1e-9))
    # Coarse steps of 2^-8 keep the model small.
    return (np.clip(np.rint(found * 256), -1000, 1000) * 16).astype(np.int16)
