"""The series page under a real hand: a mark is clicked, and the page says what was surprised."""

from __future__ import annotations

from .conftest import SETTLED

#: Of a chart: where a mark was drawn on the screen, and how many are; of the uppermost panel.
PLACE = """(plot, index) => {
    const calc = plot.calcdata.find(one => one[0]?.trace.mode === 'markers');
    const box = plot.getBoundingClientRect(), full = plot._fullLayout;
    return [box.x + full.xaxis._offset + full.xaxis.d2p(calc[index].x),
            box.y + full.yaxis._offset + full.yaxis.d2p(calc[index].y), calc.length];
}"""


def test_a_link_opens_all_columns_and_a_clicked_mark_says_why(server, open_page, screenshot):
    page = open_page(f"{server.url}/series?v=2&series=machine&odd=3222").page
    plot = page.locator(".st-key-series_chart .js-plotly-plot").first
    plot.locator(".scatterlayer .trace.scatter .point").nth(2).wait_for()
    page.get_by_text("Surprised: current").wait_for()
    page.locator(SETTLED).wait_for()
    plot.scroll_into_view_if_needed()
    x, y, count = plot.evaluate(PLACE, 1)
    assert count == 3
    # The line of the score runs through the mark; the mark is what is under the pointer.
    page.mouse.move(x, y)
    page.wait_for_function("plot => plot._hoverdata?.length", arg=plot.element_handle())
    page.mouse.click(x, y)
    page.get_by_text("2026-01-21 14:00:00: the score over all columns").wait_for()
    page.get_by_text("Surprised: vibration").wait_for()
    page.wait_for_url("**odd=2388**")
    screenshot(page, "series-columns")
