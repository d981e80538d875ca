"""A survey counts what the network does, and its file says the same."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.analysis import inspection
from htm_engine.analysis.survey import scores_csv, survey
from htm_engine.model import competition


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    layers = (LayerSpec(4, 12, 4), LayerSpec(2, 10, 5))
    return HTM(layers, epochs=4, coder=False, sampler=False).fit(digits[:1500])


@pytest.fixture(scope="module")
def found(model, digits):
    return survey(model, digits[:300])


def test_winners_and_errors_are_the_network_s(found, model, digits):
    for ours, theirs in zip(found.winners, model.winners(digits[:300]), strict=True):
        assert np.array_equal(ours, theirs)
    assert found.errors.mean() == pytest.approx(-model.score(digits[:300]), rel=1e-6)
    assert found.wins(0, 12).sum() == 1200
    assert (found.wins(1, 10) == np.bincount(found.winners[1].ravel(), minlength=10)).all()


def test_surprise_is_the_loss_of_the_formulas_in_bits(found, model, digits):
    view = inspection.look(model, digits[7])
    for level, layer in enumerate(model.hierarchy_.layers):
        x = view.rows[level]
        errors = competition.views(x, layer.m.astype(float), layer.u.astype(float)).errors
        loss = competition.loss(layer.activation(x), errors, layer.s2).sum() / np.log(2)
        assert found.surprise[7, level] == pytest.approx(loss, rel=1e-4)
    assert found.total[7] == pytest.approx(found.surprise[7].sum())


def test_best_and_narrowest_wins_are_ordered_by_their_lead(found):
    unit = int(found.wins(0, 12).argmax())
    best, close = found.best(0, unit, 5), found.narrowest(0, unit, 5)
    leads = found.leads[0].reshape(300, -1)
    assert (found.winners[0].reshape(300, -1)[tuple(best.T)] == unit).all()
    assert (np.diff(leads[tuple(best.T)]) <= 0).all()
    assert (np.diff(leads[tuple(close.T)]) >= 0).all()
    assert leads[tuple(best[0])] == leads[found.winners[0].reshape(300, -1) == unit].max()
    assert found.best(0, 11, 400).shape[0] == found.wins(0, 12)[11]


def test_noise_surprises_more_than_digits(model, digits):
    rng = np.random.default_rng(0)
    noise = rng.permuted(digits[1500:1600].reshape(100, -1), axis=1).reshape(-1, 8, 8)
    both = survey(model, np.concatenate([digits[1500:1600], noise]))
    assert set(both.most_surprising(60)) <= set(range(100, 200))


def test_the_map_of_codes_is_scikit_learn_s_pca(found, model, digits):
    from sklearn.decomposition import PCA

    top = model.hierarchy_.layers[-1]
    rows = np.concatenate(
        [top.decode(inspection.look(model, d).codes[-1]).reshape(1, -1) for d in digits[:300]]
    )
    pca = PCA(2, svd_solver="full").fit(rows)
    assert np.allclose(np.abs(found.plane), np.abs(pca.transform(rows)), atol=1e-3)
    assert found.explained == pytest.approx(pca.explained_variance_ratio_, rel=1e-3)


def test_fewer_pictures_than_numbers_make_the_same_map(model, digits):
    few = survey(model, digits[:6])
    assert few.plane.shape == (6, 2)
    assert np.allclose(few.plane.mean(0), 0, atol=1e-4)
    assert 0 < few.explained[1] <= few.explained[0] <= 1
    assert survey(model, digits[:1]).plane.tolist() == [[0, 0]]


def test_the_file_says_what_the_survey_found_most_surprising_first(found):
    lines = list(csv.DictReader(io.StringIO(scores_csv(found, [str(i % 10) for i in range(300)]))))
    assert len(lines) == 300
    first = int(lines[0]["picture"])
    assert first == int(found.total.argmax())
    assert lines[0]["label"] == str(first % 10)
    assert float(lines[0]["surprise_bits"]) == pytest.approx(found.total[first], abs=1e-3)
    levels = sum(float(lines[0][f"surprise_level_{i}"]) for i in (1, 2))
    assert levels == pytest.approx(found.total[first], abs=1e-3)
    assert int(lines[5]["top_winner"]) == found.winners[1][int(lines[5]["picture"])].item()
    assert "label" not in scores_csv(found).splitlines()[0]


@pytest.mark.parametrize("label", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", " =1", "|a", "\n=1"])
def test_no_label_of_a_foreign_archive_becomes_a_formula(found, label):
    for line in csv.DictReader(io.StringIO(scores_csv(found, [label] * 300))):
        assert line["label"] == f"'{label}"


def test_every_kind_of_network_is_surveyed():
    rng = np.random.default_rng(0)
    plain = (LayerSpec(4, 8, 0, winners=2, compete_on="evidence"), LayerSpec(2, 8, 0))
    for layers, shape in (
        (plain, (8, 8)),
        ((LayerSpec(4, 6, 2),), (8, 8, 3)),
        ((LayerSpec(4, 1, 2),), (30,)),
    ):
        X = rng.random((40, *shape))
        found = survey(HTM(layers, epochs=1, coder=False, sampler=False).fit(X), X)
        assert np.isfinite(found.surprise).all() and np.isfinite(found.plane).all()
        assert len(scores_csv(found).splitlines()) == 41
