"""Files in blocks: each picture by itself, exact after loading, closed to damage, never larger."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine import HTM, LayerSpec
from htm_engine.coding.collection import state
from htm_engine.coding.collection.anatomy import dissect
from htm_engine.coding.collection.blocks import STEPS, BlockCoder, top_of
from htm_engine.coding.collection.codec import (
    BLOCKS,
    HALVED_BLOCKS,
    compress_collection,
    decompress_collection,
    inspect_collection,
)
from htm_engine.coding.collection.index import apart, together
from htm_engine.coding.collection.pictures import NOTHING, PictureCoder
from htm_engine.coding.collection.toplevel import TopLevel
from htm_engine.coding.container import pack, unpack
from htm_engine.coding.photo.model import shipped
from htm_engine.errors import DataError, FormatError
from tests.coding.collection.test_codec import golden_coder

LAYERS = (LayerSpec(patch=4, units=8, rank=3), LayerSpec(patch=8, units=8, rank=6))


def drawn(count: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Discs on slopes, of any size, grey or in colour."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    found = []
    for _ in range(count):
        slope = 100 + rng.uniform(-3, 3) * x + rng.uniform(-3, 3) * y
        centre = rng.uniform(0.3, 0.7, 2) * shape[:2]
        disc = np.hypot(y - centre[0], x - centre[1]) < rng.uniform(0.15, 0.4) * shape[0]
        grey = np.where(disc, rng.uniform(0, 255), slope)
        tint = rng.uniform(0.4, 1, 3) if len(shape) == 3 else 1.0
        found.append(np.clip(grey[..., None] * tint if len(shape) == 3 else grey, 0, 255))
    return np.stack(found).astype(np.uint8)


@pytest.fixture(scope="module", params=[(20, 28), (24, 20, 3)], ids=["grey", "colour"])
def model(request):
    return HTM(LAYERS, epochs=2, sampler=False).fit(drawn(60, request.param))


@pytest.fixture(scope="module")
def pictures(model):
    return drawn(9, model.layout, 1)


@pytest.fixture(scope="module")
def file(model, pictures):
    data = compress_collection(model, pictures, 7)
    assert inspect_collection(data).in_blocks
    return data


@pytest.mark.parametrize("quality", [1, 5, 10])
def test_one_picture_by_itself_is_as_it_is_among_all(model, pictures, quality):
    data = compress_collection(model, pictures, quality)
    whole = decompress_collection(data, model)
    assert whole.shape == pictures.shape
    for number in (0, 4, 8):
        assert np.array_equal(
            decompress_collection(data, model, numbers=[number])[0], whole[number]
        )
    assert np.array_equal(decompress_collection(data, model, numbers=[5, 2, 2]), whole[[5, 2, 2]])
    with pytest.raises(DataError, match="numbered"):
        decompress_collection(data, model, numbers=[9])


def test_more_quality_gives_nearer_pictures(model, pictures):
    gains = []
    for quality in (3, 6, 9):
        back = decompress_collection(compress_collection(model, pictures, quality), model)
        gains.append(10 * np.log10(255**2 / ((back.astype(float) - pictures) ** 2).mean()))
    assert gains == sorted(gains) and gains[-1] > 33


def test_a_loaded_network_writes_and_reads_the_same_bytes(model, pictures, file):
    stream = io.BytesIO()
    model.save(stream)
    again = HTM.load(io.BytesIO(stream.getvalue()))
    assert again.fingerprint == model.fingerprint
    assert compress_collection(again, pictures, 7) == file
    assert np.array_equal(decompress_collection(file, again), decompress_collection(file, model))


def test_what_the_encoder_chose_is_what_the_decoder_draws(model, pictures):
    """The samples that competition left behind are those that come back, filter aside."""
    blocks, level = model.coder_.blocks, 5
    frame = blocks.frame(level, False)
    coder = PictureCoder(blocks.model, blocks.warm, blocks.top)
    for picture in pictures[:3]:
        chosen = coder.choose(picture, NOTHING, frame)
        data = np.frombuffer(bytearray(coder.write(chosen, picture, frame)), np.uint8)
        told, reg, cost = coder.read_told(data, frame, blocks.positions)
        found = coder.read(data, told, reg, cost, frame)[1]
        for channel, (theirs, ours) in enumerate(zip(chosen.found, found, strict=True)):
            high, wide = frame.sides(channel)
            assert np.array_equal(theirs.samples[:high, :wide], ours.samples[:high, :wide])
        assert cost[:, 0].sum() / 8 == pytest.approx(len(data), abs=1.5)


def test_what_lies_beyond_a_picture_costs_nothing(model):
    """A picture of one grey takes as many bytes whether or not it ends within a block."""
    flat = np.full((4, *model.layout), 90, np.uint8)
    assert len(compress_collection(model, flat, 5)) < 70


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 255), st.booleans())
def test_damage_behind_a_right_checksum_ends_in_a_sentence_or_pictures(
    model, file, place, change, cut
):
    container = unpack(file)
    payload = bytearray(container.payload)
    payload[place % len(payload)] ^= change
    payload = payload[: place % len(payload)] if cut else payload
    data = pack(container.kind, container.fingerprint, container.fields, bytes(payload))
    try:
        assert decompress_collection(data, model).shape == (9, *model.layout)
    except FormatError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("form", [BLOCKS, HALVED_BLOCKS, 4])
def test_headers_that_claim_what_cannot_be_are_refused(model, form):
    name = bytes.fromhex(model.fingerprint)
    for count, payload in ((300_000, bytes(100)), (2, b""), (3, b"\xff" * 40), (2, bytes(40))):
        try:
            decompress_collection(pack(1, name, (count, 5, form), payload), model)
        except FormatError as error:
            assert str(error).endswith(".")
        else:
            assert count < 4 and form < 4


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60))
def test_an_index_says_where_pictures_begin(lengths):
    parts = [bytes([number % 251]) * length for number, length in enumerate(lengths)]
    payload = together(parts)
    ends = apart(payload, len(parts))
    found = [payload[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    assert found == parts


def test_the_state_goes_into_a_model_file_and_back():
    start = state.first(shipped())
    moved = state.Warm(*(state.State(one.probs.copy(), one.gates.copy()) for one in start))
    moved.rest.probs[2, 1000:1010] = 5 << 28
    moved.told.gates[0, 3, 4] += 77
    kept = state.settled(moved)
    arrays = state.arrays(kept, start)
    state.check(arrays)
    for one, other in zip(state.from_arrays(arrays, start), kept, strict=True):
        assert np.array_equal(one.probs, other.probs) and np.array_equal(one.gates, other.gates)
    arrays["plain_probs"] = np.zeros(7, np.uint16)
    with pytest.raises(ValueError, match="shape"):
        state.check(arrays)


def golden_blocks() -> BlockCoder:
    """The shipped photo model, moved by nothing, beside a network whose numbers are formulas."""
    top = top_of(np.ones((4, 6)), np.arange(4), 4)
    return BlockCoder((8, 8, 1), 1, TopLevel(golden_coder()), top)


def test_files_in_blocks_of_this_version_stay_readable():
    """Golden bytes: one picture with the network's prediction, two without."""
    read = list(golden_blocks().decode(bytes.fromhex(GOLDEN_PAYLOAD), 3, 4, False, range(3)))
    assert [one.told.fineness for one in read] == [3, 0, 0]
    pictures = np.stack([one.picture for one in read])
    assert hashlib.sha256(pictures.tobytes()).hexdigest()[:16] == GOLDEN_PICTURES


GOLDEN_PAYLOAD = "09dd08276589dfaae1b73fde1be1c35a6c1705e12b789be3cec73f9fdaf4f4"
GOLDEN_PICTURES = "d0592a95895fa56c"


def test_the_parts_of_a_file_in_blocks_are_told_apart(model, file):
    parts = dissect(file, model)
    assert np.array_equal(
        parts.pictures.reshape(9, *model.layout), decompress_collection(file, model)
    )
    assert parts.tile_winners.shape == (9, *model.layout[:2]) and len(STEPS) == 10
