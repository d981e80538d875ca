"""The generate page without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec
from tests.helpers.places import ROOT

PAGE = "pages/generate.py"


def opened(model=None, **query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    if model is not None:
        from studio.visitor.session import CurrentModel

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


def urls(app):
    return [picture.url for element in app.get("image") for picture in element.proto.imgs]


@pytest.mark.parametrize(
    ("key", "value"),
    [("temperature", "0.3"), ("heat1", "1.5"), ("kind", "7"), ("seed", "4"), ("count", "32")],
)
def test_every_setting_of_the_link_changes_what_is_drawn(key, value):
    assert urls(opened(**{key: value}))[0] != urls(opened())[0]


def test_a_class_in_the_link_is_drawn_and_an_unknown_one_falls_back():
    app = opened(kind="7")
    assert app.selectbox(key="kind").value == "7"
    assert not opened(kind="horse").exception
    assert opened(kind="horse").selectbox(key="kind").value == "any"


def test_covering_another_region_changes_the_completion_and_all_of_it_is_refused():
    first, other = (opened(cover_rows=rows) for rows in (["2", "5"], ["4", "8"]))
    assert "24" in next(m.value for m in first.markdown if "are covered" in m.value)
    assert "32" in next(m.value for m in other.markdown if "are covered" in m.value)
    every = opened(cover_rows=["0", "8"], cover_columns=["0", "8"])
    assert not every.exception
    assert any("Everything is covered" in info.value for info in every.info)


def test_the_way_comes_as_a_moving_picture_too():
    app = opened(moving="true", a="3", b="8")
    assert not app.exception
    assert any(url.endswith(".gif") for url in urls(app))


def test_a_gif_goes_there_and_back():
    import io

    from PIL import Image

    from studio.kit.pictures import gif

    film = Image.open(io.BytesIO(gif(np.linspace(0, 1, 5)[:, None, None] * np.ones((5, 4, 4)))))
    assert film.n_frames == 8
    brightness = []
    for frame in range(8):
        film.seek(frame)
        brightness.append(np.asarray(film.convert("L")).mean())
    assert brightness[:5] == sorted(brightness[:5])
    assert brightness[4:] == sorted(brightness[4:], reverse=True)


def test_values_out_of_range_in_a_link_fall_back(caplog):
    app = opened(temperature="99", count="1000000", seed="-4", a="999999")
    assert not app.exception
    assert app.slider(key="temperature").value <= 2
