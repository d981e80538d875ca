"""Home in a real browser: its first screen, its links, and what a visitor puts in."""

from __future__ import annotations

import io
import re
from urllib.parse import urljoin, urlsplit

import numpy as np
import pytest
from PIL import Image

from studio.frame import PAGES
from studio.kit.controls import LINK_VERSION

from .conftest import PATIENCE, SETTLED, STANDS_STILL, complaints

SECONDS = PATIENCE * 1000
#: Pictures of the first screen: two under the divider, and two sheets.
PICTURES = 4


def pictures(page):
    """All pictures of the page, those under the divider too, once every one is there."""
    found = page.locator("[data-testid=stMain] img")
    found.nth(PICTURES - 1).wait_for()
    for place in range(PICTURES):
        found.nth(place).evaluate("e => e.decode()")
    assert found.count() == PICTURES
    return found


def lower_edge(locator):
    box = locator.bounding_box()
    assert box is not None and box["width"] > 50
    return box["y"] + box["height"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_first_screen_has_all_three_results_without_a_click(
    server, open_page, screenshot, language
):
    # In the dark as well: the pictures are what a first paint in either shows.
    scheme = {"en": "light", "zh": "dark"}[language]
    visit = open_page(f"{server.url}/?lang={language}", height=720, scheme=scheme)
    page, found = visit.page, pictures(visit.page)
    for place in range(PICTURES):
        assert lower_edge(found.nth(place)) < 720
        assert found.nth(place).get_attribute("alt")
    assert lower_edge(page.get_by_text("Brotli 11")) < 720
    last = page.locator("[data-testid=stHtml] span").last
    assert last.inner_text() == "." and last.bounding_box()["y"] < 690
    # What each is stands on the picture itself.
    for name in ("HTM", "JPEG"):
        page.get_by_text(re.compile(rf"^{name} · [\d,]+ (bytes|字节) · \d\d\.\d dB$")).wait_for()
    screenshot(page, f"home-{scheme}-{language}")
    assert complaints(visit) == []


def test_the_divider_moves_under_the_hand_and_in_the_link(server, open_page):
    visit = open_page(f"{server.url}/?wipe=30")
    page = visit.page
    handle = page.get_by_role("slider", name="Divider between the two pictures")
    handle.focus()
    assert handle.get_attribute("aria-valuenow") == "30"
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("wipe=32"), timeout=SECONDS)
    assert complaints(visit) == []


def test_links_are_whole_and_lead_to_every_page_and_to_finished_things(
    server, open_page, screenshot
):
    page = open_page(server.url).page
    pictures(page)
    for width in (390, 1920, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(STANDS_STILL)
        cut = page.evaluate(
            """() => [...document.querySelector('[data-testid=stMain]')
                .querySelectorAll('[data-testid=stPageLink] *')]
                .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
                .map(e => e.textContent)"""
        )
        assert cut == [], width
        screenshot(page, f"home-{width}")
    links = page.locator("[data-testid=stMain]").get_by_role("link")
    for info in PAGES[1:]:
        address = links.filter(has_text=re.compile(f"{info.title}$")).get_attribute("href")
        assert urlsplit(urljoin(page.url, address)).path == f"/{info.stem}"
    last = PAGES[-1].title
    links.filter(has_text=re.compile(f"{last}$")).click()
    page.get_by_role("heading", level=1, name=last).wait_for()
    page.go_back()
    page.get_by_role("heading", level=1, name="HTM Studio").wait_for()
    # One to a finished thing says what it opens.
    page.get_by_role("link", name="What a unit stands for").click()
    page.get_by_role("heading", level=1, name="Inside").wait_for()
    page.wait_for_url("**/inside?*unit=5*")
    assert urlsplit(page.url).query.startswith(f"v={LINK_VERSION}&")


def photograph():
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_put_in_is_there_on_compress_and_home_is_free_again(server, open_page, upload):
    visit = open_page(server.url)
    page = visit.page
    upload(page.locator(".st-key-home_files"), "mine.png", photograph())
    page.get_by_role("heading", level=1, name="Compress").wait_for()
    page.wait_for_url("**/compress?*what=photo*")
    page.get_by_role("button", name="mine.png").wait_for()
    page.locator("[data-testid=stSidebarNav]").get_by_role("link", name="Home").click()
    page.get_by_role("heading", level=1, name="HTM Studio").wait_for()
    page.locator(SETTLED).wait_for()
    page.wait_for_timeout(1000)  # it must not go on to Compress again
    assert page.get_by_role("heading", level=1).inner_text() == "HTM Studio"
    page.locator("[data-testid=stSidebarNav]").get_by_role("link", name="Compress").click()
    page.get_by_role("button", name="mine.png").wait_for()
    # Pages left at once, and pictures exchanged for better ones, are asked for in vain.
    assert [line for line in visit.errors if "/media/" not in line] == []


def test_what_is_written_is_asked_of_the_model(server, open_page):
    visit = open_page(server.url)
    page = visit.page
    field = page.locator(".st-key-home_text textarea, [data-testid=stChatInputTextArea]").first
    field.fill("No zeppelin & no fog?")
    field.press("Enter")
    page.get_by_role("heading", level=1, name="Text").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('textarea')].some(e => e.value.startsWith('No zepp'))"
    )
    assert complaints(visit) == []
