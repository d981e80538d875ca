"""What the encoder of a photograph chooses: winners, block sizes and levels.

A parent stands against its four children by distortion + lambda x rate, from squares of 32x32
down to quarters of 4x4; the units of a block compete in ``photocompete``.  ``np.int64`` hides
a constant from the compiler, which would compile what it is given to once for every one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiling import compiled
from .competition import audition, settle
from .entropy import FOLLOW, MODE, PRICE
from .neighbours import PART, SPLIT_UP, WHOLE
from .traversal import square, told, whether
from .units import LARGE, QUARTER, edge_of, look, step_of


@compiled
def choose(
    channel: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
    rivals: Any,
    start: Any,
    end: Any,
) -> Any:
    """Choose for the rows from ``start`` to ``end`` of a plane; leave it as it will be decoded.

    With one candidate kept, choices go by the tables alone; with more, the entropy model goes
    along, and ``bench.probs`` and ``bench.gates`` change.  ``rivals`` has room for the
    candidates of four sizes.
    """
    width = target.shape[1]
    trade = np.float32(trade)
    if channel:
        kind = channel + 1
        for y0 in range(start, end, 8):
            for x0 in range(0, width, 8):
                audition(
                    kind,
                    y0,
                    x0,
                    target,
                    plane,
                    luma,
                    blue,
                    step,
                    eye,
                    pull,
                    trade,
                    effort,
                    bench,
                    room,
                    rivals[0],
                )
                if effort.keep > 1:
                    room.reg[MODE] = FOLLOW
                    told(
                        kind,
                        y0,
                        x0,
                        plane,
                        luma,
                        blue,
                        step,
                        eye,
                        pull,
                        bench.units,
                        bench.probs,
                        bench.gates,
                        bench.tables,
                        room.seen,
                        room.tried,
                        room.at,
                        room.x,
                        room.whole,
                        room.near,
                        bench.starts,
                        room.reg,
                        room.data,
                        room.cost,
                    )
        return
    for y0 in range(start, end, 32):
        for x0 in range(0, width, 32):
            largest(
                y0,
                x0,
                target,
                plane,
                luma,
                blue,
                step,
                eye,
                pull,
                trade,
                effort,
                bench,
                room,
                rivals,
            )
            if effort.keep > 1:
                room.reg[MODE] = FOLLOW
                square(
                    y0,
                    x0,
                    plane,
                    luma,
                    blue,
                    step,
                    eye,
                    pull,
                    bench.units,
                    bench.probs,
                    bench.gates,
                    bench.tables,
                    room.seen,
                    room.tried,
                    room.at,
                    room.x,
                    room.whole,
                    room.near,
                    bench.starts,
                    room.reg,
                    room.data,
                    room.cost,
                )


@compiled
def largest(
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
    rivals: Any,
) -> Any:
    """Choose for a square of 32x32, or what of it lies in the picture."""
    height, width = target.shape
    whole, winner, spent, kind = np.float32(1e30), np.int64(0), np.float32(0), np.int64(LARGE)
    fits = y0 + 32 <= height and x0 + 32 <= width
    if fits:
        whole, winner = audition(
            kind,
            y0,
            x0,
            target,
            plane,
            luma,
            blue,
            step,
            eye,
            pull,
            trade,
            effort,
            bench,
            room,
            rivals[3],
        )
        whole += said_so(
            kind, y0, x0, np.int64(PART), plane, luma, blue, step, trade, effort, bench, room
        )
        spent = said_so(
            kind, y0, x0, np.int64(WHOLE), plane, luma, blue, step, trade, effort, bench, room
        )
    for y1 in range(y0, min(y0 + 32, height), 16):
        for x1 in range(x0, min(x0 + 32, width), 16):
            if spent <= whole:
                spent += middling(
                    y1,
                    x1,
                    target,
                    plane,
                    luma,
                    blue,
                    step,
                    eye,
                    pull,
                    trade,
                    effort,
                    bench,
                    room,
                    rivals,
                )
    if whole < spent:
        resettle(kind, y0, x0, winner, plane, luma, blue, step, eye, pull, bench, room, rivals[3])
        for a in (0, 2):
            for b in (0, 2):
                plane.split[(y0 >> 3) + a, (x0 >> 3) + b] = PART


@compiled
def middling(
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
    rivals: Any,
) -> Any:
    """Choose for a square of 16x16; its cost."""
    kind = np.int64(1)
    whole, winner = audition(
        kind,
        y0,
        x0,
        target,
        plane,
        luma,
        blue,
        step,
        eye,
        pull,
        trade,
        effort,
        bench,
        room,
        rivals[2],
    )
    whole += said_so(
        kind, y0, x0, np.int64(WHOLE), plane, luma, blue, step, trade, effort, bench, room
    )
    spent = said_so(
        kind, y0, x0, np.int64(SPLIT_UP), plane, luma, blue, step, trade, effort, bench, room
    )
    for q in range(4):
        if spent <= whole:
            spent += small(
                y0 + 8 * (q >> 1),
                x0 + 8 * (q & 1),
                target,
                plane,
                luma,
                blue,
                step,
                eye,
                pull,
                trade,
                effort,
                bench,
                room,
                rivals,
            )
    plane.split[y0 >> 3, x0 >> 3] = SPLIT_UP if spent <= whole else WHOLE
    if whole < spent:
        resettle(kind, y0, x0, winner, plane, luma, blue, step, eye, pull, bench, room, rivals[2])
    return min(whole, spent)


@compiled
def small(
    y0: Any,
    x0: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
    rivals: Any,
) -> Any:
    """Choose for a block of 8x8; its cost."""
    kind, fourth = np.int64(0), np.int64(QUARTER)
    whole, winner = audition(
        kind,
        y0,
        x0,
        target,
        plane,
        luma,
        blue,
        step,
        eye,
        pull,
        trade,
        effort,
        bench,
        room,
        rivals[1],
    )
    whole += said_so(
        fourth, y0, x0, np.int64(0), plane, luma, blue, step, trade, effort, bench, room
    )
    if whole < effort.quartered:
        return whole
    spent = said_so(
        fourth, y0, x0, np.int64(1), plane, luma, blue, step, trade, effort, bench, room
    )
    for q in range(4):
        if spent <= whole:
            own, _ = audition(
                fourth,
                y0 + 4 * (q >> 1),
                x0 + 4 * (q & 1),
                target,
                plane,
                luma,
                blue,
                step,
                eye,
                pull,
                trade,
                effort,
                bench,
                room,
                rivals[0],
            )
            spent += own
    if whole < spent:
        resettle(kind, y0, x0, winner, plane, luma, blue, step, eye, pull, bench, room, rivals[1])
    return min(whole, spent)


@compiled
def resettle(
    kind: Any,
    y0: Any,
    x0: Any,
    winner: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    eye: Any,
    pull: Any,
    bench: Any,
    room: Any,
    best: Any,
) -> Any:
    """Write a block's winner into its plane again."""
    edge = edge_of(kind, y0, x0, plane.samples.shape[1])
    _, contrast, other = look(kind, plane.samples, luma, blue, y0, x0, edge, room.seen)
    here = step_of(kind, step, contrast, other, eye)
    settle(kind, y0, x0, best, winner, plane, luma, blue, bench, here, pull, room)


@compiled
def said_so(
    kind: Any,
    y0: Any,
    x0: Any,
    value: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    step: Any,
    trade: Any,
    effort: Any,
    bench: Any,
    room: Any,
) -> Any:
    """Lambda times the bits of saying whether a square is one block; the plane then says so."""
    if kind == QUARTER:
        plane.quarter[y0 >> 3, x0 >> 3] = value
    else:
        plane.split[y0 >> 3, x0 >> 3] = value
    if effort.keep == 1:
        return np.float32(0)
    room.reg[MODE], room.cost[0] = PRICE, 0
    whether(
        kind,
        y0,
        x0,
        plane,
        luma,
        blue,
        step,
        bench.probs[kind],
        bench.gates[kind],
        bench.tables,
        room.seen,
        room.at,
        room.x,
        bench.starts,
        room.reg,
        room.data,
        room.cost,
    )
    return trade * np.float32(room.cost[0])
