"""One picture of a collection by the block coder of photographs, readable by itself.

::

    picture ──► planes ──────────────► units compete for every block ──┐ the cheaper one
            └─► planes - prediction ─► units compete for every block ──┘ ──► bytes
    bytes ──► what the network was told ──► prediction ──► + blocks ──► post filter ──► picture

The entropy model stays as the collection made it (``state``), so that no picture waits for
another.  Blocks end where the picture does: what lies beyond it costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..arithmetic import ADAPT, DECODE, ENCODE, PLACE, begin, last_bytes, new_registers
from ..photo.colour import extended, half, picture_of, planes, whole_planes
from ..photo.competition import BEST, Effort, Search, Tables, new_candidates, new_room
from ..photo.entropy import STILL, Coder, new_coder
from ..photo.format import COLOUR, HALVED, plane_steps
from ..photo.model import PhotoModel
from ..photo.neighbours import Plane, blank_plane
from ..photo.partition import choose_rows
from ..photo.planes import PULL, kind_of, trade_of, turned, units_of
from ..photo.postfilter import restore
from ..photo.traversal import Scene, new_scratch, traverse
from ..photo.units import GREY, QUARTER, TOP
from .state import STARTS, State, Warm
from .told import Top, code_fineness, code_flag, code_told

#: Bytes that a plane of one picture can take at most, a block of 8x8.
_MOST_BYTES = 400


class Told(NamedTuple):
    """What a network is told of one picture."""

    fineness: int  #: 0 where its prediction is not used
    winners: NDArray[np.int64]  #: ``(positions,)``
    values: NDArray[np.int16]  #: ``(positions, r)``
    prediction: NDArray[np.uint8] | None  #: ``(H, W[, 3])``


NOTHING = Told(0, np.zeros(0, np.int64), np.zeros((0, 0), np.int16), None)


@dataclass(frozen=True)
class Frame:
    """What all pictures of a file share.

    Attributes
    ----------
    shape : (H, W, C)
    level : int
        The quality of the file, from 0 on.
    step : int
        Of luma, in 1/16 of a grey level.
    halved : bool
        Whether colour is.
    """

    shape: tuple[int, int, int]
    level: int
    step: int
    halved: bool

    @property
    def form(self) -> int:
        """Bits of a photograph's form."""
        return (COLOUR if self.shape[2] == 3 else 0) | (HALVED if self.halved else 0)

    @property
    def steps(self) -> list[int]:
        """Steps of all planes."""
        return plane_steps(self.step, self.form)

    def sides(self, channel: int) -> tuple[int, int]:
        """Rows and columns of a plane that are shown."""
        part = 2 if channel and self.halved else 1
        return -(-self.shape[0] // part), -(-self.shape[1] // part)


class Chosen(NamedTuple):
    """A picture as it was chosen to be coded, and what that costs."""

    told: Told
    found: list[Plane]
    cost: float  #: squares over those of the steps, and lambda times bits
    bits: float


class PictureCoder:
    """The coder of one picture at a time; one a thread.

    Parameters
    ----------
    model : PhotoModel
    warm : Warm
    top : Top or None
        Of the network; None where its prediction cannot be used.
    """

    def __init__(self, model: PhotoModel, warm: Warm, top: Top | None) -> None:
        self.model, self.warm, self.top = model, warm, top
        self.turns = turned(model)
        self.scratch, self.room = new_scratch(), new_room()
        self.rivals = tuple(new_candidates() for _ in range(4))

    # ----------------------------------------------------------------- writing
    def choose(
        self, picture: NDArray[np.uint8], told: Told, frame: Frame, effort: Effort = BEST
    ) -> Chosen:
        """Units, sizes of blocks and levels of a picture, told so much of it."""
        targets = _less(planes(picture, frame.halved), told, frame)
        state, found, cost = self._state(told), [], 0.0
        trade = np.float32(trade_of(frame.step))
        for channel, target in enumerate(targets):
            plane = blank_plane(np.zeros(target.shape, np.int32))
            found.append(plane)
            scene = self._scene(found, channel, frame)
            coder = self._coder(state, ADAPT, np.zeros(1, np.uint8))
            even = np.ones((target.shape[0] // 8, target.shape[1] // 8), np.float32)
            model = self.model
            tables = Tables(
                (self.turns[kind_of(channel)], self.turns[1], self.turns[QUARTER]),
                model.rates,
                model.counts,
                model.dear,
                even,
            )
            search = Search(target, scene, coder, self.scratch, effort, trade, tables, self.room)
            choose_rows(channel, search, self.rivals, 0, scene.high)
            high, wide = frame.sides(channel)
            lost = (target - plane.samples)[:high, :wide].astype(np.float64)
            cost += float((lost**2).sum()) / frame.steps[channel] ** 2
        bits = self._bits(told, found, frame)
        return Chosen(told, found, cost + trade_of(frame.step) * bits, bits)

    def _bits(self, told: Told, found: list[Plane], frame: Frame) -> float:
        coder = self._coder(self.warm.told, ADAPT, np.zeros(1, np.uint8))
        self._tell(told, frame, coder)
        bits = float(coder.cost[0])
        for channel in range(len(found)):
            coder = self._coder(self._state(told), ADAPT, coder.data)
            traverse(channel, self._scene(found, channel, frame), coder, self.scratch)
            bits += float(coder.cost[0])
        return bits

    def write(self, chosen: Chosen, picture: NDArray[np.uint8], frame: Frame) -> bytes:
        """A chosen picture as bytes."""
        blocks = sum(plane.coded.size for plane in chosen.found)
        out = np.zeros(4096 + blocks * _MOST_BYTES, np.uint8)
        reg = new_registers(ENCODE, STILL)
        self.go(chosen, self.flags(chosen, picture, frame), frame, reg, out)
        # No picture takes no bytes: a file's length then bounds how many it holds.
        return out[: reg[PLACE]].tobytes() + last_bytes(reg) or bytes(1)

    def go(
        self,
        chosen: Chosen,
        flags: tuple[bool, bool],
        frame: Frame,
        reg: NDArray[np.int64],
        out: NDArray[np.uint8],
    ) -> None:
        """All decisions of a chosen picture, in order."""
        told, found = chosen.told, chosen.found
        coder = new_coder(*self.warm.told, STARTS, reg, out)
        self._tell(told, frame, coder)
        for channel in range(len(found)):
            own = new_coder(*self._state(told), STARTS, reg, out)
            traverse(channel, self._scene(found, channel, frame), own, self.scratch)
        for colour in range(2 if len(found) > 1 else 1):
            flag = int(flags[colour])
            code_flag(flag, colour, told.fineness, frame.level, self.warm.told, coder)

    def flags(self, chosen: Chosen, picture: NDArray[np.uint8], frame: Frame) -> tuple[bool, bool]:
        """Which planes come nearer to the picture by passing the post filter."""
        target = whole_planes(planes(picture, False), False)
        full = self._full(chosen.found, chosen.told, frame)
        better = self._restored(full, chosen.found[0], frame, (True, True))
        high, wide = frame.shape[:2]
        gain = []
        for plane, before, after in zip(target, full, better, strict=True):
            errors = [(plane - one)[:high, :wide].astype(np.float64) for one in (before, after)]
            gain.append(float((errors[0] ** 2).sum() - (errors[1] ** 2).sum()))
        return gain[0] > 0, sum(gain[1:]) > 0

    # ----------------------------------------------------------------- reading
    def read_told(
        self, data: NDArray[np.uint8], frame: Frame, positions: int
    ) -> tuple[Told, NDArray[np.int64], NDArray[np.float64]]:
        """What the network was told, without its prediction; registers; bits as in ``read``."""
        reg, cost = new_registers(DECODE, STILL), np.zeros((4, 4))
        begin(reg, data)
        coder = new_coder(*self.warm.told, STARTS, reg, data, cost[3])
        if self.top is None:
            return NOTHING, reg, cost
        fineness = int(code_fineness(0, frame.level, self.warm.told, coder))
        if not fineness:
            return NOTHING, reg, cost
        winners = np.zeros(positions, np.int64)
        values = np.zeros((positions, self.top.scales.shape[1]), np.int16)
        code_told(fineness, winners, values, self.top, self.warm.told, coder)
        return Told(fineness, winners, values, None), reg, cost

    def read(
        self,
        data: NDArray[np.uint8],
        told: Told,
        reg: NDArray[np.int64],
        cost: NDArray[np.float64],
        frame: Frame,
    ) -> tuple[NDArray[np.uint8], list[Plane]]:
        """The rest of a picture: itself and its planes.

        ``cost (4, 4)`` takes the bits of every plane, and of what was told, as ``Coder.cost``.

        Raises
        ------
        FormatError
            If it ends before it should.
        """
        found: list[Plane] = []
        for channel in range(frame.shape[2]):
            rows, columns = _padded(frame, channel)
            found.append(blank_plane(np.zeros((rows, columns), np.int32)))
            own = new_coder(*self._state(told), STARTS, reg, data, cost[channel])
            traverse(channel, self._scene(found, channel, frame), own, self.scratch)
        coder = new_coder(*self.warm.told, STARTS, reg, data, cost[3])
        flags = [False, False]
        for colour in range(2 if len(found) > 1 else 1):
            flags[colour] = bool(
                code_flag(0, colour, told.fineness, frame.level, self.warm.told, coder)
            )
        if reg[PLACE] > len(data) + 8:
            raise FormatError("This file is damaged: a picture ends before it should.")
        full = self._full(found, told, frame)
        full = self._restored(full, found[0], frame, (flags[0], flags[1]))
        return picture_of(full, *frame.shape[:2], False), found

    # ------------------------------------------------------------------- parts
    def _state(self, told: Told) -> State:
        return self.warm.rest if told.fineness else self.warm.plain

    def _coder(self, state: State, mode: int, data: NDArray[np.uint8]) -> Coder:
        return new_coder(*state, STARTS, new_registers(mode, STILL), data)

    def _tell(self, told: Told, frame: Frame, coder: Coder) -> None:
        if self.top is None:
            return
        code_fineness(told.fineness, frame.level, self.warm.told, coder)
        if told.fineness:
            code_told(told.fineness, told.winners, told.values, self.top, self.warm.told, coder)

    def _scene(self, found: list[Plane], channel: int, frame: Frame) -> Scene:
        luma = blue = found[0].samples
        if channel:
            luma = blue = _shown(found[0], frame.sides(0))
            luma = half(luma) if frame.halved else luma
        if channel == 2:
            blue = _shown(found[1], frame.sides(1))
        units, sides = units_of(self.model, channel), frame.sides(channel)
        return Scene(found[channel], luma, blue, frame.steps[channel], 0, PULL, units, *sides)

    def _full(self, found: list[Plane], told: Told, frame: Frame) -> list[NDArray[np.int32]]:
        """Planes of full size with the prediction."""
        parts = [_shown(plane, frame.sides(channel)) for channel, plane in enumerate(found)]
        if told.prediction is not None:
            parts = [
                np.clip(part + known - GREY, 0, TOP)
                for part, known in zip(parts, planes(told.prediction, frame.halved), strict=True)
            ]
        return whole_planes(parts, frame.halved)

    def _restored(
        self,
        full: list[NDArray[np.int32]],
        blocks: Plane,
        frame: Frame,
        which: tuple[bool, bool],
    ) -> list[NDArray[np.int32]]:
        return restore(full, frame.step, blocks, frame.halved, self.model.filters, which)


def _less(targets: list[NDArray[np.int32]], told: Told, frame: Frame) -> list[NDArray[np.int32]]:
    """Planes less a prediction's, around grey."""
    if told.prediction is None:
        return targets
    known = planes(told.prediction, frame.halved)
    return [
        np.clip(target - own + GREY, 0, TOP).astype(np.int32)
        for target, own in zip(targets, known, strict=True)
    ]


def _padded(frame: Frame, channel: int) -> tuple[int, int]:
    part = 2 if channel and frame.halved else 1
    rows, columns = ((side + 15) // 16 * 16 // part for side in frame.shape[:2])
    return rows, columns


def _shown(plane: Plane, sides: tuple[int, int]) -> NDArray[np.int32]:
    """Samples, what lies beyond the shown part like its last row and column."""
    high, wide = sides
    below, beside = plane.samples.shape[0] - high, plane.samples.shape[1] - wide
    return extended(plane.samples[:high, :wide], 0, below, beside)
