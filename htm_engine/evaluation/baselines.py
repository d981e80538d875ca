"""What the network is measured against, at equal bits and with the same coder.

::

    PCA (all components, or 95 % of the variance), MLP autoencoder
        X ──► values (n, m) ──quantise──► whole numbers ──range coder──► bytes
    k-means
        X ──► index (n,) ────────────────────────────────range coder──► bytes

Quantiser, probability tables and container are those of the collection file, so that a
difference in bytes is a difference of the models.  Value classes are fitted on training
pictures.  The bytes of the models are not counted for anybody.  Picture formats of the web are
in ``standard_codecs``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from ..coding.collection.quantise import levels
from ..coding.collection.values import ValueTables, choose, fit, no_features, write
from ..coding.container import pack
from ..coding.rangecoder import SymbolWriter, rounded_counts
from ..errors import Cancelled
from .rates import RatePoint, flat, measured, mse_at

#: Container kind of a baseline's bytes; such files exist only to be counted.
KIND = 255
#: Largest number of components of the all-component PCA.
MOST_COMPONENTS = 1024

Stop = Callable[[], bool]


class TransformBaseline(Protocol):
    """A baseline whose code is a row of numbers."""

    label: str

    def fit(self, X: Any) -> Self:
        """Learn from pictures."""
        ...

    def values(self, X: Any) -> NDArray[np.float32]:
        """Codes ``(n, m)``."""
        ...

    def from_values(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows from codes."""
        ...


