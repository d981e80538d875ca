"""What a photograph has besides its pixels: kept to the byte, bounded, and told."""

from __future__ import annotations

import contextlib
import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from htm_engine import compress_image, decompress_image
from htm_engine.__main__ import main
from htm_engine.cli.photo import given_back
from htm_engine.coding import metadata as coding
from htm_engine.coding.container import varint
from htm_engine.coding.metadata import Metadata, packed, unpacked
from htm_engine.coding.photo.anatomy import look_into_image
from htm_engine.coding.photo.codec import inspect_image
from htm_engine.coding.photo.format import joined, opened
from htm_engine.errors import DataError, FormatError
from tests.helpers.foreign import display_p3, exif_of

PICTURE = np.arange(12 * 9 * 3, dtype=np.uint8).reshape(12, 9, 3)
GREY_ALPHA = np.random.default_rng(0).integers(0, 256, (5, 6, 2), np.uint8)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.none() | st.tuples(st.integers(1, 10**8), st.integers(1, 10**8)),
)
def test_what_goes_in_comes_out(profile, exif, hundredths):
    density = None if hundredths is None else (hundredths[0] / 100, hundredths[1] / 100)
    given = Metadata(profile, exif, density)
    assert unpacked(packed(given)) == given


def test_a_file_with_metadata_has_the_same_picture_and_tells_its_bytes():
    kept = Metadata(display_p3(), exif_of(), (300.0, 150.5))
    plain, full = compress_image(PICTURE), compress_image(PICTURE, metadata=kept)
    assert inspect_image(full).metadata == kept and inspect_image(plain).metadata == Metadata()
    assert (decompress_image(full) == decompress_image(plain)).all()
    behind = len(opened(full).metadata)
    assert plain[4] == 1 and full[4] == 2  # releases of before name the version they lack
    assert len(full) == len(plain) + behind + 1 + (behind > 127)
    assert look_into_image(full).parts["metadata"] == behind
    assert compress_image(PICTURE, metadata=Metadata()) == plain


def test_a_profile_is_compressed():
    assert len(packed(Metadata(bytes(5000)))) < 40


def test_a_size_asked_for_counts_the_metadata():
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (6, 6, 3), np.uint8), np.ones((16, 16, 1), np.uint8))
    kept = Metadata(exif=rng.bytes(500))
    assert 500 < len(compress_image(picture, target_bytes=1500, metadata=kept)) <= 1500


@pytest.mark.parametrize("how", [{"quality": 60}, {"lossless": True}])
def test_grey_with_alpha_comes_back_as_such(how):
    data = compress_image(GREY_ALPHA, **how)
    back = decompress_image(data)
    assert back.shape == GREY_ALPHA.shape and (back[..., 1] == GREY_ALPHA[..., 1]).all()
    assert "lossless" not in how or (back == GREY_ALPHA).all()
    assert inspect_image(data).channels == 2


