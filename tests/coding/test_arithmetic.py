"""Bits come back from their bytes, in about the code length their probabilities give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.coding import arithmetic
from htm_engine.coding.arithmetic import ADAPT, DECODE, ENCODE, MEASURE, PLACE

DECISION = st.tuples(st.one_of(st.integers(1, 65535), st.sampled_from([1, 65535])), st.booleans())


def coded(decisions):
    """Bytes of pairs (probability of a one in 2^-16, bit)."""
    registers, out = arithmetic.new_registers(ENCODE), np.zeros(4 * len(decisions) + 8, np.uint8)
    for p, bit in decisions:
        assert arithmetic.code_bit(p, bit, registers, out) == bit
    return out[: registers[PLACE]].tobytes() + arithmetic.last_bytes(registers)


@settings(max_examples=150, deadline=None)
@given(st.lists(DECISION, max_size=300))
def test_bits_come_back(decisions):
    data = np.frombuffer(bytearray(coded(decisions)), np.uint8)
    registers = arithmetic.new_registers(DECODE)
    arithmetic.begin(registers, data)
    for p, bit in decisions:
        assert arithmetic.code_bit(p, False, registers, data) == bit
    assert len(data) <= registers[PLACE] <= len(data) + 4


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_bytes_are_as_many_as_the_code_length(share):
    rng, p = np.random.default_rng(0), round(65536 * share)
    bits = rng.random(20_000) < share
    length = np.where(bits, -np.log2(p / 65536), -np.log2(1 - p / 65536)).sum() / 8
    assert length - 1 < len(coded([(p, bool(bit)) for bit in bits])) < 1.01 * length + 2


def test_bytes_are_the_format_and_do_not_change():
    decisions = [(1 + n * 7919 % 65535, n * n % 7 < 3) for n in range(64)]
    assert coded(decisions).hex() == "00000a15162e2a3061873c748a35"


@pytest.mark.parametrize("mode", [ADAPT, MEASURE])
def test_who_only_goes_along_writes_nothing(mode):
    registers, out = arithmetic.new_registers(mode), np.zeros(0, np.uint8)
    before = registers.tolist()
    assert [arithmetic.code_bit(40_000, bit, registers, out) for bit in (0, 1, 1)] == [0, 1, 1]
    assert registers.tolist() == before
