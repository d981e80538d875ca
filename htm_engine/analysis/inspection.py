"""Why a unit won: its evidence pixel by pixel, who came second, what goes if it goes.

::

    model, picture ──look──► View     every level's rows, codes and predictions, once
    View, level, place, unit ──attribute──► Attribution   pixels.sum() + b  =  w . x + b
    View, level, place, i, j ──duel──► Duel               lead = by evidence + by error
    model, level, unit ──without──► the same network with that unit out of the competition
    View ──contributions──► what every level's code alone makes of the picture

With its winners and their weights held fixed, a level hands up an affine function of what it
sees (``CompetitiveLayer.hand_up``), so the evidence of a unit at any level is a sum over
pixels plus constants; ``attribute`` walks down the hierarchy and finds every term.  That is
gradient times input of the piecewise affine network, with nothing left over.

Everything here is in double precision, as in all that users see of a network (``layer``).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..estimator.network import HTM
from ..model import competition
from ..model.layer import CompetitiveLayer, Ints, RowCodes
from ..model.patches import tiling

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class View:
    """One picture on its way up.

    Attributes
    ----------
    model : HTM
    maps : list of ndarray (1, H, W, C)
        What each level sees, bottom first; the first is the picture.
    rows : list of ndarray (gh * gw, d)
        The same cut into patches.
    codes : list of RowCodes
        Who won each patch, by how much, with which values.
    """

    model: HTM
    maps: list[Floats]
    rows: list[Floats]
    codes: list[RowCodes]

    def scores(self, level: int) -> Floats:
        """Log of each unit's share in the competition up to a constant, ``(gh * gw, K)``."""
        return scores(self.model.hierarchy_.layers[level], self.rows[level])

    def shares(self, level: int) -> Floats:
        """Share of each unit in the competition, ``(gh * gw, K)``."""
        return self.model.hierarchy_.layers[level].responsibilities(self.rows[level])


def look(model: HTM, picture: Any) -> View:
    """Send one picture ``(h, w[, c])`` or row up, and keep all that happens on the way.

    Raises
    ------
    DataError
        If the network reads other pictures.
    """
    one = model.read(np.asarray(picture)[None])
    (block,) = model.blocks(one)
    h = model.hierarchy_
    maps, rows, codes = [block], [], []
    for level, layer in enumerate(h.layers):
        rows.append(h.rows(level, maps[-1]))
        codes.append(layer.encode(rows[-1]))
        if level + 1 < len(h.layers):
            handed = layer.hand_up(codes[-1])
            maps.append(handed.reshape(1, *h.grid_shapes[level], -1))
    return View(model, maps, rows, codes)


def scores(layer: CompetitiveLayer, rows: Floats) -> Floats:
    """Log of each unit's share in the competition up to a constant a row, ``(n, K)``.

    ``log a_i - |x - x_i|^2 / 2 s^2``, or the evidence alone, over the temperature (see
    ``LayerSpec.compete_on``); differences between two units are log odds, in nats.
    """
    if layer.spec.compete_on == "evidence":
        return layer.evidence(rows) / layer.spec.temperature
    return layer.joint(rows, layer.errors(rows))


def first_two(score: Floats) -> tuple[Ints, Ints, Floats]:
    """Winner, runner-up and the winner's lead in nats for rows of scores ``(n, K)``.

    A unit without rivals is its own runner-up, with an infinite lead.
    """
    best = score.argmax(1)
    if score.shape[1] == 1:
        return best, best, np.full(len(score), np.inf)
    rest = score.copy()
    np.put_along_axis(rest, best[:, None], -np.inf, 1)
    second = rest.argmax(1)
    every = np.arange(len(score))
    return best, second, score[every, best] - score[every, second]


# ------------------------------------------------------------------- evidence
@dataclass(frozen=True, eq=False)
class Attribution:
    """A unit's evidence for one patch, pixel by pixel.

    Attributes
    ----------
    evidence : float
        ``w . x + b``.
    bias : float
        ``b``.
    pixels : ndarray (H, W, C)
        What each number of the picture adds; zero outside the patch.
        ``pixels.sum() + bias`` is the evidence.  What a unit below adds whatever the pixels
        are (its prototype's part) is spread evenly over its patch.
    box : (top, left, bottom, right)
        The pixels that the patch covers.
    """

    evidence: float
    bias: float
    pixels: Floats
    box: tuple[int, int, int, int]


