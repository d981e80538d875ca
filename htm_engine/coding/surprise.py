"""What the hierarchy did not foresee: competing units for the residual.

The decoder already has the picture that the top level predicts.  What is left, cut into
tiles, is explained by a second set of competing units without prototypes: each is the
principal-axis transform of the residual it won, and the winner is the one of least
distortion plus lambda times rate (DESIGN section 2: *the winner's code and the surprise
are all that is kept*).  A tile that costs more to describe than it is worth has no
winner; that is unit 0 in the file.

Learning alternates assignment by estimated bits with the units' eigenvectors, on
residuals as the decoder will see them, those of quantised codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from ..patches import join, split, tiling
from .quantise import LAMBDA, fit_classes, levels, quantise
from .rangecoder import index_bits, rounded_counts

#: Largest side of a tile in pixels.
LARGEST_TILE = 8
#: Units whose exact cost is tried, of those with the fewest values to code.
CANDIDATES = 3
#: Up to this many positions have counts of their own.
POSITIONS = 64

F32 = NDArray[np.float32]


class Tables(NamedTuple):
    """Probabilities at one quality."""

    classes: NDArray[np.uint8]  #: ``(K, d)`` value classes
    counts: NDArray[np.uint16]  #: ``(contexts, K + 1)`` counts of winners


class Tiles(NamedTuple):
    """Coded residuals of n pictures."""

    winners: NDArray[np.int64]  #: ``(n, positions)``; 0 is no winner
    q: NDArray[np.int32]  #: ``(coded tiles, d)`` in order of position, then picture
    bits: NDArray[np.float32]  #: ``(n, positions)`` ideal length


@dataclass(frozen=True)
class SurpriseUnits:
    """Bases ``(K, d, d)`` over tiles of side ``patch`` of ``(H, W, C)`` pictures."""

    bases: F32
    patch: int
    shape: tuple[int, int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """Tiles down and across."""
        return tiling(self.shape[0], self.patch).number, tiling(self.shape[1], self.patch).number

    def split(self, maps: NDArray[np.floating]) -> NDArray[np.floating]:
        """Tiles ``(n, positions, d)``."""
        tiles = split(maps, self.patch)
        return tiles.reshape(len(maps), -1, tiles.shape[-1])

    def join(self, tiles: NDArray[np.floating]) -> NDArray[np.floating]:
        """Inverse of :meth:`split`."""
        rows = tiles.reshape(len(tiles), *self.grid, tiles.shape[-1])
        return join(rows, self.shape[0], self.shape[1], self.patch)

    def contexts(self, winners: NDArray[np.integer], position: int) -> NDArray[np.int64]:
        """Context of one position: where it is, and whether left and upper tiles have winners."""
        across = self.grid[1]
        count = winners.shape[1]
        left = winners[:, position - 1] > 0 if position % across else np.zeros(len(winners), bool)
        up = winners[:, position - across] > 0 if position >= across else np.zeros_like(left)
        place = position if count <= POSITIONS else 0
        return (4 * place + 2 * left + up).astype(np.int64)

    def context_count(self) -> int:
        """Number of contexts."""
        positions = int(np.prod(self.grid))
        return 4 * (positions if positions <= POSITIONS else 1)

    def encode(self, residual: F32, tables: Tables, step: float) -> Tiles:
        """Choose winners and quantised values for residual maps ``(n, H, W, C)``."""
        tiles = self.split(residual)
        n, positions, d = tiles.shape
        winners = np.zeros((n, positions), np.int64)
        bits = np.zeros((n, positions), np.float32)
        rates = index_bits(tables.counts)
        weight = LAMBDA * step * step
        coded = []
        for position in range(positions):
            x = tiles[:, position]
            context = self.contexts(winners, position)
            idle = (x**2).sum(1) + weight * rates[context, 0]
            # A winner costs bits of its own, so a tile this quiet cannot gain from one.
            tried = np.flatnonzero((x**2).sum(1) > weight * np.maximum(1.0, rates[context, 0]) / 2)
            winner, q, cost, length = self._best(
                x[tried], tables, rates[context[tried]], step, weight
            )
            better = cost < idle[tried]
            winners[tried[better], position] = winner[better] + 1
            bits[:, position] = rates[context, 0]
            bits[tried[better], position] = length[better]
            coded.append(q[better])
        q = np.concatenate(coded) if coded else np.zeros((0, d), np.int32)
        return Tiles(winners, q, bits)

    def _best(
        self, x: F32, tables: Tables, rates: NDArray[np.floating], step: float, weight: float
    ) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        n, d = x.shape
        units = len(self.bases)
        best = np.zeros(n, np.intp)
        best_q = np.zeros((n, d), np.int32)
        best_cost = np.full(n, np.inf, np.float32)
        best_bits = np.zeros(n, np.float32)
        if not n:
            return best, best_q, best_cost, best_bits
        count = np.empty((n, units), np.int16)
        for unit in range(units):
            count[:, unit] = (np.abs(x @ self.bases[unit]) > 0.6 * step).sum(1)
        kept = min(CANDIDATES, units)
        candidate = np.argsort(count, axis=1, kind="stable")[:, :kept]
        for unit in range(units):
            own = np.flatnonzero((candidate == unit).any(1))
            if not len(own):
                continue
            q, distortion, bits = quantise(x[own] @ self.bases[unit], tables.classes[unit], step)
            bits = bits + rates[own, unit + 1]
            cost = distortion + weight * bits
            less = cost < best_cost[own]
            row = own[less]
            best[row], best_q[row] = unit, q[less]
            best_cost[row], best_bits[row] = cost[less], bits[less]
        return best, best_q, best_cost, best_bits

    def decode(self, tiles: Tiles, step: float) -> F32:
        """Residual maps in floats; files use ``collection``'s whole-number twin."""
        n, positions = tiles.winners.shape
        rows = np.zeros((positions, n, self.bases.shape[1]), np.float32)
        active = tiles.winners.T > 0
        unit = tiles.winners.T[active] - 1
        values = levels(tiles.q, step)
        out = np.empty_like(values)
        for index in np.unique(unit):
            own = unit == index
            out[own] = values[own] @ self.bases[index].T
        rows[active] = out
        return self.join(rows.transpose(1, 0, 2))

    def measure(self, residual: F32, step: float, tables: Tables | None = None) -> Tables:
        """Probabilities fitted on what the units do with these residuals at this step."""
        if tables is None:
            tables = self._first_tables(residual, step)
        tiles = self.encode(residual, tables, step)
        owner = tiles.winners.T[tiles.winners.T > 0] - 1
        classes = fit_classes(tiles.q, owner, len(self.bases))
        counts = np.zeros((self.context_count(), len(self.bases) + 1))
        for position in range(tiles.winners.shape[1]):
            context = self.contexts(tiles.winners, position)
            np.add.at(counts, (context, tiles.winners[:, position]), 1)
        together = counts.sum(0)
        counts += 4 * together / max(1.0, together.sum())
        return Tables(classes, rounded_counts(counts))

    def _first_tables(self, residual: F32, step: float) -> Tables:
        x = self.split(residual)
        x = x.reshape(-1, x.shape[-1])
        active = x[(x**2).sum(1) > 4 * LAMBDA * step * step][:4000]
        classes = []
        for basis in self.bases:
            q = np.trunc(active @ basis / step).astype(np.int32)
            classes.append(fit_classes(q, np.zeros(len(q), np.int64), 1)[0])
        units = len(self.bases)
        share = 0.5 if len(active) else 0.01
        counts = np.full((self.context_count(), units + 1), 1000 * share / units)
        counts[:, 0] = 1000 * (1 - share)
        return Tables(np.array(classes), rounded_counts(counts))


