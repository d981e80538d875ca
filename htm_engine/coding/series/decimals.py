"""Doubles as decimal numbers: numerators, last places, and how many decimals suit a column.

A double is ``k / 10^d`` rounded, or a few doubles further on, or none of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pieces import Whole, spans

Doubles = NDArray[np.float64]

#: Most decimals, beyond which powers of ten are no doubles.
MOST_DECIMALS = 22
#: Classes of numbers.
DECIMAL, NAN, OTHER = 0, 1, 2
#: Doubles that a number may be away from the nearest decimal one.
NEAR = 2
NAN_BITS = 0x7FF8 << 48
#: Magnitude below which whole numbers are decimals' numerators: rounding stays below 1/2.
_MOST = 1 << 50
#: Decimals that are tried, and values that they are tried on.
_TRIED, _SAMPLE = 18, 8192
_FLIP = np.int64((1 << 63) - 1)


def ordered(values: Doubles) -> Whole:
    """Bits of doubles as whole numbers in the same order."""
    bits = values.view(np.int64)
    return np.where(bits < 0, bits ^ _FLIP, bits)


def doubles(order: Whole) -> Doubles:
    """Inverse of :func:`ordered`."""
    return np.where(order < 0, order ^ _FLIP, order).view(np.float64)


def doubles_at(values: NDArray[Any], start: int, end: int) -> Doubles:
    """Some of a column's numbers, as doubles in one piece."""
    return np.ascontiguousarray(values[start:end], np.float64)


def quotients(k: Whole, step: int, decimals: int) -> Doubles:
    """What numerators of multiples of a step stand for."""
    return (k * step).astype(np.float64) / 10.0**decimals


def numerators(values: Doubles, decimals: int) -> tuple[Whole, NDArray[np.bool_]]:
    """Nearest whole numbers to ``values 10^d``, and where they are small enough."""
    with np.errstate(all="ignore"):
        scaled = np.rint(values * 10.0**decimals)
        fit = np.abs(scaled) < _MOST
    return np.where(fit, scaled, 0).astype(np.int64), fit


def split(values: Doubles, decimals: int) -> tuple[Whole, Whole, Whole]:
    """Numerators, last places and classes of doubles kept as they are."""
    k, fit = numerators(values, decimals)
    with np.errstate(over="ignore"):
        places = ordered(values) - ordered(quotients(k, 1, decimals))
    fit &= np.abs(places) <= NEAR
    return k, np.where(fit, places, 0), classes_of(values, fit)


def classes_of(values: Doubles, fit: NDArray[np.bool_]) -> Whole:
    """Classes of numbers, of which some are decimal ones."""
    is_nan = values.view(np.int64) == NAN_BITS
    return np.where(fit, DECIMAL, np.where(is_nan, NAN, OTHER)).astype(np.int64)


def decimal_parts(values: Doubles) -> tuple[Whole, Whole, Whole]:
    """Numerators, last places and classes of doubles, at the decimals that suit them best."""
    return split(values, decimals_of(values, 0.0))


def decimals_of(values: NDArray[Any], tolerance: float) -> int:
    """Decimals that a column takes the fewest bits with, roughly."""
    sample = _sample(values)
    if len(sample) == 0:
        return 0
    costs = []
    for decimals in range(_TRIED):
        k, places, classes = split(sample, decimals)
        kept = classes == DECIMAL
        moves = np.log2(1 + np.abs(np.diff(k[kept]))).sum()
        share = (places[kept] != 0).mean() if kept.any() else 0
        costs.append(moves + 64 * (~kept).sum() + 1.5 * min(share, 1 - share) * len(sample))
    best = int(np.argmin(costs))
    if not tolerance:
        return best
    # No more decimals than a hundredth of the tolerance asks for.
    enough = int(np.clip(np.ceil(2 - np.log10(tolerance)), 0, MOST_DECIMALS))
    return min(best, enough) if costs[best] < 60 * len(sample) else enough


def _sample(values: NDArray[Any]) -> Doubles:
    """The finite values; of very many, eight stretches of them."""
    counts = []
    for span in spans(len(values)):
        counts.append(int(np.isfinite(doubles_at(values, *span)).sum()))
    total, part = sum(counts), _SAMPLE // 8
    starts = [0] if total <= _SAMPLE else np.linspace(0, total - part, 8).astype(int).tolist()
    length = total if total <= _SAMPLE else part
    chosen, before = [np.zeros(0)] * len(starts), 0
    for span, count in zip(spans(len(values)), counts, strict=True):
        wanted = [i for i, start in enumerate(starts) if before - length < start < before + count]
        if wanted:
            found = doubles_at(values, *span)
            found = found[np.isfinite(found)]
            for i in wanted:
                first, last = max(0, starts[i] - before), max(0, starts[i] + length - before)
                chosen[i] = np.concatenate([chosen[i], found[first:last]])
        before += count
    return np.concatenate(chosen)
