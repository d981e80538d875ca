"""How the entropy model of photographs becomes warm: it codes pictures and remembers.

Units are given; pictures are coded one after another at steps drawn at random, adaptive
probabilities and gates go from one to the next, and what magnitudes, counts and winners
cost on average becomes the encoder's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...compiling import compiled
from .colour import planes
from .competition import BEST, BY_TABLES
from .entropy import blank_state
from .format import COLOUR, HALVED, HALVED_FROM, plane_steps
from .model import MOST_UNITS, PhotoModel
from .neighbours import PART, WHOLE, Units
from .planes import chosen, coded_planes, seen_by
from .postfilter import blank_filters
from .quantise import GRADES, laplace_rates
from .units import (
    FOLLOWS,
    KINDS,
    LARGE,
    QUARTER,
    edge_of,
    features_of,
    four_log2,
    side_of,
    size_of,
    step_of,
)


def blank_model(units: list[Units]) -> PhotoModel:
    """A model whose units are learned and whose entropy model knows nothing."""
    counts = np.full((KINDS, 10, 257), 4.0, np.float32)
    counts[:, :, 65:] = 6
    counts[QUARTER] = 3
    counts[:, :, 0] = np.linspace(0.5, 6, 10)
    dear = np.full((KINDS, MOST_UNITS), 4.0, np.float32)
    probs, gates = blank_state()
    whole = PhotoModel(tuple(units), probs, gates, laplace_rates(), counts, dear, blank_filters())
    return whole.rounded()


class Counted(NamedTuple):
    """How often each thing was chosen."""

    rates: NDArray[np.float64]  #: ``(KINDS, 2, 64, 10, GRADES)`` magnitudes
    counts: NDArray[np.float64]  #: ``(KINDS, 10, 257)`` how many levels, by energy
    winners: NDArray[np.float64]  #: ``(KINDS, MOST_UNITS)``


@compiled
def tally(channel: Any, plane: Any, luma: Any, blue: Any, step: Any, scales: Any, into: Any) -> Any:
    """Count the magnitudes, counts and winners of a chosen plane; scales by kind of block."""
    rates, counts, winners = into.rates, into.counts, into.winners
    height, width = plane.samples.shape
    features = np.zeros(256, np.int32)
    for y0 in range(0, height, 8):
        for x0 in range(0, width, 8):
            i0, j0 = y0 >> 3, x0 >> 3
            kind, fours = channel + 1 if channel else 0, 1
            if channel == 0:
                split = plane.split[i0 & ~1, j0 & ~1]
                if split == PART:
                    kind = LARGE
                elif split == WHOLE:
                    kind = 1
                elif plane.quarter[i0, j0]:
                    kind, fours = QUARTER, 4
                if (y0 | x0) & (side_of(kind) - 1) & ~7:
                    continue
            for q in range(fours):
                y, x = y0 + 4 * (q >> 1), x0 + 4 * (q & 1)
                edge = edge_of(kind, y, x, width)
                _, contrast, other = features_of(
                    kind, plane.samples, luma, blue, y, x, edge, features
                )
                here = step_of(kind, step, contrast, other, 0)
                size = size_of(kind, contrast, other) - four_log2(here) + 24
                around = np.int64(plane.energy[i0 + 1, j0]) + np.int64(plane.energy[i0, j0 + 1])
                energy = min(four_log2(around + 1) // 3, 9)
                unit, count = (
                    np.int64(plane.unit[i0 + 1, j0 + 1]) & 31,
                    np.int64(plane.coded[i0, j0]),
                )
                if kind == QUARTER:
                    unit, count = np.int64(plane.fours[i0, j0, q, 0]), plane.fours[i0, j0, q, 1]
                winners[kind, unit] += 1
                counts[kind, energy, count] += 1
                state = np.int64(0)
                for k in range(count - 1, -1, -1):
                    sub = k >> 6
                    m = abs(
                        np.int64(plane.levels[i0 + (sub >> 1), j0 + (sub & 1), 16 * q + (k & 63)])
                    )
                    mu = min(max(np.int64(scales[kind][unit, k]) + size, 0), 63)
                    rates[kind, state >> 1, mu, energy, min(m, 15)] += 1
                    state = FOLLOWS[state, m & 1]


def warmed(
    model: PhotoModel, pictures: list[NDArray[np.uint8]], random_state: int = 0, rounds: int = 1
) -> Iterator[tuple[float, PhotoModel]]:
    """Code pictures and remember; yields the part done and the model so far."""
    rng = np.random.default_rng(random_state)
    for turn in range(rounds):
        counted = Counted(
            np.zeros((KINDS, 2, 64, 10, GRADES)),
            np.zeros((KINDS, 10, 257)),
            np.zeros((KINDS, MOST_UNITS)),
        )
        state = model
        if turn == 0:
            probs, gates = blank_state()
            state = replace(model, probs=probs, gates=gates).rounded()
        order = rng.permutation(len(pictures))
        for done, index in enumerate(order):
            step = int(round(2.0 ** rng.uniform(5.3, 10.8)))
            picture, halved = pictures[index], step >= HALVED_FROM
            steps = plane_steps(step, COLOUR | (HALVED if halved else 0))
            found = chosen(
                planes(picture, halved),
                steps,
                halved,
                state,
                effort=BY_TABLES if turn == 0 else BEST,
            )
            for channel, plane in enumerate(found):
                luma, blue = seen_by(found, channel, halved)
                scales = tuple(one.scale for one in (*model.units, model.units[1]))
                tally(channel, plane, luma, blue, steps[channel], scales, counted)
            _, _, probs, gates = coded_planes(found, steps, halved, state)
            # Only the state goes on; what choices cost is counted at the end of a round.
            state = replace(state, probs=probs, gates=gates)
            yield (turn + (done + 1) / len(order)) / rounds, state
        costs = _costs(*counted)
        model = replace(state, rates=costs[0], counts=costs[1], dear=costs[2]).rounded()
    yield 1.0, model


def _costs(
    rates: NDArray[np.float64], counts: NDArray[np.float64], winners: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Bits of what was counted; what was rare leans on wider views."""
    by_scale = rates.sum(3, keepdims=True) + 50 * 2.0 ** -laplace_rates()
    shares = rates + 20 * by_scale / by_scale.sum(-1, keepdims=True)
    bits = -np.log2(shares / shares.sum(-1, keepdims=True))
    bits[..., 1:] += 1  # the sign
    # Counts are smoothed along themselves, less where there are few.
    smooth = counts + 0.02
    for kind in range(KINDS):
        width = 257 if kind in (1, LARGE) else (17 if kind == QUARTER else 65)
        for energy in range(10):
            row = smooth[kind, energy, 1:width]
            kernel = np.ones(5) / 5
            smooth[kind, energy, 1:width] = np.convolve(
                np.pad(row, 2, mode="edge"), kernel, "valid"
            )
            smooth[kind, energy, width:] = 1e-3
    count_bits = -np.log2(smooth / smooth.sum(-1, keepdims=True))
    dear = -np.log2((winners + 1) / (winners + 1).sum(-1, keepdims=True))
    # A winner is predicted from its neighbours: it costs less than its share says.
    return bits, np.minimum(count_bits, 12), np.minimum(0.7 * dear, 9)
