"""Whose a run is: who began it may pause and stop it, who was sent its link only looks.

::

    the browser's cookie against forged requests ──unmasked, hashed──► whoever()
    own(run) ──► run's id: whoever began it          mine(run) ──► the same browser?

A reload, or another tab, makes a new session in the same browser, and the cookie stays.
"""

from __future__ import annotations

import hashlib
import secrets

import streamlit as st

#: Streamlit's cookie: version, mask, masked token and time, with bars between (Tornado's form).
COOKIE = "_streamlit_xsrf"
_NAME = "_visitor"
_OWNERS: dict[str, str] = {}


def token(cookie: str) -> bytes:
    """What a cookie holds under its mask, which is another in every copy; empty if nothing.

    >>> token("2|01020304|01020304aa|9"), token("rubbish")
    (b'\\x00\\x00\\x00\\x00\\xab', b'')
    """
    try:
        _, mask, masked, _ = cookie.split("|")
        pattern = bytes.fromhex(mask)
        return bytes(
            byte ^ pattern[place % len(pattern)] for place, byte in enumerate(bytes.fromhex(masked))
        )
    except (ValueError, ZeroDivisionError):
        return b""


def whoever() -> str:
    """This visitor's browser; where it keeps no cookies, this session."""
    if found := token(st.context.cookies.get(COOKIE, "")):
        return hashlib.sha256(found).hexdigest()
    name: str = st.session_state.setdefault(_NAME, secrets.token_hex())
    return name


def own(run: str) -> None:
    """A run is this visitor's from now on; one that no history names is nobody else's anyway."""
    if run:
        _OWNERS[run] = whoever()


def mine(run: str) -> bool:
    """Whether this visitor began a run that goes on; what nobody began is everybody's."""
    return _OWNERS.get(run, whoever()) == whoever()
