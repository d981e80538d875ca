"""Rows of a table, judged by one another."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.metrics import roc_auc_score

from htm_engine import detect_rows
from htm_engine.errors import DataError


def lines(n=300, seed=0):
    """Rows on a line with a little noise: the second column is twice the first."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return np.stack([x, 2 * x + 0.02 * rng.normal(size=n), rng.normal(size=n)], axis=1)


def test_a_cell_that_does_not_go_with_its_row_is_found_though_it_is_usual_by_itself():
    rows = lines()
    rows[40] = 1.0, -2.0, 0.0
    found = detect_rows(rows)
    assert found.score.argmax() == 40 and found.score[40] > 0.5
    assert (found.score >= 0.5).sum() <= 8
    assert set(np.argsort(found.cells[40])[1:]) == {0, 1}  # one of the two, whichever it was


def test_what_was_expected_of_a_cell_is_what_its_row_says():
    rows = lines()
    rows[40, 1] = -3.0
    expected = detect_rows(rows).expected
    np.testing.assert_allclose(expected[:40, 1], 2 * rows[:40, 0], atol=0.5)


def test_a_gap_surprises_nobody_and_rows_and_columns_may_be_of_any_unit():
    rows = lines()
    rows[40, 2] = 30.0
    there = detect_rows(rows)
    rows[3, 1] = np.nan
    found = detect_rows(rows * [1e-6, 1e9, 1.0] + [5e3, 0.0, -4.0])
    assert found.cells[3, 1] == 0 and np.isfinite(found.bits).all()
    assert found.score.argmax() == there.score.argmax() == 40


def test_a_rare_wine_is_told_from_the_others():
    X, y = load_wine(return_X_y=True)
    rows = np.concatenate([X[y != 0], X[y == 0][:6]])
    odd = np.arange(len(rows)) >= len(rows) - 6
    assert roc_auc_score(odd, detect_rows(rows).bits) > 0.85


def test_the_same_seed_gives_the_same_and_constant_columns_do_no_harm():
    rows = np.concatenate([lines(), np.full((300, 1), 7.0)], axis=1)
    first, second = detect_rows(rows, 3), detect_rows(rows, 3)
    np.testing.assert_array_equal(first.bits, second.bits)
    assert np.isfinite(first.cells).all() and (first.expected[:, 3] == 7).all()


def test_one_column_and_columns_of_one_value_are_rows_as_well():
    found = detect_rows([1.0, 2.0, 1.5, 2.5, 1.8, 90.0])
    assert found.cells.shape == (6, 1) and found.bits.argmax() == 5
    assert np.isfinite(detect_rows(np.ones((8, 2))).score).all()


@pytest.mark.parametrize("rows", [[], [[1.0, 2.0]] * 3, [["a", "b"]] * 9, [[1.0, np.inf]] * 9])
def test_what_are_no_rows_is_refused(rows):
    with pytest.raises(DataError):
        detect_rows(rows)
