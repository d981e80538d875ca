"""What README and docs say is so: examples run, commands are read, links lead somewhere."""

from __future__ import annotations

import importlib
import re
import runpy
import shlex
import tomllib
from pathlib import Path

import pytest

from htm_engine import storage
from htm_engine.__main__ import main
from htm_engine.cli.arguments import parser
from htm_engine.coding import container
from htm_engine.coding.collection import codec as collections
from htm_engine.coding.photo import format as photographs
from htm_engine.coding.text import codec as texts
from htm_engine.runs import recipe, schema
from studio.kit.controls import LINK_VERSION
from tests.helpers.places import ROOT
from tests.project.test_architecture import LAYERS

README, DOCS = ROOT / "README.md", ROOT / "docs"
#: What a newcomer reads; the changelog speaks of what was, and licences have a test of their own.
PAGES = [
    README,
    ROOT / "README.zh.md",
    ROOT / "DEPLOY.md",
    ROOT / "SECURITY.md",
    ROOT / "assets" / "README.md",
    *sorted(DOCS.rglob("*.md")),
]
ENGLISH = [page for page in PAGES if "zh" not in f"{page.parent.name} {page.name}"]
#: English pages that have a Chinese one, and that one.
CHINESE = {
    page: README if page.name == "README.zh.md" else DOCS / page.name
    for page in PAGES
    if page not in ENGLISH
}
LONGEST = 150


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(page), flags=re.S | re.M)


def spans(page: Path) -> list[str]:
    """What stands in backticks within sentences and tables."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", read(page), flags=re.S | re.M))


def table(text: str, heading: str = "") -> list[list[str]]:
    """Cells of all rows below a heading, up to the next one of its rank; no header rows."""
    if heading:
        (text,) = re.findall(rf"^{heading}\n(.*?)(?=^## |\Z)", text, flags=re.S | re.M)
    rows = re.findall(r"^\|(.+)\|$", text, flags=re.M)
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    rules = {i for i, row in enumerate(cells) if set("".join(row)) == {"-"}}
    return [row for i, row in enumerate(cells) if i not in rules and i + 1 not in rules]


def command(line: str) -> list[str] | None:
    """Arguments of our own command, however it is called; None if it is another's."""
    words = shlex.split(line, comments=True)
    for called in (["htm"], ["python", "-m", "htm_engine"]):
        if words[: len(called)] == called:
            return words[len(called) :]
    return None


# ------------------------------------------------------------------ what can be done
WITH_PYTHON = [page for page in ENGLISH if blocks(page, "python")]
WITH_CONSOLE = [page for page in ENGLISH if blocks(page, "console")]


def test_examples_are_found():
    assert {README, DOCS / "using.md"} <= set(WITH_PYTHON) & set(WITH_CONSOLE)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_the_python_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.py").write_text("\n".join(blocks(page, "python")), encoding="utf-8")
    scope = runpy.run_path(str(tmp_path / "example.py"))
    assert scope["again"].shape == scope["held"].X.shape


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=name)
def test_the_shell_examples_run_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in ("README.md", "CHANGELOG.md"):
        (tmp_path / given).write_bytes((ROOT / given).read_bytes())
    for line in "".join(blocks(page, "console")).splitlines():
        if not line:
            continue
        words = command(line)
        assert words is not None and main(words) == 0, line
        if "-o" in words:
            assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 0, line
    assert (tmp_path / "again" / "README.md").read_bytes() == README.read_bytes()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_in_sentences_are_read_by_the_command_line(page):
    for span in spans(page):
        words = command(span)
        if words and not words[0].isupper():  # "htm COMMAND" stands for all
            parser().parse_args(words)


def test_the_commands_to_start_with_exist():
    project = tomllib.loads(read(ROOT / "pyproject.toml")).get("project")
    first, second = blocks(README, "bash")
    assert re.findall(r"^\./(\w+)", first, flags=re.M) == ["run", "check"]
    assert all((ROOT / script).stat().st_mode & 0o111 for script in ("run", "check"))
    for line in second.splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "htm":
            assert parser().parse_args(words[1:]).command == "studio"
            assert project is None or "htm" in project["scripts"]
        else:
            assert words[:2] == ["pip", "install"] and words[2].startswith(".")
            extras = set(re.findall(r"\w+", words[2]))
            assert project is None or extras <= set(project["optional-dependencies"])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_programs_and_their_options_exist(page):
    for script, options in re.findall(r"`python (benchmarks/\w+\.py)([^`\n]*)`", read(page)):
        source = read(ROOT / script)
        assert all(f'"{option}"' in source for option in re.findall(r"--[\w-]+", options)), script
    for module in re.findall(
        r"python -m ((?:htm_engine|studio|tests|benchmarks)[\w.]*)", read(page)
    ):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_every_benchmark_is_told_of():
    told = set(re.findall(r"`(benchmarks/\w+\.py)\b[^`\n]*` \|", read(DOCS / "figures.md")))
    there = {name(p) for p in (ROOT / "benchmarks").glob("*.py") if "__main__" in read(p)}
    assert told == there


