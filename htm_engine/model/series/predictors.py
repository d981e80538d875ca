"""The next value of a series: units predict it, compete through a softmax, and the gate learns.

::

    past, clock ──► 8 units mu_i, scale b_i ──► w = softmax(a) ──► median, band, surprise
    value ──► r_i = w_i p_i(x) / sum ──► a_i += rate (r_i - w_i)

Each unit is a Laplace distribution about what it predicts, ``b_i`` the mean of its errors; the
prediction is the median of their mixture's means.  Activation, responsibilities and the step
along the gradient are those of ``model.competition``, in a loop over values; a test compares.
The autoregression learns by recursive least squares (Haykin, *Adaptive Filter Theory*), and the
part of values outside the band is steered to what it should be as in Gibbs and Candès,
*Adaptive conformal inference* (NeurIPS 2021).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .clock import HALF_HOURS, cell_of

Array = NDArray[Any]

#: What each unit predicts by.
UNITS = (
    "last value",
    "fast mean",
    "slow mean",
    "mean of all",
    "autoregression",
    "time of day",
    "last value and time of day",
    "last value and trend",
)
#: Values that the autoregression looks at.
LAGS = 6
HOURS = HALF_HOURS // 2
#: Values outside the band, and the step that steers them there.
OUTSIDE, _STEER = 0.1, 0.005
_LEAST_TAIL, _MOST_TAIL = 0.002, 0.4
#: Step along the gradient, and where log-weights are clipped.
GATE_RATE, MOST_LOG = 0.5, 6.0
_FAST, _SLOW, _DAILY = 0.2, 0.02, 0.15
#: Least rate of a scale; errors above so many scales count as so many; least part of the
#: standard deviation.
_SCALE_RATE, _OUTLIER, _LEAST_SCALE = 0.02, 8.0, 0.01
_FORGET, _START, _MOST_TARGET, _MOST_INVERSE = 0.995, 100.0, 6.0, 1e6
#: Most surprise of a value, in bits.
MOST_BITS = 20.0

# Places of ``means`` and of ``marks``.
FAST, SLOW, ALL, SQUARES, TREND, TAIL = range(6)
LAST, STEP, SEEN_STEP = range(3)
#: Columns of what is found for each value.
PREDICTION, LOW, HIGH, SURPRISE, WINNER = range(5)


class Predictors(NamedTuple):
    """All state of the units and their gate."""

    logs: Array  #: (U,) a, the log-weights
    scales: Array  #: (U,) mean error of each unit
    lags: Array  #: (LAGS,) last values, the latest first
    weights: Array  #: (LAGS,) of the autoregression
    inverse: Array  #: (LAGS, LAGS) its inverse correlations
    days: Array  #: (2, 2, 24) mean and count of each hour of each kind of day
    means: Array  #: (6,) fast and slow mean, mean of all and its squares, trend, part outside
    stamps: Array  #: (3,) last time stamp, usual step, last step; 0 where there is none
    seen: Array  #: (2,) values seen, stamps seen


def new_predictors() -> Predictors:
    """Units that have seen nothing."""
    return Predictors(
        logs=np.zeros(len(UNITS)),
        scales=np.zeros(len(UNITS)),
        lags=np.zeros(LAGS),
        weights=np.zeros(LAGS),
        inverse=np.eye(LAGS) * _START,
        days=np.zeros((2, 2, HOURS)),
        means=np.array([0.0, 0, 0, 0, 0, OUTSIDE]),
        stamps=np.zeros(3),
        seen=np.zeros(2, np.int64),
    )


def follow(state: Predictors, seconds: Array, values: Array, *, bands: bool = True) -> Array:
    """Predict each value, then learn it.

    Parameters
    ----------
    state : Predictors
        Changed in place.
    seconds : float64 array (n,)
        Time stamps, NaN where there is none.
    values : float64 array (n,)
        NaN is predicted and not learned.
    bands : bool
        Whether what is found is wanted; else the units only learn, which is faster.

    Returns
    -------
    float64 array (n, 5), or (0, 5) without ``bands``
        Prediction, low and high end of the 90 % band, surprise in bits, number of the unit of
        the largest weight.  NaN before the first value.
    """
    found = np.full((len(values) if bands else 0, 5), np.nan)
    _follow(state, seconds, values, found)
    return found


def wander(state: Predictors, rng: np.random.Generator, paths: int, steps: int) -> Array:
    """Go on without values: each path draws a unit and its error, and takes that as the value.

    Parameters
    ----------
    state : Predictors
        Left as it is; it has seen a value.
    rng : Generator
    paths : int
    steps : int

    Returns
    -------
    float64 array (paths, steps)
    """
    found = np.empty((paths, steps))
    for path in found:
        own = state._replace(lags=state.lags.copy(), means=state.means.copy())
        _wander(own, rng.random((steps, 2)), path)
    return found


@compiled(makes_arrays=False)
def softmax(logs: Array, weights: Array) -> None:
    """``competition.activation`` of one row."""
    top, total = logs[0], 0.0
    for i in range(1, len(logs)):
        top = max(top, logs[i])
    for i in range(len(logs)):
        weights[i] = np.exp(logs[i] - top)
        total += weights[i]
    for i in range(len(logs)):
        weights[i] /= total


@compiled(makes_arrays=False)
def gate_step(logs: Array, weights: Array, joint: Array) -> None:
    """``competition.gradient_step`` of the log-weights: by (w - r), r the responsibilities."""
    softmax(joint, joint)
    for i in range(len(logs)):
        moved = logs[i] - GATE_RATE * (weights[i] - joint[i])
        logs[i] = min(MOST_LOG, max(-MOST_LOG, moved))


@compiled(makes_arrays=False)
def below(means: Array, scales: Array, weights: Array, value: float) -> float:
    """Probability of less than a value, in the mixture."""
    found = 0.0
    for i in range(len(means)):
        away = (value - means[i]) / scales[i]
        found += weights[i] * (0.5 * np.exp(away) if away < 0 else 1 - 0.5 * np.exp(-away))
    return found


@compiled(makes_arrays=False)
def quantile(means: Array, scales: Array, weights: Array, share: float) -> float:
    """Value below which a share of the mixture lies, by halving."""
    away = np.log(2 * share) if share < 0.5 else -np.log(2 * (1 - share))
    low, high = np.inf, -np.inf
    for i in range(len(means)):
        low = min(low, means[i] + scales[i] * away)
        high = max(high, means[i] + scales[i] * away)
    for _ in range(48):
        middle = 0.5 * (low + high)
        if below(means, scales, weights, middle) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@compiled(makes_arrays=False)
def median(means: Array, weights: Array) -> float:
    """The least prediction below or at which half of the weights lie."""
    found = np.inf
    for i in range(len(means)):
        reached = 0.0
        for j in range(len(means)):
            if means[j] <= means[i]:
                reached += weights[j]
        if reached >= 0.5:
            found = min(found, means[i])
    return found


@compiled(makes_arrays=False)
def _usual(state: Predictors, cell: int) -> float:
    """Mean at this hour of this kind of day, else of the other kind, else of all values."""
    if cell >= 0:
        kind, hour = cell // HALF_HOURS, cell % HALF_HOURS // 2
        for one in (kind, 1 - kind):
            if state.days[1, one, hour] > 0:
                return state.days[0, one, hour]
    return state.means[ALL]


@compiled(makes_arrays=False)
def _spread(state: Predictors) -> float:
    return np.sqrt(state.means[SQUARES] / max(1, state.seen[0]))


@compiled(makes_arrays=False)
def predict(state: Predictors, cell: int, before: int, means: Array) -> None:
    """What each unit says of the next value; cells of its time and of the last value's."""
    last, spread, usual = state.lags[0], _spread(state), _usual(state, cell)
    pulled = 0.0
    if spread > 0:
        for k in range(LAGS):
            pulled += state.weights[k] * (state.lags[k] - state.means[ALL])
    means[0] = last
    means[1] = state.means[FAST]
    means[2] = state.means[SLOW]
    means[3] = state.means[ALL]
    means[4] = state.means[ALL] + pulled
    means[5] = usual
    means[6] = last + usual - _usual(state, before)
    means[7] = last + state.means[TREND]


