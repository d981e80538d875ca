"""Values of a unit as symbols: finer probabilities from how large the values before them were.

A unit's values stand in order of their spread and are coded in a few bands.  How large a
band will be shows in what the decoder has already: the features its caller hands in (a
tile's neighbours, say) and the bands before.  A small gate, one weighted sum of whole
numbers, sorts a row into one of ``LEVELS`` levels, and unit, level and column together
name the value class::

    features, sizes of earlier bands ──gate──► level ─┐
    unit ─────────────────────────────────────────────┼──► class of every value ──► coder
    column ───────────────────────────────────────────┘

This is the mixture of scales by which local experts' coefficients are Gaussian only given
their neighbourhood (Wainwright and Simoncelli, NIPS 1999).  All of it is whole numbers,
so every machine chooses the same classes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..rangecoder import SymbolReader, SymbolWriter
from .quantise import LAMBDA, bits_of_values, fit_classes, quantise

#: Levels of a band.
LEVELS = 4
#: Weights of a gate are multiples of one part of this.
GATE_ONE = 64
#: Ends of all bands but the last, as parts of the columns.
_ENDS = (1 / 16, 1 / 4)

Int = NDArray[np.int64]


class ValueTables(NamedTuple):
    """Probabilities of values under K units, F features and B bands."""

    classes: NDArray[np.uint8]  #: ``(K, LEVELS, m)``
    gates: NDArray[np.int32]  #: ``(B, F + B)`` weights of the features and the earlier bands
    cuts: NDArray[np.int64]  #: ``(B, LEVELS - 1)`` where the next level begins


def bands(columns: int) -> list[slice]:
    """The bands of a row of values."""
    ends = sorted({min(columns, max(1, round(columns * part))) for part in _ENDS} | {columns})
    return [slice(low, high) for low, high in zip([0, *ends], ends, strict=False)]


def magnitude(x: NDArray[np.integer] | NDArray[np.floating]) -> Int:
    """Eight times the base-2 logarithm of 1 + x, by straight lines between powers of two.

    Whole numbers from 0 up; exact on any machine, which ``log2`` is not.

    >>> magnitude(np.array([0, 1, 2, 3, 7, 100])).tolist()
    [0, 8, 12, 16, 24, 52]
    """
    mantissa, exponent = np.frexp(np.asarray(x, np.float64) + 1)
    return (8 * (exponent.astype(np.int64) - 1) + np.floor(16 * mantissa - 8)).astype(np.int64)


def _size(q: NDArray[np.integer]) -> Int:
    return magnitude(np.abs(q.astype(np.int64)).sum(1))


def _level(tables: ValueTables, band: int, features: Int, sizes: list[Int]) -> Int:
    known = features.shape[1]
    score = features @ tables.gates[band, :known].astype(np.int64)
    for earlier, size in enumerate(sizes):
        score = score + size * int(tables.gates[band, known + earlier])
    return (score[:, None] >= tables.cuts[band]).sum(1)


def no_features(rows: int) -> Int:
    """Features of rows about which nothing else is known."""
    return np.zeros((rows, 0), np.int64)


def choose(
    z: NDArray[np.floating],
    unit: NDArray[np.integer] | int,
    tables: ValueTables,
    features: Int,
    step: float,
    weight: float = LAMBDA,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Quantise values ``(n, m)`` of the units ``(n,)``, or of one, a band after the other.

    Returns
    -------
    q, distortion, bits
        As ``quantise``.
    """
    parts: list[NDArray[np.int32]] = []
    sizes: list[Int] = []
    distortion = np.zeros(len(z), np.float32)
    bits = np.zeros(len(z), np.float32)
    for band, columns in enumerate(bands(z.shape[1])):
        level = _level(tables, band, features, sizes)
        classes = tables.classes[unit, level][:, columns]
        q, d, b = quantise(z[:, columns], classes, step, weight)
        parts.append(q)
        sizes.append(_size(q))
        distortion += d
        bits += b
    return np.concatenate(parts, 1), distortion, bits


