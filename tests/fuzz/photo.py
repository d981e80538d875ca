"""What photographs and their models are fuzzed by (see ``fuzzing``): corpus and reader."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

Parts = tuple[list[bytes], Callable[[bytes], object]]
Change = Callable[[dict[str, Any], str, np.random.Generator], None]


def files() -> Parts:
    """``.htmc`` files of photographs, lossy and lossless, with alpha and metadata and without."""
    from htm_engine import compress_image, decompress_image
    from htm_engine.coding.metadata import Metadata
    from htm_engine.coding.photo.anatomy import look_into_image
    from htm_engine.coding.photo.codec import inspect_image
    from tests.helpers.foreign import display_p3, exif_of

    rng = np.random.default_rng(0)
    soft = np.add.outer(np.arange(24) * 5, np.arange(20) * 4)[..., None] + rng.integers(
        0, 30, (24, 20, 4)
    )
    colour = soft.clip(0, 255).astype(np.uint8)
    corpus = [
        compress_image(colour[..., :3], 60),
        compress_image(colour[..., :3], 10),
        compress_image(colour[..., 0], 80, tune="eye"),
        compress_image(colour, 40),
        compress_image(colour[:1, :1, :3]),
        compress_image(colour, lossless=True),
        compress_image(colour[..., 0], lossless=True),
        compress_image(colour[..., 2:], 50),
        compress_image(
            colour[:2, :2, :3], metadata=Metadata(display_p3(), exif_of(), (300.0, 72.0))
        ),
    ]

    def read(content: bytes) -> object:
        inspect_image(content)
        look_into_image(content)
        return decompress_image(content)

    return corpus, read


def models() -> Parts:
    """Model files; one that loads must also write and read."""
    from htm_engine.coding.photo.model import PhotoModel

    stream = io.BytesIO()
    _small_model().save(stream)
    return [stream.getvalue()], lambda content: _used(PhotoModel.load(io.BytesIO(content)))


def models_inside(change: Change) -> Parts:
    """Well-made model files, one to three of whose arrays are changed."""
    from htm_engine import storage
    from htm_engine.coding.photo.model import PhotoModel

    arrays, untouched = _small_model().arrays(), bytes(16)

    def read(content: bytes) -> object:
        rng, changed = np.random.default_rng(list(content)), dict(arrays)
        for _ in range(0 if content == untouched else rng.integers(1, 4)):
            name = list(arrays)[rng.integers(len(arrays))]
            if name in changed:
                change(changed, name, rng)
        stream = io.BytesIO()
        storage.save(stream, {"kind": "photo"}, changed)
        return _used(PhotoModel.load(io.BytesIO(stream.getvalue())))

    return [untouched], read


def _small_model() -> Any:
    from htm_engine.coding.photo.neighbours import Units
    from htm_engine.coding.photo.pretraining import blank_model
    from htm_engine.coding.photo.units import FEATURES, SIDES

    rng, units = np.random.default_rng(0), []
    for side, seen in zip(SIDES, FEATURES, strict=True):
        cells = side * side
        basis = np.eye(cells, dtype=np.int16)[None] * 4096
        weights = rng.integers(-20, 20, (1, seen, cells)).astype(np.int16)
        units.append(Units(weights, basis, np.zeros((1, cells), np.int16)))
    return blank_model(units)


def _used(model: Any) -> object:
    from htm_engine import compress_image, decompress_image

    picture = np.arange(17 * 9 * 3, dtype=np.uint8).reshape(17, 9, 3)
    return decompress_image(compress_image(picture, 50, model, effort="fast"), model)
