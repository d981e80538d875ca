"""The text model, for programs written before it moved to ``coding.text.model``."""

from .text.model import TextModel

__all__ = ["TextModel"]