@compiled(makes_arrays=False)
def scales_of(state: Predictors, scales: Array) -> None:
    """How far each unit errs."""
    least = max(_LEAST_SCALE * _spread(state), 1e-290)
    for i in range(len(scales)):
        scales[i] = max(state.scales[i], least)


@compiled
def _regress(state: Predictors, value: float) -> None:
    """Recursive least squares on values as standard deviations from their mean."""
    spread, mean = _spread(state), state.means[ALL]
    if spread <= 0:
        return
    inputs = (state.lags - mean) / spread
    gain = np.zeros(LAGS)
    size, error = _FORGET, (value - mean) / spread
    for k in range(LAGS):
        for j in range(LAGS):
            gain[k] += state.inverse[k, j] * inputs[j]
    for k in range(LAGS):
        size += gain[k] * inputs[k]
        error -= state.weights[k] * inputs[k]
    error = min(_MOST_TARGET, max(-_MOST_TARGET, error))
    # Directions that a constant series says nothing of would grow without end by forgetting.
    forgotten = _FORGET
    for k in range(LAGS):
        if state.inverse[k, k] > _MOST_INVERSE:
            forgotten = 1.0
    for k in range(LAGS):
        state.weights[k] += gain[k] / size * error
        for j in range(LAGS):
            state.inverse[k, j] = (state.inverse[k, j] - gain[k] * gain[j] / size) / forgotten


@compiled(makes_arrays=False)
def _advance(state: Predictors, value: float) -> None:
    """Take a value, or one that was drawn, as the last one."""
    state.means[TREND] += _FAST * (value - state.lags[0] - state.means[TREND])
    state.means[FAST] += _FAST * (value - state.means[FAST])
    state.means[SLOW] += _SLOW * (value - state.means[SLOW])
    for k in range(LAGS - 1, 0, -1):
        state.lags[k] = state.lags[k - 1]
    state.lags[0] = value


