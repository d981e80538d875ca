"""The known special cases of DESIGN section 3, and revival."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from htm_engine import HTM, LayerSpec
from htm_engine.model import competition as c
from htm_engine.model.layer import CompetitiveLayer
from htm_engine.model.learning import DEAD_SHARE, LayerLearner


@pytest.fixture(scope="module")
def digits():
    return (load_digits().data / 16).astype(np.float32)


@pytest.mark.parametrize("rank", [1, 8, 20])
def test_one_unit_reconstructs_as_pca_does(digits, rank):
    model = HTM(
        (LayerSpec(units=1, rank=rank),), epochs=20, validation_fraction=0, patience=20, coder=False
    )
    ours = -model.fit(digits).score(digits)
    pca = PCA(rank, random_state=0).fit(digits)
    theirs = ((pca.inverse_transform(pca.transform(digits)) - digits) ** 2).mean()
    assert ours <= theirs * 1.01


@pytest.mark.parametrize("units", [10, 40])
def test_plain_hard_units_reach_the_inertia_of_k_means(digits, units):
    layers = (LayerSpec(units=units, rank=0),)
    model = HTM(layers, epochs=40, validation_fraction=0, patience=40, coder=False).fit(digits)
    ours = -model.score(digits) * digits.size
    theirs = min(
        MiniBatchKMeans(units, n_init=3, random_state=seed).fit(digits).inertia_
        for seed in range(2)
    )
    assert ours <= theirs * 1.02


def test_a_flat_gate_with_every_unit_winning_is_plain_averaging(digits):
    layer = CompetitiveLayer(LayerSpec(units=5, rank=0, winners=5, compete_on="evidence"))
    LayerLearner(layer, 0.02, np.random.default_rng(0)).start(digits)
    layer.w[:], layer.b[:] = 0, 0
    decoded = layer.decode(layer.encode(digits[:7]))
    assert np.allclose(decoded, layer.m.mean(0), atol=1e-6)


def test_units_that_never_win_are_revived_and_counted(digits):
    layer = CompetitiveLayer(LayerSpec(units=12, rank=2))
    learner = LayerLearner(layer, 0.02, np.random.default_rng(0))
    learner.start(digits)
    layer.m[3:] = 50.0  # nine units are thrown far from all data
    layer.b[3:] = -1e4
    learner.seen[3:] = 0
    assert len(np.unique(layer.encode(digits).winners)) <= 3
    revived = sum(
        learner.step(digits[i : i + 256]).revived for _ in range(9) for i in (0, 256, 512)
    )
    assert revived >= 6  # the rest found rows of their own before their turn came
    assert (layer.shares >= DEAD_SHARE / 12).all()
    assert len(np.unique(layer.encode(digits).winners)) == 12


def test_bases_stay_orthonormal_and_values_uncorrelated(digits):
    layer = CompetitiveLayer(LayerSpec(units=6, rank=5))
    learner = LayerLearner(layer, 0.02, np.random.default_rng(1))
    learner.start(digits)
    for _ in range(12):
        for start in range(0, 1700, 256):
            learner.step(digits[start : start + 256])
    learner.finish()
    gram = layer.u.transpose(0, 2, 1) @ layer.u
    assert np.allclose(gram, np.eye(5), atol=1e-4)
    codes = layer.encode(digits)
    values = codes.values[codes.winners[:, 0] == 0, 0]
    correlation = np.corrcoef(values.T) - np.eye(5)
    assert np.abs(correlation).max() < 0.25
    assert np.allclose(values.std(0), layer.spread[0], rtol=0.35)


#: Rank, units that win, and temperature.
CASES = ((0, 6, 1.0), (3, 6, 1.0), (3, 1, 1.0), (3, 2, 2.0))


@pytest.fixture(params=CASES)
def moved(request, digits):
    """A layer before a step, after it, the batch, and the gate's shares and competed ones."""
    rank, kept, temperature = request.param
    layer = CompetitiveLayer(LayerSpec(units=6, rank=rank, winners=kept, temperature=temperature))
    learner = LayerLearner(layer, 0.02, np.random.default_rng(3))
    learner.start(digits)
    for start in (0, 256, 512, 768):
        learner.step(digits[start : start + 256])
    x, before = digits[1024:1280].astype(np.float64), copy.deepcopy(learner)
    old = before.layer
    a = c.activation(c.evidence(x, old.w, old.b), temperature)
    joint = c.log_joint(a, c.views(x, old.m, old.u).errors, old.s2)
    r = c.activation(joint if temperature == 1 else layer.joint(x, layer.errors(x)))
    learner.step(digits[1024:1280])
    return before, learner, x, a, c.compete(r, kept)


def test_the_gate_takes_the_step_of_the_gradient(moved):
    before, after, x, a, h = moved
    gradients = c.gate_gradients(x, a, h)
    for i, name, rate in ((0, "w", before.gate_rate), (1, "b", before.rate)):
        mean = before.moment[i] + 0.1 * (gradients[i] - before.moment[i])
        square = before.moment2[i] + 0.01 * (gradients[i] ** 2 - before.moment2[i])
        size = np.sqrt(square / (1 - 0.99**5)) + 1e-8
        step = getattr(after.layer, name) - getattr(before.layer, name)
        expected = -rate / np.sqrt(1.05) * mean / (1 - 0.9**5) / size
        assert np.allclose(step, expected, rtol=0.02, atol=1e-3 * np.abs(expected).max())


def test_prototypes_take_the_step_of_the_gradient(moved):
    """Within its basis a prototype may move freely; the loss is flat there."""
    before, after, x, _, h = moved
    old = before.layer
    gradient = c.prototype_gradient(x, c.views(x, old.m, old.u).reconstructions, h, old.s2)
    size = len(x) * old.s2 / after.seen
    move = (after.layer.m - old.m).astype(np.float64)
    seen = move - np.einsum("kdr,ker,ke->kd", old.u, old.u, move)
    expected = -size[:, None] * gradient
    assert np.abs(expected).max() > 1e-3
    assert np.allclose(seen, expected, rtol=0.01, atol=1e-5)
    if not old.rank:
        assert np.allclose(move, expected, rtol=0.01, atol=1e-5)


@pytest.mark.parametrize("moved", CASES[1:], indirect=True)
def test_bases_turn_to_the_running_mean_of_their_gradient(moved):
    before, after, x, _, h = moved
    old, new = before.layer, after.layer
    gradient = c.basis_gradient(x, new.m.astype(np.float64), before.span, h, old.s2)
    wins = h.sum(0)
    kept = (1 - wins / after.seen)[:, None, None] * before.product
    expected = kept - (len(x) * old.s2 / after.seen)[:, None, None] * gradient
    assert np.allclose(after.product, expected, rtol=0.01, atol=1e-4 * np.abs(expected).max())
    assert np.abs(expected - kept).max() > 0.01 * np.abs(expected).max()
    turned = c.orthonormalise(after.product.astype(np.float64))
    after.turn()
    closeness = np.linalg.svd(turned.transpose(0, 2, 1) @ after.span)[1]
    assert closeness.min() > 0.99  # cosines of the angles between the two


def test_starting_on_no_rows_is_refused():
    learner = LayerLearner(CompetitiveLayer(LayerSpec()), 0.02, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no rows"):
        learner.start(np.zeros((0, 4), np.float32))
