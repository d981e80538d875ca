"""How an estimator reads rows, pictures and maps as one kind of batch.

A mixin of ``HTM``: X in any layout becomes ``(n, H, W, C)`` maps of floats, a batch at
a time, so that neither bytes nor memory maps are ever copied whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ..errors import DataError
from ..model.hierarchy import Hierarchy, Shape
from ..model.layer import Floats


class MapInputs:
    """Reads X, and remembers how its samples were laid out."""

    input_shape: tuple[int, ...] | None
    hierarchy_: Hierarchy
    n_features_in_: int
    _layout: tuple[int, ...]
    _shape: Shape

    @property
    def layout(self) -> tuple[int, ...]:
        """Sides of one sample as the data was given: results come back laid out so."""
        return self._layout

    @property
    def shape(self) -> Shape:
        """Height, width and channels of the map that a sample is read as."""
        return self._shape

    def read(self, X: Any) -> Any:
        """X, checked to be such data as was learned; bytes and memory maps are not copied."""
        check_is_fitted(self)
        return self._read(X, reset=False)

    def batch(self, X: Any, rows: NDArray[np.intp]) -> Floats:
        """Maps ``(n, H, W, C)`` of chosen rows of X, in the single precision of learning."""
        part = X[rows]
        with np.errstate(over="ignore"):  # what overflows is refused below, with a sentence
            maps = np.asarray(part, np.float32).reshape(len(rows), *self._shape)
        if part.dtype == np.uint8:
            return maps / np.float32(255)
        if not np.isfinite(maps).all():
            raise DataError("The data holds numbers too large for single precision.")
        return maps

    def blocks(self, X: Any) -> Iterator[Floats]:
        """Maps in double precision: what users see must not follow the batch (see ``layer``)."""
        length = self.hierarchy_.at_once
        for start in range(0, len(X), length):
            rows = np.arange(start, min(start + length, len(X)))
            yield self.batch(X, rows).astype(np.float64)

    def _read(self, X: Any, reset: bool) -> Any:
        """Check X; ``reset`` learns from it what data looks like."""
        shape = np.shape(X) if hasattr(X, "shape") else None
        if shape is not None and len(shape) in (3, 4):
            X = self._read_maps(X, reset)
        else:
            keep = isinstance(X, np.ndarray) and X.dtype == np.uint8
            dtype = None if keep else [np.float64, np.float32]
            X = validate_data(self, X, reset=reset, dtype=dtype)
        if reset:
            self._layout = X.shape[1:]
            self._shape = map_shape(X.shape[1:], self.input_shape)
        return X

    def _read_maps(self, X: Any, reset: bool) -> Any:
        if X.dtype != np.uint8:
            X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], estimator=self)
        if not X.size:
            raise DataError(f"There are no pictures in data of shape {X.shape}.")
        if reset:
            self.n_features_in_ = int(np.prod(X.shape[1:]))
        elif map_shape(X.shape[1:], self.input_shape) != self._shape:
            raise DataError(
                f"The network reads pictures of {self._shape}, these are {tuple(X.shape[1:])}."
            )
        return X


def map_shape(layout: tuple[int, ...], input_shape: tuple[int, ...] | None) -> Shape:
    """Height, width and channels of samples laid out so, read as ``input_shape`` says.

    Raises
    ------
    DataError
        If it does not fit the layout.
    """
    wanted = layout if input_shape is None else tuple(input_shape)
    if int(np.prod(wanted)) != int(np.prod(layout)):
        raise DataError(f"input_shape {wanted} does not fit data of shape {tuple(layout)}.")
    if len(wanted) == 1:
        # Plain rows are one cell of many channels; a stated length is a series.
        return (1, 1, wanted[0]) if input_shape is None else (1, wanted[0], 1)
    if len(wanted) == 2:
        return (wanted[0], wanted[1], 1)
    if len(wanted) == 3:
        return (wanted[0], wanted[1], wanted[2])
    raise DataError(f"input_shape must have one to three sides, got {wanted}.")
