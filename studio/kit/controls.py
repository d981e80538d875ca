"""What every control of every page may be, and how links say it.

::

    CONTROLS["compress"]["quality"] = Number(7, 1, 10)    what it may be, once for all
    query of a link ──► renewed(): as today's version says it ──► understood(): values

A name is the same in the address, in Streamlit's session and here.  Nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

#: Raised when a link's values change their meaning; what older ones meant is in MIGRATIONS.
LINK_VERSION = 2

Query = dict[str, list[str]]


def _first_choices(page: str, query: Query) -> Query:
    """Until version 2 a link that names none of these meant other things than today."""
    before = {"preset": ["default"], "data": ["digits"], "colour": ["false"], "side": ["32"]}
    return before | query if page == "train" else query


#: From the version named to the next: rewrites the page's query.
MIGRATIONS: Mapping[int, Callable[[str, Query], Query]] = {1: _first_choices}

Value = str | bool | int | float | tuple[int, ...] | list[str]


class Control(Protocol):
    """What a value may be.  ``read`` gives it from the address, or raises ValueError."""

    @property
    def default(self) -> Value: ...

    def read(self, given: Sequence[str]) -> Value: ...


def _only(given: Sequence[str]) -> str:
    if len(given) != 1:
        raise ValueError("one value is wanted")
    return given[0]


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``; a whole one if all three are.

    ``carried``: it has no field of its own, a component of ours sets it.
    """

    default: int | float
    low: int | float
    high: int | float
    step: int | float = 1
    carried: bool = False

    @property
    def whole(self) -> bool:
        return all(isinstance(value, int) for value in (self.default, self.low, self.high))

    def read(self, given: Sequence[str]) -> int | float:
        text = _only(given)
        value = int(text) if self.whole else float(text)
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise ValueError("out of range")
        return value


@dataclass(frozen=True)
class Span:
    """From one whole number to another, both within ``low`` to ``high``."""

    low: int
    high: int

    @property
    def default(self) -> tuple[int, ...]:
        return (self.low, self.high)

    def read(self, given: Sequence[str]) -> tuple[int, ...]:
        values = tuple(int(text) for text in given)
        if len(values) != 2 or not self.low <= values[0] <= values[1] <= self.high:
            raise ValueError("out of range")
        return values


@dataclass(frozen=True)
class Switch:
    """On or off."""

    default: bool = False

    def read(self, given: Sequence[str]) -> bool:
        text = _only(given).lower()
        if text not in ("true", "false"):
            raise ValueError("neither true nor false")
        return text == "true"


@dataclass(frozen=True)
class Choice:
    """One of ``options``; where the data decides what there is, any short name.

    ``spoken``: the visitor sees the options in their own language.
    """

    default: str | int
    options: tuple[str | int, ...] | None = None
    spoken: bool = False

    def read(self, given: Sequence[str]) -> str | int:
        text = _only(given)
        if self.options is None:
            if len(text) > 200:
                raise ValueError("too long")
            return int(text) if isinstance(self.default, int) else text
        for option in self.options:
            if text == str(option):
                return option
        raise ValueError("no such option")


@dataclass(frozen=True)
class Several:
    """Any of ``options``, in the visitor's language; of any names, where the data decides."""

    options: tuple[str, ...] | None = None
    spoken: bool = True

    @property
    def default(self) -> list[str]:
        return []

    def read(self, given: Sequence[str]) -> list[str]:
        if len(given) > 100 or any(
            len(text) > 200 if self.options is None else text not in self.options for text in given
        ):
            raise ValueError("no such option")
        return list(given)


@dataclass(frozen=True)
class Words:
    """Free text of at most ``most`` characters."""

    default: str = ""
    most: int = 200

    def read(self, given: Sequence[str]) -> str:
        text = _only(given)
        if len(text) > self.most:
            raise ValueError("too long")
        return text


