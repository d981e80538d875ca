"""The text page without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from htm_engine.analysis.reading import Letter
from studio.kit.letters import letters_html
from studio.text import work
from studio.text.view import surprising_words
from tests.helpers.places import ROOT
from tests.studio.waiting import end_of


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("pages/text.py").run()


def settled(app: AppTest) -> AppTest:
    """Run until the work in the background is over; AppTest has no timers."""
    end_of(app.session_state["_text_job"][1])
    return app.run()


def test_the_first_sight_is_the_shipped_example():
    app = opened()
    assert not app.exception and app.title[0].value.endswith("Text")
    assert app.metric[0].value == f"{len(work.EXAMPLE.encode()):,} bytes"
    assert "zeppelin" in " ".join(app.dataframe[0].value["word"])


def test_the_shipped_example_is_what_the_engine_says():
    *_, last = work.study_steps(work.EXAMPLE.encode(), "auto")
    assert work.to_json(last.study) == work.FILE.read_text(encoding="utf-8"), (
        "run: python -m studio.text.work"
    )
    assert work.from_json(work.to_json(last.study)).sizes == last.study.sizes


def test_a_typed_text_becomes_a_file():
    app = settled(opened(reader="blank", text="to be or not to be, to be or not to be"))
    assert not app.exception and not app.error
    assert app.metric[0].value == "38 bytes"
    assert any("Download the file" in str(b.proto.label) for b in app.get("download_button"))


def test_our_own_file_and_its_letters_come_before_the_others():
    parts = [part.study for part in work.study_steps(b"to be or not to be", "blank") if part.study]
    first = next(study for study in parts if study.letters)
    assert [name for name, _ in first.sizes] == ["HTM"] and first.file
    counts = [len(study.sizes) for study in parts]
    assert counts == sorted(counts) and counts[-1] > 3 and parts[-1].letters == first.letters


def test_what_is_typed_is_never_markup():
    html = letters_html([Letter(c, 1.0, (), ()) for c in "<script>&\"'\n"])
    assert "<script>" not in html and "&lt;" in html and html.count("<span") == 12


def test_words_are_ranked_by_their_bits():
    told = [Letter(c, 5.0 if c == "z" else 1.0, (), ()) for c in "an ox zz"]
    assert [word for word, _, _ in surprising_words(told)] == ["zz", "an", "ox"]
