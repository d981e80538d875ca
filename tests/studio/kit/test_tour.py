"""The tour: six steps over the pages, from any of them, and out at any of them."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from studio.kit import tour
from studio.kit.words import t
from tests.helpers.places import ROOT


def opened(stem: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page(f"pages/{stem}.py").run()


def steps_said(app: AppTest) -> list[str]:
    return [one.value for one in app.markdown if one.value.startswith("**Step ")]


@pytest.mark.parametrize("step", range(1, len(tour.STEPS) + 1))
def test_a_step_stands_on_its_page_and_leads_to_the_next_and_back(step):
    stem, _ = tour.STEPS[step - 1]
    app = opened(stem, **tour.query(step))
    assert not app.exception and not app.error and not app.warning
    (said,) = steps_said(app)
    assert said.startswith(f"**Step {step} of 6.**") and t(f"frame.tour_{stem}") in said
    links = [one.proto.query_string for one in app.get("page_link")]
    for other in {step - 1, step + 1} & set(range(1, 7)):
        assert any(f"tour={other}" in link for link in links), other


def test_the_tour_can_be_left_and_is_not_where_nobody_asked_for_it():
    app = opened("text", **tour.query(3))
    app.button(key="tour_leave").click().run()
    assert not steps_said(app) and "tour" not in app.query_params
    assert not steps_said(opened("text")) and not steps_said(opened("runs", tour="3"))
    for nonsense in ("0", "7", "x", "³"):
        assert not steps_said(opened("text", tour=nonsense))
