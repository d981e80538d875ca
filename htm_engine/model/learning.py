"""How a layer learns: a start, then one small step a batch.

Every step is one down the gradients in ``competition``, with the competed
responsibilities ``h`` as ``r`` (with all K units winning they are ``r`` itself):

    gate       ``gate_gradients`` through Adam
    prototype  ``prototype_gradient`` times ``n s^2 / N_i``, N_i the unit's recent wins: the
               step size at which gradient descent keeps a running mean (Nowlan 1990; Bottou
               and Bengio, NIPS 1995).  Within the unit's own basis, where the loss is flat
               and this gradient zero, the prototype follows the mean as well, so that
               values spread around zero.
    basis      a running mean of ``basis_gradient``, in the same step size: minus that is the
               product of the unit's covariance with its basis, and every few steps the basis
               is turned to it and put back to orthonormal (Oja's rule in mini-batch form,
               which is block power iteration)

The last two are written out for the rows that each unit wins; tests hold both against the
plain form.  Units that stop winning are revived by splitting the one of the largest error.

    start(x)  units placed on a first sample (``starting``)
    step(x)   one batch: compete, move the winners, move the gate, revive the dead;
              the sums over its rows are those of ``sums``, which parts can share
    finish()  bases turned to uncorrelated values, largest spread first
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import adam, competition, starting
from .layer import CompetitiveLayer, Floats
from .sums import Standing, Sums, sums
from .threads import one_thread

#: A unit that wins less than this part of a fair share is dead.
DEAD_SHARE = 0.02
#: Directions a unit follows beyond its rank, so that its last ones settle (Halko, Martinsson
#: and Tropp, SIAM Review 53, 2011: oversampling).
SPARE = 4
#: Steps between two turns of the bases.
TURN_EVERY = 4
#: How much of a unit's past its running means remember, once training has settled.
LONGEST_MEMORY = 0.995
#: Means farther from zero than so many deviations: the gate turns around them, not around zero.
FAR = 20


class LayerStep(NamedTuple):
    """What one step of learning saw."""

    error: float  #: mean squared error per number of the batch, before the step
    wins: NDArray[np.int64]  #: ``(K,)`` wins in the batch
    revived: int  #: units revived by the step


class LayerLearner:
    """The state that learning needs beside the layer itself.

    Parameters
    ----------
    layer : CompetitiveLayer
        Changed in place.
    learning_rate : float
        Step of the gate, in units of evidence: about how far one Adam step moves
        the evidence of a typical input.
    rng : numpy.random.Generator
        Used by the start and by revival.
    """

    def __init__(
        self, layer: CompetitiveLayer, learning_rate: float, rng: np.random.Generator
    ) -> None:
        self.layer, self.rate, self.rng = layer, learning_rate, rng
        self.steps = self.before = 0

    # ------------------------------------------------------------------ start
    @one_thread
    def start(self, x: Floats, at_random: bool = False) -> None:
        """Place the units on a first sample ``(n, d)`` (see ``starting``).

        Raises
        ------
        ValueError
            If the sample is empty.
        """
        if not len(x):
            raise ValueError("cannot start a layer on no rows")
        begun = starting.start(self.layer, x, self.rng, at_random)
        self.resume(begun.scale)
        if begun.seen is not None:
            self.seen, self.before = begun.seen, begun.before

    def resume(self, scale: float | None = None) -> None:
        """Fresh optimiser state around what the layer already knows."""
        layer = self.layer
        if scale is None:
            scale = float(np.sqrt((layer.spread**2).sum(1).mean() / max(1, layer.m.shape[1])))
        self.gate_rate = self.rate / max(scale * np.sqrt(layer.m.shape[1]), 1e-12)
        self.moment = [np.zeros_like(layer.w), np.zeros_like(layer.b)]
        self.moment2 = [np.zeros_like(layer.w), np.zeros_like(layer.b)]
        self.seen = layer.shares * 50.0  # the start counts as a few wins, so it can be moved
        self.span = self._widened(layer.u)
        power = (layer.spread**2)[:, None, :]
        lowest = power[..., -1:] if layer.rank else power
        self.product = self.span * np.concatenate(
            [power, *[0.5 * lowest] * (self.span.shape[2] - layer.rank)], 2
        )
        self.unit_error = np.zeros(layer.units)
        self.steps = self.before = 0

    def own(self) -> None:
        """Copy arrays that may not be written, as those of a network mapped from a file."""
        for holder in (self, self.layer):
            for name, value in vars(holder).items():
                if isinstance(value, list):
                    setattr(holder, name, [_writable(one) for one in value])
                elif isinstance(value, np.ndarray):
                    setattr(holder, name, _writable(value))

    def _widened(self, u: Floats) -> Floats:
        """Bases with spare directions beyond the rank, ``(K, d, r + spare)``."""
        units, d, rank = u.shape
        spare = min(SPARE, d - rank) if rank else 0
        if not spare:
            return u.copy()
        extra = self.rng.standard_normal((units, d, spare)).astype(np.float32)
        return competition.orthonormalise(np.concatenate([u, extra], 2)).astype(np.float32)

    # ------------------------------------------------------------------- step
    def step(self, x: Floats, temperature: float = 1.0) -> LayerStep:
        """Learn from a batch ``(n, d)``; ``temperature`` multiplies the layer's own."""
        standing = self.standing()
        return self.take(sums(standing, x, temperature), x.__getitem__)

    def standing(self) -> Standing:
        """What the sums of the next step are taken about."""
        return Standing(self.layer, self.span, self.seen * self._memory(), self._is_far())

    def _memory(self) -> float:
        """How much of its past a unit's running means keep in the next step."""
        return min(LONGEST_MEMORY, 1 - 1 / (4 + self.steps + self.before))

    def take(self, found: Sums, row: Callable[[int], Floats]) -> LayerStep:
        """Learn from the sums of a batch, taken about :meth:`standing`.

        ``row`` gives one of its rows ``(d,)`` by its number, for units that are revived.
        """
        layer, past, memory = self.layer, self.steps + self.before, self._memory()
        wins = np.bincount(found.winner, minlength=layer.units)
        self._move_gate(found.gate, found.bias)
        self.seen *= memory
        self.unit_error *= memory
        self._move_units(found)
        np.add.at(self.unit_error, found.winner, found.best)
        error = float(found.best.mean(dtype=np.float64) / layer.m.shape[1])
        rate = max(1 - memory, 1 / (2 + past))
        layer.s2 = max((1 - rate) * layer.s2 + rate * error, 1e-12)
        layer.profile = ((1 - rate) * layer.profile + rate * found.kept).astype(np.float32)
        total = self.seen.sum()
        layer.shares = self.seen / total if total > 0 else np.full(layer.units, 1 / layer.units)
        self.steps += 1
        revived = self._revive(found.winner, row) if self.steps % 8 == 0 else 0
        if self.steps % TURN_EVERY == 0:
            self.turn()
        return LayerStep(error, wins, revived)

    def _move_gate(self, *gradients: Floats) -> None:
        """Adam on dL/dw and dL/db; it goes as far whatever the temperature they are over."""
        layer, t = self.layer, self.steps + 1
        far = self._is_far()
        before = layer.w @ layer.mean if far else 0.0
        both = zip((layer.w, layer.b), gradients, (self.gate_rate, self.rate), strict=True)
        for i, (parameter, gradient, rate) in enumerate(both):
            move = adam.direction(self.moment[i], self.moment2[i], gradient, t, 1e-8)
            parameter -= (rate / np.sqrt(1 + t / 100) * move).astype(np.float32)
        if far:  # w has turned around the mean, not around zero
            layer.b += (before - layer.w @ layer.mean).astype(np.float32)

    def _is_far(self) -> bool:
        """Whether inputs lie so far from zero that the gate's two gradients are nearly one."""
        mean = self.layer.mean
        scale = self.rate / max(self.gate_rate * np.sqrt(len(mean)), 1e-30)
        return bool(np.sqrt((mean**2).mean(dtype=np.float64)) > FAR * scale)

    def _move_units(self, found: Sums) -> None:
        """Prototypes down their gradient, and the running mean of the bases' gradients."""
        layer = self.layer
        for unit in np.flatnonzero(found.mass):
            mass = float(found.mass[unit])
            self.seen[unit] += mass
            rate = mass / self.seen[unit]
            if layer.rank:
                self.product[unit] += rate * (found.product[unit] - self.product[unit])
            layer.m[unit] += rate * found.shift[unit]

    @one_thread
    def turn(self) -> None:
        """One power iteration: turn to principal axes (Rayleigh and Ritz), then orthonormalise."""
        layer = self.layer
        if not layer.rank:
            return
        small = self.span.transpose(0, 2, 1) @ self.product
        power, turn = np.linalg.eigh((small + small.transpose(0, 2, 1)) / 2)
        power, turn = power[:, ::-1], np.ascontiguousarray(turn[:, :, ::-1])
        span, self.product = self.span @ turn, self.product @ turn
        # A trace of the present basis keeps directions the data leaves open where they are.
        size = np.linalg.norm(self.product, axis=(1, 2), keepdims=True)
        leaning = self.product + (1e-4 * size + 1e-12) * span
        # Scale the columns first: they differ by the ratio of the eigenvalues.
        scaled = leaning / np.linalg.norm(leaning, axis=1, keepdims=True)
        gram = (scaled.transpose(0, 2, 1) @ scaled).astype(np.float64)
        try:
            inverse = np.linalg.inv(np.linalg.cholesky(gram + 1e-6 * np.eye(gram.shape[1])))
            self.span = scaled @ inverse.transpose(0, 2, 1).astype(np.float32)
        except np.linalg.LinAlgError:
            # Nearly parallel columns; QR is slower and always works.
            self.span = competition.orthonormalise(scaled)
        layer.u = np.ascontiguousarray(self.span[:, :, : layer.rank])
        layer.spread = np.sqrt(np.maximum(power[:, : layer.rank], 0))

    def _revive(self, winner: NDArray[np.intp], row_of: Callable[[int], Floats]) -> int:
        """Give each dead unit half of the unit with the largest error."""
        layer = self.layer
        dead = np.flatnonzero(layer.shares < DEAD_SHARE / layer.units)
        revived = 0
        for unit in dead:
            busy = int(self.unit_error.argmax())
            row = np.flatnonzero(winner == busy)
            if self.unit_error[busy] <= 0 or len(row) < 2 or busy == unit:
                break
            chosen = row_of(int(self.rng.choice(row)))
            layer.m[unit] = 0.5 * (layer.m[busy] + chosen)
            self.span[unit], self.product[unit] = self.span[busy], self.product[busy]
            layer.u[unit] = layer.u[busy]
            layer.w[unit], layer.b[unit] = layer.w[busy], layer.b[busy]
            layer.spread[unit] = layer.spread[busy]
            for moment in (*self.moment, *self.moment2):
                moment[unit] = 0
            for store in (self.seen, self.unit_error):
                store[unit] = store[busy] = store[busy] / 2
            revived += 1
        if revived:
            layer.shares = self.seen / self.seen.sum()
        return revived

    # ----------------------------------------------------------------- finish
    @one_thread
    def finish(self) -> None:
        """Put bases exactly to orthonormal, with signs that do not depend on the path."""
        layer = self.layer
        if not layer.rank:
            return
        self.turn()
        self.span = competition.orthonormalise(self.span)
        peak = np.take_along_axis(self.span, np.abs(self.span).argmax(1)[:, None, :], 1)
        sign = np.where(peak < 0, -1, 1).astype(np.float32)
        self.span, self.product = self.span * sign, self.product * sign
        layer.u = np.ascontiguousarray(self.span[:, :, : layer.rank], np.float32)


def _writable(value: Any) -> Any:
    fixed = isinstance(value, np.ndarray) and not value.flags.writeable
    return value.copy() if fixed else value
