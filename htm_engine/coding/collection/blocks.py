"""Collections by the block coder of photographs, with the network's prediction beside it.

A payload is an index and the pictures, each readable by itself (``index``, ``pictures``).  What
the network could be told of a picture comes from its top level at seven finenesses; the one
that seems to leave least competes with the picture as it is.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelMismatchError
from ..photo.colour import halving_loss
from ..photo.competition import BEST
from ..photo.model import PhotoModel, shipped
from ..photo.neighbours import Plane
from . import state
from .index import apart
from .pictures import NOTHING, Chosen, Frame, PictureCoder, Told
from .quantise import step_of
from .state import Warm
from .told import MOST_UNITS, MOST_VALUES, Top
from .warming import warmed

#: Qualities of the top level that a picture may be told at.
FINENESSES = tuple(range(1, 8))
#: Luma's step of each quality, in 1/16 of a grey level.
STEPS = (5600, 3850, 2640, 1810, 1240, 850, 584, 400, 275, 188)
#: Colour is halved where that loses less, in squared steps of luma a pixel.
_HALVING_LOSS = 0.0065
#: Pictures coded at a time.
_BLOCK = 512
_THREADS = 2


class Offers(NamedTuple):
    """What the network could be told of n pictures, by fineness from 1 on."""

    winners: list[NDArray[np.int64]]  #: ``(n, positions)`` each
    values: list[NDArray[np.int16]]  #: ``(n, positions, r)`` each
    predictions: list[NDArray[np.uint8]]  #: ``(n, H, W[, 3])`` each
    best: NDArray[np.int64]  #: ``(levels, n)`` the fineness that seems best at a quality

    def told(self, picture: int, level: int) -> Told:
        """What seems best of one picture."""
        fineness = int(self.best[level, picture])
        if not fineness:
            return NOTHING
        at = fineness - 1
        return Told(
            fineness,
            self.winners[at][picture],
            self.values[at][picture],
            self.predictions[at][picture],
        )


class Network(Protocol):
    """What is asked of the coder of a network's own codes."""

    def told(
        self, maps: NDArray[np.floating], fineness: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.float32]]:
        """Winners ``(n, positions)``, values ``(n, positions, r)``, bits ``(n,)``."""
        ...

    def predicted(
        self, winners: NDArray[np.int64], values: NDArray[np.int16], fineness: int
    ) -> NDArray[np.uint8]:
        """Predictions ``(n, H, W, C)``."""
        ...


