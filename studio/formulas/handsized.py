"""A network small enough to see: 2 inputs, 3 units, and every step of its training.

::

    Settings ──► points (n, 2), a start ──► trajectory: the parameters after every step
    parameters ──► regions (who wins where), a stand at one point (e, a, r), the loss

The formulas are ``competition``'s own; a step is the article's rule on all points at once.
Nothing here draws, and equal settings give equal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_engine.model import competition

F64 = NDArray[np.floating[Any]]

SHAPES = ("clouds", "lines", "ring")
UNITS, POINTS, STEPS = 3, 90, 300
#: Side of the square that is looked at, from minus to plus, and cells across it.
REACH, CELLS = 1.5, 61
#: s^2 of the loss: about the width of a cloud.
S2 = 0.05


@dataclass(frozen=True)
class Settings:
    """All that decides a training."""

    shape: str = "clouds"
    rank: int = 0
    seed: int = 0
    rate: float = 0.3
    temperature: float = 1.0


@dataclass(frozen=True, eq=False)
class Toy:
    """Parameters after some steps: ``w (3, 2)``, ``b (3,)``, ``m (3, 2)``, ``u (3, 2, r)``."""

    w: F64
    b: F64
    m: F64
    u: F64
    temperature: float


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network makes of points ``(n, 2)``."""

    evidence: F64
    activation: F64
    responsibility: F64
    loss: float


def points(settings: Settings) -> F64:
    """The points to learn, ``(90, 2)``.

    Raises
    ------
    ValueError
        If there is no such shape.
    """
    rng = np.random.default_rng(settings.seed)
    group, t = np.arange(POINTS) % UNITS, rng.uniform(-1, 1, POINTS)
    angle = 2 * np.pi * group / UNITS + 0.4
    out = np.stack([np.cos(angle), np.sin(angle)], 1)
    across = np.stack([-out[:, 1], out[:, 0]], 1)
    noise = rng.normal(size=(POINTS, 2))
    if settings.shape == "clouds":
        return 0.8 * out + 0.16 * noise
    if settings.shape == "lines":
        return 0.65 * out + 0.75 * t[:, None] * across + 0.05 * noise
    if settings.shape == "ring":
        turn = np.pi * t
        return 0.9 * np.stack([np.cos(turn), np.sin(turn)], 1) + 0.06 * noise
    raise ValueError(f"points lie in {', '.join(SHAPES)}, not {settings.shape!r}")


def start(settings: Settings) -> Toy:
    """Small random weights; prototypes near the middle, where nothing is decided yet."""
    rng = np.random.default_rng(settings.seed + 1)
    u = competition.orthonormalise(rng.normal(size=(UNITS, 2, settings.rank)))
    return Toy(
        0.1 * rng.normal(size=(UNITS, 2)),
        np.zeros(UNITS),
        0.3 * rng.normal(size=(UNITS, 2)),
        u,
        settings.temperature,
    )


def look(toy: Toy, x: F64) -> Seen:
    """Evidence, activation and responsibility of every unit, ``(n, 3)``, and the mean loss."""
    e = competition.evidence(x, toy.w, toy.b)
    a = competition.activation(e, toy.temperature)
    errors = competition.views(x, toy.m, toy.u).errors
    r = competition.responsibilities(a, errors, S2)
    return Seen(e, a, r, float(competition.loss(a, errors, S2).mean()))


def step(toy: Toy, x: F64, rate: float) -> Toy:
    """One step of the article's rule on every parameter; bases go back to orthonormal."""
    seen = look(toy, x)
    gw, gb = competition.gate_gradients(x, seen.activation, seen.responsibility)
    views = competition.views(x, toy.m, toy.u).reconstructions
    gm = competition.prototype_gradient(x, views, seen.responsibility, S2)
    gu = competition.basis_gradient(x, toy.m, toy.u, seen.responsibility, S2)
    # Gradients of m and U are divided by s^2; their steps are in units of it.
    return replace(
        toy,
        w=competition.gradient_step(toy.w, gw / toy.temperature, rate),
        b=competition.gradient_step(toy.b, gb / toy.temperature, rate),
        m=competition.gradient_step(toy.m, gm, rate * S2),
        u=competition.orthonormalise(competition.gradient_step(toy.u, gu, rate * S2)),
    )


def trajectory(settings: Settings) -> tuple[list[Toy], list[float]]:
    """Parameters and mean loss before the first step and after each of :data:`STEPS`."""
    x, toys = points(settings), [start(settings)]
    for _ in range(STEPS):
        toys.append(step(toys[-1], x, settings.rate))
    return toys, [look(toy, x).loss for toy in toys]


def regions(toy: Toy) -> tuple[F64, NDArray[np.intp], F64]:
    """Who wins where: axis ``(61,)``, winners ``(61, 61)`` and their share, rows going up."""
    axis = np.linspace(-REACH, REACH, CELLS)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    a = look(toy, grid).activation
    return axis, a.argmax(1).reshape(CELLS, CELLS), a.max(1).reshape(CELLS, CELLS)
