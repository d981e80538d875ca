"""The catalogues of words: both languages whole, every key used, every used key there."""

import ast
import re
import string
from contextlib import nullcontext

import pytest
from streamlit.testing.v1 import AppTest

from htm_engine.figures import wording
from studio.kit import keeping, letters, words
from studio.visitor import session
from tests.helpers.places import ROOT

PAGES = [*sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "studio").rglob("*.py"))]
ENGINE = sorted((ROOT / "htm_engine").rglob("*.py"))
#: English marks more than one; Chinese does not.
ENGLISH_ONLY = {"plural"}
#: Modules whose every refusal may reach a visitor.
SEEN = (
    "data/uploads",
    "data/arrayfiles",
    "data/series_tables",
    "data/tables",
    "estimator/persistence",
    "storage",
)


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def shape(node):
    """A string of the code with {} where values go in, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(n.value if isinstance(n, ast.Constant) else "{}" for n in node.values)
    return None


def bare(template):
    return re.sub(r"\{[^{}]*\}", "{}", template.replace("{{", "\0").replace("}}", "\1"))


def asked(name, paths):
    """First arguments of all calls of a function, as :func:`shape` sees them."""
    return [
        shape(node.args[0])
        for path in paths
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
        and node.args
        and shape(node.args[0]) is not None
    ]


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_languages_have_the_same_keys_and_placeholders():
    english, chinese = words.catalogue("en"), words.catalogue("zh")
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert fields(text) - ENGLISH_ONLY == fields(chinese[key]) - ENGLISH_ONLY, key
        assert text and chinese[key], key


def test_keys_of_the_code_are_those_of_the_catalogue():
    keys = {k for k in words.catalogue("en") if k.partition(".")[0] not in words.ENGINE}
    used = asked("t", PAGES) + letters.Sentences.KEYS
    patterns = [re.compile(re.escape(key).replace(r"\{\}", ".+")) for key in used]
    assert {key for key in used if "{}" not in key} - keys == set()
    assert {k for k in keys if not any(p.fullmatch(k) for p in patterns)} == set()


def test_words_of_the_engine_stand_in_the_engine():
    """A message that was reworded and not translated anew would show in English again."""
    there = {
        bare(text)
        for path in (*ENGINE, *PAGES)
        for node in ast.walk(parsed(path))
        if (text := shape(node)) is not None
    }
    known = {k: v for k, v in words.catalogue("en").items() if k.split(".")[0] in words.ENGINE}
    assert {key for key, text in known.items() if bare(text) not in there} == set()


def test_figures_say_only_what_is_translated():
    own = words.catalogue("en").items()
    known = {text for key, text in own if key.partition(".")[0] in words.ENGINE}
    assert [text for text in asked("say", ENGINE) if text not in known] == []


@pytest.mark.parametrize("name", SEEN)
def test_refusals_that_visitors_see_are_translated(name):
    known = {bare(text) for text in words.catalogue("en").values()}
    for node in ast.walk(parsed(ROOT / "htm_engine" / f"{name}.py")):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = shape(node.exc.args[0])
            if text is not None and getattr(node.exc.func, "id", "").endswith("Error"):
                assert text.startswith("{}: {}") or text in known, text


@pytest.mark.parametrize("name", ["data/series_tables", "data/table_times"])
def test_notes_on_a_table_are_translated(name):
    known = {bare(text) for text in words.catalogue("en").values()}
    seen = 0
    for node in ast.walk(parsed(ROOT / "htm_engine" / f"{name}.py")):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "notes.append":
            text = shape(node.args[0])
            seen += text is not None
            assert text is None or text in known, text
    assert seen


def test_a_word_that_is_missing_or_does_not_fit_is_said_in_english(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "zh")
    assert words.t("train.seed") == "随机种子"
    monkeypatch.delitem(words.catalogue("zh"), "train.seed")
    assert words.t("train.seed") == "Seed"
    monkeypatch.setitem(words.catalogue("zh"), "home.db", "{other} dB")
    assert words.t("home.db", psnr=20.0) == "20.0 dB"
    assert words.t("no.such") == "no.such"


#: What keeps addresses from becoming links.
NO_WIDTH = "\u200b" * 2
OF_STRANGERS = {
    "**x** [a](http://b) `c` <b>.png": r"\*\*x\*\* \[a\](http\:{}//b) \`c\` \<b\>.png",
    ":red[x] :material/home: $y$ ~~z~~ a_b": (r"\:red\[x\] \:material/home: \$y\$ \~\~z\~\~ a\_b"),
    "- a": r"\- a",
    "1. a": r"1\. a",
    "# a | b &lt;": r"\# a \| b \&lt;",
    "WWW.evil.com.png https://evil.com/x": r"WWW{}.evil.com.png https\:{}//evil.com/x",
    "me.2@evil.com @home a @ b": "me.2{}@evil.com @home a @ b",
    "a-b (2).png: 3 - 4": r"a-b (2).png: 3 \- 4",
}


@pytest.mark.parametrize("name", OF_STRANGERS)
def test_names_of_files_are_no_markdown(monkeypatch, name):
    note = f"{name} has EXIF data, which is not kept."
    for language in ("en", "zh"):
        monkeypatch.setattr(words, "language", lambda language=language: language)
        assert words.unmarked(note).startswith(OF_STRANGERS[name].format(*NO_WIDTH))
        bare = words.unmarked(note).replace("\\", "").replace("\u200b", "")
        assert bare == words.said(note)


def test_messages_of_the_engine_are_known_by_their_template(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "zh")
    assert words.said("kitten.png has no pixels.") == "kitten.png 没有像素。"
    assert words.said("running") == "进行中"
    assert words.said("Nobody translated this.") == "Nobody translated this."
    monkeypatch.setattr(words, "language", lambda: "en")
    assert words.said("kitten.png has no pixels.") == "kitten.png has no pixels."


def test_numbers_and_moments_follow_the_language(monkeypatch):
    assert words.moment(0) == "1970-01-01 00:00"
    assert words.t("compress.bytes", size=1234.56) == "1,234.6 bytes"
    monkeypatch.setattr(words, "language", lambda: "zh")
    assert words.moment(0) == "1970年1月1日 00:00"
    assert words.t("compress.bytes", size=1234.56) == "1,234.6 字节"


def test_figures_fall_back_to_english_where_a_translation_does_not_fit():
    wording.use(lambda english: "{nothing}")
    try:
        assert wording.say("{n:,} units", n=1200) == "1,200 units"
    finally:
        wording.use(None)


def opened(page, **query):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if page != "home":
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


#: Names and signs that are the same in both languages; a run keeps the name it was given.
NAMES = re.compile(
    r"HTM Studio|PSNR|SSIM|JPEG|WebP|AVIF|Brotli|gzip|zlib|[\d\W_]+|English|.*\d units"
)


def headings_and_labels(app):
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.caption,
        app.markdown,
        app.info,
        app.warning,
        app.success,
        app.error,
    )
    for kind in kinds:
        yield from (element.value for element in kind)
    inputs = (
        app.button,
        app.slider,
        app.number_input,
        app.selectbox,
        app.toggle,
        app.text_input,
        app.text_area,
        app.metric,
        app.expander,
        app.tabs,
    )
    for kind in inputs:
        yield from (element.label for element in kind)


@pytest.mark.parametrize(
    "page", ["home", "train", "inside", "compress", "text", "generate", "formulas", "runs"]
)
def test_page_is_chinese_and_the_link_keeps_it(page):
    app = opened(page, lang="zh")
    # Single letters are buttons for what comes next in an English text.
    seen = [text for text in headings_and_labels(app) if len(text) > 1]
    assert len(seen) > 4
    english = [
        text
        for text in seen
        if not re.search(r"[\u4e00-\u9fff]", text)
        and not NAMES.fullmatch(text)
        and not text.startswith(("$", "<", "|"))
    ]
    assert english == []
    assert app.query_params["lang"] == "zh"
    links = [code.value for code in app.code if "?v=2" in code.value]
    assert all(link.endswith("lang=zh") or "lang=zh" in link for link in links)


def test_words_of_waiting_follow_the_language(monkeypatch):
    seen = []
    monkeypatch.setattr(keeping.st, "spinner", lambda text: seen.append(text) or nullcontext())
    opened("inside", lang="zh")
    assert seen and all(re.search(r"[\u4e00-\u9fff]", text) for text in seen)
    # Those of Streamlit's caches are settled before anybody's language is known.
    for path in PAGES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("st.cache_"):
                options = {word.arg: word.value for word in node.keywords}
                assert ast.unparse(options["show_spinner"]) == "False", path


def test_the_switch_changes_the_language_and_comes_back():
    app = opened("home")
    assert app.title[0].value.strip() == "HTM Studio"
    assert "lang" not in app.query_params and "What to do next" in [s.value for s in app.subheader]
    switch = next(group for group in app.button_group if group.key == "language")
    switch.set_value("zh").run()
    assert "接下来做什么" in [heading.value for heading in app.subheader]
    assert app.query_params["lang"] == "zh"
    next(group for group in app.button_group if group.key == "language").set_value("en").run()
    assert "What to do next" in [heading.value for heading in app.subheader]


def test_what_comes_with_the_program_has_a_chinese_name(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "zh")
    for name in session.NAMED:
        assert (
            session.named(name) != name
            and name not in session.CurrentModel(None, name, "shipped").described
        )
    assert session.named("my-own.zip") == "my-own.zip"
