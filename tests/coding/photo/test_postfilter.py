"""Filters that restore a decoded photograph: classes, turns, learning, and where blocks end."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from htm_engine.coding import threads
from htm_engine.coding.photo import postfilter
from htm_engine.coding.photo.model import shipped
from htm_engine.coding.photo.neighbours import PART, SPLIT_UP, blank_plane
from htm_engine.coding.photo.postfilter import CLASSES, PLACES, TURNS, VIEWS, WAYS

SITUATIONS = list(itertools.product(range(5), (0, 4), range(3), range(3)))


def _kind_and_turn(way: int, clear: int, left: int, above: int) -> tuple[int, int]:
    return divmod(int(postfilter.positioned(3, way, clear if way else 0, left, above)), TURNS)


def _mirrored(border: int) -> int:
    return (0, 2, 1)[border]


@pytest.mark.parametrize(("way", "clear", "left", "above"), SITUATIONS)
def test_what_is_alike_but_for_mirroring_and_turning_is_one_class(way, clear, left, above):
    kind, _ = _kind_and_turn(way, clear, left, above)
    rise = 7 - way if way >= 3 else way
    assert kind == _kind_and_turn(rise, clear, _mirrored(left), above)[0]
    assert kind == _kind_and_turn(rise, clear, left, _mirrored(above))[0]
    across = 3 - way if way in (1, 2) else way
    assert kind == _kind_and_turn(across, clear, above, left)[0]
    place, rough = kind % PLACES, kind // (PLACES * WAYS)
    assert place == (left > 0) + (above > 0) and rough == 3


def test_classes_that_differ_in_more_stay_apart():
    kinds = {_kind_and_turn(*one)[0] for one in SITUATIONS}
    # Inside: none, straight, falling. At a side: none, along, across, falling.  In a corner: none,
    # straight, falling, rising.  All but the first of each clearly or not.
    assert len(kinds) == (1 + 2 * 2) + (1 + 2 * 3) + (1 + 2 * 3)


@pytest.mark.parametrize(("way", "clear", "left", "above"), SITUATIONS)
def test_a_turn_shows_the_border_on_the_left(way, clear, left, above):
    _, turn = _kind_and_turn(way, clear, left, above)
    places = VIEWS[0].places[turn]
    first = VIEWS[0].places[0].tolist()
    leftmost = tuple(places[first.index([0, -1])])
    if left and not above:
        assert leftmost == (0, -1 if left == 1 else 1)
    if above and not left:
        assert leftmost == (-1 if above == 1 else 1, 0)
    if left and above:
        corner = tuple(places[first.index([-1, -1])])
        assert corner == (-1 if above == 1 else 1, -1 if left == 1 else 1)
    if way >= 3 and not left and not above:
        y, x = places[first.index([1, 1])]
        assert (y * x > 0) == (way == 3)


def test_every_turn_is_another_and_keeps_distances():
    for view in VIEWS:
        assert len({places.tobytes() for places in view.places}) == TURNS
        lengths = np.square(view.places).sum(2)
        assert (lengths == lengths[0]).all()


def test_borders_are_those_of_the_blocks():
    """Of a square of 32x32, one of 16x16, blocks of 8x8, and one in quarters."""
    blocks = blank_plane(np.zeros((32, 64), np.int32))
    for y, x in itertools.product((0, 2), (0, 2)):
        blocks.split[y, x] = PART
    blocks.split[0, 6] = blocks.split[2, 4] = SPLIT_UP
    blocks.quarter[0, 7] = 1
    left, above = np.zeros((32, 64), np.uint8), np.zeros((32, 64), np.uint8)
    postfilter.borders(blocks.split, blocks.quarter, left, above)
    rows = {0: [0, 31], 1: [32, 47, 48, 55, 56, 59, 60, 63]}
    assert np.flatnonzero(left[3]).tolist() == rows[0] + rows[1]
    assert left[3, [0, 31, 59, 60, 63]].tolist() == [1, 2, 2, 1, 2]
    assert np.flatnonzero(left[12]).tolist() == [0, 31, 32, 47, 48, 55, 56, 63]
    assert np.flatnonzero(above[:, 5]).tolist() == [0, 31]
    assert np.flatnonzero(above[:, 60]).tolist() == [0, 3, 4, 7, 8, 15, 16, 31]
    assert np.flatnonzero(above[:, 36]).tolist() == [0, 15, 16, 23, 24, 31]


def test_blank_filters_change_nothing():
    rng = np.random.default_rng(0)
    full = [rng.integers(0, 4081, (32, 48)).astype(np.int32) for _ in range(3)]
    blocks = blank_plane(full[0])
    for halved in (False, True):
        found = postfilter.restore(
            full, 300, blocks, halved, postfilter.blank_filters(), (True, True)
        )
        assert all((a == b).all() for a, b in zip(full, found, strict=True))


@pytest.mark.parametrize("halved", [False, True])
def test_filters_learned_on_noise_take_it_away_and_leave_edges(halved):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:128, :128]
    clean = [(1000 + 1600 * (x + k * y > 100) + 4 * y).astype(np.int32) for k in (0, 1, 2)]
    noisy = [np.clip(one + rng.normal(0, 40, one.shape), 0, 4080).astype(np.int32) for one in clean]
    blocks, moments = blank_plane(noisy[0]), postfilter.blank_moments()
    postfilter.moments_of(clean, noisy, 240, blocks, halved, moments)
    learned = [postfilter.solved(part) for part in moments]
    filters = tuple(np.stack([one] * len(postfilter.STEPS)) for one in learned)
    again = [np.clip(one + rng.normal(0, 40, one.shape), 0, 4080).astype(np.int32) for one in clean]
    found = postfilter.restore(again, 240, blocks, halved, filters, (True, True))
    for target, before, after in zip(clean, again, found, strict=True):
        assert np.square(target - after).mean() < 0.3 * np.square(target - before).mean()
        edge = np.abs(np.diff(target, axis=1)) > 1000
        assert np.abs(np.diff(after, axis=1))[edge].mean() > 1450


def test_sets_of_filters():
    assert [postfilter.set_of(*one) for one in ((0, False), (0, True), (1, False), (2, True))] == [
        0,
        0,
        1,
        2,
    ]
    shapes = [one.shape[1:] for one in postfilter.blank_filters()]
    assert shapes == [(CLASSES[0], 84), (CLASSES[1], 96), (CLASSES[2], 96)]


def test_sums_stay_within_32_bits_whatever_is_learned():
    moments = np.zeros((2, 5, 5), np.float32)
    moments[:, range(5), range(5)] = 1e4
    moments[:, :4, 4] = moments[:, 4, :4] = 1e9
    weights = postfilter.solved(moments)
    assert np.abs(weights.astype(np.int64)).sum(-1).max() < postfilter.MOST_WEIGHT


@pytest.mark.parametrize("halved", [False, True])
def test_strips_and_threads_change_nothing(monkeypatch, halved):
    """Filters in strips of two rows, on four cores, give what one strip on one core does."""
    rng = np.random.default_rng(0)
    full = [rng.integers(0, 4081, (48, 32)).astype(np.int32) for _ in range(3)]
    blocks = blank_plane(full[0])
    blocks.split[::2, ::2] = rng.integers(0, 2, (3, 2))
    blocks.quarter[:] = rng.integers(0, 2, blocks.quarter.shape)

    def found(rows: int, cores: int) -> list[np.ndarray]:
        monkeypatch.setattr(postfilter, "_STRIP", rows)
        monkeypatch.setattr(threads, "cores", lambda: cores)
        return postfilter.restore(full, 200, blocks, halved, shipped().filters, (True, True))

    whole = found(48, 1)
    assert all((plane != before).any() for plane, before in zip(whole, full, strict=True))
    for rows, cores in ((2, 4), (14, 2), (2, 1)):
        for plane, one in zip(found(rows, cores), whole, strict=True):
            np.testing.assert_array_equal(plane, one)


def test_what_goes_wrong_in_a_thread_is_told(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 3)
    assert threads.each(lambda x: x * x, range(20)) == [x * x for x in range(20)]
    with pytest.raises(ZeroDivisionError):
        threads.each(lambda x: 1 // x, [1, 0])
