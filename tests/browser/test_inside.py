"""The inside page under a real hand: a unit or a patch is clicked, and the page answers."""

from __future__ import annotations

import re
import time

from htm_engine import HTM, load_dataset
from studio.visitor.session import SHIPPED

from .conftest import SETTLED

#: Seconds that a click's answer may take on the machine that runs the tests, which shares its
#: cores with the browser and the server; the aim on a free one is 0.3.
PATIENCE = 2.0


def chart(page, key):
    return page.locator(f".st-key-{key} .js-plotly-plot").first


def standing(page, plot):
    """Wait until a chart keeps its place: what loads above or beside it may still push it."""
    before = None
    while (now := plot.bounding_box()) != before:
        before = now
        page.wait_for_timeout(150)


def click_mark(page, key, trace, index):
    """Click where Plotly drew a mark, as a hand would; the place is read off its own scales."""
    plot = chart(page, key)
    plot.locator(".main-svg").first.wait_for()
    page.locator(SETTLED).wait_for()
    plot.scroll_into_view_if_needed()
    standing(page, plot)
    x, y = plot.evaluate(
        """(plot, [trace, index]) => {
            const full = plot._fullLayout, box = plot.getBoundingClientRect();
            const calc = plot.calcdata[trace][index];
            return [box.x + full.xaxis._offset + full.xaxis.d2p(calc.x),
                    box.y + full.yaxis._offset + full.yaxis.d2p(calc.y)];
        }""",
        [trace, index],
    )
    plot.evaluate("plot => { plot._hoverdata = undefined }")
    page.mouse.move(x, y)
    # Plotly finds what is under the pointer before it takes a click.
    page.wait_for_function("plot => plot._hoverdata?.length", arg=plot.element_handle())
    began = time.perf_counter()
    page.mouse.click(x, y)
    return began


def heading(page, text):
    found = page.get_by_role("heading", name=re.compile(text))
    found.wait_for()
    return time.perf_counter()


def test_a_click_is_answered_with_the_units_own_numbers_and_scores_come_down(
    server, open_page, screenshot, tmp_path
):
    page = open_page(f"{server.url}/inside?picture=4").page
    chart(page, "units").wait_for()
    waits = []
    for level, unit in ((0, 7), (1, 9), (0, 20)):
        began = click_mark(page, "units", level, unit)
        waits.append(heading(page, f"^Unit {unit} of level {level + 1}$") - began)
    model, digits = HTM.load(SHIPPED), load_dataset("digits").X
    wins = int((model.winners(digits)[0] == 20).sum())
    page.get_by_text(f"wins {wins:,} of {4 * len(digits):,} patches").wait_for()
    page.wait_for_url(re.compile("level=1&.*unit=20|unit=20&.*level=1"))
    print("seconds from click to answer:", [round(wait, 2) for wait in waits])
    assert min(waits) < PATIENCE
    screenshot(page, "inside-clicked")
    # A patch of the picture says who won it.
    page.get_by_role("tab", name="Level 1").click()
    chart(page, "map1").wait_for()
    click_mark(page, "map1", 0, 3)
    winner = int(model.winners(digits[4:5])[0].ravel()[3])
    heading(page, f"^Unit {winner} of level 1$")
    page.get_by_text(f"Patch 3 of picture 4 went to unit {winner}").wait_for()
    page.wait_for_url(re.compile("place=3"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all scores (CSV)").click()
    download.value.save_as(tmp_path / "scores.csv")
    lines = (tmp_path / "scores.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("picture,label,surprise_bits")
    assert len(lines) == len(digits) + 1
    assert page.locator("[data-testid=stException]").count() == 0
