"""What is odd in a series: prototypes compete for each value, and their surprise is weighed.

A value is seen in five ways, each by prototypes m_k of mass n_k with kernels of three widths::

    value x ──► 5 views v ──► s = -log2 sum_k (n_k / N) exp(-|v - m_k| / w)     surprise, bits
                          ──► s - theta        theta by the gradient of the pinball loss
                          ──► 288 members: the largest of a few views, clipped ──► mean ──► score

The sum is a softmax of log-masses over the prototypes (Nowlan's competitive learning with a
Laplace kernel), and the nearest one wins and learns.  A threshold theta rises after a hit and
falls slowly otherwise, so that it is passed alpha times in a learning period P on average
(Gibbs and Candès, *Adaptive conformal inference*, NeurIPS 2021, have the same step).  A member
takes some views and one setting; their mean is steadier than the best of them.

Prototypes are kept in order of value: those beyond some widths add nothing that counts, and
are not looked at.  All state is arrays of fixed sizes; nothing after a value reaches its score.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .clock import HALF_HOURS, cell_of

Array = NDArray[Any]

#: How a value is seen: itself; the mean of steps; what it is above its time of day; slow means
#: of values and of steps.
VIEWS = ("value", "steps", "time of day", "slow mean", "slow steps")
_RATES = (1.0, 0.03, 0.03, 0.01, 0.01)
#: Views that a member takes the largest of.
_SETS = ((0,), (0, 1), (0, 2), (0, 1, 2), (0, 3), (0, 1, 3), (0, 4), (0, 2, 3))
#: Prototypes of a view and width.
ROOM = 400
#: A width is this often h standard deviations; a prototype's least rate; that of a time of day.
_SPREAD, _SLOWEST, _DAILY = 4.0, 0.02, 0.15
#: Surprise above this many bits makes no difference to any member.
_MOST_BITS = 300.0
#: Thresholds stay within these; parts of P that a threshold and the score rest after a hit.
_LOWEST, _HIGHEST, _REST, _SILENCE = 8.0, 60.0, 0.1, 0.15
#: Part of P in which everything is new and nothing is reported.
_QUIET = 0.25
#: What a bit above the threshold weighs in a member, and where a member is clipped.
_WEIGHT, _CLIP = 0.3, 0.7
#: Vote from which a value is odd: just above 3/8 of the most there is, which one view other
#: than the value itself can give alone; and how steep the score is there.
_LEVEL, _STEEP = 0.526, 6.0


class Committee(NamedTuple):
    """Settings of the members: each width goes with each setting and each set of views."""

    widths: Array  #: (W,) h: width of a kernel in standard deviations, by ``_SPREAD``
    settings: Array  #: (C, 3) first theta, gamma (how fast it moves), alpha (hits in P)


LARGE = Committee(
    np.array([0.004, 0.006, 0.009]),
    np.array([(t, g, a) for t in (15.0, 18.0) for g in (0.5, 0.8, 1.2) for a in (0.3, 0.6)]),
)
SMALL = Committee(np.array([0.006]), np.array([(16.0, 0.8, a) for a in (0.3, 0.6)]))
_LOOKS = np.array([[view in one for view in range(len(VIEWS))] for one in _SETS])

# Rows of ``moments`` and of ``past``.
COUNT, MEAN, SQUARES = range(3)
BEFORE, OVERALL = range(2)
# Places of ``marks``: values seen; the last value that was reported as odd.
SEEN, REPORTED = range(2)
_NEVER = -(1 << 40)


class Detector(NamedTuple):
    """All state of a detector: V views, W widths, C settings."""

    prototypes: Array  #: (V, W, ROOM) m, in order
    masses: Array  #: (V, W, ROOM) n
    totals: Array  #: (V, W) N
    used: Array  #: (V, W) prototypes there are
    theta: Array  #: (V, W, C)
    hits: Array  #: (V, W, C) when each threshold was last passed
    views: Array  #: (V,) the last value's views, not learned yet
    moments: Array  #: (3, V) count, mean, sum of squares of each view
    days: Array  #: (2, 2, 48) mean and count of each half hour of each kind of day
    past: Array  #: (2,) the last value; the mean of all
    marks: Array  #: (2,) values seen; the last one reported


def new_detector(committee: Committee) -> Detector:
    """A detector that has seen nothing."""
    shape = len(VIEWS), len(committee.widths)
    settings = len(committee.settings)
    return Detector(
        prototypes=np.zeros((*shape, ROOM)),
        masses=np.zeros((*shape, ROOM)),
        totals=np.zeros(shape),
        used=np.zeros(shape, np.int64),
        theta=np.tile(committee.settings[:, 0], (*shape, 1)),
        hits=np.full((*shape, settings), _NEVER, np.int64),
        views=np.zeros(len(VIEWS)),
        moments=np.zeros((3, len(VIEWS))),
        days=np.zeros((2, 2, HALF_HOURS)),
        past=np.zeros(2),
        marks=np.array([0, _NEVER], np.int64),
    )


def watch(
    detector: Detector, committee: Committee, period: int, seconds: Array, values: Array
) -> tuple[Array, Array]:
    """Score values, one after the other, and learn each.

    Parameters
    ----------
    detector : Detector
        Changed in place.
    committee : Committee
        The one that it was made for.
    period : int
        Learning period P: nothing is reported in its first quarter.
    seconds : float64 array (n,)
        Time stamps, NaN where there is none.
    values : float64 array (n,)
        NaN scores 0 and is not learned.

    Returns
    -------
    scores : float64 array (n,)
        0 to 1; from 0.5 a value is odd.
    bits : float64 array (n, V)
        Surprise of each view under its narrowest kernel.
    """
    scores, bits = np.zeros(len(values)), np.zeros((len(values), len(VIEWS)))
    margins = np.zeros((len(VIEWS), len(committee.widths), len(committee.settings)))
    _watch(detector, committee, float(period), (seconds, values), (scores, bits, margins))
    return scores, bits


@compiled(makes_arrays=False)
def place_of(sorted_: Array, used: int, value: float) -> int:
    """How many of the first ``used`` are below a value."""
    low, high = 0, used
    while low < high:
        middle = (low + high) // 2
        if sorted_[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(makes_arrays=False)
def surprise(prototypes: Array, masses: Array, used: int, total: float, at: tuple) -> float:
    """-log2 of the softmax mixture at a value; ``at`` is the value and the width."""
    value, width = at
    if used == 0:
        return 0.0
    place = place_of(prototypes, used, value)
    nearest = np.inf
    if place < used:
        nearest = prototypes[place] - value
    if place > 0:
        nearest = min(nearest, value - prototypes[place - 1])
    if nearest > width * _MOST_BITS:
        return _MOST_BITS
    # All that is farther adds less than 1e-7 of the sum, whatever its mass.
    reach = nearest + width * (16 + np.log(total))
    found, k = 0.0, place
    while k < used and prototypes[k] - value <= reach:
        found += masses[k] * np.exp((nearest - (prototypes[k] - value)) / width)
        k += 1
    k = place - 1
    while k >= 0 and value - prototypes[k] <= reach:
        found += masses[k] * np.exp((nearest - (value - prototypes[k])) / width)
        k -= 1
    return min(_MOST_BITS, nearest / width / np.log(2.0) - np.log2(found / total))


@compiled(makes_arrays=False)
def learn(prototypes: Array, masses: Array, used: int, at: tuple) -> tuple[int, float]:
    """Let the nearest prototype win a value, or a new one be born there.

    Returns how many there are, and by how much their masses have grown together.
    """
    value, width = at
    place = place_of(prototypes, used, value)
    k = place
    if k == used or (k > 0 and value - prototypes[k - 1] <= prototypes[k] - value):
        k -= 1
    if used > 0 and abs(value - prototypes[k]) <= width:
        masses[k] += 1
        prototypes[k] += max(1 / masses[k], _SLOWEST) * (value - prototypes[k])
        return used, 1.0
    grown = 1.0
    if used == len(prototypes):
        light = np.argmin(masses)
        grown -= masses[light]
        for k in range(light, used - 1):
            prototypes[k], masses[k] = prototypes[k + 1], masses[k + 1]
        used -= 1
        if light < place:
            place -= 1
    for k in range(used, place, -1):
        prototypes[k], masses[k] = prototypes[k - 1], masses[k - 1]
    prototypes[place], masses[place] = value, 1.0
    return used + 1, grown


@compiled(makes_arrays=False)
def _usual(state: Detector, cell: int, value: float) -> float:
    """Mean at this time of day: of this kind of day, else of the other, else of all values."""
    if cell >= 0:
        kind, half = cell // HALF_HOURS, cell % HALF_HOURS
        for one in (kind, 1 - kind):
            if state.days[1, one, half] > 0:
                return state.days[0, one, half]
    return state.past[OVERALL] if state.marks[SEEN] > 0 else value


@compiled(makes_arrays=False)
def _look(state: Detector, value: float, cell: int, k: int) -> float:
    """One view of a value."""
    before, seen = state.views[k], state.marks[SEEN] > 0
    step = abs(value - state.past[BEFORE]) if seen else 0.0
    new = value
    if k == 1 or k == 4:
        new = step
    elif k == 2:
        new = value - _usual(state, cell, value)
    elif k == 3 and not seen:
        before = value
    return before + _RATES[k] * (new - before)


@compiled(makes_arrays=False)
def _see(state: Detector, committee: Committee, period: float, margins: Array, at: tuple) -> float:
    """Surprise of one view, its thresholds moved, and the view before it learned.

    ``at`` is the view's number and its value.  Returns the bits under the narrowest kernel.
    """
    k, view = at
    now, first = state.marks[SEEN], 0.0
    count = state.moments[COUNT, k]
    spread = np.sqrt(state.moments[SQUARES, k] / count) if count > 0 else 0.0
    for i in range(len(committee.widths)):
        width = max(_SPREAD * committee.widths[i] * spread, 1e-290)
        bits = surprise(
            state.prototypes[k, i],
            state.masses[k, i],
            state.used[k, i],
            state.totals[k, i],
            (view, width),
        )
        first = bits if i == 0 else first
        for c in range(len(committee.settings)):
            theta = state.theta[k, i, c]
            margins[k, i, c] = _WEIGHT * (bits - theta)
            hit = bits >= theta and now - state.hits[k, i, c] > _REST * period
            if hit:
                state.hits[k, i, c] = now
            gamma, alpha = committee.settings[c, 1], committee.settings[c, 2]
            theta += gamma / _WEIGHT * ((1.0 if hit else 0.0) - alpha / period)
            state.theta[k, i, c] = min(_HIGHEST, max(_LOWEST, theta))
        if now > 0:
            used, grown = learn(
                state.prototypes[k, i],
                state.masses[k, i],
                state.used[k, i],
                (state.views[k], width),
            )
            state.used[k, i] = used
            state.totals[k, i] += grown
    return first


@compiled(makes_arrays=False)
def _vote(margins: Array) -> float:
    """Mean of all members, from 0: each the largest of its views, clipped."""
    total, widths, settings = 0.0, margins.shape[1], margins.shape[2]
    for i in range(widths):
        for c in range(settings):
            for looks in _LOOKS:
                most = 0.0
                for k in range(len(looks)):
                    if looks[k]:
                        most = max(most, margins[k, i, c] + _CLIP)
                total += min(most, 2 * _CLIP)
    return total / (widths * settings * len(_LOOKS))


@compiled(makes_arrays=False)
def _score(state: Detector, period: float, vote: float) -> float:
    """The vote as 0 to 1, and 0 while it learns and while it rests after a report."""
    now = state.marks[SEEN]
    if now - state.marks[REPORTED] <= _SILENCE * period:
        return 0.0
    if vote >= _LEVEL:
        state.marks[REPORTED] = now
    if now < _QUIET * period:
        return 0.0
    # Stretched so that nothing odd at all is 0, and the level stays at a half.
    nothing = 1 / (1 + np.exp(_STEEP * _LEVEL))
    share = 1 / (1 + np.exp(-_STEEP * (vote - _LEVEL)))
    return min(1.0, (share - nothing) / (1 - 2 * nothing))


@compiled(makes_arrays=False)
def _remember(state: Detector, value: float, cell: int) -> None:
    """Take a value into the means of all, of its time of day, and of its views."""
    for k in range(len(state.views)):
        state.moments[COUNT, k] += 1
        off = state.views[k] - state.moments[MEAN, k]
        state.moments[MEAN, k] += off / state.moments[COUNT, k]
        state.moments[SQUARES, k] += off * (state.views[k] - state.moments[MEAN, k])
    if cell >= 0:
        kind, half = cell // HALF_HOURS, cell % HALF_HOURS
        state.days[1, kind, half] += 1
        rate = max(_DAILY, 1 / state.days[1, kind, half])
        state.days[0, kind, half] += rate * (value - state.days[0, kind, half])
    state.marks[SEEN] += 1
    state.past[OVERALL] += (value - state.past[OVERALL]) / state.marks[SEEN]
    state.past[BEFORE] = value


@compiled
def _watch(
    state: Detector, committee: Committee, period: float, given: tuple, found: tuple
) -> None:
    seconds, values = given
    scores, bits, margins = found
    views = np.empty(len(state.views))
    for t in range(len(values)):
        value = values[t]
        if np.isnan(value):
            continue
        cell = cell_of(seconds[t])
        for k in range(len(views)):
            views[k] = _look(state, value, cell, k)
            bits[t, k] = _see(state, committee, period, margins, (k, views[k]))
        scores[t] = _score(state, period, _vote(margins))
        state.views[:] = views
        _remember(state, value, cell)
