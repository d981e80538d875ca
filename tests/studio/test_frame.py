"""Links carry every value, in the words that Streamlit's bound widgets read."""

from __future__ import annotations

import importlib.util
from urllib.parse import parse_qs, urlsplit

import pytest

from studio.frame import JOBS, PAGES, WARM_UP
from studio.kit.links import link


def query(address):
    return parse_qs(urlsplit(address).query, keep_blank_values=True)


def test_link_carries_every_value_and_its_version():
    values = {"units": 64, "rate": 0.02, "live": False, "word": "a b&c", "levels": [1, 2]}
    assert query(link("http://host/train", values)) == {
        "v": ["2"],
        "units": ["64"],
        "rate": ["0.02"],
        "live": ["false"],
        "word": ["a b&c"],
        "levels": ["1", "2"],
    }


def test_link_keeps_the_page_and_drops_the_old_query():
    address = link("https://host:1/base/train?units=3#there", {"units": 4})
    assert address == "https://host:1/base/train?v=2&units=4"


def test_pages_have_different_addresses_and_titles():
    assert len({info.stem for info in PAGES}) == len({info.title for info in PAGES}) == len(PAGES)


@pytest.mark.parametrize("name", [*WARM_UP, JOBS])
def test_modules_that_are_named_by_strings_are_there(name):
    assert importlib.util.find_spec(name) is not None
