"""HTM Studio's engine: a hierarchical autoencoder of competing units."""

from typing import TYPE_CHECKING, Any

from .coding.collection import compress_collection, decompress_collection
from .datasets import load_dataset
from .layer import CompetitiveLayer, LayerSpec
from .network import HTM

if TYPE_CHECKING:
    from .coding.text import compress_text, decompress_text

__all__ = [
    "HTM",
    "CompetitiveLayer",
    "LayerSpec",
    "compress_collection",
    "compress_text",
    "decompress_collection",
    "decompress_text",
    "load_dataset",
]


def __getattr__(name: str) -> Any:
    # Texts need a compiler, whose import takes as long as all the rest together.
    if name in ("compress_text", "decompress_text"):
        from .coding import text

        return getattr(text, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
