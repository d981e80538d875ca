"""A network over a whole collection: who wins what, how clearly, and what surprises it.

::

    model, X ──survey──► Survey (winners, leads, surprise, errors, a map of the codes)
                           ├── wins, best, narrowest   of one unit
                           ├── most_surprising         the anomalies, largest first
                           └── scores_csv              one line a picture
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimator.network import HTM
from ..model import competition
from ..model.layer import Ints
from .inspection import first_two, scores

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Survey:
    """What a network makes of ``n`` pictures.

    Attributes
    ----------
    winners, seconds : list of ndarray (n, gh, gw)
        Strongest unit of every patch and the runner-up, a level each, bottom first.
    leads : list of ndarray (n, gh, gw)
        Log odds of the winner over the runner-up, in nats.
    surprise : ndarray (n, levels)
        Bits: the loss ``-log2 sum_i a_i exp(-|x - x_i|^2 / 2 s^2)`` of the competition,
        summed over the patches of each level.
    errors : ndarray (n,)
        Mean squared error of what the top level's code keeps.
    plane : ndarray (n, 2)
        The first two principal components of the top level's code.
    explained : (float, float)
        Share of the code's variance that each of the two holds.
    """

    winners: list[Ints]
    seconds: list[Ints]
    leads: list[Floats]
    surprise: Floats
    errors: Floats
    plane: Floats
    explained: tuple[float, float]

    def __len__(self) -> int:
        return len(self.errors)

    @property
    def total(self) -> Floats:
        """Surprise of each picture in bits, all levels together, ``(n,)``."""
        return self.surprise.sum(1)

    def wins(self, level: int, units: int) -> Ints:
        """Patches that each unit of a level won, ``(units,)``."""
        return np.bincount(self.winners[level].ravel(), minlength=units)

    def best(self, level: int, unit: int, count: int = 8) -> Ints:
        """Wins of a unit with the largest lead: picture and place, ``(m, 2)``."""
        return self._ordered(level, unit, -self.leads[level].ravel(), count)

    def narrowest(self, level: int, unit: int, count: int = 8) -> Ints:
        """Wins of a unit with the smallest lead: picture and place, ``(m, 2)``."""
        return self._ordered(level, unit, self.leads[level].ravel(), count)

    def _ordered(self, level: int, unit: int, key: Floats, count: int) -> Ints:
        won = np.flatnonzero(self.winners[level].ravel() == unit)
        chosen = won[np.argsort(key[won], kind="stable")[:count]]
        places = int(np.prod(self.winners[level].shape[1:]))
        return np.stack(np.divmod(chosen, places), 1)

    def most_surprising(self, count: int = 8) -> Ints:
        """Pictures of largest total surprise, largest first."""
        return np.argsort(-self.total, kind="stable")[:count]


def survey(model: HTM, X: Any) -> Survey:
    """Send pictures ``(n, ...)`` up and note who won, how clearly, and at what surprise."""
    X = model.read(X)
    h = model.hierarchy_
    levels = range(len(h.layers))
    found: list[list[tuple[Ints, Ints, Floats]]] = [[] for _ in levels]
    surprise, errors, tops = [], [], []
    for maps in model.blocks(X):
        n, own, here = len(maps), maps, []
        for level, layer in enumerate(h.layers):
            rows = h.rows(level, own)
            found[level].append(first_two(scores(layer, rows)))
            loss = competition.loss(layer.activation(rows), layer.errors(rows), layer.s2)
            here.append(loss.reshape(n, -1).sum(1) / np.log(2))
            codes = layer.encode(rows)
            if level + 1 < len(h.layers):
                own = layer.hand_up(codes).reshape(n, *h.grid_shapes[level], -1)
        decoded = layer.decode(codes)
        tops.append(decoded.reshape(n, -1).astype(np.float32))
        errors.append(((h.down(level, decoded) - maps) ** 2).mean((1, 2, 3)))
        surprise.append(np.stack(here, 1))
    plane, explained = _plane(np.concatenate(tops))
    shape = [(len(X), *h.grid_shapes[level]) for level in levels]
    parts = [
        [np.concatenate(part).reshape(shape[level]) for part in zip(*found[level], strict=True)]
        for level in levels
    ]
    return Survey(
        [part[0] for part in parts],
        [part[1] for part in parts],
        [part[2] for part in parts],
        np.concatenate(surprise),
        np.concatenate(errors),
        plane,
        explained,
    )


def _plane(rows: NDArray[np.float32]) -> tuple[Floats, tuple[float, float]]:
    """First two principal components ``(n, 2)``; signs such that the longer side is right."""
    centred = rows - rows.mean(0)
    # The smaller of the two product matrices has the same leading directions.
    if centred.shape[1] <= len(centred):
        power, v = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
        two = centred @ v[:, ::-1][:, :2]
    else:
        power, v = np.linalg.eigh(centred.astype(np.float64) @ centred.T)
        two = v[:, ::-1][:, :2] * np.sqrt(np.maximum(power[::-1][:2], 0))
    power = np.maximum(power[::-1], 0)
    two = np.pad(two, ((0, 0), (0, 2 - two.shape[1])))
    far = np.abs(two).argmax(0)
    sign = np.where(two[far, np.arange(2)] < 0, -1.0, 1.0)
    total = max(float(power.sum()), 1e-300)
    held = [*(float(p) / total for p in power[:2]), 0.0]
    return two * sign, (held[0], held[1])


#: What makes a spreadsheet take a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe before what would begin a formula.

    Labels are names of folders in other people's archives (OWASP, *CSV injection*).

    >>> plain_cell("=1+1"), plain_cell("cats")
    ("'=1+1", 'cats')
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def scores_csv(found: Survey, labels: Sequence[str] | None = None) -> str:
    """One line a picture: number, label, surprise in bits (all and by level), MSE, winner.

    Most surprising first, so that a reader of the file meets the anomalies at once.  Labels
    cannot act as formulas (:func:`plain_cell`).
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    levels = found.surprise.shape[1]
    writer.writerow(
        ["picture", *(["label"] if labels is not None else []), "surprise_bits"]
        + [f"surprise_level_{level + 1}" for level in range(levels)]
        + ["mse", "top_winner", "top_runner_up", "top_lead_nats"]
    )
    for i in found.most_surprising(len(found)):
        top = (found.winners[-1][i], found.seconds[-1][i], found.leads[-1][i])
        winner, second, lead = (part.ravel()[0] for part in top)
        numbers = [found.total[i], *found.surprise[i]]
        writer.writerow(
            [int(i), *([plain_cell(labels[i])] if labels is not None else [])]
            + [f"{value:.4f}" for value in numbers]
            + [f"{found.errors[i]:.6g}", int(winner), int(second), f"{lead:.4f}"]
        )
    return stream.getvalue()
