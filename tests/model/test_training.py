"""The training loop: what it yields, when it stops, what it selects."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.model.folds import FoldResult, cross_validate, select
from htm_engine.model.training import NetworkStep, batch_length, hold_out, train


class Stub:
    """A learner whose held-out error is a list of numbers."""

    validation_fraction, patience, tolerance, start_temperature = 0.25, 1, 0.01, 4.0
    batch_size: int | None = 5
    keeps_best, fewest = False, 0

    def __init__(self, errors, epochs=50):
        self.errors, self.epochs, self.seen, self.temperatures = list(errors), epochs, [], []

    def generator(self):
        return np.random.default_rng(0)

    def batch(self, X, rows):
        return X[rows].astype(np.float32)

    parts = batch

    def begin(self, sample):
        self.seen.append(("begin", len(sample)))

    def step(self, maps, temperature):
        self.seen.append(("step", sorted(maps[:, 0].tolist())))
        self.temperatures.append(temperature)
        return NetworkStep(0.5, (np.ones(2) / 2,), (0,), 0)

    def validate(self, maps):
        self.now = self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        return self.now

    def placed(self, maps):
        return NetworkStep(self.validate(maps), (np.ones(2) / 2,), (0,))

    def keep_units(self):
        self.seen.append(("keep", self.now))

    def return_to_best(self):
        self.seen.append(("return", self.now))

    def settle(self):
        self.seen.append(("end", 0))

    def keep_for_tables(self, X, rows):
        self.seen.append(("tables", sorted(X[rows, 0].tolist())))


X = np.arange(40.0)[:, None]


def test_an_epoch_sees_every_learned_row_once_and_no_held_out_one():
    stub = Stub([1.0], epochs=1)
    list(train(stub, X))
    steps = [rows for kind, rows in stub.seen if kind == "step"]
    learned = sorted(value for rows in steps for value in rows)
    held = hold_out(40, 0.25, np.random.default_rng(0))[1]
    assert len(held) == 10
    assert learned == sorted(set(range(40)) - set(held.tolist()))


def test_training_stops_when_held_out_error_no_longer_falls():
    falling = [1 / (i + 1) for i in range(100)]
    stuck = [1.0, 0.5, 0.25, *[0.25] * 100]
    epochs = [max(s.epoch for s in train(Stub(errors), X)) for errors in (falling, stuck)]
    assert epochs[0] == 50
    assert 25 <= epochs[1] < 30  # not before the temperature has fallen


def test_the_temperature_falls_to_one_and_stays():
    stub = Stub([1 / (i + 1) for i in range(100)], epochs=10)
    list(train(stub, X))
    assert stub.temperatures[0] == 4.0
    assert stub.temperatures == sorted(stub.temperatures, reverse=True)
    assert stub.temperatures[len(stub.temperatures) // 2 :] == [1.0] * 30


def test_progress_grows_to_one_and_what_tables_need_is_kept_last():
    stub = Stub([1.0], epochs=2)
    steps = list(train(stub, X))
    progress = [step.progress for step in steps]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert [kind for kind, _ in stub.seen[-2:]] == ["end", "tables"]


def test_the_first_step_shown_is_the_start_and_most_is_measured_early():
    steps = list(train(Stub([9.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0], epochs=2), X))
    measured = [(step.step, step.validation) for step in steps if step.validation is not None]
    assert measured == [(0, 9.0), (1, 5.0), (2, 4.0), (4, 3.0), (6, 2.0), (12, 1.0), (12, 1.0)]
    assert np.isnan(steps[0].error) and steps[0].usage and steps[0].loop is None
    assert steps[0].progress == 0 and steps[1].step == 1


def test_few_rows_are_not_held_out_and_batches_follow_the_data():
    assert len(hold_out(19, 0.5, np.random.default_rng(0))[1]) == 0
    assert [batch_length(None, n) for n in (10, 1000, 60_000)] == [32, 50, 1024]
    assert batch_length(7, 60_000) == 7


def test_a_model_can_be_used_between_any_two_steps():
    digits = (load_digits().images * 15.9375).astype(np.uint8)
    model = HTM((LayerSpec(4, 8, 2), LayerSpec(2, 8, 2)), epochs=1, sampler=False)
    for step in model.fit_steps(digits):
        assert np.isfinite(model.score(digits[:50]))
        if step.step == 5:
            break
    assert model.sample(2, random_state=0).shape == (2, 8, 8)


def test_cross_validation_selects_the_sizes_that_fit_the_data():
    rng = np.random.default_rng(0)
    centres = rng.random((12, 20))
    rows = centres[rng.integers(0, 12, 400)] + rng.normal(0, 0.01, (400, 20))
    grid = [{"layers": (LayerSpec(units=k, rank=0),)} for k in (2, 5, 12)]
    results = list(cross_validate(HTM(epochs=6, coder=False), rows, grid, folds=3))
    assert len(results) == 9
    assert select(results)["layers"][0].units == 12


def test_cross_validation_scores_only_rows_left_out():
    class Peeker(HTM):
        def fit(self, X, y=None):
            self.learned_ = set(X[:, 0].tolist())
            return self

        def score(self, X, y=None):
            return -float(len(self.learned_ & set(X[:, 0].tolist())))

    rows = np.arange(30.0)[:, None]
    assert all(r.score == 0 for r in cross_validate(Peeker(), rows, [{"epochs": 1}], folds=5))


def test_the_best_mean_wins_and_nothing_to_select_is_refused():
    results = [
        FoldResult({"k": k}, fold, 2, score, 0.0)
        for k, scores in ((1, (-1.0, -5.0)), (2, (-2.0, -2.5)))
        for fold, score in enumerate(scores)
    ]
    assert select(results) == {"k": 2}
    with pytest.raises(ValueError, match="no results"):
        select([])
    with pytest.raises(ValueError, match="at least one"):
        list(cross_validate(HTM(), X, []))


def test_file_tables_are_measured_on_held_out_pictures_too():
    """On learned ones alone they would expect less surprise than new pictures bring."""
    stub = Stub([1.0], epochs=1)
    list(train(stub, X))
    (measured,) = [rows for kind, rows in stub.seen if kind == "tables"]
    assert set(hold_out(40, 0.25, np.random.default_rng(0))[1].tolist()) <= set(measured)


class Keeper(Stub):
    """One that keeps its best units; an epoch is one step, so that each is measured once."""

    keeps_best, batch_size = True, 30


def test_training_ends_with_the_units_of_the_least_held_out_error():
    stub = Keeper([3.0, 2.0, 1.0, 4.0, 5.0, 6.0, 7.0], epochs=30)
    steps = list(train(stub, X))
    assert [error for kind, error in stub.seen if kind == "keep"] == [3.0, 2.0, 1.0]
    assert "return" in [kind for kind, _ in stub.seen]
    # It rose after the second epoch, and two epochs without gain are enough.
    assert max(step.epoch for step in steps) == 4


def test_units_that_end_best_are_not_replaced():
    stub = Keeper([1 / (i + 1) for i in range(100)], epochs=6)
    list(train(stub, X))
    assert "return" not in [kind for kind, _ in stub.seen]


def test_whoever_does_not_ask_for_the_best_keeps_nothing():
    stub = Stub([3.0, 1.0, 4.0, 5.0], epochs=6)
    list(train(stub, X))
    assert not {"keep", "return"} & {kind for kind, _ in stub.seen}


def test_too_few_pictures_take_no_steps_and_hold_nothing_out():
    stub = Keeper([1.0], epochs=6)
    stub.fewest = 41
    (step,) = list(train(stub, X))
    assert (step.step, step.total, step.progress) == (0, 0, 1.0)
    assert [kind for kind, _ in stub.seen] == ["begin", "end", "tables"]
    assert stub.seen[0] == ("begin", 40) and len(stub.seen[-1][1]) == 40
