"""Texts as files: exact for any bytes, small, and closed to everything damaged."""

from __future__ import annotations

import hashlib
import io
import lzma
from array import array
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine import storage
from htm_engine.coding import container
from htm_engine.coding.photo.codec import decompress_image, inspect_image
from htm_engine.coding.text.codec import (
    LONG_FROM,
    compress_stream,
    compress_text,
    decompress_blocks,
    decompress_text,
    inspect_text,
    is_text,
    model_for,
)
from htm_engine.coding.text.model import NAMES, SHIPPED, TextModel, shipped, table_bits, table_bytes
from htm_engine.coding.text.skim import blank_notes, skim
from htm_engine.coding.text.units import LEARN, Memory, blank, fixed, work
from htm_engine.errors import DataError, FormatError, HTMError, ModelError, ModelMismatchError
from htm_engine.evaluation.text_peers import PEERS

SOURCE = Path(lzma.__file__).read_bytes()  # 13 KB of prose and code that every Python has
CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？".encode()


@pytest.fixture(scope="module")
def model():
    return TextModel.learn([SOURCE[:8000]], bits=14)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=3000),
        st.text(max_size=800).map(str.encode),
        st.tuples(st.binary(min_size=1, max_size=6), st.integers(1, 900)).map(
            lambda p: p[0] * p[1]
        ),
    )
)
def test_any_bytes_come_back(data):
    assert decompress_text(compress_text(data, "blank")) == data


@pytest.mark.parametrize("length", [LONG_FROM - 1, LONG_FROM, 150_001])
def test_texts_of_both_forms_come_back(length):
    data = (SOURCE * 20)[:length]
    file = compress_text(data, "blank")
    assert decompress_text(file) == data
    assert inspect_text(file).length == length and is_text(file)


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_come_back_under_a_model(model, data):
    assert decompress_text(compress_text(data, model), model) == data


def test_a_text_like_those_read_becomes_smaller(model):
    like, unlike = SOURCE[8000:9000], CHINESE * 4
    assert len(compress_text(like, model)) < 0.75 * len(compress_text(like, "blank"))
    assert len(compress_text(unlike, model)) < 1.1 * len(compress_text(unlike, "blank"))


def test_a_model_is_the_same_after_saving_and_loading(model, tmp_path):
    model.save(tmp_path / "m.npz")
    loaded = TextModel.load(tmp_path / "m.npz")
    assert loaded.fingerprint == model.fingerprint
    for name, ours, theirs in zip(Memory._fields, model.start(), loaded.start(), strict=True):
        assert np.array_equal(ours, theirs), name
    file = compress_text(SOURCE[9000:9400], model)
    assert compress_text(SOURCE[9000:9400], loaded) == file
    assert decompress_text(file, loaded) == SOURCE[9000:9400]


def test_working_with_a_model_does_not_change_it(model):
    before = [hashlib.sha256(array.tobytes()).digest() for array in model.memory]
    compress_text(SOURCE[:500], model)
    assert before == [hashlib.sha256(array.tobytes()).digest() for array in model.memory]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_are_inverses_and_larger(peer):
    data = SOURCE * 2
    file = peer.compress(data)
    assert peer.decompress(file) == data
    assert len(compress_text(SOURCE, "blank")) < 0.95 * len(peer.compress(SOURCE))


def test_chinese_gains_from_characters():
    """Shuffled inside each character, the same bytes tell less."""
    text = "".join(f"第{n}回 {CHINESE.decode()[n % 30 :][:9]}。" for n in range(200)).encode()
    ppmd = next(peer for peer in PEERS if peer.name.startswith("PPMd"))
    assert len(compress_text(text, "blank")) < len(ppmd.compress(text))


def test_repetition_costs_next_to_nothing():
    assert len(compress_text(b"\0" * 1_000_000, "blank")) < 170


def test_noise_grows_by_a_few_bytes_only():
    noise = np.random.default_rng(0).bytes(20_000)
    assert len(compress_text(noise, "blank")) < 20_000 * 1.01 + 20


