"""The recipe of a run, for programs that reports gave out before it moved to ``runs``."""

from .runs.recipe import LIMITS, SPLIT, Recipe

__all__ = ["LIMITS", "SPLIT", "Recipe"]
