"""What DEPLOY.md and the Dockerfile say is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

OWN = re.compile(r"HTM_STUDIO_\w+")


def test_every_setting_that_is_read_is_listed_and_every_listed_one_is_read(root):
    read = set()
    for folder in ("htm_engine", "studio", "pages"):
        for path in (root / folder).rglob("*.py"):
            read |= set(re.findall(r'"(HTM_STUDIO_\w+)"', path.read_text("utf-8")))
    listed = set(re.findall(r"^\| `(HTM_STUDIO_\w+)`", (root / "DEPLOY.md").read_text(), re.M))
    assert read == listed != set()


@pytest.mark.parametrize("name", ["Dockerfile", "DEPLOY.md", "README.md", "SECURITY.md"])
def test_no_page_names_a_setting_that_is_not_there(root, name):
    known = set(OWN.findall((root / "DEPLOY.md").read_text("utf-8")))
    assert set(OWN.findall((root / name).read_text("utf-8"))) <= known


def test_the_container_has_what_the_app_needs_and_runs_as_nobody_special(root):
    said = (root / "Dockerfile").read_text("utf-8")
    copied = set(re.findall(r"^COPY (\S+)", said, re.M))
    assert {"app.py", "assets", "htm_engine", "pages", "studio", ".streamlit"} <= copied
    assert all((root / name).exists() for name in copied)
    allowed = set(re.findall(r"^!(\S+)", (root / ".dockerignore").read_text(), re.M))
    assert allowed == copied
    assert "--require-hashes" in said and "HEALTHCHECK" in said and "/_stcore/health" in said
    assert said.index("\nUSER studio") < said.index("\nCMD")


def test_what_run_starts_imports_before_it_answers_what_pages_need(root):
    """Who opens a page first would wait for it, and every page for a search through it."""
    program = """
import gc
import sys
from studio import serving
serving.load()
assert len(gc.get_objects()) < 20_000 < gc.get_freeze_count()
from streamlit.testing.v1 import AppTest
had = set(sys.modules)
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
for page in ("train", "inside", "formulas"):
    assert not app.switch_page(f"pages/{page}.py").run().exception
print(*sorted(set(sys.modules) - had))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(root / "app.py")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    late = done.stdout.split()
    assert "studio.train.view" in late  # the pages ran
    heavy = ("htm_engine", "scipy", "pandas", "skimage", "numba", "sklearn")
    kept = ("sklearn.datasets.",)  # empty packages that hold data
    slow = [name for name in late if name.startswith(heavy) and not name.startswith(kept)]
    assert not slow
    assert "studio.serving" in (root / "run").read_text() + (root / "Dockerfile").read_text()
