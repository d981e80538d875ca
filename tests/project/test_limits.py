"""What can be read at one sitting: no long module or function, none of many arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 10
FOLDERS = ("htm_engine", "studio", "pages", "benchmarks", "assets", ".ci")
OURS = sorted(
    path for folder in FOLDERS for path in [*ROOT.glob("*.py"), *(ROOT / folder).rglob("*.py")]
)
EVERYTHING = sorted({*OURS, *(ROOT / "tests").rglob("*.py")})
#: scikit-learn's contract: what an estimator is set by are its constructor's arguments.
ESTIMATOR = {"HTM.__init__"}


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """All functions with the classes and functions that they stand in."""
    for node in ast.iter_child_nodes(tree):
        name = f"{within}{getattr(node, 'name', '')}"
        if isinstance(node, ast.FunctionDef):
            yield name, node
        inside = isinstance(node, ast.FunctionDef | ast.ClassDef)
        yield from functions(node, f"{name}." if inside else within)


def is_kernel(node: ast.FunctionDef) -> bool:
    """Whether it is compiled: loops over bits, which calls would slow down."""
    return any("compiled" in ast.unparse(one) for one in node.decorator_list)


def faults(source: str) -> list[str]:
    """What is too long or takes too much in one module."""
    found = []
    lines = len(source.splitlines())
    if lines > LINES:
        found.append(f"{lines} lines")
    for name, node in functions(ast.parse(source)):
        if is_kernel(node):
            continue
        length = (node.end_lineno or 0) - node.lineno + 1
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        own = sum(one.arg in ("self", "cls") for one in arguments[:1])
        if length > FUNCTION_LINES:
            found.append(f"{name}: {length} lines")
        if len(arguments) - own > PARAMETERS and name not in ESTIMATOR:
            found.append(f"{name}: {len(arguments) - own} parameters")
    return found


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_can_be_read_at_one_sitting(path: Path):
    assert faults(path.read_text("utf-8")) == []


def test_the_limits_are_really_read():
    many = ", ".join(f"a{i}" for i in range(PARAMETERS + 1))
    long = "\n".join(["    pass"] * FUNCTION_LINES)
    assert faults(f"class A:\n    def f(self, {many}): pass") == ["A.f: 11 parameters"]
    assert faults(f"def f():\n    def g({many}): pass") == ["f.g: 11 parameters"]
    assert faults(f"def f():\n{long}") == ["f: 61 lines"]
    assert faults(f"@compiled\ndef f({many}):\n{long}") == []
    assert faults("\n" * (LINES + 1)) == ["401 lines"]


def test_the_formatter_lays_out_all_code():
    mark = "fmt: " + "skip"
    assert [path for path in EVERYTHING if mark in path.read_text("utf-8")] == []
    assert [path for path in EVERYTHING if "fmt: " + "off" in path.read_text("utf-8")] == []
