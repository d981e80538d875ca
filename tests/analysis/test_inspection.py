"""What is said about a unit is what the network does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.analysis import inspection
from htm_engine.errors import DataError

TWO = (LayerSpec(4, 12, 4), LayerSpec(2, 10, 5))
KINDS = {
    "two levels": (TWO, (8, 8)),
    "three levels": ((LayerSpec(2, 6, 2), LayerSpec(2, 6, 3), LayerSpec(2, 5, 2)), (8, 8)),
    "one level": ((LayerSpec(8, 9, 3),), (8, 8)),
    "article": (
        (
            LayerSpec(4, 12, 0, winners=2, compete_on="evidence"),
            LayerSpec(2, 8, 0, winners=2, compete_on="evidence"),
        ),
        (8, 8),
    ),
    "colour": (TWO, (8, 8, 3)),
    "overlap and padding": ((LayerSpec(3, 6, 2, winners=2, stride=2), LayerSpec(2, 6, 3)), (8, 9)),
    "rows": ((LayerSpec(4, 6, 2),), (30,)),
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def case(request):
    layers, shape = request.param
    X = np.random.default_rng(0).random((80, *shape)).astype(np.float32)
    return HTM(layers, epochs=2, coder=False, sampler=False).fit(X), X


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    return HTM(TWO, epochs=4, coder=False, sampler=False).fit(digits)


def test_a_look_sees_the_codes_that_the_network_writes(case):
    model, X = case
    view = inspection.look(model, X[3])
    codes, own = model.encode(X[3:4]), model.hierarchy_.pack(view.codes[-1])
    assert np.array_equal(codes.winners, own.winners)
    assert np.allclose(codes.values, own.values, atol=1e-6)
    for level, won in enumerate(model.winners(X[3:4])):
        assert np.array_equal(view.codes[level].winners[:, 0], won.ravel())
        assert np.array_equal(inspection.first_two(view.scores(level))[0], won.ravel())
        shares = model.activations(X[3:4], level).reshape(won.size, -1)
        assert np.allclose(view.shares(level), shares, atol=1e-6)


def test_evidence_is_the_sum_over_pixels_plus_the_bias(case):
    model, X = case
    view = inspection.look(model, X[5])
    for level, layer in enumerate(model.hierarchy_.layers):
        for place in (0, len(view.rows[level]) - 1):
            for unit in (0, layer.units - 1):
                found = inspection.attribute(view, level, place, unit)
                plain = float(view.rows[level][place] @ layer.w[unit] + layer.b[unit])
                assert found.evidence == pytest.approx(plain, rel=1e-6)
                total = found.pixels.sum() + found.bias
                assert total == pytest.approx(plain, rel=1e-6, abs=1e-6)
                top, left, bottom, right = found.box
                outside = found.pixels.copy()
                outside[top:bottom, left:right] = 0
                assert not outside.any()


def test_a_pixel_moves_the_evidence_by_what_it_is_said_to_add(model, digits):
    """Half a pixel less takes half of its contribution away, as long as the winners stay."""
    picture = digits[0] / 255
    view = inspection.look(model, picture)
    unit = int(view.codes[1].winners[0, 0])
    whole = inspection.attribute(view, 1, 0, unit)
    changed = picture.copy()
    changed[3, 3] -= 1e-3
    after = inspection.look(model, changed)
    assert np.array_equal(view.codes[0].winners, after.codes[0].winners)
    slope = (whole.evidence - inspection.attribute(after, 1, 0, unit).evidence) / 1e-3
    moved = whole.pixels - inspection.attribute(after, 1, 0, unit).pixels
    assert moved[3, 3, 0] == pytest.approx(slope * 1e-3, rel=1e-4)
    moved[3, 3] = 0
    assert np.abs(moved).max() < 1e-9


def test_the_lead_of_the_winner_is_evidence_and_error_together(case):
    model, X = case
    view = inspection.look(model, X[1])
    for level, layer in enumerate(model.hierarchy_.layers):
        shares = view.shares(level)
        first, second, lead = inspection.first_two(view.scores(level))
        found = inspection.duel(view, level, 0, int(first[0]), int(second[0]))
        assert found.lead == pytest.approx(lead[0], rel=1e-6)
        assert found.lead == pytest.approx(found.by_evidence + found.by_error)
        assert found.lead >= 0
        ratio = shares[0, first[0]] / shares[0, second[0]]
        if ratio < 1e12:
            assert np.log(ratio) == pytest.approx(found.lead, abs=1e-4)
        if layer.spec.compete_on == "evidence":
            assert found.by_error == 0


def test_a_unit_switched_off_never_wins_and_others_keep_their_patches(case):
    model, X = case
    before = model.fingerprint
    for level, layer in enumerate(model.hierarchy_.layers):
        won = model.winners(X)[level]
        unit = int(np.bincount(won.ravel()).argmax())
        rest = inspection.without(model, level, unit)
        after = rest.winners(X)[level]
        assert (after != unit).all()
        assert np.array_equal(after[won != unit], won[won != unit])
        assert np.isfinite(rest.reconstruct(X)).all()
        # Whoever came second takes over.
        second = inspection.first_two(
            inspection.scores(layer, inspection.look(model, X[0]).rows[level])
        )[1]
        ours = won[0].ravel() == unit
        assert np.array_equal(after[0].ravel()[ours], second[ours])
    assert model.fingerprint == before


def test_switching_the_winner_off_costs_error_on_what_it_won(model, digits):
    won = model.winners(digits)[1].ravel()
    unit = int(np.bincount(won).argmax())
    own = digits[won == unit]
    assert inspection.without(model, 1, unit).score(own) < model.score(own)
    others = digits[won != unit]
    assert inspection.without(model, 1, unit).score(others) == pytest.approx(model.score(others))


def test_the_top_level_contributes_the_reconstruction_and_lower_levels_more(model, digits):
    top, bottom = inspection.contributions(model, digits[:50])
    assert (top.level, bottom.level) == (1, 0)
    assert np.allclose(top.pictures, model.reconstruct(digits[:50]), atol=1e-5)
    assert top.errors.mean() == pytest.approx(-model.score(digits[:50]), rel=1e-5)
    assert bottom.errors.mean() < top.errors.mean() < top.prototype_errors.mean()
    assert (top.winners, top.values, bottom.winners, bottom.values) == (1, 5, 4, 16)


def test_directions_of_a_basis_lie_around_the_prototype(case):
    model, _ = case
    for level, layer in enumerate(model.hierarchy_.layers):
        if level and not model.hierarchy_.layers[level - 1].rank:
            continue  # below plain units compete again: not a straight line
        found = inspection.along_basis(model, level, 0)
        assert len(found) == layer.rank
        prototype = model.receptive_fields(level)[0]
        for pair in found:
            assert np.allclose(pair.mean(0), prototype, atol=1e-4)


def test_what_is_not_there_is_refused(model, digits):
    view = inspection.look(model, digits[0])
    for level, place, unit in ((2, 0, 0), (0, 4, 0), (1, 0, 99), (0, 0, -1)):
        with pytest.raises(DataError):
            inspection.attribute(view, level, place, unit)
    with pytest.raises(DataError):
        inspection.without(model, 0, 99)
    alone = HTM((LayerSpec(8, 1, 2),), epochs=1, coder=False, sampler=False).fit(digits[:50])
    with pytest.raises(DataError, match="none can be switched off"):
        inspection.without(alone, 0, 0)
    assert inspection.first_two(inspection.look(alone, digits[0]).scores(0))[2][0] == np.inf
