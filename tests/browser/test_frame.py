"""The frame in a real browser: deep links, themes, widths, and no word to other hosts."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from studio.frame import PAGES

from .accessible import serious, unreached
from .conftest import SETTLED, STANDS_STILL, complaints, looks

INNER = PAGES[1:]
#: What a window of 1,280 x 720 has at 200 %.
DOUBLED = {"width": 640, "height": 360}


#: Whatever a browser can scroll sideways.
WIDER_THAN_THE_WINDOW = """() => ['html', '[data-testid=stMain]']
    .map(name => document.querySelector(name))
    .filter(e => e.scrollWidth > e.clientWidth + 1)
    .map(e => [e.tagName, e.scrollWidth, e.clientWidth])"""


#: What is said of each picture that has to be seen.
ALTERNATIVES = "all => all.map(e => e.role === 'presentation' || e.alt)"


#: Links of the sidebar that are marked as the page one is on.
MARKED = """() => [...document.querySelectorAll('[data-testid=stSidebar] a')]
    .filter(e => e.checkVisibility() && getComputedStyle(e).backgroundColor !== 'rgba(0, 0, 0, 0)')
    .map(e => e.getAttribute('aria-current'))"""


def opens(visit, info):
    """The page of a deep link is there, its address unchanged, and no word of an unknown page."""
    visit.page.get_by_role("heading", level=1, name=info.title).wait_for()
    visit.page.wait_for_selector("[data-testid='stSidebarNav']", state="attached")
    address = urlsplit(visit.page.url)
    assert address.path == f"/{info.stem}"
    assert parse_qs(address.query) == {"v": ["2"], "kept": ["yes"]}
    assert visit.page.locator("[role=dialog]").count() == 0


def test_deep_link_as_first_request_after_a_start_opens_its_page(fresh_server, open_page):
    visit = open_page(f"{fresh_server.url}/{INNER[0].stem}?v=2&kept=yes", ready=False)
    opens(visit, INNER[0])
    assert complaints(visit) == []


def test_home_by_name_as_first_request_after_a_start_shows_home(fresh_server, open_page):
    visit = open_page(f"{fresh_server.url}/home?v=1", ready=False)
    visit.page.get_by_role("heading", level=1, name="HTM Studio").wait_for()
    visit.page.wait_for_selector("[data-testid='stSidebarNav']", state="attached")
    assert visit.page.locator("[role=dialog]").count() == 0


@pytest.mark.parametrize("info", PAGES, ids=lambda info: info.stem)
def test_a_page_is_clean_in_every_look_and_for_every_visitor(server, open_page, screenshot, info):
    deep = info is not PAGES[0]
    visit = open_page(f"{server.url}/{info.stem}?v=2&kept=yes" if deep else server.url)
    if deep:
        opens(visit, info)
        assert info.title in visit.page.title()
    assert visit.page.evaluate(MARKED) == ["page"]
    for look in looks(visit.page):
        assert visit.page.evaluate(WIDER_THAN_THE_WINDOW) == [], look
        if "390" not in look:  # a telephone shows the same in the same colours
            assert serious(visit.page) == [], look
        alts = visit.page.locator("[data-testid=stMain] img").evaluate_all(ALTERNATIVES)
        assert all(alts), look
        screenshot(visit.page, f"{info.stem}-{look}")
    visit.page.set_viewport_size(DOUBLED)
    visit.page.evaluate(STANDS_STILL)
    assert visit.page.evaluate(WIDER_THAN_THE_WINDOW) == [], "at 200 %"
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    assert unreached(visit.page) == []
    visit.page.get_by_test_id("stSidebar").get_by_text("中文").click()
    visit.page.mouse.move(640, 450)
    visit.page.wait_for_url("**lang=zh*")
    visit.page.wait_for_selector(SETTLED)
    assert serious(visit.page) == []
    assert complaints(visit) == []
    hosts = {urlsplit(url).hostname for url in visit.requests if not url.startswith("data:")}
    assert hosts <= {"127.0.0.1", None}
    assert visit.page.locator("[data-testid=stException]").count() == 0


def test_the_sidebar_leads_to_every_page_and_says_which_htm_this_is(server, open_page):
    page = open_page(server.url).page
    menu = page.locator("[data-testid=stSidebarNav]")
    for info in INNER:  # what such an address opens is tried above, page by page
        address = menu.get_by_role("link", name=info.title).get_attribute("href")
        assert urlsplit(urljoin(page.url, address)).path == f"/{info.stem}"
    for info in (INNER[-1], INNER[0]):
        menu.get_by_role("link", name=info.title).click()
        page.get_by_role("heading", level=1, name=info.title).wait_for()
        assert urlsplit(page.url).path == f"/{info.stem}"
    sidebar = page.locator("[data-testid=stSidebar]")
    sidebar.get_by_text("Numenta").wait_for()  # it comes last
    # All that leads elsewhere begins at one line.
    present = sidebar.get_by_role("button", name="Present")
    tour = sidebar.get_by_role("link", name="Tour")
    icons = [one.get_by_test_id("stIconMaterial").bounding_box() for one in (present, tour)]
    assert icons[0]["x"] == icons[1]["x"]
