"""Measures of loss and cost."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine.errors import DataError
from htm_engine.evaluation import metrics


def test_half_the_bytes_at_every_psnr_is_minus_fifty_percent():
    rates, decibels = np.array([10, 20, 45, 90]), np.array([20, 23, 27, 31])
    assert metrics.bd_rate(rates / 2, decibels, rates, decibels) == pytest.approx(-50)
    assert metrics.bd_rate(rates, decibels, rates, decibels) == pytest.approx(0)


def test_bd_rate_of_a_part_of_the_range_sees_only_that_part():
    decibels = np.array([20.0, 22.5, 25.0, 27.5, 30.0])
    reference = np.array([10, 20, 40, 80, 160.0])
    ours = reference * np.array([0.5, 0.5, 0.5, 1, 1])
    assert metrics.bd_rate(ours, decibels, reference, decibels, 20, 21) == pytest.approx(-50, abs=3)
    assert metrics.bd_rate(ours, decibels, reference, decibels, 29, 30) == pytest.approx(0, abs=6)


@pytest.mark.parametrize(("low", "high"), [(None, None), (20, 40)])
def test_curves_without_a_common_range_are_refused(low, high):
    with pytest.raises(DataError, match="do not share"):
        metrics.bd_rate([1, 2], [10, 20], [1, 2], [30, 40], low, high)


def test_rate_at_a_psnr_is_read_off_the_curve():
    assert metrics.bytes_at([10, 100], [20, 30], 25) == pytest.approx(np.sqrt(1000))
    with pytest.raises(DataError, match="does not reach"):
        metrics.bytes_at([10, 100], [20, 30], 31)


def test_psnr_of_equal_pictures_is_infinite_and_shapes_must_match():
    assert metrics.psnr(np.ones((2, 2)), np.ones((2, 2))) == np.inf
    with pytest.raises(DataError, match="compare"):
        metrics.mse(np.ones(3), np.ones(4))


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 28, 28), (2, 9, 12, 3), (1, 3, 3)])
def test_ssim_is_one_for_equal_pictures_and_less_for_noise(shape):
    pictures = np.random.default_rng(0).random(shape)
    assert metrics.ssim(pictures, pictures) == pytest.approx(1)
    assert metrics.ssim(pictures, 1 - pictures) < 0.5


def test_pictures_too_small_for_ssim_are_refused():
    with pytest.raises(DataError, match="3x3"):
        metrics.ssim(np.zeros((1, 2, 9)), np.zeros((1, 2, 9)))


def test_perplexity_counts_units_in_use():
    assert metrics.perplexity(np.full(8, 1 / 8)) == pytest.approx(8)
    assert metrics.perplexity([1, 0, 0]) == pytest.approx(1)
    assert metrics.perplexity([0, 0]) == 0


def test_a_lossless_point_has_no_place_on_a_curve():
    with pytest.raises(DataError, match="lossless"):
        metrics.bd_rate([50, 100], [20, np.inf], [100, 200], [20, 25])


def test_ndb_is_low_for_the_same_source_and_high_for_another():
    rng = np.random.default_rng(0)
    real, same = rng.normal(size=(4000, 6)), rng.normal(size=(2000, 6))
    assert metrics.ndb(same, real, bins=40) <= 0.15
    assert metrics.ndb(same * 0.5, real, bins=40) > 0.5
    # A generator that forgets a part shows, though all it draws is real.
    assert metrics.ndb(same[same[:, 0] > 0], real, bins=40) > 0.4
    with pytest.raises(DataError):
        metrics.ndb(same[:, :5], real, bins=40)


def test_ms_ssim_falls_with_noise_and_more_with_what_is_seen_from_afar():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:192, :200]
    picture = 0.5 + 0.2 * np.sin(x / 9) * np.cos(y / 13)
    noise = rng.normal(0, 0.05, picture.shape)
    coarse = np.kron(rng.normal(0, 0.05, (24, 25)), np.ones((8, 8)))
    assert metrics.ms_ssim(picture, picture) == pytest.approx(1)
    fine = metrics.ms_ssim(picture, picture + noise)
    assert metrics.ms_ssim(picture, picture + 2 * noise) < fine < 1
    assert metrics.ms_ssim(picture, picture + coarse) < fine


def test_ms_ssim_needs_room():
    with pytest.raises(DataError, match="176"):
        metrics.ms_ssim(np.zeros((100, 300)), np.zeros((100, 300)))
