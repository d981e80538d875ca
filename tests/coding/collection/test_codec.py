"""Collection files: exact, small, and closed to everything damaged."""

from __future__ import annotations

import copy
import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from htm_engine import HTM, LayerSpec
from htm_engine.coding.collection.codec import (
    compress_collection,
    decompress_collection,
    inspect_collection,
)
from htm_engine.coding.collection.coder import BLOCK, CollectionCoder, step_of
from htm_engine.coding.collection.fixed import ONE, FixedDecoder, dequantise
from htm_engine.coding.collection.quantise import QUALITIES
from htm_engine.coding.container import pack, unpack
from htm_engine.errors import DataError, FormatError, ModelMismatchError
from htm_engine.model.hierarchy import Hierarchy

SMALL = (LayerSpec(patch=4, units=16, rank=3), LayerSpec(patch=2, units=12, rank=6))


@pytest.fixture(scope="module")
def digits():
    return (load_digits().images * 15.9375).astype(np.uint8)


@pytest.fixture(scope="module")
def model(digits):
    return HTM(SMALL, epochs=4).fit(digits[:1400])


@pytest.fixture(scope="module")
def old(model):
    """The network as it was before there were blocks."""
    taken = model.snapshot()
    taken.coder_ = copy.copy(model.coder_)
    taken.coder_.blocks = None
    return taken


@pytest.fixture(scope="module")
def file(model, digits):
    return compress_collection(model, digits[1400:1410], 5)


def psnr(a, b):
    return -10 * np.log10(((a.astype(float) - b) ** 2).mean() / 255**2)


@pytest.mark.parametrize("count", [1, 2, 397])
@pytest.mark.parametrize("quality", [1, 5, QUALITIES])
def test_a_file_gives_back_what_the_encoder_saw(old, digits, count, quality):
    pictures = digits[1400 : 1400 + count]
    data = compress_collection(old, pictures, quality)
    maps = old.batch(pictures, np.arange(count))
    coder = old.coder_
    expected = coder.decode(coder.encode(maps, quality), quality)
    read = coder.read(bytes(unpack(data).payload), count, quality, True)
    assert np.array_equal(coder.decode(read, quality), expected)
    assert np.array_equal(decompress_collection(data, old), expected[..., 0])


def test_more_quality_gives_more_bytes_and_nearer_pictures(model, digits):
    files = [compress_collection(model, digits[1400:], q) for q in range(1, QUALITIES + 1)]
    sizes = [len(data) for data in files]
    gains = [psnr(decompress_collection(data, model), digits[1400:]) for data in files]
    assert sizes == sorted(sizes)
    assert gains == sorted(gains)
    assert gains[-1] > 35


def test_the_file_is_as_long_as_its_model_predicts(model, digits):
    coder, maps = model.coder_, model.batch(digits[1400:], np.arange(397))
    coded = coder.encode(maps, 6)
    ideal = (coded.top_bits.sum() + coded.tiles.bits.sum()) / 8
    assert len(coder.write(coded, 6)) <= ideal * 1.01 + 4


def test_overhead_of_one_small_picture_is_a_few_bytes(model):
    blank = np.zeros((1, 8, 8), np.uint8)
    assert len(compress_collection(model, blank, 1)) <= 32


def test_without_the_residual_only_the_top_level_is_kept(model, digits):
    bare = compress_collection(model, digits[1400:], 6, with_surprise=False)
    full = compress_collection(model, digits[1400:], 6)
    assert len(bare) < len(full)
    assert psnr(decompress_collection(bare, model), digits[1400:]) < psnr(
        decompress_collection(full, model), digits[1400:]
    )


@pytest.mark.parametrize(
    "layers",
    [
        (LayerSpec(patch=8, units=8, rank=4),),
        (LayerSpec(patch=4, units=8, rank=0), LayerSpec(patch=2, units=8, rank=0)),
        (
            LayerSpec(patch=4, units=8, rank=0, winners=2, compete_on="evidence"),
            LayerSpec(patch=2, units=8, rank=0, winners=3, compete_on="evidence"),
        ),
        (LayerSpec(patch=4, stride=2, units=8, rank=2), LayerSpec(patch=3, units=8, rank=3)),
        (LayerSpec(patch=3, units=8, rank=2),),
        tuple(LayerSpec(patch=2, units=8, rank=3) for _ in range(3)),
    ],
)
def test_every_kind_of_hierarchy_writes_files(layers, digits):
    model = HTM(layers, epochs=2).fit(digits[:600])
    data = compress_collection(model, digits[600:700], 8)
    assert psnr(decompress_collection(data, model), digits[600:700]) > 24


