"""The Numenta Anomaly Benchmark: its files, and its score as published with version 1.1.

A window counts once, by its earliest row at or above the threshold, more the earlier that is;
rows outside windows cost, less just behind one; the first 15 % of a file (at most 750 rows) count
neither way.  A file without an alarm gets 0, and every window found at its first row gets 100.
Source: Lavin and Ahmad, *Evaluating real-time anomaly detection algorithms* (ICMLA 2015).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

#: By profile: what a found window, a row outside, and a missed window count.
PROFILES = {"standard": (1, 0.11, 1), "low FP": (1, 0.22, 1), "low FN": (1, 0.11, 2)}


@dataclass(frozen=True)
class File:
    """One series with the rows of its windows."""

    name: str
    values: np.ndarray
    stamps: np.ndarray
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        return min(int(0.15 * len(self.values)), 750)


def read(folder: str) -> list[File]:
    """All files of the benchmark."""
    root = Path(folder)
    labels = json.loads((root / "labels" / "combined_windows.json").read_text("utf-8"))
    files = []
    for name, windows in sorted(labels.items()):
        table = pd.read_csv(root / "data" / name)
        stamps = pd.to_datetime(table.timestamp).to_numpy()
        ends = [
            [int(np.flatnonzero(stamps == np.datetime64(one))[0]) for one in w] for w in windows
        ]
        files.append(File(name, table.value.to_numpy(float), stamps, [(a, b) for a, b in ends]))
    return files


def sigmoid(place: np.ndarray) -> np.ndarray:
    """What a row counts by its place: -1 at a window's begin, 0 at its end, above 3 far behind."""
    return np.where(place > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(place, 4))) - 1)


class Scorer:
    """Scores of all files against all windows."""

    def __init__(self, files: list[File]) -> None:
        rows = [self._rows(file) for file in files]
        windows = np.cumsum([0, *(len(file.windows) for file in files)])
        parts = zip(rows, windows, strict=False)
        self.files = files
        self.window = np.concatenate([np.where(w >= 0, w + at, -1) for (w, _), at in parts])
        self.worth = np.concatenate([worth for _, worth in rows])
        self.file = np.concatenate([np.full(len(w), i) for i, (w, _) in enumerate(rows)])

    @staticmethod
    def _rows(file: File) -> tuple[np.ndarray, np.ndarray]:
        """Window and worth of every row that counts."""
        n = len(file.values)
        window, place = np.full(n, -1), np.full(n, np.inf)
        ends = [*(first for first, _ in file.windows[1:]), n][: len(file.windows)]
        for k, ((first, last), end) in enumerate(zip(file.windows, ends, strict=True)):
            inside, behind = np.arange(first, last + 1), np.arange(last + 1, end)
            window[inside] = k
            place[inside] = -(last - inside + 1) / (last - first + 1)
            place[behind] = (behind - last) / (last - first)
        best = float(sigmoid(np.array(-1.0)))
        worth = np.where(window >= 0, sigmoid(place) / best, sigmoid(place))
        return window[file.probation :], worth[file.probation :]

    def sweep(self, scores: dict[str, np.ndarray], profile: str, only: np.ndarray | None = None):
        """Every threshold, falling, and the benchmark's score at each."""
        found, outside, missed = PROFILES[profile]
        given = np.concatenate([scores[f.name][f.probation :] for f in self.files]).astype(float)
        counts = np.array([len(file.windows) for file in self.files])
        chosen = np.arange(len(self.files)) if only is None else only
        keep = np.isin(self.file, chosen)
        order = np.flatnonzero(keep)[np.argsort(-given[keep], kind="stable")]
        window, worth = self.window[order], self.worth[order]
        gain = np.where(window < 0, worth * outside, 0.0)
        for one in np.unique(window[window >= 0]):
            rows = np.flatnonzero(window == one)  # the threshold falls: more of them count
            best = np.maximum.accumulate(worth[rows]) * found
            gain[rows] = np.diff(best, prepend=-missed)
        windows = counts[chosen].sum()
        last = np.append(np.diff(given[order]) != 0, True)
        return given[order][last], 100 * np.cumsum(gain)[last] / ((found + missed) * windows)

    def best(self, scores, profile="standard", only=None) -> tuple[float, float]:
        """Best score over all thresholds, and that threshold."""
        thresholds, found = self.sweep(scores, profile, only)
        return float(found.max()), float(thresholds[found.argmax()])

    def at(self, scores, threshold: float, profile="standard", only=None) -> float:
        """Score at one threshold."""
        thresholds, found = self.sweep(scores, profile, only)
        passed = np.flatnonzero(thresholds >= threshold)
        return float(found[passed[-1]]) if len(passed) else 0.0

    def halves(self, scores, splits: int = 10) -> float:
        """Mean standard score of random halves of the files, by the other half's threshold."""
        found = []
        for seed in range(splits):
            mixed = np.random.default_rng(seed).permutation(len(self.files))
            one, other = np.array_split(mixed, 2)
            for chosen, held in ((one, other), (other, one)):
                threshold = self.best(scores, only=chosen)[1]
                found.append(self.at(scores, threshold, only=held))
        return float(np.mean(found))

    def spread(self, scores, threshold: float) -> float:
        """Standard deviation of the standard score over files drawn anew, with replacement."""
        found, outside, missed = PROFILES["standard"]
        net = np.array([self._net(scores, threshold, i) for i in range(len(self.files))])
        windows = np.array([len(file.windows) for file in self.files])
        drawn = np.random.default_rng(0).integers(len(net), size=(1000, len(net)))
        total = windows[drawn].sum(1)
        return float((100 * net[drawn].sum(1) / ((found + missed) * total)).std())

    def _net(self, scores, threshold: float, number: int) -> float:
        """What one file adds to the standard score, before it is divided."""
        _, outside, missed = PROFILES["standard"]
        file, mine = self.files[number], self.file == number
        hit = scores[file.name][file.probation :] >= threshold
        window, worth = self.window[mine][hit], self.worth[mine][hit]
        net = outside * worth[window < 0].sum()
        return float(net + sum(worth[window == w].max() + missed for w in set(window) - {-1}))