class BlockCoder:
    """Pictures ``(n, H, W, C)`` to bytes and back."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        positions: int,
        network: Network,
        top: Top | None,
        kept: dict[str, NDArray[Any]] | None = None,
    ) -> None:
        self.shape, self.positions, self.network, self.top = shape, positions, network, top
        self._kept = kept

    @property
    def model(self) -> PhotoModel:
        """The photo model that the entropy model started from.

        Raises
        ------
        ModelMismatchError
            If it is not the shipped one.
        """
        found = shipped()
        name = found.fingerprint if self._kept is None else self._kept["photo"].tobytes()
        if name != found.fingerprint:
            raise ModelMismatchError(
                f"This network stores beside the photo model {name.hex()}, "
                f"not beside {found.fingerprint.hex()}."
            )
        return found

    @functools.cached_property
    def warm(self) -> Warm:
        """The entropy model; from a model file only when it is asked for."""
        start = state.first(self.model)
        return start if self._kept is None else state.from_arrays(self._kept, start)

    @staticmethod
    def fits(shape: tuple[int, int, int]) -> bool:
        """Whether maps of this shape are pictures that can be coded in blocks."""
        return shape[2] in (1, 3) and min(shape[:2]) >= 4

    def frame(self, level: int, halved: bool) -> Frame:
        """What the files of a quality share."""
        return Frame(self.shape, level, STEPS[level], halved)

    # --------------------------------------------------------------- learning
    def learn(self, maps: NDArray[np.floating]) -> Iterator[float]:
        """Move the state toward a collection; yields the part done."""
        pictures = _bytes(maps)
        offers = self.offers(maps, range(len(STEPS)))
        coder = PictureCoder(self.model, self.warm, self.top)
        losses = _losses(pictures)

        def frames(level: int) -> Frame:
            return self.frame(level, bool(losses.mean() < _HALVING_LOSS * STEPS[level] ** 2))

        yield from warmed(coder, self._laid(pictures), offers.told, frames, BEST)
        self.warm = state.settled(self.warm)

    def offers(self, maps: NDArray[np.floating], levels: Sequence[int]) -> Offers:
        """What the network could be told of pictures."""
        best = np.zeros((len(STEPS), len(maps)), np.int64)
        if self.top is None:
            return Offers([], [], [], best)
        grey = 255 * maps.mean(3).astype(np.float32)
        found = Offers([], [], [], best)
        rates = []
        for fineness in FINENESSES:
            winners, values, bits = self.network.told(maps, fineness)
            prediction = self.network.predicted(winners, values, fineness)
            found.winners.append(winners)
            found.values.append(values)
            found.predictions.append(self._laid(prediction))
            left = grey - prediction.mean(3, dtype=np.float32)
            rates.append([bits + _roughly(left, STEPS[level] / 16) for level in levels])
        for index, level in enumerate(levels):
            best[level] = 1 + np.argmin([rate[index] for rate in rates], axis=0)
        return found

    def _laid(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return pictures if self.shape[2] == 3 else pictures[..., 0]

    # ---------------------------------------------------------------- writing
    def is_halved(self, maps: NDArray[np.floating], level: int) -> bool:
        """Whether colour is better halved."""
        losses = _losses(_bytes(maps[:2000]))
        return bool(losses.mean() < _HALVING_LOSS * STEPS[level] ** 2)

    def encode(
        self, maps: NDArray[np.floating], level: int, halved: bool, with_network: bool = True
    ) -> Iterator[list[bytes]]:
        """Pictures as bytes, some at a time."""
        frame, local = self.frame(level, halved), threading.local()

        def one(picture: NDArray[np.uint8], told: Told) -> bytes:
            coder = self._own(local)
            options = [NOTHING, told] if told.fineness else [NOTHING]
            chosen: list[Chosen] = [coder.choose(picture, each, frame) for each in options]
            return coder.write(min(chosen, key=lambda each: each.cost), picture, frame)

        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(maps), _BLOCK):
                block = maps[start : start + _BLOCK]
                pictures = self._laid(_bytes(block))
                told = [NOTHING] * len(block)
                if with_network:
                    offers = self.offers(block, [level])
                    told = [offers.told(i, level) for i in range(len(block))]
                yield list(pool.map(one, pictures, told))

    # ---------------------------------------------------------------- reading
    def decode(
        self, payload: bytes, count: int, level: int, halved: bool, which: Sequence[int]
    ) -> Iterator[Read]:
        """Pictures by their numbers, each read by itself.

        Raises
        ------
        FormatError
            If the payload is damaged.
        """
        frame, local, ends = self.frame(level, halved), threading.local(), apart(payload, count)

        def begun(index: int) -> _Begun:
            data = np.frombuffer(bytearray(payload[ends[index] : ends[index + 1]]), np.uint8)
            return _Begun(data, *self._own(local).read_told(data, frame, self.positions))

        def rest(part: _Begun) -> Read:
            picture, found = self._own(local).read(*part, frame)
            return Read(picture, part.told, found, part.cost)

        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(which), _BLOCK):
                parts = list(pool.map(begun, which[start : start + _BLOCK]))
                yield from pool.map(rest, self._predicted(parts))

    def _own(self, local: threading.local) -> PictureCoder:
        """The coder of this thread."""
        if not hasattr(local, "coder"):
            local.coder = PictureCoder(self.model, self.warm, self.top)
        coder: PictureCoder = local.coder
        return coder

    def _predicted(self, parts: list[_Begun]) -> list[_Begun]:
        """The parts of a file with the network's predictions."""
        found = list(parts)
        for fineness in FINENESSES:
            own = [i for i, part in enumerate(parts) if part.told.fineness == fineness]
            if not own:
                continue
            winners = np.stack([parts[i].told.winners for i in own])
            values = np.stack([parts[i].told.values for i in own])
            drawn = self._laid(self.network.predicted(winners, values, fineness))
            for i, picture in zip(own, drawn, strict=True):
                found[i] = parts[i]._replace(told=parts[i].told._replace(prediction=picture))
        return found

    # --------------------------------------------------------------- the model
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a model file keeps."""
        if self._kept is not None:
            return self._kept
        found = state.arrays(self.warm, state.first(self.model))
        found["photo"] = np.frombuffer(self.model.fingerprint, np.uint8)
        if self.top is not None:
            found["scales"] = self.top.scales.astype(np.int32)
        self._kept = found
        return found

    @classmethod
    def from_arrays(
        cls,
        found: dict[str, NDArray[Any]],
        shape: tuple[int, int, int],
        positions: int,
        network: Network,
        sizes: tuple[int, int],
    ) -> Self:
        """Inverse of :meth:`arrays`, ``sizes`` units and values of the network's top level.

        Arrays that do not fit raise ``ValueError`` or ``KeyError``.
        """
        state.check(found)
        name = found["photo"]
        if not cls.fits(shape) or name.shape != (8,) or name.dtype != np.uint8:
            raise ValueError("the coder's state does not fit the network")
        top = None
        if "scales" in found:
            scales = found["scales"]
            if scales.shape != sizes or scales.dtype != np.int32:
                raise ValueError("the coder's scales do not fit the network")
            if scales.min(initial=0) < 0 or scales.max(initial=0) > 80:
                raise ValueError("the coder's scales are out of range")
            top = _top(scales.astype(np.int16))
        return cls(shape, positions, network, top, found)


class _Begun(NamedTuple):
    """A picture of which only what the network was told has been read."""

    data: NDArray[np.uint8]
    told: Told
    reg: NDArray[np.int64]
    cost: NDArray[np.float64]


class Read(NamedTuple):
    """A picture as it was read."""

    picture: NDArray[np.uint8]
    told: Told
    found: list[Plane]
    cost: NDArray[np.float64]  #: ``(4, 4)`` bits of every plane, and told, as ``Coder.cost``


def top_of(values: NDArray[np.floating], owner: NDArray[np.integer], units: int) -> Top | None:
    """What the top level's units are like, from values ``(n, r)`` and who won them."""
    if units > MOST_UNITS or values.shape[1] > MOST_VALUES:
        return None
    scales = np.zeros((units, values.shape[1]), np.int16)
    together_ = np.abs(values).mean(0) if len(values) else np.zeros(values.shape[1])
    for unit in range(units):
        own = np.abs(values[owner == unit])
        size = (own.sum(0) + 4 * together_) / (len(own) + 4)
        scales[unit] = np.clip(np.rint(4 * np.log2(np.maximum(4096 * size, 1))), 0, 80)
    return _top(scales)


def _top(scales: NDArray[np.int16]) -> Top:
    return Top(scales, np.array([0, *(step_of(one) for one in FINENESSES)], np.int64))


def _bytes(maps: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.clip(np.rint(maps * 255), 0, 255).astype(np.uint8)


def _losses(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What halving colour would lose of each picture; nothing where they are grey."""
    if pictures.shape[3] == 1:
        return np.full(len(pictures), np.inf)
    even = pictures[:200, : pictures.shape[1] // 2 * 2, : pictures.shape[2] // 2 * 2]
    return np.array([halving_loss(picture) for picture in even])


def _roughly(left: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """Bits of residuals ``(n, H, W)``, roughly: by how much they change from pixel to pixel."""
    total = np.zeros(len(left), np.float32)
    for axis in (1, 2):
        change = np.abs(np.diff(left, axis=axis))
        total += np.log2(1 + (change / step) ** 2).sum((1, 2))
    return total