def attribute(view: View, level: int, place: int, unit: int) -> Attribution:
    """Spread the evidence of a unit at one place of a level over the pixels below it.

    Raises
    ------
    DataError
        If there is no such level, place or unit.
    """
    layer = _layer(view, level, place, unit)
    pixels = np.zeros(view.maps[0].shape[1:])
    weights = layer.w[unit].astype(np.float64)
    _spread(view, level, place, weights, 0.0, pixels)
    evidence = float(layer.evidence(view.rows[level][place : place + 1])[0, unit])
    return Attribution(evidence, float(layer.b[unit]), pixels, box(view.model, level, place))


def _spread(
    view: View, level: int, place: int, weights: Floats, constant: float, out: Floats
) -> None:
    """Add ``weights . row + constant`` of a patch to the pixels of ``out`` that cause it."""
    own = view.maps[level][0]
    rows, columns = _cells(view.model, level, place)
    part = weights.reshape(len(rows), len(columns), -1)
    share = constant / (len(rows) * len(columns))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if not level:
                out[row, column] += part[i, j] * own[row, column] + share / own.shape[2]
                continue
            below = view.model.hierarchy_.layers[level - 1]
            child = row * own.shape[1] + column
            code = RowCodes(*(each[child] for each in view.codes[level - 1]))
            through, rest = _back(below, code, part[i, j])
            _spread(view, level - 1, child, through, rest + share, out)


def _back(layer: CompetitiveLayer, code: RowCodes, weights: Floats) -> tuple[Floats, float]:
    """``weights . hand_up(row)`` as an affine function of the row, winners held fixed.

    ``hand_up(x) = B'(sum_k h_k (m_k + U_k U_k'(x - m_k)) - mean)``; with rank 0 it is the
    activations, which no pixel moves while the winners stay.
    """
    if not layer.rank:
        return np.zeros(layer.m.shape[1]), float(weights[code.winners] @ code.weights)
    q = layer.basis.astype(np.float64) @ weights
    through, constant = np.zeros(len(q)), -float(layer.mean @ q)
    for unit, weight in zip(code.winners, code.weights, strict=True):
        u, m = layer.u[unit].astype(np.float64), layer.m[unit].astype(np.float64)
        # The layer decodes with the very values it encoded, so U need not be exactly
        # orthonormal for this to be exact.
        own = weight * (u @ (u.T @ q))
        through += own
        constant += float(weight * (m @ q) - own @ m)
    return through, constant


def _cells(model: HTM, level: int, place: int) -> tuple[Ints, Ints]:
    """Rows and columns of a level's map under a patch; overhanging ones repeat the last."""
    h, spec = model.hierarchy_, model.hierarchy_.layers[level].spec
    height, width, _ = h.map_shapes[level]
    row, column = divmod(place, h.grid_shapes[level][1])
    found = []
    for index, length in ((row, height), (column, width)):
        cut = tiling(length, spec.patch, spec.stride)
        start = index * cut.stride
        found.append(np.minimum(np.arange(start, start + cut.size), length - 1))
    return found[0], found[1]


def box(model: HTM, level: int, place: int) -> tuple[int, int, int, int]:
    """Pixels under a patch of a level: top, left, and one past bottom and right."""
    rows, columns = _cells(model, level, place)
    top, left, bottom, right = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    if level:
        across = model.hierarchy_.grid_shapes[level - 1][1]
        first = box(model, level - 1, int(top * across + left))
        last = box(model, level - 1, int((bottom - 1) * across + right - 1))
        return first[0], first[1], last[2], last[3]
    return int(top), int(left), int(bottom), int(right)


# ----------------------------------------------------------------------- duel
@dataclass(frozen=True)
class Duel:
    """Why one unit leads another at a place, in nats of log odds.

    Attributes
    ----------
    first, second : int
        Units; the lead is the first's over the second's, negative if it is behind.
    by_evidence : float
        ``(e_first - e_second) / T``: what the gate says.
    by_error : float
        ``(|x - x_second|^2 - |x - x_first|^2) / 2 s^2 T``: who reconstructs better; 0 where
        the layer competes on evidence alone.
    lead : float
        Their sum, the log of the ratio of the two shares.
    errors : (float, float)
        ``|x - x_i|^2`` of both.
    """

    first: int
    second: int
    by_evidence: float
    by_error: float
    lead: float
    errors: tuple[float, float]


def duel(view: View, level: int, place: int, first: int, second: int) -> Duel:
    """Hold two units against each other over one patch."""
    layer = _layer(view, level, place, first)
    _layer(view, level, place, second)
    row = view.rows[level][place : place + 1]
    e, errors, t = layer.evidence(row)[0], layer.errors(row)[0], layer.spec.temperature
    by_evidence = float(e[first] - e[second]) / t
    by_error = 0.0
    if layer.spec.compete_on != "evidence":
        by_error = float(errors[second] - errors[first]) / (2 * layer.s2) / t
    return Duel(
        first,
        second,
        by_evidence,
        by_error,
        by_evidence + by_error,
        (float(errors[first]), float(errors[second])),
    )


