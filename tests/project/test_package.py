"""The package as pip installs it: a wheel of this tree, outside the tree, does what it is for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROGRAM = """
import sys
from streamlit.testing.v1 import AppTest
from studio.kit.places import APP
assert str(APP).startswith(sys.argv[1]), APP
app = AppTest.from_file(str(APP), default_timeout=120).run()
for page in ("train", "inside", "compress"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception and app.title[0].value, page
"""


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """Build the wheel and install it, alone, into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    options = ["--disable-pip-version-check", "--target", str(folder / "site"), str(wheel)]
    subprocess.run([*install, *options], check=True, capture_output=True, timeout=120)
    return folder / "site"


@pytest.fixture
def htm(installed, tmp_path):
    """Run the installed command in an empty folder; what it printed."""

    def run(*arguments: str, code: int = 0) -> str:
        environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
        command = [sys.executable, str(installed / "bin" / "htm"), *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def test_the_installed_command_trains_and_stores(htm, tmp_path, picture):
    htm("train", "digits", "--limit", "200", "--epochs", "1", "-o", "digits.npz")
    assert "digits" in htm("info", "digits.npz") or (tmp_path / "digits.npz").stat().st_size > 1000
    (tmp_path / "note.txt").write_bytes(
        b"A wheel that cannot find its models stores nothing.\n" * 3
    )
    htm("compress", "note.txt", "-o", "note.htmc")
    htm("decompress", "note.htmc", "-o", "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "note.txt").read_bytes()
    Image.fromarray(picture).save(tmp_path / "photo.png")
    htm("compress", "photo.png", "--photo", "-o", "photo.htmc")
    htm("decompress", "photo.htmc", "-o", "back.png")
    back = np.asarray(Image.open(tmp_path / "back.png")).astype(float)
    assert back.shape == picture.shape and np.abs(back - picture).mean() < 12
    assert (tmp_path / "photo.htmc").stat().st_size < (tmp_path / "photo.png").stat().st_size / 2


@pytest.fixture
def picture():
    y, x = np.mgrid[:40, :56]
    noise = np.random.default_rng(0).normal(0, 6, (40, 56, 3))
    slopes = np.stack([4 * x, 5 * y, 2 * x + 2 * y], 2)
    return np.clip(slopes + noise, 0, 255).astype(np.uint8)


def test_the_installed_dashboard_opens_its_pages(installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(installed)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    # Its settings stand beside what Streamlit runs, which is where it looks for them.
    settings = tomllib.loads((installed / "studio/site/.streamlit/config.toml").read_text())
    assert settings["browser"]["gatherUsageStats"] is False


def test_htm_studio_hands_its_options_on_and_says_what_is_missing(monkeypatch, capsys):
    from htm_engine.__main__ import main
    from htm_engine.cli import dashboard

    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, command: started.append([program, *command]))
    assert main(["studio", "--server.port=9000"]) == 0
    assert started == [
        [sys.executable, sys.executable, "-m", "studio.serving", "--server.port=9000"]
    ]
    monkeypatch.setattr(dashboard, "find_spec", lambda name: None)
    assert main(["studio"]) == 1
    assert 'pip install "htm-studio[studio]"' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["info", "x.npz", "--server.port=9000"])


def test_requirements_follow_from_the_one_list(root):
    """``.ci/lock.py`` was run after the last change of pyproject.toml."""
    program = "import lock, json; print(json.dumps(lock.requirements()))"
    environment = {**os.environ, "PYTHONPATH": str(root / ".ci")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    for name, text in json.loads(done.stdout).items():
        assert (root / name).read_text("utf-8") == text, "run: .venv/bin/python .ci/lock.py"


def test_the_wheel_leaves_out_what_only_the_tree_needs(installed):
    assert not (installed / "tests").exists() and not (installed / "benchmarks").exists()
    assert {path.name for path in Path(installed).iterdir() if path.suffix != ".dist-info"} <= {
        "htm_engine",
        "studio",
        "bin",
    }
