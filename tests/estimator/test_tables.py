"""Tables beside the units: learned when first asked for, and the same whenever that is."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec, compress_collection
from htm_engine.sampling import learning

LAYERS = (LayerSpec(4, 8, 3), LayerSpec(2, 8, 4))


@pytest.fixture(scope="module")
def X():
    return (load_digits().images[:300] * 15.9375).astype(np.uint8)


def fitted(X, **settings) -> HTM:
    return HTM(LAYERS, epochs=2, **settings).fit(X)


@pytest.fixture(scope="module")
def known(X) -> str:
    """Fingerprint of a network whose tables were learned at once, one after the other."""
    model = fitted(X)
    for _ in model.table_steps():
        pass
    assert not model.awaited
    return model.fingerprint


def saved(model: HTM) -> bytes:
    stream = io.BytesIO()
    model.save(stream)
    return stream.getvalue()


def test_fit_learns_no_tables_and_whoever_asks_finds_them(X, monkeypatch):
    learned = []
    real = learning.learn
    monkeypatch.setattr(learning, "learn", lambda *a: learned.append(1) or real(*a))
    model = fitted(X)
    model.transform(X[:5])
    model.score(X[:5])
    assert model.awaited == ("sampler", "coder") and not learned
    assert model.sample(3, 0).shape == (3, 8, 8)
    assert learned == [1] and model.awaited == ("coder",)
    assert compress_collection(model, X[:5])
    model.sample(3, 0)
    assert learned == [1] and model.awaited == ()


@pytest.mark.parametrize("first", ["coder_", "sampler_", "fingerprint"])
def test_tables_are_the_same_whoever_asks_first(X, known, first):
    model = fitted(X)
    assert getattr(model, first)
    assert model.fingerprint == known


def test_changing_the_pictures_after_the_fit_changes_no_table(X, known):
    own = X.copy()
    model = fitted(own)
    own[:] = 0
    assert model.fingerprint == known


def test_a_saved_a_pickled_and_a_copied_network_have_the_tables_and_no_pictures(X, known):
    model = fitted(X)
    assert HTM.load(io.BytesIO(saved(model))).fingerprint == known
    again = HTM.__new__(HTM)
    again.__setstate__(fitted(X).__getstate__())  # as pickling does
    assert again.pending is None and again.fingerprint == known
    shared = copy.copy(fitted(X))
    assert shared.awaited == ("sampler", "coder") and shared.fingerprint == known
    assert copy.deepcopy(fitted(X)).fingerprint == known


def test_copies_learn_for_themselves(X):
    model = fitted(X)
    shared = copy.copy(model)
    assert shared.sampler_ is not None
    assert shared.awaited == ("coder",) and model.awaited == ("sampler", "coder")


def test_settings_and_data_without_tables_await_none(X):
    assert fitted(X, coder=False).awaited == ("sampler",)
    assert fitted(X, coder=False, sampler=False).awaited == ()
    odd = HTM((LayerSpec(units=4, rank=2),), epochs=1).fit(X.reshape(len(X), -1) / 10.0)
    assert odd.awaited == () and odd.coder_ is None and odd.sampler_ is None


def test_what_is_not_learned_can_be_left_out(X):
    model = fitted(X)
    model.forget_pending()
    assert model.awaited == () and model.coder_ is None and model.sampler_ is None
    assert model.sample(2, 0).shape == (2, 8, 8)
    assert HTM.load(io.BytesIO(saved(model))).coder_ is None


def test_learning_on_lets_the_old_tables_go(X):
    model = fitted(X).partial_fit(X[:50])
    assert model.awaited == () and model.coder_ is None and model.sampler_ is None


def test_before_the_fit_there_are_none():
    assert not hasattr(HTM(), "coder_") and not hasattr(HTM(), "sampler_")


def test_a_network_pickled_before_there_were_samplers_has_none(X):
    model = fitted(X, coder=False, sampler=False)
    del model.__dict__["sampler_"]
    assert model.sampler_ is None and model.sample(1, 0).shape == (1, 8, 8)
