"""Units that compete to predict the next value: the mixture, and what it learns.

Every predictor with each of its scales and either shape is a unit, and so is every one of those
that expect a value seen before.  Their shares are a softmax of evidence, the article's
activation; when a value is known, evidence moves down the gradient of the surprise, r - w with
r the unit's part in having predicted it, the article's rule::

    10 predictors x 2 scales x 2 shapes ─┐            softmax, by context ─┐
    4 units over values seen             ─┴─► mass ──► softmax, slow        ─┴──► p(decision)

``tree`` asks for the mass that each unit gives to the parts of an interval.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .. import mixing
from . import predictors, seen, shapes
from .predictors import PREDICTORS, RATES
from .seen import END, FIRST, SETS
from .shapes import SHAPES, TAIL_BITS, distance, tail

#: Units of a distribution, and all of them.
SPREAD = PREDICTORS * RATES * SHAPES
UNITS = SPREAD + SETS
#: Contexts of the first softmax: whether the last value was repeated, and how the scales stand.
CONTEXTS = 8
#: How fast evidence moves, in 2^-8: by context, in all contexts, and without any.
_RATE, _SLOW_RATE = 110, 20
#: Evidence is in octaves of 2^16; shares below 2^-16 are none.
_FINE, _MOST_OCTAVES = 6, 16
#: Share that every unit keeps, in 2^-16.
_LEAST_SHARE = 1
#: Decisions of the tree, contexts of a decision, and inputs of a gate.
NODES, CHANCES, INPUTS = 256, 6, 10
#: Rows of weights of the three gates.
GATES = (NODES, NODES * CONTEXTS, NODES * 16)


class Units(NamedTuple):
    """Whole state of the model of a series."""

    registers: NDArray[np.int64]  #: see ``predictors``, ``seen`` and ``tree``
    mu: NDArray[np.int64]  #: ``(PREDICTORS,)`` expected values
    scales: NDArray[np.int64]  #: ``(PREDICTORS, RATES)`` usual errors, in sixteenths
    filtered: NDArray[np.int64]  #: ``(2,)`` steps that the filters expect
    ring: NDArray[np.int64]  #: the last steps
    taps: NDArray[np.int64]  #: ``(2, TAPS)`` weights of the filters
    seen: NDArray[np.int64]  #: values seen, in order
    counts: NDArray[np.int64]  #: how often
    spread: NDArray[np.int64]  #: ``(SETS, 2 NEAR + 1)`` mass of those nearby, summed up
    evidence: NDArray[np.int64]  #: ``(CONTEXTS + 2, UNITS)`` by context, in all, slow
    shares: NDArray[np.int64]  #: ``(2, UNITS)`` softmax of it
    mass: NDArray[np.int64]  #: ``(5, UNITS)`` room of ``tree``
    chances: NDArray[np.uint32]  #: ``(CHANCES, 2^b)`` adaptive probabilities of decisions
    weights: NDArray[np.int32]  #: ``(rows of all gates, INPUTS)``
    top: NDArray[np.int32]  #: ``(NODES, gates)``
    inputs: NDArray[np.int32]  #: ``(INPUTS,)`` log-odds of a decision
    question: NDArray[np.int64]  #: what is asked, for ``tree``
    at: NDArray[np.int64]  #: ``(CHANCES,)`` where in the adaptive probabilities
    rows: NDArray[np.int64]  #: ``(gates,)`` which weights
    sums: NDArray[np.int32]  #: ``(gates,)`` log-odds of each gate


class Fixed(NamedTuple):
    """Tables that never change."""

    tails: NDArray[np.int64]
    densities: NDArray[np.int64]
    powers: NDArray[np.int64]
    squash: NDArray[np.int32]
    stretch: NDArray[np.int32]
    recip: NDArray[np.int64]


def fixed() -> Fixed:
    """Tables that never change."""
    return Fixed(
        shapes.tails(),
        shapes.densities(),
        shapes.powers(),
        mixing.squash_table(),
        mixing.stretch_table(),
        mixing.reciprocals(),
    )


def blank(length: int) -> Units:
    """Units that know nothing, for a series of ``length`` values."""
    bits = min(max(length.bit_length() + 6, 14), 20)
    weights = np.zeros((sum(GATES), INPUTS), np.int32)
    weights[:, 0], weights[:, 1] = 40_000, 20_000
    registers = np.zeros(24, np.int64)
    registers[seen.NEW] = 1 << 15
    return Units(
        registers,
        np.zeros(PREDICTORS, np.int64),
        np.ones((PREDICTORS, RATES), np.int64),
        np.zeros(2, np.int64),
        np.zeros(predictors.RING, np.int64),
        np.zeros((2, predictors.TAPS), np.int64),
        np.zeros(seen.MOST_SEEN + 1, np.int64),
        np.zeros(seen.MOST_SEEN + 1, np.int64),
        np.zeros((SETS, 2 * seen.NEAR + 1), np.int64),
        np.zeros((CONTEXTS + 2, UNITS), np.int64),
        np.zeros((2, UNITS), np.int64),
        np.zeros((5, UNITS), np.int64),
        np.full((CHANCES, 1 << bits), 1 << 31, np.uint32),
        weights,
        np.full((NODES, len(GATES)), 65536 // len(GATES), np.int32),
        np.zeros(INPUTS, np.int32),
        np.zeros(5, np.int64),
        np.zeros(CHANCES, np.int64),
        np.zeros(len(GATES), np.int64),
        np.zeros(len(GATES), np.int32),
    )


@compiled(makes_arrays=False)
def share(units: Any, powers: Any, context: Any) -> Any:
    """Fill ``units.shares`` with the softmax of the evidence, in 2^-16."""
    evidence, shares = units.evidence, units.shares
    for way in range(2):
        most = np.int64(-(1 << 60))
        for unit in range(UNITS):
            found = evidence[CONTEXTS + way, unit]
            if way == 0:
                found += evidence[context, unit]
            shares[way, unit] = found
            most = max(most, found)
        total = np.int64(0)
        for unit in range(UNITS):
            below = (most - shares[way, unit]) >> _FINE
            octaves = below >> shapes.POWER_BITS
            found = powers[below & 1023] >> octaves if octaves < _MOST_OCTAVES else np.int64(0)
            shares[way, unit] = found
            total += found
        for unit in range(UNITS):
            shares[way, unit] = (shares[way, unit] << 16) // total + _LEAST_SHARE


@compiled(makes_arrays=False)
def learn(units: Any, mass: Any, context: Any) -> Any:
    """Move evidence by what each unit gave to the value that came, ``mass (UNITS,)``."""
    evidence, shares = units.evidence, units.shares
    for way in range(2):
        total = np.int64(0)
        for unit in range(UNITS):
            total += shares[way, unit] * mass[unit]
        if total <= 0:
            continue
        for unit in range(UNITS):
            own = portion(shares[way, unit] * mass[unit], total)
            moved = own - shares[way, unit]
            if way == 0:
                step = (moved * _RATE) >> 8
                evidence[context, unit] += step
                evidence[CONTEXTS, unit] += step
            else:
                evidence[CONTEXTS + 1, unit] += (moved * _SLOW_RATE) >> 8


@compiled(inline="always")
def portion(part: Any, total: Any) -> Any:
    """``part / total`` in 2^-16, of whole numbers below 2^58."""
    return (part << 16) // total if total < (1 << 46) else part // (total >> 16)


@compiled(makes_arrays=False)
def beyond(units: Any, fixed: Any, f: Any, edge: Any, side: Any, out: Any) -> Any:
    """Mass that each unit gives to values not below ``edge``, or, at side 1, to those below."""
    mu, scales, tables = units.mu, units.scales, fixed.tails
    line = (edge << f) - ((1 << f) >> 1)
    unit = 0
    for i in range(PREDICTORS):
        d = mu[i] - line if side else line - mu[i]
        for rate in range(RATES):
            u = distance(abs(d), scales[i, rate])
            for shape in range(SHAPES):
                found = tail(tables[shape], u)
                out[unit] = (1 << TAIL_BITS) - found if d < 0 else found
                unit += 1
    seen.beyond(units, edge, side, out, SPREAD)


@compiled(makes_arrays=False)
def everything(units: Any, out: Any) -> Any:
    """Mass that each unit gives to all values."""
    window = units.registers[END] - units.registers[FIRST]
    for unit in range(SPREAD):
        out[unit] = 1 << TAIL_BITS
    for unit in range(SETS):
        out[SPREAD + unit] = units.spread[unit, window] if window else 0


@compiled(makes_arrays=False)
def middle(units: Any, f: Any) -> Any:
    """Where the units expect the next value together, and how far they usually err."""
    mu, scales, shares = units.mu, units.scales, units.shares[0]
    each = RATES * SHAPES
    away, error, total = np.int64(0), np.int64(0), np.int64(0)
    for i in range(PREDICTORS):
        own = np.int64(1)
        for unit in range(i * each, (i + 1) * each):
            own += shares[unit]
        total += own
        away += (
            ((mu[i] - mu[0]) >> 8) * own if abs(mu[i] - mu[0]) >> 42 else (mu[i] - mu[0]) * own >> 8
        )
        error += (scales[i, 0] >> 12) * own if scales[i, 0] >> 42 else (scales[i, 0] * own) >> 12
    place = mu[0] + ((away // total) << 8)
    return (place + ((1 << f) >> 1)) >> f, ((error // total) << 8)
