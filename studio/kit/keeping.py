"""Results that are kept: for all visitors, or, where a visitor's own data is in them, for one.

What is made from the shipped model and the named data is the same for everybody and made
once a server.  As soon as a visitor brings anything of their own, all that is made for them
is kept in their session alone, and is gone with it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

P = ParamSpec("P")
R = TypeVar("R")

#: Results of one function that one visitor's session keeps at most.
OWN = 6
_PRIVATE = "_private"


def make_private() -> None:
    """From now on, nothing that is made for this visitor is kept for others."""
    st.session_state[_PRIVATE] = True


def is_private() -> bool:
    """Whether this visitor brought anything of their own."""
    return bool(st.session_state.get(_PRIVATE))


def notice_uploads() -> None:
    """Look for files that arrived since the last time; every page begins with this."""
    if not is_private() and any(_uploaded(value) for value in st.session_state.values()):
        make_private()


def _uploaded(value: object) -> bool:
    return isinstance(value[0] if isinstance(value, list) and value else value, UploadedFile)


def working(words: Callable[[], str] | None) -> AbstractContextManager[None]:
    """A spinner with words of the visitor's language; none where it takes half a second or less.

    The words of Streamlit's own caches are settled once for all visitors.
    """
    if words is None or get_script_run_ctx(suppress_warning=True) is None:
        return nullcontext()
    return st.spinner(words())


def kept(
    max_entries: int, words: Callable[[], str] | None = None, copied: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: keep what a function returns, by its arguments without an underscore.

    Parameters
    ----------
    max_entries : int
        For all visitors together; a session keeps ``OWN`` at most.
    words : callable, optional
        What to show while it is made, in the visitor's language, as :func:`working` does.
    copied : bool
        Hand out a copy each time (``st.cache_data``); otherwise the one object, which nobody
        may change (``st.cache_resource``).
    """
    cache = st.cache_data if copied else st.cache_resource

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        shared = cache(function, max_entries=max_entries, show_spinner=False)  # type: ignore[call-overload]
        own = cache(  # type: ignore[call-overload]
            function, max_entries=min(max_entries, OWN), show_spinner=False, scope="session"
        )

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with working(words):
                found: R = (own if is_private() else shared)(*args, **kwargs)
            return found

        return call

    return decorate
