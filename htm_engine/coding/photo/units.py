"""Units of the photo codec: their contexts and predictions, in whole numbers only.

A block is predicted from samples already decoded.  Samples are multiples of 1/16 of a
grey level, weights multiples of 2^-12.  Six kinds of block, and units for five of them::

    kind  block           context
    0     luma 8x8        two rows above (from two left to eight right), two columns left
    1     luma 16x16      the same, twice as long
    2     Cb 8x8          one row and column of Cb; the block and its ring in luma
    3     Cr 8x8          the same, and the block and its ring in Cb
    4     luma 4x4        as 0, half as long
    5     luma 32x32      by the units of 1, at half the resolution

Luma goes in squares of 32x32, each whole or four of 16x16, and so on down to 4x4; the four
are in reading order, and so are chroma's blocks (``edge_of``).

A sample outside the picture, or not decoded yet, is taken from the nearest one that is.
Every ring has its mean subtracted; the mean of the block's own plane is added back, so a
unit predicts ``x = mean + A (y - mean)`` and its residual is spanned by its own basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled

#: Fractional bits of samples and of weights.
SAMPLE_BITS, WEIGHT_BITS = 4, 12
#: Largest sample; grey where nothing is known.
TOP, GREY = 255 << SAMPLE_BITS, 128 << SAMPLE_BITS
#: By kind of unit: side of the block, thickness of the ring in its own plane, other planes.
SIDES, THICK, OTHERS = (8, 16, 8, 8, 4), (2, 2, 1, 1, 2), (0, 0, 1, 2, 0)
#: Kinds of block, and two of them: of 4x4, and of 32x32.
KINDS, QUARTER, LARGE = 6, 4, 5


def feature_count(kind: int) -> int:
    """Length of the context of a kind of block."""
    side, thick = SIDES[kind], THICK[kind]
    ring = thick * (thick + 2 * side) + thick * side
    return ring + OTHERS[kind] * (side * side + 3 * side + 1)


FEATURES = tuple(feature_count(kind) for kind in range(len(SIDES)))


#: The state that follows a state and an even or odd level: the two quantisers take turns.  The
#: table is that of VVC's dependent quantisation, a trellis-coded one of four states (Schwarz et
#: al., *Hybrid video coding with trellis-coded quantization*, DCC 2019).
FOLLOWS = np.array([[0, 2], [2, 0], [1, 3], [3, 1]], np.int64)


@compiled
def four_log2(value: Any) -> Any:
    """About 4 log2 of a whole number from 1 on, in whole numbers."""
    v = np.int64(max(value, 1))
    whole = np.int64(0)
    while v >> (whole + 1):
        whole += 1
    part = (v << 12) >> whole
    return 4 * whole + (part > 4467) + (part > 5312) + (part > 6317) + (part > 7512)


def _eighths() -> np.ndarray:
    return np.array([int(round(4096 * 2 ** (k / 32))) for k in range(-64, 65)], np.int64)


#: 2^12 times 2^(k/32), k from -64 to 64.
POWERS = _eighths()
#: What makes a contrast count as flat, in 1/16 of a grey level; where steps stay as they are.
CALM, USUAL = 96, 10


@compiled
def shaped(step: Any, contrast: Any, eye: Any) -> Any:
    """Step of a block: finer where it is calm, coarser where it is rough, by ``eye`` eighths.

    At 8 the step follows the deviation around the block, as errors in SSIM count.
    """
    if eye == 0:
        return np.int64(step)
    size = np.int64(contrast)
    rough = four_log2(size * size + CALM * CALM) - four_log2(np.int64(CALM * CALM)) - USUAL
    return max((step * POWERS[min(max(rough * eye >> 1, -64), 64) + 64] + 2048) >> 12, 1)


@compiled
def at(plane: Any, y: Any, x: Any, y0: Any, x0: Any, edge: Any) -> Any:
    """A sample above or left of a block at (y0, x0), or the nearest that is known.

    ``edge`` is the first column not known in the rows above.
    """
    if y < y0:
        if y0 == 0:
            if x0 == 0:
                return np.int64(GREY)
            return np.int64(plane[0, x0 - 1])
        y, x = max(y, 0), min(max(x, 0), edge - 1)
        return np.int64(plane[y, x])
    if x0 == 0:
        if y0 == 0:
            return np.int64(GREY)
        return np.int64(plane[y0 - 1, 0])
    return np.int64(plane[y, max(x, 0)])


@compiled
def side_of(kind: Any) -> Any:
    """Side of a block in samples."""
    if kind == 1:
        return 16
    if kind == QUARTER:
        return 4
    return 32 if kind == LARGE else 8


@compiled
def edge_of(kind: Any, y0: Any, x0: Any, width: Any) -> Any:
    """First column that is not known, or not looked at, in the rows above a block."""
    side = side_of(kind)
    reach = min(x0 + 2 * side, width)
    if kind == 2 or kind == 3:
        return reach
    while side < 32:
        if y0 & side:  # in the lower half of what is four times as large
            known = (x0 & ~(side - 1)) + (side if x0 & side else 2 * side)
            return min(reach, known)
        side *= 2
    return reach


@compiled
def mean_at(plane: Any, y: Any, x: Any, y0: Any, x0: Any, edge: Any) -> Any:
    """Mean of four samples, the first of them at (y, x)."""
    total = at(plane, y, x, y0, x0, edge) + at(plane, y, x + 1, y0, x0, edge)
    total += at(plane, y + 1, x, y0, x0, edge) + at(plane, y + 1, x + 1, y0, x0, edge)
    return (total + 2) >> 2


@compiled
def coarse_ring(plane: Any, y0: Any, x0: Any, edge: Any, out: Any) -> Any:
    """What :func:`ring` gives of a block of 32x32 at half the resolution."""
    total = np.int64(0)
    for i in range(0, 32, 2):
        total += mean_at(plane, y0 - 2, x0 + i, y0, x0, edge)
        total += mean_at(plane, y0 + i, x0 - 2, y0, x0, edge)
    mean = (total + 16) // 32
    place, contrast = 0, np.int64(0)
    for dy in (2, 4):
        for dx in range(-4, 64, 2):
            value = mean_at(plane, y0 - dy, x0 + dx, y0, x0, edge) - mean
            out[place] = value
            place += 1
            if dy == 2:
                contrast += abs(value)
    for dx in (2, 4):
        for dy in range(0, 32, 2):
            value = mean_at(plane, y0 + dy, x0 - dx, y0, x0, edge) - mean
            out[place] = value
            place += 1
            if dx == 2:
                contrast += abs(value)
    return mean, contrast // 48


@compiled
def enlarged(block: Any, mean: Any, features: Any, out: Any) -> Any:
    """A block of 16x16 as one of 32x32 ``out``, each sample 9/16 its own and 7/16 its nearest.

    ``features`` is the ring at half the resolution, less ``mean``.
    """
    wide = np.empty((18, 18), np.int64)
    for i in range(16):
        wide[0, i + 1], wide[i + 1, 0] = mean + features[2 + i], mean + features[68 + i]
        for j in range(16):
            wide[i + 1, j + 1] = block[i * 16 + j]
        wide[i + 1, 17] = wide[i + 1, 16]
    wide[0, 0], wide[0, 17] = mean + features[1], mean + features[17]
    wide[17] = wide[16]
    for i in range(32):
        up = (i >> 1) + 2 * (i & 1)
        for j in range(32):
            aside, a, b = (j >> 1) + 2 * (j & 1), (i >> 1) + 1, (j >> 1) + 1
            total = 9 * wide[a, b] + 3 * (wide[up, b] + wide[a, aside]) + wide[up, aside]
            out[i, j] = (total + 8) >> 4


@compiled
def ring(plane: Any, y0: Any, x0: Any, side: Any, thick: Any, edge: Any, out: Any, to: Any) -> Any:
    """Put what surrounds a block into ``out`` from ``to`` on, less its mean.

    Returns
    -------
    mean, contrast : int
        Of the nearest row and column; contrast is the mean distance from the mean.
    """
    total = np.int64(0)
    for i in range(side):
        total += at(plane, y0 - 1, x0 + i, y0, x0, edge) + at(plane, y0 + i, x0 - 1, y0, x0, edge)
    mean = (total + side) // (2 * side)
    place, contrast = to, np.int64(0)
    for dy in range(1, thick + 1):
        for dx in range(-thick, 2 * side):
            value = at(plane, y0 - dy, x0 + dx, y0, x0, edge) - mean
            out[place] = value
            place += 1
            if dy == 1:
                contrast += abs(value)
    for dx in range(1, thick + 1):
        for dy in range(side):
            value = at(plane, y0 + dy, x0 - dx, y0, x0, edge) - mean
            out[place] = value
            place += 1
            if dx == 1:
                contrast += abs(value)
    return mean, contrast // (3 * side)


@compiled
def known(plane: Any, y0: Any, x0: Any, side: Any, out: Any, to: Any) -> Any:
    """Put a block of another plane, and its ring, into ``out``; contrast of the block."""
    end = to + side * side
    mean, _ = ring(plane, y0, x0, side, 1, min(x0 + 2 * side, plane.shape[1]), out, end)
    contrast = np.int64(0)
    for i in range(side):
        for j in range(side):
            value = np.int64(plane[y0 + i, x0 + j]) - mean
            out[to + i * side + j] = value
            contrast += abs(value)
    return contrast // (side * side)


@compiled
def features_of(
    kind: Any, plane: Any, luma: Any, blue: Any, y0: Any, x0: Any, edge: Any, out: Any
) -> Any:
    """Context of a block into ``out``; its mean, its contrast, and luma's within it."""
    if kind == LARGE:
        mean, contrast = coarse_ring(plane, y0, x0, edge, out)
        return mean, contrast, contrast
    if kind < 2 or kind == QUARTER:
        mean, contrast = ring(plane, y0, x0, side_of(kind), 2, edge, out, 0)
        return mean, contrast, contrast
    mean, contrast = ring(plane, y0, x0, 8, 1, edge, out, 0)
    other = known(luma, y0, x0, 8, out, 25)
    if kind == 3:
        other += 2 * known(blue, y0, x0, 8, out, 25 + 89)
    return mean, contrast, other


