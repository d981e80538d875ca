"""A report in a browser that is offline: drawn whole, and printed on a few pages."""

from __future__ import annotations

import re

from studio.report import story
from tests.studio.report.test_story import digits, told  # noqa: F401


def test_a_report_is_whole_without_a_network_and_prints(browser, told, tmp_path, screenshot):  # noqa: F811
    path = tmp_path / "report.html"
    path.write_text(story.page(told), encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 1000})
    page = context.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(f"file://{path}")
    drawn = page.locator("img").evaluate_all("all => all.map(e => e.complete && e.naturalWidth)")
    assert drawn and all(drawn)
    for line in page.locator("svg polyline").all():
        assert line.bounding_box()["height"] > 5
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest <= 900
    assert not [url for url in asked if not url.startswith(("file:", "data:"))] and not errors
    screenshot(page, "report")
    # On paper everything is open and dark on white, whatever the reader's screen is.
    page.emulate_media(media="print", color_scheme="dark")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert page.locator("td", has_text="1024 units").bounding_box()["height"] > 10
    assert page.evaluate("[...document.querySelectorAll('details')].every(e => e.open)")
    pdf = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8
    context.close()
