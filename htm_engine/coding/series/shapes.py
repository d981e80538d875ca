"""Distributions as tables of whole numbers, the same on every machine.

A unit says where the next value lies (``mu``) and how far from there it usually is (``b``,
the mean absolute error).  At a distance of t times b, in steps of 1/32 up to 64 and of 2
beyond, ``tails`` has the probability of a value farther out on one side, and ``densities``
the density, for Laplace's distribution and for Student's with four degrees of freedom; both
have a mean absolute error of one.  Everything is computed in decimal arithmetic.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled

#: Tail probabilities are multiples of 2^-40, densities of 2^-16.
TAIL_BITS = 40
#: Distributions: Laplace, Student.
SHAPES = 2
#: Entries of a table, half of them for distances below 64.
_ENTRIES, _HALF = 4096, 2048
#: Steps of the table of powers of two, in which weights are computed.
POWER_BITS = 10


def _distances() -> list[Decimal]:
    near = [Decimal(i) / 32 for i in range(_HALF)]
    return near + [Decimal(64 + 2 * i) for i in range(_HALF)]


@cache
def tails() -> NDArray[np.int64]:
    """Probability of a value farther out on one side, ``(SHAPES, 4096)``, in 2^-40."""
    table = np.zeros((SHAPES, _ENTRIES), np.int64)
    with localcontext() as context:
        context.prec = 40
        for i, t in enumerate(_distances()):
            z = t / (1 + t * t / 4).sqrt()
            student = Decimal("0.5") - Decimal("0.375") * z * (1 - z * z / 12)
            table[0, i] = int((-t).exp() / 2 * (1 << TAIL_BITS))
            table[1, i] = int(student * (1 << TAIL_BITS))
    return table


@cache
def densities() -> NDArray[np.int64]:
    """Density over that in the middle, ``(SHAPES, 4096)``, in 2^-16."""
    table = np.zeros((SHAPES, _ENTRIES), np.int64)
    with localcontext() as context:
        context.prec = 40
        for i, t in enumerate(_distances()):
            spread = 1 + t * t / 4
            table[0, i] = int((-t).exp() * 65536)
            table[1, i] = int(65536 / (spread * spread * spread.sqrt()))
    return table


@cache
def powers() -> NDArray[np.int64]:
    """2^(-i / 1024) in 2^-16, for i in 0..1023."""
    with localcontext() as context:
        context.prec = 30
        steps = 1 << POWER_BITS
        return np.array(
            [int(65536 * (-Decimal(2).ln() * i / steps).exp()) for i in range(steps)], np.int64
        )


@compiled(inline="always")
def distance(d: Any, b: Any) -> Any:
    """``d / b`` in multiples of 2^-16, for a scale ``b`` in sixteenths of what ``d`` is in."""
    if d < (1 << 43):
        return (d << 20) // b
    coarse = max(b >> 20, 1)
    return min(d // coarse, np.int64(1) << 40)


@compiled(inline="always")
def tail(table: Any, u: Any) -> Any:
    """Tail probability at a distance ``u / 2^16``, between entries along a straight line."""
    i = u >> 11
    if i < _HALF - 1:
        part = u & 2047
    else:
        i = _HALF + ((u - (64 << 16)) >> 17)
        part = (u >> 6) & 2047
        if i < _HALF:  # between the last of the near entries and 64
            return table[_HALF]
        if i >= _ENTRIES - 1:
            return table[_ENTRIES - 1]
    return (table[i] * (2048 - part) + table[i + 1] * part) >> 11


@compiled(inline="always")
def density(table: Any, u: Any) -> Any:
    """Density at a distance ``u / 2^16``."""
    i = u >> 11
    if i >= _HALF:
        i = min(_HALF + ((i - _HALF) >> 6), _ENTRIES - 1)
    return table[i]