# ---------------------------------------------------------------- switched off
class _Without(CompetitiveLayer):
    """A layer in which one unit can never win; shares its arrays with the original."""

    def __init__(self, layer: CompetitiveLayer, unit: int) -> None:
        self.__dict__.update(layer.__dict__)
        self._off = unit

    def evidence(self, x: Floats) -> Floats:
        e = super().evidence(x)
        e[:, self._off] = -np.inf
        return e

    def take_down(self, vectors: Floats) -> Floats:
        if self.rank:
            return super().take_down(vectors)
        a = np.maximum(vectors, 0) + 1e-12  # as in CompetitiveLayer
        a[:, self._off] = 0
        return competition.compete(a, self.winners_kept) @ self.m


def without(model: HTM, level: int, unit: int) -> HTM:
    """Copy a network with one unit out of the competition; nothing is learned anew.

    Raises
    ------
    DataError
        If there is no such unit, or it is the only one.
    """
    layers = model.hierarchy_.layers
    if not 0 <= level < len(layers) or not 0 <= unit < layers[level].units:
        raise DataError(f"there is no unit {unit} at level {level + 1}")
    if layers[level].winners_kept >= layers[level].units:
        raise DataError("every unit of this level always wins; none can be switched off")
    rest = copy.copy(model)
    rest.hierarchy_ = copy.copy(model.hierarchy_)
    rest.hierarchy_.layers = list(layers)
    rest.hierarchy_.layers[level] = _Without(layers[level], unit)
    return rest


# ------------------------------------------------------- what each level knows
@dataclass(frozen=True, eq=False)
class Contribution:
    """What one level's code alone makes of pictures.

    Attributes
    ----------
    level : int
        0 is next to the picture.
    prototypes, pictures : ndarray (n, ...)
        Decoded from the winners alone, and with their values.
    prototype_errors, errors : ndarray (n,)
        Mean squared error of both, a picture each.
    winners, values : int
        Numbers that the code of one picture holds.
    """

    level: int
    prototypes: Floats
    pictures: Floats
    prototype_errors: Floats
    errors: Floats
    winners: int
    values: int


def contributions(model: HTM, X: Any) -> list[Contribution]:
    """Reconstruct pictures from every level's code in turn, the coarse top first.

    The last entry of each level says what its values add to its winners; from one entry to
    the next, what the level below adds to its parent.
    """
    X = model.read(X)
    h, result = model.hierarchy_, []
    maps = np.concatenate(list(model.blocks(X)))
    codes = h.up(maps)
    for level in range(len(h.layers) - 1, -1, -1):
        layer, code = h.layers[level], codes[level]
        still = RowCodes(code.winners, code.weights, np.zeros_like(code.values))
        bare, full = (h.down(level, layer.decode(c)) for c in (still, code))
        wins = int(np.prod(h.grid_shapes[level])) * layer.winners_kept
        result.append(
            Contribution(
                level,
                bare.reshape(len(X), *model.layout),
                full.reshape(len(X), *model.layout),
                ((bare - maps) ** 2).mean((1, 2, 3)),
                ((full - maps) ** 2).mean((1, 2, 3)),
                wins,
                wins * layer.rank,
            )
        )
    return result


def along_basis(model: HTM, level: int, unit: int, reach: float = 2.0) -> Floats:
    """A unit's prototype moved along each of its directions, ``(r, 2, h, w, c)``.

    By ``reach`` standard deviations of its values, down and up; the picture of a subspace.
    """
    layer = model.hierarchy_.layers[level]
    m, u = layer.m[unit].astype(np.float64), layer.u[unit].astype(np.float64)
    move = reach * layer.spread[unit][:, None] * u.T
    rows = np.stack([m - move, m + move], 1).reshape(-1, len(m))
    if not len(rows):
        return np.zeros((0, 2, 1, 1, 1))
    pictures = model.as_pictures(level, rows)
    return pictures.reshape(layer.rank, 2, *pictures.shape[1:])


def _layer(view: View, level: int, place: int, unit: int) -> CompetitiveLayer:
    layers = view.model.hierarchy_.layers
    if not 0 <= level < len(layers):
        raise DataError(f"there is no level {level + 1}; there are {len(layers)}")
    if not 0 <= place < len(view.rows[level]):
        raise DataError(f"level {level + 1} has {len(view.rows[level])} patches, not {place}")
    if not 0 <= unit < layers[level].units:
        raise DataError(f"level {level + 1} has {layers[level].units} units, not {unit}")
    return layers[level]
