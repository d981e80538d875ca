"""Photographs as files: round trips, sizes, bad input, golden bytes."""

from __future__ import annotations

import hashlib
import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine import compress_image, decompress_image
from htm_engine.coding import photo, photoentropy, photolearn
from htm_engine.coding.container import pack, unpack
from htm_engine.coding.photocolour import picture_of, planes
from htm_engine.coding.photomodel import PhotoModel, shipped
from htm_engine.coding.photounits import log4
from htm_engine.coding.photowarm import with_costs
from htm_engine.errors import DataError, FormatError, ModelError, ModelMismatchError
from htm_engine.metrics import psnr

#: Of ``scene(40, 56)`` at quality 50, and of what comes back.
GOLDEN = ("34b585f652764b0a", "38b517eebb0086af")


def scene(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Soft shading, an edge and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    base = 90 + 60 * np.sin(x / 17) * np.cos(y / 11) + 60 * (x + 2 * y > 70)
    shades = np.stack([base, base * 0.8 + 20, 200 - base * 0.5, 255 - base][:channels], -1)
    noisy = np.clip(shades + rng.normal(0, 3, shades.shape), 0, 255).astype(np.uint8)
    return noisy[..., 0] if channels == 1 else noisy


@pytest.mark.parametrize("quality", [1, 30, 50, 80, 100])
def test_round_trip_comes_near_and_nearer_with_quality(quality):
    picture = scene(70, 90)
    back = decompress_image(compress_image(picture, quality))
    assert back.shape == picture.shape and back.dtype == np.uint8
    assert psnr(picture / 255, back / 255) > 20 + quality / 5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from([0, 1, 3, 4]),
    st.integers(1, 100), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_decoder_sees_what_the_encoder_saw(height, width, channels, quality, seed):
    """Any size and content; what the encoder left as samples is what the decoder makes."""
    shape = (height, width, channels) if channels else (height, width)
    picture = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    data = compress_image(picture, quality)
    back = decompress_image(data)
    assert back.shape == ((height, width) if channels in (0, 1) else shape)
    if channels == 4:
        assert (back[..., 3] == picture[..., 3]).all()
    header = photo._open(data)
    halved = bool(header.form & photo.HALVED)
    plain = picture[..., :3] if channels == 4 else picture.reshape(back.shape)
    if channels in (3, 4) and not header.form & photo.COLOUR:
        plain = plain[..., 0]
    found = photo.chosen(planes(plain, halved), list(header.steps), halved, shipped())
    seen = picture_of([plane.samples for plane in found], height, width, halved)
    expected = back[..., :3] if channels == 4 else back
    assert (seen == (expected[..., 0] if seen.ndim < expected.ndim else expected)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (17, 16), (1, 1, 3), (2, 33, 4)])
def test_odd_sizes(shape):
    picture = np.full(shape, 60, np.uint8)
    back = decompress_image(compress_image(picture, 90))
    assert back.shape == shape and abs(back.astype(int) - 60).max() <= 4


def test_golden_bytes():
    """Files of released versions depend on every one; a change needs a new format version."""
    picture = scene(40, 56)
    data = compress_image(picture)
    back = decompress_image(data)
    assert (_digest(data), _digest(back.tobytes())) == GOLDEN


def test_rates_span_what_quality_promises():
    sizes = [photo.step_of(quality) for quality in (1, 25, 50, 75, 100)]
    ratios = np.diff(np.log(sizes))
    assert np.ptp(ratios) < 0.1 and sizes[0] > 1000 and sizes[-1] < 64


def test_a_flat_picture_takes_next_to_nothing():
    picture = np.full((512, 768, 3), 77, np.uint8)
    data = compress_image(picture)
    assert len(data) <= 64 and abs(decompress_image(data).astype(int) - 77).max() <= 8


def test_coded_bytes_are_those_of_the_ideal_length():
    targets = planes(scene(128, 128), False)
    found = photo.chosen(targets, [100, 97, 106], False, shipped())
    coded, cost, _, _ = photo.coded_planes(found, [100, 97, 106], False, shipped())
    assert len(coded) <= cost[:, 0].sum() / 8 * 1.005 + 4


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4)), np.zeros((0, 4), np.uint8), np.zeros((4, 4, 2), np.uint8), np.uint8(3)],
)
def test_what_is_no_photograph_is_refused(picture):
    with pytest.raises(DataError):
        compress_image(picture)


@pytest.mark.parametrize("quality", [0, 101, float("nan")])
def test_quality_out_of_range(quality):
    with pytest.raises(DataError, match="1 to 100"):
        compress_image(np.zeros((4, 4), np.uint8), quality)


def test_a_terapixel_is_refused_before_anything_is_made():
    name = shipped().fingerprint
    data = pack(photo.KIND, name, (1 << 20, 1 << 20, 0, 100), b"\0")
    with pytest.raises(FormatError, match="pixels"):
        decompress_image(data)


