"""What the encoder of a photograph chooses: winners, block sizes and levels.

A parent stands against its four children by distortion + lambda x rate, from squares of 32x32
down to quarters of 4x4 (a quadtree pruned from below, as in HEVC's encoders); the units of a
block compete in ``competition``.  ``np.int64`` hides a constant from the compiler, which would
compile what it is given to once for every one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled
from ..arithmetic import (
    ADAPT,
    MEASURE,
    MODE,
)
from .competition import choose_unit, place_candidate
from .neighbours import PART, SPLIT_UP, WHOLE
from .traversal import code_block, code_split, code_square, coded_sides
from .units import LARGE, QUARTER, edge_of, features_of, step_of


@compiled
def choose_rows(channel: Any, search: Any, rivals: Any, start: Any, end: Any) -> Any:
    """Choose for the rows from ``start`` to ``end`` of a plane; leave it as it will be decoded.

    With one candidate kept, choices go by the tables alone; with more, the entropy model goes
    along, and ``search.coder`` learns.  ``rivals`` has room for the candidates of four sizes.
    """
    width, follow = coded_sides(search.scene)[1], search.effort.keep > 1
    scene, coder, scratch = search.scene, search.coder, search.scratch
    if channel:
        kind = channel + 1
        for y0 in range(start, end, 8):
            for x0 in range(0, width, 8):
                choose_unit(kind, y0, x0, search, rivals[0])
                if follow:
                    coder.reg[MODE] = ADAPT
                    code_block(kind, y0, x0, scene, coder, scratch)
        return
    for y0 in range(start, end, 32):
        for x0 in range(0, width, 32):
            choose_32(y0, x0, search, rivals)
            if follow:
                coder.reg[MODE] = ADAPT
                code_square(y0, x0, scene, coder, scratch)


@compiled(inline="always")
def choose_32(y0: Any, x0: Any, search: Any, rivals: Any) -> Any:
    """Choose for a square of 32x32, or what of it lies in the picture."""
    height, width = coded_sides(search.scene)
    plane = search.scene.plane
    whole, winner, spent, kind = np.float32(1e30), np.int64(0), np.float32(0), np.int64(LARGE)
    fits = y0 + 32 <= height and x0 + 32 <= width
    if fits:
        whole, winner = choose_unit(kind, y0, x0, search, rivals[3])
        whole += split_cost(kind, y0, x0, np.int64(PART), search)
        spent = split_cost(kind, y0, x0, np.int64(WHOLE), search)
    for y1 in range(y0, min(y0 + 32, height), 16):
        for x1 in range(x0, min(x0 + 32, width), 16):
            if spent <= whole:
                spent += choose_16(y1, x1, search, rivals)
    if whole < spent:
        place_again(kind, y0, x0, rivals[3], winner, search)
        for a in (0, 2):
            for b in (0, 2):
                plane.split[(y0 >> 3) + a, (x0 >> 3) + b] = PART


@compiled(inline="always")
def choose_16(y0: Any, x0: Any, search: Any, rivals: Any) -> Any:
    """Choose for a square of 16x16; its cost."""
    kind, (height, width) = np.int64(1), coded_sides(search.scene)
    whole, winner, spent = np.float32(1e30), np.int64(0), np.float32(0)
    if y0 + 16 <= height and x0 + 16 <= width:
        whole, winner = choose_unit(kind, y0, x0, search, rivals[2])
        whole += split_cost(kind, y0, x0, np.int64(WHOLE), search)
        spent = split_cost(kind, y0, x0, np.int64(SPLIT_UP), search)
    for q in range(4):
        y, x = y0 + 8 * (q >> 1), x0 + 8 * (q & 1)
        if spent <= whole and y < height and x < width:
            spent += choose_8(y, x, search, rivals)
    search.scene.plane.split[y0 >> 3, x0 >> 3] = SPLIT_UP if spent <= whole else WHOLE
    if whole < spent:
        place_again(kind, y0, x0, rivals[2], winner, search)
    return min(whole, spent)


@compiled(inline="always")
def choose_8(y0: Any, x0: Any, search: Any, rivals: Any) -> Any:
    """Choose for a block of 8x8; its cost."""
    kind, fourth = np.int64(0), np.int64(QUARTER)
    whole, winner = choose_unit(kind, y0, x0, search, rivals[1])
    whole += split_cost(fourth, y0, x0, np.int64(0), search)
    if whole < search.effort.quartered:
        return whole
    spent = split_cost(fourth, y0, x0, np.int64(1), search)
    for q in range(4):
        if spent <= whole:
            y, x = y0 + 4 * (q >> 1), x0 + 4 * (q & 1)
            own, _ = choose_unit(fourth, y, x, search, rivals[0])
            spent += own
    if whole < spent:
        place_again(kind, y0, x0, rivals[1], winner, search)
    return min(whole, spent)


@compiled
def place_again(kind: Any, y0: Any, x0: Any, best: Any, winner: Any, search: Any) -> Any:
    """Decode a block's winner into its plane again."""
    scene = search.scene
    edge = edge_of(kind, y0, x0, coded_sides(scene)[1])
    _, contrast, other = features_of(
        kind,
        scene.plane.samples,
        scene.luma,
        scene.blue,
        y0,
        x0,
        edge,
        search.scratch.features,
    )
    here = step_of(kind, scene.step, contrast, other, scene.eye)
    place_candidate(kind, y0, x0, here, best, winner, search)


@compiled
def split_cost(kind: Any, y0: Any, x0: Any, value: Any, search: Any) -> Any:
    """Lambda times the bits of how a square is partitioned; the plane then has it so."""
    plane, coder = search.scene.plane, search.coder
    if kind == QUARTER:
        plane.quarter[y0 >> 3, x0 >> 3] = value
    else:
        plane.split[y0 >> 3, x0 >> 3] = value
    if search.effort.keep == 1:
        return np.float32(0)
    coder.reg[MODE], coder.cost[0] = MEASURE, 0
    code_split(kind, y0, x0, search.scene, coder, search.scratch)
    return search.trade * np.float32(coder.cost[0])
