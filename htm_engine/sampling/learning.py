"""How a sampler's tables are learned: a mixture at the top, a gate and regressions below.

::

    maps ──► codes of every level ──► Cells: what each parent predicts, what its child became
    values of each top unit ──► mixture of Gaussians (EM)          ──► Top
    cells ──► softmax gate (gradient descent), regressions (ridge) ──► Child
    pictures drawn by these tables, and real ones ──► width of the mixture's components,
                                                      quantiles of every number

From at most :data:`MOST` pictures, once the units have learned, with randomness of its own:
the units are the same whether tables are learned or not.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from ..errors import DataError
from ..model import adam, competition
from ..model.hierarchy import Hierarchy
from ..model.layer import CompetitiveLayer, RowCodes
from ..model.threads import one_thread
from .gathering import Gathered
from .tables import Child, Floats, Ints, Sampler, Top, features, looks

#: Pictures that are learned from.
MOST = 40_000
#: Components of a unit's mixture at most, and wins that each takes.
COMPONENTS, WINS_EACH = 40, 25
#: Quantiles kept of every number, groups of units that have their own, pictures a group.
KNOTS, GROUPS, GROUP_PICTURES = 32, 8, 1000
#: Rows a step of the gate, steps at most, and its step size at the start.
ROWS, STEPS, RATE = 2048, 400, 0.03
#: Part of the spread left over that children draw with.  What is left has heavy tails; drawn
#: at full width as a Gaussian, samples lie farther from all pictures than pictures do.
CALM = 0.35
#: Pictures whose distances settle the width of the top's components, pictures needed for it,
#: widths tried, and the widest and narrowest that is taken.
ASKED, NEEDED, TRIED, WIDTHS = 3000, 1500, (1.0, 0.8), (0.5, 1.3)
#: Widths tried on fewer pictures where units lean on what is common; pictures needed for it.
STAIRS, FEWEST_KNOWN = (0.7, 0.85, 1.0, 1.2, 1.45, 1.75, 2.1, 2.5, 3.0, 4.0), 20
#: Pictures of a kind, below which it takes the width of all.
FEWEST = 50
#: Ridge in shares of the features' mean square.
RIDGE = 1e-3


def learn(
    h: Hierarchy, blocks: Sequence[Floats], labels: Any = None, random_state: int = 0
) -> Generator[float, None, Sampler | None]:
    """Learn from maps ``(n, H, W, C)`` in blocks, in parts that tell their progress, 0 to 1.

    What it returns is None where the top has no mixture: its units have no values, or
    several win together.

    Raises
    ------
    DataError
        If there is not one label a picture.
    """
    top = h.layers[-1]
    if not top.rank or top.winners_kept > 1:
        return None
    rng = np.random.default_rng(random_state)
    gathered = Gathered(h)
    for number, maps in enumerate(blocks, 1):
        gathered.add(maps)
        yield 0.5 * number / len(blocks)
    gathered.close()
    classes, label = np.zeros(0, np.intp), np.zeros(gathered.pictures, np.intp)
    if labels is not None:
        if len(labels) != gathered.pictures:
            raise DataError(f"there are {len(labels)} labels for {gathered.pictures} pictures")
        classes, label = np.unique(np.asarray(labels).astype(np.intp), return_inverse=True)
    per_row = np.repeat(label, len(gathered.winners) // gathered.pictures)
    mixture = _mixture(
        top, gathered.winners, gathered.values, per_row, max(1, len(classes)), random_state
    )
    yield 0.65
    children = {
        level: _child(h.layers[level], cells, rng) for level, cells in gathered.cells.items()
    }
    yield 0.85
    found = Sampler(mixture, children, classes, gathered.noise / gathered.pictures)
    places = len(gathered.winners) // gathered.pictures
    found.group = _groups(h.layers[-1], len(gathered.flat) if places == 1 else 0)
    if len(gathered.flat) >= NEEDED:
        found.top = _settled(found, h, gathered)
        yield 0.92
    elif top.spec.prior and len(gathered.flat) >= FEWEST_KNOWN:
        found.top = _widened(found, h, gathered)
        yield 0.92
    _measure_tones(found, h, gathered, *_drawn(found, h, gathered, rng))
    yield 1.0
    # As a file will hold them, so that a loaded network draws the very same.
    return Sampler.from_arrays(found.arrays(), h)


# ------------------------------------------------------------------------ the top
@one_thread
def _mixture(
    top: CompetitiveLayer, won: Ints, values: Floats, label: Ints, classes: int, seed: int
) -> Top:
    from sklearn.mixture import GaussianMixture  # here: long to import, and only fitting needs it

    units, shares, means = [], [], []
    factor = np.zeros((top.units, top.rank, top.rank))
    for unit in range(top.units):
        own = np.flatnonzero(won == unit)
        if not len(own):
            continue
        z = values[own].astype(np.float64)
        count = int(np.clip(len(own) // WINS_EACH, 1, COMPONENTS))
        part = np.zeros(len(own), np.intp)
        if count > 1:
            mixture = GaussianMixture(
                count,
                covariance_type="tied",
                max_iter=30,
                random_state=seed,
                reg_covar=1e-6 * float(z.var()) + 1e-12,
            )
            with warnings.catch_warnings():
                # A mixture a few steps short of its optimum is as good to draw from.
                warnings.simplefilter("ignore", ConvergenceWarning)
                part = mixture.fit_predict(z)
        left = z.copy()
        for one in np.unique(part):
            inside = part == one
            units.append(unit)
            means.append(z[inside].mean(0))
            left[inside] -= means[-1]
            shares.append(np.bincount(label[own[inside]], minlength=classes))
        prior = top.spec.prior  # where units lean on what is common, so does what they draw
        usual = prior * np.diag(top.spread[unit].astype(np.float64) ** 2)
        factor[unit] = _root((left.T @ left + usual) / (len(own) + prior))
    counts = np.array(shares, np.float64).reshape(-1, classes)
    return Top(np.array(units), counts / counts.sum(), np.array(means), factor)


def with_classes(found: Sampler, won: Ints, values: Floats, label: Ints) -> Sampler:
    """The same tables, knowing how classes share the components; all else stays.

    ``won (n,)``, ``values (n, r)`` and ``label (n,)`` are winner, values and class of rows of
    the top level.  Each goes to the likeliest component of its winner; a component that none
    goes to keeps the classes' overall shares.
    """
    top, shares = found.top, found.top.shares.sum(1)
    classes, index = np.unique(label, return_inverse=True)
    counts = np.zeros((len(shares), len(classes)))
    for unit in np.unique(won):
        own, parts = np.flatnonzero(won == unit), np.flatnonzero(top.unit == unit)
        if not len(parts):
            continue
        white = np.linalg.pinv(top.factor[unit].astype(np.float64), rcond=1e-4)
        away = ((values[own][:, None] - top.means[parts]) @ white.T) ** 2
        score = np.log(np.maximum(shares[parts], 1e-300)) - 0.5 * away.sum(2)
        np.add.at(counts, (parts[score.argmax(1)], index[own]), 1)
    usual = counts.sum(0) / max(1.0, counts.sum())
    wins = counts.sum(1, keepdims=True)
    given = np.where(wins > 0, counts / np.maximum(wins, 1), usual)
    joint = (shares[:, None] * given).astype(np.float32)
    return replace(found, top=replace(top, shares=joint), classes=classes.astype(np.intp))


def _root(covariance: Floats) -> Floats:
    """Factor whose square is a covariance, which may be of less than full rank."""
    power, v = np.linalg.eigh((covariance + covariance.T) / 2)
    return v * np.sqrt(np.maximum(power, 0))


# ------------------------------------------------------------------- the children
@one_thread
def _child(layer: CompetitiveLayer, cells: list[NDArray[Any]], rng: np.random.Generator) -> Child:
    predicted, left, upper, won, values = cells
    scale = np.array([_size(predicted), _size(np.concatenate([left, upper]))])
    f = features(predicted, left, upper, scale).astype(np.float32)
    slope = np.zeros((layer.units, f.shape[1], layer.rank))
    factor = np.zeros((layer.units, layer.rank, layer.rank))
    for unit in range(layer.units):
        own = won == unit
        wins = int(own.sum())
        if not wins:
            continue
        x, z = f[own].astype(np.float64), values[own].astype(np.float64)
        power = x.T @ x
        ridge = RIDGE * np.trace(power) / len(power) + 1e-9
        slope[unit] = np.linalg.solve(power + ridge * np.eye(len(power)), x.T @ z)
        rest = z - x @ slope[unit]
        # Fewer wins than numbers to fit leave too little over; the divisor makes up for it.
        freedom = max(1, wins - min(wins - 1, x.shape[1]))
        factor[unit] = CALM * _root(rest.T @ rest / freedom)
    return Child(_gate(layer, f, predicted, won, rng), slope, factor, scale)


def _size(x: Floats) -> float:
    return max(float(np.sqrt(np.mean(x.astype(np.float64) ** 2))), 1e-12)


def _gate(
    layer: CompetitiveLayer, f: Floats, predicted: Floats, won: Ints, rng: np.random.Generator
) -> Floats:
    """Softmax regression of the winner, by the article's gradient with Adam's step sizes."""
    predictions = [
        looks(layer, predicted[i : i + ROWS].astype(np.float64)) for i in range(0, len(f), ROWS)
    ]
    x = np.concatenate([f, np.concatenate(predictions).astype(np.float32)], 1)
    w = np.zeros((x.shape[1], layer.units), np.float32)
    # It begins as the parent's own guess: the share a unit has in what is predicted.
    w[f.shape[1] :] = np.eye(layer.units, dtype=np.float32)
    w[0] = np.log(np.bincount(won, minlength=layer.units) + 0.5) / 4
    first, second = np.zeros_like(w), np.zeros_like(w)
    for step, rows in enumerate(_batches(len(x), rng), 1):
        a = competition.activation(x[rows] @ w)
        a[np.arange(len(rows)), won[rows]] -= 1
        gradient = x[rows].T @ a / len(rows)
        rate = RATE * (1 - (step - 1) / STEPS)
        w -= np.float32(rate) * adam.direction(first, second, gradient, step, 1e-6)
    return w


def _batches(n: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Steps of the gate: as many as the rows fill, three times over, at most STEPS."""
    for _ in range(int(np.clip(3 * n // ROWS, 20, STEPS))):
        yield rng.integers(0, n, min(n, ROWS))


# ---------------------------------------------------------------------- the width
def _settled(found: Sampler, h: Hierarchy, gathered: Gathered) -> Top:
    """The top with components as wide as lets samples lie as near to pictures as these do.

    A Gaussian of the fitted width fills the gaps between the kinds of pictures, more on some
    data than on others.  The median distance to the nearest picture says how much; it grows
    evenly with the width, so two widths are tried and the one that is asked for lies on the
    line through them; each group of like units has its own.
    """
    from sklearn.neighbors import NearestNeighbors  # here: long to import

    few = np.random.default_rng(0).permutation(len(gathered.flat))[:ASKED]
    near = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(gathered.flat)
    # The nearest to a picture is itself.
    real, kinds = near.kneighbors(gathered.flat[few])[0][:, 1], found.group[_first(gathered)[few]]
    away, drawn_kinds = [], kinds
    for width in TRIED:
        trial = replace(found, top=replace(found.top, factor=width * found.top.factor))
        distances, won = _away(trial, h, gathered, near, few)
        away.append(distances)
        drawn_kinds = found.group[won]
    widths = np.empty(int(found.group.max()) + 1)
    for kind in range(len(widths)):
        of_kind, real_ones = drawn_kinds == kind, kinds == kind
        if min(of_kind.sum(), real_ones.sum()) < FEWEST:
            of_kind, real_ones = np.full(len(few), True), np.full(len(few), True)
        asked, wide, narrow = (
            float(np.median(x)) for x in (real[real_ones], away[0][of_kind], away[1][of_kind])
        )
        slope = (wide - narrow) / (TRIED[0] - TRIED[1])
        widths[kind] = TRIED[0] + (asked - wide) / slope if slope > 0 else TRIED[0]
    scale = np.clip(widths, *WIDTHS)[found.group]
    return replace(found.top, factor=scale[:, None, None] * found.top.factor)


def _widened(found: Sampler, h: Hierarchy, gathered: Gathered) -> Top:
    """The top with the narrowest components whose samples lie no nearer than pictures do.

    Units know the few pictures they were placed on too well: samples would be copies.
    """
    from sklearn.neighbors import NearestNeighbors  # here: long to import

    near = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(gathered.flat)
    asked = float(np.median(near.kneighbors(gathered.flat)[0][:, 1]))
    top, every = found.top, np.arange(len(gathered.flat))
    for width in STAIRS:
        top = replace(found.top, factor=width * found.top.factor)
        if np.median(_away(replace(found, top=top), h, gathered, near, every)[0]) >= asked:
            break
    return top


def _away(
    trial: Sampler, h: Hierarchy, gathered: Gathered, near: Any, few: Ints
) -> tuple[Floats, Ints]:
    """How far chosen samples lie from the nearest picture, and each one's first winner."""
    maps, codes = _drawn(trial, h, gathered, np.random.default_rng(0))
    _measure_tones(trial, h, gathered, maps, codes)
    drawn = trial.tone(maps, codes)[few].astype(np.float32)
    won = codes.winners.reshape(len(maps), -1)[few, 0]
    return near.kneighbors(drawn, 1)[0][:, 0], won


def _first(gathered: Gathered) -> Ints:
    """Winner of every picture's first place at the top."""
    return gathered.winners.reshape(gathered.pictures, -1)[: len(gathered.flat), 0]


# ---------------------------------------------------------------------- the tones
def _drawn(
    found: Sampler, h: Hierarchy, gathered: Gathered, rng: np.random.Generator
) -> tuple[NDArray[np.float32], RowCodes]:
    """As many pictures as were gathered ``(n, d)``, before their tones, and their top codes."""
    places = len(gathered.winners) // gathered.pictures
    heat, drawn, codes = [1.0] * len(h.layers), [], []
    for start in range(0, len(gathered.flat), 2000):
        count = min(2000, len(gathered.flat) - start)
        codes.append(found.draw_top(count * places, rng))
        maps = found.down(h, codes[-1], rng, heat)[0]
        drawn.append(maps.reshape(count, -1).astype(np.float32))
    parts = ((each.winners, each.weights, each.values) for each in codes)
    return np.concatenate(drawn), RowCodes(*map(np.concatenate, zip(*parts, strict=True)))


def _measure_tones(
    found: Sampler, h: Hierarchy, gathered: Gathered, drawn: NDArray[np.float32], codes: RowCodes
) -> None:
    real, won = gathered.flat, _first(gathered)
    ours = codes.winners.reshape(len(drawn), -1)[:, 0]
    # Dense at both ends, where a picture's black and white lie.
    at = (1 - np.cos(np.pi * np.arange(KNOTS) / (KNOTS - 1))) / 2
    ranks, tones = [], []
    for group in range(int(found.group.max()) + 1):
        own, theirs = found.group[ours] == group, found.group[won] == group
        both = own.sum() >= KNOTS and theirs.sum() >= KNOTS
        rank = np.quantile(drawn[own] if both else drawn, at, axis=0)
        # Strictly rising, so that a number that hardly varies still has its place.
        rise = 1e-6 * np.arange(KNOTS)[:, None] * max(1e-6, float(np.ptp(rank)))
        ranks.append(np.maximum.accumulate(rank, 0) + rise)
        tones.append(np.quantile(real[theirs] if both else real, at, axis=0))
    found.ranks, found.tones = (np.array(q, np.float32) for q in (ranks, tones))


def _groups(top: CompetitiveLayer, pictures: int) -> Ints:
    """Top units of like prototypes, as many groups as the pictures allow."""
    count = int(np.clip(pictures // GROUP_PICTURES, 1, min(GROUPS, top.units)))
    if count == 1:
        return np.zeros(top.units, np.intp)
    from sklearn.cluster import KMeans  # here, as above

    means = KMeans(count, n_init=2, random_state=0)
    return means.fit_predict(top.m.astype(np.float64)).astype(np.intp)
