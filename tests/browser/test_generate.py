"""The generate page under a real hand: a region is drawn with the mouse, and completed."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit


def test_a_box_drawn_with_the_mouse_is_covered_and_completed(server, open_page, screenshot):
    page = open_page(f"{server.url}/generate?cover=3").page
    plot = page.locator(".st-key-region .js-plotly-plot").first
    plot.wait_for()
    plot.scroll_into_view_if_needed()
    page.get_by_text(re.compile(r"Of 64 pixels 32 are covered")).wait_for()

    def at(column, row):
        return plot.evaluate(
            """(plot, [x, y]) => {
                const full = plot._fullLayout, box = plot.getBoundingClientRect();
                return [box.x + full.xaxis._offset + full.xaxis.d2p(x),
                        box.y + full.yaxis._offset + full.yaxis.d2p(y)];
            }""",
            [column, row],
        )

    page.mouse.move(*at(2.1, 1.1))
    page.mouse.down()
    page.mouse.move(*at(4, 4), steps=5)
    page.mouse.move(*at(5.9, 6.9), steps=5)
    page.mouse.up()
    page.get_by_text(re.compile(r"Of 64 pixels 24 are covered")).wait_for()
    page.wait_for_url(re.compile("cover_columns=2&cover_columns=6"))
    query = parse_qs(urlsplit(page.url).query)
    assert query["cover_rows"] == ["1", "7"]
    assert query["cover_columns"] == ["2", "6"]
    assert page.locator("[data-testid=stException]").count() == 0
    screenshot(page, "generate-box")
    again = open_page(page.url).page
    again.get_by_text(re.compile(r"Of 64 pixels 24 are covered")).wait_for()


def test_sixty_four_pictures_are_redrawn_while_one_looks(server, open_page):
    page = open_page(f"{server.url}/generate?count=64").page
    first = page.get_by_alt_text(re.compile("^64 pictures drawn by the network")).first
    first.wait_for()
    before = first.get_attribute("src")
    seed = page.get_by_role("spinbutton", name="Seed")
    seed.fill("5")
    waited = page.evaluate(
        """async ([before]) => {
            const began = performance.now();
            const now = () => [...document.querySelectorAll('img')]
                .find(e => e.alt.startsWith('64 pictures drawn by the network'));
            document.activeElement.blur();
            while (now()?.getAttribute('src') === before && performance.now() - began < 10000)
                await new Promise(done => setTimeout(done, 20));
            return performance.now() - began;
        }""",
        [before],
    )
    print(f"64 pictures redrawn in {waited / 1000:.2f} s")
    assert waited < 4000
