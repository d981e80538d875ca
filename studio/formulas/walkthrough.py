"""The numbers behind the formulas page: one patch, one layer, every formula of ``competition``.

::

    model, picture, level, place ──► Walk (float64 copies of w, b, m, U and the row x)
    Walk, k ──► Stand (evidence, activation, views, loss, gradients)
    Walk, rate ──► Walk after one step of the article's rule

A walk is a copy: the model itself is never moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_engine.estimator.network import HTM
from htm_engine.model import competition

F64 = NDArray[np.floating[Any]]
#: Entries of each parameter whose gradient is checked by finite differences.
CHECKED = 24
#: Relative size of the step of a finite difference.
EPSILON = 1e-5


@dataclass(frozen=True)
class Walk:
    """Parameters of one layer and one input row ``x (1, d)``, all in double precision."""

    x: F64
    w: F64
    b: F64
    m: F64
    u: F64
    s2: float
    temperature: float = 1.0
    steps: int = 0


@dataclass(frozen=True)
class Stand:
    """Every quantity of DESIGN section 3 for one row, and the gradients of its loss."""

    evidence: F64
    activation: F64
    kept: F64
    errors: F64
    views: F64
    responsibility: F64
    loss: float
    grad_w: F64
    grad_b: F64
    grad_m: F64
    grad_u: F64

    def strongest(self, count: int = 3) -> list[int]:
        """Units with the largest responsibilities."""
        return [int(i) for i in np.argsort(-self.responsibility, kind="stable")[:count]]


def begin(
    model: HTM, picture: NDArray[Any], level: int, place: int, temperature: float = 1.0
) -> Walk:
    """Take one patch of a picture ``(...)`` as a level sees it."""
    h = model.hierarchy_
    maps = model.batch(np.asarray(picture)[None], np.array([0])).astype(np.float64)
    rows = h.rows(level, h.input_of(level, maps))
    layer = h.layers[level]
    # The loss is per row, so s^2 stands for the whole row's error, not one number's: with
    # the latter, all but one responsibility would round to nothing and nothing would move.
    s2 = max(layer.s2 * rows.shape[1] / 4, 1e-9)
    return Walk(
        x=rows[place % len(rows)][None].astype(np.float64),
        w=layer.w.astype(np.float64),
        b=layer.b.astype(np.float64),
        m=layer.m.astype(np.float64),
        u=competition.orthonormalise(layer.u.astype(np.float64)),
        s2=s2,
        temperature=temperature,
    )


def stand(walk: Walk, k: int = 1) -> Stand:
    """Evaluate every formula; the temperature is part of the loss, so dL/de is (a - r) / T."""
    e = competition.evidence(walk.x, walk.w, walk.b)
    views = competition.views(walk.x, walk.m, walk.u)
    a = competition.activation(e, walk.temperature)
    r = competition.responsibilities(a, views.errors, walk.s2)
    gw, gb = competition.gate_gradients(walk.x, a, r)
    return Stand(
        e[0],
        a[0],
        competition.compete(a, k)[0],
        views.errors[0],
        views.reconstructions[0],
        r[0],
        float(competition.loss(a, views.errors, walk.s2)[0]),
        gw / walk.temperature,
        gb / walk.temperature,
        competition.prototype_gradient(walk.x, views.reconstructions, r, walk.s2),
        competition.basis_gradient(walk.x, walk.m, walk.u, r, walk.s2),
    )


def step(walk: Walk, rate: float) -> Walk:
    """One step of the article's rule on every parameter; bases go back to orthonormal."""
    now = stand(walk)
    # Step sizes of m and U are in units of s^2, which their gradients are divided by.
    return replace(
        walk,
        w=competition.gradient_step(walk.w, now.grad_w, rate),
        b=competition.gradient_step(walk.b, now.grad_b, rate),
        m=competition.gradient_step(walk.m, now.grad_m, rate * walk.s2),
        u=competition.orthonormalise(competition.gradient_step(walk.u, now.grad_u, rate * walk.s2)),
        steps=walk.steps + 1,
    )


@dataclass(frozen=True)
class GradientCheck:
    """Analytic against numeric derivative of one parameter, over some of its entries."""

    name: str
    entries: int
    largest: float  #: largest absolute value of the analytic derivative
    difference: float  #: largest absolute difference


def _loss(walk: Walk) -> float:
    # The error as the layer computes it, |x - m|^2 - |U'(x - m)|^2, is defined for any U.
    centred = walk.x[:, None] - walk.m
    z = np.einsum("nkd,kdr->nkr", centred, walk.u)
    errors = (centred**2).sum(-1) - (z**2).sum(-1)
    a = competition.activation(competition.evidence(walk.x, walk.w, walk.b), walk.temperature)
    return float(competition.loss(a, errors, walk.s2)[0])


def check(walk: Walk) -> list[GradientCheck]:
    """Compare gradients with central differences at the entries where they are largest."""
    now = stand(walk)
    found = []
    for name, gradient in (
        ("w", now.grad_w),
        ("b", now.grad_b),
        ("m", now.grad_m),
        ("u", now.grad_u),
    ):
        if not gradient.size:
            continue
        places = np.argsort(-np.abs(gradient), axis=None, kind="stable")[:CHECKED]
        parameter = getattr(walk, name)
        difference = 0.0
        for flat in places:
            place = np.unravel_index(flat, gradient.shape)
            size = EPSILON * max(1.0, float(np.abs(parameter[place])))
            sides = []
            for sign in (1, -1):
                moved = parameter.copy()
                moved[place] += sign * size
                sides.append(_loss(replace(walk, **{name: moved})))
            numeric = (sides[0] - sides[1]) / (2 * size)
            difference = max(difference, abs(numeric - float(gradient[place])))
        found.append(GradientCheck(name, len(places), float(np.abs(gradient).max()), difference))
    return found
