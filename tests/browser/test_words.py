"""Two languages in a real browser: the switch, the address, other pages, the copied link."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from .conftest import complaints


def language_of(page):
    return parse_qs(urlsplit(page.url).query).get("lang")


def test_the_switch_makes_every_page_chinese_and_the_link_says_so(server, open_page, screenshot):
    visit = open_page(server.url)
    page = visit.page
    page.get_by_role("heading", name="What to do next").wait_for()
    assert language_of(page) is None
    page.get_by_test_id("stSidebar").get_by_text("中文").click()
    page.get_by_role("heading", name="接下来做什么").wait_for()
    assert language_of(page) == ["zh"]
    screenshot(page, "home-zh")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="训练", exact=False).first.click()
    page.get_by_role("heading", level=1, name="训练").wait_for()
    page.wait_for_url("**/train?*lang=zh*")
    page.get_by_role("button", name="复制链接").click()
    link = page.get_by_test_id("stCode").first.inner_text()
    assert "lang=zh" in link
    assert complaints(visit) == []


def test_a_chinese_browser_is_answered_in_chinese_and_a_link_decides(server, open_page):
    page = open_page(f"{server.url}/runs", locale="zh-CN").page
    page.get_by_role("heading", level=1, name="训练记录").wait_for()
    page.goto(f"{server.url}/runs?lang=en")
    page.get_by_role("heading", level=1, name="Runs").wait_for()
