"""What the text model says of itself agrees with the files it writes."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.analysis.reading import VOICES, begin, continue_text, letters, next_characters
from htm_engine.coding.text.codec import compress_text
from htm_engine.coding.text.model import TextModel
from htm_engine.coding.text.query import expect
from htm_engine.coding.text.units import fixed
from htm_engine.errors import DataError

TEXT = Path(lzma.__file__).read_text(encoding="utf-8")
CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？" * 6


@pytest.fixture(scope="module")
def model():
    return TextModel.learn([TEXT.encode()[:9000], CHINESE.encode()], bits=14)


def test_surprise_is_what_the_file_takes(model):
    text = TEXT[9000:9700] + "学而时习之，不亦悦乎"
    bits = sum(letter.bits for letter in letters(text, model))
    assert abs(bits / 8 - (len(compress_text(text.encode(), model)) - 7)) < 2


def test_expectations_are_probabilities_that_the_next_letter_confirms(model):
    state, shares = begin(model, "def "), np.zeros(256)
    expect(state, fixed(), shares)
    assert shares.sum() == pytest.approx(1, abs=1e-9) and (shares > 0).all()
    for letter in letters("import os\n学而", model, expected=5):
        told = dict(letter.expected)
        assert sum(told.values()) <= 1 + 1e-9
        if letter.character in told and len(letter.character.encode()) == 1:
            # Expected before its first bit; coded, the last bits know of the first ones.
            assert -np.log2(told[letter.character]) == pytest.approx(letter.bits, abs=0.1)


def test_asking_changes_nothing(model):
    state = begin(model, "So they say")
    tables = [array.copy() for array in state]
    before = next_characters(state, 5)
    assert next_characters(state, 5) == before
    for name, array, old in zip(state._fields, state, tables, strict=True):
        if name != "recent":  # its next place is written to in advance
            assert np.array_equal(array, old), name


def test_a_repeated_phrase_is_predicted_by_the_match(model):
    phrase = "quixotic zeppelins yearn for marmalade; "
    told = list(letters(phrase * 3, model))
    late = told[len(phrase) * 2 + 10 :]
    assert np.mean([letter.bits for letter in late]) < 0.3
    voices = [letter.voices[0][0] for letter in late if letter.voices]
    assert set(voices) <= set(VOICES) and "longest match" in voices


def test_whole_chinese_characters_are_expected(model):
    expected = next_characters(begin(model, "有朋自远方"), 3)
    assert expected[0].character == "来" and expected[0].probability > 0.5


@settings(max_examples=25, deadline=None)
@given(
    prompt=st.text(max_size=20),
    count=st.integers(0, 40),
    seed=st.integers(0, 10**6),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    top_p=st.sampled_from([0.05, 0.9, 1.0]),
)
def test_continuations_are_valid_text_of_the_length_asked(
    model, prompt, count, seed, temperature, top_p
):
    def draw():
        return "".join(
            continue_text(
                prompt, model, count, temperature=temperature, top_p=top_p, random_state=seed
            )
        )

    text = draw()
    assert len(text) == count and text.encode().decode() == text
    assert draw() == text


def test_no_temperature_gives_the_likeliest_letters(model):
    first = next_characters(begin(model, "import "), 1)[0].character
    cold = "".join(continue_text("import ", model, 1, temperature=0, random_state=1))
    assert cold == first
    with pytest.raises(DataError, match="temperature"):
        list(continue_text("a", model, 1, temperature=-1))
