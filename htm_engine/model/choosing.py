"""Sizes of a network from its data: how many units, of what rank, on how many levels.

::

    pictures ──► parts: learned from, and held out
      units 1, 2, 4, ... placed in closed form (``subspaces``) ──► bits of held-out pictures
      the least bits ──► units; then ranks likewise ──► Choice, with the reason in a sentence

One unit is PCA and is tried first; more are taken only where they leave less of held-out
pictures at the same number of values.  On one level: with 3,000
pictures of Fashion-MNIST two levels left 15 % more at as many values, with 20,000 1 % less.
Where pictures are too many numbers for units over all of them, or many, on two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import subspaces
from .layer import Floats, LayerSpec
from .threads import one_thread

#: Pictures worth of the common kind that every unit has won besides its own.
PRIOR = 10.0
#: Units and ranks that are tried.
UNITS, RANKS = (1, 2, 4, 8, 16, 32, 64), (4, 8, 16, 24, 32)
#: Rank at which numbers of units are compared.
FIRST_RANK = 16
#: Pictures that sizes are chosen on at most, and axes in which they are compared.
CHOSEN_ON, AXES = 2400, 96
#: Pictures a unit has to have, rows a value.
FEWEST_EACH, FEWEST_ROWS = 4, 2
#: Below so many pictures each is held out once in turn; from there on a quarter of them is.
IN_TURN = 600
#: Noise down to which pictures are described, in shares of their variance.
NOISE = 0.03
#: Part of the error that more than one unit has to save.
WORTH = 0.02
#: Numbers of a picture, and pictures, up to which one level is taken.
LARGEST, MANY = 3 * 64 * 64, 10_000
#: Pictures below which steps of the gradient have too few held out to be judged by.
ENOUGH = 1000
#: Two levels: for many pictures of moderate size, and for pictures of many numbers.
TWO = (LayerSpec(patch=7, units=32, rank=24), LayerSpec(patch=8, units=64, rank=32))
WIDE = (
    LayerSpec(patch=8, units=32, rank=24, prior=PRIOR),
    LayerSpec(patch=8, units=64, rank=32, prior=PRIOR),
)
#: A patch as large as any picture.
WHOLE = 4096


@dataclass(frozen=True)
class Choice:
    """Sizes chosen from data.

    Attributes
    ----------
    layers : tuple of LayerSpec
        Bottom first.
    reason : str
        Why these, in a sentence.
    note : str
        What a small collection cannot give, in a sentence; empty if there is enough.
    """

    layers: tuple[LayerSpec, ...]
    reason: str
    note: str = ""


def largest(shape: tuple[int, ...]) -> tuple[LayerSpec, ...]:
    """The largest layers that :func:`choose` may take for pictures of a shape."""
    if int(np.prod(shape)) > LARGEST:
        return WIDE
    return (LayerSpec(patch=WHOLE, units=UNITS[-1], rank=RANKS[-1], prior=PRIOR),)


def choose(maps: Floats, pictures: int, seed: int = 0) -> Choice:
    """Sizes for data of which ``maps (n, H, W, C)`` are a sample; ``pictures`` in all."""
    height, width, channels = maps.shape[1:]
    numbers = height * width * channels
    note = _note(pictures)
    if numbers > LARGEST:
        return Choice(
            WIDE,
            f"Two levels, because pictures of {numbers:,} numbers are too large for units over "
            "the whole picture.",
            note,
        )
    if pictures >= MANY and min(height, width) >= 14:
        return Choice(
            TWO,
            f"Two levels of {TWO[0].units} and {TWO[1].units} units: {pictures:,} pictures are "
            "enough for the hierarchy that also draws best.",
            note,
        )
    rows = maps.reshape(len(maps), -1)
    if len(rows) > CHOSEN_ON:
        rows = rows[np.random.default_rng(seed).permutation(len(rows))[:CHOSEN_ON]]
    units, rank, reason = _sizes(rows, seed)
    return Choice((LayerSpec(patch=WHOLE, units=units, rank=rank, prior=PRIOR),), reason, note)


def _note(pictures: int) -> str:
    """What so many pictures cannot give."""
    if pictures >= ENOUGH:
        return ""
    return (
        f"{pictures:,} pictures are too few to hold some out and learn on by steps, so the units "
        "were placed on all of them at once; drawn pictures will look like blends of yours, and "
        "about 1,000 are needed for more."
    )


@one_thread
def _sizes(rows: Floats, seed: int) -> tuple[int, int, str]:
    """Units, rank, and why."""
    parts = [_Part(learn, held, seed) for learn, held in _divided(rows, seed)]
    fewest = min((part.learned for part in parts), default=0)
    room = min((part.y.shape[1] for part in parts), default=0)
    # Rows of no spread at all, or one picture: there is nothing to choose.
    if room < 2:
        return 1, 1, "One unit of rank 1: the pictures hardly differ."
    ranks = [rank for rank in RANKS if rank <= min(room, max(1, fewest // FEWEST_ROWS))]
    ranks = ranks or [max(1, min(room, fewest // FEWEST_ROWS))]
    most = max(1, rows.shape[1] // 2)  # what units that compete keep at most (``LayerSpec``)
    narrow = [rank for rank in ranks if rank <= most] or [most]
    first = max([rank for rank in narrow if rank <= FIRST_RANK], default=narrow[0])
    tried = {1: _mean(parts, 1, first)}
    for units in UNITS[1:]:
        if units * FEWEST_EACH > fewest:
            break
        tried[units] = _mean(parts, units, first)
        if units > 2 and tried[units][0] > tried[units // 2][0] > tried[units // 4][0]:
            break  # it has risen twice
    units = min(tried, key=lambda one: tried[one][0])
    sized = {rank: _mean(parts, units, rank) for rank in (narrow if units > 1 else ranks)}
    rank = min(sized, key=lambda one: sized[one][0])
    pca = _mean(parts, 1, rank)[1]
    saved = 1 - sized[rank][1] / max(pca, 1e-30)
    if units > 1 and saved < WORTH:
        return _one(parts, ranks)
    if units == 1:
        return _one(parts, ranks)
    return (
        units,
        rank,
        f"{units} units of rank {rank}: held-out pictures take the fewest bits, and at {rank} "
        f"values each {100 * saved:.0f} % less of them is lost than with PCA.",
    )


def _one(parts: list[_Part], ranks: list[int]) -> tuple[int, int, str]:
    rank = min(ranks, key=lambda one: _mean(parts, 1, one)[0])
    return 1, rank, f"One unit of rank {rank}, which is PCA: more units save too little."


def _mean(parts: list[_Part], units: int, rank: int) -> tuple[float, float]:
    """Bits and squared error of a held-out picture."""
    found = [part.measured(units, rank) for part in parts]
    return float(np.mean([bits for bits, _ in found])), float(np.mean([lost for _, lost in found]))


class _Part:
    """Pictures to learn from and to measure on, in common coordinates."""

    def __init__(self, learn: Floats, held: Floats, seed: int) -> None:
        self.seed, self.learned, self.numbers = seed, len(learn), learn.shape[1]
        frame = subspaces.frame(learn, AXES)
        self.y = frame.into(learn)[0]
        self.held, self.outside = frame.into(held)
        self.floor = max(NOISE * float(frame.power.sum()) / self.numbers, 1e-12)
        self._known: dict[tuple[int, int], tuple[float, float]] = {}

    def measured(self, units: int, rank: int) -> tuple[float, float]:
        """Mean bits and squared error of the held-out pictures."""
        if (units, rank) not in self._known:
            placed = subspaces.place(self.y, units, rank, PRIOR, self.seed, rounds=2)
            bits, lost = subspaces.lengths(
                self.held, self.outside, placed, self.numbers, self.floor
            )
            self._known[units, rank] = (float(bits.mean()), float(lost.mean(dtype=np.float64)))
        return self._known[units, rank]


def _divided(rows: Floats, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Rows to learn from and to measure on: each in turn, of many a quarter."""
    n = len(rows)
    if n < 4:
        return
    order: NDArray[np.intp] = np.random.default_rng(seed).permutation(n)
    folds = np.array_split(order, 3 if n < IN_TURN else 4)
    for held in folds if n < IN_TURN else folds[:1]:
        yield np.delete(rows, held, axis=0), rows[held]
