"""Series drawn by the program, with oddities at known places: each shows one kind.

::

    pattern of a day or a rhythm + noise, one stretch changed ──► SeriesData, (first, last) odd

What a series holds depends on its name and ``random_state`` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .series import SeriesData

#: Steps of ten minutes from a Monday's midnight: four weeks.
STEPS, A_DAY = 4032, 144
_BEGIN = np.datetime64("2026-01-05T00:00:00", "us")


@dataclass(frozen=True)
class DrawnSeries:
    """A series and where it is odd.

    Parameters
    ----------
    data : SeriesData
    odd : tuple of (int, int)
        First and last row of each oddity.
    about : str
        One sentence for a menu.
    """

    data: SeriesData
    odd: tuple[tuple[int, int], ...]
    about: str


Made = tuple[NDArray[np.float64], tuple[tuple[int, int], ...]]
#: Columns of the series that has several.
_MACHINE = ("temperature", "current", "vibration")


def _day(rng: np.random.Generator) -> NDArray[np.float64]:
    """Load of a machine by day: two humps, less at weekends, and noise."""
    hours = np.arange(STEPS) % A_DAY / 6
    humps = np.exp(-((hours - 10) ** 2) / 6) + 0.8 * np.exp(-((hours - 16) ** 2) / 8)
    weekend = np.arange(STEPS) // A_DAY % 7 >= 5
    return 20 + 60 * humps * np.where(weekend, 0.7, 1) + rng.normal(0, 2, STEPS)


def _missing_day(rng: np.random.Generator) -> Made:
    values = _day(rng)
    first, last = 17 * A_DAY, 18 * A_DAY - 1  # a Thursday
    values[first : last + 1] = 20 + rng.normal(0, 2, last + 1 - first)
    return values, ((first, last),)


def _drift(rng: np.random.Generator) -> Made:
    values = 50 + 3 * np.sin(np.arange(STEPS) * 2 * np.pi / A_DAY) + rng.normal(0, 1, STEPS)
    first = 2600
    values[first:] += 0.02 * np.arange(STEPS - first)
    return values, ((first, STEPS - 1),)


def _stuck(rng: np.random.Generator) -> Made:
    values = 15 + 6 * np.sin(np.arange(STEPS) * 2 * np.pi / A_DAY) + rng.normal(0, 0.8, STEPS)
    first, last = 2810, 3109
    values[first : last + 1] = values[first]
    return values, ((first, last),)


def _rhythm(rng: np.random.Generator) -> Made:
    first, last = 2500, 2899
    speed = np.full(STEPS, 2 * np.pi / 24)
    speed[first : last + 1] *= 4
    return 10 * np.sin(np.cumsum(speed)) + rng.normal(0, 0.5, STEPS), ((first, last),)


def _spikes(rng: np.random.Generator) -> Made:
    values, places = _day(rng), (1930, 2700, 3411)
    values[list(places)] += (55.0, -45.0, 70.0)
    return values, tuple((place, place) for place in places)


def _machine(rng: np.random.Generator) -> Made:
    """A machine by its temperature, which follows its current, and its vibration.

    Vibration rises for three hours; later the current reads idle for a working day, a value usual
    by night, while the two others say that the machine ran.
    """
    current = _day(rng) / 10

    def noise(wide: float) -> NDArray[np.float64]:
        return rng.triangular(-wide, 0, wide, STEPS)

    warm, heat = current[0], np.empty(STEPS)
    for step, load in enumerate(current):
        warm += 0.06 * (load - warm)
        heat[step] = warm
    temperature, vibration = 22 + 6 * heat + noise(1), 0.4 + 0.12 * current + noise(0.15)
    first, last = 16 * A_DAY + 84, 16 * A_DAY + 101  # a Wednesday afternoon
    vibration[first : last + 1] += 1.1
    begin, end = 22 * A_DAY + 54, 23 * A_DAY + 53  # from a Tuesday morning on
    current[begin : end + 1] = 2 + noise(0.4)[begin : end + 1]
    return np.stack([temperature, current, vibration], 1), ((first, last), (begin, end))


#: Every series by its name: how it is drawn, and a sentence.
DRAWN: dict[str, tuple[Callable[[np.random.Generator], Made], str]] = {
    "missing day": (_missing_day, "A daily pattern that one working day does not follow."),
    "slow drift": (_drift, "A calm value that begins to rise slowly and never stops."),
    "stuck sensor": (_stuck, "A sensor that gives the same value for two days."),
    "changed rhythm": (_rhythm, "A steady rhythm that is four times as fast for a while."),
    "spikes": (_spikes, "A daily pattern with three single values far off."),
    "machine": (
        _machine,
        "Three columns: one goes odd alone, later one no longer fits the others.",
    ),
}


def draw_series(name: str, random_state: int = 0) -> DrawnSeries:
    """Draw one of ``DRAWN``.

    Parameters
    ----------
    name : str
    random_state : int
        Seed of its noise.

    Raises
    ------
    DataError
        If there is none of that name.

    Examples
    --------
    >>> drawn = draw_series("stuck sensor")
    >>> len(drawn.data), drawn.odd
    (4032, ((2810, 3109),))
    """
    if name not in DRAWN:
        raise DataError(f"There is no series {name!r}; there are {', '.join(DRAWN)}.")
    make, about = DRAWN[name]
    values, odd = make(np.random.default_rng(random_state))
    stamps = _BEGIN + np.arange(STEPS) * np.timedelta64(600, "s")
    several = values.ndim == 2
    table = np.round(values if several else values[:, None], 2)
    data = SeriesData(name, table, _MACHINE if several else ("value",), stamps, "time")
    return DrawnSeries(data, odd, about)
