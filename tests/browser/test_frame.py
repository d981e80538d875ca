"""The frame in a real browser: deep links, themes, widths, and no word to other hosts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from studio.frame import PAGES

INNER = PAGES[1:]


@pytest.mark.parametrize("info", INNER, ids=lambda info: info.stem)
def test_deep_link_as_first_request_after_a_start_opens_its_page(fresh_server, open_page, info):
    visit = open_page(f"{fresh_server.url}/{info.stem}?v=2&kept=yes", ready=False)
    visit.page.get_by_role("heading", level=1, name=info.title).wait_for()
    visit.page.wait_for_selector("[data-testid='stSidebarNav']", state="attached")
    address = urlsplit(visit.page.url)
    assert address.path == f"/{info.stem}"
    assert parse_qs(address.query) == {"v": ["2"], "kept": ["yes"]}
    assert visit.page.locator("[role=dialog]").count() == 0
    assert visit.errors == []


def test_home_by_name_as_first_request_after_a_start_shows_home(fresh_server, open_page):
    visit = open_page(f"{fresh_server.url}/home?v=1", ready=False)
    visit.page.get_by_role("heading", level=1, name="HTM Studio").wait_for()
    visit.page.wait_for_selector("[data-testid='stSidebarNav']", state="attached")
    assert visit.page.locator("[role=dialog]").count() == 0


@pytest.mark.parametrize("info", PAGES, ids=lambda info: info.stem)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_clean_in_both_themes(server, open_page, screenshot, info, scheme):
    path = "" if info is PAGES[0] else info.stem
    visit = open_page(f"{server.url}/{path}", scheme=scheme)
    assert info.title in visit.page.title() or info is PAGES[0]
    screenshot(visit.page, f"{info.stem}-{scheme}")
    assert visit.errors == []
    hosts = {urlsplit(url).hostname for url in visit.requests if not url.startswith("data:")}
    assert hosts <= {"127.0.0.1", None}
    assert visit.page.locator("[data-testid=stException]").count() == 0


@pytest.mark.parametrize("info", PAGES, ids=lambda info: info.stem)
def test_nothing_is_wider_than_a_telephone(server, open_page, screenshot, info):
    path = "" if info is PAGES[0] else info.stem
    visit = open_page(f"{server.url}/{path}", width=390, height=844)
    screenshot(visit.page, f"{info.stem}-narrow")
    wide = visit.page.evaluate(
        """() => ['html', '[data-testid=stMain]']
            .map(name => document.querySelector(name))
            .filter(e => e.scrollWidth > e.clientWidth + 1)
            .map(e => [e.tagName, e.scrollWidth, e.clientWidth])"""
    )
    assert wide == []


def test_navigation_leads_to_every_page(server, open_page):
    visit = open_page(server.url)
    for info in INNER:
        menu = visit.page.locator("[data-testid=stSidebarNav]")
        menu.get_by_role("link", name=info.title).click()
        visit.page.get_by_role("heading", level=1, name=info.title).wait_for()
        assert urlsplit(visit.page.url).path == f"/{info.stem}"


def test_sidebar_says_which_htm_this_is(server, open_page):
    visit = open_page(f"{server.url}/train")
    assert "Numenta" in visit.page.locator("[data-testid=stSidebar]").inner_text()
