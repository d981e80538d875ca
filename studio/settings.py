"""Every control of every page: its name in links, what it may be, and what it is at first.

::

    CONTROLS["compress"]["quality"] = Number(7, 1, 9)     what it may be, once for all
    ON = settings.Page("compress")
    quality = ON.slider("quality", t("compress.quality"))  drawn, kept, and in the link
    frame.share_link()                                     all that was drawn

    address ──► arrive(): values that a control cannot take are left out, and said
            ──► an older version's are rewritten (MIGRATIONS) ──► the controls
    leaving a page and coming back keeps its values; no page takes another's

A name is the same in the address, in Streamlit's session and here.  Most controls are bound
to the address by Streamlit; one whose options are shown in the visitor's language cannot be,
as Streamlit would write the translated word, and is read and written here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import streamlit as st

#: Raised when a link's values change their meaning; what older ones meant is in MIGRATIONS.
LINK_VERSION = 1

Query = dict[str, list[str]]
#: From the version named to the next: rewrites the page's query.
MIGRATIONS: Mapping[int, Callable[[str, Query], Query]] = {}

Value = str | bool | int | float | tuple[int, ...] | list[str]
_PAGE, _KEPT, _DRAWN, _REFUSED = "_page", "_kept_settings", "_drawn_settings", "_refused_settings"
_BOUND = "query-params"


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
    """A number from ``low`` to ``high``; a whole one if all three are."""

    default: int | float
    low: int | float
    high: int | float
    step: int | float = 1

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

_LEVEL_OF_TRAIN: dict[str, Control] = {
    "patch": Number(2, 1, 64),
    "units": Number(32, 1, 512),
    "rank": Number(8, 0, 128),
    "winners": Number(1, 1, 16),
    "stride": Number(0, 0, 64),
    "code": Number(0, 0, 128),
    "heat": Number(1.0, 0.1, 100.0, 0.1),
    "by": Choice("explanation", ("explanation", "evidence")),
}

CONTROLS: Mapping[str, Mapping[str, Control]] = {
    "home": {},
    "train": {
        "data": Choice("digits", ("digits", "scenes", "photo-patches", "upload")),
        "side": Number(32, 4, 128),
        "colour": Switch(),
        "preset": Choice("default"),
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
    },
    "compress": {
        "picture": Number(0, 0, _FAR),
        "whole": Switch(),
        "tiles": Switch(True),
        "quality": Number(7, 1, 10),
    },
    "text": {
        "text": Words(most=20_000),
        "reader": Choice("auto"),
        "prompt": Words(most=MOST_PROMPT),
        "voice": Choice("en", ("en", "zh"), spoken=True),
        "more": Number(300, 20, 1000, 20),
        "heat": Number(0.7, 0.0, 2.0, 0.1),
        "top_p": Number(0.95, 0.1, 1.0, 0.05),
        "text_seed": Number(0, 0, _FAR),
    },
    "generate": {
        "count": Choice(16, (8, 16, 32, 64)),
        "seed": Number(0, 0, _FAR),
        "kind": Choice("any"),
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
        "points": Choice("clouds", ("clouds", "lines", "ring")),
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


def arrive(stem: str) -> list[str]:
    """Make the page's controls ready, before any is drawn; names that were left out just now.

    On the first run of a visit to a page its controls take what the address says, else
    what they were when the visitor left it.
    """
    given = {name: st.query_params.get_all(name) for name in st.query_params}
    query = renewed(stem, given)
    values, refused = understood(stem, query)
    if refused or query != given:
        # Streamlit has read the address for this run already.
        st.session_state[_REFUSED] = refused
        st.query_params.from_dict({k: v for k, v in query.items() if k not in refused})
        st.rerun()
    st.session_state[_DRAWN] = {}
    if st.session_state.get(_PAGE) != stem:
        st.session_state[_PAGE] = stem
        before = st.session_state.setdefault(_KEPT, {}).get(stem, {})
        for name, control in CONTROLS[stem].items():
            if name in values:
                if getattr(control, "spoken", False):
                    st.session_state[name] = values[name]
            elif name in before and "v" not in query:
                st.session_state[name] = before[name]
            elif name in st.session_state:
                del st.session_state[name]  # another page's, of the same name
    found: list[str] = st.session_state.pop(_REFUSED, [])
    return found


def drawn() -> dict[str, Value]:
    """The controls on the page and what they are now, in the registry's order."""
    names = st.session_state.get(_DRAWN, {})
    state = st.session_state
    return {
        name: state[name] if name in state else names[name]
        for name in CONTROLS.get(state.get(_PAGE, ""), {})
        if name in names
    }