class PCABaseline:
    """Principal components: the article's 95 % of the variance, or ``variance=None`` for all.

    Attributes
    ----------
    components : int
        Number of components kept.
    """

    def __init__(self, variance: float | None = 0.95, random_state: int = 0) -> None:
        self.variance, self.random_state = variance, random_state
        self.label = "PCA, all components" if variance is None else f"PCA {variance:.0%}"

    def fit(self, X: Any) -> Self:
        """Learn the components of pictures ``(n, ...)``."""
        rows = flat(X)
        most = min(*rows.shape, MOST_COMPONENTS)
        kept: float | int = most if self.variance is None else self.variance
        if np.ptp(rows) == 0:
            kept = 1  # constant pictures have no variance to share out
        with np.errstate(invalid="ignore"):
            # Six times as fast where there are more pictures than pixels.
            solver = "covariance_eigh" if len(rows) >= rows.shape[1] else "full"
            self.pca = PCA(kept, svd_solver=solver, random_state=self.random_state).fit(rows)
        self.components = int(self.pca.n_components_)
        return self

    def values(self, X: Any) -> NDArray[np.float32]:
        """Coordinates ``(n, components)``."""
        return np.asarray(self.pca.transform(flat(X)), np.float32)

    def from_values(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows from coordinates."""
        return np.asarray(self.pca.inverse_transform(values), np.float32)


class MLPBaseline:
    """scikit-learn's MLPRegressor as autoencoder, its narrowest layer as code.

    Units are tanh and codes are taken from their mean over the training pictures: the
    coder's distributions lie around zero, and one-sided codes would pay for signs they
    never use.
    """

    def __init__(
        self, code: int = 16, hidden: int = 128, max_iter: int = 20, random_state: int = 0
    ) -> None:
        self.label = f"MLP autoencoder, {code} numbers"
        self.net = MLPRegressor(
            hidden_layer_sizes=(hidden, code, hidden),
            activation="tanh",
            max_iter=max_iter,
            learning_rate_init=2e-3,
            random_state=random_state,
        )

    def fit(self, X: Any) -> Self:
        """Learn to reproduce pictures ``(n, ...)``."""
        rows = flat(X)
        with warnings.catch_warnings():
            # It is stopped by its budget on purpose.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.net.fit(rows, rows)
        self.mean = self._pass(rows, 0, 2).mean(0)
        return self

    def values(self, X: Any) -> NDArray[np.float32]:
        """Activations of the narrowest layer less their mean, ``(n, code)``."""
        return self._pass(flat(X), 0, 2) - self.mean

    def from_values(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows from what :meth:`values` gives."""
        return self._pass(np.asarray(values, np.float32) + self.mean, 2, 4)

    def _pass(self, rows: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
        for layer in range(first, last):
            rows = rows @ self.net.coefs_[layer] + self.net.intercepts_[layer]
            if layer < len(self.net.coefs_) - 1:
                rows = np.tanh(rows)
        return np.asarray(rows, np.float32)


def value_tables(learned: NDArray[np.float32], step: float) -> ValueTables:
    """The coder's tables for rows of values ``(n, m)`` at a step, as a unit's are fitted."""
    owner, blank = np.zeros(len(learned), np.int64), no_features(len(learned))
    tables = fit(np.trunc(learned / step).astype(np.int32), owner, 1, blank)
    for _ in range(2):
        tables = fit(choose(learned, 0, tables, blank, step)[0], owner, 1, blank)
    return tables


def values_file(
    values: NDArray[np.float32], tables: ValueTables, step: float
) -> tuple[bytes, NDArray[np.floating]]:
    """Rows of values as a file, and as they come back from it."""
    blank = no_features(len(values))
    q, _, _ = choose(values, 0, tables, blank, step)
    writer = SymbolWriter()
    write(writer, q, np.zeros(len(q), np.int64), tables, blank)
    return pack(KIND, bytes(8), (len(q),), writer.finish()), levels(q, step)


def rate_curve(
    baseline: TransformBaseline,
    X_train: Any,
    X_test: Any,
    steps: Sequence[float],
    should_stop: Stop | None = None,
) -> Iterator[RatePoint]:
    """Real bytes and errors of a fitted baseline at quantiser steps, a point at a time.

    Steps are in the units of the values; an orthonormal code's are the picture's.

    Raises
    ------
    Cancelled
        If ``should_stop`` says so.
    """
    learned, values = baseline.values(X_train), baseline.values(X_test)
    for step in steps:
        if should_stop is not None and should_stop():
            raise Cancelled("The comparison was stopped.")
        data, back = values_file(values, value_tables(learned, step), step)
        decoded = baseline.from_values(back)
        yield measured(baseline.label, "step", step, len(data), X_test, decoded)


def k_means_curve(
    X_train: Any,
    X_test: Any,
    units: Sequence[int] = (4, 16, 64, 256, 1024),
    random_state: int = 0,
    should_stop: Stop | None = None,
) -> Iterator[RatePoint]:
    """Real bytes and errors of k-means at numbers of units, a point at a time."""
    rows, test = flat(X_train), flat(X_test)
    for count in (k for k in units if k <= len(rows)):
        if should_stop is not None and should_stop():
            raise Cancelled("The comparison was stopped.")
        with warnings.catch_warnings():
            # Pictures that repeat make fewer clusters than asked; the count stands as it is.
            warnings.simplefilter("ignore", ConvergenceWarning)
            means = MiniBatchKMeans(count, n_init=1, random_state=random_state).fit(rows)
        counts = rounded_counts(np.bincount(means.labels_, minlength=count)[None] + 0.5)
        index = means.predict(test)
        writer = SymbolWriter()
        writer.indices(index, np.zeros(len(index), np.int64), counts)
        data = pack(KIND, bytes(8), (len(index),), writer.finish())
        decoded = means.cluster_centers_[index].astype(np.float32)
        yield measured("k-means", "units", count, len(data), X_test, decoded)


# ------------------------------------------------------------------ the table
#: Quantiser steps of the curves, in parts of the full range of intensities.
STEPS = (1.6, 1.2, 0.8, 0.55, 0.4, 0.28, 0.2, 0.14, 0.1, 0.07, 0.05)


def mlp_curve(
    X_train: Any, X_test: Any, random_state: int = 0, should_stop: Stop | None = None
) -> Iterator[RatePoint]:
    """An MLP autoencoder's curve; its code has a scale of its own, so steps follow its spread."""
    fitted = MLPBaseline(random_state=random_state).fit(X_train)
    scale = max(float(fitted.values(X_train).std()), 1e-6)
    yield from rate_curve(fitted, X_train, X_test, [step * scale for step in STEPS], should_stop)


@dataclass(frozen=True)
class BaselineRow:
    """A baseline's whole curve, and where it stands at the network's bytes.

    ``mse_at_equal_bytes`` is None where the baseline never spends as few or as many.
    """

    label: str
    points: tuple[RatePoint, ...]
    mse_at_equal_bytes: float | None


def baseline_table(
    bytes_per_picture: float,
    X_train: Any,
    X_test: Any,
    *,
    mlp: bool = True,
    random_state: int = 0,
    should_stop: Stop | None = None,
) -> Iterator[BaselineRow]:
    """Every baseline's curve and error at the network's bytes, a row as soon as it is ready.

    Raises
    ------
    Cancelled
        If ``should_stop`` says so between two points.
    """

    def curves() -> Iterator[Iterator[RatePoint]]:
        for kept in (0.95, None):
            pca = PCABaseline(kept).fit(X_train)
            yield rate_curve(pca, X_train, X_test, STEPS, should_stop)
        if mlp:
            yield mlp_curve(X_train, X_test, random_state, should_stop)
        yield k_means_curve(X_train, X_test, random_state=random_state, should_stop=should_stop)

    for points in map(tuple, curves()):
        if points:  # k-means needs as many pictures as units
            yield BaselineRow(points[0].label, points, mse_at(points, bytes_per_picture))
