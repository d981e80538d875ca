"""How loops over bits become machine code: compiled once, kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator: compile a function by numba; other threads may run beside it.

    The machine code is kept next to the source or in the user's cache folder.  Where
    neither can be written (a read-only image without a home), every process compiles anew,
    which takes seconds.
    """
    if function is None:
        return lambda given: compiled(given, **options)
    try:
        return njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # numba found no folder for its files
        return njit(nogil=True, **options)(function)
