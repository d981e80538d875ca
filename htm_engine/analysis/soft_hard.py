"""Soft against hard competition: the same layers, data and seed, learned twice.

::

    soft   every unit learns by its share; the temperature falls to the layers' own
    hard   the winner takes all from the first step on (temperature near 0)

Both are measured on the same held-out pictures: reconstruction error, how evenly units win,
how many are dead, and how well logistic regression reads labels off the activations.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from ..estimator.network import HTM
from ..evaluation.metrics import perplexity
from ..model.layer import LayerSpec
from ..model.learning import DEAD_SHARE

#: Temperature at which all but the strongest share rounds to nothing.
COLD = 0.01
WAYS = ("soft", "hard")


@dataclass(frozen=True, eq=False)
class Arm:
    """One of the two, measured.

    Attributes
    ----------
    way : {"soft", "hard"}
    error : float
        Mean squared error on held-out pictures.
    usage : list of ndarray (K,)
        Share of the wins on held-out pictures, a level each.
    even : list of float
        How many equally used units that is (perplexity).
    dead, revived : list of int, int
        Units below a twentieth or so of a fair share at the end (``learning.DEAD_SHARE``),
        a level each; and units that were revived during training.
    accuracy : float or None
        Logistic regression on the activations of the lowest level, on held-out pictures;
        None without labels.
    """

    way: str
    error: float
    usage: list[NDArray[np.float64]]
    even: list[float]
    dead: list[int]
    revived: int
    accuracy: float | None


def network(layers: Sequence[LayerSpec], way: str, epochs: int = 8, random_state: int = 0) -> HTM:
    """Untrained network that competes softly or hard.

    Raises
    ------
    ValueError
        If ``way`` is neither.
    """
    if way not in WAYS:
        raise ValueError(f"competition is soft or hard, got {way!r}")
    specs = tuple(layers)
    if way == "hard":
        specs = tuple(replace(spec, temperature=COLD) for spec in specs)
    model = HTM(specs, epochs=epochs, coder=False, sampler=False, random_state=random_state)
    return model.set_params(start_temperature=1.0) if way == "hard" else model


def compare(
    layers: Sequence[LayerSpec],
    X: Any,
    X_held: Any,
    y: Any = None,
    y_held: Any = None,
    epochs: int = 8,
    random_state: int = 0,
) -> Iterator[tuple[float, Arm | None]]:
    """Learn and measure both; yields progress from 0 to 1, with each arm as it is done."""
    for place, way in enumerate(WAYS):
        model, revived = network(layers, way, epochs, random_state), 0
        for step in model.fit_steps(X):
            revived += step.revived
            yield (place + 0.9 * min(1.0, step.step / max(1, step.total))) / len(WAYS), None
        yield (place + 1) / len(WAYS), measure(model, way, X, X_held, y, y_held, revived)


def measure(
    model: HTM,
    way: str,
    X: Any,
    X_held: Any,
    y: Any = None,
    y_held: Any = None,
    revived: int = 0,
) -> Arm:
    """Measure a fitted network on held-out pictures."""
    usage = [
        np.bincount(won.ravel(), minlength=layer.units) / won.size
        for won, layer in zip(model.winners(X_held), model.hierarchy_.layers, strict=True)
    ]
    learned = [layer.shares for layer in model.hierarchy_.layers]
    return Arm(
        way,
        -model.score(X_held),
        usage,
        [perplexity(share) for share in usage],
        [int((share < DEAD_SHARE / len(share)).sum()) for share in learned],
        revived,
        _read_out(model, X, X_held, y, y_held),
    )


def _read_out(model: HTM, X: Any, X_held: Any, y: Any, y_held: Any) -> float | None:
    if y is None or y_held is None or len(np.unique(y)) < 2:
        return None
    reader = LogisticRegression(C=10.0, max_iter=300)
    with warnings.catch_warnings():
        # A few steps short of the optimum changes no accuracy that is shown.
        warnings.simplefilter("ignore", ConvergenceWarning)
        reader.fit(model.features(X, 0), y)
    return float(reader.score(model.features(X_held, 0), y_held))