# ------------------------------------------------------------------- what there is
#: More pictures, or seeds, than a page counts.
_FAR = 10**6
#: Levels that Train builds at most, and that a loaded model may have.
MOST_LEVELS, _TALLEST = 4, 16
#: Characters of a text that is to be continued.
MOST_PROMPT = 2000
#: Steps of gradient descent that Formulas makes.
MOST_STEPS = 200

#: Series of one column that the program draws, by the names that
#: ``htm_engine.data.drawn_series`` has for them; and those of several columns, one from a package.
SERIES = ("missing day", "slow drift", "stuck sensor", "changed rhythm", "spikes")
COLUMNS = ("machine", "share prices")
#: The visitor's own series, on the pages that look into one.
OWN_SERIES = "own"
#: What stands beside a photograph: what came back, or that beside another format.
BESIDE = ("ours", "jpeg", "jpeg2000", "webp", "avif", "pca")

_LEVEL_OF_TRAIN: dict[str, Control] = {
    "patch": Number(2, 1, 64),
    "units": Number(32, 1, 512),
    "rank": Number(8, 0, 128),
    "winners": Number(1, 1, 16),
    "stride": Number(0, 0, 64),
    "code": Number(0, 0, 128),
    "heat": Number(1.0, 0.1, 100.0, 0.1),
    "by": Choice("explanation", ("explanation", "evidence"), spoken=True),
}

