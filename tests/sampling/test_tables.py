"""Samples follow what was learned: parents and children, classes, tones, and files."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from htm_engine import HTM, LayerSpec
from htm_engine.analysis import generation
from htm_engine.errors import DataError, ModelError
from htm_engine.sampling.tables import Sampler

LAYERS = (LayerSpec(patch=4, units=16, rank=6), LayerSpec(patch=2, units=24, rank=8))


@pytest.fixture(scope="module")
def data():
    digits = load_digits()
    return (digits.images * 15.9375).astype(np.uint8), digits.target


@pytest.fixture(scope="module")
def model(data):
    return HTM(LAYERS, epochs=5, coder=False).fit(data[0])


@pytest.fixture(scope="module")
def labelled(data, model):
    return HTM.from_state(*model.state()).measure_sampler(*data)


def test_samples_have_the_mean_and_the_spread_of_real_pictures(model, data):
    real, drawn = data[0] / 255, model.sample(2000, random_state=0)
    assert np.abs(drawn.mean(0) - real.mean(0)).max() < 0.05
    assert np.abs(drawn.std(0) - real.std(0)).max() < 0.07
    assert drawn.min() >= -1e-6 and drawn.max() <= 1 + 1e-6


def test_neighbouring_patches_fit_as_in_real_pictures(model, data):
    """Across the seam between two patches, samples vary together as real pictures do."""
    real, drawn = data[0] / 255, model.sample(2000, random_state=0)

    def seam(x):
        return np.corrcoef(x[:, 2, 3].ravel(), x[:, 2, 4].ravel())[0, 1]

    assert seam(drawn) == pytest.approx(seam(real), abs=0.12)


def test_children_follow_their_parent_and_still_differ(model):
    cold = model.drawing(200, 0, temperature=(0.0, 1.0))
    again = model.drawing(200, 0, temperature=(0.0, 1.0))
    warm = model.drawing(200, 0, temperature=(1.0, 1.0))
    assert np.array_equal(cold.pictures, again.pictures)
    assert np.array_equal(cold.codes.values, warm.codes.values)
    share = (cold.winners[0] == warm.winners[0]).mean()
    assert 0.3 < share < 1  # a child mostly becomes what its parent makes likeliest
    chance = (cold.winners[0] == warm.winners[0][::-1]).mean()
    assert share > 1.5 * chance


def test_temperature_is_one_for_all_levels_or_one_each(model):
    assert np.array_equal(model.sample(5, 1, 0.5), model.sample(5, 1, (0.5, 0.5)))
    for wrong in ((1.0,), (1.0, 1.0, 1.0), (-1.0, 1.0), (1.0, float("nan")), 101.0):
        with pytest.raises(DataError, match="temperature"):
            model.sample(1, 0, wrong)


def test_the_codes_that_are_drawn_are_those_of_the_pictures(model):
    assert np.array_equal(model.draw(7, 3).values, model.drawing(7, 3).codes.values)
    assert np.array_equal(model.sample(7, 3), model.drawing(7, 3).pictures)


def test_a_class_that_is_asked_for_is_drawn(labelled, data):
    reader = LogisticRegression(max_iter=500).fit(data[0].reshape(-1, 64) / 255, data[1])
    right = [
        (reader.predict(labelled.sample(100, 0, label=c).reshape(-1, 64)) == c).mean()
        for c in range(10)
    ]
    assert np.mean(right) > 0.8
    assert min(right) > 0.5


def test_classes_can_be_named_later_and_nothing_else_changes(model, data):
    later = HTM.from_state(*model.state()).measure_classes(*data)
    assert np.array_equal(later.sample(9, 0), model.sample(9, 0))
    reader = LogisticRegression(max_iter=500).fit(data[0].reshape(-1, 64) / 255, data[1])
    right = [
        (reader.predict(later.sample(100, 0, label=c).reshape(-1, 64)) == c).mean()
        for c in range(10)
    ]
    assert np.mean(right) > 0.8
    again = HTM.from_state(*later.state())
    assert np.array_equal(again.sample(4, 1, label=2), later.sample(4, 1, label=2))
    with pytest.raises(DataError, match="labels"):
        later.measure_classes(data[0], data[1][:5])


def test_classes_nobody_named_are_refused(model, labelled, data):
    with pytest.raises(DataError, match="class"):
        model.sample(1, label=3)
    with pytest.raises(DataError, match="class"):
        labelled.sample(1, label=77)
    with pytest.raises(DataError, match="labels"):
        model.measure_sampler(data[0], data[1][:-1])


def test_learning_to_draw_changes_no_unit_and_no_code(model, data):
    plain = HTM(LAYERS, epochs=5, coder=False, sampler=False).fit(data[0])
    assert plain.sampler_ is None
    assert np.array_equal(plain.transform(data[0][:50]), model.transform(data[0][:50]))
    assert plain.sample(3, 0).shape == (3, 8, 8)


def test_a_model_without_the_tables_keeps_its_header_and_so_its_fingerprint(data):
    """Files name the fingerprint: a new setting must not change that of older models."""
    old = HTM(LAYERS, epochs=1, coder=False, sampler=True).fit(data[0][:200])
    old.sampler_ = None
    assert "sampler" not in old.state()[0]["params"]


def test_saved_tables_draw_the_same_and_wrong_ones_are_refused(labelled):
    header, arrays = labelled.state()
    again = HTM.from_state(header, arrays)
    assert np.array_equal(again.sample(6, 2, label=4), labelled.sample(6, 2, label=4))
    own = labelled.sampler_.arrays()
    for name, bad in (
        ("means", own["means"][:, :-1]),
        ("unit", own["unit"] + 99),
        ("shares", -own["shares"]),
        ("group", own["group"] + 50),
        ("tones", own["tones"][:, :, :-1]),
        ("child0.gate", own["child0.gate"].T),
        ("child0.scale", 0 * own["child0.scale"]),
        ("classes", own["classes"][::-1]),
        ("noise", -own["noise"] - 1),
        ("tones", own["tones"].astype(int)),
        ("group", own["group"].astype(float)),
    ):
        with pytest.raises(ModelError):
            Sampler.from_arrays(own | {name: bad}, labelled.hierarchy_)
    empty = {name: own[name][:0] for name in ("unit", "shares", "means")}
    flat = {name: own[name][:, :0] for name in ("ranks", "tones")}
    for bad in (empty, flat):
        with pytest.raises(ModelError):
            Sampler.from_arrays(own | bad, labelled.hierarchy_)
    with pytest.raises(ModelError):
        Sampler.from_arrays({"unit": own["unit"]}, labelled.hierarchy_)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((LayerSpec(4, 8, 0, winners=2, compete_on="evidence"), LayerSpec(2, 8, 0)), (60, 8, 8)),
        ((LayerSpec(4, 8, 2, winners=2), LayerSpec(2, 8, 2)), (60, 8, 8)),
        ((LayerSpec(2, 6, 2), LayerSpec(2, 6, 3), LayerSpec(2, 5, 2)), (60, 8, 8, 3)),
        ((LayerSpec(2, 6, 2), LayerSpec(2, 6, 2)), (60, 9, 10)),
        ((LayerSpec(8, 4, 3),), (60, 8, 8)),
        ((LayerSpec(4, 8, 2),), (60, 30)),
        ((LayerSpec(4, 1, 1),), (1, 4, 4)),
    ],
    ids=["article", "two winners", "three levels", "several places", "one", "rows", "one picture"],
)
def test_every_kind_of_network_draws_what_can_be_drawn(layers, shape):
    X = np.random.default_rng(0).random(shape).astype(np.float32)
    drawn = HTM(layers, epochs=1, coder=False).fit(X).drawing(5, 0)
    assert drawn.pictures.shape == (5, *shape[1:])
    assert np.isfinite(drawn.pictures).all()
    assert len(drawn.winners) == len(layers)


@pytest.mark.parametrize("count", [50, 300])
def test_samples_of_few_pictures_are_no_nearer_to_them_than_held_out_ones_are(data, count):
    X = data[0][np.random.default_rng(2).permutation(len(data[0]))]
    learn, held = X[:count], X[count : count + 300]
    drawn = np.clip(HTM(coder=False).fit(learn).sample(300, 0), 0, 1)
    ours = np.median(generation.nearest(drawn, learn)[1])
    real = np.median(generation.nearest(held / np.float32(255), learn)[1])
    assert ours > 0.99 * real


def test_completion_beats_pca_by_least_squares(data):
    learn, held = data[0][:1400], data[0][1400:]
    model = HTM(LAYERS, epochs=5, coder=False).fit(learn)
    seen = np.zeros((8, 8), bool)
    seen[:4] = True
    ours = generation.complete_all(model, held, seen)
    rest = [((x - held / 255)[:, ~seen] ** 2).mean() for x in (ours,)]
    for components in (8, 16, 29):
        from sklearn.decomposition import PCA

        rows = learn.reshape(-1, 64) / 255
        pca, flat = PCA(components).fit(rows), seen.ravel()
        basis = pca.components_
        code = np.linalg.lstsq(
            basis[:, flat].T, (held.reshape(-1, 64) / 255 - pca.mean_)[:, flat].T, rcond=None
        )[0]
        theirs = np.clip(code.T @ basis + pca.mean_, 0, 1)
        rest.append(((theirs - held.reshape(-1, 64) / 255)[:, ~flat] ** 2).mean())
    assert 10 * np.log10(min(rest[1:]) / rest[0]) > 1
    assert np.array_equal(ours[0], generation.complete(model, held[0], seen))


def test_variations_stay_near_and_grow_with_strength(model, data):
    own = model.reconstruct(data[0][5:6])[0]
    near, far = (generation.vary(model, data[0][5], 50, 0, s) for s in (0.2, 0.9))
    assert np.allclose(generation.vary(model, data[0][5], 2, 0, 0.0), own, atol=1e-5)
    distance = [((x - own) ** 2).mean() for x in (near, far)]
    assert 0 < distance[0] < distance[1] / 2
    with pytest.raises(DataError):
        generation.vary(model, data[0][5], 1, 0, 1.5)
