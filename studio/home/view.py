"""What the home page draws: a photograph, a collection and a text, as files in assets/ say.

The engine is not asked; everything is kept by the time stamp of the file it comes from.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ..kit import divider, settings, tour
from ..kit.letters import Kept, letters_html
from ..kit.pictures import alt
from ..kit.places import ASSETS
from ..kit.words import t
from . import showcase

ON = settings.Page("home")
#: The study of a text that the Text page shows first, and what is shown of it here: from
#: the one, up to the other.
TEXT = ASSETS / "text-home.json"
PART = ("Nobody in the street", " There was no zeppelin")
#: Seconds that the browser has the first screen alone, the first time.
PAINT = 0.4
_PAINTED = "_home_painted"
#: Finished things on other pages: a name, the page, and what its link says.
FINISHED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("tour", "compress", tour.query(2)),  # this page is its first step
    ("photo", "compress", {"what": "photo"}),
    ("text", "text", {}),
    ("odd", "series", {"series": "missing day"}),
    ("unit", "inside", {"picture": "12", "level": "1", "unit": "5"}),
    ("scenes", "train", {"data": "scenes", "preset": "quick"}),
    ("drawn", "generate", {"seed": "9", "kind": "3"}),
    ("learning", "formulas", {"points": "clouds", "at": "40"}),
)


@dataclass(frozen=True)
class Text:
    """A text letter by letter, its bytes, and bytes of every compressor's file, ours first."""

    length: int
    sizes: tuple[tuple[str, int], ...]
    letters: tuple[Kept, ...]


@st.cache_resource(show_spinner=False, max_entries=1)
def load_showcase(path: Path, stamp: float) -> showcase.Showcase:
    return showcase.read(path)


@st.cache_resource(show_spinner=False, max_entries=1)
def load_text(stamp: float) -> Text:
    found = json.loads(TEXT.read_text(encoding="utf-8"))
    return Text(
        int(found["length"]),
        tuple((str(name), int(size)) for name, size in found["sizes"]),
        tuple(Kept.of(letter) for letter in found["letters"]),
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def load_file(path: Path, stamp: float) -> bytes:
    return path.read_bytes()


def content(path: Path) -> bytes:
    """A file of the page, read once."""
    return load_file(path, path.stat().st_mtime)


def show() -> None:
    """The first screen: all three results side by side.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        If a file of it is missing or damaged.
    """
    found = load_showcase(showcase.FILE, showcase.FILE.stat().st_mtime)
    text = load_text(TEXT.stat().st_mtime)
    left, right = st.columns([6, 5], gap="medium")
    with left.container(gap="xsmall"):
        show_photograph(found.photograph)
    with right.container(gap="xsmall"):
        show_collection(found.collection)
    with st.container(gap="xsmall"):
        show_text(text)


def let_paint() -> None:
    """Wait, once a visitor, so that the browser draws the first screen before it has the rest."""
    if not st.session_state.get(_PAINTED):
        st.session_state[_PAINTED] = True
        time.sleep(PAINT)


def show_photograph(found: showcase.Photograph) -> None:
    """The same bytes in two formats under one divider."""
    raw = 3 * found.width * found.height / 1000
    st.markdown(t("home.a_photograph_in_bytes", raw=raw, size=found.htm.size))
    sides = tuple(
        divider.Side(
            content(path),
            t("home.format_at", name=name, size=coding.size, psnr=coding.psnr),
            alt(t("home.the_cat_as_stores_it", name=name), t("home.db", psnr=coding.psnr)),
            kind,
        )
        for name, coding, path, kind in (
            ("HTM", found.htm, showcase.BACK, "image/webp"),
            ("JPEG", found.jpeg, showcase.JPEG, "image/jpeg"),
        )
    )
    divider.show(ON, "home_divider", (sides[0], sides[1]), (found.width, found.height))
    st.caption(t("home.move_the_divider", size=found.webp.size, psnr=found.webp.psnr))


def show_collection(found: showcase.Collection) -> None:
    """What a network's units learned, and what it drew."""
    st.markdown(
        t("home.a_collection_in_bytes", size=found.htm.size, png=found.png, psnr=found.htm.psnr)
    )
    for path, caption, words in (
        (
            showcase.UNITS,
            t("home.units_of_the_network", learned=found.learned_from),
            alt(t("home.prototypes_in_colour"), t("home.each_is_a_person")),
        ),
        (
            showcase.DRAWN,
            t("home.drawn_by_the_network"),
            alt(t("home.drawn_pictures"), t("home.people_like_those")),
        ),
    ):
        st.image(content(path), caption=caption, alt=words, width="stretch")


def show_text(found: Text) -> None:
    """A part of a text in the colours of its surprise."""
    whole = "".join(letter.character for letter in found.letters)
    first, last = (max(0, whole.find(words)) for words in PART)
    (_, ours), *others = found.sizes
    best = min(others, key=lambda pair: pair[1])
    st.markdown(t("home.a_text_in_bytes", length=found.length, size=ours))
    st.html(letters_html(found.letters[first : last or None]))
    st.caption(t("home.the_stronger_the_colour", best=best[0], size=best[1]))


def show_finished() -> None:
    """Links that open other pages with something finished on them."""
    st.subheader(t("home.finished_things"), anchor=False)
    half = len(FINISHED) // 2
    for column, part in zip(st.columns(2), (FINISHED[:half], FINISHED[half:]), strict=True):
        for name, stem, query in part:
            column.page_link(
                f"pages/{stem}.py",
                label=t(f"home.finished_{name}"),
                icon=":material/arrow_forward:",
                query_params={"v": "1", **query},
            )
