"""The residual, what the hierarchy left unpredicted: competing units for it.

The decoder already has the picture that the top level predicts.  What is left, cut into
tiles, is explained by a second set of competing units without prototypes: each is the
principal-axis transform of the residual it won, and the winner is the one of least
distortion plus lambda times rate (DESIGN section 2: *the winner's code and the surprise
are all that is kept*).  A tile that costs more to describe than it is worth has no
winner; that is unit 0 in the file.

How likely a tile is to have a winner, and how large its values will be, shows in what
the decoder has already: the tiles around it, and how lively the prediction is there.
``residual`` learns the bases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model.patches import join, split, tiling
from ..rangecoder import SymbolReader, SymbolWriter, index_bits, rounded_counts
from . import values
from .quantise import LAMBDA
from .values import Int, ValueTables, magnitude

#: Largest side of a tile in pixels.
LARGEST_TILE = 8
#: Units whose exact cost is tried, of those with the fewest values to code.
CANDIDATES = 3
#: Up to this many positions have a leaning of their own.
POSITIONS = 64
#: Contexts of a winner, from the least to the most lively.
CONTEXTS = 16

F32 = NDArray[np.float32]


class Tables(NamedTuple):
    """Probabilities at one quality, of F features and P positions."""

    values: ValueTables
    gate: NDArray[np.int32]  #: ``(F,)`` weights of the features of a tile
    leaning: NDArray[np.int32]  #: ``(P,)`` added to the gate's sum at each position
    cuts: NDArray[np.int64]  #: ``(CONTEXTS - 1,)`` where the next context begins
    counts: NDArray[np.uint16]  #: ``(CONTEXTS, K + 1)`` counts of winners


class Tiles(NamedTuple):
    """Coded residuals of n pictures."""

    winners: NDArray[np.int64]  #: ``(n, positions)``; 0 is no winner
    q: NDArray[np.int32]  #: ``(coded tiles, d)`` in order of position, then picture
    bits: NDArray[np.float32]  #: ``(n, positions)`` ideal length


class Surroundings:
    """What is known of a tile before it is read, position after position.

    Three features, each a ``magnitude``: how much is coded in the neighbours, in the picture
    so far on average, and how much the prediction changes from pixel to pixel in the tile.

    Parameters
    ----------
    lively : ndarray (n, positions)
        The third feature.
    across : int
        Tiles in a row.
    """

    FEATURES = 3

    def __init__(self, lively: Int, across: int) -> None:
        self.lively, self.across = lively, across
        self.energy = np.zeros(lively.shape, np.int64)
        self.total = np.zeros(len(lively), np.int64)

    def features(self, position: int) -> Int:
        """Features ``(n, 3)`` of the tiles at a position, all before it being known."""
        row, column = divmod(position, self.across)
        near = np.zeros(len(self.lively), np.int64)
        if column:
            near += 2 * self.energy[:, position - 1]
        if row:
            above = position - self.across
            near += 2 * self.energy[:, above]
            if column:
                near += self.energy[:, above - 1]
            if column + 1 < self.across:
                near += self.energy[:, above + 1]
        mean = 8 * self.total // max(1, position)
        return np.stack([magnitude(near), magnitude(mean), self.lively[:, position]], 1)

    def know(self, position: int, active: NDArray[np.bool_], q: NDArray[np.integer]) -> None:
        """Take note of the values of the active tiles at a position."""
        # One more, for a winner whose values are all zero is more than none.
        self.energy[active, position] = np.abs(q.astype(np.int64)).sum(1) + 1
        self.total += self.energy[:, position]


@dataclass(frozen=True)
class ResidualUnits:
    """Bases ``(K, d, d)`` over tiles of side ``patch`` of ``(H, W, C)`` pictures."""

    bases: F32
    patch: int
    shape: tuple[int, int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """Tiles down and across."""
        return tiling(self.shape[0], self.patch).number, tiling(self.shape[1], self.patch).number

    @property
    def leanings(self) -> int:
        """Positions with a leaning of their own."""
        positions = int(np.prod(self.grid))
        return positions if positions <= POSITIONS else 1

    def split(self, maps: NDArray[np.floating]) -> NDArray[np.floating]:
        """Tiles ``(n, positions, d)``."""
        tiles = split(maps, self.patch)
        return tiles.reshape(len(maps), -1, tiles.shape[-1])

    def join(self, tiles: NDArray[np.floating]) -> NDArray[np.floating]:
        """Inverse of :meth:`split`."""
        rows = tiles.reshape(len(tiles), *self.grid, tiles.shape[-1])
        return join(rows, self.shape[0], self.shape[1], self.patch)

    def lively(self, seen: NDArray[np.floating]) -> Int:
        """How much predictions ``(n, H, W, C)`` change from pixel to pixel in each tile.

        Whole numbers in, in multiples of 2^-14; the answer is exact.
        """
        height, width = (tiling(side, self.patch).size for side in self.shape[:2])
        tiles = self.split(seen).reshape(len(seen), -1, height, width, self.shape[2])
        change = np.zeros(tiles.shape[:2])
        for axis in (2, 3):
            change += np.abs(np.diff(tiles, axis=axis)).sum((2, 3, 4))
        return magnitude(np.floor(change / 256))

    def _context(self, features: Int, position: int, tables: Tables) -> Int:
        leaning = tables.leaning[min(position, len(tables.leaning) - 1)]
        score = features @ tables.gate.astype(np.int64) + int(leaning)
        return (score[:, None] >= tables.cuts).sum(1)

    def encode(self, residual: F32, lively: Int, tables: Tables, step: float) -> Tiles:
        """Choose winners and quantised values for residual maps ``(n, H, W, C)``."""
        tiles = self.split(residual)
        n, positions, d = tiles.shape
        around = Surroundings(lively, self.grid[1])
        winners = np.zeros((n, positions), np.int64)
        bits = np.zeros((n, positions), np.float32)
        table = index_bits(tables.counts)
        weight = LAMBDA * step * step
        coded = []
        for position in range(positions):
            x = tiles[:, position]
            features = around.features(position)
            rates = table[self._context(features, position, tables)]
            idle = (x**2).sum(1) + weight * rates[:, 0]
            # A winner costs bits of its own, so a tile this quiet cannot gain from one.
            tried = np.flatnonzero((x**2).sum(1) > weight * np.maximum(1.0, rates[:, 0]) / 2)
            winner, q, cost, length = self._best(
                x[tried], tables, features[tried], rates[tried], step, weight
            )
            better = cost < idle[tried]
            winners[tried[better], position] = winner[better] + 1
            bits[:, position] = rates[:, 0]
            bits[tried[better], position] = length[better]
            coded.append(q[better])
            around.know(position, winners[:, position] > 0, coded[-1])
        q = np.concatenate(coded) if coded else np.zeros((0, d), np.int32)
        return Tiles(winners, q, bits)

    def _best(
        self,
        x: F32,
        tables: Tables,
        features: Int,
        rates: NDArray[np.floating],
        step: float,
        weight: float,
    ) -> tuple[NDArray[np.intp], NDArray[np.int32], F32, F32]:
        n, d = x.shape
        kept = min(CANDIDATES, len(self.bases))
        shortest = np.argsort(self._lengths(x, step), axis=1, kind="stable")[:, :kept]
        # All candidates of all rows at once: one by one most of the time goes into small calls.
        row, unit = np.repeat(np.arange(n), kept), np.sort(shortest, axis=1).ravel()
        z = np.empty((len(unit), d), np.float32)
        for one in np.unique(unit):
            own = unit == one
            z[own] = x[row[own]] @ self.bases[one]
        q, distortion, bits = values.choose(z, unit, tables.values, features[row], step)
        bits = bits + rates[row, unit + 1]
        cost = (distortion + weight * bits).reshape(n, kept)
        # The first of equals, which is the one of the lowest number.
        best = kept * np.arange(n) + cost.argmin(1)
        return unit[best], q[best], cost.ravel()[best], bits[best]

    def _lengths(self, x: F32, step: float) -> NDArray[np.int16]:
        """How many values each unit would have to code, roughly, ``(n, K)``."""
        count = np.empty((len(x), len(self.bases)), np.int16)
        for unit, basis in enumerate(self.bases):
            count[:, unit] = (np.abs(x @ basis) > 0.6 * step).sum(1)
        return count

    def write(self, writer: SymbolWriter, tiles: Tiles, lively: Int, tables: Tables) -> None:
        """Winners and values, a position after the other."""
        for _ in self._walk(tiles, lively, tables, writer):
            pass

    def lengths(self, tiles: Tiles, lively: Int, tables: Tables) -> tuple[float, float]:
        """Ideal bits of all winners and of all values."""
        parts = list(self._walk(tiles, lively, tables, None))
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    def _walk(
        self, tiles: Tiles, lively: Int, tables: Tables, writer: SymbolWriter | None
    ) -> Iterator[tuple[float, float]]:
        around, begin = Surroundings(lively, self.grid[1]), 0
        rates = index_bits(tables.counts)
        for position, winner in enumerate(tiles.winners.T):
            features = around.features(position)
            context = self._context(features, position, tables)
            active = winner > 0
            q = tiles.q[begin : begin + int(active.sum())]
            begin += len(q)
            if writer is not None:
                writer.indices(winner, context, tables.counts)
                values.write(writer, q, winner[active] - 1, tables.values, features[active])
            else:
                yield (
                    float(rates[context, winner].sum(dtype=np.float64)),
                    values.ideal_bits(q, winner[active] - 1, tables.values, features[active]),
                )
            around.know(position, active, q)

    def read(self, reader: SymbolReader, lively: Int, tables: Tables) -> Tiles:
        """Inverse of :meth:`write`."""
        around, coded = Surroundings(lively, self.grid[1]), []
        winners = np.zeros(lively.shape, np.int64)
        for position in range(lively.shape[1]):
            features = around.features(position)
            context = self._context(features, position, tables)
            winners[:, position] = reader.indices(context, tables.counts)
            active = winners[:, position] > 0
            owner = winners[active, position] - 1
            coded.append(values.read(reader, owner, tables.values, features[active]))
            around.know(position, active, coded[-1])
        return Tiles(winners, np.concatenate(coded), np.zeros(winners.shape, np.float32))

    def measure(
        self, residual: F32, lively: Int, step: float, tables: Tables | None = None
    ) -> Tables:
        """Probabilities fitted on what the units do with these residuals at this step."""
        if tables is None:
            tables = self._first_tables(residual, step)
        tiles = self.encode(residual, lively, tables, step)
        around, begin = Surroundings(lively, self.grid[1]), 0
        known = []
        for position, winner in enumerate(tiles.winners.T):
            known.append(around.features(position))
            active = winner > 0
            around.know(position, active, tiles.q[begin : begin + int(active.sum())])
            begin += int(active.sum())
        features = np.stack(known)  # positions first, as q
        winners = tiles.winners.T
        active = winners > 0
        fitted = values.fit(tiles.q, winners[active] - 1, len(self.bases), features[active])
        # The gate predicts how much is coded; a leaning by position is what it leaves over.
        energy = magnitude(around.energy.T)
        centred = features - features.mean(1, keepdims=True)
        flat = centred.reshape(-1, features.shape[2]).astype(np.int64)
        gate = values.gate(flat, (energy - energy.mean(1, keepdims=True)).ravel())
        score = features @ gate.astype(np.int64)
        rest = np.rint((values.GATE_ONE * energy - score).mean(1)).astype(np.int32)
        leaning = rest if len(rest) == self.leanings else np.zeros(1, np.int32)
        score = score + leaning[:, None]
        cuts = values.quantiles(score.ravel(), CONTEXTS)
        context = (score[..., None] >= cuts).sum(-1)
        return Tables(fitted, gate, leaning, cuts, self._counts(winners.ravel(), context.ravel()))

    def _counts(self, winners: Int, contexts: Int) -> NDArray[np.uint16]:
        """Counts of winners; which unit it is leans on all contexts, whether any does not."""
        counts = np.zeros((CONTEXTS, len(self.bases) + 1))
        np.add.at(counts, (contexts, winners), 1)
        together = counts.sum(0)
        some = np.maximum(1e-9, together[1:].sum())
        own = counts[:, 1:].sum(1, keepdims=True)
        lean = 30.0
        shares = (counts[:, 1:] + lean * (together[1:] + 0.1) / some) / (own + lean)
        total = counts.sum(1, keepdims=True) + 1
        rate = (own + together[1:].sum() / max(1, together.sum())) / total
        return rounded_counts(np.concatenate([1 - rate, rate * shares], 1))

    def _first_tables(self, residual: F32, step: float) -> Tables:
        x = self.split(residual)
        x = x.reshape(-1, x.shape[-1])
        active = x[(x**2).sum(1) > 4 * LAMBDA * step * step][:4000]
        units = len(self.bases)
        owner = self._lengths(active, step).argmin(1)
        z = np.zeros_like(active)
        for unit in range(units):
            z[owner == unit] = active[owner == unit] @ self.bases[unit]
        q = np.trunc(z / step).astype(np.int32)
        blank = np.zeros((len(q), Surroundings.FEATURES), np.int64)
        share = 0.5 if len(active) else 0.01
        counts = np.full((CONTEXTS, units + 1), 1000 * share / units)
        counts[:, 0] = 1000 * (1 - share)
        return Tables(
            values.fit(q, owner, units, blank),
            np.zeros(Surroundings.FEATURES, np.int32),
            np.zeros(self.leanings, np.int32),
            np.zeros(CONTEXTS - 1, np.int64),
            rounded_counts(counts),
        )
