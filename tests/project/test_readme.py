"""What the README says can be done is done here, word for word."""

from __future__ import annotations

import re
import runpy
import shlex

import pytest

from htm_engine.__main__ import main
from tests.helpers.places import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.S)


def test_the_python_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.py").write_text("\n".join(blocks("python")), encoding="utf-8")
    scope = runpy.run_path(str(tmp_path / "example.py"))
    assert scope["again"].shape == scope["held"].X.shape


def test_the_shell_examples_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("README.md", "CHANGELOG.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (console,) = blocks("console")
    for line in filter(None, console.splitlines()):
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "htm_engine"]
        assert main(words[3:]) == 0, line
    assert {p.name for p in tmp_path.iterdir()} >= {"digits.htmc", "digits.npy", "samples.png"}
    assert (tmp_path / "readme-again.md").read_bytes() == (ROOT / "README.md").read_bytes()


def test_the_two_commands_exist_and_can_be_started():
    (commands,) = blocks("bash")
    names = re.findall(r"^\./(\w+)", commands, flags=re.M)
    assert names == ["run", "check"]
    assert all((ROOT / name).stat().st_mode & 0o111 for name in names)


def test_the_picture_is_there():
    (picture,) = re.findall(r"!\[.+\]\((.+?)\)", TEXT)
    assert (ROOT / picture).stat().st_size > 10_000


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_has_its_reason(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    for name in (line.split("==")[0] for line in lines if "==" in line):
        assert re.search(rf"^\| .*\b{name}\b", TEXT, flags=re.M), name


def test_every_module_is_in_the_reading_order():
    table = TEXT[TEXT.index("## How it is built") :]
    named = set(re.findall(r"`([a-z_.*]+)`", table))
    for path in (ROOT / "htm_engine").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT / "htm_engine").with_suffix("").parts)
        if path.name.startswith("__"):
            continue
        covered = name in named or any(n.endswith("*") and name.startswith(n[:-1]) for n in named)
        assert covered, f"{name} is not in the README's reading order"


def test_the_chinese_readme_has_the_same_commands_and_figures():
    chinese = (ROOT / "README.zh.md").read_text(encoding="utf-8")
    for language in ("python", "console"):
        assert re.findall(rf"```{language}\n(.*?)```", chinese, flags=re.S) == blocks(language)
    rows = {tuple(re.findall(r"\d+\.\d+", line)) for line in TEXT.splitlines() if line[:1] == "|"}
    for line in chinese.splitlines():
        if line.startswith("|"):
            assert tuple(re.findall(r"\d+\.\d+", line)) in rows, line
    assert "(README.zh.md)" in TEXT and "(README.md)" in chinese