# ------------------------------------------------------------------- the controls
class Page:
    """Draws a page's controls.  ``on`` is where; the rest is what Streamlit's function takes.

    What differs from the registry's, because the data or another control decides it, is
    given by name: ``default``, ``high``, ``options``.
    """

    def __init__(self, stem: str):
        self.stem = stem
        self.controls = CONTROLS[stem]

    def number(self, name: str, label: str, on: Any = st, **shown: Any) -> Any:
        """A field for a number."""
        return self._numeric(on.number_input, name, label, shown)

    def slider(self, name: str, label: str, on: Any = st, **shown: Any) -> Any:
        """A slider over a :class:`Number`, or with two ends over a :class:`Span`."""
        return self._numeric(on.slider, name, label, shown)

    def _numeric(self, draw: Callable[..., Any], name: str, label: str, shown: Any) -> Any:
        control = self.controls[name]
        assert isinstance(control, Number | Span)
        low, high = control.low, shown.pop("high", control.high)
        default = shown.pop("default", control.default)
        now = st.session_state.get(name)
        if now is not None:  # a link, or this page before, may have known more pictures
            many = isinstance(now, tuple | list)
            held = tuple(min(max(v, low), high) for v in (now if many else [now]))
            held = held if many else held[0]
            if held != now:
                st.session_state[name] = held
        step = control.step if isinstance(control, Number) else 1
        default = min(default, high) if isinstance(control, Number) else default
        return self._keep(
            name, draw(label, low, high, default, step, key=name, bind=_BOUND, **shown)
        )

    def toggle(self, name: str, label: str, on: Any = st, **shown: Any) -> bool:
        """A switch."""
        default = shown.pop("default", self.controls[name].default)
        return bool(self._keep(name, on.toggle(label, default, key=name, bind=_BOUND, **shown)))

    def text(self, name: str, label: str, on: Any = st, **shown: Any) -> str:
        """A line of text."""
        return str(self._text(on.text_input, name, label, shown))

    def area(self, name: str, label: str, on: Any = st, **shown: Any) -> str:
        """Lines of text."""
        return str(self._text(on.text_area, name, label, shown))

    def _text(self, draw: Callable[..., Any], name: str, label: str, shown: Any) -> Any:
        control = self.controls[name]
        assert isinstance(control, Words)
        default = shown.pop("default", control.default)
        return self._keep(
            name, draw(label, default, key=name, bind=_BOUND, max_chars=control.most, **shown)
        )

    def select(self, name: str, label: str, on: Any = st, **shown: Any) -> Any:
        """A list that opens."""
        return self._choice(on.selectbox, name, label, shown, _by_index)

    def stops(self, name: str, label: str, on: Any = st, **shown: Any) -> Any:
        """A slider over a few values."""
        return self._choice(on.select_slider, name, label, shown, _by_value)

    def segments(self, name: str, label: str, on: Any = st, **shown: Any) -> Any:
        """Buttons of which one is down; the default, where the visitor let go of all."""
        return self._choice(on.segmented_control, name, label, shown, _by_default)

    def pills(self, name: str, label: str, on: Any = st, **shown: Any) -> list[str]:
        """Buttons of which any number may be down."""
        return list(
            self._choice(on.pills, name, label, {**shown, "selection_mode": "multi"}, _by_default)
        )

    def multiselect(self, name: str, label: str, on: Any = st, **shown: Any) -> list[str]:
        """A list of which several may be chosen."""
        return list(self._choice(on.multiselect, name, label, shown, _by_default))

    def _choice(
        self, draw: Callable[..., Any], name: str, label: str, shown: Any,
        first: Callable[[Sequence[Any], Any], dict[str, Any]],
    ) -> Any:  # fmt: skip
        control = self.controls[name]
        assert isinstance(control, Choice | Several)
        options = list(shown.pop("options", None) or control.options or ())
        default = shown.pop("default", control.default)
        several = isinstance(control, Several)
        now = st.session_state.get(name)
        if several and now:  # a run may have been deleted, here or by somebody else
            now = [one for one in now if one in options][: shown.get("max_selections")]
            st.session_state[name] = now or default
        elif not several and now is not None and now not in options:
            del st.session_state[name]
        if not control.spoken:
            start = first(options, default)
            chosen = draw(label, options, key=name, bind=_BOUND, **start, **shown)
        else:
            st.session_state.setdefault(name, default)
            chosen = draw(label, options, key=name, **shown)
            self._write(name, chosen, default)
        return self._keep(name, default if chosen is None else chosen)

    def _write(self, name: str, value: Any, default: Any) -> None:
        """Keep the address of a control that Streamlit does not bind."""
        written = [str(one) for one in (value if isinstance(value, list) else [value])]
        if value is None or value == default:
            written = []
        if st.query_params.get_all(name) != written:
            if written:
                st.query_params[name] = written
            else:
                del st.query_params[name]

    def _keep(self, name: str, value: Any) -> Any:
        st.session_state.setdefault(_DRAWN, {})[name] = value
        st.session_state.setdefault(_KEPT, {}).setdefault(self.stem, {})[name] = value
        return value


def _by_index(options: Sequence[Any], default: Any) -> dict[str, Any]:
    return {"index": options.index(default) if default in options else 0}


def _by_value(options: Sequence[Any], default: Any) -> dict[str, Any]:
    return {"value": default}


def _by_default(options: Sequence[Any], default: Any) -> dict[str, Any]:
    return {"default": default}