@pytest.mark.parametrize(
    "wrong",
    [
        Metadata(profile=bytes(coding.MOST_PROFILE + 1)),
        Metadata(exif=bytes(coding.MOST_EXIF + 1)),
        Metadata(profile="sRGB"),
        Metadata(density=(0, 72)),
        Metadata(density=(float("nan"), 72)),
        Metadata(density=300),
        Metadata(density="ab"),
        (b"", b"", None),
        "abc",
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(DataError):
        compress_image(PICTURE, metadata=wrong)


def part(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + varint(len(content)) + content


def bomb(length: int) -> bytes:
    writer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return varint(length) + writer.compress(bytes(length)) + writer.flush()


@pytest.mark.parametrize(
    "hostile",
    [
        part(1, bomb(coding.MOST_PROFILE + 1)),
        part(2, bomb(coding.MOST_EXIF + 1)),
        part(2, varint(4) + bomb(1000)[2:]),  # inflates to more than it says
        part(2, bomb(1000)[:-1]),
        part(1, bomb(9) + b"\0"),
        part(1, varint(0)),
        part(3, varint(7200)),
        part(3, varint(0) + varint(1)),
        part(2, bomb(9)) + part(2, bomb(9)),
        part(3, varint(1) * 2) + part(1, bomb(9)),
        b"\1\x85",
        b"\1\5abc",
    ],
)
def test_hostile_metadata_is_refused_and_the_picture_is_still_read(hostile):
    data = joined(9, 12, 33, 0, 0, bytes(4), b"abc", b"", hostile)
    with pytest.raises(FormatError):
        inspect_image(data)
    assert decompress_image(data).shape == (12, 9, 3)


def test_parts_of_later_releases_are_skipped():
    known = Metadata(density=(72.0, 72.0))
    assert unpacked(packed(known) + part(9, b"later")) == known


def test_a_length_beyond_the_file_is_refused():
    front = b"HTMP\2" + bytes(4) + b"".join(map(varint, (33, 9, 12, 0, 1000))) + b"abc"
    with pytest.raises(FormatError, match="longer than the file"):
        inspect_image(front + zlib.crc32(front).to_bytes(4, "little"))


# ---------------------------------------------------------------------- on the shell
def photographed(path, orientation=6, **more):
    """A file as a phone writes it: turned, with profile, EXIF and density."""
    exif = b"Exif\0\0" + exif_of(orientation)
    more |= {"exif": exif, "icc_profile": display_p3(), "dpi": (300, 150)}
    Image.fromarray(PICTURE).save(path, **more)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_photograph_of_a_phone_comes_back_with_all_it_has(tmp_path, capsys, ending):
    photographed(tmp_path / "a.jpg", quality=95)
    shell = ["compress", str(tmp_path / "a.jpg"), "-q", "90", "-o", str(tmp_path / "a.htmc")]
    assert main(shell) == 0
    told = capsys.readouterr()
    assert "with colour profile, EXIF and density" in told.out and "not kept" not in told.err
    assert main(["info", str(tmp_path / "a.htmc")]) == 0
    said = capsys.readouterr().out
    assert "Display P3" in said and "exif tells where yes" in said and "150.0 x 300.0" in said
    back = tmp_path / f"b.{ending}"
    assert main(["decompress", str(tmp_path / "a.htmc"), "-o", str(back)]) == 0
    with Image.open(back) as image:
        assert image.size == (12, 9) and image.info["icc_profile"] == display_p3()
        exif = image.getexif()
        assert exif[0x0112] == 1 and exif[0x010F] == "A maker" and 0x8825 in exif
        if ending != "webp":  # which has no place for it
            assert image.info["dpi"] == pytest.approx((150, 300), abs=0.02)


def test_the_longest_profile_comes_back_in_png_and_any_density_in_jpeg():
    kept = Metadata(bytes(coding.MOST_PROFILE), density=(70_000.0, 300.0))
    data = compress_image(PICTURE, metadata=kept)
    with Image.open(io.BytesIO(given_back(data, ".png", None)[0])) as image:
        assert image.info["icc_profile"] == kept.profile
    data = compress_image(PICTURE, metadata=kept._replace(profile=b""))
    with Image.open(io.BytesIO(given_back(data, ".jpg", None)[0])) as image:
        assert "dpi" not in image.info


def test_strip_leaves_everything_out_and_says_so(tmp_path, capsys):
    photographed(tmp_path / "a.png", orientation=1)
    assert main(["compress", str(tmp_path / "a.png"), "--strip"]) == 0
    assert "colours may shift" in capsys.readouterr().err
    data = (tmp_path / "a.png.htmc").read_bytes()
    assert data == compress_image(PICTURE) and data[4] == 1


def test_grey_with_alpha_on_the_shell(tmp_path):
    Image.fromarray(GREY_ALPHA, "LA").save(tmp_path / "a.png")
    a, b = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    assert main(["compress", a, "--lossless"]) == 0
    assert main(["decompress", f"{a}.htmc", "-o", b]) == 0
    with Image.open(tmp_path / "b.png") as image:
        assert image.mode == "LA" and (np.array(image) == GREY_ALPHA).all()


def test_sixteen_bits_are_not_called_lossless(tmp_path, capsys):
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 999).save(tmp_path / "a.png")
    assert main(["compress", str(tmp_path / "a.png"), "--lossless"]) == 1
    assert "16 bits a value, of which a photograph keeps 8" in capsys.readouterr().err
    assert main(["compress", str(tmp_path / "a.png")]) == 0
    assert "scaled to 8" in capsys.readouterr().err


def test_a_profile_of_srgb_takes_no_bytes(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, "PNG", icc_profile=profile)
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    assert main(["compress", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png.htmc").read_bytes() == compress_image(PICTURE)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 400), st.binary(max_size=6), st.integers(0, 3))
def test_damaged_metadata_is_refused_or_read(place, fresh, cut):
    data = packed(Metadata(display_p3(), exif_of(), (72.0, 300.0)))
    place %= len(data)
    damaged = data[:place] + fresh + data[place + len(fresh) :]
    with contextlib.suppress(FormatError):
        unpacked(damaged[: len(damaged) - cut])
