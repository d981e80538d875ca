"""A training put on paper and taken up again, with the same end to the last bit.

::

    save(model, step.loop)  ──►  bytes: a model file that holds the optimiser, too
    load(bytes)             ──►  Checkpoint(model, loop)
    checkpoint.steps(X)     ──►  the steps that were still to come

A checkpoint is a model file (see ``storage``): what reads models reads it, and shows the
network as it was then.  Beside the weights it holds each layer's arrays in the precision
that learning uses, the optimiser's running means, the generators and the loop's place.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import storage
from ..errors import DataError, ModelError
from ..estimator.network import HTM
from ..model.hierarchy import Hierarchy
from ..model.layer import ARRAYS
from ..model.learning import LayerLearner
from ..model.training import LoopState, TrainStep, train

#: Arrays of a learner that stand alone, and those that stand in pairs (for gate and bias).
_SINGLE = ("seen", "span", "product", "unit_error")
_PAIRS = ("moment", "moment2")


@dataclass(frozen=True)
class Checkpoint:
    """A network in the middle of its training, and where the loop stood."""

    model: HTM
    loop: LoopState

    def steps(self, X: Any) -> Iterator[TrainStep]:
        """The steps to come, on the same X as before; changes the model.

        Raises
        ------
        DataError
            If X has another shape than the pictures it learned from.
        """
        X = self.model.read(X)
        if X.shape[1:] != self.model.layout:
            raise DataError(f"The training read {self.model.layout}, these are {X.shape[1:]}.")
        for step in train(self.model, X, self.loop):
            if step.validation is not None:
                self.model.history_.append(step)
            yield step


def save(model: HTM, loop: LoopState) -> bytes:
    """A model that learns, between two steps, as bytes."""
    header, arrays = model.state()
    header["training"] = {
        "loop": asdict(loop),
        "rng": model.learners[0].rng.bit_generator.state,
        "learners": [
            {
                "gate_rate": float(learner.gate_rate),
                "steps": int(learner.steps),
                "before": int(learner.before),
            }
            for learner in model.learners
        ],
    }
    for level, layer in enumerate(model.best.layers if model.best is not None else ()):
        arrays |= {f"best{level}.{n}": np.asarray(getattr(layer, n)) for n in ARRAYS}
        header["training"].setdefault("best_s2", []).append(float(layer.s2))
    for level, learner in enumerate(model.learners):
        arrays |= {f"exact{level}.{n}": np.asarray(getattr(learner.layer, n)) for n in ARRAYS}
        arrays |= {f"learner{level}.{n}": np.asarray(getattr(learner, n)) for n in _SINGLE}
        for name in _PAIRS:
            for place, array in enumerate(getattr(learner, name)):
                arrays[f"learner{level}.{name}.{place}"] = array
    stream = io.BytesIO()
    storage.save(stream, header, arrays)
    return stream.getvalue()


def load(data: bytes) -> Checkpoint:
    """The inverse of :func:`save`.

    Raises
    ------
    ModelError
        If these are not the bytes of a checkpoint.
    """
    header, arrays = storage.load(io.BytesIO(data))
    model = HTM.from_state(header, arrays)
    try:
        found = header["training"]
        loop = LoopState(**found["loop"])
        rng = np.random.default_rng(0)
        rng.bit_generator.state = found["rng"]
        np.random.default_rng(0).bit_generator.state = loop.order  # refused here if it is none
        if len(found["learners"]) != len(model.specs):
            raise ModelError("This checkpoint has not all of its layers.")
        if loop.kept:
            model.take_best(_kept(model, found["best_s2"], arrays))
        model.take_up(
            [
                _learner(LayerLearner(layer, model.learning_rate, rng), level, own, arrays)
                for level, (layer, own) in enumerate(
                    zip(model.hierarchy_.layers, found["learners"], strict=True)
                )
            ]
        )
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError) as exc:
        raise ModelError("This file is no checkpoint of a training.") from exc
    return Checkpoint(model, loop)


def _kept(model: HTM, s2: list[float], arrays: dict[str, NDArray[Any]]) -> Hierarchy:
    """The best units so far."""
    best = copy.deepcopy(model.hierarchy_)
    for level, layer in enumerate(best.layers):
        for name in ARRAYS:
            array = arrays[f"best{level}.{name}"]
            if array.shape != getattr(layer, name).shape:
                raise ModelError(f"This checkpoint has a wrong array {name!r}.")
            setattr(layer, name, array)
        layer.s2 = float(s2[level])
    return best


def _learner(
    learner: LayerLearner, level: int, own: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> LayerLearner:
    """Put a learner, and its layer, back to where they stood."""
    layer = learner.layer
    for name in ARRAYS:
        exact = arrays[f"exact{level}.{name}"]
        if exact.shape != getattr(layer, name).shape:
            raise ModelError(f"This checkpoint has a wrong array {name!r}.")
        setattr(layer, name, exact)
    learner.gate_rate, learner.steps = float(own["gate_rate"]), int(own["steps"])
    learner.before = int(own.get("before", 0))
    for name in _SINGLE:
        setattr(learner, name, arrays[f"learner{level}.{name}"])
    for name in _PAIRS:
        setattr(learner, name, [arrays[f"learner{level}.{name}.{i}"] for i in range(2)])
    return learner
