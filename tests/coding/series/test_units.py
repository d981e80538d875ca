"""Units of series: what they say is a distribution, and what costs little is what they learned."""

from __future__ import annotations

import numpy as np
from scipy import stats

from htm_engine.coding.series import shapes, whole
from htm_engine.coding.series.units import SPREAD, UNITS, beyond, blank, everything, fixed


def test_the_tables_are_the_distributions_they_are_named_after():
    t = np.arange(2048) / 32
    laplace, student = shapes.tails()[:, :2048] / 2.0**shapes.TAIL_BITS
    assert np.allclose(laplace, stats.laplace.sf(t), atol=1e-11)
    assert np.allclose(student, stats.t(4).sf(t), atol=1e-11)
    assert (np.diff(shapes.tails()) <= 0).all()


def test_masses_on_both_sides_of_an_edge_sum_to_all():
    units, tables = blank(10), fixed()
    units.mu[:] = np.arange(len(units.mu)) * 1000
    units.scales[:] = 4000
    above, below, whole_ = (np.zeros(UNITS, np.int64) for _ in range(3))
    everything(units, whole_)
    for edge in (-50, 0, 7, 90):
        beyond(units, tables, 8, edge, 0, above)
        beyond(units, tables, 8, edge, 1, below)
        assert (above + below == whole_).all()
        assert (above[:SPREAD] >= 0).all() and (below[:SPREAD] >= 0).all()


def test_whole_numbers_of_any_size_come_back_and_what_they_share_is_free():
    rng = np.random.default_rng(1)
    few = rng.integers(0, 5, 300)
    for values in (
        few * 4096 + 17,
        few * 10**15 - 3,
        rng.integers(-(2**63), 2**63 - 1, 60),
        np.array([-(2**63), 2**63 - 1, 0]),
    ):
        data = whole.write(values)
        found, at = whole.read(data, 0, len(values))
        assert at == len(data)
        assert (found == values).all()
    assert abs(len(whole.write(few * 4096 + 17)) - len(whole.write(few))) <= 6


def test_digits_that_nothing_can_be_said_of_cost_what_they_hold():
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.integers(-500, 500, 1500)) * 10**6 + rng.integers(0, 10**6, 1500)
    bits = 8 * len(whole.write(walk)) / len(walk)
    assert np.log2(10**9) < bits < np.log2(10**9) * 1.03
