"""A page's controls: drawn, in the link, and kept while the visitor is elsewhere.

::

    ON = settings.Page("compress")
    quality = ON.slider("quality", t("compress.quality"))  drawn, kept, and in the link
    frame.share_link()                                     all that was drawn

    address ──► arrive(): values that a control cannot take are left out, and said
            ──► an older version's are rewritten ──► the controls
    leaving a page and coming back keeps its values; no page takes another's

What each may be is in ``controls``.  Most are bound to the address by Streamlit; one whose
options are shown in the visitor's language cannot be, as Streamlit would write the translated
word, and is read and written here.  So is one that a component of ours sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from .controls import CONTROLS, Choice, Number, Several, Span, Value, Words, renewed, understood

_PAGE, _KEPT, _DRAWN, _REFUSED = "_page", "_kept_settings", "_drawn_settings", "_refused_settings"
_BEGAN = "_settings_a_visit_began_with"
_BOUND = "query-params"


def arrive(stem: str) -> list[str]:
    """Make the page's controls ready, before any is drawn; names that were left out.

    On the first run of a visit to a page its controls take what the address says, else
    what they were when the visitor left it.  What was left out is said until the page is
    left: parts of it may run again by themselves before anybody has read it.
    """
    given = {name: st.query_params.get_all(name) for name in st.query_params}
    query = renewed(stem, given)
    values, refused = understood(stem, query)
    if refused or query != given:
        # Streamlit has read the address for this run already.
        st.session_state[_REFUSED] = (stem, refused)
        st.query_params.from_dict({k: v for k, v in query.items() if k not in refused})
        st.rerun()
    st.session_state[_DRAWN] = {}
    if st.session_state.get(_PAGE) != stem:
        st.session_state[_PAGE] = stem
        st.session_state[_BEGAN] = {}
        before = st.session_state.setdefault(_KEPT, {}).get(stem, {})
        for name, control in CONTROLS[stem].items():
            if name in values:
                if getattr(control, "spoken", False) or getattr(control, "carried", False):
                    _begin(name, values[name])
            elif name in before and "v" not in query:
                _begin(name, before[name])
            elif name in st.session_state:
                del st.session_state[name]  # another page's, of the same name
    page, names = st.session_state.get(_REFUSED, (stem, []))
    if page != stem:
        del st.session_state[_REFUSED]
    return names if page == stem else []


def _begin(name: str, value: Value) -> None:
    """Let a control have a value from the first time that it is drawn on this visit."""
    st.session_state[name] = st.session_state[_BEGAN][name] = value


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

    def carried(self, name: str) -> int | float:
        """A number that a component of ours sets: no field here, but kept and in the link."""
        control = self.controls[name]
        assert isinstance(control, Number)
        value = st.session_state.setdefault(name, control.default)
        self._write(name, value, control.default)
        found: int | float = self._keep(name, value)
        return found

    def _choice(
        self,
        draw: Callable[..., Any],
        name: str,
        label: str,
        shown: Any,
        first: Callable[[Sequence[Any], Any], dict[str, Any]],
    ) -> Any:
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
            # What it began with is its own default on this visit: where the page runs again before
            # the browser has drawn it, the browser answers with the default.
            began = st.session_state.get(_BEGAN, {}).get(name, default)
            if several:  # a link may name what there is not
                began = [one for one in began if one in options][: shown.get("max_selections")]
            elif began not in options:
                began = default
            chosen = draw(label, options, key=name, **first(options, began), **shown)
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
