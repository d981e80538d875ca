"""Links: every control is in them, old ones keep their meaning, hostile ones cost nothing."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from studio import frame
from studio.kit import controls, links
from tests.helpers.places import ROOT

#: Links as the first version wrote them, and one a control that has come since.  Never change
#: one: people have them.
FROZEN = json.loads(Path(__file__).with_name("links_v1.json").read_text(encoding="utf-8"))
#: Fields that are no settings: another page's frame, and files.
ELSEWHERE = {"language", "play"}
INPUTS = (
    "slider",
    "select_slider",
    "selectbox",
    "number_input",
    "text_input",
    "text_area",
    "toggle",
    "checkbox",
    "radio",
    "button_group",
    "multiselect",
    "date_input",
    "time_input",
)


def opened(page: str, query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def linked(app: AppTest) -> dict[str, list[str]]:
    """The query of the link that the page offers to copy."""
    (address,) = (
        block.value
        for block in app.code
        if "lang=en" in block.value and not block.value.endswith("present=1")
    )
    return parse_qs(urlsplit(address).query, keep_blank_values=True)


def listed(query) -> dict[str, list[str]]:
    return {key: value if isinstance(value, list) else [value] for key, value in query.items()}


@pytest.mark.parametrize("number", range(len(FROZEN)), ids=[link["page"] for link in FROZEN])
def test_a_link_of_the_first_version_opens_with_every_value_it_names(number):
    page, query = FROZEN[number]["page"], FROZEN[number]["query"]
    app = opened(page, query)
    assert not app.exception and not app.warning
    found = linked(app)
    named = {key: value for key, value in query.items() if key != "v"}
    assert {key: found.get(key) for key in named} == listed(named)
    assert found["v"] == [str(controls.LINK_VERSION)]


def test_the_frozen_links_name_every_control():
    """What has no frozen link could change its meaning and nobody would see."""
    named = {(link["page"], name) for link in FROZEN for name in link["query"]}
    missing = {
        (page, name)
        for page, controls in controls.CONTROLS.items()
        for name in controls
        if (page, name) not in named
    }
    # The fourth level and taller models are drawn by the same lines as the others; runs are
    # named by chance (see test_page_runs).
    assert {
        (page, name)
        for page, name in missing
        if not name.startswith(("l4", "heat")) and (page, name) != ("runs", "runs")
    } == set()


@pytest.mark.parametrize("page", controls.CONTROLS)
def test_every_field_of_a_page_is_in_its_link(page):
    query = next(link["query"] for link in FROZEN if link["page"] == page)
    app = opened(page, query)
    keys = {field.key for kind in INPUTS for field in app.get(kind) if field.key}
    assert keys - ELSEWHERE - set(controls.CONTROLS[page]) == set()
    assert keys - ELSEWHERE <= set(linked(app))


BAD = ("", "nan", "inf", "1e999", "-1", "9" * 5000, "<script>alert(1)</script>", "\x00", "None")


@pytest.mark.parametrize("page", [page for page in controls.CONTROLS if page != "home"])
def test_values_that_no_control_takes_are_left_out_and_named(page):
    numbers = [
        name
        for name, control in controls.CONTROLS[page].items()
        if isinstance(control, controls.Number | controls.Switch)
    ]
    app = opened(page, {name: BAD[i % len(BAD)] for i, name in enumerate(numbers)} | {"v": "1"})
    assert not app.exception
    assert app.warning and all(name in app.warning[0].value for name in numbers)
    usual = opened(page, {"v": "1"})
    assert linked(app) == linked(usual)
    assert app.run().warning  # a part of the page may run by itself before it is read
    app.switch_page("pages/home.py").run()
    assert not app.warning
    assert not app.switch_page(f"pages/{page}.py").run().warning


@given(st.lists(st.text(max_size=30), max_size=4), st.data())
def test_reading_a_query_never_raises(values, data):
    page = data.draw(st.sampled_from(sorted(controls.CONTROLS)))
    names = sorted(controls.CONTROLS[page])
    query = {name: values for name in names}
    read, refused = controls.understood(page, query)
    assert set(read) | set(refused) == set(names) and not set(read) & set(refused)


def kinds(control):
    """Values that a control takes."""
    if isinstance(control, controls.Number):
        low, high = control.low, control.high
        return st.integers(low, high) if control.whole else st.floats(low, high)
    if isinstance(control, controls.Span):
        ends = st.integers(control.low, control.high)
        return st.tuples(ends, ends).map(lambda pair: tuple(sorted(pair)))
    if isinstance(control, controls.Switch):
        return st.booleans()
    if isinstance(control, controls.Choice):
        return st.sampled_from(control.options or [control.default])
    if isinstance(control, controls.Several):
        return st.lists(st.text(max_size=20), max_size=5)
    return st.text(max_size=control.most)


@given(st.data())
def test_what_a_link_says_is_read_back_the_same(data):
    page = data.draw(st.sampled_from([name for name in controls.CONTROLS if name != "home"]))
    name, control = data.draw(st.sampled_from(sorted(controls.CONTROLS[page].items())))
    value = data.draw(kinds(control))
    address = links.link(f"http://host/{page}", {name: value})
    query = parse_qs(urlsplit(address).query, keep_blank_values=True)
    assert controls.understood(page, query)[0].get(name, []) == value


def test_an_older_link_is_rewritten_to_mean_what_it_meant(monkeypatch):
    """As if version 2 had halved what a quality is called."""

    def renamed(page, query):
        assert page == "compress"
        return query | {"quality": [str(2 * int(query["quality"][0]))]}

    monkeypatch.setattr(controls, "LINK_VERSION", 3)
    monkeypatch.setattr(links, "LINK_VERSION", 3)
    monkeypatch.setattr(frame, "LINK_VERSION", 3)
    monkeypatch.setattr(controls, "MIGRATIONS", {2: renamed})
    app = opened("compress", {"v": "2", "quality": "4"})
    assert not app.exception and not app.warning
    assert app.slider(key="quality").value == 8
    assert linked(app)["v"] == ["3"]
    assert opened("compress", {"v": "3", "quality": "4"}).slider(key="quality").value == 4


def test_a_page_keeps_its_values_while_the_visitor_is_elsewhere_and_to_itself():
    app = opened("formulas", {})
    app.slider(key="heat").set_value(20.0).run()
    app.number_input(key="picture").set_value(5).run()
    app.switch_page("pages/text.py").run()
    assert app.slider(key="heat").value == 0.7  # another setting of the same name
    app.selectbox(key="voice").set_value("zh").run()
    app.switch_page("pages/inside.py").run()
    assert app.number_input(key="picture").value == 0
    app.switch_page("pages/formulas.py").run()
    assert app.slider(key="heat").value == 20.0
    assert app.number_input(key="picture").value == 5
    app.switch_page("pages/text.py").run()
    assert app.selectbox(key="voice").value == "zh"
    assert not app.exception


def test_the_home_page_has_a_link_and_each_has_one_for_presenting():
    app = opened("home", {"lang": "en"})
    plain, slide = (block.value for block in app.code)
    assert plain.endswith("?v=2&wipe=50&lang=en") and slide == f"{plain}&present=1"


def test_a_link_from_before_sizes_were_chosen_means_the_preset_called_default():
    assert opened("train", {"v": "1"}).selectbox(key="preset").value == "default"
    assert opened("train", {"v": "2"}).selectbox(key="preset").value == "auto"
    assert opened("train", {"v": "1"}).session_state["data"] == "digits"
    assert opened("train", {"v": "2"}).session_state["data"] == "scenes"
    assert opened("train", {"v": "1", "preset": "quick"}).selectbox(key="preset").value == "quick"


def test_a_linked_choice_is_its_fields_own_default_on_that_visit():
    """A page that runs again before the browser has drawn a field is answered with its default."""
    app = opened("series", {"v": "2", "series": "spikes"})
    field = app.selectbox(key="series")
    assert field.options[field.proto.default] == field.proto.raw_value == "Three spikes"
