"""Rows of a table without time: how odd each is among the others, and which cells make it so.

::

    table ──► columns of mean 0, deviation 1 ──► units of each column's values   ──► bits a cell
                                             └─► HTM, learned twice, without the ──► bits a row
                                                 oddest tenth the second time

A row's surprise is the sum of both: of every cell among its column's, where units compete as in
``model.series.detector``, and of the row as a whole, -log2 p under the network's mixture of
probabilistic PCAs.  A cell's own is that among its column's, and what it is off the value that
the network expects there by the row's other cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ..errors import DataError
from ..model.choosing import NOISE, PRIOR, WHOLE
from ..model.layer import CompetitiveLayer, LayerSpec
from ..model.series.inputs import values_of
from .network import HTM

Floats = NDArray[np.float64]
#: Rank of a unit; rows that are learned from at most, and looked at a time.
RANK, LEARNED, BLOCK = 8, 20_000, 4096
#: Units of a column, at the quantiles of its values, and how far each reaches, in deviations.
COLUMN_UNITS, REACH = 100, 0.1
#: Part of the rows that is not learned from the second time.
ODDEST = 0.1
#: A row is odd beyond so many quartile distances above the third quartile (Tukey's far out).
FENCE = 3.0
_FEWEST = 5


@dataclass(frozen=True)
class RowScores:
    """How odd the rows of a table are."""

    score: Floats  #: ``(n,)``, 0 to 1: from 0.5 odd
    bits: Floats  #: ``(n,)`` surprise above that of the middle row
    cells: Floats  #: ``(n, c)`` surprise of each cell in bits, 0 for a gap
    expected: Floats  #: ``(n, c)`` each cell by the others of its row
    winner: NDArray[np.intp]  #: ``(n,)`` the unit that explains a row best


def detect_rows(table: Any, random_state: int = 0, units: int = 1) -> RowScores:
    """How odd each row of a table is among the others, and which cells make it so.

    Parameters
    ----------
    table : array-like (n, c)
        Numbers; NaN is a gap.  Order does not count.
    random_state : int
        Seed of the network.
    units : int
        Units of the network: more suit a table of several kinds of rows, if what is odd comes
        one by one; a rare kind of its own is soon learned by one of them.

    Returns
    -------
    RowScores

    Raises
    ------
    DataError
        If these are no numbers, infinite or beyond 1e100, or fewer than five rows.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> rows[7, 1] = 9.0
    >>> found = detect_rows(rows)
    >>> int(found.score.argmax()), int(found.cells[7].argmax()), bool(found.score[7] > 0.5)
    (7, 1, True)
    """
    values = values_of(table, columns=True)
    if values.ndim == 1:
        values = values[:, None]
    if len(values) < _FEWEST or not values.shape[1]:
        raise DataError(f"Rows are judged by one another: a table needs at least {_FEWEST}.")
    scaled, mean, deviation = _scaled(values)
    rng = np.random.default_rng(random_state)
    learned = scaled
    if len(scaled) > LEARNED:
        learned = scaled[np.sort(rng.choice(len(scaled), LEARNED, replace=False))]
    columns = _Columns(learned)
    mixture = _Mixture(learned, units, random_state)
    usual = mixture.bits(learned)
    kept = learned[usual <= np.quantile(usual, 1 - ODDEST)]
    if len(kept) >= _FEWEST:
        mixture = _Mixture(kept, units, random_state)
    gaps = np.isnan(values)
    alone = columns.bits(scaled) * ~gaps
    bits = alone.sum(1) + mixture.bits(scaled)
    beside, expected, winner = mixture.cells(scaled)
    bits -= np.median(bits)
    return RowScores(
        score=_score(bits),
        bits=bits,
        cells=alone + beside * ~gaps,
        expected=expected * deviation + mean,
        winner=winner,
    )


def _scaled(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns of mean 0 and deviation 1, gaps at the mean; means and deviations."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0).sum(0) / count
    off = np.where(known, values - mean, 0)
    deviation = np.sqrt((off**2).sum(0) / count)
    deviation = np.where(deviation > 1e-12 * np.abs(mean), deviation, 0)
    return off / np.where(deviation > 0, deviation, np.inf), mean, deviation


def _score(bits: Floats) -> Floats:
    """Bits as 0 to 1, 0.5 at Tukey's fence."""
    first, third = np.quantile(bits, [0.25, 0.75])
    spread = max(float(third - first), 1e-9)
    away = (bits - third) / spread - FENCE
    return 1 / (1 + np.exp(-np.clip(away, -50, 50)))


