"""Words in another language: figures say theirs through :func:`say`, English by itself.

The engine is English and knows of no other language.  A program around it may install a
translator once, a function from an English template to another template::

    wording.use(translate)
    say("{n:,} pictures", n=3)      # translate("{n:,} pictures").format(n=3)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_translate: Callable[[str], str] | None = None


def use(translate: Callable[[str], str] | None) -> None:
    """Install a translator of templates for the whole process; None goes back to English."""
    global _translate
    _translate = translate


def say(english: str, **values: Any) -> str:
    """A template with its values put in, in the language of the translator.

    A translation that does not fit the values gives the English words: words may be missing,
    a figure may not.

    >>> say("{part:.0%} of {n:,}", part=0.5, n=1200)
    '50% of 1,200'
    """
    if _translate is not None:
        try:
            return _translate(english).format(**values)
        except (KeyError, IndexError, ValueError):
            pass
    return english.format(**values)
