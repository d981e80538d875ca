"""A visitor's model and data: own ones first, the shipped ones otherwise, shared and untouched."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from studio.visitor import session


def draw_current():
    import streamlit as st

    from studio.visitor import session

    found = session.current()
    st.text("nothing" if found is None else f"{found.origin} {found.dataset} {found.described}")
    session.current_model()
    st.text("went on")


def texts(app):
    return [text.value for text in app.text]


@pytest.fixture(autouse=True)
def _empty_cache():
    st.cache_resource.clear()


def test_newcomer_gets_the_shipped_model():
    app = AppTest.from_function(draw_current, default_timeout=300).run()
    assert texts(app)[0].startswith("shipped digits")
    assert texts(app)[-1] == "went on"


def test_own_model_goes_before_the_shipped_one():
    app = AppTest.from_function(draw_current, default_timeout=300)
    app.session_state["_current_model"] = session.CurrentModel(object(), "scenes", "trained")
    assert texts(app.run())[0] == "trained scenes you trained on scenes"


def test_missing_model_is_said_and_ends_the_page(monkeypatch, tmp_path):
    monkeypatch.setattr(session, "SHIPPED", tmp_path / "none.npz")
    app = AppTest.from_function(draw_current, default_timeout=300).run()
    assert not app.exception
    assert "missing" in app.warning[0].value
    assert "went on" not in texts(app)


def test_damaged_model_is_said_and_ends_the_page(monkeypatch, tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"not a model")
    monkeypatch.setattr(session, "SHIPPED", tmp_path / "bad.npz")
    app = AppTest.from_function(draw_current, default_timeout=300).run()
    assert not app.exception
    assert "cannot be read" in app.error[0].value


def test_data_is_loaded_once():
    assert session.load_data("digits") is session.load_data()
