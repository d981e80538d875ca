"""How an estimator learns: what the training loop asks of a network.  A mixin of ``HTM``.

Layers come from the settings or from the data; every level has its learner; the best units so
far are kept aside where settings ask for that.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..model.choosing import CHOSEN_ON, ENOUGH, Choice, choose
from ..model.hierarchy import ROWS_AT_ONCE, Hierarchy
from ..model.layer import Floats, LayerSpec, tidied
from ..model.learning import DEAD_SHARE, LayerLearner
from ..model.parts import Here, cut
from ..model.sums import Parts, merged
from ..model.threads import bounded
from ..model.training import NetworkStep
from . import checks, dense
from .drawing import Draws
from .spread import Spread

#: Rows of one level that a step learns from in one part; more add time and little else.
ROWS_PER_STEP = 4096


class Learns(Draws):
    """Answers what the training loop asks for."""

    layers: tuple[LayerSpec, ...] | None
    init: str
    learning_rate: float
    keep_best: bool | None
    random_state: Any
    choice_: Choice | None
    _n_features_out: int
    _learners: list[LayerLearner]
    #: The best units so far, while training keeps them.
    _best: Hierarchy | None = None

    def _choose(self, X: Any) -> None:
        """Choose the layers from X, if they are left open."""
        self.choice_ = None
        if self.layers is not None:
            return
        rng = self.generator()
        rows = rng.permutation(len(X))[:CHOSEN_ON]
        maps = self.batch(X, np.sort(rows))
        checks.check_size(maps)
        self.choice_ = choose(maps, len(X), int(rng.integers(2**31)))

    @property
    def specs(self) -> tuple[LayerSpec, ...]:
        """Layers as given, or as chosen from the data; none before that."""
        if self.layers is not None:
            return tuple(self.layers)
        choice: Choice | None = getattr(self, "choice_", None)
        return choice.layers if choice is not None else ()

    def generator(self) -> np.random.Generator:
        """A fresh generator, seeded by ``random_state``."""
        if isinstance(self.random_state, int | np.integer):
            return np.random.default_rng(int(self.random_state))
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31))

    def begin(self, sample: Floats) -> None:
        """Place the units of every layer on a first sample of maps."""
        checks.check_size(sample)
        checks.check_spread(sample)
        self._rng = self.generator()
        self._best: Hierarchy | None = None
        self.hierarchy_ = Hierarchy(checks.plain_layers(self.specs), self.shape)
        self.coder_ = self.sampler_ = None
        self._learners = []
        maps = self.with_mirrored(sample)
        for level, layer in enumerate(self.hierarchy_.layers):
            learner = LayerLearner(layer, float(self.learning_rate), self._rng)
            rows = self.hierarchy_.rows(level, maps)
            if len(rows) > ROWS_AT_ONCE:
                rows = rows[self._rng.permutation(len(rows))[:ROWS_AT_ONCE]]
            learner.start(rows, self.init == "random")
            # A few steps on the sample first, so that the level above starts on settled codes.
            settled = layer.spec.prior or self.init == "random"
            few = 0 if settled else min(len(rows), 4 * 1024)
            for part in range(0, few, 1024):
                learner.step(rows[part : part + 1024])
            self._learners.append(learner)
            self.hierarchy_.measure()
            if level + 1 < len(self.hierarchy_.layers):
                maps = self.hierarchy_.encode_level(level, maps)[1]
        self._n_features_out = dense.length(self.hierarchy_)

    def _resume(self) -> None:
        rng = self.generator()
        learners = [
            LayerLearner(layer, float(self.learning_rate), rng) for layer in self.hierarchy_.layers
        ]
        for learner in learners:
            learner.resume()
        self.take_up(learners)

    @property
    def learners(self) -> tuple[LayerLearner, ...]:
        """What learns each layer, bottom first; none before the first step and after loading."""
        return tuple(getattr(self, "_learners", ()))

    def take_up(self, learners: Sequence[LayerLearner]) -> None:
        """Go on learning with these, one a layer, which share a generator."""
        self._learners, self._rng = list(learners), learners[0].rng

    def parts(self, X: Any, rows: NDArray[np.intp]) -> Floats | Parts:
        """Chosen rows of X as :meth:`step` learns from them: maps, or parts on a cluster."""
        return X.parts(self, rows) if isinstance(X, Spread) else self.batch(X, rows)

    def step(self, batch: Floats | Parts, temperature: float) -> NetworkStep:
        """Learn from one batch, of maps or in parts, at a factor on the layers' temperatures."""
        if not isinstance(batch, np.ndarray):
            return self._step(batch, temperature)
        checks.check_size(batch)
        with bounded(self.hierarchy_.work(len(batch))):
            return self._step(self.here(batch), temperature)

    def here(self, maps: Floats) -> Here:
        """Maps cut into parts, their mirror images beside them."""
        return Here(self.hierarchy_, [self.with_mirrored(part) for part in cut(maps)])

    def _step(self, batch: Parts, temperature: float) -> NetworkStep:
        revived, error, last = 0, np.nan, len(self._learners) - 1
        for level, learner in enumerate(self._learners):
            each = int(np.prod(self.hierarchy_.grid_shapes[level]))
            chosen = [self._few(size * each) for size in batch.sizes]
            standing = learner.standing()
            parts = batch.sums(level, standing, chosen, temperature)
            ends = np.cumsum([part.rows for part in parts])

            def row(number: int, ends: NDArray[np.intp] = ends) -> Floats:
                part = int(np.searchsorted(ends, number, "right"))
                return batch.row(part, number - int(ends[part - 1] if part else 0))

            result = learner.take(merged(standing, parts), row)
            revived, error = revived + result.revived, result.error
            if level < last:
                batch.climb(level)
        return self._report(error, revived)

    def _few(self, rows: int) -> NDArray[np.intp] | None:
        """Which of so many rows a step learns from; None is all."""
        if rows <= ROWS_PER_STEP:
            return None
        return self._rng.choice(rows, ROWS_PER_STEP, replace=False)

    def placed(self, maps: Floats) -> NetworkStep:
        """What a step would report of units that take none: their error and shares."""
        return self._report(self.validate(maps), 0)

    def _report(self, error: float, revived: int) -> NetworkStep:
        usage = tuple(np.array(layer.shares, float) for layer in self.hierarchy_.layers)
        dead = tuple(int((share < DEAD_SHARE / len(share)).sum()) for share in usage)
        return NetworkStep(error, usage, dead, revived)

    def validate(self, maps: Floats) -> float:
        """Mean squared error of maps."""
        with bounded(self.hierarchy_.work(len(maps))):
            rebuilt = self.hierarchy_.reconstruct(maps)
        return float(((rebuilt - maps) ** 2).mean(dtype=np.float64))

    @property
    def keeps_best(self) -> bool:
        """Whether training ends with the best epoch's units (see ``keep_best``)."""
        return self.layers is None if self.keep_best is None else self.keep_best

    @property
    def fewest(self) -> int:
        """Pictures below which no steps are taken; 0 where layers are given, or places random."""
        return ENOUGH if self.layers is None and self.init != "random" else 0

    @property
    def best(self) -> Hierarchy | None:
        """The best units so far, while training keeps them."""
        return getattr(self, "_best", None)

    def keep_units(self) -> None:
        """Keep a copy of the units as they are."""
        self._best = copy.deepcopy(self.hierarchy_)

    def take_best(self, units: Hierarchy) -> None:
        """Take up a training that had kept these units."""
        self._best = units

    def return_to_best(self) -> None:
        """Put back the units that were kept, if any were."""
        if self._best is not None:
            for layer, better in zip(self.hierarchy_.layers, self._best.layers, strict=True):
                layer.__dict__.update(better.__dict__)
                layer.u = tidied(layer.u)
            self._best = None

    def settle(self) -> None:
        """Put the bases in order after a training that was left between two steps."""
        for learner in self.learners:
            learner.finish()