# ------------------------------------------------------------------- formats
def test_files_of_this_version_stay_readable():
    """Golden bytes of both forms."""
    text = SOURCE_OF_GOLDEN
    assert compress_text(text, "blank").hex() == GOLDEN_SHORT
    assert decompress_text(bytes.fromhex(GOLDEN_SHORT)) == text
    # How a text begins says which model wrote it; that of a shipped one never changes.
    assert [compress_text(text, name)[0] for name in NAMES] == [0xA5, 0xA6]
    for name, fingerprint in SHIPPED.items():
        read = shipped(name)
        assert hashlib.sha256(bytes((read.bits,)) + read.text).digest()[:8] == fingerprint
    # The same bytes say that a model has read its texts as it did when it was released.
    for words, golden in GOLDEN_SHIPPED.items():
        assert compress_text(words.encode()).hex() == golden
        assert decompress_text(bytes.fromhex(golden)) == words.encode()
    long = compress_text(text * 700, "blank")
    assert hashlib.sha256(long).hexdigest()[:16] == GOLDEN_LONG


SOURCE_OF_GOLDEN = (
    "Units compete; the winner predicts. 单元竞争，胜者预测。\r\n\t\x00\xff".encode() * 2
)
GOLDEN_SHORT = (
    "a49001aa4fa6501fb3b19a02ecbdf8c320c35991cdb6d8ab6977467dc3ef3d788914c6d92c78f6496c92e0a3"
    "39424db9b5e490d59d8969fa9d2426a89e39395a1d8182cca0796e78bc"
)
GOLDEN_SHIPPED = {
    "The winner predicts, and surprise is all that is kept.": (
        "a53608b4c76a80410b9ec0b14b2dd565527810"
    ),
    "胜者预测，惊奇是唯一留下的东西。": "a6303d93486af0e08404bf0f223fd3fa99863e08b2d132a794fbe8",
}
GOLDEN_LONG = "48d76d44fea1c6e3"


def test_a_stream_is_the_same_file_and_tells_how_far_it_is():
    data = SOURCE * 12
    target = io.BytesIO()
    parts = list(compress_stream(io.BytesIO(data), target, len(data), "blank"))
    assert target.getvalue() == compress_text(data, "blank")
    assert parts == sorted(parts) and parts[-1] == 1.0 and len(parts) > 1
    blocks = list(decompress_blocks(target.getvalue()))
    assert b"".join(block for block, _ in blocks) == data and len(blocks) > 1


def test_a_source_that_ends_early_is_told():
    steps = compress_stream(io.BytesIO(SOURCE), io.BytesIO(), len(SOURCE) + 1, "blank")
    with pytest.raises(DataError, match="ended before"):
        list(steps)


def test_memory_is_kept_within_what_is_given():
    assert table_bytes(table_bits(10**9, None)) <= 256 << 20
    for budget in (20 << 20, 40 << 20, 100 << 20):
        bits = table_bits(10**9, budget)
        assert blank(bits).size == table_bytes(bits) <= budget < table_bytes(bits + 1)
    data = SOURCE * 6
    file = compress_text(data, "blank", memory=20 << 20)
    assert decompress_text(file) == data
    with pytest.raises(DataError, match="at least"):
        table_bits(10**9, 1 << 20)
    # A text that a shipped model fits goes without where there is no room for one.
    assert compress_text(b"It was the best of times.", memory=30 << 20)[0] == 0xA4
    assert compress_text(b"It was the best of times.")[0] == 0xA5


# -------------------------------------------------------------------- damage
@pytest.fixture(scope="module")
def files():
    return {
        "short": compress_text(SOURCE[:600], "blank"),
        "long": compress_text((SOURCE * 6)[: LONG_FROM + 10], "blank"),
    }


@settings(max_examples=250, deadline=None)
@given(
    form=st.sampled_from(["short", "long"]),
    place=st.integers(0, 10**6),
    change=st.integers(1, 255),
    how=st.sampled_from(["flip", "cut", "grow"]),
)
def test_damaged_files_end_in_a_sentence(files, form, place, change, how):
    data = bytearray(files[form])
    if how == "flip":
        data[place % len(data)] ^= change
    elif how == "cut":
        data = data[: place % len(data)]
    else:
        data += bytes([change])
    with pytest.raises(HTMError, match=r"\.$"):
        decompress_text(bytes(data))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\xa4", b"\xa5", b"\xa6", b"\xa7", b"\xa8"]))
