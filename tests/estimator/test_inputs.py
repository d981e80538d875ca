"""What a caller may hold: tables, bytes of every container, NumPy's own numbers, mapped models."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.errors import DataError, ModelError
from htm_engine.estimator import persistence
from htm_engine.runs import checkpoints
from htm_engine.runs.recipe import Recipe

SMALL = (LayerSpec(1, 6, 2),)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits").X[:150]


@pytest.fixture(scope="module")
def rows(digits):
    return digits.reshape(len(digits), -1)


def again(model):
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    return HTM.load(stream)


def network(**settings):
    return HTM(**{"layers": SMALL, "epochs": 1, "sampler": False, **settings})


# --------------------------------------------------------------- NumPy's numbers
NUMPY = {
    "epochs": np.int64(2),
    "batch_size": np.uint16(50),
    "learning_rate": np.float32(0.02),
    "start_temperature": np.float64(4),
    "validation_fraction": np.float16(0.125),
    "patience": np.int8(1),
    "tolerance": np.float32(0.5),
    "init": np.str_("random"),
    "mirror": np.bool_(True),
    "coder": np.bool_(True),
    "sampler": np.bool_(False),
    "keep_best": np.bool_(True),
    "random_state": np.int32(7),
    "input_shape": (np.int64(8), np.uint8(8)),
    "layers": (
        LayerSpec(
            np.int64(4),
            np.int16(5),
            np.uint8(2),
            np.int64(1),
            np.float32(1.5),
            np.int64(4),
            np.int64(3),
            np.str_("explanation"),
        ),
    ),
}


def test_a_network_with_numpys_numbers_as_settings_is_saved_and_the_same_after(digits):
    model = HTM(**NUMPY).fit(digits)
    given = model.get_params(deep=False)
    assert set(given) == set(NUMPY) and all(value is NUMPY[name] for name, value in given.items())
    loaded = again(model)
    assert loaded.fingerprint == model.fingerprint
    assert np.array_equal(loaded.transform(digits), model.transform(digits))
    params = loaded.get_params(deep=False)
    assert {k: v for k, v in params.items() if k != "layers"} == {
        k: v for k, v in NUMPY.items() if k != "layers"
    }
    plain = {k: getattr(v, "item", lambda v=v: v)() for k, v in NUMPY.items()}
    assert HTM(**plain).fit(digits).fingerprint == model.fingerprint


def test_a_run_with_numpys_numbers_is_written_down_everywhere(digits):
    model = HTM(**NUMPY)
    recipe = Recipe.of(model, "digits", "0" * 16)
    assert Recipe.unpacked(recipe.packed()) == recipe
    assert recipe.model().epochs == 2
    step = next(step for step in model.fit_steps(digits) if step.loop is not None)
    assert checkpoints.load(checkpoints.save(model, step.loop)).model.epochs == 2


def test_what_a_search_chose_is_saved(rows):
    search = GridSearchCV(network(), {"epochs": np.arange(1, 3)}, cv=2).fit(rows / 255)
    assert again(search.best_estimator_).epochs in (1, 2)


# ----------------------------------------------------------------------- tables
def test_names_of_columns_are_saved_and_others_refused_as_before(rows):
    table = pd.DataFrame(rows / 255, columns=[f"c{i}" for i in range(64)])
    model = network().fit(table)
    loaded = again(model)
    for one in (model, loaded):
        assert list(one.feature_names_in_) == list(table.columns)
        with pytest.raises(ValueError, match="feature names"):
            one.transform(table[table.columns[::-1]])
        with pytest.raises(ValueError, match="feature names"):
            one.score(table.rename(columns={"c0": "other"}))
    assert loaded.score(table) == model.score(table)
    assert loaded.fingerprint == model.fingerprint
    assert again(loaded).fingerprint == model.fingerprint


def test_a_network_without_names_has_the_header_of_before(rows, digits):
    model = network().fit(pd.DataFrame(rows / 255, columns=[f"c{i}" for i in range(64)]))
    assert "columns" in model.state()[0]
    model.fit(digits)
    assert "columns" not in model.state()[0] and not hasattr(again(model), "feature_names_in_")


@pytest.mark.parametrize("names", [["a"], [1] * 64, "x" * 64, {"a": 1}])
def test_names_that_cannot_be_are_refused(rows, names):
    header, arrays = network().fit(rows).state()
    with pytest.raises(ModelError):
        HTM.from_state({**header, "columns": names}, arrays)


# ------------------------------------------------------------------------ bytes
CONTAINERS = {
    "array": lambda rows: rows,
    "table": pd.DataFrame,
    "table of nullable bytes": lambda rows: pd.DataFrame(rows).astype("UInt8"),
    "named table": lambda rows: pd.DataFrame(rows, columns=[f"c{i}" for i in range(64)]),
    "memoryview": memoryview,
    "list of arrays": list,
    "tuple of arrays": tuple,
    "other order": np.asfortranarray,
    "pictures": lambda rows: rows.reshape(-1, 8, 8),
    "list of pictures": lambda rows: list(rows.reshape(-1, 8, 8)),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.filterwarnings("ignore:X (has|does not have) .*feature names")
def test_bytes_are_bytes_in_any_container(rows, container):
    given = CONTAINERS[container](rows)
    same = rows.reshape(-1, 8, 8) if "pictures" in container else rows
    model = network().fit(same)
    assert model.score(given) == pytest.approx(model.score(same))
    assert np.array_equal(network().fit(given).transform(same), model.transform(same))


@pytest.mark.parametrize(
    "whole",
    [
        lambda rows: rows.astype(np.int64),
        lambda rows: rows.astype(np.uint16).reshape(-1, 8, 8),
        lambda rows: rows.tolist(),
        lambda rows: pd.DataFrame(rows.astype(int)),
        lambda rows: rows.astype(float),
        lambda rows: rows.astype(np.float32).reshape(-1, 8, 8),
    ],
)
def test_whole_numbers_for_a_network_that_learned_bytes_are_told(rows, whole):
    model = network().fit(rows)
    with pytest.raises(DataError, match=re.escape("X.astype(np.uint8)")):
        model.score(whole(rows))


def test_whole_numbers_are_learned_as_they_are(rows):
    counts = rows.astype(int) // 16
    model = network().fit(counts)
    assert model.score(counts) == pytest.approx(model.score(counts.astype(float)))
    binary = (rows > 100).astype(int)
    assert network().fit(binary).score(binary) < 0


# -------------------------------------------------------------------- near misses
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": "3"}, "epochs must be a whole number, got '3'"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"epochs": None}, "epochs must be a whole number"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number"),
        ({"learning_rate": float("nan")}, "learning_rate must lie in"),
        ({"batch_size": "8"}, "batch_size must be a positive whole number"),
        ({"batch_size": 0}, "batch_size must be a positive whole number"),
        ({"mirror": "no"}, "mirror must be True or False"),
        ({"input_shape": 8}, "input_shape must be one to three sides"),
        ({"input_shape": (8, -8)}, "input_shape must be one to three sides"),
        ({"input_shape": "88"}, "input_shape must be one to three sides"),
        ({"layers": SMALL[0]}, "layers must be a tuple"),
    ],
)
def test_settings_just_beside_what_is_meant_are_told(rows, settings, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        network(**settings).fit(rows)


@pytest.mark.parametrize("shape", [None, (8, 8), (8, 8, 1)])
def test_pictures_of_other_sides_are_refused_however_the_network_reads(digits, rows, shape):
    model = network(input_shape=shape, layers=(LayerSpec(4, 4, 2),)).fit(digits)
    for other in (rows.reshape(-1, 4, 16), rows.reshape(-1, 16, 4, 1), rows.reshape(-1, 4, 4, 4)):
        for use in (model.transform, model.score, again(model).transform):
            with pytest.raises(DataError, match="reads pictures"):
                use(other)
    assert np.array_equal(model.transform(rows), model.transform(digits))
    if shape:
        with pytest.raises(DataError, match="does not fit"):
            network(input_shape=shape).fit(rows.reshape(-1, 4, 16))


def test_rows_read_as_pictures_take_pictures_too(digits, rows):
    model = network(input_shape=(8, 8), layers=(LayerSpec(4, 4, 2),)).fit(rows)
    assert np.array_equal(model.transform(rows), model.transform(digits))


# ---------------------------------------------------------------- mapped models
def test_a_network_mapped_from_a_file_goes_on_learning(rows):
    """As ``joblib.load(..., mmap_mode="r")`` gives it: every array may only be read."""
    model, other = network().fit(rows), network().fit(rows)
    for learner in other.learners:
        for holder in (learner, learner.layer):
            for value in vars(holder).values():
                for array in value if isinstance(value, list) else [value]:
                    if isinstance(array, np.ndarray):
                        array.setflags(write=False)
    assert other.partial_fit(rows).fingerprint == model.partial_fit(rows).fingerprint
    loaded = again(network().fit(rows))
    for layer in loaded.hierarchy_.layers:
        for name in persistence.ARRAYS:
            getattr(layer, name).setflags(write=False)
    loaded.partial_fit(rows)
    assert loaded.score(rows) > -1