# ------------------------------------------------------------------ what is where
def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", read(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "LICENSES.md", ROOT / "CHANGELOG.md"], ids=name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.is_file() and target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_its_readme():
    for readme, pages in ((README, ENGLISH), (ROOT / "README.zh.md", list(CHINESE))):
        linked = set(re.findall(r"\]\(([^)#\s]+)", read(readme)))
        assert {name(page) for page in pages} - {name(readme)} <= linked


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page):
    for span in spans(page):
        within = re.fullmatch(r"\.?[\w-]+(/[\w.-]+)*(/|/[\w.-]+\.\w+)", span)
        alone = re.fullmatch(r"[\w.-]+\.(py|sh|txt|toml|lock|md)", span)
        if within or alone:
            assert (ROOT / span).exists(), span


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_place_on_somebodys_machine(page):
    assert not re.findall(r"(?<![\w.~}])/(?:tmp|home|root|work|opt|mnt|Users)\b", read(page))


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_is_short_and_shows_a_picture(readme):
    text = read(ROOT / readme)
    assert len(text.splitlines()) <= LONGEST
    (picture,) = re.findall(r"!\[.+\]\((.+?)\)", text)
    assert (ROOT / picture).stat().st_size > 10_000


@pytest.mark.parametrize("page", ENGLISH, ids=name)
def test_words_are_those_of_the_field(page):
    assert not re.findall(r"fores(?:ee|aw)\w*", read(page))


# ------------------------------------------------------------------ how it is built
def asked_for() -> set[str]:
    """Names of all packages that some file of ours asks for."""
    lines = read(ROOT / "requirements.txt") + read(ROOT / "requirements-dev.txt")
    asked = [line for line in lines.splitlines() if "==" in line]
    settings = tomllib.loads(read(ROOT / "pyproject.toml"))
    asked += settings.get("build-system", {}).get("requires", ["hatchling"])
    project = settings.get("project", {})
    for group in (
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
    ):
        asked += [one for one in group if not one.startswith("htm-studio")]
    return {re.split(r"[^\w.-]", one)[0].lower() for one in asked}


def test_every_dependency_has_its_reason():
    rows = table(read(DOCS / "dependencies.md"))
    assert all(reason for _, reason in rows)
    assert {one for names, _ in rows for one in names.split(", ")} == asked_for()


def test_every_module_is_in_the_reading_order():
    rows = table(read(DOCS / "architecture.md"), "## The engine, in reading order")
    named = [one for first, _ in rows for one in re.findall(r"`([\w.]+)`", first)]
    there = {
        ".".join(path.relative_to(ROOT / "htm_engine").with_suffix("").parts)
        for path in (ROOT / "htm_engine").rglob("*.py")
        if not path.name.startswith("__")
    }
    assert sorted(named) == sorted(there)


def test_every_folder_of_the_dashboard_is_in_the_reading_order():
    rows = table(read(DOCS / "architecture.md"), "## The dashboard, in reading order")
    there = {"app.py", "pages/"}
    for path in (ROOT / "studio").rglob("*.py"):
        first, *more = path.relative_to(ROOT / "studio").parts
        if first != "__init__.py":
            there.add(f"studio/{first}{'/' if more else ''}")
    assert sorted(first.strip("`") for first, _ in rows) == sorted(there)


def test_the_layers_are_those_that_are_held():
    rows = table(read(DOCS / "architecture.md"), "## Layers")
    ours = ("htm_engine", "studio.", "pages", "app")
    told = [re.findall(r"`([\w.]+)`", names) for _, names in rows]
    full = [tuple(n if n.startswith(ours) else f"htm_engine.{n}" for n in layer) for layer in told]
    assert [set(layer) for layer in full] == [set(layer) for layer in LAYERS]
    assert [number for number, _ in rows] == [str(i + 1) for i in range(len(LAYERS))]