def test_foreign_bytes_end_in_a_sentence(data, first):
    with pytest.raises(HTMError):
        decompress_text(first + data)


def test_a_claim_of_more_text_than_could_be_is_refused_before_any_work():
    file = container.pack(3, bytes(8), (1 << 50, 16), b"\0" * 100)
    with pytest.raises(FormatError, match="claims more"):
        decompress_text(file)
    with pytest.raises(FormatError, match="does not describe"):
        decompress_text(container.pack(3, bytes(8), (1 << 20, 24), b"\0" * 100))
    file = container.pack(3, bytes(8), (1 << 29, 16), b"\0" * 20_000)
    with pytest.raises(FormatError, match="at most"):
        decompress_text(file)


def test_other_kinds_of_files_are_named():
    with pytest.raises(FormatError, match="a collection's file.*decompress_collection"):
        decompress_text(container.pack(1, bytes(8), (1, 2), b""))


class OneWay(io.BytesIO):
    """A source that cannot be read again."""

    def seekable(self):
        return False


@pytest.mark.parametrize("length", [1, 3, 300, (1 << 16) - 1, 1 << 16, 70_000])
def test_bytes_that_nothing_predicts_take_no_more_than_themselves_and_a_header(length, model):
    data = np.random.default_rng(length).bytes(length)
    file = compress_text(data)
    assert len(file) <= length + (8 if length < 1 << 16 else 26)
    assert decompress_text(file) == data
    assert decompress_text(compress_text(data, model), model) == data
    assert length < 300 or compress_text(data, model) == file
    once = io.BytesIO()
    for _ in compress_stream(OneWay(data), once, length):
        pass
    assert decompress_text(once.getvalue()) == data
    if length == 70_000:
        assert inspect_text(file).bits == 0 and len(file) < len(once.getvalue())
    for place in range(0, len(file), max(1, len(file) // 20)):
        damaged = bytearray(file)
        damaged[place] ^= 4
        with suppress(HTMError):
            assert decompress_text(bytes(damaged)) != data  # 16 bits of a checksum may agree
    with pytest.raises(FormatError):
        decompress_text(file[:-1])


def test_a_stored_text_of_another_length_than_it_claims_is_refused():
    file = container.pack(3, bytes(8), (70_000, 0), bytes(69_999))
    with pytest.raises(FormatError, match="length"):
        decompress_text(file)


@pytest.mark.parametrize(
    "data",
    [
        np.arange(600, dtype=np.uint16),
        np.arange(600, dtype=">i4").reshape(20, 30),
        np.arange(600, dtype=np.uint8).reshape(20, 30)[::2, ::-3],
        np.asfortranarray(np.arange(600.0).reshape(20, 30)),
        np.zeros(3, [("a", "u1"), ("b", ">f8")]),
        np.zeros((0, 4), np.int32),
        array("I", range(600)),
        memoryview(bytes(range(240))).cast("H"),
        memoryview(bytes(range(240))).cast("B", (24, 10)),
        bytearray(b"abc"),
        b"",
    ],
    ids=lambda data: f"{type(data).__name__} {getattr(data, 'dtype', '')}",
)
def test_all_bytes_of_any_buffer_are_stored(data):
    whole = memoryview(data).tobytes()
    assert decompress_text(compress_text(data, "blank")) == whole
    if len(whole):
        padded = compress_text(SOURCE[:300], "blank")
        assert decompress_text(np.frombuffer(padded, np.uint8)) == SOURCE[:300]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("letters", "text.encode()"),
        (np.array([b"a", None]), "objects"),
        (7, "not int"),
        ([1, 2], "not list"),
        (None, "not NoneType"),
    ],
)
def test_what_holds_no_bytes_is_refused_in_a_sentence(data, said):
    for use in (compress_text, decompress_text, inspect_text, decompress_image, inspect_image):
        with pytest.raises(DataError, match=said.replace("(", r"\(").replace(")", r"\)")):
            use(data)
    with pytest.raises(DataError, match="list|objects|Bytes|letters"):
        TextModel.learn([data])


