"""A training that was interrupted ends as if it never had been."""

from __future__ import annotations

import io

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.errors import DataError, ModelError
from htm_engine.runs import checkpoints

LAYERS = (LayerSpec(4, 8, 3, winners=2), LayerSpec(2, 6, 4))


@pytest.fixture(scope="module")
def X():
    return load_dataset("digits", limit=400).X


def network(**settings):
    usual = {"epochs": 4, "patience": 0, "random_state": 3, "coder": False, "sampler": False}
    return HTM(LAYERS, **usual | settings)


@pytest.fixture(scope="module")
def whole(X):
    """Fingerprint of the training that nothing disturbed, and a checkpoint after every step."""
    model, kept = network(), []
    for step in model.fit_steps(X):
        if step.loop is not None:
            kept.append(checkpoints.save(model, step.loop))
    return model.fingerprint, kept


def test_from_every_checkpoint_it_arrives_at_the_same_fingerprint(X, whole):
    fingerprint, kept = whole
    assert len(kept) > 20
    for data in [*kept[::5], kept[-1]]:
        checkpoint = checkpoints.load(data)
        steps = [step.step for step in checkpoint.steps(X)]
        assert steps[-1] == len(kept)
        assert checkpoint.model.fingerprint == fingerprint


def test_a_checkpoint_of_a_checkpoint_is_the_same(X, whole):
    again = checkpoints.load(whole[1][7])
    assert checkpoints.save(again.model, again.loop) == whole[1][7]


def test_one_batch_an_epoch_and_mirror_images_go_on_as_well(X):
    settings = {"batch_size": 400, "mirror": True, "validation_fraction": 0.0, "epochs": 6}
    settings |= {"coder": True, "sampler": True}  # their tables come out the same as well
    model, kept = network(**settings), []
    for step in model.fit_steps(X):
        if step.loop is not None:
            kept.append(checkpoints.save(model, step.loop))
    checkpoint = checkpoints.load(kept[2])
    assert [step.epoch for step in checkpoint.steps(X)][0] == 4
    assert checkpoint.model.fingerprint == model.fingerprint


def test_a_checkpoint_opens_as_a_model(X, whole):
    assert HTM.load(io.BytesIO(whole[1][10])).reconstruct(X[:2]).shape == (2, 8, 8)


def test_what_is_no_checkpoint_is_refused(X, whole):
    stream = io.BytesIO()
    network(epochs=1).fit(X).save(stream)
    for data in (stream.getvalue(), b"", b"PK\x03\x04", whole[1][0][:-30]):
        with pytest.raises(ModelError):
            checkpoints.load(data)


def test_other_pictures_are_refused(whole):
    with pytest.raises(DataError):
        next(checkpoints.load(whole[1][0]).steps(np.zeros((50, 9, 9), np.uint8)))
