"""The generate page without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/generate.py"


def opened(model=None, **query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    if model is not None:
        from studio.session import CurrentModel

        app.session_state["_current_model"] = CurrentModel(model, "numbers", "trained")
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page(PAGE).run()


def test_the_first_sight_is_drawn_pictures_beside_the_article_s():
    app = opened()
    assert not app.exception
    assert {"Drawn by the network", "Drawn by the article's generator"} <= {
        s.value for s in app.subheader
    }
    assert len(app.get("imgs") or app.get("image")) >= 4


def test_the_seed_in_the_link_decides_what_is_drawn():
    first, again, other = (
        opened(seed=seed).get("image")[0].proto.imgs[0].url for seed in (5, 5, 6)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("layers", "X"),
    [
        ((LayerSpec(4, 8, 0, winners=2, compete_on="evidence"), LayerSpec(2, 8, 0)), (60, 8, 8)),
        ((LayerSpec(4, 8, 2),), (60, 8, 8, 3)),
        ((LayerSpec(4, 8, 2),), (60, 30)),
        ((LayerSpec(4, 8, 2),), (60, 64)),
    ],
    ids=["article", "colour", "rows", "rows as large as a digit"],
)
def test_every_kind_of_network_draws(layers, X):
    model = HTM(layers, epochs=1).fit(np.random.default_rng(0).random(X))
    app = opened(model)
    assert not app.exception
    assert app.get("image")


def test_values_out_of_range_in_a_link_fall_back(caplog):
    app = opened(temperature="99", count="1000000", seed="-4", a="999999")
    assert not app.exception
    assert app.slider(key="temperature").value <= 2
