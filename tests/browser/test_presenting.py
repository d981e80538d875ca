"""Presentation mode: the result fills the screen, and there is a way back."""

from __future__ import annotations

import pytest

from .conftest import SETTLED, complaints


def test_a_presented_page_shows_its_result_and_no_control(server, open_page, screenshot):
    visit = open_page(f"{server.url}/compress?quality=4")
    page = visit.page
    plain = page.locator("[data-testid=stMain] img").first.bounding_box()["width"]
    page.get_by_role("button", name="Present").click()
    back = page.get_by_role("button", name="Show controls")
    back.wait_for()
    page.locator(SETTLED).wait_for()
    assert "present=1" in page.url
    for kind in ("stSidebar", "stSlider", "stFileUploader", "stPopover", "stDownloadButton"):
        # The style comes with the button and takes a moment to be drawn.
        page.locator(f"[data-testid={kind}]:visible").first.wait_for(state="hidden")
    assert page.locator("[data-testid=stMain] img:visible").count() > 0
    assert page.locator("[data-testid=stMain] img").first.bounding_box()["width"] >= plain
    box = back.bounding_box()
    assert box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 900
    screenshot(page, "present")
    back.click()
    page.locator("[data-testid=stSidebar]:visible").wait_for()
    page.locator("[data-testid=stSlider]:visible").first.wait_for()
    assert "present" not in page.url and complaints(visit) == []


@pytest.mark.parametrize("name", ["train", "inside", "runs"])
def test_a_link_opens_any_page_presented(server, open_page, name):
    visit = open_page(f"{server.url}/{name}?present=1")
    page = visit.page
    page.get_by_role("button", name="Show controls").wait_for()
    page.locator("[data-testid=stSidebar]:visible").wait_for(state="hidden")
    assert page.locator("[data-testid=stMain] button:visible", has_text="Copy link").count() == 0
    assert page.locator("[data-testid=stMain] h1:visible").count() == 1
    assert page.locator("[data-testid=stException]").count() == 0 and complaints(visit) == []
