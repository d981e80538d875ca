"""The one form in which data of every origin is handed on: pictures, labels, origin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures of one size, perhaps with labels; iterating yields ``X`` and ``y``.

    Parameters
    ----------
    name : str
        Short name to show.
    X : ndarray of uint8 (n, h, w) or (n, h, w, 3)
        The pictures; may be a read-only memory map.
    y : ndarray of int (n,) or None
        Index of each picture's label in ``label_names``.
    label_names : tuple of str
    source, licence : str
        One sentence each.
    skipped : tuple of str
        One sentence for each file that was left out.
    notes : tuple of str
        One sentence for each thing that was done to the pictures and is worth telling.

    Examples
    --------
    >>> from htm_engine.data.datasets import load_dataset
    >>> X, y = load_dataset("digits")
    >>> X.shape, X.dtype.name, int(X.max())
    ((1797, 8, 8), 'uint8', 255)
    """

    name: str
    X: NDArray[np.uint8]
    y: NDArray[np.int64] | None
    label_names: tuple[str, ...]
    source: str
    licence: str
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.X)

    def __iter__(self) -> Iterator[Any]:
        """Yield ``X``, then ``y``, so that ``X, y = load_dataset(...)`` works."""
        return iter((self.X, self.y))

    @property
    def picture_shape(self) -> tuple[int, ...]:
        """Shape of one picture: ``(h, w)`` or ``(h, w, 3)``."""
        return self.X.shape[1:]

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of shape, pictures and labels."""
        digest = hashlib.sha256(repr((self.X.shape, self.label_names)).encode())
        step = max(1, (8 << 20) // max(1, self.X[0].size if len(self.X) else 1))
        for start in range(0, len(self.X), step):  # a memory map is never read whole
            digest.update(np.ascontiguousarray(self.X[start : start + step]).data)
        if self.y is not None:
            digest.update(self.y.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    def split(self, validation: float = 0.2, random_state: int = 0) -> tuple[Dataset, Dataset]:
        """Divide at random into a part to train on and a part held out.

        Parameters
        ----------
        validation : float
            Share of pictures held out, between 0 and 1; each part gets at least one.
        random_state : int
            Seed of the choice; both parts keep the order of the whole.

        Returns
        -------
        train, held_out : Dataset

        Raises
        ------
        DataError
            If there are fewer than two pictures or the share is not between 0 and 1.
        """
        if not 0 < validation < 1:
            raise DataError("The share held out must lie between 0 and 1.")
        if len(self) < 2:
            raise DataError(f"{self.name} has one picture only and cannot be divided.")
        count = min(max(1, round(len(self) * validation)), len(self) - 1)
        order = np.random.default_rng(random_state).permutation(len(self))
        return self._part(np.sort(order[count:])), self._part(np.sort(order[:count]))

    def take(self, n: int, random_state: int = 0) -> Dataset:
        """Choose ``n`` pictures at random, in their order; all of them if there are no more.

        Raises
        ------
        DataError
            If ``n`` is less than one.
        """
        if n < 1:
            raise DataError("At least one picture must be taken.")
        if n >= len(self):
            return self
        order = np.random.default_rng(random_state).permutation(len(self))
        return self._part(np.sort(order[:n]))

    def _part(self, places: NDArray[np.int64]) -> Dataset:
        y = None if self.y is None else self.y[places]
        return replace(self, X=self.X[places], y=y)
