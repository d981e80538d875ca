"""Levels of a block's error, by distortion + lambda x rate: what each costs comes from tables.

Floating point is allowed here: the decoder only sees what was chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled

#: Magnitudes told apart by the table of rates.
GRADES = 16


def laplace_rates() -> np.ndarray:
    """Bits of a magnitude ``(4, 64, 10, GRADES)`` by kind, scale and energy around, unlearned."""
    mean = 2.0 ** ((np.arange(64) - 24) / 4)[:, None] * 2.0 ** ((np.arange(10) - 4) / 4)
    rest = np.exp(-1 / np.maximum(mean, 0.05))[..., None]
    m = np.arange(GRADES)
    p = np.where(m == 0, 1 - rest**0.6, rest**0.6 * (1 - rest) * rest ** np.maximum(m - 1, 0))
    bits = np.minimum(-np.log2(np.maximum(p, 1e-5)), 16) + (m > 0)
    return np.broadcast_to(bits, (4, 64, 10, GRADES)).astype(np.float32).copy()


@compiled
def quantise(
    errors: Any, scales: Any, size: Any, energy: Any, step: Any, pull: Any, rates: Any,
    counts: Any, trade: Any, most: Any, out: Any,
) -> Any:  # fmt: skip
    """Levels of least cost; returns the cost in squared steps and the count of levels."""
    cells = len(errors)
    inverse = np.float32(1.0 / step)
    one, many = np.float32(pull / 64.0), np.float32((pull >> 1) / 64.0)
    total = np.float32(0)
    for k in range(cells):
        a = errors[k] * inverse
        total += a * a
    best, best_count, spent = total + trade * counts[0], 0, np.float32(0)
    tail = total
    for k in range(cells):
        a = abs(errors[k]) * inverse
        mu = min(max(np.int64(scales[k]) + size, 0), 63)
        rate = rates[mu, energy]
        tail -= a * a
        level: Any = min(np.int64(a + np.float32(0.5)), 30000)
        zero = a * a + trade * rate[0]
        cost: Any = zero
        taken: Any = np.int64(0)
        for m in range(max(level - 1, 1), level + 1):
            d = a - (m - (one if m == 1 else many))
            r = rate[m] if m < 16 else rate[15] + np.float32(2.0) * np.log2(m - 14.0)
            j = d * d + trade * r
            if j < cost:
                cost, taken = j, m
        if spent + cost >= best:
            out[k] = 0
            break  # costs only grow: nothing further on can win
        spent += cost
        out[k] = -taken if errors[k] < 0 else taken
        if taken and spent + tail + trade * counts[k + 1] < best:
            best, best_count = spent + tail + trade * counts[k + 1], k + 1
        if best > most and spent > most:
            break
    return best, best_count
