"""One layer of competing units, at whatever level it stands.

Rows in, codes out; the network cuts maps into rows (``patches``) and stacks layers::

    x (n, d) ──compete──► winners (n, k), weights (n, k), values (n, k, r)
                 │                                  │
                 └────────── decode ◄───────────────┘
    hand up:   rank > 0   the reconstruction in the layer's own basis, (n, c)
               rank = 0   the competed activations themselves, (n, K), as in the article

Learning is in ``learning``; this module only uses what was learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from . import competition

#: Learning runs in single precision; what users call runs in double, so that the last
#: bits of a matrix product, which follow the batch, round away.  Functions take either.
Floats = NDArray[np.floating]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class LayerSpec:
    """Settings of one layer.

    Parameters
    ----------
    patch : int
        Side of a patch in cells of the map below; at least the map's side means all of it.
    units : int
        Number of competing units K.
    rank : int
        Dimensions r of each unit's own subspace; 0 is the article's plain neuron.  Units
        that compete keep at most half of their input's dimensions.
    winners : int
        How many units k stay active for an input.
    temperature : float
        Temperature of the activation once training has cooled down.
    stride : int or None
        Cells from one patch to the next; None tiles without overlap.
    code : int or None
        Length c of the vector handed up when ``rank > 0``; None keeps enough
        directions for 99.9 % of the variance, at most 64.
    prior : float
        Pictures worth of the common mean and covariance that a unit's start leans on (see
        ``subspaces``); 0 starts from its own alone.
    compete_on : {"explanation", "evidence"}
        What decides a winner: the posterior share ``a_i exp(-error_i / 2 s^2)`` in
        explaining the input, or the activation ``a_i`` alone, as in the article.
    """

    patch: int = 7
    units: int = 64
    rank: int = 8
    winners: int = 1
    temperature: float = 1.0
    stride: int | None = None
    code: int | None = None
    compete_on: str = "explanation"
    prior: float = 0.0

    def settings(self) -> dict[str, Any]:
        """All fields by name; ``prior`` only where it is used, as older files have none."""
        found = asdict(self)
        if not self.prior:
            found.pop("prior")
        return found

    def check(self, *, learned: bool = False) -> None:
        """Raise ``ValueError`` with one sentence if a setting makes no sense.

        Parameters
        ----------
        learned : bool
            The layer has learned already, by a file: earlier versions let it at temperatures
            down to 0.
        """
        limits = {"patch": (1, 4096), "units": (1, 65535), "rank": (0, 4096), "winners": (1, 64)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise ValueError(f"{name} must be a whole number, got {value!r}")
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low}..{high}, got {value}")
        numbers = int | float | np.integer | np.floating
        heat, least = self.temperature, 0.0 if learned else 1e-6
        if not isinstance(heat, numbers) or not (heat > 0 and least <= heat <= 1e6):
            raise ValueError(f"temperature must be from 1e-06 to 1e+06, got {self.temperature!r}")
        for name in ("stride", "code"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, int | np.integer):
                raise ValueError(f"{name} must be a whole number or None, got {value!r}")
        if self.stride is not None and not 1 <= self.stride <= self.patch:
            raise ValueError(f"stride must lie in 1..patch, got {self.stride!r}")
        if self.code is not None and not 1 <= self.code <= 4096:
            raise ValueError(f"code must lie in 1..4096, got {self.code!r}")
        if not 0 <= self.prior <= 1e6:
            raise ValueError(f"prior must lie in 0..1000000, got {self.prior!r}")
        if self.compete_on not in ("explanation", "evidence"):
            raise ValueError(f"compete_on must be explanation or evidence, got {self.compete_on!r}")


class RowCodes(NamedTuple):
    """The compact code of ``n`` rows."""

    winners: Ints  #: ``(n, k)`` unit indices, strongest first
    weights: Floats  #: ``(n, k)`` competed activations, each row sums to one
    values: Floats  #: ``(n, k, r)`` coordinates in each winner's basis

    def double(self) -> RowCodes:
        """The same in double precision."""
        return RowCodes(
            self.winners, self.weights.astype(np.float64), self.values.astype(np.float64)
        )


#: One entry a learned array: name -> shape in the letters of the module docstring.
ARRAYS = {
    "w": "Kd",
    "b": "K",
    "m": "Kd",
    "u": "Kdr",
    "mean": "d",
    "basis": "dc",
    "spread": "Kr",
    "shares": "K",
    "profile": "p",
}


class CompetitiveLayer:
    """K units over rows of d numbers (see the module docstring).

    Attributes
    ----------
    w, b : ndarray (K, d), (K,)
        The gate: evidence is ``w_i . x + b_i``.
    m, u : ndarray (K, d), (K, d, r)
        Prototype and orthonormal basis of each unit.
    mean, basis : ndarray (d,), (d, c)
        The layer's own principal directions, in which codes are handed up.
    spread : ndarray (K, r)
        Standard deviation of each value over the unit's wins.
    shares : ndarray (K,)
        Share of recent wins; sums to one.
    profile : ndarray (k,)
        Mean competed activation of the strongest winner, the second, and so on.
    s2 : float
        Mean squared error per number, the s^2 of the loss.
    """

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec
        self.s2 = 1.0
        none, flat = np.zeros((0, 0), np.float32), np.zeros(0, np.float32)
        self.w: Floats = none
        self.b: Floats = flat
        self.m: Floats = none
        self.u: Floats = np.zeros((0, 0, 0), np.float32)
        self.mean: Floats = flat
        self.basis: Floats = none
        self.spread: Floats = none
        self.shares: Floats = flat
        self.profile: Floats = flat

    # ------------------------------------------------------------------ sizes
    @property
    def units(self) -> int:
        """Number of units K in use."""
        return len(self.m)

    @property
    def rank(self) -> int:
        """Rank r in use: the spec's, or less where the input is shorter."""
        return int(self.u.shape[2])

    @property
    def winners_kept(self) -> int:
        """Winners k in use."""
        return min(self.spec.winners, self.units)

    @property
    def code_length(self) -> int:
        """Length of the vector handed up."""
        return int(self.basis.shape[1]) if self.rank else self.units

    # ----------------------------------------------------------------- coding
    def evidence(self, x: Floats) -> Floats:
        """Evidence ``(n, K)``."""
        return competition.evidence(x, self.w, self.b)

    def activation(self, x: Floats) -> Floats:
        """Penalty-reward activation ``(n, K)`` at the layer's temperature."""
        return competition.activation(self.evidence(x), self.spec.temperature)

    def errors(self, x: Floats) -> Floats:
        """Squared error of each unit's own view of x, ``(n, K)``."""
        return self.views(x)[0]

    def views(self, x: Floats) -> tuple[Floats, Floats]:
        """Squared errors ``(n, K)`` and values ``(n, K, r)`` of every unit's own view."""
        # |x - x_i|^2 = |x - m_i|^2 - |z_i|^2: two matrix products serve all units.
        # Centring first keeps float32 from cancelling when data sits far from zero.
        centred = x - self.mean
        prototypes = self.m - self.mean
        distance = (
            (centred**2).sum(1)[:, None] + (prototypes**2).sum(1) - 2 * centred @ prototypes.T
        )
        if not self.rank:
            return np.maximum(distance, 0), np.zeros((len(x), self.units, 0), x.dtype)
        flat = self.u.transpose(1, 0, 2).reshape(x.shape[1], -1)
        offset = np.einsum("kd,kdr->kr", prototypes, self.u)
        z = (centred @ flat).reshape(len(x), self.units, self.rank) - offset
        return np.maximum(distance - np.einsum("nkr,nkr->nk", z, z), 0), z

    def joint(self, x: Floats, errors: Floats, e: Floats | None = None) -> Floats:
        """Log of a_i exp(-error_i / 2 s^2), over the temperature, ``(n, K)``."""
        log_a = log_softmax(self.evidence(x) if e is None else e, axis=1)
        return (log_a - errors / (2 * self.s2)) / self.spec.temperature

    def responsibilities(self, x: Floats) -> Floats:
        """Share of each unit in the competition, ``(n, K)`` (see ``LayerSpec.compete_on``)."""
        if self.spec.compete_on == "evidence":
            return self.activation(x)
        return competition.activation(self.joint(x, self.errors(x)))

    def encode(self, x: Floats) -> RowCodes:
        """Let the units compete for each row."""
        h = self.responsibilities(x)
        index = competition.winners(h, self.winners_kept)
        weights = np.take_along_axis(h, index, 1)
        weights = weights / np.maximum(weights.sum(1, keepdims=True), 1e-30)
        return RowCodes(index, weights, self.values(x, index))

    def values(self, x: Floats, index: Ints) -> Floats:
        """Coordinates of rows in the bases of given units, ``(n, k, r)``."""
        values = np.zeros((*index.shape, self.rank), x.dtype)
        if self.rank:
            for unit in np.unique(index):
                row, slot = np.nonzero(index == unit)
                values[row, slot] = (x[row] - self.m[unit]) @ self.u[unit]
        return values

    def decode(self, codes: RowCodes) -> Floats:
        """Rows ``(n, d)`` from codes: x^ = sum_i h_i (m_i + U_i z_i)."""
        index, weights, values = codes
        rows = np.einsum("nk,nkd->nd", weights, self.m[index])
        if self.rank:
            for unit in np.unique(index):
                row, slot = np.nonzero(index == unit)
                part = weights[row, slot, None] * (values[row, slot] @ self.u[unit].T)
                rows[row] += part  # a unit takes at most one slot of a row, so no row repeats
        return rows

    def hand_up(self, codes: RowCodes) -> Floats:
        """Vector ``(n, code_length)`` the layer above sees."""
        if self.rank:
            return (self.decode(codes) - self.mean) @ self.basis
        h = np.zeros((len(codes.winners), self.units), codes.weights.dtype)
        np.put_along_axis(h, codes.winners, codes.weights, 1)
        return h

    def take_down(self, vectors: Floats) -> Floats:
        """Rows ``(n, d)`` from vectors predicted by the layer above.

        With rank 0 the predicted activations compete again before they decode.
        """
        if self.rank:
            return vectors @ self.basis.T + self.mean
        h = competition.compete(np.maximum(vectors, 0) + 1e-12, self.winners_kept)
        return h @ self.m


def tidied(u: Floats) -> Floats:
    """Bases ``(K, d, r)`` exactly orthonormal, with signs that do not depend on the path."""
    if not u.shape[2]:
        return u
    span = competition.orthonormalise(u)
    peak = np.take_along_axis(span, np.abs(span).argmax(1)[:, None, :], 1)
    return np.ascontiguousarray(span * np.where(peak < 0, -1, 1), np.float32)