class _Columns:
    """Units of every column's values, by themselves."""

    def __init__(self, rows: Floats) -> None:
        levels = (np.arange(COLUMN_UNITS) + 0.5) / COLUMN_UNITS
        self.units, self.rows = np.quantile(rows, levels, axis=0), len(rows)

    def bits(self, rows: Floats) -> Floats:
        """-log2 of the mixture of units, each exp(-distance / reach), for every cell."""
        found = np.empty(rows.shape)
        for begin in range(0, len(rows), BLOCK):
            part = slice(begin, begin + BLOCK)
            for column, units in enumerate(self.units.T):
                near = np.exp(-np.abs(rows[part, column, None] - units) / REACH).mean(1)
                found[part, column] = -np.log2(near + 0.5 / self.rows)
        return found


class _Mixture:
    """A network of one level as a mixture of probabilistic PCAs."""

    def __init__(self, rows: Floats, units: int, seed: int) -> None:
        spec = LayerSpec(patch=WHOLE, units=units, rank=RANK, prior=PRIOR)
        network = HTM(layers=(spec,), coder=False, sampler=False, random_state=seed)
        self.layer: CompetitiveLayer = network.fit(rows).hierarchy_.layers[0]
        length, rank = rows.shape[1], self.layer.rank
        errors, _ = self.layer.views(rows)
        nearest = errors.argmin(1)
        wins = np.bincount(nearest, minlength=self.layer.units)
        self.shares = (wins + 1) / (wins.sum() + len(wins))
        self.noise = float(errors.min(1).mean() / max(1, length - rank)) + NOISE
        self.power = self.layer.spread.astype(np.float64) ** 2 + NOISE
        self.basis = self.layer.u.astype(np.float64)
        self.size = np.log(self.power).sum(1) + (length - rank) * np.log(self.noise)

    def _joint(self, rows: Floats) -> Floats:
        """Log of share and density of each unit, up to what all have in common, ``(n, K)``."""
        errors, values = self.layer.views(rows)
        squares = (values**2 / self.power).sum(2) + errors / self.noise
        joint: Floats = np.log(self.shares) - 0.5 * (self.size + squares)
        return joint

    def bits(self, rows: Floats) -> Floats:
        """-log2 p of every row, up to a constant."""
        parts = [
            logsumexp(self._joint(rows[begin : begin + BLOCK]), axis=1)
            for begin in range(0, len(rows), BLOCK)
        ]
        return -np.concatenate(parts) / np.log(2)

    def cells(self, rows: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Bits of each cell by the others of its row, what they expect there, and winners."""
        bits, expected = np.empty(rows.shape), np.empty(rows.shape)
        winners = np.empty(len(rows), np.intp)
        for begin in range(0, len(rows), BLOCK):
            part = slice(begin, begin + BLOCK)
            winners[part] = self._joint(rows[part]).argmax(1)
        for unit in np.unique(winners):
            own, basis = winners == unit, self.basis[unit]
            centred = rows[own] - self.layer.m[unit]
            values = centred @ basis
            # A Gaussian's cell by all others: its row of the precision says both.
            pull = (centred - values @ basis.T) / self.noise
            pull += (values / self.power[unit]) @ basis.T
            inner = (basis**2).sum(1)
            precision = (1 - inner) / self.noise + (basis**2 / self.power[unit]).sum(1)
            precision = np.maximum(precision, 1e-12)
            bits[own] = 0.5 * pull**2 / precision / np.log(2)
            expected[own] = rows[own] - pull / precision
        return bits, expected, winners
