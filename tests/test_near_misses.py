"""Public functions given something just beside what they take: one sentence, or what is meant."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from htm_engine import (
    HTM,
    LayerSpec,
    PhotoModel,
    TextModel,
    compress_collection,
    compress_image,
    compress_text,
    decompress_collection,
    decompress_image,
    decompress_text,
    load_dataset,
)

DATA = load_dataset("digits", limit=60)
X = DATA.X


@pytest.fixture(scope="module")
def model():
    return HTM((LayerSpec(4, 4, 2),), epochs=1).fit(X)


TEXT = compress_text(b"abc" * 30, "blank")

MISSES = {
    "quality of a collection": (lambda m: compress_collection(m, X, "5"), "quality must be"),
    "no quality": (lambda m: compress_collection(m, X, None), "quality must be"),
    "one picture": (lambda m: compress_collection(m, X[0]), "features"),
    "model and data swapped": (lambda m: compress_collection(X, m), "measure_coder"),
    "mosaic of one side": (lambda m: compress_collection(m, X, mosaic=8), "height and width"),
    "file and model swapped": (lambda m: decompress_collection(m, b"HTMC"), "tables|Bytes"),
    "path of a collection": (lambda m: decompress_collection("a.htmc", m), "letters and not"),
    "weights": (lambda m: HTM().fit(X, sample_weight=np.ones(60)), "repeat each as often"),
    "weights of a batch": (lambda m: HTM().partial_fit(X, None, sample_weight=1), "repeat each"),
    "codes of no data": (lambda m: m.inverse_transform(m.transform(X) * 1e20), "give what tra"),
    "samples as text": (lambda m: m.sample("4"), "n_samples must be a positive"),
    "half a sample": (lambda m: m.sample(2.5), "n_samples must be a positive"),
    "samples below one": (lambda m: m.sample(0), "n_samples must be a positive"),
    "codes": (lambda m: m.decode(X), "inverse_transform reads rows"),
    "saved nowhere": (lambda m: m.save(None), "path or an open file"),
    "loaded from a number": (lambda m: HTM.load(5), "path or an open file"),
    "loaded from bytes": (lambda m: PhotoModel.load(b"PK"), "io.BytesIO(data)"),
    "temperature": (lambda m: LayerSpec(temperature="1").check(), "temperature must be"),
    "no temperature": (lambda m: LayerSpec(temperature=1e-300).check(), "temperature must be"),
    "stride": (lambda m: LayerSpec(stride=1.5).check(), "stride must be a whole number"),
    "code": (lambda m: LayerSpec(code="2").check(), "code must be a whole number"),
    "memory": (lambda m: compress_text(b"abc", memory="5"), "memory is a whole number"),
    "another model for a text": (lambda m: compress_text(b"abc", m), "no text model"),
    "name of a model": (lambda m: decompress_text(TEXT, "en"), "TextModel.load"),
    "network for a text": (lambda m: decompress_text(TEXT, m), "TextModel.load"),
    "limit": (lambda m: decompress_text(TEXT, limit=None), "limit is a whole number"),
    "network for a photograph": (lambda m: compress_image(X[0], model=m), "PhotoModel.load"),
    "path of a model": (
        lambda m: decompress_image(compress_image(X[0]), "mine.npz"),
        "PhotoModel.load",
    ),
    "path of a picture": (lambda m: compress_image("a.png"), "array of bytes"),
    "effort": (lambda m: compress_image(X[0], effort=None), "effort one of"),
    "texts": (lambda m: TextModel.learn(5), "put one into a list"),
    "bits": (lambda m: TextModel.learn([b"abc"], bits="14"), "Tables have"),
    "size": (lambda m: load_dataset("digits", size=8.5), "size must be"),
    "size as text": (lambda m: load_dataset("digits", size="8"), "size must be"),
    "number of pictures": (lambda m: load_dataset("digits", limit="5"), "limit must be"),
    "no seed": (lambda m: load_dataset("digits", random_state=None), "random_state must be"),
    "array": (lambda m: load_dataset(X), "arrays need no loading"),
    "words": (lambda m: HTM(epochs=1).fit("digits"), "load_dataset(name) gives"),
}


@pytest.mark.parametrize("miss", MISSES)
def test_what_is_beside_is_told(model, miss):
    call, said = MISSES[miss]
    with pytest.raises(ValueError) as refused:
        call(model)
    assert re.search(said, str(refused.value)) or said in str(refused.value)


def test_a_dataset_may_stand_for_its_pictures(model):
    assert HTM((LayerSpec(4, 4, 2),), epochs=1).fit(DATA).fingerprint == model.fingerprint
    assert compress_collection(model, DATA) == compress_collection(model, X)


def test_numpys_whole_numbers_are_whole_numbers(model):
    two = np.int64(2)
    assert len(model.sample(two, 0)) == 2
    assert compress_collection(model, X, two) == compress_collection(model, X, 2)
    assert len(load_dataset("digits", limit=two)) == 2
    assert compress_image(X[0], np.float32(50)) == compress_image(X[0], 50)
    learned, stream = TextModel.learn([b"abc" * 20], bits=np.int64(12)), io.BytesIO()
    learned.save(stream)
    assert learned.fingerprint == TextModel.learn([b"abc" * 20], bits=12).fingerprint