# ------------------------------------------------------------------ what files look like
FORMATS = read(DOCS / "formats.md")


@pytest.mark.parametrize(
    ("begins", "version"),
    [
        (f"`{container.MAGIC.decode()}`, kind {collections.KIND}", container.VERSION),
        (f"`{container.MAGIC.decode()}`, kind {texts.KIND}", container.VERSION),
        (f"`{photographs.MAGIC.decode()}`", photographs.VERSION),
        ("a ZIP with `header.json.npy`", storage.VERSION),
        ("SQLite", schema.VERSION),
        ("JSON, deflated, URL-safe base64", recipe.VERSION),
        (f"`v={LINK_VERSION}`", LINK_VERSION),
    ],
)
def test_the_formats_have_the_versions_that_are_written(begins, version):
    overview = FORMATS.partition("\n## ")[0]
    assert [row[2] for row in table(overview) if row[1] == begins] == [str(version)]


@pytest.mark.parametrize(
    ("heading", "module"),
    [
        ("## Container: collections and long texts", "coding.container"),
        ("## Short texts", "coding.text.codec"),
        ("## Photographs", "coding.photo.format"),
    ],
)
def test_the_fields_are_those_of_the_specification(heading, module):
    specified = importlib.import_module(f"htm_engine.{module}").__doc__
    place = r"(\d+|\.\.\.|end-\d)"
    wanted = re.findall(rf"^    {place} +(\d\S*|\.\.\.) ", specified, flags=re.M)
    told = [row[:2] for row in table(FORMATS, heading) if len(row) == 3]
    assert told == [list(field) for field in wanted] != []


def test_the_bits_of_a_photographs_form_are_those_that_are_written():
    names = ("COLOUR", "HALVED", "ALPHA", "RESTORED", "RESTORED_COLOUR", "LOSSLESS", "REPEATED")
    told = [int(row[0]) for row in table(FORMATS, "## Photographs") if len(row) == 2]
    assert told == [getattr(photographs, one) for one in names]


def test_the_first_bytes_of_short_texts_are_those_that_are_written():
    firsts = [f"{one:X}:" for one in (*texts.SHORT.values(), texts.SHORT_OTHER, texts.SHORT_STORED)]
    (row,) = (row for row in table(FORMATS, "## Short texts") if row[0] == "0")
    assert re.findall(r"[0-9A-F]{2}:", row[2]) == firsts


# ------------------------------------------------------------------ figures, and Chinese
def figures(text: str) -> list[tuple[str, ...]]:
    """Numbers of every row of every table that has some."""
    rows = (tuple(re.findall(r"[-+]?\d+\.\d+", " | ".join(row))) for row in table(text))
    return [row for row in rows if row]


def test_the_headline_is_short_has_its_commands_and_is_what_was_measured():
    rows = table(read(README), "## What it reaches")
    assert 5 <= len(rows) <= 10
    measured = {one for row in figures(read(DOCS / "figures.md")) for one in row}
    for row in rows:
        numbers = re.findall(r"[-+]?\d+\.\d+", " ".join(row))
        assert numbers and set(numbers) <= measured, row
        assert re.fullmatch(r"`python benchmarks/\w+\.py .+`", row[-1]), row


@pytest.mark.parametrize("page", list(CHINESE), ids=name)
def test_the_chinese_pages_have_the_same_commands_and_figures(page):
    english = CHINESE[page]
    for language in ("python", "console", "bash"):
        ours, theirs = (
            [re.sub(r" +# .*", "", one) if language == "bash" else one for one in found]
            for found in (blocks(page, language), blocks(english, language))
        )
        assert ours == theirs
    benchmarks = r"`(?:python )?benchmarks/[^`\n]+`"
    shared = read(english).partition("## All benchmarks")[0]
    assert re.findall(benchmarks, read(page)) == re.findall(benchmarks, shared)
    assert figures(read(page)) == figures(shared)


@pytest.mark.parametrize("page", list(CHINESE), ids=name)
def test_the_chinese_and_the_english_page_lead_to_each_other(page):
    english = CHINESE[page]
    there, back = ("README.zh.md", "README.md")
    if english != README:
        there, back = f"zh/{page.name}", f"../{page.name}"
    assert f"[中文]({there})" in read(english) and f"[English]({back})" in read(page)