def test_cut_extended_and_flipped_files():
    data = compress_image(scene(24, 24, 4))
    for cut in range(len(data)):
        with pytest.raises(FormatError):
            decompress_image(data[:cut])
    with pytest.raises(FormatError):
        decompress_image(data + b"\0")
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(FormatError):
            decompress_image(bytes(broken))


def test_damage_under_a_good_checksum_is_an_error_or_a_picture():
    """Who mends the checksum gets an error or noise of the size told, never a crash."""
    data = compress_image(scene(24, 24, 4), 80)
    rng, outcomes = np.random.default_rng(1), set()
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            broken[rng.integers(18, len(data) - 4)] = rng.integers(256)
        broken[-4:] = zlib.crc32(broken[:-4]).to_bytes(4, "little")
        try:
            back = decompress_image(bytes(broken))
            info = photo.inspect_image(bytes(broken))
            assert back.shape[:2] == (info.height, info.width)
            outcomes.add("picture")
        except FormatError:
            outcomes.add("error")
    assert outcomes == {"picture", "error"}


def test_another_model_is_refused():
    ours = shipped()
    other = with_costs(
        list(ours.units), *photoentropy.blank_state(), ours.rates, ours.counts, ours.dear
    )
    data = compress_image(scene(20, 20), 50, other)
    with pytest.raises(ModelMismatchError, match=other.fingerprint.hex()):
        decompress_image(data)
    assert decompress_image(data, other).shape == (20, 20, 3)


def test_a_model_comes_back_from_its_file():
    stream = io.BytesIO()
    shipped().save(stream)
    assert len(stream.getvalue()) <= 3_000_000
    again = PhotoModel.load(io.BytesIO(stream.getvalue()))
    assert again.fingerprint == shipped().fingerprint
    picture = scene(30, 30)
    assert compress_image(picture, model=again) == compress_image(picture)


def test_a_model_with_a_part_missing_is_refused():
    arrays = shipped().arrays()
    del arrays["basis1"]
    with pytest.raises(ModelError):
        PhotoModel.make(arrays)
    arrays = shipped().arrays()
    arrays["weights0"] = np.full_like(arrays["weights0"], 60_000)
    with pytest.raises(ModelError):
        PhotoModel.make(arrays)


def test_what_a_file_says_of_itself():
    data = compress_image(scene(30, 20), 50)
    info = photo.inspect_image(data)
    assert (info.width, info.height, info.channels, info.size) == (20, 30, 3, len(data))
    assert info.fingerprint == unpack(data).fingerprint.hex() == shipped().fingerprint.hex()


def test_the_whole_logarithm_is_near_the_true_one():
    values = np.arange(1, 5000)
    found = np.array([log4(int(value)) for value in values])
    assert np.abs(found - 4 * np.log2(values)).max() < 1 and (np.diff(found) >= 0).all()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def test_a_codec_of_ones_own_pictures(tmp_path, monkeypatch, capsys):
    """Learned from a folder by the command line; what it wrote reads its own files."""
    from PIL import Image

    from htm_engine.__main__ import main

    monkeypatch.setattr(photolearn, "_UNITS", (4, 2, 2, 2))
    monkeypatch.setattr(photolearn, "_ROUNDS", (2, 2, 2, 2))
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(2):
        rng = np.random.default_rng(seed)
        noisy = scene(256, 256, seed=seed) * rng.uniform(0.5, 1, (256, 256, 1))
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{seed}.png")
    assert main(["train-codec", str(folder), "-o", str(tmp_path / "mine.npz")]) == 0
    assert "2" in capsys.readouterr().out
    model = PhotoModel.load(tmp_path / "mine.npz")
    picture = scene(40, 40, seed=9)
    back = decompress_image(compress_image(picture, 80, model), model)
    assert psnr(picture / 255, back / 255) > 30


def test_no_pictures_and_too_few(tmp_path):
    from htm_engine.__main__ import main

    assert main(["train-codec", str(tmp_path), "-o", str(tmp_path / "m.npz")]) == 1
    with pytest.raises(DataError, match="too little"):
        list(photolearn.learn([scene(40, 40)]))
    with pytest.raises(DataError, match="no pictures"):
        list(photolearn.learn([]))


def test_inspect_tells_photographs_and_their_models(tmp_path, capsys):
    from htm_engine.__main__ import main

    path = tmp_path / "a.htmc"
    path.write_bytes(compress_image(scene(30, 20)))
    assert main(["inspect", str(path)]) == 0
    assert "30 x 20 x 3" in capsys.readouterr().out
    shipped().save(tmp_path / "m.npz")
    assert main(["inspect", str(tmp_path / "m.npz")]) == 0
    assert shipped().fingerprint.hex() in capsys.readouterr().out
