"""``HTM()``: layers from the data, the best epoch, and both in files and checkpoints."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.estimator.presets import DEFAULT_LAYERS, PRESETS
from htm_engine.runs import checkpoints
from htm_engine.runs.recipe import Recipe


@pytest.fixture(scope="module")
def X():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(X):
    return HTM(coder=False, sampler=False).fit(X)


def test_the_best_epoch_is_returned(X, model):
    held = [step.validation for step in model.history_]
    assert held[-1] == pytest.approx(min(held), rel=1e-6)
    rising = HTM(
        DEFAULT_LAYERS, keep_best=True, coder=False, sampler=False, epochs=6, patience=9
    ).fit(X)
    held = [step.validation for step in rising.history_]
    assert held[-1] == pytest.approx(min(held), rel=1e-6) and max(held) > 1.01 * min(held)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(X, model):
    again = HTM(coder=False, sampler=False).fit(X)
    assert again.fingerprint == model.fingerprint
    other = HTM(coder=False, sampler=False, random_state=1).fit(X)
    assert other.fingerprint != model.fingerprint


def test_layers_chosen_and_the_reason_are_saved_and_the_setting_stays_open(X, model):
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    again = HTM.load(stream)
    assert again.layers is None and again.specs == model.specs
    assert again.choice_ == model.choice_ and again.fingerprint == model.fingerprint
    assert np.array_equal(again.transform(X[:9]), model.transform(X[:9]))
    assert clone(again).layers is None and clone(again).specs == ()


def test_layers_that_are_given_are_taken_as_before(X):
    given = HTM((LayerSpec(4, 6, 2),), epochs=1, coder=False, sampler=False).fit(X[:300])
    assert given.choice_ is None and not given.keeps_best
    header = given.state()[0]
    assert "choice" not in header and not {"keep_best", "init"} & set(header["params"])
    assert "prior" not in header["layers"][0]
    assert list(PRESETS)[0] == "auto" and HTM.from_preset("auto").layers is None
    assert HTM.from_preset("default").layers == DEFAULT_LAYERS


def test_units_that_begin_at_random_find_their_places(X, model):
    """From as bad as no network at all to near the placed start, the same way each time."""
    wandering = HTM(init="random", coder=False, sampler=False)
    held = [step.validation for step in wandering.fit(X).history_]
    placed = [step.validation for step in model.history_]
    assert held[0] > 10 * placed[0] and held[-1] < 1.3 * placed[-1]
    assert held[-1] == pytest.approx(min(held), rel=1e-6)
    again = HTM.from_state(*wandering.state())
    assert again.init == "random" and again.fingerprint == wandering.fingerprint
    assert clone(wandering).fit(X).fingerprint == wandering.fingerprint


def test_few_pictures_that_begin_at_random_are_learned_step_by_step(X):
    few = HTM(init="random", epochs=2, coder=False, sampler=False).fit(X[:200])
    assert few.history_[-1].step > 0
    with pytest.raises(ValueError, match="init must be"):
        HTM(init="anywhere").fit(X)


@pytest.mark.parametrize("after", [1, 30, 47])
def test_a_training_taken_up_again_returns_the_same_best_epoch(X, model, after):
    torn = HTM(coder=False, sampler=False)
    for step in torn.fit_steps(X):
        if step.step == after:
            break
    begun = checkpoints.load(checkpoints.save(torn, step.loop))
    for _ in begun.steps(X):
        pass
    assert begun.model.fingerprint == model.fingerprint


def test_a_recipe_leaves_the_layers_to_the_data():
    recipe = Recipe.of(HTM(epochs=3), "digits", "0" * 16)
    again = Recipe.unpacked(recipe.packed())
    assert again == recipe and again.model().layers is None and again.model().epochs == 3


def test_partial_fit_chooses_on_its_first_batch(X):
    model = HTM(coder=False, sampler=False).partial_fit(X[:400]).partial_fit(X[400:500])
    assert model.choice_ is not None and np.isfinite(model.score(X[:50]))
