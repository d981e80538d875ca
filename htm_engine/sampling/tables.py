"""Drawing with learned dependence between levels: a component, its values, child after child.

::

    a component of a top unit's mixture ──► the unit's values ──► what it predicts below
      each child in reading order: its winner by a softmax gate, its values by regression,
      both on the parent's prediction and on how the upper and the left neighbour came out
      against theirs ──► the map below, and so on down
    ──► every number moved to where real ones of the same rank lie (``tone``)

A unit's own spread knows nothing of all this: the values of one unit come in several kinds,
a child rarely is just what its parent says, and neighbours fail in the same direction.  The
tables are a mixture of Gaussians a top unit, whose components share a covariance; a softmax
gate and a linear Gaussian model a child unit (DESIGN 3: *each child competes again*); and
quantiles, the margins of a Gaussian copula.  ``learning`` measures them after the
units have learned; a network without them draws as ``HTM.draw`` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from ..errors import DataError, ModelError
from ..model.hierarchy import Hierarchy
from ..model.layer import CompetitiveLayer, RowCodes

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.intp]

#: Log share below which a unit counts as having none.
FLOOR = -12.0
#: From this temperature of the lowest level on, tones are applied in full.
FULL_TONE = 0.5


@dataclass(frozen=True, eq=False)
class Top:
    """The top level's mixture of ``C`` components.

    Attributes
    ----------
    unit : ndarray (C,) of int
        Unit that each component belongs to.
    shares : ndarray (C, classes)
        Share of each component with each class; all sum to one.  One column without labels.
    means : ndarray (C, r)
    factor : ndarray (K, r, r)
        ``factor @ factor.T`` is the covariance that the components of a unit share.
    """

    unit: Ints
    shares: Floats
    means: Floats
    factor: Floats


@dataclass(frozen=True, eq=False)
class Child:
    """How the units of one level follow from what their parent predicts.

    Attributes
    ----------
    gate : ndarray (1 + 3c + K, K)
        Weights of each unit's evidence: 1, prediction, two residuals, log shares.
    slope : ndarray (K, 1 + 3c, r)
        Values of each unit from the same without the log shares.
    factor : ndarray (K, r, r)
        ``factor @ factor.T`` is the covariance of what is left.
    scale : ndarray (2,)
        What predictions and residuals are divided by.
    """

    gate: Floats
    slope: Floats
    factor: Floats
    scale: Floats


@dataclass(eq=False)
class Sampler:
    """Tables to draw by (see the module docstring).

    Attributes
    ----------
    top : Top
    children : dict of int to Child
        By level; a level is missing where several units win together or have no values, and
        there decoding alone goes down.
    classes : ndarray (classes,) of int
        Labels that can be asked for; empty if none were given.
    noise : ndarray (d,)
        Mean squared error of every number of a picture after the top level's code.
    group : ndarray (K,) of int
        Top units whose pictures share tones; all are 0 where the top has several places.
    ranks, tones : ndarray (groups, q, d)
        Quantiles of every number of a picture as drawn, and as it really is.
    """

    top: Top
    children: dict[int, Child]
    classes: Ints
    noise: Floats
    group: Ints = field(default_factory=lambda: np.zeros(0, np.intp))
    ranks: Floats = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    tones: Floats = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))

    def draw_top(
        self, n: int, rng: np.random.Generator, temperature: float = 1.0, label: int | None = None
    ) -> RowCodes:
        """Codes of ``n`` rows of the top level; ``temperature`` scales the values.

        Raises
        ------
        DataError
            If no picture of that class was learned from.
        """
        shares = self.top.shares.sum(1)
        if label is not None:
            if label not in self.classes:
                raise DataError(f"no pictures of class {label} were learned from")
            shares = self.top.shares[:, int(np.searchsorted(self.classes, label))]
        # The last component with a share, if rounding leaves the sum below the number drawn.
        steps = np.cumsum(shares, dtype=np.float64)
        last = int(np.flatnonzero(shares)[-1])
        index = np.minimum(np.searchsorted(steps, rng.random(n) * steps[-1], "right"), last)
        unit = self.top.unit[index]
        noise = rng.standard_normal((n, self.top.means.shape[1]))
        values = self.top.means[index] + np.einsum("nij,nj->ni", self.top.factor[unit], noise)
        return RowCodes(unit[:, None], np.ones((n, 1)), temperature * values[:, None])

    def down(
        self, h: Hierarchy, codes: RowCodes, rng: np.random.Generator, heat: Sequence[float]
    ) -> tuple[Floats, list[Ints]]:
        """Maps ``(n, H, W, C)`` drawn from the top's codes, before :meth:`tone`.

        ``heat`` holds a temperature a level, bottom first: it sharpens or flattens the choice
        of each child's winner and scales what its values leave open; 0 takes the likeliest.
        The winners ``(n, gh, gw)`` of every level come along, bottom first.
        """
        maps = h.maps(len(h.layers) - 1, h.layers[-1].decode(codes))
        won = [codes.winners[:, 0].reshape(-1, *h.grid_shapes[-1])]
        for level in range(len(h.layers) - 2, -1, -1):
            layer, child = h.layers[level], self.children.get(level)
            if child is None:
                rows = layer.take_down(maps.reshape(-1, maps.shape[-1]))
                units = layer.encode(rows).winners[:, 0]
            else:
                rows, units = draw_children(layer, child, maps, rng, heat[level])
            won.insert(0, units.reshape(-1, *h.grid_shapes[level]))
            maps = h.maps(level, rows)
        return maps, won

    def tone(self, maps: Floats, codes: RowCodes, strength: float = 1.0) -> Floats:
        """Move every number to where real ones of the same rank lie; the shape stays.

        ``codes`` are those of the top that the maps were drawn from.
        """
        if not self.tones.size or strength <= 0:
            return maps
        flat = maps.reshape(len(maps), -1)
        group = self.group[codes.winners.reshape(len(maps), -1)[:, 0]]
        moved = np.empty_like(flat)
        for one in np.unique(group):
            own, ranks, tones = group == one, self.ranks[one], self.tones[one]
            for number, column in enumerate(flat[own].T):
                moved[own, number] = np.interp(column, ranks[:, number], tones[:, number])
        share = min(1.0, strength)
        return (flat + share * (moved - flat)).reshape(maps.shape)

    # ------------------------------------------------------------ in and out of files
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All tables by name; :meth:`from_arrays` reads them."""
        found: dict[str, NDArray[Any]] = {
            "unit": self.top.unit.astype(np.int32),
            "classes": self.classes.astype(np.int32),
            "group": self.group.astype(np.int32),
            "noise": self.noise,
            "ranks": self.ranks,
            "tones": self.tones,
        }
        for name in ("shares", "means", "factor"):
            found[name] = getattr(self.top, name)
        for level, child in self.children.items():
            for name in Child.__annotations__:
                found[f"child{level}.{name}"] = getattr(child, name)
        return {
            name: array if array.dtype.kind == "i" else array.astype(np.float32)
            for name, array in found.items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], h: Hierarchy) -> Self:
        """Inverse of :meth:`arrays`, for a hierarchy.

        Raises
        ------
        ModelError
            If the tables do not fit it.
        """
        whole = {"unit", "classes", "group"}
        if any(
            array.dtype.kind != ("i" if name in whole else "f") for name, array in arrays.items()
        ):
            raise ModelError("This model file has tables to draw by of a wrong kind.")
        try:
            top = Top(
                arrays["unit"].astype(np.intp), arrays["shares"], arrays["means"], arrays["factor"]
            )
            children = {
                level: Child(*(arrays[f"child{level}.{name}"] for name in Child.__annotations__))
                for level in range(len(h.layers) - 1)
                if f"child{level}.gate" in arrays
            }
            classes, group = (arrays[name].astype(np.intp) for name in ("classes", "group"))
            rest = (arrays[name] for name in ("ranks", "tones"))
            found = cls(top, children, classes, arrays["noise"], group, *rest)
        except KeyError as exc:
            raise ModelError("This model file lacks a table to draw by.") from exc
        found._check(h)
        return found

    def _check(self, h: Hierarchy) -> None:
        """Refuse tables of a foreign file that no drawing could use."""
        top, last = self.top, h.layers[-1]
        able = [layer.rank > 0 and layer.winners_kept == 1 for layer in h.layers]
        if not able[-1] or not all(able[level] for level in self.children):
            raise ModelError("This model file has tables for units that cannot draw by them.")
        if self._shapes() != _expected(h, self) or not len(top.unit) or not self.tones.size:
            raise ModelError("This model file's tables to draw by do not fit its layers.")
        for index, end in ((top.unit, last.units), (self.group, len(self.tones))):
            if not 0 <= index.min() <= index.max() < end:
                raise ModelError("This model file draws by units or tones that it does not have.")
        scales = [child.scale for child in self.children.values()]
        shares = top.shares.sum(dtype=np.float64)
        if not (top.shares >= 0).all() or not 0 < shares < np.inf or (self.noise < 0).any():
            raise ModelError("This model file draws units by impossible shares.")
        if (np.diff(self.classes) <= 0).any() or any((scale <= 0).any() for scale in scales):
            raise ModelError("This model file has impossible classes or scales to draw by.")

    def _shapes(self) -> list[tuple[int, ...]]:
        top = (self.top.unit, self.top.shares, self.top.means, self.top.factor)
        children = [
            getattr(child, name)
            for _, child in sorted(self.children.items())
            for name in Child.__annotations__
        ]
        return [
            array.shape
            for array in (*top, *children, self.noise, self.group, self.ranks, self.tones)
        ]


