"""How an estimator reads rows, pictures and maps as one kind of batch.

A mixin of ``HTM``: X in any layout becomes ``(n, H, W, C)`` maps of floats, a batch at
a time, so that neither bytes nor memory maps are ever copied whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from .. import cluster
from ..data.dataset import Dataset
from ..errors import DataError
from ..model.hierarchy import Hierarchy, Shape
from ..model.layer import Floats
from ..model.parts import as_maps
from .shares import checked
from .spread import Spread

#: Rows that tell whether floating-point numbers are whole.
FEW = 1024


class MapInputs:
    """Reads X, and remembers how its samples were laid out."""

    input_shape: tuple[int, ...] | None
    hierarchy_: Hierarchy
    n_features_in_: int
    _layout: tuple[int, ...]
    _shape: Shape

    def __sklearn_is_fitted__(self) -> bool:
        """Whether something was learned: having looked at data is not enough."""
        return hasattr(self, "hierarchy_")

    @contextmanager
    def _as_before_if_refused(self) -> Iterator[None]:
        """The estimator stays what it was where data is refused: it can be used as before."""
        before = dict(vars(self))
        try:
            yield
        except Exception:
            vars(self).clear()
            vars(self).update(before)
            raise

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
        return as_maps(X[rows], self._shape)

    def blocks(self, X: Any) -> Iterator[Floats]:
        """Maps in double precision: what users see must not follow the batch (see ``layer``)."""
        length = self.hierarchy_.at_once
        for start in range(0, len(X), length):
            rows = np.arange(start, min(start + length, len(X)))
            yield self.batch(X, rows).astype(np.float64)

    def _read(self, X: Any, reset: bool) -> Any:
        """Check X; ``reset`` learns from it what data looks like."""
        if cluster.is_dask(X):
            return self._read_spread(X, reset)
        X = _as_array(X)
        shape = np.shape(X) if hasattr(X, "shape") else None
        if shape is not None and len(shape) in (3, 4):
            X = self._read_maps(X, reset)
        else:
            dtype = np.uint8 if _holds_bytes(X) else [np.float64, np.float32]
            whole = dtype is not np.uint8 and _is_whole(X)
            # Its sums of large and infinite numbers warn before it says what is wrong.
            with np.errstate(invalid="ignore", over="ignore"):
                X = validate_data(self, X, reset=reset, dtype=dtype)
            self._check_whole(X, not reset and (whole or _are_whole(X)))
        if reset:
            self._layout = X.shape[1:]
            self._shape = map_shape(X.shape[1:], self.input_shape)
        return X

    def _read_spread(self, X: Any, reset: bool) -> Spread:
        """A Dask array, none of whose numbers is read yet."""
        features, whole = int(np.prod(X.shape[1:])), X.dtype.kind in "ui" and X.dtype != np.uint8
        X = checked(X)
        if X.ndim > 2:
            self._read_sides(X, reset)
        elif reset:
            self.n_features_in_ = features
            vars(self).pop("feature_names_in_", None)
        elif features != self.n_features_in_:
            raise DataError(
                f"X has {features} features, but the network learned from {self.n_features_in_}."
            )
        self._check_whole(X, whole and not reset)
        if reset:
            self._layout = X.shape[1:]
            self._shape = map_shape(X.shape[1:], self.input_shape)
        return Spread(X)

    def _check_whole(self, X: Any, whole: bool) -> None:
        """Refuse whole numbers where intensities were learned: they are bytes of another type."""
        if whole and getattr(self, "coder_", None) is not None and X.size and float(X.max()) > 1:
            raise DataError(
                "The network learned intensities from 0 to 1 or bytes, and these are whole "
                f"numbers up to {float(X.max()):g}: give bytes, such as X.astype(np.uint8)."
            )

    def _read_maps(self, X: Any, reset: bool) -> Any:
        if X.dtype != np.uint8:
            whole = _is_whole(X)
            with np.errstate(invalid="ignore", over="ignore"):
                X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], estimator=self)
            self._check_whole(X, not reset and (whole or _are_whole(X)))
        if not X.size:
            raise DataError(f"There are no pictures in data of shape {X.shape}.")
        self._read_sides(X, reset)
        return X

    def _read_sides(self, X: Any, reset: bool) -> None:
        """Sides of pictures, as they are to be learned or were learned."""
        if reset:
            self.n_features_in_ = int(np.prod(X.shape[1:]))
            vars(self).pop("feature_names_in_", None)  # pictures have none
            sides = self.input_shape or ()
            if len(sides) > 1 and sides[0] != X.shape[1]:
                raise DataError(
                    f"input_shape {tuple(sides)} does not fit data of shape {X.shape[1:]}."
                )
        elif X.shape[1:] != self._layout and map_shape(X.shape[1:], None) != self._shape:
            raise DataError(
                f"The network reads pictures of {self._shape}, these are {tuple(X.shape[1:])}."
            )


def _as_array(X: Any) -> Any:
    """Datasets, buffers, and lists of arrays of one shape as one array; else what it is."""
    if isinstance(X, Dataset):
        return X.X
    if isinstance(X, str):
        raise DataError("X is pictures or rows: load_dataset(name) gives those of a name or path.")
    if isinstance(X, memoryview):
        return np.asarray(X)
    if isinstance(X, list | tuple) and X and all(isinstance(one, np.ndarray) for one in X):
        return np.stack(X) if len({one.shape for one in X}) == 1 else X
    return X


def _types(X: Any) -> list[str]:
    """Names of the types of an array or of a table's columns, in small letters."""
    if hasattr(X, "dtypes"):  # of pandas and of Polars, extension types as well
        return [str(one).lower() for one in X.dtypes]
    return [str(X.dtype)] if hasattr(X, "dtype") else []


def _holds_bytes(X: Any) -> bool:
    """Whether X is bytes through and through, whatever they are in."""
    found = _types(X)
    return bool(found) and all(one == "uint8" for one in found)


def _is_whole(X: Any) -> bool:
    """Whether X is whole numbers of other types than bytes, lists of Python's included."""
    found = _types(X)
    if isinstance(X, list | tuple):
        try:
            found = [str(np.asarray(X).dtype)]
        except ValueError:  # rows of several lengths, which are refused later
            return False
    return bool(found) and all(one.startswith(("int", "uint")) for one in found)


def _are_whole(X: Any) -> bool:
    """Whether floating-point numbers are bytes and not just 0 and 1, by the first rows of them."""
    few = X[:FEW]
    could = few.dtype.kind == "f" and few.size and 1 < few.max() <= 255
    return bool(could and (few == few.round()).all())


def map_shape(layout: tuple[int, ...], input_shape: tuple[int, ...] | None) -> Shape:
    """Height, width and channels of samples laid out so, read as ``input_shape`` says.

    Raises
    ------
    DataError
        If it does not fit the layout.
    """
    wanted = layout if input_shape is None else tuple(int(side) for side in input_shape)
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
