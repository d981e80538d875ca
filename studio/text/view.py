"""What the Text page draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import streamlit as st

from htm_engine.analysis.reading import Expected, Letter

from ..kit.letters import letters_html, name_of
from ..kit.shapes import BARE
from ..kit.words import said, t
from .work import MOST_LETTERS, Study

if TYPE_CHECKING:
    from htm_engine.runs.background import Background


def doing(job: Background) -> str:
    """What the work on a text is at, and how far."""
    parts = list(job.items)
    step = said(parts[-1].doing) if parts else t("text.waiting_for_a_place")
    return f"{step} ({job.progress:.0%})"


def numbers(study: Study) -> None:
    """Size, bits a character, and the strongest peer, at a glance."""
    size = study.sizes[0][1]
    others = [pair for pair in study.sizes[1:] if pair[1]]
    columns = st.columns(4)
    columns[0].metric(t("text.this_text"), t("text.bytes_3", length=study.length))
    columns[1].metric(t("text.the_file"), t("text.bytes_2", size=size))
    columns[2].metric(t("text.bits_per_character"), f"{8 * size / max(1, study.characters):.2f}")
    if not others:
        return  # they come one by one
    best = min(others, key=lambda pair: pair[1])
    part = 1 - size / best[1]
    than = t("text.smaller") if part >= 0 else t("text.larger")
    columns[3].metric(
        t("text.best_of_the_others", best=best[0]),
        t("text.bytes", best=best[1]),
        t("text.ours_is", part=abs(part), value=than),
        delta_color="green" if part >= 0 else "red",
        delta_arrow="off",
    )


def sizes(study: Study) -> None:
    """Every compressor on this text, largest last."""
    from htm_engine.figures.text import sizes_figure, sizes_in_words

    st.plotly_chart(
        sizes_figure(study.sizes, study.characters),
        alt=sizes_in_words(study.sizes, study.characters),
        key="sizes",
        config=BARE,
    )
    st.caption(t("text.whole_files_headers_counted_what"))


def label_of(character: str) -> str:
    """A character as a button's label, where Markdown must find nothing to do."""
    shown = name_of(character)
    return shown if shown.isalnum() or len(shown) > 1 else f"\\{shown}"


def letters(study: Study) -> None:
    """The text in the colours of its surprise, and its most surprising words."""
    bits = sum(letter.bits for letter in study.letters)
    st.html(letters_html(study.letters))
    count = len(study.letters)
    cut = t("text.the_first_characters", count=count) if study.characters > MOST_LETTERS else ""
    st.caption(t("text.the_stronger_the_colour_the", bits=bits / 8, count=count, cut=cut))
    ranked = surprising_words(study.letters)[:12]
    if ranked:
        st.dataframe(
            {
                t("text.word"): [word for word, _, _ in ranked],
                t("text.bits"): [round(bits, 1) for _, bits, _ in ranked],
                t("text.predicted_instead"): [guess for _, _, guess in ranked],
            },
            hide_index=True,
            alt=t("text.the_most_surprising_words") + ", ".join(word for word, _, _ in ranked[:3]),
        )


def surprising_words(letters: Sequence[Letter]) -> list[tuple[str, float, str]]:
    """Words, their bits, and what was predicted at their most surprising letter."""
    found = []
    for inside, group in groupby(letters, key=lambda letter: not letter.character.isspace()):
        word = list(group)
        if inside:
            worst = max(word, key=lambda letter: letter.bits)
            guess = name_of(worst.expected[0].character) if worst.expected else ""
            text = "".join(letter.character for letter in word)
            told = (
                t("text.instead_of", guess=guess, character=worst.character)
                if guess and guess != worst.character
                else ""
            )
            found.append((text, sum(letter.bits for letter in word), told))
    return sorted(found, key=lambda entry: -entry[1])


def next_letters(expected: Sequence[Expected]) -> None:
    """Bars of the likeliest next characters."""
    from htm_engine.figures.text import next_figure, next_in_words

    pairs = [(name_of(one.character), one.probability) for one in expected]
    st.plotly_chart(
        next_figure(pairs),
        alt=next_in_words(pairs),
        key="next",
        config=BARE,
    )