@compiled
def size_of(kind: Any, contrast: Any, other: Any) -> Any:
    """4 log2 of what a block's error is measured by."""
    return four_log2(contrast + (other >> 2) + 8 if kind == 2 or kind == 3 else contrast + 8)


@compiled
def step_of(kind: Any, step: Any, contrast: Any, other: Any, eye: Any) -> Any:
    """Step of a block; half of it for one at half the resolution, whose errors count fourfold."""
    here = shaped(step, other if kind == 2 or kind == 3 else contrast, eye)
    return max(here >> 1, 1) if kind == LARGE else here


@compiled
def predict(weights: Any, y: Any, count: Any, mean: Any, out: Any) -> Any:
    """A unit's prediction of a block, ``weights`` (features, cells), into ``out`` (cells,)."""
    cells = weights.shape[1]
    for cell in range(cells):
        out[cell] = 0
    for i in range(count):
        value = np.int32(y[i])
        if value:
            for cell in range(cells):
                out[cell] += np.int32(weights[i, cell]) * value
    for cell in range(cells):
        value = mean + ((np.int64(out[cell]) + 2048) >> 12)
        out[cell] = min(max(value, 0), TOP)


@compiled
def add_residual(basis: Any, levels: Any, last: Any, step: Any, pull: Any, block: Any) -> Any:
    """Add to a prediction what the coded levels say: ``basis`` (cells, cells), by rows.

    Levels go from the last to the first through four states; in the first two a level m
    stands for 2 m fine steps, in the others for 2 m - 1, less pull/64 or half of it; a fine
    step is 9/16 of a step.  Nothing overflows, whatever a file holds.
    """
    cells = basis.shape[1]
    total = np.zeros(cells, np.int64)
    state = np.int64(0)
    for k in range(last - 1, -1, -1):
        level = np.int64(levels[k])
        second = state >> 1
        state = FOLLOWS[state, level & 1]
        if level:
            fine = 2 * abs(level) - second
            size = fine * 64 - (pull if abs(level) == 1 else pull >> 1)
            value = min((size * step * 9 + 512) >> 10, 1 << 17)
            if level < 0:
                value = -value
            for cell in range(cells):
                total[cell] += np.int64(basis[k, cell]) * value
    for cell in range(cells):
        value = block[cell] + ((total[cell] + 2048) >> 12)
        block[cell] = min(max(value, 0), TOP)
