"""A text in the colours of its surprise, letter by letter, as HTML.

Nothing here asks a model, or needs the engine: letters may come from a file.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from .words import template

#: Bits at which a letter has its full colour.
FULL = 9.0


class Told(Protocol):
    """A character, its surprise in bits, who predicted it, and what was likelier."""

    @property
    def character(self) -> str: ...

    @property
    def bits(self) -> float: ...

    @property
    def voices(self) -> Sequence[tuple[str, float]]: ...

    @property
    def expected(self) -> Sequence[tuple[str, float]]: ...


@dataclass(frozen=True)
class Kept:
    """A letter as a file holds it."""

    character: str
    bits: float
    voices: tuple[tuple[str, float], ...]
    expected: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, entry: Any) -> Kept:
        """From an entry of a study's JSON."""
        voices, expected = (
            tuple((str(one), float(value)) for one, value in entry[name])
            for name in ("voices", "expected")
        )
        return cls(str(entry["character"]), float(entry["bits"]), voices, expected)


def name_of(character: str) -> str:
    """A character as people can see it.

    >>> name_of(" ")
    '␣'
    """
    return {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}.get(character, character)


@dataclass(frozen=True)
class Sentences:
    """What is said of letters, in one language: looked up once, as a page has hundreds."""

    KEYS: ClassVar = ["text.letter_bits", "text.predicted_by_bits", "text.predicted"]

    bits: str
    predicted_by: str
    predicted: str

    @classmethod
    def spoken(cls) -> Sentences:
        """In the visitor's language."""
        return cls(*map(template, cls.KEYS))

    def of(self, letter: Told) -> str:
        """What is said of a letter when the pointer rests on it."""
        lines = [self.bits.format(name=name_of(letter.character), bits=letter.bits)]
        if letter.voices:
            voices = ", ".join(f"{voice} {bits:+.1f}" for voice, bits in letter.voices)
            lines.append(self.predicted_by.format(voices=voices))
        if letter.expected:
            guesses = ", ".join(f"{name_of(one)} {chance:.0%}" for one, chance in letter.expected)
            lines.append(self.predicted.format(guesses=guesses))
        return "\n".join(lines)


def letters_html(letters: Sequence[Told]) -> str:
    """Letters on grounds as strong as their surprise; everything foreign is escaped."""
    said = Sentences.spoken()
    parts = ['<div style="line-height:1.9;font-size:1.05rem;overflow-wrap:anywhere">']
    for letter in letters:
        strength = min(1.0, letter.bits / FULL) ** 0.8
        shown = html.escape(letter.character)
        if letter.character == "\n":
            shown = "⏎<br>"
        elif not letter.character.isprintable():
            shown = "�"
        parts.append(
            f'<span style="background:rgba(214,98,30,{0.75 * strength:.3f});border-radius:2px"'
            f' title="{html.escape(said.of(letter), quote=True)}">{shown}</span>'
        )
    return "".join((*parts, "</div>"))
