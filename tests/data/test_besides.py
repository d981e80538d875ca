"""Profiles and EXIF data of foreign pictures: read without being believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

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
    saved,
)


def test_a_profile_is_srgb_by_its_numbers_and_not_by_its_name():
    assert profiles.is_srgb(icc("anything"))
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profiles.is_srgb(usual)
    for wrong in (
        icc("sRGB linear", curve=LINEAR),
        icc("sRGB of a wide screen", P3),
        icc("sRGB of paper", more={b"A2B0": b"mft2"}.items()),
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
