"""Planes of a photograph through the codec: chosen, written, read, restored.

``choose_rows`` finds units and levels, ``traverse`` writes or reads them, ``restore`` filters
what comes back.  Planes go in turn: Y, then Cb, which sees Y, then Cr, which sees both.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError
from ..arithmetic import (
    ADAPT,
    DECODE,
    ENCODE,
    PLACE,
    begin,
    last_bytes,
    new_registers,
)
from .colour import half, whole_planes
from .competition import (
    BEST,
    Candidates,
    Effort,
    Room,
    Search,
    Tables,
    new_candidates,
    new_room,
)
from .entropy import (
    SLOW,
    STARTS,
    Coder,
    new_coder,
)
from .format import COLOUR, HALVED, RESTORED, RESTORED_COLOUR, Header
from .model import PhotoModel
from .neighbours import Plane, Units, blank_plane
from .partition import choose_rows
from .postfilter import restore
from .traversal import Scene, Scratch, new_scratch, traverse
from .units import QUARTER

#: Sixty-fourths of a step taken off a magnitude of 1; half of it off greater ones.
PULL = 3
#: Lambda over the squared step, at coarse and at fine steps: what is left out at coarse ones
#: is missed by the blocks that follow.
TRADES = (0.06, 0.1)
_COARSE, _FINE = 1000.0, 125.0
#: Rows of luma that are chosen in one go.
_STRIP = 64
#: Pixels that a coded byte can stand for: 14 decisions a square, each as sure as can be.
_MOST_PIXELS = 300_000


def trade_of(step: int) -> float:
    """Lambda over the squared step."""
    share = (np.log(step) - np.log(_FINE)) / (np.log(_COARSE) - np.log(_FINE))
    return float(TRADES[1] + (TRADES[0] - TRADES[1]) * min(max(share, 0.0), 1.0))


def seen_by(found: list[Plane], channel: int, halved: bool) -> tuple[NDArray, NDArray]:
    """Luma and Cb as a plane's units see them."""
    luma = found[0].samples
    if channel and halved:
        luma = half(luma)
    return luma, found[1].samples if channel == 2 else luma


class _Desk(NamedTuple):
    """What the search for one plane works with, strip after strip."""

    coder: Coder
    scratch: Scratch
    room: Room
    rivals: tuple[Candidates, ...]


def _desk(probs: NDArray[np.uint32], weights: NDArray[np.int32]) -> _Desk:
    coder = new_coder(probs, weights, STARTS, new_registers(ADAPT, SLOW), np.zeros(1, np.uint8))
    rivals = tuple(new_candidates() for _ in range(4))
    return _Desk(coder, new_scratch(), new_room(), rivals)


