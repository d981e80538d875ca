"""What the inside page shows is what the engine says: numbers, figures and pictures."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.analysis import inspection
from htm_engine.analysis.survey import survey
from htm_engine.data.series import SeriesData
from studio.inside import work
from studio.visitor.session import SHIPPED, CurrentModel
from tests.helpers.places import ROOT
from tests.studio.waiting import until


def opened(model=None, data=None, **query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    if model is not None:
        app.session_state["_current_model"] = CurrentModel(model, "numbers", "trained")
    if data is not None:
        app.session_state["_current_dataset"] = data
    for key, value in query.items():
        app.query_params[key] = str(value)
    return app.switch_page("pages/inside.py").run()


def figures(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def array(value) -> np.ndarray:
    """Numbers of a figure, which Plotly writes in base64."""
    if not isinstance(value, dict):
        return np.array(value, float)
    flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
    return flat.reshape([int(s) for s in value.get("shape", str(flat.size)).split(",")])


def words(app: AppTest) -> str:
    return "\n".join(element.value for kind in (app.markdown, app.caption) for element in kind)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(scope="module")
def model():
    return HTM.load(SHIPPED)


def test_a_link_opens_its_unit_and_every_figure_agrees_with_the_engine(model, digits):
    app = opened(picture=7, level=1, place=2, unit="5")
    assert not app.exception
    assert "Unit 5 of level 1" in [s.value for s in app.subheader]
    view = inspection.look(model, digits.X[7])
    drawn = figures(app)
    shares = [array(json_y["marker"]["size"]) for json_y in drawn[0]["data"][:2]]
    assert shares  # a trace a level
    customs = [array(trace["customdata"]) for trace in drawn[0]["data"][:2]]
    assert [len(c) for c in customs] == [layer.units for layer in model.hierarchy_.layers]
    top, bottom = drawn[1], drawn[2]
    for figure, level in ((top, 1), (bottom, 0)):
        said = [int(text) for text in figure["data"][0]["text"]]
        assert said == model.winners(digits.X[7:8])[level].ravel().tolist()
    z = array(drawn[3]["data"][0]["z"])
    layer = model.hierarchy_.layers[0]
    evidence = float(view.rows[0][2] @ layer.w[5] + layer.b[5])
    assert z.sum() + layer.b[5] == pytest.approx(evidence, rel=1e-4)
    bars = drawn[4]["data"]
    lead = array(bars[0]["x"])[0] + array(bars[1]["x"])[0]
    assert lead == pytest.approx(inspection.first_two(view.scores(0))[2][2], rel=1e-6)
    total = survey(model, digits.X).total
    assert app.get("download_button")
    assert f"{100 * (total < total[7]).mean():.0f}%" in app.get("plotly_chart")[6].proto.alt


def test_numbers_in_words_are_the_network_s(model, digits):
    app = opened(picture=3, level=2, unit="winner")
    winner = int(model.winners(digits.X[3:4])[1].ravel()[0])
    text = words(app)
    assert f"Unit {winner} of level 2" in [s.value for s in app.subheader]
    rest = inspection.without(model, 1, winner)
    before, after = (-m.score(digits.X[3:4]) for m in (model, rest))
    assert f"{before:.5f} → **{after:.5f}**" in text
    heir = int(rest.winners(digits.X[3:4])[1].ravel()[0])
    assert f"they go to unit {heir}" in text
    wins = int((model.winners(digits.X)[1] == winner).sum())
    assert f"wins **{wins:,}** of {len(digits):,} patches" in text
    share = model.activations(digits.X[3:4])[0].ravel()[winner]
    assert f"share of {share:.1%}" in text
    table = app.dataframe[0].value
    parts = inspection.contributions(model, digits.X[3:4])
    assert table["MSE"].tolist() == [
        f"{value:.5f}" for p in parts for value in (p.prototype_errors[0], p.errors[0])
    ]


def test_patches_shown_as_wins_are_the_pixels_of_the_pictures(model, digits):
    seen = work.Surveyed(digits.X, work.shown(model, digits.X), None, survey(model, digits.X))
    pairs = seen.found.best(0, 3, 4)
    for patch, (picture, place) in zip(work.patches(model, seen, 0, pairs), pairs, strict=True):
        row, column = divmod(int(place), 2)
        own = digits.X[picture, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        assert np.allclose(patch, own / 255)


def test_an_impossible_link_shows_something_possible():
    app = opened(picture=10**9, level=99, place=12345, unit="9999")
    assert not app.exception
    assert any(re.match(r"Unit \d+ of level", s.value) for s in app.subheader)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((LayerSpec(4, 8, 0, winners=2, compete_on="evidence"), LayerSpec(2, 8, 0)), (60, 8, 8)),
        ((LayerSpec(4, 8, 2),), (60, 8, 8, 3)),
        ((LayerSpec(4, 8, 2),), (60, 30)),
        ((LayerSpec(4, 1, 2),), (60, 64)),
    ],
    ids=["article", "colour", "rows", "one unit"],
)
def test_every_kind_of_network_can_be_read(layers, shape):
    model = HTM(layers, epochs=1, coder=False).fit(np.random.default_rng(0).random(shape))
    app = opened(model)
    assert not app.exception
    assert not app.error


def test_soft_and_hard_are_compared_on_the_data_at_hand(digits):
    layers = (LayerSpec(4, 8, 2), LayerSpec(2, 6, 3))
    model = HTM(layers, epochs=1, coder=False).fit(digits.X[:300])
    app = opened(model, digits.take(300, 0))
    app.button(key="softhard").click().run()
    compared = lambda app: [  # noqa: E731
        d.value for d in app.dataframe if "competition" in d.value and len(d.value) == 2
    ]
    until(app, compared)
    (table,) = compared(app)
    assert table["competition"].tolist() == ["soft", "hard"]
    for column in ("MSE, held out", "dead units", "read-out accuracy"):
        assert len(set(table[column])) >= 1 and table[column].notna().all()
    assert not app.exception


def test_the_units_of_a_series_are_shown_once_they_are_asked_for():
    app = opened()
    assert not any("leads at" in one.value for one in app.markdown)
    app.toggle(key="series_too").set_value(True).run()
    assert not app.exception and any("leads at" in one.value for one in app.markdown)
    drawn = [one.value for one in app.markdown if "leads at" in one.value]
    values = np.where(np.arange(60) % 2, 7.0, 1.0)[:, None]
    app.session_state["_own_series"] = (SeriesData("mine.csv", values, ("load",)), 0)
    app.run()
    app.selectbox(key="series").set_value("own").run()
    assert not app.exception
    assert drawn != [one.value for one in app.markdown if "leads at" in one.value]
