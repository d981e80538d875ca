"""Whoever gives one kind of file where another is read is told which it is, and what reads it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pytest
from PIL import Image

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
    storage,
)
from htm_engine.coding import container
from htm_engine.coding.collection import codec as collections
from htm_engine.coding.photo import format as photographs
from htm_engine.coding.text import codec as texts
from htm_engine.data.uploads import read_picture
from htm_engine.errors import DataError, FormatError, HTMError, ModelError
from htm_engine.kinds import COLLECTION, PHOTO, SHORT_TEXTS, TEXT, kind_of

PICTURE = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
PROSE = "Ein Text über Bäume. " * 10


@pytest.fixture(scope="module")
def network():
    return HTM((LayerSpec(4, 4, 2),), epochs=1).fit(load_dataset("digits").X[:60])


@pytest.fixture(scope="module")
def files(network):
    """One of every kind, by what it is to be called."""
    found = {
        "a collection's file": compress_collection(network, load_dataset("digits").X[:3]),
        "a photograph's file": compress_image(PICTURE, lossless=True),
        "a text's file": compress_text(PROSE.encode(), "blank"),
        "a text": PROSE.encode(),
        "a gzip file": gzip.compress(PROSE.encode()),
        "an xz file": lzma.compress(PROSE.encode()),
        "a bzip2 file": bz2.compress(PROSE.encode()),
        "a PDF document": b"%PDF-1.7\n%\xe2\xe3",
        "of no kind known here": b"\0\0\7\xff" * 20,
        "an empty file": b"",
    }
    for name in ("PNG", "JPEG", "WebP", "GIF", "AVIF", "BMP", "TIFF"):
        stream = io.BytesIO()
        Image.fromarray(PICTURE).save(stream, name)
        found[f"{'an' if name == 'AVIF' else 'a'} {name} picture"] = stream.getvalue()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", PROSE)
    found["a ZIP file"] = stream.getvalue()
    stream = io.BytesIO()
    np.save(stream, PICTURE)
    found["a NumPy array"] = stream.getvalue()
    stream = io.BytesIO()
    np.savez(stream, X=PICTURE)
    found["a NumPy archive"] = stream.getvalue()
    stream = io.BytesIO()
    network.save(stream)
    found["a model"] = stream.getvalue()
    return found


def test_every_kind_is_named(files):
    assert {name: kind_of(data).name for name, data in files.items()} == {n: n for n in files}


def test_every_pair_of_kinds_is_told_in_a_sentence(files, network):
    readers = {
        "a collection's file": lambda data: decompress_collection(data, network),
        "a photograph's file": decompress_image,
        "a text's file": decompress_text,
    }
    for wanted, read in readers.items():
        for name, data in files.items():
            if name == wanted:
                assert len(read(data))
                continue
            with pytest.raises(FormatError) as refused:
                read(data)
            name, use = kind_of(data)
            assert str(refused.value) == f"This is {name}, not {wanted}: {use}."


def test_what_is_no_picture_is_named_as_what_it_is(files):
    for name, data in files.items():
        if name.endswith("picture") and "TIFF" not in name:
            assert read_picture(data).pixels.shape == (8, 8, 3)
            continue
        said = {"an empty file": "is empty", "of no kind known here": "is not a picture"}
        with pytest.raises(DataError, match=said.get(name, name)):
            read_picture(data, "it")


def test_models_are_told_apart(tmp_path, network, files):
    paths = {name: tmp_path / f"{name}.npz" for name in ("network", "text", "photo")}
    network.save(paths["network"])
    TextModel.learn([PROSE.encode()], bits=14).save(paths["text"])
    from htm_engine.coding.photo.model import shipped

    shipped().save(paths["photo"])
    names = {"network": "a network", "text": "a text model", "photo": "a photo model"}
    readers = {"network": HTM, "text": TextModel, "photo": PhotoModel}
    for wanted, reader in readers.items():
        for given, path in paths.items():
            if given == wanted:
                reader.load(path)
                continue
            said = f"This is {names[given]}, not {names[wanted]}: {readers[given].__name__}.load"
            with pytest.raises(ModelError, match=said):
                reader.load(path)
        for name, data in files.items():
            if name != "a model":
                with pytest.raises(ModelError, match=name):
                    reader.load(io.BytesIO(data))


def test_beginnings_are_those_that_are_written():
    assert kind_of(photographs.MAGIC + b"....") == PHOTO
    assert kind_of(container.pack(collections.KIND, bytes(8), (), b"")) == COLLECTION
    assert kind_of(container.pack(texts.KIND, bytes(8), (), b"")) == TEXT
    assert set(SHORT_TEXTS) == {*texts.SHORT.values(), texts.SHORT_OTHER, texts.SHORT_STORED}
    stream = io.BytesIO()
    storage.save(stream, {}, {})
    assert kind_of(stream.getvalue()).name == "a model"


def test_anything_has_a_kind():
    rng = np.random.default_rng(0)
    for length in (1, 2, 5, 4095, 4096, 5000):
        for content in (rng.bytes(length), b"HTMC"[:length], ("é" * length).encode()[:length]):
            assert kind_of(content).use
    assert kind_of(("x" + "é" * 5000).encode()).name == "a text"
    with pytest.raises(HTMError):
        decompress_text(b"HTMC")