def _expected(h: Hierarchy, found: Sampler) -> list[tuple[int, ...]]:
    """The shapes that a sampler's tables have to have."""
    top, count = h.layers[-1], len(found.top.unit)
    shapes: list[tuple[int, ...]] = [
        (count,),
        (count, max(1, len(found.classes))),
        (count, top.rank),
        (top.units, top.rank, top.rank),
    ]
    for level in sorted(found.children):
        layer = h.layers[level]
        k, r, inputs = layer.units, layer.rank, 1 + 3 * layer.code_length
        shapes += [(inputs + k, k), (k, inputs, r), (k, r, r), (2,)]
    numbers = int(np.prod(h.map_shapes[0]))
    tones = (*found.tones.shape[:2], numbers)
    return [*shapes, (numbers,), (top.units,), tones, tones]


def looks(layer: CompetitiveLayer, predicted: Floats) -> Floats:
    """Log share of every unit in what a parent predicts ``(n, c)``, from -1 to 0, ``(n, K)``."""
    rows = layer.take_down(predicted)
    joint = layer.joint(rows, layer.errors(rows))
    log_share = log_softmax(joint, axis=1)
    return np.maximum(log_share, FLOOR) / -FLOOR


def features(predicted: Floats, left: Floats, upper: Floats, scale: Floats) -> Floats:
    """What a child's values are drawn from, ``(n, 1 + 3c)``."""
    ones = np.ones((len(predicted), 1))
    return np.concatenate([ones, predicted / scale[0], left / scale[1], upper / scale[1]], 1)


