"""Runnable code beside the formulas: the same numbers from the engine, or from NumPy alone.

Every function returns a whole program; the tests run each and hold what it prints against
what the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import handsized


@dataclass(frozen=True)
class Where:
    """The model, the patch and the settings that a snippet is about."""

    model: str
    data: str
    picture: int
    level: int
    place: int
    temperature: float
    k: int
    rate: float


HEAD = """\
from htm_engine import HTM, load_dataset
from htm_engine.analysis import inspection
from htm_engine.model import competition

model = HTM.load({model!r})
picture = load_dataset({data!r}).X[{picture}]
level = {level}
layer = model.hierarchy_.layers[level]
x = inspection.look(model, picture.reshape(model.layout)).rows[level][[{place}]]
"""
EVIDENCE = """
e = competition.evidence(x, layer.w.astype(float), layer.b.astype(float))  # x @ w.T + b
"""
SHARES = """
a = competition.activation(e, {temperature})  # exp(e / T) / sum of exp(e / T)
h = competition.compete(a, {k})  # the {k} largest, renormalised
"""
LOSS = """
s2 = layer.s2 * x.shape[1] / 4  # as on the page: of the whole patch, not of one number
u = competition.orthonormalise(layer.u.astype(float))
views = competition.views(x, layer.m.astype(float), u)  # m + U U'(x - m)
r = competition.responsibilities(a, views.errors, s2)
L = competition.loss(a, views.errors, s2)
"""
STEP = """
w, b = layer.w.astype(float), layer.b.astype(float)  # copies: the model stays as it is
gw, gb = competition.gate_gradients(x, a, r)  # (a - r) x' and a - r
w = competition.gradient_step(w, gw / {temperature}, {rate})
b = competition.gradient_step(b, gb / {temperature}, {rate})
m = competition.gradient_step(
    layer.m.astype(float),
    competition.prototype_gradient(x, views.reconstructions, r, s2),
    {rate} * s2,
)
u = competition.orthonormalise(
    u - {rate} * s2 * competition.basis_gradient(x, layer.m.astype(float), u, r, s2)
)
a = competition.activation(competition.evidence(x, w, b), {temperature})
"""
#: What each section adds, and what it prints at last.
SECTIONS = {
    "evidence": (EVIDENCE, "print(e.argmax(), e.max())"),
    "shares": (EVIDENCE + SHARES, "print(a.argmax(), a.max(), h.max())"),
    "loss": (EVIDENCE + SHARES + LOSS, "print(float(L[0]), r.max())"),
    "step": (
        EVIDENCE + SHARES + LOSS + STEP,
        "print(float(competition.loss(a, competition.views(x, m, u).errors, s2)[0]))",
    ),
}


def of_patch(section: str, where: Where) -> str:
    """Program that computes one section's numbers for the chosen patch."""
    body, last = SECTIONS[section]
    return (HEAD + body).format(**where.__dict__) + last + "\n"


PCA = """\
import numpy as np
from htm_engine import load_dataset
from sklearn.decomposition import PCA

X = load_dataset({data!r}).X[:4000]
pca = PCA(0.95, svd_solver="full").fit(X.reshape(len(X), -1) / 255)
print(pca.n_components_)  # q: so many components hold 95 % of the variance
"""


def of_pca(data: str) -> str:
    """Program that finds the article's number of components."""
    return PCA.format(data=data)


HAND = """\
import numpy as np

x = np.array({x})  # the chosen point
w = np.array({w})  # one line a unit
b = np.array({b})
m = np.array({m})
s2, T, alpha = {s2}, {temperature}, {rate}

e = w @ x + b                                         # evidence
a = np.exp(e / T) / np.exp(e / T).sum()               # penalty-reward activation
{view}
joint = a * np.exp(-((x - view) ** 2).sum(1) / (2 * s2))
r = joint / joint.sum()                               # who explains the point
w = w - alpha * np.outer(a - r, x) / T                # one step for this point alone
b = b - alpha * (a - r) / T
m = m + alpha * r[:, None] * (x - view)
print(-np.log(joint.sum()))                           # L before the step
e = w @ x + b
print(np.exp(e / T) / np.exp(e / T).sum())            # a after it
"""
PLAIN = "view = m                                              # rank 0: a unit says its prototype"
LINES = """\
u = np.array({u})  # rank 1: a direction a unit
view = m + ((x - m) * u).sum(1, keepdims=True) * u    # the point's foot on each line"""


def of_hand(toy: handsized.Toy, x: np.ndarray, rate: float) -> str:
    """Program for one point of the hand-sized network, with its present numbers, in NumPy."""
    view = LINES.format(u=_listed(toy.u[:, :, 0])) if toy.u.shape[2] else PLAIN
    return HAND.format(
        x=_listed(x),
        w=_listed(toy.w),
        b=_listed(toy.b),
        m=_listed(toy.m),
        view=view,
        s2=handsized.S2,
        temperature=toy.temperature,
        rate=rate,
    )


def _listed(array: np.ndarray) -> str:
    return str(np.round(array, 6).tolist())


SERIES = """\
from htm_engine.analysis.series_walk import walk
{read}
found = walk(data.values[:, 0], {at}, data.stamps)
for row in zip(found.units, found.evidence, found.weights, found.means, found.shares):
    print(*row)
print(found.units[found.winner], found.prediction, found.value, found.surprise)
"""
_DRAWN = """\
from htm_engine.data.drawn_series import draw_series

data = draw_series({name!r}).data"""
_OWN = """\
from htm_engine.data.series_tables import read_table

data = read_table("your-table.csv", [{column!r}])"""


def of_series(name: str, column: str | None, at: int) -> str:
    """A program that takes one value of a drawn series apart, or of a column of a visitor's own."""
    read = _DRAWN.format(name=name) if column is None else _OWN.format(column=column)
    return SERIES.format(read=read, at=at)
