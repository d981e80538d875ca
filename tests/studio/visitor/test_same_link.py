"""The same link shows the same: bytes of figures, pictures and words of two fresh servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LINKS = [
    ("home", {"v": "1"}),
    ("train", {"v": "1", "data": "scenes", "preset": "quick", "epochs": "3", "shown": "1"}),
    ("inside", {"v": "1", "picture": "12", "level": "1", "unit": "5"}),
    ("compress", {"v": "1", "quality": "4", "picture": "33"}),
    ("generate", {"v": "1", "seed": "9", "count": "16"}),
    ("formulas", {"v": "1", "picture": "7", "steps": "3", "lang": "zh"}),
    ("text", {"v": "1", "prompt": "The sea", "text_seed": "5", "heat": "0.9"}),
    ("runs", {"v": "1", "find": "nothing of the kind"}),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """What two processes show that know nothing of each other."""
    children = []
    for number in range(2):
        data = str(tmp_path_factory.mktemp(f"data{number}"))
        children.append(
            subprocess.Popen(
                [sys.executable, "tests/studio/visitor/same_link_child.py"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"HTM_STUDIO_DATA": data, "PYTHONHASHSEED": str(number)},
            )
        )
    said = [child.communicate(json.dumps(LINKS), timeout=600)[0] for child in children]
    return [[json.loads(line) for line in text.splitlines()] for text in said]


@pytest.mark.parametrize("number", range(len(LINKS)), ids=[page for page, _ in LINKS])
def test_the_same_link_shows_the_same_on_two_fresh_servers(servers, number):
    one, other = (server[number] for server in servers)
    assert one["failed"] == other["failed"] == 0
    assert sum(map(len, one["shown"].values())) > 5
    for kind, values in one["shown"].items():
        assert values == other["shown"][kind], kind
    if one["page"] in ("train", "inside", "compress", "generate", "home"):
        assert one["shown"]["pictures"]


def test_another_link_shows_something_else(servers):
    """The comparison would see a difference."""
    shown = [json.dumps(page["shown"], sort_keys=True) for page in servers[0]]
    assert len(set(shown)) == len(LINKS)