def classes_of(
    q: NDArray[np.integer], owner: NDArray[np.integer], tables: ValueTables, features: Int
) -> NDArray[np.uint8]:
    """Class of every value ``(n, m)`` of rows won by the units ``owner (n,)``."""
    parts = []
    sizes: list[Int] = []
    for band, columns in enumerate(bands(q.shape[1])):
        level = _level(tables, band, features, sizes)
        parts.append(tables.classes[owner, level][:, columns])
        sizes.append(_size(q[:, columns]))
    return np.concatenate(parts, 1)


def ideal_bits(
    q: NDArray[np.integer], owner: NDArray[np.integer], tables: ValueTables, features: Int
) -> float:
    """Ideal length of all values in bits."""
    return bits_of_values(q, classes_of(q, owner, tables, features)) if q.size else 0.0


def write(
    writer: SymbolWriter,
    q: NDArray[np.integer],
    owner: NDArray[np.integer],
    tables: ValueTables,
    features: Int,
) -> None:
    """Write values ``(n, m)``, a band after the other."""
    classes = classes_of(q, owner, tables, features)
    for columns in bands(q.shape[1]):
        writer.values(q[:, columns].ravel(), classes[:, columns].ravel())


def read(
    reader: SymbolReader, owner: NDArray[np.integer], tables: ValueTables, features: Int
) -> NDArray[np.int32]:
    """Inverse of :func:`write`."""
    m = tables.classes.shape[2]
    q = np.zeros((len(owner), m), np.int32)
    sizes: list[Int] = []
    for band, columns in enumerate(bands(m)):
        level = _level(tables, band, features, sizes)
        classes = tables.classes[owner, level][:, columns]
        q[:, columns] = reader.values(classes.ravel()).reshape(classes.shape)
        sizes.append(_size(q[:, columns]))
    return q


def fit(
    q: NDArray[np.integer], owner: NDArray[np.integer], owners: int, features: Int
) -> ValueTables:
    """Gates and classes from values ``(n, m)`` and who won them."""
    parts = bands(q.shape[1])
    known = features.shape[1]
    gates = np.zeros((len(parts), known + len(parts)), np.int32)
    cuts = np.zeros((len(parts), LEVELS - 1), np.int64)
    classes = np.zeros((owners, LEVELS, q.shape[1]), np.uint8)
    sizes: list[Int] = []
    for band, columns in enumerate(parts):
        seen = np.concatenate([features, *[size[:, None] for size in sizes]], 1)
        size = _size(q[:, columns])
        gates[band, : seen.shape[1]] = gate(seen, size)
        score = seen @ gates[band, : seen.shape[1]].astype(np.int64)
        cuts[band] = quantiles(score, LEVELS)
        level = (score[:, None] >= cuts[band]).sum(1)
        classes[:, :, columns] = fit_classes(q[:, columns], owner, owners, level, LEVELS)
        sizes.append(size)
    return ValueTables(classes, gates, cuts)


def gate(features: Int, target: NDArray[np.integer]) -> NDArray[np.int32]:
    """Whole-number weights of the sum of features that predicts ``target`` best."""
    if not features.size:
        return np.zeros(features.shape[1], np.int32)
    x = features - features.mean(0)
    # A small ridge: features may repeat each other, or be constant.
    covariance = x.T @ x / len(x) + np.eye(x.shape[1])
    weights = np.linalg.solve(covariance, x.T @ (target - target.mean()) / len(x))
    return np.clip(np.rint(GATE_ONE * weights), -(1 << 20), 1 << 20).astype(np.int32)


def quantiles(score: Int, levels: int) -> NDArray[np.int64]:
    """Where the next level begins, such that all levels are about equally frequent."""
    if not len(score):
        return np.zeros(levels - 1, np.int64)
    ordered = np.sort(score)
    return ordered[[len(score) * level // levels for level in range(1, levels)]]
