"""Trainings in the background, their history, and what makes them again."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Names that programs given out by earlier reports import from here: the history's."""
    if name in ("History", "Run", "data_folder", "size_limit"):
        from . import history

        return getattr(history, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
