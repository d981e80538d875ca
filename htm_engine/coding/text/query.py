"""Questions to the text model that change nothing in it: what comes next, and who predicts it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled
from ..mixing import hashed, peek
from .context import COUNT, LAST4, MATCH_LENGTH, follow, take, views
from .units import INPUTS, correct, inputs, match, predicted_byte, rows_of, sum_up


@compiled
def expect(memory: Any, fixed: Any, out: Any) -> Any:
    """Probability of every next byte ``(256,)``, in multiples of 2^-32; nothing is learned."""
    R, lines = memory.registers, memory.lines
    maps, deaf, chances = memory.maps, memory.deaf, memory.match
    stretch = fixed.stretch
    tables = memory.tables
    at = np.zeros(COUNT, np.int64)
    x = np.zeros(INPUTS, np.int32)
    rows, sums = np.zeros(len(fixed.gates), np.int64), np.zeros(len(fixed.gates), np.int32)
    share = np.zeros(512, np.float64)
    share[1] = 1.0
    predicted = predicted_byte(R, memory.recent)
    for half in range(17):
        # The first four bits share a line a unit, and so do the last four after each of 16.
        for unit in range(COUNT):
            context = memory.contexts[unit]
            if half:
                context = hashed(context, 16 + half - 1 + 1000)
            at[unit] = peek(lines, tables[unit, 0], tables[unit, 1], context)
        for node in range(1, 16):
            c0, bit = np.int64(node), np.int64(0)
            while (2 << bit) <= node:
                bit += 1
            if half:
                c0 = ((16 + half - 1) << bit) | (node & ((1 << bit) - 1))
                bit += 4
            known = inputs(lines, maps, deaf, stretch, at, node, x)
            entry = match(chances, R[MATCH_LENGTH], stretch, predicted, c0, bit, x)
            rows_of(R, fixed.gates, c0, bit, known, entry, predicted, rows)
            total, p_top = sum_up(memory.weights, memory.top[c0], fixed.squash, x, rows, sums)
            p = correct(memory.near, memory.far, R[LAST4], c0, total, p_top)[0]
            share[2 * c0] = share[c0] * (65536 - p) / 65536.0
            share[2 * c0 + 1] = share[c0] * p / 65536.0
    for byte in range(256):
        out[byte] = share[256 + byte]


@compiled
def explain(memory: Any, fixed: Any, byte: Any, evidence: Any) -> Any:
    """Log-odds that every unit, and the match as last, added for a byte; nothing is learned.

    ``evidence (COUNT + 1,)`` is in bits: what the unit adds to log2 p / (1 - p) of the
    bits that came, after all weights.
    """
    R, lines = memory.registers, memory.lines
    maps, deaf, chances = memory.maps, memory.deaf, memory.match
    stretch = fixed.stretch
    tables = memory.tables
    at = np.zeros(COUNT, np.int64)
    x = np.zeros(INPUTS, np.int32)
    rows = np.zeros(len(fixed.gates), np.int64)
    predicted = predicted_byte(R, memory.recent)
    evidence[:] = 0
    c0 = np.int64(1)
    for bit in range(8):
        if bit == 0 or bit == 4:
            for unit in range(COUNT):
                context = memory.contexts[unit]
                if bit:
                    context = hashed(context, c0 + 1000)
                at[unit] = peek(lines, tables[unit, 0], tables[unit, 1], context)
        node = c0 if bit < 4 else (c0 & ((1 << (bit - 4)) - 1)) | (1 << (bit - 4))
        known = inputs(lines, maps, deaf, stretch, at, node, x)
        entry = match(chances, R[MATCH_LENGTH], stretch, predicted, c0, bit, x)
        rows_of(R, fixed.gates, c0, bit, known, entry, predicted, rows)
        y = (byte >> (7 - bit)) & 1
        sign = (2 * y - 1) / (256.0 * 0.6931471805599453 * 65536.0 * 65536.0)
        for gate in range(len(rows)):
            share = sign * memory.top[c0, gate]
            weights = memory.weights[rows[gate]]
            for unit in range(COUNT):
                evidence[unit] += share * (
                    float(weights[2 * unit]) * x[2 * unit]
                    + float(weights[2 * unit + 1]) * x[2 * unit + 1]
                )
            k = 2 * COUNT
            evidence[COUNT] += share * (float(weights[k]) * x[k] + float(weights[k + 1]) * x[k + 1])
        c0 = (c0 << 1) | y


@compiled
def imagine(memory: Any, byte: Any) -> Any:
    """Enter a byte into the past without learning from it."""
    take(byte, memory.registers, memory.recent)
    follow(byte, memory.registers, memory.recent, memory.places, False)
    views(memory.registers, memory.recent, memory.contexts)