def learn(
    residual: F32,
    patch: int,
    units: int,
    step: float,
    rng: np.random.Generator,
    rounds: int = 4,
    most: int = 40_000,
) -> SurpriseUnits:
    """Surprise units from residual maps ``(n, H, W, C)`` at the given step."""
    shape = residual.shape[1:]
    blank = SurpriseUnits(np.zeros((1, 1, 1), np.float32), patch, (shape[0], shape[1], shape[2]))
    x = blank.split(residual)
    x = x.reshape(-1, x.shape[-1])
    energy = (x**2).sum(1)
    active = x[energy > 4 * LAMBDA * step * step]
    if len(active) < 2 * x.shape[1]:
        active = x  # almost everything is foreseen; one rough unit is enough for the rest
    if len(active) > most:
        active = active[rng.choice(len(active), most, replace=False)]
    units = max(1, min(units, len(active) // (4 * x.shape[1])))
    assigned = _start(active, units, int(rng.integers(2**31)))
    bases = np.zeros((units, x.shape[1], x.shape[1]), np.float32)
    for _ in range(rounds):
        spread = np.zeros((units, x.shape[1]), np.float32)
        prior = active.T @ active / len(active) * 0.02
        for unit in range(units):
            own = active[assigned == unit]
            covariance = (own.T @ own / max(1, len(own)) + prior).astype(np.float64)
            values, vectors = np.linalg.eigh(covariance)
            bases[unit] = _signed(vectors[:, ::-1])
            spread[unit] = np.sqrt(np.maximum(values[::-1], 1e-12))
        share = np.bincount(assigned, minlength=units) + 1.0
        cost = np.empty((len(active), units), np.float32)
        for unit in range(units):
            z = np.abs(active @ bases[unit])
            # Bits of a Laplace variable of this spread, or the distortion of leaving it out.
            scale = np.maximum(spread[unit], 0.2 * step) / step
            bits = np.log2(1 + scale) + 1.44 * z / (step * scale)
            drop = z**2 + 0.1 * LAMBDA * step * step
            keep = step * step * (1 / 12 + LAMBDA * (1 + bits))
            cost[:, unit] = np.minimum(drop, keep).sum(1) - LAMBDA * step * step * np.log2(
                share[unit] / share.sum()
            )
        assigned = cost.argmin(1)
    return SurpriseUnits(bases, patch, blank.shape)


def _start(x: F32, units: int, seed: int) -> NDArray[np.intp]:
    """First assignment by direction, sign left aside."""
    if units == 1:
        return np.zeros(len(x), np.intp)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    direction = x / np.maximum(length, 1e-12)
    peak = np.abs(direction).argmax(1)
    direction *= np.sign(direction[np.arange(len(x)), peak])[:, None]
    means = MiniBatchKMeans(units, n_init=1, batch_size=4096, random_state=seed)
    return means.fit_predict(direction).astype(np.intp)


def _signed(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    sign = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(vectors.shape[1])])
    return vectors * np.where(sign == 0, 1, sign)
