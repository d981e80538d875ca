"""Soft and hard competition, measured on the same pictures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import LayerSpec
from htm_engine.analysis import soft_hard
from htm_engine.analysis.inspection import look

LAYERS = (LayerSpec(4, 12, 3), LayerSpec(2, 8, 4))


@pytest.fixture(scope="module")
def data():
    digits = load_digits()
    X = (digits.images * 15.9375).astype(np.uint8)
    return X[:500], X[500:800], digits.target[:500], digits.target[500:800]


def test_both_arms_are_measured_and_progress_never_falls(data):
    X, held, y, y_held = data
    items = list(soft_hard.compare(LAYERS, X, held, y, y_held, epochs=2))
    progress = [part for part, _ in items]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    soft, hard = [arm for _, arm in items if arm is not None]
    assert (soft.way, hard.way) == ("soft", "hard")
    for arm in (soft, hard):
        assert all(share.sum() == pytest.approx(1) for share in arm.usage)
        assert arm.accuracy > 0.5
        assert 0 < arm.error < 0.1
        assert [len(share) for share in arm.usage] == [12, 8]
    assert soft.error != hard.error


def test_hard_competition_leaves_one_active_unit_a_patch(data):
    X = data[0]
    hard = soft_hard.network(LAYERS, "hard", epochs=1).fit(X)
    soft = soft_hard.network(LAYERS, "soft", epochs=1).fit(X)
    shares = [look(model, X[0]).shares(0).max(1).min() for model in (hard, soft)]
    assert shares[0] == pytest.approx(1, abs=1e-6)
    assert soft.layers[0].temperature == 1


def test_the_error_is_the_network_s_own_and_labels_are_optional(data):
    X, held, _, _ = data
    model = soft_hard.network(LAYERS, "soft", epochs=1).fit(X)
    arm = soft_hard.measure(model, "soft", X, held)
    assert arm.error == pytest.approx(-model.score(held))
    assert arm.accuracy is None
    with pytest.raises(ValueError, match="soft or hard"):
        soft_hard.network(LAYERS, "both")
