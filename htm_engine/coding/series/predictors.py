"""What units expect of the next value, in whole numbers: ten predictors and their scales.

Values are held as multiples of 2^-f, with f such that they stay below 2^50.  The predictors:
the last value; running means of rates 1/2, 1/5 and 1/20; Holt's damped trend; the last step
once more; the value one period ago; the same moved by the last step; and two linear filters of
the last 8 and 24 steps, which learn by normalised least mean squares (Widrow and Hoff 1960).
The filters see what columns before this one did at the same time.  Each predictor has two
scales, running means of its absolute error, fast and slow, in sixteenths.

The order of the steps is the format: encoder and decoder do the very same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled

#: Predictors, scales of each, and columns before this one that the filters see.
PREDICTORS, RATES, BESIDE = 10, 2, 2
#: Steps that the filters look back on, and their rates in 2^-8.
ORDERS, _FILTER_RATES = (8, 24), (8, 4)
#: Length of the ring of steps, and of a filter's weights.
RING, TAPS = 64, ORDERS[1] + BESIDE
#: Steps are in 1/256 of the series' usual distance from its middle, and clipped to 128 times it.
STEP_BITS, _FAR_STEP = 8, 32767
#: The filters' error is clipped to eight usual distances, and their prediction to sixteen.
_FAR_ERROR, _FAR_PREDICTION = 2048, 4096
#: Weights are multiples of 2^-16 and below 4.
_MOST_WEIGHT = 1 << 18
#: Added to the energy of the steps, which a filter's rate is divided by.
_ENERGY = 1 << 16
#: Errors count as eight times the scale, and a sixteenth of what is beyond.
_MOST_ERROR = 8
#: Values from which on errors are so clipped, and scales move at their own rate.
_SETTLED = 8
#: Where predictions are clipped to.
_FAR = 1 << 51
#: Registers: running means, level and trend of Holt's method, and the smallest scale.
MEAN_2, MEAN_5, MEAN_20, LEVEL, TREND, LEAST = 0, 1, 2, 3, 4, 5


@compiled(makes_arrays=False)
def predict(units: Any, plan: Any, values: Any, beside: Any, at: Any) -> Any:
    """Fill ``units.mu`` with what each expects of a value.

    ``at`` is its place in the series, in ``values``, which hold at least a period and one more
    before it, and in ``beside``.
    ``plan (5,)`` is: bits of fraction f; the middle of the series; its usual distance from there,
    times 2^f, over 256; the period, or 0; and 10^j, j plain digits.
    """
    mu, R, ring, taps = units.mu, units.registers, units.ring, units.taps
    f, period = plan[0], plan[3]
    t, now, here = at
    last = values[now - 1] << f if t > 0 else plan[1] << f
    before = values[now - 2] << f if t > 1 else last
    mu[0] = last
    mu[1], mu[2], mu[3] = R[MEAN_2], R[MEAN_5], R[MEAN_20]
    mu[4] = R[LEVEL] + R[TREND]
    mu[5] = 2 * last - before
    mu[6] = mu[7] = last
    if 0 < period < t:
        mu[6] = values[now - period] << f
        mu[7] = mu[6] + last - (values[now - period - 1] << f)
    for number in range(2):
        order = ORDERS[number]
        total = np.int64(0)
        for i in range(order):
            total += taps[number, i] * ring[(t - 1 - i) & (RING - 1)]
        for i in range(BESIDE):
            total += taps[number, ORDERS[1] + i] * beside[i, here]
        found = min(max(total >> 16, -_FAR_PREDICTION), _FAR_PREDICTION)
        units.filtered[number] = found
        mu[8 + number] = last + found * plan[2]
    for i in range(PREDICTORS):
        mu[i] = min(max(mu[i], -_FAR), _FAR)


@compiled(makes_arrays=False)
def start(units: Any, plan: Any) -> Any:
    """Let every unit expect the middle of the series, at its usual distance."""
    R, f = units.registers, plan[0]
    R[MEAN_2] = R[MEAN_5] = R[MEAN_20] = R[LEVEL] = plan[1] << f
    R[LEAST] = max(2 << f, 1)
    for i in range(PREDICTORS):
        for rate in range(RATES):
            units.scales[i, rate] = max((plan[2] << STEP_BITS) << 2, R[LEAST])


@compiled(makes_arrays=False)
def learn(units: Any, plan: Any, values: Any, beside: Any, at: Any) -> Any:
    """Let every predictor and its scales learn from a value; ``at`` as for :func:`predict`."""
    mu, R, scales = units.mu, units.registers, units.scales
    t, now, _ = at
    x = values[now] << plan[0]
    for i in range(PREDICTORS):
        error = abs(x - mu[i]) << 4
        for rate in range(RATES):
            scale, own = scales[i, rate], error
            if t > _SETTLED and own > _MOST_ERROR * scale:
                own = _MOST_ERROR * scale + ((own - _MOST_ERROR * scale) >> 4)
            slow = (own - scale) // (t + 2)
            usual = ((own - scale) * 5) >> (6 if rate == 0 else 9)
            scale += slow if t + 2 < (13 if rate == 0 else 102) else usual
            scales[i, rate] = max(scale, R[LEAST])
    if t == 0:
        R[MEAN_2] = R[MEAN_5] = R[MEAN_20] = R[LEVEL] = x
        return
    R[MEAN_2] += (x - R[MEAN_2]) >> 1
    R[MEAN_5] += ((x - R[MEAN_5]) * 13) >> 6
    R[MEAN_20] += ((x - R[MEAN_20]) * 13) >> 8
    expected = R[LEVEL] + R[TREND]
    level = expected + (((x - expected) * 13) >> 5)
    damped = (R[TREND] * 7) >> 3
    R[TREND] = damped + (((level - R[LEVEL] - damped) * 3) >> 5)
    R[LEVEL] = level
    _filter(units, plan, x - (values[now - 1] << plan[0]), beside, at)


@compiled(makes_arrays=False)
def _filter(units: Any, plan: Any, step: Any, beside: Any, at: Any) -> Any:
    """Move the filters' weights down the gradient of their squared error, and note the step."""
    ring, taps = units.ring, units.taps
    t, _, here = at
    step = min(max(step // plan[2], -_FAR_STEP), _FAR_STEP)
    for number in range(2):
        order = ORDERS[number]
        energy = np.int64(_ENERGY)
        for i in range(order):
            energy += ring[(t - 1 - i) & (RING - 1)] ** 2
        for i in range(BESIDE):
            energy += beside[i, here] ** 2
        error = min(max(step - units.filtered[number], -_FAR_ERROR), _FAR_ERROR)
        push = (error * _FILTER_RATES[number]) << 8
        for i in range(order):
            moved = taps[number, i] + (push * ring[(t - 1 - i) & (RING - 1)]) // energy
            taps[number, i] = min(max(moved, -_MOST_WEIGHT), _MOST_WEIGHT)
        for i in range(BESIDE):
            moved = taps[number, ORDERS[1] + i] + (push * beside[i, here]) // energy
            taps[number, ORDERS[1] + i] = min(max(moved, -_MOST_WEIGHT), _MOST_WEIGHT)
    ring[t & (RING - 1)] = step
