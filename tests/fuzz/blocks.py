"""What collections in blocks are fuzzed by (see ``fuzzing``): corpus and reader, and a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.fuzz.photo import Parts

if TYPE_CHECKING:
    from htm_engine import HTM


def network() -> HTM:
    """A small network that writes files in blocks."""
    from htm_engine import HTM, LayerSpec

    soft = np.add.outer(np.arange(40) * 3, np.add.outer(np.arange(8) * 9, np.arange(8) * 7))
    X = (soft % 256).astype(np.uint8)
    return HTM((LayerSpec(patch=8, units=4, rank=2),), epochs=1).fit(X)


def files() -> Parts:
    """``.htmc`` files of pictures that can be read by themselves."""
    from htm_engine import compress_collection, decompress_collection
    from htm_engine.coding.collection.anatomy import dissect

    model = network()
    X = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    corpus = [compress_collection(model, X[:n], q) for n, q in ((1, 7), (3, 8), (40, 10))]
    assert all(dissect(data, model).info.in_blocks for data in corpus)

    def read(content: bytes) -> object:
        decompress_collection(content, model, numbers=[0])
        return decompress_collection(content, model)

    return corpus, read