def test_colour_pictures_are_stored(digits):
    colour = np.stack([digits, 255 - digits, digits // 2], -1)[:500]
    model = HTM(SMALL, epochs=2).fit(colour)
    data = compress_collection(model, colour[:20], 8)
    assert decompress_collection(data, model).shape == (20, 8, 8, 3)
    assert psnr(decompress_collection(data, model), colour[:20]) > 25


def test_whole_number_decoding_agrees_with_the_network(model, digits):
    codes = model.encode(digits[:40])
    step = step_of(QUALITIES)
    q = np.rint(codes.values[:, 0, 0, 0] / (step / 4096)).astype(np.int32)
    winners = codes.winners[:, 0, 0].astype(np.int64)
    fixed = FixedDecoder(model.hierarchy_).predict(winners, np.full_like(winners, 32), q, step)
    assert np.abs(fixed[..., 0] / ONE - model.reconstruct(digits[:40])).max() < 0.1


def test_whole_numbers_stay_small_enough_to_be_exact(model):
    """Even if no two terms cancelled, sums of pictures unlike all learned stay far below 2^53."""
    wild = np.random.default_rng(0).integers(0, 2, (300, 8, 8)).astype(np.uint8) * 255
    coder, maps = model.coder_, model.batch(wild, np.arange(len(wild)))
    sizes = FixedDecoder(model.hierarchy_)  # its numbers without their signs
    for own in (sizes.prototypes, sizes.means, sizes.bases):
        own[:] = [np.abs(array) for array in own]
    sizes.u = np.abs(sizes.u)
    largest = []
    for quality in (1, QUALITIES):
        coded, step = coder.encode(maps, quality), step_of(quality)
        prediction = sizes.predict(coded.winners, coded.weights, np.abs(coded.q), step)
        values = np.abs(dequantise(coded.tiles.q, step))
        residual = values @ np.abs(coder.fixed_bases).max(0).T
        largest += [prediction.max() * ONE, residual.max(initial=0)]
    assert ONE**2 < max(largest) < 2.0**45


def test_files_of_this_version_stay_readable():
    """Golden bytes: a payload of version 1 under weights and tables that are formulas."""
    coder = golden_coder()
    coded = coder.read(bytes.fromhex(GOLDEN_PAYLOAD), 6, 4, True)
    assert coder.write(coded, 4).hex() == GOLDEN_PAYLOAD
    digest = hashlib.sha256(coder.decode(coded, 4).tobytes()).hexdigest()[:16]
    assert digest == GOLDEN_PICTURES


GOLDEN_PAYLOAD = (
    "ec8f31f5a111430183b7bd115bbbe6889c93ac1f22b83b9cfd16d5cf30384eafb995a970b95675e4"
    "9d9b826da315297276d33d00083c545366ee65c80ec45be625055407f4ed6e7249b9dcb338c72a51"
    "23d45c7d3eedd0207721497d0e1cf42a7c9e61051a8626c5700dc8908bcddf1b5685f1dac252fc51"
    "fe48d771ef1ea38abe37b2489b12ec89b7c4a7d9c2257971bd86aa48316004c8083cad69cb0fa3"
)
GOLDEN_PICTURES = "e495811dedfae37e"


def golden_coder() -> CollectionCoder:
    """Codec of two levels whose every number is a formula, the same on every machine."""

    def formula(shape, top=61, over=64.0):
        numbers = np.arange(int(np.prod(shape)))
        return ((numbers * 29 % top - top // 2) / over).reshape(shape)

    def sorted_rows(cuts):
        return np.sort(cuts.astype(np.int64), -1)

    layers = (LayerSpec(patch=4, units=5, rank=3, code=6), LayerSpec(patch=2, units=4, rank=6))
    hierarchy = Hierarchy(layers, (8, 8, 1))
    sizes = ((5, 16, 3, 6), (4, 24, 6, 20))
    for layer, (units, d, rank, code) in zip(hierarchy.layers, sizes, strict=True):
        layer.m, layer.u = formula((units, d)), formula((units, d, rank))
        layer.mean, layer.basis = formula((d,)) + 0.4, formula((d, code))
        layer.profile = np.ones(1, np.float32)
        hierarchy.measure()
    return CollectionCoder.from_arrays(
        {
            "top_values_classes": (60 + formula((10, 4, 4, 6), 41, 1)).astype(np.uint8),
            "top_values_gates": formula((10, 3, 3), 41, 1).astype(np.int32),
            "top_values_cuts": sorted_rows(formula((10, 3, 3), 61, 0.1)),
            "top_counts": (200 + formula((10, 1, 4), 101, 1)).astype(np.uint16),
            "top_weights": np.zeros((10, 1), np.uint8),
            "low_values_classes": (60 + formula((10, 3, 4, 16), 41, 1)).astype(np.uint8),
            "low_values_gates": formula((10, 3, 6), 41, 1).astype(np.int32),
            "low_values_cuts": sorted_rows(formula((10, 3, 3), 61, 0.02)),
            "low_gate": formula((10, 3), 41, 1).astype(np.int32),
            "low_leaning": formula((10, 4), 41, 0.2).astype(np.int32),
            "low_cuts": sorted_rows(formula((10, 15), 61, 0.02)),
            "low_counts": (200 + formula((10, 16, 4), 101, 1)).astype(np.uint16),
            "bases": formula((3, 16, 16)).astype(np.float32),
            "tile": np.array([4]),
        },
        hierarchy,
    )


def test_another_model_is_refused_by_name(file, digits):
    other = HTM(SMALL, epochs=1, random_state=9).fit(digits)
    with pytest.raises(ModelMismatchError, match=other.fingerprint):
        decompress_collection(file, other)


def test_inspecting_needs_no_model(file, model):
    info = inspect_collection(file)
    assert (info.pictures, info.quality, info.size) == (10, 5, len(file))
    assert info.fingerprint == model.fingerprint


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 255), st.sampled_from(["flip", "cut", "grow"]))
def test_damaged_files_end_in_a_sentence(file, model, place, change, how):
    data = bytearray(file)
    if how == "flip":
        data[place % len(data)] ^= change
    elif how == "cut":
        data = data[: place % len(data)]
    else:
        data += bytes([change])
    with pytest.raises(FormatError):
        decompress_collection(bytes(data), model)


@pytest.mark.parametrize("payload", ["zeros", "noise", "late", "ones", "nothing"])
def test_a_header_that_claims_too_much_is_refused_before_anything_is_made(model, payload):
    for count, length in ((9_000_000, 400_000), (4_000_000, 9000), (300_000, 100)):
        content = {
            "zeros": bytes(length),
            "noise": np.random.default_rng(length).bytes(length - 1) + b"\1",
            "late": bytes(length - 1) + b"\1",
            "ones": b"\xff" * length,
            "nothing": b"",
        }[payload]
        claim = pack(1, bytes.fromhex(model.fingerprint), (count, 1, 1), content)
        tracemalloc.start()
        with pytest.raises(FormatError, match="claims more|damaged"):
            decompress_collection(claim, model)
        # No bytes at all are winners without end, the first of their tables: those are read.
        most = 512 if payload == "nothing" else 16
        assert tracemalloc.get_traced_memory()[1] < most << 20
        tracemalloc.stop()


def test_a_picture_is_the_same_in_whatever_company(model, digits):
    """Many are decoded a block at a time."""
    many = np.concatenate([digits, digits])[: 2 * BLOCK - 700]
    whole = decompress_collection(compress_collection(model, many, 7), model)
    for part in (slice(0, 100), slice(BLOCK - 50, BLOCK + 50)):
        file = compress_collection(model, many[part], 7)
        assert np.array_equal(decompress_collection(file, model), whole[part])


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("quality", [1, QUALITIES])
def test_very_many_pictures_that_take_almost_no_bytes_come_back(rank, quality):
    """Blank pictures under a network that has met little else: 20,000 of them in a few bytes."""
    pictures = np.zeros((1400, 8, 8), np.uint8)
    pictures[:8] = np.random.default_rng(0).integers(0, 40, (8, 8, 8))
    model = HTM((LayerSpec(patch=8, units=4, rank=rank),), epochs=2).fit(pictures)
    many = np.repeat(pictures[-1:], 20_000, 0)
    file = compress_collection(model, many, quality)
    assert len(file) < 90
    one = decompress_collection(compress_collection(model, many[:1], quality), model)
    assert np.array_equal(decompress_collection(file, model), np.repeat(one, 20_000, 0))


@pytest.mark.parametrize("quality", [0, 11, -1, 2.5, "best"])
def test_qualities_that_do_not_exist_are_refused(model, digits, quality):
    with pytest.raises(DataError, match="quality"):
        compress_collection(model, digits[:2], quality)


def test_networks_without_tables_say_what_to_do(digits):
    bare = HTM(SMALL, epochs=1, coder=False).fit(digits)
    with pytest.raises(DataError, match="measure_coder"):
        compress_collection(bare, digits[:2])
    assert compress_collection(bare.measure_coder(digits), digits[:2])


def test_numbers_that_are_no_intensities_are_refused(digits):
    rows = np.random.default_rng(0).normal(0, 5, (100, 8, 8))
    odd = HTM(SMALL, epochs=1).fit(rows)
    assert odd.coder_ is None
    with pytest.raises(DataError, match="intensities"):
        odd.measure_coder(rows)
    model = HTM(SMALL, epochs=1).fit(digits[:300])
    with pytest.raises(DataError, match="intensities"):
        compress_collection(model, rows)


def test_work_can_be_watched_and_stopped(model, digits):
    seen = []
    compress_collection(model, digits[:100], 3, progress=seen.append)
    assert seen[-1] == 1.0

    def stop(_part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compress_collection(model, digits[:100], 3, progress=stop)
