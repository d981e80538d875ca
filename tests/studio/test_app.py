"""Every page run without a browser: its title, no exception, words for every picture.

While there is a ``pages/`` folder, AppTest runs a page by itself, without the frame around
it; what the frame does on other pages than the first is tested in the browser.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from studio.frame import PAGES
from tests.helpers.places import ROOT

HEADINGS = {info.stem: info.title for info in PAGES} | {"home": "HTM Studio"}


def run_page(stem: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    return app if stem == "home" else app.switch_page(f"pages/{stem}.py").run()


@pytest.fixture(scope="module", params=[info.stem for info in PAGES])
def opened(request):
    return request.param, run_page(request.param)


def test_page_shows_its_own_title(opened):
    stem, app = opened
    assert [title.value.split()[-1] for title in app.title] == [HEADINGS[stem].split()[-1]]


def test_page_runs_without_an_exception(opened):
    assert not opened[1].exception


def silent(app: AppTest) -> list[str]:
    """Pictures, charts and tables that say nothing to those who cannot see them."""
    found = [
        f"picture {picture.caption!r}"
        for element in app.get("image")
        for picture in element.proto.imgs
        if not picture.alt
    ]
    for kind in ("plotly_chart", "vega_lite_chart", "arrow_vega_lite_chart"):
        found += [kind for element in app.get(kind) if not element.proto.alt]
    return found + ["dataframe" for element in app.dataframe if not element.proto.alt]


def test_pictures_charts_and_tables_have_words(opened):
    stem, app = opened
    assert silent(app) == []
    assert stem != "home" or app.get("image")


def draw_without_words():
    import numpy as np
    import plotly.graph_objects as go
    import streamlit as st

    st.image(np.zeros((2, 2), np.uint8), caption="mute")
    st.image(np.zeros((2, 2), np.uint8), alt="Black")
    st.plotly_chart(go.Figure())
    st.line_chart({"a": [1, 2]})
    st.dataframe({"a": [1]})


def test_missing_words_are_found():
    app = AppTest.from_function(draw_without_words, default_timeout=300).run()
    assert len(silent(app)) == 4


def test_sidebar_says_which_htm_this_is():
    app = run_page("home")
    assert any("Numenta" in text.value for text in app.sidebar.markdown)


def test_a_link_of_another_version_says_so():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.query_params["v"] = "99"
    assert "another version" in app.run().warning[0].value


def test_home_does_not_wait_for_the_engine_or_scikit_learn():
    """They take longer to import than everything that the first paint needs.

    Only the thread that imports them afterwards is left out: what draws the page may not.
    """
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "from studio import frame; frame._warm_up = lambda: None\n"
        f"app = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=300).run()\n"
        "assert app.get('image') and not app.exception\n"
        "print(sorted({'sklearn', 'scipy', 'htm_engine.model', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_engine_is_imported_once_the_page_is_drawn():
    code = (
        "import sys, time; from streamlit.testing.v1 import AppTest\n"
        f"AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=300).run()\n"
        "import threading\n"
        "[t.join(60) for t in threading.enumerate() if t.name == 'warm-up']\n"
        "print('htm_engine.estimator.network' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"
