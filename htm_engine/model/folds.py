"""K-fold cross-validation over settings, a result at a time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold


@dataclass(frozen=True)
class FoldResult:
    """One setting measured on one fold.

    Attributes
    ----------
    params : dict
        The setting.
    fold, folds : int
        Which fold of how many, from 0.
    score : float
        The estimator's score on the part it did not see (higher is better).
    seconds : float
        Time to fit and score.
    """

    params: Mapping[str, Any]
    fold: int
    folds: int
    score: float
    seconds: float


def cross_validate(
    estimator: Any, X: Any, grid: Sequence[Mapping[str, Any]], folds: int = 3, random_state: int = 0
) -> Iterator[FoldResult]:
    """K-fold cross-validation over settings, one result at a time.

    scikit-learn's own searchers work as well; this one can be watched and stopped.

    Raises
    ------
    ValueError
        If there are fewer pictures than folds, or no setting.
    """
    if not grid:
        raise ValueError("cross-validation needs at least one setting")
    splitter = KFold(folds, shuffle=True, random_state=random_state)
    parts = list(splitter.split(np.arange(len(X))))
    for params, (fold, (learn, held)) in itertools.product(grid, enumerate(parts)):
        began = time.perf_counter()
        candidate = clone(estimator).set_params(**params).fit(X[learn])
        score = float(candidate.score(X[held]))
        yield FoldResult(dict(params), fold, folds, score, time.perf_counter() - began)


def select(results: Sequence[FoldResult]) -> Mapping[str, Any]:
    """Setting with the best mean score; of equal ones, the first."""
    if not results:
        raise ValueError("no results to select from")
    groups: dict[str, list[FoldResult]] = {}
    for result in results:
        groups.setdefault(repr(result.params), []).append(result)
    best = max(groups.values(), key=lambda group: np.mean([r.score for r in group]))
    return best[0].params
