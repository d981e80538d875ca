"""Baselines: their bytes are real and their pictures come from what was written."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from htm_engine.errors import Cancelled, DataError
from htm_engine.evaluation import baselines, rates, standard_codecs


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def parts(digits):
    return digits[:1400], digits[1400:]


def test_pca_keeps_the_components_that_hold_95_percent(parts):
    fitted = baselines.PCABaseline(0.95).fit(parts[0])
    shares = PCA().fit(rates.flat(parts[0])).explained_variance_ratio_
    assert shares[: fitted.components].sum() >= 0.95 > shares[: fitted.components - 1].sum()


@pytest.mark.parametrize("baseline", [baselines.PCABaseline(0.95), baselines.PCABaseline(None)])
def test_finer_steps_cost_more_and_lose_less(baseline, parts):
    points = list(baselines.rate_curve(baseline.fit(parts[0]), *parts, (0.8, 0.4, 0.2, 0.1)))
    sizes, errors = [p.bytes_per_picture for p in points], [p.mse for p in points]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


def test_all_components_go_on_where_95_percent_stop(parts):
    few, every = (
        list(baselines.rate_curve(baselines.PCABaseline(v).fit(parts[0]), *parts, (0.02,)))[0]
        for v in (0.95, None)
    )
    assert few.psnr < 26 < 35 < every.psnr


def test_the_mlp_decodes_its_own_code(parts):
    mlp = baselines.MLPBaseline(8, 64, max_iter=30).fit(parts[0])
    decoded = mlp.from_values(mlp.values(parts[1]))
    assert np.allclose(decoded, mlp.net.predict(rates.flat(parts[1])), atol=1e-5)
    assert ((decoded - rates.flat(parts[1])) ** 2).mean() < 0.06


def test_the_mlps_code_lies_around_zero_as_the_coder_expects(parts):
    values = baselines.MLPBaseline(8, 64, max_iter=5).fit(parts[0]).values(parts[0])
    assert np.allclose(values.mean(0), 0, atol=1e-4)


def test_k_means_spends_about_the_logarithm_of_its_units(parts):
    points = list(baselines.k_means_curve(*parts, units=(4, 64)))
    assert points[0].bytes_per_picture < 2 / 8 + 0.2
    assert 0.5 < points[1].bytes_per_picture < 6 / 8 + 0.2
    assert points[1].mse < points[0].mse


@pytest.mark.parametrize("codec", standard_codecs.CODECS)
@pytest.mark.parametrize("shape", [(24, 31), (24, 31, 3), (1, 1)])
def test_codecs_give_back_pictures_of_the_same_shape(codec, shape):
    picture = np.linspace(0, 255, int(np.prod(shape))).reshape(shape).astype(np.uint8)
    decoded = standard_codecs.codec_decode(standard_codecs.codec_bytes(picture, codec, 90), picture)
    assert decoded.shape == shape
    assert np.abs(decoded.astype(int) - picture).mean() < (1 if codec == "png" else 8)


def test_unknown_codecs_are_refused():
    with pytest.raises(DataError, match="no codec"):
        standard_codecs.codec_bytes(np.zeros((4, 4), np.uint8), "bpg")


def test_the_file_at_a_target_is_the_largest_not_above_it():
    picture = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)
    data, quality = standard_codecs.codec_at_bytes(picture, "jpeg", 900)
    assert len(data) <= 900 < len(standard_codecs.codec_bytes(picture, "jpeg", quality + 1))
    smallest, none = standard_codecs.codec_at_bytes(picture, "jpeg", 10)
    assert none is None
    assert len(smallest) > 10


def test_codec_curves_count_true_bytes(digits):
    few = digits[:5]
    point = next(standard_codecs.codec_curve(few, "webp", (30,)))
    assert point.bytes_per_picture == np.mean(
        [len(standard_codecs.codec_bytes(p, "webp", 30)) for p in few]
    )


def test_the_table_compares_at_equal_bytes(parts):
    rows = list(baselines.baseline_table(12.0, *parts, mlp=False))
    assert [row.label for row in rows] == ["PCA 95%", "PCA, all components", "k-means"]
    every = rows[1]
    below = max(p.mse for p in every.points if p.bytes_per_picture >= 12)
    above = min(p.mse for p in every.points if p.bytes_per_picture <= 12)
    assert below <= every.mse_at_equal_bytes <= above
    assert rows[2].mse_at_equal_bytes is None  # k-means never spends as many


def test_the_table_stops_when_asked(parts):
    with pytest.raises(Cancelled):
        list(baselines.baseline_table(12.0, *parts, should_stop=lambda: True))


def test_constant_pictures_are_no_trouble():
    flat = np.full((50, 8, 8), 99, np.uint8)
    rows = list(baselines.baseline_table(1.0, flat, flat, mlp=False))
    assert all(point.mse < 1e-4 for row in rows for point in row.points)
