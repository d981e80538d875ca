"""Photographs' files through Pillow, and through imageio, which reads by it."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

import htm_engine.pillow
from htm_engine import compress_image, compress_text, decompress_image
from htm_engine.coding.photo import codec
from tests.helpers.foreign import GREY, RGB, display_p3, exif_of
from tests.helpers.places import ROOT

PICTURES = {
    "L": GREY,
    "LA": np.stack([GREY, 255 - GREY], -1),
    "RGB": RGB,
    "RGBA": np.concatenate([RGB, GREY[..., None]], -1),
}


def saved(image, **how) -> bytes:
    stream = io.BytesIO()
    image.save(stream, htm_engine.pillow.FORMAT, **how)
    return stream.getvalue()


@pytest.mark.parametrize("mode", PICTURES)
def test_every_mode_goes_there_and_back(mode, tmp_path):
    path = tmp_path / "a.htmc"
    Image.fromarray(PICTURES[mode]).save(path, lossless=True)
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("HTMP", mode, (8, 6))
        assert image.get_format_mimetype() == "image/x-htm-photo" and image.info["lossless"]
        assert (np.asarray(image) == PICTURES[mode]).all()
        assert (np.asarray(image.rotate(90, expand=True)) == np.rot90(PICTURES[mode])).all()


@pytest.mark.parametrize("mode", PICTURES)
def test_a_file_as_long_as_its_pixels_is_decoded_and_not_taken_for_them(mode, tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 50, len(mode)), np.uint8)
    path = tmp_path / "a.htmc"
    picture = Image.fromarray(noise[..., 0] if mode == "L" else noise, mode)
    picture.save(path, lossless=True, icc_profile=rng.bytes(20_000))
    parser = ImageFile.Parser()
    parser.feed(path.read_bytes())
    for image in (Image.open(path), Image.open(io.BytesIO(path.read_bytes())), parser.close()):
        with image:
            assert image.mode == mode and (np.asarray(image) == np.asarray(picture)).all()


def test_quality_and_the_rest_are_those_of_the_codec():
    image = Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8)))
    for how in ({}, {"quality": 20}, {"target_bytes": 400}, {"effort": "fast", "tune": "eye"}):
        assert saved(image, **how) == compress_image(np.asarray(image), **how)


@pytest.mark.parametrize("mode", ["1", "P", "PA", "La", "RGBX"])
def test_other_modes_are_kept_exactly_by_one_that_can(mode):
    image = Image.fromarray(RGB).convert("L" if mode in "1La" else "RGB")
    image = image.convert("LA").convert("La") if mode == "La" else image.convert("P").convert(mode)
    back = Image.open(io.BytesIO(saved(image, lossless=True)))
    through = "RGBA" if mode in ("PA", "La") else "RGB"
    there = image.convert("LA") if mode == "La" else image
    assert (np.asarray(back.convert(through)) == np.asarray(there.convert(through))).all()


def test_modes_that_would_lose_something_are_refused():
    for mode in ("I;16", "F", "CMYK", "LAB"):
        picture = Image.new(mode, (4, 4))
        for _ in range(2):
            with pytest.raises(OSError, match="cannot write mode"):
                saved(picture)
            picture.info["transparency"] = 7  # as a PNG of 16 bits may have


def test_grey_with_a_transparent_level_gets_alpha():
    picture = Image.fromarray(GREY)
    picture.info["transparency"] = int(GREY[2, 3])
    back = np.asarray(Image.open(io.BytesIO(saved(picture, lossless=True))))
    assert (back[..., 0] == GREY).all() and (back[..., 1] == 255 * (GREY[2, 3] != GREY)).all()


@pytest.mark.parametrize("how", [{"exif": "abc"}, {"icc_profile": "abc"}])
def test_metadata_that_is_no_bytes_costs_a_sentence(how):
    with pytest.raises(OSError, match="must be bytes"):
        saved(Image.fromarray(RGB), **how)


def test_size_mode_and_info_come_without_decoding(monkeypatch):
    exif = b"Exif\0\0" + exif_of()
    data = saved(Image.fromarray(RGB), icc_profile=display_p3(), exif=exif, dpi=(300, 72))
    monkeypatch.setattr(htm_engine.pillow, "decompress_image", lambda data: 1 / 0)
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.mode) == ((8, 6), "RGB")
    assert image.info["icc_profile"] == display_p3() and image.info["dpi"] == (300, 72)
    assert image.info["exif"] == exif and image.getexif()[0x010F] == "A maker"
    with pytest.raises(ZeroDivisionError):
        image.load()


def test_a_profile_stays_with_the_picture_as_in_other_formats():
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "PNG", icc_profile=display_p3(), exif=exif_of(6))
    png = Image.open(stream)
    turned = ImageOps.exif_transpose(png)
    found = codec.inspect_image(saved(turned, exif=turned.getexif())).metadata
    assert found.profile == display_p3() and found.density is None and found.exif
    assert codec.inspect_image(saved(png, icc_profile=None)).metadata == (b"", b"", None)


def test_damage_is_found_by_verify_or_before():
    data = saved(Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8))))
    Image.open(io.BytesIO(data)).verify()
    for damaged in (data[:-1], data[:20], data + b"x", data[:40] + b"\0" + data[41:]):
        with pytest.raises((UnidentifiedImageError, OSError)):
            Image.open(io.BytesIO(damaged)).verify()
    other = data[:5] + b"abcd" + data[9:-4]
    other += zlib.crc32(other).to_bytes(4, "little")
    opened = Image.open(io.BytesIO(other))
    with pytest.raises(OSError, match="written by the model"):
        opened.verify()


def test_other_files_of_ours_are_no_pictures():
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(compress_text(b"abc" * 40, "blank")))


def test_imageio_reads_and_writes_them(tmp_path):
    imageio = pytest.importorskip("imageio.v3")  # scikit-image brings it
    path = tmp_path / "a.htmc"
    imageio.imwrite(path, RGB, plugin="pillow", lossless=True)
    assert (imageio.imread(path) == RGB).all()
    assert (imageio.imread(path.read_bytes(), plugin="pillow") == RGB).all()
    assert (decompress_image(path.read_bytes()) == RGB).all()


def test_the_thumbnailer_of_the_docs_draws_one(tmp_path):
    (line,) = re.findall(
        r"^Exec=(.+)$", (ROOT / "docs" / "using.md").read_text("utf-8"), flags=re.M
    )
    Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8))).save(tmp_path / "a.htmc")
    given = {"%i": str(tmp_path / "a.htmc"), "%o": str(tmp_path / "b.png"), "%s": "32"}
    words = [given.get(word, word) for word in shlex.split(line)]
    done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, timeout=300)
    assert words[0] == "python3" and done.returncode == 0
    with Image.open(tmp_path / "b.png") as image:
        assert image.format == "PNG" and image.size == (32, 24)


def test_pillow_alone_does_not_know_them():
    code = "from PIL import Image; Image.init(); assert '.htmc' not in Image.EXTENSION"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
