"""The entropy model of a collection's pictures: that of photographs, moved toward the collection.

It starts as the shipped photo model has it, with one context more, where in the picture a block
lies; pictures of the collection move it (``warming``), and a file leaves it as it is, so that
every picture can be read by itself.  Two sets serve pictures as they are and what a network's
prediction left of them; a third serves what the network is told::

    shipped photo model ──widened──► State ──warming──► State     a model file keeps the difference

Probabilities are kept in 12 bits, as finely as a decision looks at them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..photo import entropy
from ..photo.entropy import COUNT, ESCAPE, INPUTS, PLACES, ROW_UNIT, ROWS
from ..photo.model import PhotoModel
from ..photo.units import KINDS

#: Bits of a probability that a decision does not look at.
_DROPPED = 20
#: Weight of the context of a place before anything is learned.
_FIRST_WEIGHT = 65536 // 20
#: Bits of a probability that is kept; what a weight of a gate stays below, and its change.
_KEPT = 32 - _DROPPED
_MOST, _MOST_WEIGHT = (1 << 20) - 1, 1 << 21


def _starts() -> tuple[NDArray[np.int64], int]:
    sizes = [PLACES * 64 * entropy.LEVEL_NODES, PLACES * entropy.COUNT_NODES]
    sizes += [PLACES * entropy.UNIT_NODES, PLACES * 16]
    ends = entropy.TABLE + np.cumsum(sizes)
    return np.concatenate([entropy.STARTS, ends - sizes]).astype(np.int64), int(ends[-1])


STARTS, TABLE = _starts()


class State(NamedTuple):
    """Probabilities ``(kinds, TABLE)`` and mixing weights ``(kinds, ROWS, INPUTS + 2)``."""

    probs: NDArray[np.uint32]
    gates: NDArray[np.int32]


class Warm(NamedTuple):
    """All that pictures of a collection are coded under."""

    plain: State  #: pictures as they are
    rest: State  #: what the network's prediction left of them
    told: State  #: what the network is told; one kind


def first(model: PhotoModel) -> Warm:
    """What a collection starts from."""
    probs = np.full((KINDS, TABLE), 1 << 31, np.uint32)
    probs[:, : entropy.TABLE] = model.probs
    gates = np.full((KINDS, ROWS, INPUTS + 2), _FIRST_WEIGHT, np.int32)
    gates[:, :, :INPUTS] = model.gates[:, :, :INPUTS]
    gates[:, :, INPUTS + 1] = model.gates[:, :, INPUTS]
    # A network's values are like the levels of a block of 8x8; its winners are like nothing.
    told = State(probs[:1].copy(), gates[:1].copy())
    told.probs[:, STARTS[COUNT] : STARTS[ESCAPE]] = 1 << 31
    told.gates[:, entropy.ROW_COUNT : ROW_UNIT] = 65536 // 4
    told.gates[:, ROW_UNIT : entropy.ROW_SPLIT] = 65536 // 2
    told.gates[:, entropy.ROW_COUNT : entropy.ROW_SPLIT, INPUTS + 1] = 0
    return Warm(State(probs, gates), State(probs.copy(), gates.copy()), told)


def settled(warm: Warm) -> Warm:
    """The state as a model file keeps it."""
    return Warm(*(State(_whole(_short(one.probs)), one.gates) for one in warm))


def arrays(warm: Warm, start: Warm) -> dict[str, NDArray[Any]]:
    """What differs from the start, for a model file."""
    found: dict[str, NDArray[Any]] = {}
    for name, own, old in zip(Warm._fields, warm, start, strict=True):
        short = _short(own.probs).ravel()
        moved = np.flatnonzero(short != _short(old.probs).ravel())
        # Distances from one to the next pack better than places.
        found[f"{name}_moved"] = np.diff(moved, prepend=0).astype(np.uint32)
        found[f"{name}_probs"] = short[moved]
        found[f"{name}_gates"] = own.gates - old.gates
    return found


def check(found: dict[str, NDArray[Any]]) -> None:
    """Raise ``ValueError`` or ``KeyError`` if arrays are not those of a state."""
    for name, kinds in zip(Warm._fields, (KINDS, KINDS, 1), strict=True):
        moved, own, change = (found[f"{name}_{part}"] for part in ("moved", "probs", "gates"))
        if (moved.dtype, own.dtype, change.dtype) != (np.uint32, np.uint16, np.int32):
            raise ValueError("the coder's state has the wrong type")
        shapes = moved.ndim == 1 and moved.shape == own.shape
        if not shapes or change.shape != (kinds, ROWS, INPUTS + 2):
            raise ValueError("the coder's state has the wrong shape")
        if int(moved.sum(dtype=np.int64)) >= kinds * TABLE or own.max(initial=0) >> _KEPT:
            raise ValueError("the coder's state is out of range")
        if np.abs(change.astype(np.int64)).max() >= _MOST_WEIGHT:
            raise ValueError("the coder's state is out of range")


def from_arrays(found: dict[str, NDArray[Any]], start: Warm) -> Warm:
    """Inverse of :func:`arrays`, of arrays that were checked."""
    states = []
    for name, old in zip(Warm._fields, start, strict=True):
        short = _short(old.probs).ravel()
        short[np.cumsum(found[f"{name}_moved"].astype(np.int64))] = found[f"{name}_probs"]
        gates = np.clip(old.gates + found[f"{name}_gates"].astype(np.int64), -_MOST, _MOST)
        states.append(State(_whole(short).reshape(old.probs.shape), gates.astype(np.int32)))
    return Warm(*states)


def _short(probs: NDArray[np.uint32]) -> NDArray[np.uint16]:
    return (probs >> _DROPPED).astype(np.uint16)


def _whole(short: NDArray[np.uint16]) -> NDArray[np.uint32]:
    return (short.astype(np.uint32) << _DROPPED | 1 << (_DROPPED - 1)).astype(np.uint32)
