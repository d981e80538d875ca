"""The formulas: their properties, and every gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_engine.model import competition as c

RNG = np.random.default_rng(5)
N, D, K, R, S2 = 7, 6, 5, 2, 0.4
X = RNG.normal(size=(N, D))
W, B, M = RNG.normal(size=(K, D)), RNG.normal(size=K), RNG.normal(size=(K, D))
U = c.orthonormalise(RNG.normal(size=(K, D, R)))


def mean_loss(w=W, b=B, m=M, u=U, fixed_projection=False) -> float:
    a = c.activation(c.evidence(X, w, b))
    if fixed_projection:
        # |x - m|^2 - |U'(x - m)|^2: the error as the layer computes it, defined for any U.
        centred = X[:, None] - m
        z = np.einsum("nkd,kdr->nkr", centred, u)
        errors = (centred**2).sum(-1) - (z**2).sum(-1)
    else:
        errors = c.views(X, m, u).errors
    return float(c.loss(a, errors, S2).mean())


def numeric(function, parameter, eps=1e-6):
    gradient = np.zeros_like(parameter)
    for place in np.ndindex(parameter.shape):
        up, down = parameter.copy(), parameter.copy()
        up[place] += eps
        down[place] -= eps
        gradient[place] = (function(up) - function(down)) / (2 * eps)
    return gradient


def shares():
    a = c.activation(c.evidence(X, W, B))
    seen = c.views(X, M, U)
    return a, seen, c.responsibilities(a, seen.errors, S2)


def test_gate_gradients_equal_finite_differences():
    a, _, r = shares()
    w, b = c.gate_gradients(X, a, r)
    assert np.allclose(w, numeric(lambda p: mean_loss(w=p), W), atol=1e-7)
    assert np.allclose(b, numeric(lambda p: mean_loss(b=p), B), atol=1e-7)


def test_prototype_gradient_equals_finite_differences():
    _, seen, r = shares()
    ours = c.prototype_gradient(X, seen.reconstructions, r, S2)
    assert np.allclose(ours, numeric(lambda p: mean_loss(m=p), M), atol=1e-7)


def test_basis_gradient_equals_finite_differences():
    _, _, r = shares()
    ours = c.basis_gradient(X, M, U, r, S2)
    theirs = numeric(lambda p: mean_loss(u=p, fixed_projection=True), U)
    assert np.allclose(ours, theirs, atol=1e-7)


def test_evidence_gradient_equals_finite_differences():
    a, seen, r = shares()
    e = c.evidence(X, W, B)
    theirs = numeric(lambda p: c.loss(c.activation(p), seen.errors, S2).sum(), e)
    assert np.allclose(c.evidence_gradient(a, r), theirs, atol=1e-7)


@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_a_step_down_the_gradient_lowers_the_surprise(rate):
    a, seen, r = shares()
    w, b = c.gate_gradients(X, a, r)
    m = c.prototype_gradient(X, seen.reconstructions, r, S2)
    u = c.basis_gradient(X, M, U, r, S2)
    moved = mean_loss(
        c.gradient_step(W, w, rate),
        c.gradient_step(B, b, rate),
        c.gradient_step(M, m, rate),
        c.orthonormalise(c.gradient_step(U, u, rate)),
    )
    assert moved < mean_loss()


@given(
    st.lists(st.floats(-700, 700), min_size=1, max_size=8),
    st.floats(0.01, 100),
    st.floats(-500, 500),
)
def test_activations_are_shares_that_a_common_offset_does_not_change(e, temperature, offset):
    evidence = np.array([e])
    a = c.activation(evidence, temperature)
    assert np.isclose(a.sum(), 1)
    assert (a >= 0).all()
    assert np.allclose(a, c.activation(evidence + offset, temperature), atol=1e-6)


def test_temperature_moves_from_winner_takes_all_to_even_shares():
    e = np.array([[1.0, 2.0, 4.0]])
    assert c.activation(e, 0.01)[0].round(6).tolist() == [0, 0, 1]
    assert np.allclose(c.activation(e, 1e6), 1 / 3, atol=1e-5)
    for bad in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="temperature"):
            c.activation(e, bad)


@given(st.integers(1, 9), st.integers(0, 10_000))
def test_competition_keeps_the_k_largest_and_their_order(k, seed):
    a = np.random.default_rng(seed).dirichlet(np.ones(6), size=4)
    h = c.compete(a, k)
    assert np.allclose(h.sum(1), 1)
    assert ((h > 0).sum(1) == min(k, 6)).all()
    for row, kept in zip(a, h, strict=True):
        assert row[kept > 0].min() >= row[kept == 0].max(initial=0)
        assert (np.argsort(row[kept > 0]) == np.argsort(kept[kept > 0])).all()


def test_equal_activations_go_to_the_lower_index():
    assert c.winners(np.full((1, 4), 0.25), 2).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="at least one"):
        c.compete(np.ones((1, 2)), 0)


def test_error_by_projection_is_the_error_of_the_view():
    centred = X[:, None] - M
    seen = c.views(X, M, U)
    short = (centred**2).sum(-1) - (seen.values**2).sum(-1)
    assert np.allclose(short, seen.errors)


def test_orthonormalising_keeps_the_span_and_the_signs():
    raw = RNG.normal(size=(3, 6, 2))
    q = c.orthonormalise(raw)
    assert np.allclose(q.transpose(0, 2, 1) @ q, np.eye(2))
    assert np.allclose(q @ (q.transpose(0, 2, 1) @ raw), raw)
    assert (np.einsum("kd,kd->k", q[:, :, 0], raw[:, :, 0]) > 0).all()
