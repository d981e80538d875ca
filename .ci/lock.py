"""Rewrites requirements*.txt, the lock files, and the list of licences of all that they name.

    .venv/bin/python .ci/lock.py              after a change of pyproject.toml's dependencies
    .venv/bin/python .ci/lock.py licences     after ./check has installed what is locked

::

    pyproject.toml ──► requirements.txt      the engine's and the studio's ──► requirements.lock
                   └─► requirements-dev.txt  and what ./check needs besides ─► ...-dev.lock

Locks hold every package, its version and its file's SHA-256, for CPython 3.11 on Linux,
x86-64.  pip resolves requirements*.txt anew without installing anything; ``./run`` and
``./check`` then install exactly these files and refuse others.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Made by .ci/lock.py from {source}: for CPython 3.11 on Linux, x86-64.
# Installed with --require-hashes: a file that is not one of these is refused.
"""


def requirements() -> dict[str, str]:
    """The requirements files by name, as pyproject.toml has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    made = (
        "# Made by .ci/lock.py from pyproject.toml; constraints.txt pins what these bring along.\n"
    )
    return {
        "requirements.txt": "\n".join(
            [made + "-c constraints.txt", *project["dependencies"], *extras["studio"], ""]
        ),
        "requirements-dev.txt": "\n".join(
            [made + "-r requirements.txt", *extras["cluster"], *extras["dev"], ""]
        ),
    }


def locked(source: str) -> str:
    """The lock file of one requirements file."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-input"]
    command += ["--ignore-installed", "--report", "-", "-r", source]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    lines = []
    for each in json.loads(found.stdout)["install"]:
        name, version = (each["metadata"][key] for key in ("name", "version"))
        digest = each["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
    return HEAD.format(source=source) + "".join(sorted(lines, key=str.lower))


def licence(name: str) -> str:
    """What an installed package says of its licence, in a few words."""
    data = importlib.metadata.metadata(name)
    classes = [
        line.split(" :: ")[-1]
        for line in data.get_all("Classifier") or []
        if line.startswith("License :: OSI Approved :: ")
    ]
    told = (data.get("License") or "").strip().splitlines()
    plain = told and len(told[0]) <= 60 and not told[0].startswith(("Copyright", "Files:"))
    short = told[0] if plain else ""
    return data.get("License-Expression") or short or ", ".join(classes) or "see its files"


def licences() -> str:
    """LICENSES.md's table of packages."""
    used = (ROOT / "requirements.lock").read_text("utf-8")
    lines = ["| package | version | licence | used |", "|---|---|---|---|"]
    for line in (ROOT / "requirements-dev.lock").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, version = line.split(" ")[0].split("==")
        where = "by the app" if f"\n{name}==" in used else "by the tests"
        lines.append(f"| {name} | {version} | {licence(name)} | {where} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["licences"]:
        page = ROOT / "LICENSES.md"
        before = page.read_text("utf-8")
        page.write_text(before[: before.index("| package |")] + licences(), encoding="utf-8")
    else:
        for source, text in requirements().items():
            (ROOT / source).write_text(text, encoding="utf-8")
        for source in requirements():
            (ROOT / source).with_suffix(".lock").write_text(locked(source), encoding="utf-8")
