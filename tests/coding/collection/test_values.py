"""Values of units as symbols: exact, and shorter for what came before them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.coding.collection.values import (
    bands,
    choose,
    fit,
    ideal_bits,
    magnitude,
    no_features,
    read,
    write,
)
from htm_engine.coding.rangecoder import SymbolReader, SymbolWriter


def scaled(n=600, m=24, seed=0):
    """Rows whose loudness differs from row to row, and is told by one feature."""
    rng = np.random.default_rng(seed)
    loud = rng.exponential(4, n)
    q = np.rint(rng.laplace(size=(n, m)) * loud[:, None] / np.arange(1, m + 1)).astype(np.int32)
    return q, rng.integers(0, 3, n), magnitude(np.round(8 * loud))[:, None]


@given(st.integers(1, 300))
def test_bands_cover_every_column_once(columns):
    covered = [column for band in bands(columns) for column in range(columns)[band]]
    assert covered == list(range(columns))


@given(st.lists(st.integers(0, 2**50), min_size=2))
def test_larger_numbers_have_no_smaller_magnitude(numbers):
    ordered = magnitude(np.sort(np.array(numbers)))
    assert (np.diff(ordered) >= 0).all() and ordered[0] >= 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 3), st.integers(0, 9**9))
def test_values_come_back_whatever_the_tables_were_fitted_on(n, m, known, seed):
    rng = np.random.default_rng(seed)
    owner, features = rng.integers(0, 3, n), rng.integers(0, 90, (n, known))
    q = rng.geometric(0.02, (n, m)).astype(np.int32) * rng.choice([-1, 0, 1], (n, m))
    tables = fit(np.roll(q, 1, 1), owner, 3, features)
    writer = SymbolWriter()
    write(writer, q, owner, tables, features)
    reader = SymbolReader(writer.finish())
    assert np.array_equal(read(reader, owner, tables, features), q)
    reader.finish()


def test_neighbours_and_earlier_bands_each_make_values_shorter():
    q, owner, features = scaled()
    half = len(q) // 2
    blank = no_features(half)
    with_both = ideal_bits(
        q[half:], owner[half:], fit(q[:half], owner[:half], 3, features[:half]), features[half:]
    )
    bands_only = ideal_bits(q[half:], owner[half:], fit(q[:half], owner[:half], 3, blank), blank)
    deaf = fit(q[:half], owner[:half], 3, blank)
    same = deaf._replace(classes=np.repeat(deaf.classes[:, 1:2], 4, 1))
    neither = ideal_bits(q[half:], owner[half:], same, blank)
    assert with_both < 0.97 * bands_only < 0.97 * neither


def test_chosen_values_cost_no_more_than_rounded_ones():
    q, owner, features = scaled()
    tables = fit(q, owner, 3, features)
    z = (q + np.random.default_rng(1).uniform(-0.4, 0.4, q.shape)).astype(np.float32)
    chosen, distortion, bits = choose(z, 0, tables, features, 1.0, 0.1)
    assert np.allclose(bits.sum(), ideal_bits(chosen, np.zeros(len(q), int), tables, features))
    rounded = np.rint(z)
    cost = ((z - rounded) ** 2).sum() + 0.1 * ideal_bits(
        rounded.astype(np.int32), np.zeros(len(q), int), tables, features
    )
    assert distortion.sum() + 0.1 * bits.sum() <= cost * 1.001
