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
from ..model.hierarchy import ROWS_AT_ONCE, Hierarchy

F32 = NDArray[np.floating]


class MapInputs:
    """Reads X; keeps ``_layout`` (sides of one sample as given) and ``_shape`` (H, W, C)."""

    input_shape: tuple[int, ...] | None
    hierarchy_: Hierarchy
    n_features_in_: int
    _layout: tuple[int, ...]
    _shape: tuple[int, int, int]

    def _read(self, X: Any, reset: bool) -> Any:
        """Check X and remember how it was laid out; bytes and memory maps are not copied."""
        shape = np.shape(X) if hasattr(X, "shape") else None
        if shape is not None and len(shape) in (3, 4):
            X = self._read_maps(X, reset)
        else:
            keep = isinstance(X, np.ndarray) and X.dtype == np.uint8
            dtype = None if keep else [np.float64, np.float32]
            X = validate_data(self, X, reset=reset, dtype=dtype)
        if reset:
            self._layout = X.shape[1:]
            self._shape = self._map_shape(X.shape[1:])
        return X

    def _read_maps(self, X: Any, reset: bool) -> Any:
        if X.dtype != np.uint8:
            X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], estimator=self)
        if not X.size:
            raise DataError(f"There are no pictures in data of shape {X.shape}.")
        if reset:
            self.n_features_in_ = int(np.prod(X.shape[1:]))
        elif self._map_shape(X.shape[1:]) != self._shape:
            raise DataError(
                f"The network reads pictures of {self._shape}, these are {tuple(X.shape[1:])}."
            )
        return X

    def _map_shape(self, layout: tuple[int, ...]) -> tuple[int, int, int]:
        wanted = layout if self.input_shape is None else tuple(self.input_shape)
        if int(np.prod(wanted)) != int(np.prod(layout)):
            raise DataError(f"input_shape {wanted} does not fit data of shape {tuple(layout)}.")
        if len(wanted) == 1:
            # Plain rows are one cell of many channels; a stated length is a series.
            return (1, 1, wanted[0]) if self.input_shape is None else (1, wanted[0], 1)
        if len(wanted) == 2:
            return (wanted[0], wanted[1], 1)
        if len(wanted) == 3:
            return (wanted[0], wanted[1], wanted[2])
        raise DataError(f"input_shape must have one to three sides, got {wanted}.")

    def _batch(self, X: Any, rows: NDArray[np.intp]) -> F32:
        part = X[rows]
        with np.errstate(over="ignore"):  # what overflows is refused below, with a sentence
            maps = np.asarray(part, np.float32).reshape(len(rows), *self._shape)
        if part.dtype == np.uint8:
            return maps / np.float32(255)
        if not np.isfinite(maps).all():
            raise DataError("The data holds numbers too large for single precision.")
        return maps

    def _blocks(self, X: Any) -> Iterator[F32]:
        """Maps in double precision: what users see must not follow the batch (see ``layer``)."""
        length = max(1, ROWS_AT_ONCE // max(1, int(np.prod(self.hierarchy_.grid_shapes[0]))))
        for start in range(0, len(X), length):
            rows = np.arange(start, min(start + length, len(X)))
            yield self._batch(X, rows).astype(np.float64)

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._read(X, reset=False)
