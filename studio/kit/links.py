"""Addresses that restore a page: every value written, as Streamlit's bound widgets read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from .controls import LINK_VERSION, Value


def link(address: str, values: Mapping[str, Value]) -> str:
    """Address that restores ``values``, written as Streamlit's bound widgets read them.

    Everything is written, defaults too: a link whose values equal today's defaults must
    mean the same after the defaults have changed.

    >>> link("http://127.0.0.1:8501/train?old=1", {"units": 64, "live": True, "rate": 2.0})
    'http://127.0.0.1:8501/train?v=1&units=64&live=true&rate=2'
    """
    query: list[tuple[str, str]] = [("v", str(LINK_VERSION))]
    for key, value in values.items():
        many = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
        query.extend((key, _written(item)) for item in many)
    return urlunsplit((*urlsplit(address)[:3], urlencode(query), ""))


def _written(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
