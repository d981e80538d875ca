"""Every page run without a browser: its title, no exception, words for every picture.

While there is a ``pages/`` folder, AppTest runs a page by itself, without the frame around
it; what the frame does on other pages than the first is tested in the browser.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from studio.frame import PAGES

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = {info.stem: info.title for info in PAGES} | {"home": "HTM Studio"}


def run_page(stem: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    return app if stem == "home" else app.switch_page(f"pages/{stem}.py").run()


@pytest.fixture(scope="module", params=[info.stem for info in PAGES])
def opened(request):
    return request.param, run_page(request.param)


def test_page_shows_its_own_title(opened):
    stem, app = opened
    assert [title.value.split()[-1] for title in app.title] == [HEADINGS[stem].split()[-1]]


def test_page_runs_without_an_exception(opened):
    assert not opened[1].exception


def test_pictures_and_charts_have_words(opened):
    _, app = opened
    for element in app.get("imgs"):
        for image in element.proto.imgs:
            assert image.alt, f"a picture without alt= ({image.caption})"
    for kind in ("plotly_chart", "arrow_data_frame", "vega_lite_chart"):
        for element in app.get(kind):
            assert element.proto.alt, f"a {kind} without alt="


def test_sidebar_says_which_htm_this_is():
    app = run_page("home")
    assert any("Numenta" in text.value for text in app.sidebar.markdown)


def test_a_link_of_another_version_says_so():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["v"] = "99"
    assert "another version" in app.run().warning[0].value
