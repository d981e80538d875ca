"""Adaptive probabilities: tables the same everywhere, histories that remember, gates that learn."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from htm_engine.coding import mixing


def test_tables_are_the_same_on_every_machine():
    """Files of released versions depend on every entry."""
    following, seen, start = mixing.histories()
    tables = (mixing.squash_table(), mixing.stretch_table(), mixing.reciprocals())
    digest = hashlib.sha256(b"".join(t.tobytes() for t in (*tables, following, seen, start)))
    assert digest.hexdigest()[:16] == "cd9bb50d9d10fcc8"


def test_squash_undoes_stretch():
    squash, stretch = mixing.squash_table(), mixing.stretch_table()
    inside = np.abs(stretch) < mixing.CLIP
    back = squash[stretch + 3072][inside] / 16
    assert np.abs(back - np.arange(4096)[inside] - 0.5).max() < 4.5
    assert (np.diff(squash) >= 0).all() and (np.diff(stretch) >= 0).all()


def test_histories_never_leave_their_table_and_lean_to_what_they_saw():
    following, seen, start = mixing.histories()
    used = seen.astype(bool) | (np.arange(256) == 0)
    assert set(following[used].ravel().tolist()) <= set(np.flatnonzero(used).tolist())
    state = 0
    for bit, enough in ((1, 0.9), (0, 0.1)):
        for _ in range(30):
            state = following[state, bit]
        assert abs((start[state] >> 10) / (1 << 22) - enough) < 0.1
    assert seen[0] == 0 and (seen[used][1:] > 0).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30, unique=True))
def test_contexts_are_found_where_they_were_put(contexts):
    """At once and where they were put; those of a check of their own nowhere before."""
    seen, bits = mixing.histories()[1], 8
    lines, checks = np.zeros(16 << bits, np.uint8), {0}  # a blank line's check is 0
    for context in contexts:
        if context & 255 not in checks:
            assert mixing.peek(lines, 0, bits, context) == -1
        checks.add(context & 255)
        place = mixing.find(lines, 0, bits, context, seen)
        lines[place + 1] = 1
        assert mixing.peek(lines, 0, bits, context) == place
        assert mixing.find(lines, 0, bits, context, seen) == place
        assert lines[place] == context & 255 and lines[place + 1] == 1
        assert place % 16 == 0 and 0 <= place < len(lines)


def test_of_contexts_that_share_lines_the_one_seen_least_gives_way():
    seen, bits = mixing.histories()[1], 8
    lines, rare, new = np.zeros(16 << bits, np.uint8), 2, 4
    for context in (1, rare, 3):
        assert not mixing.crowded(lines, 0, bits, context)
        place = mixing.find(lines, 0, bits, context, seen)
        lines[place + 1] = 1 if context == rare else np.flatnonzero(seen > 1)[0]
    assert mixing.crowded(lines, 0, bits, new)
    mixing.find(lines, 0, bits, new, seen)
    found = [mixing.peek(lines, 0, bits, context) >= 0 for context in (1, rare, 3, new)]
    assert found == [True, False, True, True]


def test_a_gate_learns_which_input_is_right():
    rng = np.random.default_rng(0)
    weights, squash = np.zeros(4, np.int32), mixing.squash_table()
    costs = []
    for _ in range(3000):
        bit = int(rng.integers(2))
        inputs = rng.integers(-400, 400, 4).astype(np.int32)
        inputs[2] = 300 if bit else -300
        p = int(squash[mixing.dot(weights, inputs) + 3072])
        costs.append(-np.log2((p if bit else 65536 - p) / 65536))
        mixing.descend(weights, inputs, bit * 65535 - p)
    assert np.mean(costs[-500:]) < 0.15 < 0.9 < np.mean(costs[:5])
    assert weights.argmax() == 2


@given(st.integers(0, 2**32 - 1), st.integers(0, 1))
def test_an_estimate_moves_towards_the_bit_and_stays_a_probability(entry, bit):
    after = int(mixing.estimate(np.uint32(entry), bit, 1023, mixing.reciprocals()))
    moved = (after >> 10) - (entry >> 10)
    assert 0 < after >> 10 < 1 << 22
    assert (moved >= 0) == bool(bit) or abs(moved) <= 1
