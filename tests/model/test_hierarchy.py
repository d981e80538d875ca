"""Layers and their stack: up, down, and what fits on the way."""

from __future__ import annotations

import numpy as np
import pytest

from htm_engine import HTM, LayerSpec
from htm_engine.model import competition as c


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.random((200, 4, 4)), np.ones((3, 3)))
    return blocks + rng.normal(0, 0.1, blocks.shape)


@pytest.fixture(scope="module")
def model(pictures):
    layers = (LayerSpec(patch=3, units=9, rank=4), LayerSpec(patch=4, units=6, rank=5))
    return HTM(layers, epochs=3, coder=False, sampler=False).fit(pictures)


def test_a_layer_computes_the_formulas_of_competition(model, pictures):
    layer = model.hierarchy_.layers[0]
    rows = model.hierarchy_.rows(0, pictures[:5, ..., None])
    views = c.views(rows, layer.m, layer.u)
    assert np.allclose(layer.errors(rows), views.errors, atol=1e-4)
    a = c.activation(c.evidence(rows, layer.w, layer.b))
    assert np.allclose(layer.activation(rows), a, atol=1e-6)
    expected = c.responsibilities(a, views.errors, layer.s2)
    assert np.allclose(layer.responsibilities(rows), expected, atol=1e-3)
    codes = layer.encode(rows)
    h = c.compete(layer.responsibilities(rows), 1)
    decoded = np.einsum("nk,nkd->nd", h, views.reconstructions)
    assert np.allclose(layer.decode(codes), decoded, atol=1e-4)


def test_batches_of_rows_are_coded_as_one(model, pictures, monkeypatch):
    import htm_engine.model.hierarchy as module

    whole = model.hierarchy_.up(pictures[..., None])
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 100)
    parts = model.hierarchy_.up(pictures[..., None])
    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(one.winners, other.winners)
        assert np.allclose(one.values, other.values)


def test_shapes_of_every_level_follow_from_the_layers(model):
    h = model.hierarchy_
    assert h.grid_shapes == [(4, 4), (1, 1)]
    assert h.map_shapes[0] == (12, 12, 1)
    assert h.map_shapes[1][:2] == (4, 4)


def test_packing_codes_and_unpacking_them_changes_nothing(model, pictures):
    top = model.hierarchy_.up(pictures[..., None])[-1]
    again = model.hierarchy_.unpack(model.hierarchy_.pack(top))
    assert all(np.array_equal(a, b) for a, b in zip(top, again, strict=True))
    assert len(model.encode(pictures)[:7]) == 7


def test_article_networks_hand_up_their_competed_activations(pictures):
    layers = (
        LayerSpec(patch=3, units=9, rank=0, winners=2, compete_on="evidence"),
        LayerSpec(patch=4, units=6, rank=0, compete_on="evidence"),
    )
    h = HTM(layers, epochs=2, coder=False, sampler=False).fit(pictures).hierarchy_
    codes, handed = h.encode_level(0, pictures[:8, ..., None])
    assert handed.shape == (8, 4, 4, 9)
    assert np.allclose(handed.sum(-1), 1, atol=1e-5)
    assert ((handed > 0).sum(-1) <= 2).all()
    down = h.layers[0].take_down(handed.reshape(-1, 9))
    assert np.allclose(down, h.layers[0].decode(codes), atol=1e-4)


def test_networks_of_constant_and_repeated_rows_do_not_break():
    rows = np.tile(np.random.default_rng(0).random((3, 16)), (40, 1))
    model = HTM((LayerSpec(units=8, rank=3),), epochs=3, coder=False).fit(rows)
    assert -model.score(rows) < 1e-5
    assert np.isfinite(model.sample(50, random_state=0)).all()
