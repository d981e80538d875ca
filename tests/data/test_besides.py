"""Profiles and EXIF data of foreign pictures: read without being believed."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from htm_engine.coding.metadata import MOST_EXIF, MOST_PROFILE
from htm_engine.data import exif, profiles
from htm_engine.data.uploads import read_picture
from tests.helpers.foreign import (
    GREY,
    LINEAR,
    P3,
    RGB,
    display_p3,
    exif_of,
    icc,
    png_of,
    saved,
)


def tiff(*entries, length=0):
    """EXIF data by its entries: tag, kind, number of values, and four bytes that hold them."""
    listed = b"".join(struct.pack("<HHI4s", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return (head + listed + bytes(4)).ljust(length, b"\0")


def most_memory(look, *given):
    """Bytes held at most while it looks."""
    tracemalloc.start()
    try:
        look(*given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_profile_is_srgb_by_its_numbers_and_not_by_its_name():
    assert profiles.is_srgb(icc("anything"))
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profiles.is_srgb(usual)
    for wrong in (
        icc("sRGB linear", curve=LINEAR),
        icc("sRGB of a wide screen", P3),
        *(
            icc("sRGB of paper", more={tag: b"mft2"}.items())
            for tag in (b"A2B0", b"A2B1", b"D2B0", b"cicp")
        ),
        icc("sRGB", space=b"CMYK"),
        usual[:300],
        b"sRGB",
        b"",
    ):
        assert not profiles.is_srgb(wrong)


def test_the_names_of_profiles():
    assert profiles.name_of(display_p3()) == "Display P3"
    old = icc("", more={b"desc": b"desc\0\0\0\0\0\0\0\x05Adobe\0\0"}.items())
    assert profiles.name_of(old) == "Adobe"
    assert profiles.name_of(icc("a\n" + "b" * 5000)) == "a" + "b" * 59
    assert profiles.name_of(b"") == ""


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 600), st.binary(min_size=1, max_size=8), st.integers(0, 600))
def test_damaged_profiles_and_exif_raise_nothing(place, fresh, end):
    for data, looks in (
        (display_p3(), (profiles.name_of, profiles.is_srgb, profiles.colour_space)),
        (exif_of(6), (exif.plain, exif.upright, exif.says_where)),
    ):
        damaged = (data[: place % len(data)] + fresh + data[place % len(data) + len(fresh) :])[:end]
        for look in looks:
            look(damaged)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_turned_upright_and_nothing_else_changes(orientation):
    assert exif.upright(exif_of(orientation)) == exif_of(1)
    assert exif.says_where(exif_of())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_metadata_is_read_where_it_is_asked_for(kind):
    data = saved(RGB, kind, exif=b"Exif\0\0" + exif_of(), icc_profile=display_p3())
    found = read_picture(data, keep_metadata=True)
    assert found.notes == () and found.metadata.profile == display_p3()
    assert exif.says_where(found.metadata.exif)
    assert not any(read_picture(data).metadata)


def test_a_profile_for_other_colours_is_not_kept():
    found = read_picture(saved(GREY, icc_profile=icc("ink", space=b"CMYK")), keep_metadata=True)
    assert found.metadata.profile == b"" and "colours may shift" in found.notes[0]


def test_grey_under_a_profile_of_rgb_becomes_rgb():
    found = read_picture(saved(GREY, icc_profile=display_p3()), keep_metadata=True)
    assert found.pixels.shape == (*GREY.shape, 3) and (found.pixels == GREY[..., None]).all()


def test_density_is_of_the_upright_picture():
    data = saved(RGB, exif=b"Exif\0\0" + exif_of(8), dpi=(300, 100))
    found = read_picture(data, keep_metadata=True)
    assert found.metadata.density == pytest.approx((100, 300), abs=0.02)


def test_grey_with_alpha_stays_grey():
    picture = np.stack([GREY, 255 - GREY], -1)
    found = read_picture(saved(Image.fromarray(picture, "LA")), keep_alpha=True)
    assert (found.pixels == picture).all()


def test_a_hostile_profile_is_looked_into_with_little_memory():
    size = 2 << 20
    tags = [struct.pack(">4sII", b"t%03d" % number, 0, size) for number in range(93)]
    for name in (b"desc", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"):
        tags.append(struct.pack(">4sII", name, 4096, size))
    head = icc("")[:128] + struct.pack(">I", len(tags)) + b"".join(tags)
    for kind in (b"desc", b"curv\0\0\0\0" + struct.pack(">I", 1_000_000)):
        hostile = (head.ljust(4096, b"\0") + kind).ljust(size, b"\1")
        for look in (profiles.name_of, profiles.is_srgb):
            assert most_memory(look, hostile) < 2 << 20


def test_a_long_curve_is_not_read():
    curve = b"curv\0\0\0\0" + struct.pack(">I", 200_000) + bytes(400_000)
    assert most_memory(profiles.is_srgb, icc("long", curve=curve)) < 1 << 20


def test_what_is_longer_than_is_kept_is_told_and_not_looked_into(monkeypatch):
    monkeypatch.setattr(profiles, "is_srgb", lambda profile: 1 / 0)
    monkeypatch.setattr(exif, "plain", lambda data: 1 / 0)
    long_exif = b"Exif\0\0" + exif_of().ljust(MOST_EXIF + 1, b"\0")
    data = saved(RGB, "WEBP", icc_profile=icc("sRGB").ljust(MOST_PROFILE + 1), exif=long_exif)
    found = read_picture(data, keep_metadata=True)
    assert not any(found.metadata)
    assert "more than 1,048,576 bytes" in found.notes[0] and "EXIF" in found.notes[1]


def test_what_stands_in_front_of_exif_is_taken_off_twice_and_no_more():
    assert exif.plain(exif.BEGINS * 2 + exif_of()) == exif_of()
    assert exif.plain(exif.BEGINS * 3 + exif_of()) == b""


def test_exif_of_many_orientations_is_turned_in_place():
    hostile = tiff(*[(0x0112, 3, 1, b"\6\0\0\0")] * 300, length=1 << 20)
    wanted = tiff(*[(0x0112, 3, 1, b"\1\0\0\0")] * 300, length=1 << 20)
    assert exif.upright(hostile) == wanted
    assert most_memory(exif.upright, hostile) < 3 << 20


@pytest.mark.parametrize("kind", range(1, 14))
@pytest.mark.parametrize("before", [0, 1200])
def test_a_picture_is_turned_once_whatever_kind_its_orientation_has(kind, before):
    fractions = struct.pack("<II", 6, 1), struct.pack("<d", 6), struct.pack("<f", 6)
    other = [(0x9000 + number, 1, 1, bytes(4)) for number in range(before)]
    behind = 8 + 2 + 12 * (before + 2) + 4
    told = {5: struct.pack("<I", behind), 10: struct.pack("<I", behind), 11: fractions[2]}
    told |= {12: struct.pack("<I", behind + 8), 2: b"6\0\0\0"}
    mine = (0x0112, kind, 1, told.get(kind, b"\6\0\0\0"))
    data = tiff((0x0101, 3, 1, b"\1\0\0\0"), *other, mine) + fractions[0] + fractions[1]
    png = saved(RGB, exif=b"Exif\0\0" + data)
    found = read_picture(png, keep_metadata=True)
    again = Image.fromarray(found.pixels)
    if found.metadata.exif:
        again = Image.open(io.BytesIO(saved(again, exif=b"Exif\0\0" + found.metadata.exif)))
    else:
        assert any("EXIF" in note for note in found.notes)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(png)))
    assert (np.asarray(ImageOps.exif_transpose(again)) == np.asarray(wanted)).all()


def test_colours_and_data_that_are_not_kept_are_told():
    rows = [bytes(6)] * 2
    for chunks, told in (
        ({}, False),
        ({"gAMA": struct.pack(">I", 45455)}, False),
        ({"gAMA": struct.pack(">I", 100_000)}, True),
        ({"gAMA": struct.pack(">I", 100_000), "sRGB": b"\0"}, False),
        ({"cICP": b"\1\x0d\0\1"}, False),
        ({"cICP": b"\x0c\x0d\0\1"}, True),
    ):
        found = read_picture(png_of(8, 2, rows, **chunks), keep_metadata=True)
        assert any("own fields" in note for note in found.notes) == told, chunks
    more = PngImagePlugin.PngInfo()
    more.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    found = read_picture(saved(RGB, pnginfo=more), keep_metadata=True)
    assert "XMP" in found.notes[0]