def chosen(
    targets: list[NDArray[np.int32]],
    steps: list[int],
    halved: bool,
    model: PhotoModel,
    eye: int = 0,
    effort: Effort = BEST,
    care: list[NDArray[np.float32]] | None = None,
    dearer: float = 1.0,
) -> list[Plane]:
    """What the encoder chose, plane by plane, and what the decoder will see.

    ``care (h / 8, w / 8)``, a plane each, is what an error counts; ``dearer`` multiplies
    lambda.  A strip of luma is chosen beside the strip of Cb above it and that of Cr above
    that, each by a thread: every plane goes down its rows in turn, and none looks into the
    state of another's, so that the outcome is the same on any number of cores.
    """
    found = [blank_plane(np.zeros(target.shape, np.int32)) for target in targets]
    probs, weights = model.probs.copy(), model.gates.copy()
    turns = turned(model)
    luma = np.zeros_like(targets[1]) if halved and len(targets) > 1 else found[0].samples
    searches = []
    for channel, target in enumerate(targets):
        even = np.ones((target.shape[0] // 8, target.shape[1] // 8), np.float32)
        own = luma if channel else found[0].samples
        blue, desk = found[1].samples if channel == 2 else luma, _desk(probs, weights)
        units, kind = units_of(model, channel), kind_of(channel)
        tables = Tables(
            (turns[kind], turns[1], turns[QUARTER]),
            model.rates,
            model.counts,
            model.dear,
            care[channel] if care else even,
        )
        scene = Scene(found[channel], own, blue, steps[channel], eye, PULL, units, *target.shape)
        trade = np.float32(dearer * trade_of(steps[0]))
        search = Search(target, scene, desk.coder, desk.scratch, effort, trade, tables, desk.room)
        searches.append((search, desk.rivals))

    def strip(channel: int, number: int) -> None:
        rows = _STRIP // 2 if channel and halved else _STRIP
        start, end = number * rows, min((number + 1) * rows, len(targets[channel]))
        choose_rows(channel, *searches[channel], start, end)
        if not channel and luma is not found[0].samples:
            luma[start // 2 : end // 2] = half(found[0].samples[start:end])

    _in_waves(strip, len(targets), -(-len(targets[0]) // _STRIP))
    return found


def _in_waves(strip: Callable[[int, int], None], planes: int, strips: int) -> None:
    """Call ``strip(plane, number)`` for all, a plane's next after its last and the one before."""
    with ThreadPoolExecutor(planes) as pool:
        for wave in range(strips + planes - 1):
            due = [(plane, wave - plane) for plane in range(planes)]
            due = [one for one in due if 0 <= one[1] < strips]
            for done in [pool.submit(strip, *one) for one in due]:
                done.result()


def turned(model: PhotoModel) -> list[NDArray[np.float32]]:
    """Bases of all kinds the other way round, for the encoder."""
    return [_turned(units.basis) for units in model.units]


def _turned(basis: NDArray[np.int16]) -> NDArray[np.float32]:
    """Bases ``(K, P, kept)`` for the encoder, without vectors at the end that are all zero."""
    kept = int(np.flatnonzero(basis.any((0, 2))).max(initial=0)) + 1
    turned = np.ascontiguousarray(basis[:, :kept].transpose(0, 2, 1))
    return turned.astype(np.float32) / np.float32(4096)


def coded_planes(
    found: list[Plane],
    steps: list[int],
    halved: bool,
    model: PhotoModel,
    eye: int = 0,
) -> tuple[bytes, NDArray[np.float64], NDArray[np.uint32], NDArray[np.int32]]:
    """Chosen planes as bytes; bits of (all, units, counts, splits) by plane; the last state."""
    probs, gates = model.probs.copy(), model.gates.copy()
    out, reg = np.zeros(_most_bytes(found), np.uint8), new_registers(ENCODE, SLOW)
    cost, scratch = np.zeros((3, 4)), new_scratch()
    for channel, plane in enumerate(found):
        luma, blue = seen_by(found, channel, halved)
        scene = Scene(
            plane,
            luma,
            blue,
            steps[channel],
            eye,
            PULL,
            units_of(model, channel),
            *plane.samples.shape,
        )
        coder = new_coder(probs, gates, STARTS, reg, out, cost[channel])
        traverse(channel, scene, coder, scratch)
    return out[: reg[PLACE]].tobytes() + last_bytes(reg), cost, probs, gates


def read_planes(
    header: Header, model: PhotoModel, cost: NDArray[np.float64] | None = None
) -> list[Plane]:
    """Planes of a file, not yet restored; bits as in :func:`coded_planes` into ``cost (3, 4)``.

    Raises
    ------
    FormatError
        If the coded bits end before the planes do.
    """
    if header.width * header.height > _MOST_PIXELS * (len(header.coded) + 8):
        raise FormatError("This file is damaged: it claims more pixels than it could hold.")
    colour, halved = bool(header.form & COLOUR), bool(header.form & HALVED)
    probs, gates, reg = model.probs.copy(), model.gates.copy(), new_registers(DECODE, SLOW)
    begin(reg, header.coded)
    height, width = (header.height + 15) // 16 * 16, (header.width + 15) // 16 * 16
    found: list[Plane] = []
    spent, scratch = np.zeros((3, 4)) if cost is None else cost, new_scratch()
    for channel in range(3 if colour else 1):
        part = 2 if channel and halved else 1
        found.append(blank_plane(np.zeros((height // part, width // part), np.int32)))
        luma, blue = seen_by(found, channel, halved)
        units, step = units_of(model, channel), header.steps[channel]
        scene = Scene(
            found[-1], luma, blue, step, header.eye, PULL, units, *found[-1].samples.shape
        )
        coder = new_coder(probs, gates, STARTS, reg, header.coded, spent[channel])
        traverse(channel, scene, coder, scratch)
        if reg[PLACE] > len(header.coded) + 8:
            raise FormatError("This file is damaged: it ends before its picture does.")
    return found


def finished(
    found: list[Plane], form: int, step: int, model: PhotoModel
) -> list[NDArray[np.int32]]:
    """Planes of full size, restored where the form says so."""
    halved = bool(form & HALVED)
    full = whole_planes([plane.samples for plane in found], halved)
    which = (bool(form & RESTORED), bool(form & RESTORED_COLOUR))
    return restore(full, step, found[0], halved, model.filters, which)


def worth_restoring(
    found: list[Plane], targets: list[NDArray[np.int32]], form: int, step: int, model: PhotoModel
) -> int:
    """Which planes come nearer to ``targets``, of full size, by being restored: bits of a form."""
    both = RESTORED | (RESTORED_COLOUR if form & COLOUR else 0)
    plain = finished(found, form, step, model)
    better = finished(found, form | both, step, model)
    gains = [
        squares(target, after) - squares(target, before)
        for target, before, after in zip(targets, plain, better, strict=True)
    ]
    bits = RESTORED if gains[0] < 0 else 0
    return bits | (RESTORED_COLOUR if sum(gains[1:]) < 0 else 0)


def squares(target: NDArray[np.int32], plane: NDArray[np.int32]) -> float:
    """Sum of squared errors, in strips."""
    strips = range(0, len(target), 64)
    errors = ((target[y : y + 64] - plane[y : y + 64]).astype(np.float32) for y in strips)
    return float(sum(np.square(error).sum(dtype=np.float64) for error in errors))


def kind_of(channel: int) -> int:
    """Kind of a plane's blocks of 8x8."""
    return channel + 1 if channel else 0


def units_of(model: PhotoModel, channel: int) -> tuple[Units, Units, Units]:
    """Units of a plane's blocks of 8x8, of luma's squares, and of its quarters."""
    return model.units[kind_of(channel)], model.units[1], model.units[QUARTER]


def _most_bytes(found: list[Plane]) -> int:
    """Bytes that planes can take at most, by far."""
    levels = sum(int(np.count_nonzero(plane.levels)) for plane in found)
    return 4096 + sum(plane.coded.size for plane in found) * 320 + 8 * levels
