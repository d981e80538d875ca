"""One picture in other formats: real files, measured, and never above the bytes asked for."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.data.mosaic import cut
from htm_engine.errors import Cancelled
from htm_engine.evaluation.comparison import POINTS, PCAFiles, all_curves, codecs_at_bytes
from htm_engine.figures.rates import rate_figure, rate_in_words

DIGITS = load_dataset("digits")
LEARN, TEST = DIGITS.X[:1400], DIGITS.X[1400:]


@pytest.fixture(scope="module")
def pca():
    return PCAFiles(LEARN)


@pytest.fixture(scope="module")
def model():
    return HTM(layers=(LayerSpec(4, 16, 8), LayerSpec(2, 16, 12)), epochs=2, sampler=False).fit(
        LEARN
    )


def smooth(height, width):
    down, across = np.mgrid[:height, :width]
    return (128 + 100 * np.sin(across / 9) * np.cos(down / 7)).astype(np.uint8)


@pytest.mark.parametrize("target", [400, 1500, 6000])
@pytest.mark.parametrize("colour", [False, True])
def test_codecs_stay_within_the_bytes_or_say_so(target, colour):
    picture = smooth(90, 120)
    picture = np.stack([picture, 255 - picture, picture // 2], -1) if colour else picture
    found = list(codecs_at_bytes(picture, target))
    assert [one.label for one in found] == ["JPEG", "WebP", "AVIF"]
    for one in found:
        assert one.fits == (one.size <= target)
        assert one.picture.shape == picture.shape and one.psnr > 10


@pytest.mark.parametrize("target", [30, 40, 60])
def test_pca_spends_no_more_than_asked(pca, target):
    one = pca.at_bytes(TEST[:1], target)
    assert one.fits and target - 8 <= one.size <= target
    assert one.picture.shape == (8, 8)


def test_more_bytes_bring_pca_nearer_until_its_components_end(pca):
    near = [pca.at_bytes(TEST[:100], target).size for target in (600, 1500, 3000)]
    assert near == sorted(near)
    error = pca.file(TEST, 0.004)[1].astype(float) - TEST
    kept = pca.baseline.pca.explained_variance_ratio_.sum()
    assert 0.95 <= kept < 0.97 and error.any()


def test_pca_goes_through_tiles(pca):
    picture = smooth(20, 30)
    one = pca.at_bytes(cut(picture, (8, 8)), 200, (20, 30))
    assert one.picture.shape == (20, 30)


def test_a_picture_too_small_for_a_window_has_no_ssim():
    assert all(one.ssim is None for one in codecs_at_bytes(np.zeros((1, 1), np.uint8), 100))


def test_curves_hold_every_point_of_everybody(model):
    found = list(all_curves(model, LEARN, TEST[:12]))
    assert len(found) == POINTS and found[-1][0] == 1
    points = [point for _, point in found]
    figure = rate_figure(points, 5)
    assert [line.name for line in figure.data] == [
        "HTM",
        "PCA 95 %",
        "PCA, all components",
        "JPEG",
        "WebP",
        "AVIF",
        "quality 5",
    ]
    assert all(name in rate_in_words(points) for name in ("HTM", "PCA 95 %", "WebP"))


def test_curves_stop_when_asked(model):
    with pytest.raises(Cancelled):
        list(all_curves(model, LEARN, TEST[:4], should_stop=lambda: True))
