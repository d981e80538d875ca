"""What other compressors make of a series: the numbers come back, and the best form is taken."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine.evaluation.number_peers import as_text, pcodec, whole_numbers

#: Without a minus zero, which no whole number is.
WALK = np.round(20 + np.cumsum(np.random.default_rng(0).normal(size=3000)), 2) + 0.0


def test_decimals_are_taken_as_whole_numbers_where_they_give_every_double_back():
    np.testing.assert_array_equal(whole_numbers(WALK) / 100, WALK)
    assert whole_numbers(WALK / 3) is None and whole_numbers(np.array([1.5, np.nan])) is None


def test_text_gives_every_double_back():
    values = np.array([0.1, -1e300, 5e-324, 2.0])
    assert [float(line) for line in as_text(values).split()] == values.tolist()


def test_pcodec_takes_the_form_that_suits_it_best():
    standalone = pytest.importorskip("pcodec").standalone
    ours = pcodec(WALK)
    np.testing.assert_array_equal(standalone.simple_decompress(ours), whole_numbers(WALK))
    assert len(ours) <= len(pcodec(WALK.view(np.int64)))
    np.testing.assert_array_equal(standalone.simple_decompress(pcodec(WALK / 3)), WALK / 3)
