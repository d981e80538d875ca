"""The app at a sub-path, as behind a reverse proxy."""

from __future__ import annotations

import urllib.request

import pytest

from .conftest import SETTLED, complaints, start_server, stop_server


@pytest.fixture
def below(tmp_path, browser):
    running = start_server(tmp_path / "server.txt", "demo")
    yield running
    stop_server(running)


def test_everything_works_at_a_sub_path(below, open_page):
    with urllib.request.urlopen(f"{below.url}/_stcore/health", timeout=60) as answer:
        assert answer.read() == b"ok"
    visit = open_page(f"{below.url}/compress?quality=3")
    page = visit.page
    page.get_by_role("button", name="Copy link").click()
    link = page.locator("[data-testid=stPopoverBody] code").first.inner_text()
    assert link.startswith(f"{below.url}/compress?") and "quality=3" in link
    for name in ("Train", "Generate", "Runs"):
        page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=name).click()
        page.get_by_role("heading", name=name).first.wait_for()
        page.locator(SETTLED).wait_for()
        assert f"/demo/{name.lower()}" in page.url
    again = open_page(link).page
    again.get_by_role("heading", name="Compress").first.wait_for()
    again.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=stMain] img')]"
        ".some(e => e.complete && e.naturalWidth)"
    )
    assert complaints(visit) == []
    foreign = [url for url in visit.requests if "127.0.0.1" not in url and "data:" not in url[:5]]
    assert not [url for url in foreign if not url.startswith("blob:")]