CONTROLS: Mapping[str, Mapping[str, Control]] = {
    "home": {"wipe": Number(50, 0, 100, carried=True)},
    "train": {
        "data": Choice("scenes", ("scenes", "digits", "photo-patches", "upload"), spoken=True),
        "side": Number(0, 0, 256),
        "colour": Switch(True),
        "preset": Choice("auto", spoken=True),
        "init": Choice("placed", ("placed", "random"), spoken=True),
        "epochs": Number(20, 1, 200),
        "batch": Number(0, 0, 4096),
        "alpha": Number(0.02, 0.001, 1.0, 0.001),
        "start": Number(4.0, 1.0, 50.0, 0.5),
        "patience": Number(1, 0, 100),
        "held": Number(0.1, 0.0, 0.5, 0.05),
        "seed": Number(0, 0, _FAR),
        "mirror": Switch(),
        "levels": Number(2, 1, MOST_LEVELS),
        **{
            f"l{level}{name}": control
            for level in range(1, MOST_LEVELS + 1)
            for name, control in _LEVEL_OF_TRAIN.items()
        },
        "shown": Choice(0, tuple(range(_TALLEST + 1)), spoken=True),
        "cv_open": Switch(),
    },
    "inside": {
        "picture": Number(0, 0, _FAR),
        "level": Number(1, 1, _TALLEST),
        "place": Number(0, 0, 10**4),
        "unit": Choice("winner"),
        "thumbs": Switch(True),
        "seed": Number(0, 0, _FAR),
        "series_too": Switch(),
        "series": Choice(SERIES[0], (*SERIES, OWN_SERIES), spoken=True),
    },
    "compress": {
        "what": Choice("collection", ("collection", "photo"), spoken=True),
        "photo_quality": Number(50, 1, 100),
        "sized_by": Choice("quality", ("quality", "size"), spoken=True),
        "size_bytes": Number(15_000, 40, 20_000_000),
        "lossless": Switch(),
        "tune": Choice("psnr", ("psnr", "eye"), spoken=True),
        "fast": Switch(),
        "strip": Switch(),
        "beside": Choice("ours", BESIDE, spoken=True),
        "zoom": Choice(1, (1, 2, 4, 8), spoken=True),
        "zoom_x": Number(50, 0, 100, carried=True),
        "zoom_y": Number(50, 0, 100, carried=True),
        "wipe": Number(50, 0, 100, carried=True),
        "picture": Number(0, 0, _FAR),
        "whole": Switch(),
        "tiles": Switch(True),
        "quality": Number(7, 1, 10),
    },
    "text": {
        "text": Words(most=20_000),
        "reader": Choice("auto", spoken=True),
        "prompt": Words(most=MOST_PROMPT),
        "voice": Choice("en", ("en", "zh"), spoken=True),
        "more": Number(300, 20, 1000, 20),
        "heat": Number(0.7, 0.0, 2.0, 0.1),
        "top_p": Number(0.95, 0.1, 1.0, 0.05),
        "text_seed": Number(0, 0, _FAR),
    },
    "series": {
        "series": Choice(SERIES[0], (*SERIES, *COLUMNS, "rare wine", "upload"), spoken=True),
        "level": Number(0.5, 0.05, 0.95, 0.05),
        "learning": Number(0, 0, 100_000),
        "ahead": Number(144, 1, 5000),
        "part": Span(0, 100),
        "odd": Number(0, 0, _FAR, carried=True),
        "live": Switch(),
        "seed": Number(0, 0, _FAR),
        "judged": Choice("rows", ("rows", "series"), spoken=True),
        "column": Choice("", spoken=True),
    },
    "generate": {
        "count": Choice(16, (8, 16, 32, 64)),
        "seed": Number(0, 0, _FAR),
        "kind": Choice("any", spoken=True),
        "temperature": Number(1.0, 0.0, 2.0, 0.1),
        **{f"heat{level}": Number(0.7, 0.0, 2.0, 0.1) for level in range(1, _TALLEST)},
        "which": Number(1, 1, 64),
        "cover": Number(0, 0, _FAR),
        "cover_rows": Span(0, _FAR),
        "cover_columns": Span(0, _FAR),
        "a": Number(0, 0, _FAR),
        "b": Number(1, 0, _FAR),
        "moving": Switch(),
        "vary": Number(0, 0, _FAR),
        "strength": Number(0.5, 0.0, 1.0, 0.1),
    },
    "formulas": {
        "points": Choice("clouds", ("clouds", "lines", "ring"), spoken=True),
        "rank": Choice("0", ("0", "1")),
        "pace": Number(0.6, 0.05, 2.0, 0.05),
        "warmth": Number(1.0, 0.2, 5.0, 0.1),
        "hand": Number(0, 0, _FAR),
        "at": Number(0, 0, 300),
        "point": Number(0, 0, 1000),
        "picture": Number(0, 0, _FAR),
        "level": Number(1, 1, _TALLEST),
        "place": Number(0, 0, 10**4),
        "heat": Number(8.0, 0.5, 30.0, 0.5),
        "winners": Number(1, 1, 16),
        "rate": Number(0.5, 0.01, 2.0, 0.01),
        "steps": Number(0, 0, MOST_STEPS),
        "series_too": Switch(),
        "series": Choice(SERIES[0], (*SERIES, OWN_SERIES), spoken=True),
        "value": Number(2460, 2, 2 * _FAR),
    },
    "runs": {
        "find": Words(),
        "state": Several(),
        "starred": Switch(),
        "runs": Several(),
    },
}


# ------------------------------------------------------------------- the address
def renewed(stem: str, query: Query) -> Query:
    """A query of an older version as today's links say it.

    One without a version, as Streamlit writes it, is of today; one of a later version stays.
    """
    version = query.get("v", [str(LINK_VERSION)])[0]
    if version not in map(str, range(1, LINK_VERSION)):
        return query
    for number in range(int(version), LINK_VERSION):
        query = MIGRATIONS[number](stem, query)
    return query | {"v": [str(LINK_VERSION)]}


def understood(stem: str, query: Query) -> tuple[dict[str, Value], list[str]]:
    """What a page's query says, and the names whose values their controls cannot take."""
    values: dict[str, Value] = {}
    refused = []
    for name, control in CONTROLS[stem].items():
        if name not in query:
            continue
        try:
            values[name] = control.read(query[name])
        except (ValueError, OverflowError):
            refused.append(name)
    return values, refused
