"""What is installed, under which licences, and that SECURITY.md tells the truth about files."""

from __future__ import annotations

import re

import pytest

from htm_engine.data.uploads import UPLOAD
from htm_engine.runs.recipe import LIMITS
from htm_engine.runs.schema import LIMIT_MB
from studio.compress.photo_learn import MOST_MODEL_MB, MOST_PICTURES, MOST_PIXELS

PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in PIN.findall(text)}


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev"])
def test_a_lock_holds_what_is_asked_for_with_a_hash_each(root, stem):
    lock = (root / f"{stem}.lock").read_text("utf-8")
    held = pins(lock)
    asked = pins((root / "requirements.txt").read_text("utf-8"))
    if stem.endswith("dev"):
        asked |= pins((root / "requirements-dev.txt").read_text("utf-8"))
    assert asked.items() <= held.items()
    constrained = pins((root / "constraints.txt").read_text("utf-8"))
    assert all(constrained.get(name, version) == version for name, version in held.items())
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_every_installed_package_has_its_licence_listed(root):
    page = (root / "LICENSES.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([\w.-]+) \| (\S+) \| [^|]+ \|", page, re.MULTILINE))
    lock = dict(PIN.findall((root / "requirements-dev.lock").read_text("utf-8")))
    assert lock.items() <= listed.items()
    assert "see its files" not in page


def test_the_security_page_names_tests_and_limits_that_are_there(root):
    page = (root / "SECURITY.md").read_text("utf-8")
    for path in re.findall(r"`((?:tests|htm_engine|\.ci)/[\w/.]+\.(?:py|sh))`", page):
        assert (root / path).is_file(), path
    assert f"{UPLOAD.max_pixels // 10**6} megapixels" in page
    assert f"{UPLOAD.max_pixels_each // 10**6} and {UPLOAD.max_pixels_total // 10**6}" in page
    assert f"{UPLOAD.max_files:,}; {UPLOAD.max_total >> 20} MiB; {UPLOAD.max_ratio}" in page
    assert (
        f"| {MOST_PICTURES}, {MOST_PIXELS // 10**6} megapixels together; {MOST_MODEL_MB} MB" in page
    )
    assert f"{LIMITS['layers']} layers, {LIMITS['units']:,} units each" in page
    assert f"{LIMIT_MB:,} MB" in page
    upload = re.search(r"maxUploadSize = (\d+)", (root / ".streamlit/config.toml").read_text())
    assert upload and f"{upload[1]} MB (`server.maxUploadSize`)" in page
