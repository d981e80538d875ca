"""What a trace of a series says: where it is odd, why there, and how good its predictions were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.series.detector import VIEWS
from ..model.series.results import SeriesTrace

#: Values nearer than this part of what was seen count as alike.
_ALIKE = 0.02
_HALF_HOUR, _DAY = 1800.0, 86_400.0
_WEEK = 7 * _DAY
#: The view of a value that is what it is above its time of day.
TIME_OF_DAY = VIEWS[2]


@dataclass(frozen=True)
class Reason:
    """Why one value was odd, by what had been seen before it."""

    at: int
    value: float
    expected: float
    low: float
    high: float
    bits: tuple[tuple[str, float], ...]  #: surprise of each view, the most surprised first
    by_day: bool  #: whether it was odd for its time of day, which is then all that is looked at
    before: int | None  #: the last place with a value like it, None if there was none


def odd_places(score: NDArray[np.floating], level: float) -> NDArray[np.intp]:
    """Where a score reaches a level: the first of each stretch that does.

    >>> odd_places(np.array([0, 0.6, 0.7, 0.1, 0.5]), 0.5).tolist()
    [1, 4]
    """
    odd = score >= level
    return np.flatnonzero(odd & ~np.concatenate([[False], odd[:-1]]))


def oddest(odd: NDArray[np.intp], score: NDArray[np.floating], most: int) -> NDArray[np.intp]:
    """Of odd places those of the highest scores, in their order.

    >>> oddest(np.array([1, 4, 6]), np.array([0, 0.6, 0, 0, 0.9, 0, 0.7]), 2).tolist()
    [4, 6]
    """
    if len(odd) <= most:
        return odd
    return np.sort(odd[np.argsort(-score[odd], kind="stable")[:most]])


def a_week(count: int, stamps: NDArray[np.datetime64] | None) -> float | None:
    """So many a week, by the time stamps; None where they tell no span of a day.

    A value stands for the time to the next.  Where most come at one interval that is what counts,
    so that a gap, or one wrong stamp, is no time that was watched.
    """
    known = None if stamps is None else np.sort(stamps[~np.isnat(stamps)])
    if known is None or len(known) < 2:
        return None
    steps = np.diff(known) / np.timedelta64(1, "s")
    usual = float(np.median(steps))
    regular = 2 * np.count_nonzero(steps == usual) > len(steps)
    seconds = usual * len(known) if regular else float(steps.sum()) + usual
    return count * _WEEK / seconds if seconds >= _DAY else None


def reason(
    values: NDArray[np.floating],
    trace: SeriesTrace,
    at: int,
    stamps: NDArray[np.datetime64] | None = None,
) -> Reason:
    """Why the value at a place was odd.

    Parameters
    ----------
    values : ndarray (n,)
    trace : SeriesTrace
        Of these values.
    at : int
        From 0 to n - 1.
    stamps : ndarray (n,) of datetime64, optional
    """
    bits = sorted(zip(VIEWS, trace.bits[at].tolist(), strict=True), key=lambda one: -one[1])
    value, past = float(values[at]), values[:at]
    like = np.zeros(0, np.intp)
    if np.isfinite(past).any():
        near = _ALIKE * float(np.nanmax(past) - np.nanmin(past))
        like = np.flatnonzero(np.abs(past - value) <= near)
    by_day = bits[0][0] == TIME_OF_DAY and stamps is not None and not np.isnat(stamps[at])
    if by_day and stamps is not None:
        like = like[_same_time(stamps[like], stamps[at])]
    # What belongs to the same event is no earlier one.
    apart = like[like < _begin_of(like, at)]
    return Reason(
        at=at,
        value=value,
        expected=float(trace.prediction[at]),
        low=float(trace.low[at]),
        high=float(trace.high[at]),
        bits=tuple(bits),
        by_day=by_day,
        before=int(apart[-1]) if len(apart) else None,
    )


def _same_time(stamps: NDArray[np.datetime64], then: np.datetime64) -> NDArray[np.bool_]:
    """Which stamps lie on earlier days within half an hour of a time of day; NaT does not."""
    before = (then - stamps) / np.timedelta64(1, "s")
    off = np.abs((before + _DAY / 2) % _DAY - _DAY / 2)
    return (before > _DAY / 2) & (off <= _HALF_HOUR)


def _begin_of(like: NDArray[np.intp], at: int) -> int:
    """Where the stretch of alike values begins that ends right before a place."""
    place = at
    for one in like[::-1]:
        if one < place - 1:
            break
        place = int(one)
    return place


@dataclass(frozen=True)
class Quality:
    """How good predictions were, of one step, after the learning period."""

    error: float  #: mean absolute error
    of_last: float  #: its part of the error of taking the last value for the next
    within: float  #: share of values inside the 90 % band


def quality(values: NDArray[np.floating], trace: SeriesTrace, period: int) -> Quality | None:
    """Measure one-step predictions; None where there is nothing to measure."""
    after = slice(max(1, period), None)
    error = np.abs(values - trace.prediction)[after]
    last = np.abs(np.diff(values, prepend=np.nan))[after]
    both = np.isfinite(error) & np.isfinite(last)
    if not both.any() or not last[both].sum():
        return None
    inside = (values >= trace.low) & (values <= trace.high)
    return Quality(
        error=float(error[both].mean()),
        of_last=float(error[both].sum() / last[both].sum()),
        within=float(inside[after][both].mean()),
    )
