"""The series page under a real hand: a mark is clicked, and the page says why it is odd."""

from __future__ import annotations

from htm_engine.data.drawn_series import draw_series

from .conftest import SETTLED

#: Of a chart: where on the screen the given mark was drawn, from the trace of marks that is first.
PLACE = """(plot, index) => {
    const calc = plot.calcdata.find(one => one[0]?.trace.mode === 'markers');
    const box = plot.getBoundingClientRect(), full = plot._fullLayout;
    return [box.x + full.xaxis._offset + full.xaxis.d2p(calc[index].x),
            box.y + full.yaxis._offset + full.yaxis.d2p(calc[index].y), calc.length];
}"""


def test_a_clicked_mark_says_why_and_a_link_opens_all_columns(server, open_page, screenshot):
    page = open_page(f"{server.url}/series?series=spikes").page
    plot = page.locator(".st-key-series_chart .js-plotly-plot").first
    plot.locator(".scatterlayer .trace.scatter .point").nth(2).wait_for()  # first sight: 3 marks
    stamps = draw_series("spikes").data.stamps
    told = [str(stamps[place]).replace("T", " ")[:16] for place in (1930, 2700, 3411)]
    page.locator(SETTLED).wait_for()
    plot.scroll_into_view_if_needed()
    x, y, count = plot.evaluate(PLACE, 1)
    assert count == 3
    page.mouse.move(x, y)
    page.wait_for_function("plot => plot._hoverdata?.length", arg=plot.element_handle())
    page.mouse.click(x, y)
    page.get_by_text(f"{told[1]}:00: the value was").wait_for()
    page.wait_for_url("**odd=2700**")

    page = open_page(f"{server.url}/series?v=2&series=machine&odd=3222").page
    page.get_by_text("Surprised: current").wait_for()
    page.locator(".st-key-series_sizes .js-plotly-plot").wait_for()
    screenshot(page, "series-columns")
