"""English and Chinese: what a page says is looked up in the visitor's language.

::

    t("train.reset")                 a page's words, by key
    said("not a picture: x.png")     the engine's messages, by their English template
    unmarked("... **x**.png")        the same for Markdown, in which names are as they are
    moment(seconds)                  a date

``catalogues/en.json`` and ``zh.json`` hold templates by page.  What Chinese lacks is said in
English, so that a missing word never costs a page.  The language stands in the address
(``?lang=zh``); at first it is the browser's.  Outside a visitor's session, as in a job's
thread, everything is English, and :func:`said` translates it where it is shown.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

Language = Literal["en", "zh"]
#: As each calls itself.
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
PARAMETER = "lang"
FOLDER = Path(__file__).resolve().parent / "catalogues"
#: Sections of the catalogues whose English stands in the engine, and is translated by it.
ENGINE = ("figures", "engine")
#: What Markdown, and Streamlit's icons and colours, find something to do in, by its last sign:
#: some anywhere, a colon before what may be a name, what makes a list at the begin of a line.
_MARKUP = re.compile(
    r"[\\`*_{}\[\]<>#|~$&^]|:(?=\S)|(?<!\S)[-+=](?=\s|$)|^\s*\d+[.)]", re.MULTILINE
)
#: Where Streamlit's Markdown makes links of plain words, escaped or not: what it looks for is
#: parted there by a space of no width.
_LINKS = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=//)|(?<=[-.+\w])(?=@)", re.IGNORECASE)
_CHOSEN = "_language"


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Templates by ``page.key``."""
    pages = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {f"{page}.{key}": text for page, own in pages.items() for key, text in own.items()}


def browsers() -> Language:
    """The browser's language where it is Chinese, else English."""
    try:
        locale = st.context.locale or ""
    except RuntimeError:  # no server, and so no browser
        locale = ""
    return "zh" if locale.lower().startswith("zh") else "en"


def language() -> Language:
    """The visitor's language: chosen, else of the address, else the browser's."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(_CHOSEN)
    if chosen not in LANGUAGES:
        wanted = st.query_params.get(PARAMETER, "")
        chosen = wanted if wanted in LANGUAGES else browsers()
        st.session_state[_CHOSEN] = chosen
    found: Language = chosen
    return found


def choose() -> None:
    """Draw the switch, and keep the address true: it names what the browser does not."""
    now = language()

    def take() -> None:
        if st.session_state.get("language") in LANGUAGES:
            st.session_state[_CHOSEN] = st.session_state["language"]

    st.session_state["language"] = now
    st.sidebar.segmented_control(
        "Language · 语言",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="language",
        on_change=take,
        label_visibility="collapsed",
    )
    if now != "en" or browsers() != "en":
        if st.query_params.get(PARAMETER) != now:
            st.query_params[PARAMETER] = now
    elif PARAMETER in st.query_params and st.query_params[PARAMETER] != now:
        del st.query_params[PARAMETER]


def t(key: str, **values: Any) -> str:
    """What the pages say under a key, with the values put in."""
    english = catalogue("en").get(key, key)
    if language() != "en":
        try:
            return catalogue(language())[key].format(**values)
        except (KeyError, IndexError, ValueError):
            pass
    return english.format(**values)


def template(key: str) -> str:
    """What :func:`t` fills in, for whoever says the same a thousand times on a page."""
    english = catalogue("en").get(key, key)
    return english if language() == "en" else catalogue(language()).get(key, english)


@cache
def _engine_words(language: Language) -> dict[str, str]:
    """Templates of this language by the engine's English ones."""
    own = catalogue(language)
    return {
        english: own.get(key, english)
        for key, english in catalogue("en").items()
        if key.partition(".")[0] in ENGINE
    }


def translated(english: str) -> str:
    """A template of the engine in the visitor's language; itself where there is none."""
    now = language()
    return english if now == "en" else _engine_words(now).get(english, english)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """How to know each of the engine's templates again once values are in it."""
    found = []
    for english in _engine_words("en"):
        parts = re.split(r"\{(\w+)[^{}]*\}", english)
        seen: set[str] = set()
        pattern = ""
        for index, part in enumerate(parts):
            if index % 2 == 0:
                pattern += re.escape(part.replace("{{", "{").replace("}}", "}"))
            else:
                pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
                seen.add(part)
        found.append((re.compile(pattern, re.DOTALL), english))
    return sorted(found, key=lambda pair: -len(pair[1]))


def said(message: object) -> str:
    """A message of the engine, such as an error's, in the visitor's language.

    It is known by its template; one that nobody has translated stays English.
    """
    text = str(message)
    if language() == "en" or not text:
        return text
    direct = translated(text)
    if direct != text:
        return direct
    for pattern, english in _patterns():
        if match := pattern.fullmatch(text):
            plain = re.sub(r"\{(\w+)[^{}]*\}", r"{\1}", translated(english))
            return plain.format(**{name: said(value) for name, value in match.groupdict().items()})
    return text


def drawable(labels: Sequence[str]) -> tuple[list[str], str]:
    """Labels to draw into a picture, and what to write beside it.

    The font that pictures are labelled in has no Chinese: such a label is a number in the
    picture, and what it stands for is said below.

    >>> drawable(["m 3", "原图"])
    (['m 3', '(1)'], '(1) 原图')
    """
    drawn: list[str] = []
    beside: list[str] = []
    for label in labels:
        if any(sign >= "\u2e80" for sign in label):
            beside.append(f"({len(beside) + 1}) {label}")
            drawn.append(f"({len(beside)})")
        else:
            drawn.append(label)
    return drawn, "　".join(beside)


def escaped(text: str) -> str:
    r"""Words in which Markdown finds nothing to do, whoever chose them.

    >>> escaped("**x**")
    '\\*\\*x\\*\\*'
    >>> escaped("www.x.com me@x.com")
    'www\u200b.x.com me\u200b@x.com'
    """
    marked = _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _LINKS.sub("\u200b", marked)


def plain(name: str) -> str:
    """A name :func:`escaped`, at most 60 letters of it."""
    return escaped(name if len(name) <= 60 else "..." + name[-57:])


def unmarked(message: object) -> str:
    """What :func:`said` gives, for Markdown: the engine's messages hold names of strangers' files.

    The engine itself marks nothing up.
    """
    return escaped(said(message))


def moment(seconds: float) -> str:
    """A moment as the language writes it, in UTC: nobody tells the server where a visitor is."""
    when = datetime.fromtimestamp(seconds, UTC)
    if language() == "zh":
        return f"{when.year}年{when.month}月{when.day}日 {when:%H:%M}"
    return f"{when:%Y-%m-%d %H:%M}"


def teach_engine() -> None:
    """Give the engine its translator, if a page has brought it in; home does without both."""
    if "htm_engine" in sys.modules:
        from htm_engine.figures import wording

        wording.use(translated)
