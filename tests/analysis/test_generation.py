"""What is drawn is new, repeatable, and looks like what was learned."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.analysis import generation
from htm_engine.errors import DataError

LAYERS = (LayerSpec(patch=4, units=16, rank=6), LayerSpec(patch=2, units=24, rank=8))


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    return HTM(LAYERS, epochs=5, coder=False).fit(digits)


@pytest.fixture(scope="module")
def plain(digits):
    """A network of before there were samplers."""
    return HTM(LAYERS, epochs=5, coder=False, sampler=False).fit(digits)


def test_the_same_seed_draws_the_same_pictures_and_another_others(model):
    first, again, other = (generation.sample(model, 5, seed).pictures for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_at_temperature_zero_the_pictures_are_the_prototypes(plain):
    cold = generation.sample(plain, 9, 0, temperature=0)
    assert np.array_equal(cold.pictures, cold.prototypes)
    warm = generation.sample(plain, 9, 0)
    assert np.array_equal(warm.winners[-1], cold.winners[-1])
    assert not np.array_equal(warm.pictures, cold.pictures)


def test_samples_lie_nearer_to_digits_than_the_article_generator_and_copy_none(model, digits):
    ours = generation.nearest(generation.sample(model, 200, 0).pictures, digits)[1]
    pca = generation.PCARandomCodes().fit(digits).sample(200, 0)
    assert np.median(ours) < np.median(generation.nearest(pca, digits)[1])
    assert ours.min() > 0.01


def test_nearest_finds_the_picture_itself(digits):
    index, distance = generation.nearest(digits[7:9], digits)
    assert index.tolist() == [7, 8]
    assert distance.max() < 1e-3


def test_interpolation_begins_and_ends_at_its_pictures(model, digits):
    way = generation.interpolate(model, digits[0], digits[1], 5)
    ends = model.reconstruct(digits[:2])
    assert np.allclose(way[[0, -1]], ends, atol=0.05)
    assert way.shape == (5, 8, 8)


def test_completion_keeps_what_is_seen_and_beats_the_mean(model, digits):
    seen = np.ones((8, 8), bool)
    seen[5:] = False
    errors = []
    for picture in digits[:40]:
        filled = generation.complete(model, picture, seen)
        assert np.allclose(filled[seen], picture[seen] / 255, atol=1e-6)
        errors.append(((filled - picture / 255)[~seen] ** 2).mean())
    usual = ((digits.mean(0) - digits[:40])[:, ~seen] ** 2).mean() / 255**2
    assert np.mean(errors) < usual


def test_impossible_wishes_are_refused(model, digits):
    with pytest.raises(DataError):
        generation.sample(model, 0)
    with pytest.raises(DataError):
        generation.interpolate(model, digits[0], digits[1], 1)
    with pytest.raises(DataError):
        generation.complete(model, digits[0], np.zeros((8, 8), bool))
    with pytest.raises(DataError):
        generation.nearest(digits[:1], digits[:, :4])


def test_descending_ends_at_prototypes_of_the_drawn_winner(model):
    drawn = generation.sample(model, 4, 0)
    top, bottom = generation.descend(model, drawn)
    assert np.array_equal(top.winners, drawn.codes.winners[..., 0])
    assert np.allclose(top.prototypes, drawn.prototypes, atol=1e-5)
    assert bottom.winners.shape == (4, 2, 2)
    assert bottom.prototypes.shape == (4, 8, 8)
    # The units below say roughly what the drawn picture shows, without its finer values.
    near = np.abs(bottom.prototypes - drawn.pictures).mean()
    far = np.abs(bottom.prototypes - drawn.pictures[::-1]).mean()
    assert near < far


def test_a_network_of_copies_is_told_from_one_that_draws(model, digits):
    learn, held = digits[:1500], digits[1500:]
    usual = generation.nearest(held, learn)[1]
    copies = generation.memorisation(generation.nearest(learn[:50], learn)[1], usual)
    assert copies.copies == 1
    assert copies.samples < 1e-3 < copies.held
    samples = generation.sample(model, 100, 0).pictures
    drawn = generation.memorisation(generation.nearest(samples, learn)[1], usual)
    assert drawn.copies < 0.2