@compiled(makes_arrays=False)
def _begin(state: Predictors, value: float) -> None:
    state.lags[:] = value
    state.means[FAST] = state.means[SLOW] = state.means[ALL] = value


@compiled(makes_arrays=False)
def _remember(state: Predictors, value: float, cell: int) -> None:
    """Take a value into what is learned slowly: the mean of all and the time of day."""
    state.seen[0] += 1
    off = value - state.means[ALL]
    state.means[ALL] += off / state.seen[0]
    state.means[SQUARES] += off * (value - state.means[ALL])
    if cell >= 0:
        kind, hour = cell // HALF_HOURS, cell % HALF_HOURS // 2
        state.days[1, kind, hour] += 1
        rate = max(_DAILY, 1 / state.days[1, kind, hour])
        state.days[0, kind, hour] += rate * (value - state.days[0, kind, hour])


@compiled(makes_arrays=False)
def _keep_time(state: Predictors, second: float) -> None:
    """Remember the last stamp, and the step that came twice in a row (else the first one)."""
    if np.isnan(second):
        return
    step = second - state.stamps[LAST]
    if state.seen[1] > 0 and step > 0:
        if state.stamps[STEP] == 0 or abs(step - state.stamps[SEEN_STEP]) < 1e-3 * step:
            state.stamps[STEP] = step
        state.stamps[SEEN_STEP] = step
    state.stamps[LAST] = second
    state.seen[1] += 1


@compiled(makes_arrays=False)
def last_cell(state: Predictors) -> int:
    """Cell of the last stamp's time."""
    return cell_of(state.stamps[LAST]) if state.seen[1] > 0 else -1


@compiled
def _learn(state: Predictors, value: float, mixture: tuple) -> float:
    """Move gate, scales and band by a value; its surprise in bits."""
    means, scales, weights, joint = mixture
    share = below(means, scales, weights, value)
    tail = state.means[TAIL]
    missed = 1.0 if share < tail / 2 or share > 1 - tail / 2 else 0.0
    steered = tail + _STEER * (OUTSIDE - missed)
    state.means[TAIL] = min(_MOST_TAIL, max(_LEAST_TAIL, steered))
    beyond = 0.0
    for i in range(len(means)):
        error = abs(value - means[i])
        beyond += weights[i] * np.exp(-error / scales[i])
        joint[i] = np.log(weights[i]) - error / scales[i] - np.log(scales[i])
        if state.scales[i] > 0:
            error = min(error, _OUTLIER * state.scales[i])
        rate = max(_SCALE_RATE, 1 / (state.seen[0] + 1))
        state.scales[i] += rate * (error - state.scales[i])
    gate_step(state.logs, weights, joint)
    _regress(state, value)
    return min(MOST_BITS, -np.log2(max(beyond, 1e-300)))


@compiled
def _follow(state: Predictors, seconds: Array, values: Array, found: Array) -> None:
    units = len(state.logs)
    means, scales = np.empty(units), np.empty(units)
    weights, joint = np.empty(units), np.empty(units)
    for t in range(len(values)):
        value, second = values[t], seconds[t]
        cell, begun, told = cell_of(second), state.seen[0] > 0, t < len(found)
        if begun:
            predict(state, cell, last_cell(state), means)
            scales_of(state, scales)
            softmax(state.logs, weights)
            if told:
                tail = state.means[TAIL]
                found[t, PREDICTION] = median(means, weights)
                found[t, LOW] = quantile(means, scales, weights, tail / 2)
                found[t, HIGH] = quantile(means, scales, weights, 1 - tail / 2)
                found[t, WINNER] = np.argmax(weights)
        if np.isnan(value):
            if begun:
                _keep_time(state, second)
            continue
        bits = 0.0
        if begun:
            bits = _learn(state, value, (means, scales, weights, joint))
            _advance(state, value)
        else:
            _begin(state, value)
        _remember(state, value, cell)
        _keep_time(state, second)
        if told:
            found[t, SURPRISE] = bits


@compiled
def _wander(state: Predictors, drawn: Array, path: Array) -> None:
    units = len(state.logs)
    means, scales, weights = np.empty(units), np.empty(units), np.empty(units)
    scales_of(state, scales)
    # As wide as the band that was steered to hold what it should, and not as the units say.
    scales *= np.log(state.means[TAIL]) / np.log(OUTSIDE)
    softmax(state.logs, weights)
    before, second = last_cell(state), state.stamps[LAST]
    for t in range(len(path)):
        second += state.stamps[STEP]
        cell = cell_of(second) if state.seen[1] > 0 else -1
        predict(state, cell, before, means)
        before = cell
        reached, chosen = weights[0], 0
        while reached < drawn[t, 0] and chosen < units - 1:
            chosen += 1
            reached += weights[chosen]
        side = 2 * drawn[t, 1] - 1
        away = -np.log(max(1 - abs(side), 1e-12)) * scales[chosen]
        path[t] = means[chosen] + (away if side > 0 else -away)
        _advance(state, path[t])
