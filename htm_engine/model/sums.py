"""What a step of learning asks of a batch: sums over its rows, so that parts can be added.

::

    part 0 ──sums──► Sums ─┐
    part 1 ──sums──► Sums ─┼──merged, in the order of the parts──► one step (``learning``)
    part 2 ──sums──► Sums ─┘

A batch is cut into parts of :data:`PART` pictures wherever it lies: in this process, or on
machines of a cluster.  Each part's sums are computed alone, and added in the order of the parts,
so what a step learns depends on the batch and not on who computed it, to the last bit on
processors of one kind.  A batch of one part is that part's sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from . import competition
from .layer import CompetitiveLayer, Floats

#: Pictures of one part.  Batches up to this size are learned from in one piece.
PART = 2048
#: A unit's share of a part below which it learns nothing from it.
NOTHING = 1e-12


class Standing(NamedTuple):
    """What sums are taken about: a layer as it is, and what its learner knows besides."""

    layer: CompetitiveLayer
    span: Floats  #: ``(K, d, q)`` bases with their spare directions
    seen: Floats  #: ``(K,)`` each unit's past wins, as they count in this step
    centred: bool  #: whether the gate turns around the mean of the inputs


class Sums(NamedTuple):
    """Sums over n rows of d numbers, for K units, k winners a row and q directions a unit."""

    rows: int
    gate: Floats  #: ``(K, d)`` mean gradient of the gate
    bias: Floats  #: ``(K,)`` and of its bias
    mass: NDArray[np.float64]  #: ``(K,)`` responsibility of each unit, added up
    shift: Floats  #: ``(K, d)`` weighted mean of the rows about each prototype
    product: Floats  #: ``(K, d, q)`` weighted covariance times span, about the moved prototype
    winner: NDArray[np.intp]  #: ``(n,)`` unit of each row
    best: Floats  #: ``(n,)`` its squared error
    kept: Floats  #: ``(k,)`` mean competed activation of the strongest winner, and so on


class Parts(Protocol):
    """A batch in parts, wherever they lie; levels are asked for from the bottom up."""

    @property
    def sizes(self) -> Sequence[int]:
        """Maps of each part, mirror images counted."""
        ...

    def sums(
        self,
        level: int,
        standing: Standing,
        chosen: Sequence[NDArray[np.intp] | None],
        temperature: float,
    ) -> list[Sums]:
        """Sums of each part's chosen rows (None: all) of a level's input."""
        ...

    def row(self, part: int, number: int) -> Floats:
        """One row of those that sums were taken of last, ``(d,)``."""
        ...

    def climb(self, level: int) -> None:
        """Go on to what a level, as it is now, hands up."""
        ...


def sums(standing: Standing, x: Floats, temperature: float) -> Sums:
    """Sums of rows ``(n, d)``; ``temperature`` multiplies the layer's own.  Changes nothing."""
    layer = standing.layer
    errors = layer.errors(x)
    e = layer.evidence(x)
    a = competition.activation(e, layer.spec.temperature)
    r = competition.activation(layer.joint(x, errors, e), temperature)
    h = competition.compete(r, layer.winners_kept)
    index = competition.winners(h, layer.winners_kept)
    gate, bias = competition.gate_gradients(x - layer.mean if standing.centred else x, a, h)
    return Sums(
        len(x),
        gate,
        bias,
        *_moments(standing, x, h, index),
        index[:, 0],
        errors[np.arange(len(x)), index[:, 0]],
        np.take_along_axis(h, index, 1).mean(0),
    )


def _moments(
    standing: Standing, x: Floats, h: Floats, index: NDArray[np.intp]
) -> tuple[NDArray[np.float64], Floats, Floats]:
    """Mass, shift and product of every unit, for the rows that it wins."""
    layer, span = standing.layer, standing.span
    mass = np.zeros(layer.units)
    shift, product = np.zeros_like(layer.m), np.zeros_like(span)
    rows = np.repeat(np.arange(len(x)), index.shape[1])
    flat = index.ravel()
    order = np.argsort(flat, kind="stable")
    bounds = np.searchsorted(flat[order], np.arange(layer.units + 1))
    seen = standing.seen.copy()
    for unit in range(layer.units):
        low, high = bounds[unit], bounds[unit + 1]
        if low == high:
            continue
        row = rows[order[low:high]]
        weight = h[row, unit][:, None]
        weighs = float(weight.sum())
        if weighs < NOTHING:
            continue  # a runner-up whose share rounds to nothing
        mass[unit] = weighs
        seen[unit] += weighs
        own = x[row] - layer.m[unit]
        shift[unit] = (weight * own).sum(0) / weighs
        if layer.rank:
            # C U without ever forming the covariance C.
            own -= weighs / seen[unit] * shift[unit]
            product[unit] = own.T @ (weight * (own @ span[unit])) / weighs
    return mass, shift, product


def opened(standing: Standing, part: Sums) -> Sums:
    """Sums of a part that can be added to those of others (:func:`merged`).

    A part takes its covariance about a prototype moved by itself alone.  About where it stood,
    that is ``C + (2 p - p^2) s s'`` with its own shift s and rate p (Chan, Golub and LeVeque
    1979); shift and product become sums instead of means.
    """
    mass = part.mass.astype(np.float32)[:, None]
    about = part.product + _turned(standing, part.mass, part.shift)
    return part._replace(shift=mass * part.shift, product=mass[..., None] * about)


def merged(standing: Standing, parts: Sequence[Sums]) -> Sums:
    """Sums of parts, opened and added in their order, as those of one batch; one is itself."""
    if len(parts) == 1:
        return parts[0]
    rows = sum(part.rows for part in parts)

    def total(name: str, mean: bool = False) -> NDArray[np.float64]:
        found = np.zeros(np.shape(getattr(parts[0], name)))
        for part in parts:
            found += part.rows / rows * getattr(part, name) if mean else getattr(part, name)
        return found

    mass = total("mass")
    weighs = np.maximum(mass, NOTHING)[:, None]
    shift = (total("shift") / weighs).astype(np.float32)
    product = (total("product") / weighs[..., None]).astype(np.float32)
    product -= _turned(standing, mass, shift)
    return Sums(
        rows,
        total("gate", True).astype(np.float32),
        total("bias", True).astype(np.float32),
        mass,
        shift,
        product,
        np.concatenate([part.winner for part in parts]),
        np.concatenate([part.best for part in parts]),
        total("kept", True).astype(np.float32),
    )


def _turned(standing: Standing, mass: NDArray[np.float64], shift: Floats) -> Floats:
    """``(2 p - p^2) s s' U`` of every unit: what moving its prototype takes off ``C U``."""
    rate = mass / np.maximum(standing.seen + mass, NOTHING)
    turned = np.matmul(shift[:, None, :], standing.span)
    moved = (((2 - rate) * rate)[:, None] * shift).astype(np.float32)
    found: Floats = moved[..., None] * turned
    return found
