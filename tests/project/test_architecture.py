"""The shape of the tree, read from its sources: what imports what, and what nobody may use."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from studio.frame import PAGES
from tests.helpers.places import ROOT

_ENGINE = (
    ("errors", "assets"),
    ("files", "kinds", "compiling", "cluster"),
    ("storage", "model", "coding"),
    ("coding.photo", "coding.text", "coding.series", "model.series", "sampling", "data"),
    ("coding.collection", "pillow"),
    ("estimator",),
    ("evaluation",),
    ("analysis", "runs", "figures"),
    ("cli",),
    ("recording", "recipe", "coding.textmodel"),  # where programs of before the move look
    ("__main__",),
)
#: Rooms, lowest first: what is in one imports only from rooms of lines above, and its own.
#: A room is a folder, or a file beside the folders.
LAYERS = (
    *(tuple(f"htm_engine.{name}" for name in layer) for layer in _ENGINE),
    ("htm_engine",),
    ("studio.kit",),
    ("studio.visitor",),
    ("studio.report",),
    tuple(
        f"studio.{page}"
        for page in (
            "home",
            "train",
            "inside",
            "compress",
            "text",
            "series",
            "generate",
            "formulas",
            "runs",
        )
    ),
    ("studio.frame", "studio.serving"),
    ("pages", "app"),
)
#: Besides: the codecs know nothing of the network, except the one that stores with it.
BLIND = {
    f"htm_engine.coding{one}": {"htm_engine.model"} for one in ("", ".photo", ".text", ".series")
}
#: They run what they read, or reach out to other machines.
FORBIDDEN_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "requests",
    "httpx",
    "aiohttp",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}


def sources(*folders: str) -> list[Path]:
    found = [path for name in folders for path in (ROOT / name).rglob("*.py")]
    return sorted([*ROOT.glob("*.py"), *found])


OURS = sources("htm_engine", "studio", "pages", "benchmarks", "assets")
EVERYTHING = sorted({*OURS, *sources("tests")})


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """Full name of a module; a package's own file has the package's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in sources("htm_engine", "studio", "pages")}


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that happen when the code runs, at whatever depth they stand."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not for_types_only(node):
            yield from imports(node)


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names that a file imports; relative ones of the engine are made absolute."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    package = path.parent.relative_to(ROOT).parts
    for node in imports(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        base = list(package[: len(package) - node.level + 1]) if node.level else []
        base += node.module.split(".") if node.module else []
        for alias in node.names:
            yield ".".join([*base, alias.name])


@functools.cache
def our_modules(path: Path) -> tuple[str, ...]:
    """Modules of ours that a file imports."""
    return tuple(_our_modules(path))


def _our_modules(path: Path) -> Iterator[str]:
    for full in imported(path):
        if full.partition(".")[0] not in ("htm_engine", "studio", "pages", "app"):
            continue
        while full not in MODULES:  # the last parts are names inside the module
            full = full.rpartition(".")[0]
        yield full


def room(module: str) -> str:
    """The folder that a module stands in, or its own name beside the folders; "" if unknown."""
    names = {name for layer in LAYERS for name in layer}
    while module and module not in names:
        module = module.rpartition(".")[0]
    return module


def faults(inner: str, others: Iterable[str]) -> Iterator[str]:
    """Imports of a module that the layers forbid."""
    place = {name: level for level, layer in enumerate(LAYERS) for name in layer}
    here = room(inner)
    for other in others:
        there = room(other)
        if here == there:
            continue
        if there not in place or place[there] >= place[here] or there in BLIND.get(here, ()):
            yield f"{inner} ({here}) imports {other} ({there})"


INNER = [m for m in MODULES if m not in ("htm_engine", "studio")]


@pytest.mark.parametrize("inner", INNER)
def test_module_imports_only_from_rooms_below(inner):
    assert room(inner), f"enter {inner} in LAYERS, on the lowest line that works"
    assert list(faults(inner, our_modules(MODULES[inner]))) == []


@pytest.mark.parametrize("inner", INNER)
def test_module_comes_back_to_itself_by_no_way(inner):
    waiting, seen = [inner], {"htm_engine"}  # which offers names of all rooms, lazily
    while waiting:
        for other in our_modules(MODULES[waiting.pop()]):
            assert other != inner
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def test_the_layers_are_really_read():
    """The parser sees relative imports of both kinds, or the tests above test nothing."""
    network = set(our_modules(MODULES["htm_engine.estimator.network"]))
    assert {"htm_engine.estimator.persistence", "htm_engine.model.hierarchy"} <= network
    assert "htm_engine.coding.photo.codec" in set(our_modules(MODULES["htm_engine.cli.photo"]))
    assert "studio.kit.words" in set(our_modules(MODULES["studio.frame"]))
    forbidden = {
        "htm_engine.model.layer": "htm_engine.coding.mixing",
        "htm_engine.coding.photo.units": "htm_engine.model.layer",
        "htm_engine.coding.text.units": "htm_engine.coding.photo.units",
        "htm_engine.errors": "htm_engine",
        "htm_engine.cli.commands": "studio.serving",
        "studio.kit.words": "studio.visitor.session",
        "studio.visitor.session": "studio.frame",
        "studio.text.view": "studio.train.view",
    }
    for inner, other in forbidden.items():
        assert list(faults(inner, [other])) != [], inner
    assert list(faults("studio.train.view", ["studio.report.button", "htm_engine"])) == []


@pytest.mark.parametrize(
    "path", [p for m, p in MODULES.items() if m.startswith("htm_engine")], ids=name
)
def test_engine_draws_nothing(path):
    tops = {full.partition(".")[0] for full in imported(path)}
    assert not tops & {"streamlit", "studio", "pages", "app", "altair"}
    if not module(path).startswith("htm_engine.figures"):
        assert "plotly" not in tops


@pytest.mark.parametrize("path", EVERYTHING, ids=name)
def test_nothing_runs_what_it_reads_or_reaches_out(path):
    tops = {full.partition(".")[0] for full in imported(path)}
    assert not tops & FORBIDDEN_MODULES
    if ROOT / "tests" not in path.parents:
        assert not {full for full in imported(path) if full.startswith("urllib.request")}
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno}"
        if isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            for keyword in node.keywords:
                allowed = keyword.arg == "allow_pickle" and ast.unparse(keyword.value) == "True"
                assert not allowed, f"line {node.lineno}"


def test_every_page_is_registered_and_named_as_its_address():
    stems = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    assert stems == sorted(info.stem for info in PAGES)
    assert all(stem.isidentifier() and stem == stem.lower() for stem in stems)


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=name)
def test_page_brings_in_the_frame_before_anything_else(path):
    """Without it a deep link as the first request after a start shows a bare page."""
    body = parsed(path).body
    doing = [
        node
        for node in body
        if not isinstance(
            node,
            ast.Import
            | ast.ImportFrom
            | ast.FunctionDef
            | ast.ClassDef
            | ast.Assign
            | ast.AnnAssign,
        )
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert ast.unparse(doing[0]).startswith(f"frame.page('{path.stem}', ")
