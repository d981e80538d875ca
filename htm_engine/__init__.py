"""HTM Studio's engine: a hierarchical autoencoder of competing units."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .coding.collection.codec import compress_collection, decompress_collection
    from .coding.photo.codec import compress_image, decompress_image
    from .coding.photo.model import PhotoModel
    from .coding.series.codec import Series, compress_series, decompress_series, read_series
    from .coding.text.codec import compress_text, decompress_text
    from .coding.text.model import TextModel
    from .data.datasets import load_dataset
    from .estimator.network import HTM
    from .estimator.rows import RowScores, detect_rows
    from .model.layer import CompetitiveLayer, LayerSpec
    from .model.series.doors import detect, forecast
    from .model.series.model import SeriesModel

__all__ = [
    "HTM",
    "CompetitiveLayer",
    "LayerSpec",
    "PhotoModel",
    "RowScores",
    "Series",
    "SeriesModel",
    "TextModel",
    "compress_collection",
    "compress_image",
    "compress_series",
    "compress_text",
    "decompress_collection",
    "decompress_image",
    "decompress_series",
    "decompress_text",
    "detect",
    "detect_rows",
    "forecast",
    "load_dataset",
    "read_series",
]

#: Modules that hold the names above.  They are imported when first asked for: who stores a
#: text needs no scikit-learn, who stores pictures needs no compiler, and each takes seconds.
_HOMES = {
    "HTM": "estimator.network",
    "CompetitiveLayer": "model.layer",
    "LayerSpec": "model.layer",
    "PhotoModel": "coding.photo.model",
    "RowScores": "estimator.rows",
    "Series": "coding.series.codec",
    "SeriesModel": "model.series.model",
    "TextModel": "coding.text.model",
    "compress_collection": "coding.collection.codec",
    "compress_image": "coding.photo.codec",
    "compress_series": "coding.series.codec",
    "compress_text": "coding.text.codec",
    "decompress_collection": "coding.collection.codec",
    "decompress_image": "coding.photo.codec",
    "decompress_series": "coding.series.codec",
    "decompress_text": "coding.text.codec",
    "detect": "model.series.doors",
    "detect_rows": "estimator.rows",
    "forecast": "model.series.doors",
    "load_dataset": "data.datasets",
    "read_series": "coding.series.codec",
}


#: Modules that programs shown on the Formulas page imported from here before they moved.
_MOVED = {"competition": "model.competition", "inspection": "analysis.inspection"}


def __getattr__(name: str) -> Any:
    if name in _MOVED:
        return import_module(f".{_MOVED[name]}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
