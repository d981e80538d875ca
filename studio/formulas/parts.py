"""Parts of the formulas page that are more than a formula: pictures, tables, the walk so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM
from htm_engine.evaluation.baselines import PCABaseline
from htm_engine.evaluation.rates import flat

from ..kit.keeping import kept
from ..kit.shapes import plane
from ..kit.words import t
from .walkthrough import Stand, Walk, check, stand, step

_WALK = "_walk"


def _stretched(pictures: NDArray[Any]) -> NDArray[Any]:
    """Pictures of any range as intensities, zero at mid grey."""
    size = np.abs(pictures).max()
    return 0.5 + 0.5 * pictures / (size if size > 0 else 1)


def patch_pictures(
    model: HTM, walk: Walk, now: Stand, level: int
) -> tuple[list[NDArray[Any]], list[str]]:
    """The patch, then prototypes and weights of the three strongest units, as pictures."""
    units = now.strongest(3)
    zero = model.as_pictures(level, np.zeros((1, walk.x.shape[1])))
    seen = plane(model.as_pictures(level, np.concatenate([walk.x, walk.m[units]])))
    weights = plane(_stretched(model.as_pictures(level, walk.w[units]) - zero))
    views = plane(model.as_pictures(level, now.views[units[:1]]))
    pictures = [*seen, *views, *weights]
    labels = [
        "x",
        *(f"m {u}" for u in units),
        t("formulas.view", units=units[0]),
        *(f"w {u}" for u in units),
    ]
    return pictures, labels


def unit_table(now: Stand) -> dict[str, list[Any]]:
    """The five strongest units."""
    units = now.strongest(5)
    return {
        t("formulas.unit"): units,
        "e": [f"{now.evidence[u]:.4g}" for u in units],
        "a": [f"{now.activation[u]:.3g}" for u in units],
        "|x - x_i|²": [f"{now.errors[u]:.3g}" for u in units],
        "r": [f"{now.responsibility[u]:.3g}" for u in units],
    }


def check_table(walk: Walk) -> dict[str, list[Any]]:
    """Analytic against numeric derivatives."""
    rows = check(walk)
    return {
        t("formulas.parameter"): [row.name for row in rows],
        t("formulas.entries_checked"): [row.entries for row in rows],
        t("formulas.largest_derivative"): [f"{row.largest:.3e}" for row in rows],
        t("formulas.largest_difference"): [f"{row.difference:.1e}" for row in rows],
    }


# ------------------------------------------------------------- steps by hand
def walked(key: str, start: Walk, rate: float, steps: int) -> tuple[Walk, list[float]]:
    """The walk after ``steps`` steps of size ``rate`` from ``start``, and the losses on the way.

    The steps made for the last look are kept, so that one more costs one.
    """
    made = st.session_state.get(_WALK)
    if made is None or made[0] != (key, rate) or len(made[2]) > steps + 1:
        made = ((key, rate), start, [stand(start).loss])
    _, walk, losses = made
    while len(losses) <= steps:
        walk = step(walk, rate)
        losses = [*losses, stand(walk).loss]
    st.session_state[_WALK] = ((key, rate), walk, losses)
    return walk, losses


def what_moved(start: Walk, walk: Walk, history: list[float]) -> str:
    """The effect of all steps so far in a sentence."""
    if not walk.steps:
        return t("formulas.no_step_yet")
    sizes = {
        name: float(np.linalg.norm(getattr(walk, name) - getattr(start, name)))
        for name in ("w", "b", "m", "u")
    }
    parts = ", ".join(f"|Δ{name}| = {size:.3g}" for name, size in sizes.items() if size)
    return t(
        "formulas.step_made_surprise_l_nats",
        steps=walk.steps,
        plural="s" if walk.steps > 1 else "",
        history=history[0],
        history2=history[-1],
        parts=parts,
    )


# ----------------------------------------------------------------------- PCA
@dataclass(frozen=True)
class ArticlePCA:
    """PCA of the data, how much each further component holds, and how many hold 95 %."""

    baseline: PCABaseline
    cumulative: NDArray[np.floating]
    kept: int


@kept(4)
def article_pca(fingerprint: str, _data: Dataset) -> ArticlePCA:
    """PCA at 95 % of at most 4,000 pictures."""
    rows = _data.X[:4000]
    kept = PCABaseline(0.95).fit(rows)
    every = PCABaseline(None).fit(rows)
    return ArticlePCA(kept, np.cumsum(every.pca.explained_variance_ratio_), kept.components)


def three_ways(model: HTM, data: Dataset, picture: int, pca: ArticlePCA) -> NDArray[Any]:
    """A picture, through PCA, and through the network's top code."""
    own = data.X[picture : picture + 1]
    through = pca.baseline.from_values(pca.baseline.values(own)).reshape(own.shape)
    rebuilt = np.asarray(model.reconstruct(own.reshape(1, *model.layout))).reshape(own.shape)
    return np.concatenate([flat(own).reshape(own.shape), through, rebuilt])


def code_of(model: HTM) -> str:
    """What the top level's code holds, for a label."""
    top = model.hierarchy_.layers[-1]
    values = top.winners_kept * top.rank
    return (
        t("formulas.htm_winner", values=values)
        if top.rank
        else t("formulas.htm_winners", winners_kept=top.winners_kept)
    )
