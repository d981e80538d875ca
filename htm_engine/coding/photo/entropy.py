"""What a block of a photograph costs: adaptive bits, gated, and coded arithmetically.

Every binary decision is predicted by up to ``INPUTS`` adaptive probabilities, each chosen by
another context; two gates, with mixing weights chosen by two more contexts, sum their
log-odds, and the mean of both sums passes through the softmax (logistic mixing; Mahoney,
*Adaptive weighing of context models*, 2005).  A block is, in order: its unit, a tree of bits;
how many levels are coded, a tree; the levels, last first, each a magnitude (is it 0? 1? ... up
to 14, then Exp-Golomb) and a sign.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .. import mixing
from ..arithmetic import EVEN, MEASURE, MODE, RATE, code_bit
from ..mixing import descend, dot, estimate
from .units import KINDS, four_log2

#: Contexts of a decision, and the weights of a gate: one each, and one of a constant.
INPUTS = 10
#: Values of each context: of a level, of the count of levels, of the unit.
LEVEL_CONTEXTS = (2048, 1024, 1024, 1280, 1536, 768, 1024, 1024, 2048, 2048)
COUNT_CONTEXTS = (32, 10, 16, 64, 160, 16 * 16, 160)
UNIT_CONTEXTS = (64, 64, 128, 4096, 64, 512, 200)
#: Nodes below each context: bins of a magnitude, trees of counts and units.
LEVEL_NODES, COUNT_NODES, UNIT_NODES = 8, 512, 32


def _starts() -> tuple[np.ndarray, int]:
    sizes = [values * LEVEL_NODES for values in LEVEL_CONTEXTS]
    sizes += [values * COUNT_NODES for values in COUNT_CONTEXTS]
    sizes += [values * UNIT_NODES for values in UNIT_CONTEXTS]
    sizes += [3 * 16 * 16, 64]  # whether there are four, the escape
    ends = np.cumsum(sizes)
    return (ends - sizes).astype(np.int64), int(ends[-1])


STARTS, TABLE = _starts()
COUNT, UNIT = len(LEVEL_CONTEXTS), len(LEVEL_CONTEXTS) + len(COUNT_CONTEXTS)
SPLIT, ESCAPE = UNIT + len(UNIT_CONTEXTS), UNIT + len(UNIT_CONTEXTS) + 1
#: One context more, which the pictures of a collection have: where in the picture a block lies.
PLACE_LEVEL, PLACE_COUNT, PLACE_UNIT, PLACE_SPLIT = range(ESCAPE + 1, ESCAPE + 5)
PLACES = 64
#: Rows of weights of a kind: first gate of levels, second, counts, units, split, escape.
ROWS = 8 * 16 + 8 * 64 + 16 + 8 + 1 + 1
ROW_2, ROW_COUNT, ROW_UNIT, ROW_SPLIT, ROW_ESCAPE = 128, 640, 656, 664, 665
#: Magnitudes up to here are coded in unary.
UNARY = 14
#: How fast gates learn that start warm.
SLOW = 5
#: Rate of an entropy model that stays as it is: that of a collection, warm beforehand.
STILL = 0
#: Half the length of the table of the logistic function: where log-odds are zero.
_FAR = 3072
#: A probability in 2^-16 stays this far from certainty.
_SURE = 24
#: Most decisions that an adaptive probability takes the mean of; more follow slower change.
_MOST_SEEN = 600


class Coder(NamedTuple):
    """The entropy model of a picture, and the arithmetic coder that it drives."""

    probs: NDArray[np.uint32]  #: ``(KINDS, TABLE)`` adaptive probabilities
    weights: NDArray[np.int32]  #: ``(KINDS, ROWS, INPUTS + 1)`` mixing weights
    tables: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  #: stretch, squash, reciprocals
    starts: NDArray[np.int64]  #: where each context's part of the probabilities begins
    at: NDArray[np.int64]  #: ``(INPUTS,)`` room: the contexts of a decision
    inputs: NDArray[np.int32]  #: ``(INPUTS + 1,)`` room: their log-odds, and a constant
    reg: NDArray[np.int64]  #: registers of the arithmetic coder
    data: NDArray[np.uint8]  #: coded bytes
    cost: NDArray[np.float64]  #: ``(4,)`` bits so far: all, units, counts, splits


class Own(NamedTuple):
    """The part of the entropy model that one kind of block has to itself."""

    probs: NDArray[np.uint32]  #: ``(TABLE,)``
    weights: NDArray[np.int32]  #: ``(ROWS, INPUTS + 1)``


class Levels(NamedTuple):
    """What the levels of a block have in common."""

    values: NDArray[np.int16]  #: the levels themselves, coded or to be
    cells: Any  #: samples of the block
    unit: Any  #: that won
    count: Any  #: levels that are coded
    activity: Any  #: contrast around the block, over the step, graded
    energy: Any  #: sums of magnitudes in the blocks around, graded
    place: Any  #: of the block in a picture of a collection


def new_coder(
    probs: NDArray[np.uint32],
    weights: NDArray[np.int32],
    starts: NDArray[np.int64],
    reg: NDArray[np.int64],
    data: NDArray[np.uint8],
    cost: NDArray[np.float64] | None = None,
) -> Coder:
    """A coder with room of its own."""
    return Coder(
        probs,
        weights,
        (mixing.stretch_table(), mixing.squash_table(), mixing.reciprocals()),
        starts,
        np.zeros(weights.shape[2] - 1, np.int64),
        np.zeros(weights.shape[2], np.int32),
        reg,
        data,
        np.zeros(4) if cost is None else cost,
    )


def blank_state() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities ``(KINDS, TABLE)`` and weights ``(KINDS, ROWS, INPUTS + 1)``, blank."""
    probs = np.full((KINDS, TABLE), 1 << 31, np.uint32)
    weights = np.full((KINDS, ROWS, INPUTS + 1), 65536 * 3 // 20, np.int32)
    weights[:, :, INPUTS] = 0
    weights[:, ROW_COUNT:ROW_SPLIT] = 65536 // 4
    weights[:, ROW_SPLIT] = 65536 // 3
    weights[:, ROW_ESCAPE] = 65536
    return probs, weights


@compiled(makes_arrays=False)
def decide(node: Any, n: Any, one: Any, two: Any, bit: Any, own: Any, coder: Any) -> Any:
    """One decision, predicted by n contexts at ``coder.at + node``; the bit.

    ``one`` and ``two`` are the rows of mixing weights of its two gates.
    """
    at, x, weights, probs = coder.at, coder.inputs, own.weights, own.probs
    stretch, squash, recip = coder.tables
    for i in range(n):
        x[i] = stretch[np.int64(probs[at[i] + node]) >> 20]
    for i in range(n, len(x) - 1):
        x[i] = 0
    x[len(x) - 1] = 256
    first, second = dot(weights[one], x), dot(weights[two], x)
    p: Any = np.int64(squash[((first + second) >> 1) + _FAR])
    p = min(max(p, _SURE), 65536 - _SURE)
    y = code_bit(p, bit, coder.reg, coder.data)
    coder.cost[0] -= np.log2((p if y else 65536 - p) / 65536.0)
    if coder.reg[MODE] == MEASURE or coder.reg[RATE] == STILL:
        return y
    target, rate = y * 65535, coder.reg[RATE]
    descend(weights[one], x, ((target - np.int64(squash[first + _FAR])) * rate) >> 4)
    if two != one:
        descend(weights[two], x, ((target - np.int64(squash[second + _FAR])) * rate) >> 4)
    for i in range(n):
        place = at[i] + node
        probs[place] = estimate(probs[place], y, _MOST_SEEN, recip)
    return y


@compiled
def graded_sum(value: Any) -> Any:
    """A sum of magnitudes in eight grades."""
    if value < 4:
        return value
    if value < 6:
        return 4
    if value < 9:
        return 5
    return 6 if value < 16 else 7


@compiled
def bin_of(m: Any) -> Any:
    """Which of eight bins asks whether a magnitude is above m."""
    if m < 4:
        return m
    if m < 6:
        return 4
    if m < 8:
        return 5
    return 6 if m < 11 else 7


@compiled
def position(k: Any, cells: Any) -> Any:
    """Place of a level in 64 grades."""
    if cells == 64 or k < 16:
        return k
    return 16 + (k - 16) // 5


@compiled(makes_arrays=False)
def code_level(k: Any, scale: Any, near: Any, second: Any, block: Any, own: Any, coder: Any) -> Any:
    """One level: its contexts, its magnitude, its sign; returns the level.

    ``scale`` is 4 log2 of its expected magnitude in steps, plus 24; ``near`` what the same
    place holds in blocks to the left and above; ``second`` which of the two quantisers;
    ``block`` the :class:`Levels` that it is one of.
    """
    at, start, levels, count = coder.at, coder.starts, block.values, block.count
    a1 = abs(np.int64(levels[k + 1])) if k + 1 < count else np.int64(0)
    a2 = abs(np.int64(levels[k + 2])) if k + 2 < count else np.int64(0)
    further = np.int64(0)
    for i in range(k + 3, min(k + 8, count)):
        further += abs(np.int64(levels[i]))
    n1 = graded_sum(2 * a1 + a2)
    n2 = min(four_log2((a1 + a2) * 2 + further + 1) >> 1, 11)
    nb = graded_sum(near)
    kq = position(k, block.cells)
    mu = min(max(scale, 0), 63)
    lastq = min(four_log2(count) >> 1, 11)
    at[0] = start[0] + (block.unit * 64 + kq) * 8
    at[1] = start[1] + ((second * 64 + mu) * 8 + n1) * 8
    at[2] = start[2] + ((second * 64 + kq) * 8 + nb) * 8
    at[3] = start[3] + ((second * 64 + mu) * 10 + block.energy) * 8
    at[4] = start[4] + (((second * 12 + n2) * 8 + nb) * 8 + (mu >> 3)) * 8
    at[5] = start[5] + (lastq * 64 + kq) * 8
    at[6] = start[6] + (block.activity * 64 + kq) * 8
    at[7] = start[7] + (block.unit * 32 + n1 * 4 + (nb >> 1)) * 8
    at[8] = start[8] + (((second * 8 + nb) * 8 + n1) * 16 + (mu >> 2)) * 8
    at[9] = start[9] + ((second * 64 + mu) * 16 + n2) * 8
    inputs = len(coder.inputs) - 1
    if inputs > INPUTS:
        at[INPUTS] = start[PLACE_LEVEL] + (block.place * 64 + kq) * 8
    value: Any = np.int64(levels[k])
    m: Any = np.int64(0)
    size = abs(value)
    while m < UNARY:
        slot = bin_of(m)
        one, two = slot * 16 + n2, ROW_2 + slot * 64 + second * 32 + (mu >> 1)
        more = size > m
        if k == count - 1 and m == 0:
            m = 1  # the last coded level is never zero
            continue
        if not decide(slot, inputs, one, two, more, own, coder):
            break
        m += 1
    if m == UNARY:
        m += exp_golomb(size - UNARY, own, coder)
    if m == 0:
        return m
    coder.cost[0] += 1.0
    return -m if code_bit(np.int64(EVEN), value < 0, coder.reg, coder.data) else m


@compiled(makes_arrays=False)
def exp_golomb(rest: Any, own: Any, coder: Any) -> Any:
    """What a magnitude has above ``UNARY``: Exp-Golomb, at most 2^16."""
    coder.at[0] = coder.starts[ESCAPE]
    width = np.int64(0)
    while width < 16:
        more = (rest + 1) >> (width + 1) > 0
        if not decide(width, 1, ROW_ESCAPE, ROW_ESCAPE, more, own, coder):
            break
        width += 1
    number = np.int64(1)
    for i in range(width - 1, -1, -1):
        bit = ((rest + 1) >> i) & 1
        number = (number << 1) | code_bit(np.int64(EVEN), bit, coder.reg, coder.data)
        coder.cost[0] += 1.0
    return number - 1


@compiled(makes_arrays=False)
def code_tree(value: Any, bits: Any, n: Any, row: Any, own: Any, coder: Any) -> Any:
    """A number of some bits, the highest first, each a node of a tree; the number."""
    node = np.int64(1)
    for i in range(bits - 1, -1, -1):
        bit = (value >> i) & 1
        r = row + (bits - 1 - i)
        node = (node << 1) | decide(node, n, r, r, bit, own, coder)
    return node - (1 << bits)
