"""``HTM``, the estimator: a hierarchy of competing units that learns by gradient descent.

It keeps scikit-learn's contract, so pipelines, searchers and clones work::

    HTM().fit(X)  .transform(X)  .inverse_transform(Z)      dense codes of the top level
                  .encode(X)     .decode(codes)             winners and values
                  .sample(n)     .score(X)                  new pictures; minus the MSE
                  .save(path)    HTM.load(path)             one .npz, nothing pickled

X is rows ``(n, features)``, pictures ``(n, h, w)`` or maps ``(n, h, w, c)``, in memory or as a
Dask array, which may be larger than memory (``spread``, ``mapped``).  Bytes
(``uint8``), in an array, a table or a list of arrays, are read as intensities, divided by
255; everything else, whole numbers of other types too, is taken as is.
Competition is per sample, so results do not depend on the batch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from .. import cluster, storage
from ..model.hierarchy import ROWS_AT_ONCE, Codes
from ..model.layer import Floats, LayerSpec
from ..model.threads import bounded
from ..model.training import TrainStep, batch_length, train
from . import checks, dense, mapped, persistence
from .introspection import LookInside
from .learners import Learns
from .presets import preset
from .spread import Spread


class HTM(LookInside, Learns, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Hierarchy of layers whose units predict, compete and learn by gradient descent.

    Parameters
    ----------
    layers : tuple of LayerSpec or None
        Bottom first; None chooses them from the data (``model.choosing``).
    input_shape : tuple of int or None
        ``(h, w)``, ``(h, w, c)`` or ``(length,)``: how rows are read as maps.  None
        takes the shape of X; plain rows are then one patch each.
    epochs : int
        Passes over the data at most.
    batch_size : int or None
        Pictures a step; None takes a twentieth of the data within 32..1024.
    learning_rate : float
        Step of the gate in units of evidence (see ``learning``).
    start_temperature : float
        Factor on the layers' temperature at the start; falls to 1 halfway through.
    validation_fraction : float
        Part of the data held out to decide when to stop.
    patience : int
        Epochs without a gain of ``tolerance`` before training stops.
    tolerance : float
        Relative gain on held-out data that counts.
    keep_best : bool or None
        Whether training ends with the units of the epoch with the least held-out error; None
        does so where layers are chosen from the data.
    init : {"k-means++", "random"}
        Where units begin: placed on a first sample, close to where they will stay; or all near
        the mean of all pictures, in directions drawn at random, so that every step has to place
        them.  The first is faster and ends better, the second shows how they find their places.
    mirror : bool
        Whether every picture's mirror image, left to right, is learned from as well.
    coder : bool
        Whether the tables of the collection file are measured, once they are asked for.
    sampler : bool
        Whether the tables to draw by are learned, once they are asked for.
    random_state : int, RandomState or None

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The fitted layers.
    history_ : list of TrainStep
        The steps after which held-out pictures were measured: the start, a few of the first
        epoch, the last of every epoch, and the end.
    choice_ : Choice or None
        Layers that were chosen from the data, and why; None if they were given.
    coder_ : CollectionCoder or None
        What ``coding.collection`` needs to write files.
    sampler_ : Sampler or None
        What drawing knows of how parents and children depend on each other.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).random((200, 8, 8))
    >>> model = HTM(layers=(LayerSpec(4, 8, 2), LayerSpec(2, 8, 4)), epochs=2).fit(X)
    >>> model.transform(X).shape
    (200, 12)
    >>> model.inverse_transform(model.transform(X)).shape
    (200, 8, 8)
    """

    def __init__(
        self,
        layers: tuple[LayerSpec, ...] | None = None,
        input_shape: tuple[int, ...] | None = None,
        epochs: int = 12,
        batch_size: int | None = None,
        learning_rate: float = 0.02,
        start_temperature: float = 4.0,
        validation_fraction: float = 0.1,
        patience: int = 1,
        tolerance: float = 0.005,
        keep_best: bool | None = None,
        init: str = "k-means++",
        mirror: bool = False,
        coder: bool = True,
        sampler: bool = True,
        random_state: Any = 0,
    ) -> None:
        self.layers = layers
        self.input_shape = input_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.start_temperature = start_temperature
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tolerance = tolerance
        self.keep_best = keep_best
        self.init = init
        self.mirror = mirror
        self.coder = coder
        self.sampler = sampler
        self.random_state = random_state

    @classmethod
    def from_preset(cls, name: str, **settings: Any) -> Self:
        """Untrained network as a preset describes it (see ``presets.PRESETS``)."""
        found = preset(name)
        chosen: dict[str, Any] = {"layers": found.layers or None, "mirror": found.mirror}
        return cls(**chosen | settings)

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's description of the estimator: codes are float32 whatever comes in."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    # --------------------------------------------------------------- learning
    def fit(self, X: Any, y: Any = None, **more: Any) -> Self:
        """Learn from X; ``y`` is ignored, anything ``more`` is refused: rows are not weighed."""
        checks.check_nothing_more("fit", more)
        for _ in self.fit_steps(X):
            pass
        return self

    def fit_steps(self, X: Any) -> Iterator[TrainStep]:
        """Learn a step at a time: the generator behind :meth:`fit`.

        The first is the start, where units have their places and have learned nothing.  The
        model can be used between any two steps, and left after any.  Tables are learned
        when they are first asked for, or by :meth:`table_steps`.
        """
        self.check_settings()
        with self._as_before_if_refused():
            X = self._read(X, reset=True)
            checks.check_sizes(X)
            self.history_: list[TrainStep] = []
            self._choose(X)
            steps = train(self, X)
            begun = next(steps)
        for step in chain([begun], steps):
            if step.validation is not None:
                self.history_.append(step)
            yield step
        self._best = None

    def partial_fit(self, X: Any, y: Any = None, **more: Any) -> Self:
        """Learn from one more batch, starting if nothing was learned yet; the rest as in `fit`."""
        checks.check_nothing_more("partial_fit", more)
        fresh = not hasattr(self, "hierarchy_")
        if fresh:
            self.check_settings()
        with self._as_before_if_refused():
            X = self._read(X, reset=fresh)
            checks.check_sizes(X)
            if fresh:
                self.history_ = []
                self._choose(X)
                self.begin(self.batch(X, self._first(len(X), isinstance(X, Spread))))
        length = batch_length(self.batch_size, len(X))
        if not fresh and not self.learners:
            self._resume()
        for learner in self.learners:
            learner.own()
        for start in range(0, len(X), length):
            self.step(self.parts(X, np.arange(start, min(start + length, len(X)))), 1.0)
        # Tables describe the units as they were; they are measured again on demand.
        self.coder_ = self.sampler_ = None
        self.settle()
        return self

    @staticmethod
    def _first(n: int, spread: bool) -> NDArray[np.intp]:
        """Rows on which units are placed: all, or of what may outgrow memory a sample."""
        if not spread or n <= ROWS_AT_ONCE:
            return np.arange(n)
        return np.linspace(0, n - 1, ROWS_AT_ONCE).astype(np.intp)

    def check_settings(self) -> None:
        """Raise ``ValueError`` with one sentence if a setting makes no sense."""
        checks.check_settings(self.get_params(deep=False))

    def snapshot(self) -> Self:
        """The network as it is now; it stays so while this one goes on learning.

        Tables that are still to be learned are none of it.
        """
        taken = copy.copy(self)
        taken.__dict__.pop("_learners", None)  # as large again, and only training needs them
        taken.__dict__.pop("_best", None)
        taken.forget_pending()
        taken.hierarchy_ = copy.deepcopy(self.hierarchy_)
        taken.history_ = list(self.history_)
        return taken

    # ----------------------------------------------------------------- coding
    def encode(self, X: Any) -> Codes:
        """Compact codes of X: winners and values of the top level."""
        X = self.read(X)
        if isinstance(X, Spread):
            return mapped.encode(self, X.X)
        h = self.hierarchy_
        with bounded(h.work(len(X))):
            parts = [h.pack(h.up(maps)[-1]) for maps in self.blocks(X)]
        return Codes(
            np.concatenate([p.winners for p in parts]),
            np.concatenate([p.weights for p in parts]).astype(np.float32),
            np.concatenate([p.values for p in parts]).astype(np.float32),
        )

    def decode(self, codes: Codes) -> Floats:
        """Pictures or rows from compact codes, laid out as the training data was."""
        check_is_fitted(self)
        if not isinstance(codes, Codes):
            raise ValueError("decode reads what encode gives; inverse_transform reads rows")
        if cluster.is_dask(codes.winners):
            return mapped.decode(self, codes)
        with bounded(self.hierarchy_.work(len(codes))):
            maps = self.hierarchy_.decode(codes)
        return maps.reshape(len(codes), *self.layout).astype(np.float32)

    def transform(self, X: Any) -> Floats:
        """Dense code of the top level: per position, activations of all units, then values."""
        if cluster.is_dask(X):
            return mapped.transform(self, self.read(X).X)
        codes = self.encode(X)
        return dense.from_codes(self.hierarchy_, codes)

    def inverse_transform(self, Z: Any) -> Floats:
        """Pictures or rows from dense codes, decoded all the way down."""
        check_is_fitted(self)
        Z = check_array(Z, dtype=[np.float64, np.float32])
        length = dense.length(self.hierarchy_)
        if Z.shape[1] != length:
            raise ValueError(f"codes have {length} numbers each, got {Z.shape[1]}")
        checks.check_codes(Z)
        return self.decode(dense.to_codes(self.hierarchy_, Z.astype(np.float32, copy=False)))

    def reconstruct(self, X: Any) -> Floats:
        """What remains of X after the top level's code: ``decode(encode(X))``."""
        return self.decode(self.encode(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean squared error of the reconstruction (higher is better)."""
        X = self.read(X)
        total = mapped.squared_error(self, X.X) if isinstance(X, Spread) else self._squared(X)
        return -total / (len(X) * int(np.prod(self.shape)))

    def squared_error(self, X: Any) -> float:
        """Squared error of the reconstruction, over all numbers of X together."""
        return self._squared(self.read(X))

    def _squared(self, X: Any) -> float:
        total = 0.0
        for maps in self.blocks(X):
            with bounded(self.hierarchy_.work(len(maps))):
                rebuilt = self.hierarchy_.reconstruct(maps)
            total += float(((rebuilt - maps) ** 2).sum(dtype=np.float64))
        return total

    # ------------------------------------------------------------------ files
    def state(self) -> persistence.State:
        """Settings and arrays that make up the fitted network; ``from_state`` reads them."""
        check_is_fitted(self)
        tables = self.coder_, self.sampler_
        names = tuple(str(name) for name in getattr(self, "feature_names_in_", ()))
        learned = (self.layout, self.shape, self.hierarchy_, *tables, names)
        fitted = persistence.Fitted(*learned, getattr(self, "choice_", None))
        return persistence.state(self.get_params(deep=False), fitted)

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """Fitted network from settings and arrays.

        Raises
        ------
        ModelError
            If they do not describe a network.
        """
        with persistence.describing():
            model = cls(**persistence.settings(header))
            checks.check_settings(model.get_params(deep=False), learned=True)
            found = persistence.fitted(header, arrays, model.input_shape)
        model._layout, model._shape, model.hierarchy_, model.coder_, model.sampler_ = found[:5]
        model.choice_ = found.choice
        if found.names:
            model.feature_names_in_ = np.array(found.names, object)
        model.n_features_in_ = int(np.prod(found.layout))
        model.history_ = []
        model._n_features_out = dense.length(found.hierarchy)
        return model

    @property
    def fingerprint(self) -> str:
        """16 hex digits that name the settings and weights of the fitted network."""
        return storage.fingerprint(*self.state())

    def save(self, path: str | Path | BinaryIO) -> None:
        """Write the fitted network to one ``.npz`` file."""
        storage.save(path, *self.state())

    @classmethod
    def load(cls, path: str | Path | BinaryIO) -> Self:
        """Read a network that :meth:`save` wrote; results are equal to the bit.

        Raises
        ------
        ModelError
            If the file is not such a network, damaged, or of another version.
        """
        return cls.from_state(*storage.load(path))