@pytest.mark.parametrize("texts", ["text", b"text"])
def test_a_text_that_is_no_list_is_not_taken_apart(texts):
    with pytest.raises(DataError, match="put one into a list"):
        TextModel.learn(texts)


def test_another_model_is_refused(model):
    file = compress_text(SOURCE[:300], model)
    with pytest.raises(ModelMismatchError):
        decompress_text(file)
    other = TextModel.learn([CHINESE], bits=14)
    with pytest.raises(HTMError):
        decompress_text(file, other)
    with pytest.raises(HTMError):
        decompress_text(compress_text(SOURCE[:50], "blank"), model)


@pytest.mark.parametrize("at_once", [1, 3])
def test_skimming_is_the_same_whoever_does_it_and_in_whatever_blocks(at_once):
    data, whole, parts = np.frombuffer(SOURCE, np.uint8), blank(12), blank(12)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(at_once) as many:
        skim(whole, fixed(), blank_notes(), data, one)
        notes = blank_notes()
        for block in (data[:5000], data[5000:]):
            skim(parts, fixed(), notes, block, many)
    for name in Memory._fields:
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


def test_skimming_teaches_the_units_what_reading_does():
    """With room for all, every line agrees; without, most of those that were met again."""
    data = np.frombuffer(SOURCE[:300], np.uint8)
    for bits, repeats, least in ((19, 1, 1.0), (12, 20, 0.6)):
        text = np.tile(data, repeats)
        skimmed, read = blank(bits), blank(bits)
        with ThreadPoolExecutor(1) as one:
            skim(skimmed, fixed(), blank_notes(), text, one)
        work(read, fixed(), text, len(text), np.empty(0, np.uint8), LEARN, np.zeros(0))
        used = read.lines > 0
        assert (skimmed.lines[used] == read.lines[used]).mean() >= least
        for name in ("recent", "places", "contexts"):
            assert np.array_equal(getattr(skimmed, name), getattr(read, name)), name


def test_a_model_file_that_unpacks_to_more_than_it_says_is_refused(model, tmp_path):
    model.save(tmp_path / "m.npz")
    assert TextModel.load(tmp_path / "m.npz").fingerprint == model.fingerprint
    for length, content, said in (
        (1000, lzma.compress(b"0" * 10**8), "not as long"),
        (1000, lzma.compress(b"0" * 999), "not as long"),
        (1000, b"no xz at all", "cannot be read"),
        (0, lzma.compress(b""), "does not describe"),
        (1000, lzma.compress(b"0" * 1000), "checksum"),
    ):
        header = {"kind": "text", "length": length, "bits": 14, "crc": 1}
        storage.save(tmp_path / "x.npz", header, {"text": np.frombuffer(content, np.uint8)})
        with pytest.raises(ModelError, match=said):
            TextModel.load(tmp_path / "x.npz")


def test_models_of_others_are_refused(tmp_path):
    from htm_engine import HTM

    HTM(epochs=1).fit(np.random.default_rng(0).random((60, 8, 8))).save(tmp_path / "p.npz")
    with pytest.raises(ModelError, match="not a text model"):
        TextModel.load(tmp_path / "p.npz")
    with pytest.raises(DataError, match="no text"):
        TextModel.learn([b""])
    with pytest.raises(DataError, match="no text model 'klingon'"):
        compress_text(b"abc", "klingon")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"", "blank"),
        (b"It was a dark and stormy night.", "en"),
        (CHINESE, "zh"),
        (bytes(range(256)), "blank"),
        (b"1,2,3\n" * 50, "blank"),
    ],
)
def test_the_model_follows_the_text(text, name):
    assert model_for(text, len(text)) == name
    assert model_for(text, 1 << 30) == "blank"


def test_the_shipped_models_make_short_texts_small():
    text = b"She looked at him for a moment, and then she said that it was getting late."
    assert len(compress_text(text)) < 0.45 * len(text) < len(compress_text(text, "blank"))
    assert decompress_text(compress_text(text)) == text
