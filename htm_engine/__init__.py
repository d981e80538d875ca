"""HTM Studio's engine: a hierarchical autoencoder of competing units."""

from .coding.collection import compress_collection, decompress_collection
from .datasets import load_dataset
from .layer import CompetitiveLayer, LayerSpec
from .network import HTM

__all__ = [
    "HTM",
    "CompetitiveLayer",
    "LayerSpec",
    "compress_collection",
    "decompress_collection",
    "load_dataset",
]
