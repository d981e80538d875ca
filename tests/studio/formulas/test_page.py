"""The formulas page: its numbers are the engine's, and a step does what it says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec
from htm_engine.data.series import SeriesData
from htm_engine.model import competition
from studio.formulas import walkthrough
from tests.helpers.places import ROOT

#: The chart of activations in a real network, after the three of the small one.
SHARES = 3


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    layers = (LayerSpec(patch=4, units=9, rank=3), LayerSpec(patch=2, units=7, rank=4))
    return HTM(layers, epochs=2, coder=False).fit(digits[:500])


def opened(model=None, **query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    if model is not None:
        from studio.visitor.session import CurrentModel

        app.session_state["_current_model"] = CurrentModel(model, "numbers", "trained")
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("pages/formulas.py").run()


@pytest.mark.parametrize("level", [0, 1])
def test_numbers_on_the_page_are_those_of_the_layer(model, digits, level):
    walk = walkthrough.begin(model, digits[3], level, 0)
    now = walkthrough.stand(walk, 2)
    h = model.hierarchy_
    maps = model.batch(digits[3:4], np.array([0])).astype(float)
    row = h.rows(level, h.input_of(level, maps))[:1]
    layer = h.layers[level]
    assert np.allclose(now.evidence, layer.evidence(row)[0])
    assert np.allclose(now.errors, layer.errors(row)[0], atol=1e-4)
    assert np.allclose(now.kept, competition.compete(layer.activation(row), 2)[0])


@pytest.mark.parametrize("temperature", [1.0, 8.0])
def test_analytic_and_numeric_derivatives_agree(model, digits, temperature):
    for row in walkthrough.check(walkthrough.begin(model, digits[0], 1, 0, temperature)):
        assert row.difference <= 1e-5 * max(1.0, row.largest)


def test_steps_lower_the_surprise_and_leave_the_model_alone(model, digits):
    before = model.fingerprint
    walk = walkthrough.begin(model, digits[0], 0, 0)
    losses = [walkthrough.stand(walk).loss]
    for _ in range(5):
        walk = walkthrough.step(walk, 0.05)
        losses.append(walkthrough.stand(walk).loss)
    assert losses == sorted(losses, reverse=True)
    assert model.fingerprint == before


def test_a_click_makes_a_step_and_reset_takes_it_back():
    app = opened()
    assert not app.exception
    assert any("No step has been made" in m.value for m in app.markdown)
    app.button(key="step").click().run()
    app.button(key="step").click().run()
    assert any("**2 steps** made" in m.value for m in app.markdown)
    app.button(key="reset").click().run()
    assert any("No step has been made" in m.value for m in app.markdown)


def test_temperature_and_winners_move_the_bars_at_once():
    app = opened()

    def bars():
        return app.get("plotly_chart")[SHARES].proto.spec

    first = bars()
    app.slider(key="heat").set_value(20.0).run()
    second = bars()
    app.slider(key="winners").set_value(5).run()
    assert len({first, second, bars()}) == 3


def test_the_small_network_learns_by_a_click_or_by_dragging():
    app = opened(points="lines", rank="1")

    def specs():
        return [chart.proto.spec for chart in app.get("plotly_chart")[:SHARES]]

    before = specs()
    app.button(key="one_step").click().run()
    after_one = specs()
    assert app.slider(key="at").value == 1
    assert all(a != b for a, b in zip(before, after_one, strict=True))
    app.slider(key="at").set_value(200).run()
    assert any("After **200** steps" in m.value for m in app.markdown)
    app.button(key="no_step").click().run()
    assert specs() == before
    app.slider(key="warmth").set_value(4.0).run()
    assert specs()[0] != before[0]


def test_a_program_stands_beside_every_formula():
    app = opened()
    # What colours a program is large: it is sent once somebody looks.
    assert not [code for code in app.code if code.language == "python"]
    for name in ("hand", "evidence", "shares", "loss", "step", "pca"):
        app.session_state[f"code_{name}"] = True
    programs = [code.value for code in app.run().code]
    assert sum("from htm_engine import" in program for program in programs) == 5
    assert any("penalty-reward" in program for program in programs)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((LayerSpec(4, 8, 0, winners=2, compete_on="evidence"), LayerSpec(2, 8, 0)), (60, 8, 8)),
        ((LayerSpec(4, 8, 2), LayerSpec(4, 8, 2)), (60, 8, 8, 3)),
        ((LayerSpec(4, 8, 2),), (60, 30)),
        ((LayerSpec(4, 1, 2),), (60, 8, 8)),
    ],
    ids=["article", "colour", "rows", "one unit"],
)
def test_every_kind_of_network_is_explained(layers, shape):
    model = HTM(layers, epochs=1).fit(np.random.default_rng(0).random(shape))
    app = opened(model, level=str(len(layers)))
    assert not app.exception
    assert not app.error


def test_links_out_of_range_still_show_the_page():
    app = opened(level="99", picture="-3", place="9999", heat="1e9", winners="many")
    assert not app.exception
    assert app.latex


def test_the_keyboard_is_not_stopped_by_a_mark_of_help_at_every_control():
    app = opened()
    kinds = (app.number_input, app.slider, app.selectbox, app.select_slider)
    controls = [one for kind in kinds for one in kind]
    assert len(controls) >= 12
    assert sum(bool(one.help) for one in controls) <= 2


def test_the_same_walk_is_there_with_a_series_numbers():
    app = opened()
    app.toggle(key="series_too").set_value(True).run()
    assert not app.exception
    assert any("median}_w" in one.value for one in app.latex)
    before = [one.value for one in app.markdown if "leads" in one.value]
    app.number_input(key="value").set_value(50).run()
    assert before and [one.value for one in app.latex if "bits" in one.value]


def test_the_walk_is_through_a_series_of_ones_own_where_there_is_one():
    app = opened()
    app.toggle(key="series_too").set_value(True).run()
    assert not any("mine.csv" in one for one in app.selectbox(key="series").options)
    values = np.where(np.arange(30) % 2, 7.0, 1.0)[:, None]
    values[20] = np.nan
    app.session_state["_own_series"] = (SeriesData("mine.csv", values, ("load",)), 0)
    app.run()
    app.selectbox(key="series").set_value("own").run()
    assert app.selectbox(key="series").options[-1] == "mine.csv: load"
    assert app.number_input(key="value").value == 30 and not app.exception
    app.number_input(key="value").set_value(16).run()
    assert any("**7**" in one.value for one in app.markdown)
    app.session_state["code_series"] = True
    app.run()
    assert any("read_table(\"your-table.csv\", ['load'])" in one.value for one in app.code)
    app.session_state["_own_series"] = (SeriesData("mine.csv", values, ("",)), 0)  # without a name
    app.run()
    assert any("read_table(\"your-table.csv\", [''])" in one.value for one in app.code)
    app.number_input(key="value").set_value(21).run()  # the gap
    assert any("no value here" in one.value for one in app.info) and not app.exception


def test_a_link_to_somebodys_own_series_says_that_it_stays_with_them():
    app = opened(series_too="true", series="own", v="2")
    assert not app.exception and any("somebody's own" in one.value for one in app.info)
    app.number_input(key="value").set_value(50).run()
    assert any("somebody's own" in one.value for one in app.info)
    app.selectbox(key="series").set_value("spikes").run()
    assert not any("somebody's own" in one.value for one in app.info)
