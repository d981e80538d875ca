"""The shape of the tree, read from its sources: what imports what, and what nobody may use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.frame import PAGES

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "htm_engine"

#: The engine's modules, lowest first: a module imports only from those before it.  A new
#: module is entered here, at the lowest place that works.
ORDER = [
    "figures",
    "evaluation",
    "analysis",
    "sampling",
    "estimator",
    "data",
    "assets",
    "coding.text",
    "coding.photo",
    "coding.collection",
    "model",
    "errors",
    "figures.wording",
    "data.uploads",
    "data.arrayfiles",
    "data.scenes",
    "data.dataset",
    "data.named",
    "data.collecting",
    "data.datasets",
    "data.mosaic",
    "model.patches",
    "evaluation.metrics",
    "model.competition",
    "model.layer",
    "model.learning",
    "model.hierarchy",
    "model.training",
    "coding.rangecoder",
    "coding.container",
    "coding.collection.fixed",
    "coding.collection.quantise",
    "coding.collection.values",
    "coding.collection.winner",
    "coding.collection.residual_units",
    "coding.collection.residual_learning",
    "coding.collection.tables",
    "coding.collection.coder",
    "coding.collection.codec",
    "coding.collection.anatomy",
    "coding.compiling",
    "coding.mixing",
    "coding.text.context",
    "coding.text.units",
    "coding.text.skim",
    "coding.text.query",
    "coding",
    "estimator.presets",
    "estimator.inputs",
    "data.fitting",
    "estimator.introspection",
    "sampling.tables",
    "sampling.learning",
    "estimator.drawing",
    "storage",
    "coding.text.model",
    "coding.text.codec",
    "coding.photo.units",
    "coding.photo.entropy",
    "coding.photo.neighbours",
    "coding.photo.traversal",
    "coding.photo.quantise",
    "coding.photo.competition",
    "coding.photo.partition",
    "coding.photo.colour",
    "coding.photo.postfilter",
    "coding.photo.model",
    "coding.photo.format",
    "coding.photo.planes",
    "coding.photo.perception",
    "coding.photo.lossless",
    "coding.photo.codec",
    "coding.photo.anatomy",
    "coding.photo.pretraining",
    "coding.photo.learning",
    "analysis.reading",
    "evaluation.text_peers",
    "estimator.persistence",
    "estimator.network",
    "analysis.inspection",
    "analysis.survey",
    "analysis.soft_hard",
    "runs.memory",
    "runs.checkpoints",
    "runs.background",
    "runs.jobs",
    "evaluation.baselines",
    "evaluation.comparison",
    "evaluation.photo_curves",
    "analysis.completion",
    "analysis.generation",
    "runs.blobs",
    "runs.schema",
    "runs.history",
    "runs",
    "runs.recipe",
    "runs.recording",
    "recording",
    "recipe",
    "figures.base",
    "figures.formulas",
    "figures.inside",
    "figures.generate",
    "figures.compress",
    "figures.text",
    "outputs",
    "progress",
    "photocommands",
    "textcommands",
    "picturecommands",
    "commands",
    "__main__",
]
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


@pytest.mark.parametrize("inner", [m for m in MODULES if m])
def test_module_imports_only_from_those_below(inner):
    assert inner in ORDER, f"enter {inner} in ORDER, lowest place that works"
    for other in engine_modules(MODULES[inner]):
        assert other in ORDER, f"{inner} imports {other or 'the package itself'}"
        # A package's own file gathers what is in it, and stands right above.
        assert ORDER.index(other) < ORDER.index(inner), f"{inner} imports {other} from above"


def test_the_order_is_really_read():
    """The parser sees relative imports of both kinds, or the test above tests nothing."""
    assert {"textcommands", "picturecommands"} <= set(engine_modules(MODULES["commands"]))
    assert {"estimator.persistence", "model.hierarchy"} <= set(
        engine_modules(MODULES["estimator.network"])
    )
    assert "estimator.network" not in set(engine_modules(MODULES["estimator.persistence"]))


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
