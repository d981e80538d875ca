"""HTM Studio's engine: a hierarchical autoencoder of competing units."""

from .datasets import load_dataset
from .layer import LayerSpec
from .network import HTM

__all__ = ["HTM", "LayerSpec", "load_dataset"]
