"""Prototypes compete by the formulas of ``competition``, and only what is new is odd."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine.model import competition
from htm_engine.model.series.detector import (
    LARGE,
    ROOM,
    SMALL,
    learn,
    new_detector,
    place_of,
    surprise,
    watch,
)

NO_CLOCK = np.full(5000, np.nan)


def scored(values, period=100, committee=SMALL):
    return watch(new_detector(committee), committee, period, NO_CLOCK[: len(values)], values)[0]


@pytest.fixture
def room():
    """Forty prototypes in order and their masses, of very different weight."""
    rng = np.random.default_rng(0)
    prototypes, masses = np.zeros(ROOM), np.zeros(ROOM)
    prototypes[:40] = np.sort(rng.normal(size=40))
    masses[:40] = rng.integers(1, 10_000, 40)
    return prototypes, masses


@pytest.mark.parametrize("value", [-5.0, -0.3, 0.0, 0.01, 2.0, 5.0])
def test_surprise_is_that_of_competing_units(room, value):
    prototypes, masses = room
    total, width = masses.sum(), 0.05
    share = masses[None, :40] / total
    away = np.abs(value - prototypes[None, :40]) / width
    nats = competition.loss(share, away, 0.5)[0]
    found = surprise(prototypes, masses, 40, total, (value, width))
    assert found == pytest.approx(min(300, nats / np.log(2)), abs=1e-5)


def test_the_nearest_wins_and_moves(room):
    prototypes, masses = (one.copy() for one in room)
    before = prototypes[7]
    assert learn(prototypes, masses, 40, (before + 1e-6, 0.05)) == (40, 1.0)
    assert before < prototypes[7] < before + 1e-6
    assert masses[7] == room[1][7] + 1


def test_beyond_a_width_a_unit_is_born_in_its_place(room):
    prototypes, masses = room
    assert learn(prototypes, masses, 40, (9.0, 0.05)) == (41, 1.0)
    assert learn(prototypes, masses, 41, (-9.0, 0.05)) == (42, 1.0)
    assert prototypes[0] == -9 and prototypes[41] == 9 and masses[0] == masses[41] == 1
    assert (np.diff(prototypes[:42]) > 0).all()


def test_a_full_room_gives_up_its_lightest():
    prototypes, masses = np.arange(ROOM, dtype=float), np.full(ROOM, 5.0)
    masses[17] = 2.0
    assert learn(prototypes, masses, ROOM, (200.5, 0.1)) == (ROOM, -1.0)
    assert 17.0 not in prototypes and 200.5 in prototypes
    assert (np.diff(prototypes) > 0).all() and masses.sum() == 5 * (ROOM - 1) + 1


def test_place_is_what_numpy_finds(room):
    for value in (-10.0, 0.1, room[0][3], 10.0):
        assert place_of(room[0], 40, value) == np.searchsorted(room[0][:40], value)


@pytest.mark.parametrize("committee", [SMALL, LARGE], ids=["small", "large"])
def test_a_new_value_is_odd_and_usual_ones_are_not(committee):
    values = np.random.default_rng(1).uniform(size=1500)
    values[1200] = 4.0
    scores = scored(values, 300, committee)
    assert scores[1200] >= 0.5 and scores.max() <= 1
    assert (scores[300:1200] >= 0.5).sum() <= 2
    assert scores[1201:1246].max() == 0  # it rests


def test_a_series_that_never_changes_is_not_odd_until_it_does():
    values = np.full(400, 3.0)
    assert scored(values).max() == 0
    values[300] = 3.0001
    assert scored(values).argmax() == 300


def test_nothing_is_reported_while_everything_is_new():
    assert scored(np.random.default_rng(2).normal(size=100) ** 9, 400)[:100].max() == 0


def test_scale_and_origin_do_not_matter():
    values = np.cumsum(np.random.default_rng(3).normal(size=800))
    np.testing.assert_allclose(scored(values), scored(2.0**20 * values), rtol=1e-9)
    np.testing.assert_allclose(scored(values), scored(1e-3 * values + 7), atol=1e-3)


def test_the_prototypes_masses_add_up():
    state = new_detector(LARGE)
    values = np.random.default_rng(4).uniform(size=3000) ** 3
    watch(state, LARGE, 100, NO_CLOCK[:3000], values)
    np.testing.assert_allclose(state.masses.sum(axis=-1), state.totals)
    assert (
        state.used.max() <= ROOM and (np.diff(state.prototypes[0, 0][: state.used[0, 0]]) > 0).all()
    )
