"""A decoder written from the documented format alone reads photographs to the bit."""

from __future__ import annotations

import ast
import functools

import numpy as np
import pytest

from htm_engine import compress_image, decompress_image
from htm_engine.coding.photo.anatomy import look_into_image
from htm_engine.coding.photo.format import (
    COLOUR,
    HALVED,
    LOSSLESS,
    RESTORED,
    RESTORED_COLOUR,
    opened,
)
from tests.helpers.places import ROOT
from tests.reference import compare
from tests.reference.photo_decoder import decode

CHINA = compare.load_sample_image("china.jpg")
#: Parts of a photograph: sky, where large blocks win, and roofs.
SKY, ROOFS = CHINA[20:52, 20:44], CHINA[216:240, 300:332]
#: Soft shading, where blocks of 32x32 win but at the beginning.
SHADING = np.clip(
    np.add.outer(np.arange(64), np.arange(64)) + np.random.default_rng(0).normal(0, 2, (64, 64)),
    0,
    255,
).astype(np.uint8)
CASES = {
    "shading": (SHADING, {"quality": 40}),
    "sky": (SKY, {"quality": 30}),
    "roofs": (ROOFS[:16, :24], {"quality": 70}),
    "grey": (ROOFS[..., 1], {"quality": 96}),
    "eye": (ROOFS[:17, :5], {"quality": 40, "tune": "eye"}),
    "lossless": (np.dstack([ROOFS, ROOFS[..., 0]])[:9, :16], {"lossless": True}),
}


@functools.cache
def written(name: str) -> bytes:
    picture, how = CASES[name]
    return compress_image(np.ascontiguousarray(picture), **how)


@pytest.mark.parametrize("name", CASES)
def test_small_photographs_are_read_alike(name):
    data = written(name)
    back = decompress_image(data)
    assert back.shape == CASES[name][0].shape and (decode(data, compare.MODEL) == back).all()


def test_these_have_all_that_a_file_may_have():
    files = [data for data in map(written, CASES) if not opened(data).form & LOSSLESS]
    sides = {int(side) for data in files for side in np.unique(look_into_image(data).sides[0])}
    assert sides == {4, 8, 16, 32}
    forms = [opened(data).form for data in files if opened(data).form & COLOUR]
    assert {bool(form & HALVED) for form in forms} == {True, False}
    for halved in (0, HALVED):
        both = [form for form in forms if form & HALVED == halved]
        assert any(form & RESTORED and form & RESTORED_COLOUR for form in both)


def test_a_file_of_before_is_read_alike():
    data = (ROOT / "tests" / "golden" / "photo-eye.htmc").read_bytes()
    assert (decode(data, compare.MODEL) == decompress_image(data)).all()


@pytest.mark.parametrize("number", range(6))
def test_random_files_and_bits_that_nobody_wrote_are_read_alike(number):
    assert compare.case(1, number, most=24)[1] in ("same", "refused")


def test_it_knows_nothing_of_the_engine():
    for path in sorted((ROOT / "tests" / "reference").glob("photo_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("htm_engine", "numba")) for name in names), path
