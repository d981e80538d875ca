"""The shape of the tree, read from its sources: what imports what, and what nobody may use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from studio.frame import PAGES

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "htm_engine"

#: Rooms, lowest first: what is in one imports only from rooms of lines above, and its own.
#: A room is a folder, or a file beside the folders; names from ``htm_engine`` on.
ENGINE_LAYERS = (
    ("errors", "assets"),
    ("storage", "model", "coding"),
    ("coding.collection", "coding.photo", "coding.text", "sampling", "data"),
    ("estimator",),
    ("evaluation",),
    ("analysis", "runs", "figures"),
    ("cli", "recording", "recipe"),
    ("__main__",),
)
#: Besides: the codecs know nothing of the network, except the one that stores with it.
BLIND = {"coding": {"model"}, "coding.photo": {"model"}, "coding.text": {"model"}}
LONGEST = 400
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
    """Name within the engine; a package's own file has the package's name ("" at the root)."""
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in sorted(ENGINE.rglob("*.py"))}


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that happen when the code runs, at whatever depth they stand."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not for_types_only(node):
            yield from imports(node)


def imported(path: Path) -> Iterator[str]:
    """Full names that a file imports; relative ones of the engine are made absolute."""
    package = path.parent.relative_to(ROOT).parts
    for node in imports(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        base = list(package[: len(package) - node.level + 1]) if node.level else []
        base += node.module.split(".") if node.module else []
        for alias in node.names:
            yield ".".join([*base, alias.name])


def engine_modules(path: Path) -> Iterator[str]:
    """Modules of the engine that a file imports; "" stands for the package itself."""
    for full in imported(path):
        first, _, rest = full.partition(".")
        if first != "htm_engine":
            continue
        while rest and rest not in MODULES:  # the last parts are names inside the module
            rest = rest.rpartition(".")[0]
        yield rest


def room(inner: str) -> str:
    """The folder that a module of the engine stands in, or its own name beside the folders."""
    names = {name for layer in ENGINE_LAYERS for name in layer}
    while inner and inner not in names:
        inner = inner.rpartition(".")[0]
    return inner


def faults(inner: str, others: Iterable[str]) -> Iterator[str]:
    """Imports of a module that the layers forbid."""
    place = {name: level for level, layer in enumerate(ENGINE_LAYERS) for name in layer}
    here = room(inner)
    for other in others:
        there = room(other)
        if here == there:
            continue
        if there not in place or place[there] >= place[here] or there in BLIND.get(here, ()):
            yield f"{inner} ({here}) imports {other or 'the package itself'} ({there})"


@pytest.mark.parametrize("inner", [m for m in MODULES if m])
def test_module_imports_only_from_rooms_below(inner):
    assert room(inner), f"enter {inner} in ENGINE_LAYERS, on the lowest line that works"
    assert list(faults(inner, engine_modules(MODULES[inner]))) == []


@pytest.mark.parametrize("inner", [m for m in MODULES if m])
def test_modules_of_a_room_import_in_no_circle(inner):
    waiting, seen = [inner], set()
    while waiting:
        for other in engine_modules(MODULES[waiting.pop()]):
            assert other != inner, f"{inner} comes back to itself"
            if other and other not in seen:
                seen.add(other)
                waiting.append(other)


def test_the_layers_are_really_read():
    """The parser sees relative imports of both kinds, or the tests above test nothing."""
    network = set(engine_modules(MODULES["estimator.network"]))
    assert {"estimator.persistence", "model.hierarchy"} <= network
    assert "coding.photo.codec" in set(engine_modules(MODULES["cli.photo"]))
    assert list(faults("model.layer", ["coding.mixing"])) != []
    assert list(faults("coding.photo.units", ["model.layer"])) != []
    assert list(faults("coding.photo.units", ["coding.text.units"])) != []
    assert list(faults("errors", [""])) != []
    assert list(faults("coding.photo.units", ["coding.mixing", "errors"])) == []


@pytest.mark.parametrize("path", MODULES.values(), ids=name)
def test_engine_draws_nothing(path):
    tops = {full.partition(".")[0] for full in imported(path)}
    assert not tops & {"streamlit", "studio", "pages", "app", "altair"}
    if not module(path).startswith("figures"):
        assert "plotly" not in tops


@pytest.mark.parametrize("path", OURS, ids=name)
def test_file_is_short_enough_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", EVERYTHING, ids=name)
def test_nothing_runs_what_it_reads_or_reaches_out(path):
    tops = {full.partition(".")[0] for full in imported(path)}
    assert not tops & FORBIDDEN_MODULES
    if ROOT / "tests" not in path.parents:
        assert not {full for full in imported(path) if full.startswith("urllib.request")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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
    body = ast.parse(path.read_text(encoding="utf-8")).body
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
