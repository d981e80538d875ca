"""HTM as an estimator: contract, shapes, determinism, files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from htm_engine import HTM, LayerSpec
from htm_engine.errors import DataError, ModelError
from htm_engine.estimator.presets import PRESETS
from htm_engine.runs.recipe import Recipe

SMALL = (LayerSpec(patch=4, units=16, rank=3), LayerSpec(patch=2, units=12, rank=6))


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    return HTM(SMALL, epochs=6, coder=False, sampler=False).fit(digits)


@parametrize_with_checks([HTM()])
def test_default_estimator_keeps_the_contract_of_scikit_learn(estimator, check):
    if check.func.__name__ == "check_array_api_input":
        return  # asks for an environment variable set before SciPy is imported
    check(estimator)


def test_pictures_come_back_in_the_layout_they_came_in(digits):
    for X in (digits[:200], digits[:200].reshape(200, 64) / 255.0, digits[:200, :, :, None]):
        model = HTM(SMALL, input_shape=(8, 8), epochs=1, coder=False).fit(X)
        assert model.reconstruct(X).shape == X.shape
        assert model.inverse_transform(model.transform(X)).shape == X.shape
        assert model.sample(3, random_state=0).shape == (3, *X.shape[1:])


def test_colour_pictures_and_series_are_read(digits):
    colour = np.stack([digits[:100]] * 3, -1)
    assert (
        HTM(SMALL, epochs=1, coder=False, sampler=False).fit(colour).reconstruct(colour).shape
        == colour.shape
    )
    series = np.sin(np.linspace(0, 60, 6400)).reshape(100, 64)
    model = HTM((LayerSpec(8, 8, 2), LayerSpec(8, 8, 4)), input_shape=(64,), epochs=3, coder=False)
    assert -model.fit(series).score(series) < 0.1 * series.var()


def test_any_number_of_layers_works(digits):
    for depth in (1, 2, 3):
        layers = tuple(LayerSpec(patch=2, units=12, rank=4) for _ in range(depth))
        fitted = HTM(layers, epochs=2, coder=False, sampler=False).fit(digits[:300])
        assert [w.shape[1:] for w in fitted.winners(digits[:2])] == [(4, 4), (2, 2), (1, 1)][:depth]


def test_dense_codes_decode_as_the_compact_ones_do(model, digits):
    dense = model.inverse_transform(model.transform(digits[:50]))
    assert np.allclose(dense, model.decode(model.encode(digits[:50])), atol=1e-5)


def test_results_do_not_depend_on_the_batch(model, digits):
    together = model.transform(digits[:64])
    alone = np.concatenate([model.transform(digits[i : i + 1]) for i in range(64)])
    assert np.array_equal(together, alone)
    assert np.array_equal(
        model.reconstruct(digits[:64])[::-1], model.reconstruct(digits[:64][::-1])
    )


def test_the_same_seed_gives_the_same_model(digits):
    few = digits[:120]
    first, second = (HTM(SMALL, epochs=2, random_state=3).fit(few) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != HTM(SMALL, epochs=2, random_state=4).fit(few).fingerprint
    assert np.array_equal(first.sample(4, random_state=1), second.sample(4, random_state=1))


@pytest.mark.parametrize("preset", PRESETS)
def test_loading_gives_back_the_saved_network_to_the_bit(preset, digits, tmp_path):
    fitted = HTM.from_preset(preset, epochs=1).fit(digits[:300])
    fitted.save(tmp_path / "model.npz")
    loaded = HTM.load(tmp_path / "model.npz")
    assert loaded.fingerprint == fitted.fingerprint
    assert np.array_equal(loaded.transform(digits), fitted.transform(digits))
    assert np.array_equal(loaded.sample(5, random_state=0), fitted.sample(5, random_state=0))
    loaded.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "model.npz").read_bytes()


def test_networks_of_temperatures_that_are_refused_today_still_load(digits, monkeypatch):
    """Earlier versions let a layer learn at any temperature above 0."""
    cold = HTM((LayerSpec(4, 6, 2, temperature=1e-7),), epochs=1, coder=False, sampler=False)
    with pytest.raises(ValueError, match="temperature must be"):
        cold.fit(digits[:60])
    with monkeypatch.context() as before:
        before.setattr(LayerSpec, "check", lambda spec, **_: None)
        cold.fit(digits[:60])
    header, arrays = cold.state()
    assert HTM.from_state(header, arrays).fingerprint == cold.fingerprint
    Recipe.from_json(Recipe.of(cold, "digits", "0").as_json())
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        layers = [{**header["layers"][0], "temperature": wrong}]
        with pytest.raises(ModelError, match="temperature"):
            HTM.from_state({**header, "layers": layers}, arrays)


def test_a_loaded_network_goes_on_learning(model, digits):
    stream = io.BytesIO()
    model.save(stream)
    loaded = HTM.load(io.BytesIO(stream.getvalue()))
    before = -loaded.score(digits)
    loaded.partial_fit(digits).partial_fit(digits)
    assert -loaded.score(digits) < before * 1.02


def test_partial_fit_in_parts_learns_what_fit_does(model, digits):
    parts = HTM(SMALL, coder=False)
    for _ in range(6):
        for start in range(0, len(digits), 300):
            parts.partial_fit(digits[start : start + 300])
    assert -parts.score(digits) < -model.score(digits) * 1.15


def test_training_beats_its_own_start_and_halves_the_variance(digits, model):
    untrained = HTM(SMALL, coder=False)
    next(iter(untrained.fit_steps(digits)))
    assert -model.score(digits) < -untrained.score(digits)
    assert -model.score(digits) < 0.35 * (digits / 255).var(0).mean()


def test_searchers_and_pipelines_of_scikit_learn_work(digits):
    rows = digits[:400].reshape(400, 64) / 255.0
    grid = {"layers": [(LayerSpec(64, 2, 1),), (LayerSpec(64, 16, 8),)]}
    search = GridSearchCV(HTM(epochs=2, coder=False), grid, cv=2).fit(rows)
    assert search.best_params_["layers"][0].units == 16
    labels = load_digits().target[:400]
    pipe = make_pipeline(clone(search.best_estimator_), LogisticRegression(max_iter=500))
    assert pipe.fit(rows[:300], labels[:300]).score(rows[300:], labels[300:]) > 0.7


def test_mirror_images_are_learned_where_asked(digits):
    """Mirrored digits look like none of ten; only the network that saw them explains them."""
    learned, turned = digits[:1000], digits[1000:, :, ::-1]
    settings = {"epochs": 3, "coder": False, "sampler": False}
    plain = HTM(SMALL, **settings).fit(learned).score(turned)
    mirrored = HTM(SMALL, mirror=True, **settings).fit(learned).score(turned)
    assert mirrored > 0.7 * plain  # both are minus an error


def test_receptive_fields_show_every_unit(model, digits):
    assert model.receptive_fields(0).shape == (16, 4, 4, 1)
    assert model.receptive_fields(1).shape == (12, 8, 8, 1)
    usual = digits.mean(0) / 255
    assert np.abs(model.receptive_fields(1)[..., 0].mean(0) - usual).mean() < 0.15


def test_activations_are_shares(model, digits):
    shares = model.activations(digits[:9], level=0)
    assert shares.shape == (9, 2, 2, 16)
    assert np.allclose(shares.sum(-1), 1, atol=1e-5)
    assert np.array_equal(shares.argmax(-1), model.winners(digits[:9])[0])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 8, 8)), "minimum of 1 is required"),
        (np.full((30, 8, 8), np.nan), "NaN"),
        (np.full((30, 8, 8), np.inf), "infinity"),
        (np.full((30, 8, 8), 1e300), "reach 1e\\+300"),
        (np.zeros((0, 8, 8), np.uint8), "no pictures"),
    ],
)
def test_impossible_data_is_refused_with_a_sentence(X, message):
    with pytest.raises(ValueError, match=message):
        HTM(SMALL).fit(X)


@pytest.mark.parametrize("X", [np.zeros((40, 8, 8)), np.ones((40, 1, 1)), np.full((3, 5, 9), 7.0)])
def test_constant_and_tiny_pictures_are_learned(X):
    model = HTM(SMALL, epochs=2, coder=False).fit(X)
    assert np.allclose(model.reconstruct(X), X, atol=1e-3)


def test_pictures_of_another_size_are_refused(model):
    with pytest.raises(DataError, match="reads pictures of"):
        model.transform(np.zeros((2, 9, 9)))


@pytest.mark.parametrize(
    "settings",
    [
        {"layers": ()},
        {"layers": (LayerSpec(units=0),)},
        {"layers": (LayerSpec(rank=-1),)},
        {"layers": (LayerSpec(temperature=0),)},
        {"layers": (LayerSpec(patch=2, stride=3),)},
        {"layers": (LayerSpec(compete_on="luck"),)},
        {"layers": ("7x64",)},
        {"epochs": 0},
        {"batch_size": 0},
        {"start_temperature": 0.5},
    ],
)
def test_settings_without_sense_are_refused(settings, digits):
    with pytest.raises(ValueError, match="must"):
        HTM(**settings).fit(digits[:50])


def test_a_network_that_learned_nothing_says_so(digits):
    with pytest.raises(ValueError, match="not fitted"):
        HTM().transform(digits)
    with pytest.raises(ValueError, match="not fitted"):
        HTM().save(io.BytesIO())


def test_model_files_of_others_are_refused(tmp_path):
    (tmp_path / "text.npz").write_bytes(b"not a model")
    np.savez(tmp_path / "numbers.npz", a=np.zeros(3))
    for name in ("text.npz", "numbers.npz"):
        with pytest.raises(ModelError):
            HTM.load(tmp_path / name)


@pytest.mark.parametrize("name", ["w", "b", "m", "u", "mean", "basis", "spread"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_numbers_that_nothing_learns_are_refused(model, name, value):
    header, arrays = model.state()
    wrong = arrays[f"layer0.{name}"].copy()
    wrong.flat[-1] = value
    with pytest.raises(ModelError, match="nothing learns"):
        HTM.from_state(header, {**arrays, f"layer0.{name}": wrong})


@pytest.mark.parametrize("spread", [0.0, -1.0, 1e-50, float("nan"), float("inf")])
def test_a_spread_that_nothing_learns_is_refused(model, spread):
    header, arrays = model.state()
    with pytest.raises(ModelError, match="nothing learns"):
        HTM.from_state({**header, "s2": [spread, *header["s2"][1:]]}, arrays)


@pytest.mark.parametrize("scale", [1e-4, 1e8])
def test_what_is_learned_from_small_and_large_numbers_is_read_back(digits, scale, tmp_path):
    model = HTM(layers=SMALL, epochs=2).fit(digits[:200].astype(np.float32) / 255 * scale)
    model.save(tmp_path / "model.npz")
    assert HTM.load(tmp_path / "model.npz").fingerprint == model.fingerprint
