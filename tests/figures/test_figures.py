"""Figures: true to their data, named axes, words beside, and clear grounds."""

import numpy as np
import pytest

from htm_engine.evaluation.rates import RatePoint
from htm_engine.figures import base
from htm_engine.figures.rates import rate_figure, rate_in_words


def made():
    steps = np.arange(1.0, 6.0)
    return {
        "curve": base.held_curve(steps, np.array([0.5, 0.3, 0.1, 0.2, 0.2])),
        "young": base.held_curve(steps[:0], steps[:0]),
        "batches": base.batch_curve(steps, steps / 10),
        "usage": base.usage([np.array([0.5, 0.5, 0.0]), np.array([1.0])], [1, 0]),
        "folds": base.fold_scores(["8 x 2", "16 x 4"], [[0.2, 0.3], [0.1, 0.15]]),
    }


@pytest.mark.parametrize("name", made())
def test_every_figure_has_named_axes_a_clear_ground_and_words(name):
    figure, words = made()[name]
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert words.endswith(".") and len(words) > 20


def test_curve_draws_every_point_it_is_given_marks_the_least_and_says_where_it_ended():
    figure, words = made()["curve"]
    assert list(figure.data[0].x) == [1, 2, 3, 4, 5]
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([3], [0.1])
    assert "from 0.5000 to 0.2000, the least is 0.1000 at step 3" in words
    assert list(made()["batches"][0].data[0].y) == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_usage_sorts_units_scales_to_fair_shares_and_counts_the_dead():
    figure, words = made()["usage"]
    assert np.allclose(figure.data[0].y, [1.5, 1.5, 0])
    assert list(figure.data[1].x) == [3] and figure.data[1].marker.symbol == "x"
    assert "1 dead" in figure.data[0].name and "1 of 3 units dead at level 1" in words


def test_rates_are_drawn_in_order_of_size_and_everybody_has_a_colour():
    points = [
        RatePoint(label, knob, value, size, 0.01, decibels)
        for label, knob, value, size, decibels in (
            ("HTM", "quality", 5, 30, 25),
            ("HTM", "quality", 1, 10, 20),
            ("k-means", "units", 64, 2, 14),
            ("MLP autoencoder, 16 numbers", "step", 0.4, 20, 18),
        )
    ]
    figure = rate_figure(points, quality=1)
    assert list(figure.data[0].x) == [10, 30] and list(figure.data[0].y) == [20, 25]
    assert [line.text[0] for line in figure.data[:3]] == ["quality 1", "64 units", "step 0.4"]
    assert len({line.line.color for line in figure.data[:3]}) == 3
    assert list(figure.data[3].x) == [10]  # the ring
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text
    assert "k-means from 2.0 bytes at 14.0 dB" in rate_in_words(points)


def test_fold_scores_name_the_setting_of_least_mean_error():
    assert "the least mean has 16 x 4" in made()["folds"][1]
