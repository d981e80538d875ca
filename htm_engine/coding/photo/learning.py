"""How the units of the photo codec are learned from pictures.

Blocks and their contexts are gathered, contexts from decoded pictures, as the decoder will
see them.  Then, in turn: every block goes to the unit whose error would cost the fewest
bits; every unit takes its prediction by least squares and its basis from the eigenvectors
of its own error (the KLT).  Samples weigh less where the contrast around them is high, or
edges would swamp the rest.  First contexts come from WebP, then from the codec itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...compiling import compiled
from ...errors import DataError
from .colour import half, planes
from .competition import BY_TABLES, FAST
from .format import COLOUR, HALVED, HALVED_FROM, plane_steps
from .model import PhotoModel
from .neighbours import Units
from .planes import chosen, finished
from .postfilter import STEPS, blank_moments, moments_of, solved
from .pretraining import blank_model, warmed
from .units import FEATURES, SIDES, edge_of, features_of, side_of

#: By kind: units, rounds, blocks, and pseudo-blocks of the whole that steady every unit.
_UNITS, _ROUNDS, _STEADY = (32, 12, 8, 8, 16), (15, 12, 9, 9, 12), (30, 100, 30, 30, 30)
_BLOCKS = (200_000, 90_000, 60_000, 60_000, 150_000)
#: Basis vectors that are kept.
_FINEST = 168
#: Side of the part of a picture that is learned from at most.
_SIDE = 512
#: Blocks that stray from their mean by fewer grey levels teach nothing; what is quartered is sharp.
_FLAT = (0.8, 0.8, 0.8, 0.8, 6.0)
#: Steps in grey levels that blocks are assigned at, in turn.
_STEPS = (8.0, 12.0, 20.0)
#: How far a unit's popularity counts as cheapness; more, and one takes most blocks.
_PRIOR = 0.35
#: Ridge of the least squares that predict, over the mean square of a feature.
_RIDGE = 0.02
#: Bits of a level over the log of its size in half steps, as the codec's own files show.
_BITS_OF_LEVEL = 1.6


@compiled
def gather(
    kind: Any,
    target: Any,
    plane: Any,
    luma: Any,
    blue: Any,
    offset: Any,
    into: Any,
) -> Any:
    """Blocks of a plane less their means, contexts, and contrasts; how many."""
    blocks, contexts, sizes = into
    height, width = target.shape
    side, place = side_of(kind), 0
    for y0 in range(offset, height - side + 1, side):
        for x0 in range(offset, width - side + 1, side):
            edge = min(x0 + 2 * side, width) if offset else edge_of(kind, y0, x0, width)
            mean, contrast, other = features_of(
                kind, plane, luma, blue, y0, x0, edge, contexts[place]
            )
            for i in range(side):
                for j in range(side):
                    blocks[place, i * side + j] = target[y0 + i, x0 + j] - mean
            sizes[place] = contrast + 8 + (other >> 2 if kind == 2 or kind == 3 else 0)
            place += 1
    return place


Pair = tuple[list[NDArray[np.int32]], list[NDArray[np.int32]], bool]


def samples(
    kind: int, pairs: Sequence[Pair], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Blocks ``(n, P)``, contexts ``(n, F)`` and contrasts ``(n,)`` in grey levels."""
    cells, per = SIDES[kind] ** 2, -(-_BLOCKS[kind] // len(pairs))
    found: list[list[NDArray[np.float32]]] = [[], [], []]
    for target, seen, halved in pairs:
        channel = kind - 1 if kind in (2, 3) else 0
        if channel >= len(target):
            continue
        luma = half(seen[0]) if channel and halved else seen[0]
        plane, blue = seen[channel], seen[1] if channel == 2 else luma
        for offset in (0, 8) if kind == 1 else (0,):
            most = plane.size // cells + 1
            arrays: tuple[NDArray[Any], ...] = (
                np.zeros((most, cells), np.int32),
                np.zeros((most, FEATURES[kind]), np.int32),
                np.zeros(most, np.int64),
            )
            count = gather(kind, target[channel], plane, luma, blue, offset, tuple(arrays))
            kept = np.flatnonzero(np.abs(arrays[0][:count]).mean(1) > _FLAT[kind] * 16)
            kept = rng.permutation(kept)[: per if kind != 1 else per // 2 + 1]
            for part, array in zip(found, arrays, strict=True):
                part.append((array[kept] / 16).astype(np.float32))
    if sum(len(part) for part in found[0]) < 20 * _UNITS[kind]:
        raise DataError("There is too little in these pictures to learn from.")
    blocks, contexts, sizes = (np.concatenate(part) for part in found)
    return blocks, contexts, sizes


def first_guess(joint: NDArray, weights: NDArray, count: int, rng: np.random.Generator) -> NDArray:
    """Blocks by the direction of context and block together: k-means on the sphere."""
    scaled = joint * np.sqrt(weights)[:, None]
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    points = scaled @ vectors[:, -12:]
    points /= np.linalg.norm(points, axis=1, keepdims=True) + 0.5
    centres = points[rng.choice(len(points), count, replace=False)]
    for _ in range(6):
        near = points @ centres.T
        winner = np.abs(near).argmax(1)
        signs = np.sign(near[np.arange(len(near)), winner])
        for unit in range(count):
            mine = winner == unit
            if mine.any():
                centres[unit] = (points[mine] * signs[mine, None]).mean(0)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-9
    return winner


def learn_kind(
    kind: int, data: tuple[NDArray, NDArray, NDArray], rng: np.random.Generator
) -> Iterator[Units | None]:
    """Alternate; yields None after every round, and the units at the end."""
    x, y, contrast = data
    count, seen, cells = _UNITS[kind], y.shape[1], x.shape[1]
    weights = 1 / (contrast + 1)
    joint = np.concatenate([y, x], axis=1)
    whole = (joint * weights[:, None]).T @ joint / len(joint)
    winner = first_guess(joint, weights, count, rng)
    predictions = np.zeros((count, seen, cells), np.float32)
    bases = np.zeros((count, cells, cells), np.float32)
    bits, shares = np.zeros((len(x), count), np.float32), np.zeros(count)
    ridge = _RIDGE * np.trace(whole[:seen, :seen]) / seen
    for turn in range(_ROUNDS[kind]):
        for unit in range(count):
            mine = winner == unit
            own = joint[mine]
            shares[unit] = mass = len(own) + _STEADY[kind]
            moments = (own * weights[mine, None]).T @ own + whole * _STEADY[kind]
            cross, blocks = moments[:seen, seen:].astype(np.float64), moments[seen:, seen:]
            square = moments[:seen, :seen].astype(np.float64) + np.eye(seen) * mass * ridge
            fit = np.linalg.solve(square, cross)
            error = blocks - fit.T @ cross - cross.T @ fit + fit.T @ moments[:seen, :seen] @ fit
            _, vectors = np.linalg.eigh(error / mass)
            predictions[unit], bases[unit] = fit, vectors[:, ::-1]
        step = _STEPS[turn % len(_STEPS)]
        dear = -np.log2(shares / shares.sum()) * _PRIOR * min(1, 1.5 * turn / _ROUNDS[kind])
        for unit in range(count):
            levels = np.abs((x - y @ predictions[unit]) @ bases[unit])
            bits[:, unit] = _BITS_OF_LEVEL * np.log2(1 + levels / (0.5 * step)).sum(1) + dear[unit]
        winner = bits.argmin(1)
        yield None
    scale = np.zeros((count, cells))
    for unit in range(count):
        mine = winner == unit if (winner == unit).sum() > 4 else np.ones(len(x), bool)
        levels = np.abs((x[mine] - y[mine] @ predictions[unit]) @ bases[unit])
        scale[unit] = np.log2((levels / contrast[mine, None]).mean(0) + 1e-4)
    yield _whole(predictions, bases, scale)


def _whole(predictions: NDArray, bases: NDArray, scale: NDArray) -> Units:
    """Units in whole numbers; what a prediction adds up to is bounded."""
    most = np.abs(predictions).sum(1).max(1)
    bounded = predictions * np.minimum(1, 60 / most)[:, None, None]
    weights = np.clip(np.rint(bounded * 4096), -32767, 32767).astype(np.int16)
    rows = np.rint(bases.transpose(0, 2, 1) * 512) * 8
    # What is finest in a square of 16x16 is for its children: a zero takes no room.
    rows[:, _FINEST:] = 0
    scales = np.clip(np.rint(4 * scale), -60, 60).astype(np.int16)
    return Units(weights, np.ascontiguousarray(np.clip(rows, -4096, 4096).astype(np.int16)), scales)


def _crop(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A part of a picture, mirrored or turned by chance, in colour."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        picture = np.repeat(picture.reshape(*picture.shape[:2], 1), 3, axis=2)
    starts = [int(rng.integers(max(0, size - _SIDE) + 1)) for size in picture.shape[:2]]
    cut = picture[starts[0] : starts[0] + _SIDE, starts[1] : starts[1] + _SIDE, :3]
    cut = cut[:, ::-1] if rng.integers(2) else cut
    return np.ascontiguousarray(cut.transpose(1, 0, 2) if rng.integers(2) else cut)


def _by_webp(picture: NDArray[np.uint8], rng: np.random.Generator) -> Pair:
    stream, halved = io.BytesIO(), bool(rng.integers(2))
    quality = int(rng.choice([25, 45, 65, 80, 92]))
    Image.fromarray(picture).save(stream, "WEBP", quality=quality, method=2)
    decoded = np.array(Image.open(stream).convert("RGB"))
    return planes(picture, halved), planes(decoded, halved), halved


def _by_itself(picture: NDArray[np.uint8], model: PhotoModel, rng: np.random.Generator) -> Pair:
    step = int(round(2.0 ** rng.uniform(5.8, 10.6)))
    halved = step >= HALVED_FROM
    steps = plane_steps(step, COLOUR | (HALVED if halved else 0))
    targets = planes(picture, halved)
    found = chosen(targets, steps, halved, model, effort=BY_TABLES)
    return targets, [plane.samples for plane in found], halved


def learn(
    pictures: Sequence[NDArray[np.uint8]], random_state: int = 0
) -> Iterator[tuple[float, str, PhotoModel | None]]:
    """Learn a photo model; yields the part done, what is going on, and at last the model.

    Parameters
    ----------
    pictures : sequence of uint8 arrays (h, w), (h, w, 3) or (h, w, 4)
        From half a megapixel on in all; up to 512x512 of each are used.
    random_state : int
        Seed of parts, mirrorings and first guesses.

    Raises
    ------
    DataError
        If the pictures hold too little.
    """
    rng = np.random.default_rng(random_state)
    if not pictures:
        raise DataError("There are no pictures to learn from.")
    model = None
    for stage in range(2):
        pairs = []
        for index, picture in enumerate(pictures):
            cut = _crop(picture, rng)
            pairs.append(_by_itself(cut, model, rng) if model else _by_webp(cut, rng))
            yield 0.3 * stage + 0.05 * index / len(pictures), "looking at the pictures", None
        units: list[Units] = []
        for kind in range(len(SIDES)):
            data = samples(kind, pairs, rng)
            for turn, outcome in enumerate(learn_kind(kind, data, rng)):
                part = 0.05 + 0.048 * (kind + turn / _ROUNDS[kind])
                yield 0.3 * stage + part, "units learn", None
                if outcome is not None:
                    units.append(outcome)
        del pairs, data
        model = blank_model(units)
        cuts = [_crop(picture, rng) for picture in pictures]
        for part, warm in warmed(model, cuts, random_state, rounds=1 + stage):
            yield (
                0.3 * stage + 0.29 + 0.01 * (1 + 20 * stage) * part,
                "the entropy model warms",
                None,
            )
            model = warm
    assert model is not None
    for part, restoring in _restoring(model, cuts, rng):
        yield 0.8 + 0.2 * part, "what restores is learned", None
        model = restoring
    yield 1.0, "done", model


def _restoring(
    model: PhotoModel, pictures: Sequence[NDArray[np.uint8]], rng: np.random.Generator
) -> Iterator[tuple[float, PhotoModel]]:
    """Learn the filters on pictures that the codec has decoded; the model with them at last.

    Colour is halved in every other picture at each step, as that follows from the picture too
    (see ``codec``).
    """
    found: list[list[NDArray[np.int16]]] = []
    for place, middle in enumerate(STEPS):
        moments = blank_moments()
        for index, picture in enumerate(pictures):
            step = int(round(middle * 2.0 ** rng.uniform(-0.4, 0.4)))
            halved = bool((index + place) % 2)
            form = COLOUR | (HALVED if halved else 0)
            targets = planes(picture, halved)
            chose = chosen(targets, plane_steps(step, form), halved, model, effort=FAST)
            full = finished(chose, form, step, model)
            moments_of(planes(picture, False), full, step, chose[0], halved, moments)
            yield (place + index / len(pictures)) / len(STEPS), model
        found.append([solved(part) for part in moments])
    filters = tuple(np.stack(steps) for steps in zip(*found, strict=True))
    yield 1.0, replace(model, filters=filters).rounded()