def draw_children(
    layer: CompetitiveLayer, child: Child, maps: Floats, rng: np.random.Generator, heat: float
) -> tuple[Floats, Ints]:
    """Rows ``(n * gh * gw, d)`` of a level under predicted maps ``(n, gh, gw, c)``, and winners.

    Cell by cell in reading order, all pictures at once, since a cell looks at what its upper
    and left neighbours turned out to be.
    """
    n, height, width, c = maps.shape
    rows = np.empty((n, height, width, layer.m.shape[1]))
    residual = np.zeros((n, height + 1, width + 1, c))  # one line of zeros above and left
    won, every = np.empty((n, height, width), np.intp), np.arange(n)
    for i in range(height):
        for j in range(width):
            predicted = maps[:, i, j]
            f = features(predicted, residual[:, i + 1, j], residual[:, i, j + 1], child.scale)
            evidence = np.concatenate([f, looks(layer, predicted)], 1) @ child.gate
            # Gumbel's trick draws from the softmax at any temperature, 0 included.
            unit = (evidence + heat * rng.gumbel(size=evidence.shape)).argmax(1)
            noise = heat * rng.standard_normal((n, layer.rank))
            values = np.empty((n, layer.rank))
            for one in np.unique(unit):
                own = every[unit == one]
                values[own] = f[own] @ child.slope[one] + noise[own] @ child.factor[one].T
            codes = RowCodes(unit[:, None], np.ones((n, 1)), values[:, None])
            rows[:, i, j], won[:, i, j] = layer.decode(codes), unit
            residual[:, i + 1, j + 1] = layer.hand_up(codes) - predicted
    return rows.reshape(-1, rows.shape[-1]), won.ravel()
