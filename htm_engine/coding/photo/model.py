"""What a photo model is: units of five kinds, and an entropy model that is warm.

A model file holds signed numbers as unsigned ones (0, -1, 1, -2, ... as 0, 1, 2, 3, ...),
their low bytes before their high ones, which packs to a tenth less, and, of every adaptive
probability, 11 bits and a count up to 31.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ... import storage
from ...assets import ASSETS
from ...errors import ModelError
from ...kinds import wrong_model
from .entropy import INPUTS, ROWS, TABLE, blank_state
from .neighbours import Units
from .postfilter import MOST_WEIGHT, blank_filters
from .units import FEATURES, KINDS, SIDES

#: Bits that basis vectors are kept in fewer than 2^-12.
_COARSE = 3
#: Gates' weights are kept in multiples of 2^-14.
_GATE = 2
#: Filters are kept in multiples of 2^-8.
_FILTER = 4
#: Most units of a kind, and of each.
MOST_UNITS = 32
_MOST = (32, 12, 32, 32, 16)


@dataclass(frozen=True, eq=False)
class PhotoModel:
    """Units of five kinds and what their choices cost.

    Attributes
    ----------
    units : tuple of Units
        Luma 8x8, luma 16x16 (and 32x32), Cb 8x8, Cr 8x8, luma 4x4.
    probs, gates : ndarray
        State that the entropy model starts from; never changed.
    rates : ndarray (6, 2, 64, 10, 16)
        Bits of a magnitude under either quantiser, for the encoder.
    counts : ndarray (6, 10, 257)
        Bits of a count of levels, for the encoder.
    dear : ndarray (6, 32)
        Bits of each winner, for the encoder.
    filters : tuple of ndarray (6, classes, weights)
        Restoring luma, colours, and colours that were halved (see ``postfilter``).
    fingerprint : bytes
        Eight bytes that name it; none while a model is being put together.
    """

    units: tuple[Units, ...]
    probs: NDArray[np.uint32]
    gates: NDArray[np.int32]
    rates: NDArray[np.float32]
    counts: NDArray[np.float32]
    dear: NDArray[np.float32]
    filters: tuple[NDArray[np.int16], ...]
    fingerprint: bytes = b""

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model to one ``.npz`` file."""
        storage.save(target, {"kind": "photo"}, self.arrays())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file holds."""
        found: dict[str, NDArray[Any]] = {}
        for kind, units in enumerate(self.units):
            found[f"weights{kind}"] = _folded(units.weights)
            found[f"basis{kind}"] = _folded(units.basis >> _COARSE)
            found[f"scale{kind}"] = _folded(units.scale)
        for number, filters in enumerate(self.filters):
            found[f"filters{number}"] = _folded(filters >> _FILTER)
        found["gates"] = _folded(self.gates >> _GATE)
        found["probs"] = _short(self.probs)
        for name in ("rates", "counts", "dear"):
            costs = np.rint(getattr(self, name) * 256)
            found[name] = np.clip(costs, 0, 65535).astype(np.uint16)
        return {name: array if name == "probs" else _parted(array) for name, array in found.items()}

    def rounded(self) -> PhotoModel:
        """The model as it comes back from its file, with the fingerprint of that."""
        return PhotoModel.make(self.arrays())

    @classmethod
    def make(cls, arrays: dict[str, NDArray[Any]]) -> PhotoModel:
        """A model of what a file holds.

        Raises
        ------
        ModelError
            If the arrays are not those of a photo model.
        """
        digest = hashlib.sha256(storage.fingerprint({"kind": "photo"}, arrays).encode()).digest()
        for name, array in arrays.items():
            _check(array.dtype == (np.uint16 if name == "probs" else np.uint8))
        arrays = {
            name: array if name == "probs" else _joined(array) for name, array in arrays.items()
        }
        try:
            units = []
            for kind in range(len(SIDES)):
                cells, seen = SIDES[kind] ** 2, FEATURES[kind]
                weights = _unfolded(arrays[f"weights{kind}"])
                basis = _unfolded(arrays[f"basis{kind}"]) << _COARSE
                scale = _unfolded(arrays[f"scale{kind}"])
                k = len(weights)
                _check(0 < k <= _MOST[kind] and weights.shape == (k, seen, cells))
                _check(basis.shape == (k, cells, cells) and scale.shape == (k, cells))
                # What any context can add up to stays within 32 bits.
                _check(int(np.abs(weights).sum(1).max()) < 1 << 18)
                _check(max(int(np.abs(basis).max()), int(np.abs(scale).max())) < 1 << 15)
                units.append(Units(*(part.astype(np.int16) for part in (weights, basis, scale))))
            filters = []
            for number, blank in enumerate(blank_filters()):
                filters.append(_unfolded(arrays[f"filters{number}"]) << _FILTER)
                _check(filters[-1].shape == blank.shape)
                _check(int(np.abs(filters[-1]).sum(-1).max()) < MOST_WEIGHT)
            gates = _unfolded(arrays["gates"]) << _GATE
            _check(gates.shape == (KINDS, ROWS, INPUTS + 1) and int(np.abs(gates).max()) < 1 << 20)
            _check(arrays["probs"].shape == (KINDS, TABLE))
            costs = [arrays[name] / np.float32(256) for name in ("rates", "counts", "dear")]
            shapes = [(KINDS, 2, 64, 10, 16), (KINDS, 10, 257), (KINDS, MOST_UNITS)]
            _check([cost.shape for cost in costs] == shapes)
        except KeyError as exc:
            raise ModelError("This is not a photo model: a part is missing.") from exc
        rates, counts, dear = (cost.astype(np.float32) for cost in costs)
        probs = _long(arrays["probs"])
        restoring = tuple(part.astype(np.int16) for part in filters)
        return cls(tuple(units), probs, gates, rates, counts, dear, restoring, digest[:8])

    @classmethod
    def load(cls, source: str | Path | BinaryIO) -> PhotoModel:
        """Read a model file.

        Raises
        ------
        ModelError
            If it is damaged or no photo model.
        """
        header, arrays = storage.load(source)
        if header.get("kind") != "photo":
            raise ModelError(wrong_model(header, "a photo model"))
        return cls.make(arrays)


@cache
def shipped() -> PhotoModel:
    """The model that came with HTM Studio.

    Raises
    ------
    ModelError
        If its file is missing.
    """
    path = ASSETS / "photo.npz"
    if not path.is_file():
        raise ModelError("The photo model assets/photo.npz is missing from this copy.")
    return PhotoModel.load(path)


def _check(fine: bool) -> None:
    if not fine:
        raise ModelError("This is not a photo model: a part has the wrong shape or range.")


def _folded(array: NDArray[Any]) -> NDArray[np.uint16]:
    wide = np.clip(array.astype(np.int64), -32768, 32767)
    return np.where(wide < 0, -2 * wide - 1, 2 * wide).astype(np.uint16)


def _unfolded(array: NDArray[Any]) -> NDArray[np.int32]:
    wide = array.astype(np.int32)
    return np.where(wide & 1, -(wide >> 1) - 1, wide >> 1).astype(np.int32)


def _parted(whole: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.stack([whole & 255, whole >> 8]).astype(np.uint8)


def _joined(bytes_: NDArray[np.uint8]) -> NDArray[np.uint16]:
    _check(bytes_.ndim > 0 and len(bytes_) == 2)
    return (bytes_[0] | bytes_[1].astype(np.uint16) << 8).astype(np.uint16)


def _short(probs: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """11 bits of probability and 5 of count; 0 is a probability never asked for."""
    count = np.minimum(probs & 1023, 31)
    return np.where(count > 0, (probs >> 21) << 5 | count, 0).astype(np.uint16)


def _long(short: NDArray[np.uint16]) -> NDArray[np.uint32]:
    wide = short.astype(np.uint32)
    full = ((wide >> 5) << 21) | (1 << 20) | (wide & 31)
    return np.where(wide > 0, full, blank_state()[0]).astype(np.uint32)
