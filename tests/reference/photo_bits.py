"""Numbers, bits and decisions of ``docs/format-photo.md``."""

from __future__ import annotations

import math

TOP32 = (1 << 32) - 1
#: First places of the tables of a photograph's kinds of block.
_SIZES = (
    [8 * v for v in (2048, 1024, 1024, 1280, 1536, 768, 1024, 1024, 2048, 2048)]
    + [512 * v for v in (32, 10, 16, 64, 160, 256, 160)]
    + [32 * v for v in (64, 64, 128, 4096, 64, 512, 200)]
    + [768, 64]
)
STARTS = [sum(_SIZES[:i]) for i in range(len(_SIZES))]
LEVEL, COUNT, UNIT, SPLIT, ESCAPE = (
    STARTS[:10],
    STARTS[10:17],
    STARTS[17:24],
    STARTS[24],
    STARTS[25],
)


def clip(x: int, a: int, b: int) -> int:
    return min(max(x, a), b)


def L(v: int) -> int:
    v = max(int(v), 1)
    w = v.bit_length() - 1
    f = (v << 12) >> w
    return 4 * w + (f > 4467) + (f > 5312) + (f > 6317) + (f > 7512)


def _stretch(i: int) -> int:
    q = (i + 0.5) / 4096
    return clip(round(256 * math.log(q / (1 - q))), -2047, 2047)


STRETCH = [_stretch(i) for i in range(4096)]
SQUASH = [clip(round(65536 / (1 + math.exp(-x / 256))), 8, 65528) for x in range(-3072, 3072)]


def squash(x: int) -> int:
    return SQUASH[x + 3072]


class Bits:
    """The arithmetic code."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0
        self.low, self.high, self.code = 0, TOP32, 0
        for _ in range(4):
            self.code = self.code << 8 | self._byte()

    def _byte(self) -> int:
        byte = self.data[self.place] if self.place < len(self.data) else 0
        self.place += 1
        return byte

    def bit(self, p: int) -> int:
        middle = self.low + ((self.high - self.low) * p >> 16)
        y = int(self.code <= middle)
        if y:
            self.high = middle
        else:
            self.low = middle + 1
        while self.low >> 24 == self.high >> 24:
            self.low = self.low << 8 & TOP32
            self.high = (self.high << 8 & TOP32) | 255
            self.code = (self.code << 8 & TOP32) | self._byte()
        return y

    def raw(self) -> int:
        return self.bit(32768)


class Decisions:
    """Adaptive probabilities of a kind of block, and their mixing weights."""

    def __init__(self, bits: Bits, states: list, weights: list, rate: int) -> None:
        self.bits, (self.states,), self.rate = bits, states, rate
        self.weights = [[int(w) for w in row] for row in weights]

    def decide(self, node: int, places: list[int], one: int, two: int) -> int:
        P = [int(self.states[place + node]) for place in places]
        x = [STRETCH[state >> 20] for state in P] + [0] * (10 - len(P)) + [256]
        rows = (self.weights[one], self.weights[two])
        a, b = (
            clip(sum(w * v >> 8 for w, v in zip(row, x, strict=True)) >> 8, -2047, 2047)
            for row in rows
        )
        y = self.bits.bit(clip(squash((a + b) >> 1), 24, 65512))
        for row, found in zip(rows[: 1 + (one != two)], (a, b), strict=False):
            g = ((65535 * y - squash(found)) * self.rate) >> 4
            for i, v in enumerate(x):
                row[i] = clip(row[i] + ((v * g + 32768) >> 16), -1048575, 1048575)
        for place, state in zip(places, P, strict=True):
            c, q = state & 1023, state >> 10
            q = clip(q + (((y << 22) - q) * (131072 // (2 * c + 3)) >> 16), 1, (1 << 22) - 1)
            self.states[place + node] = q << 10 | (c + 1 if c < 600 else c)
        return y

    def tree(self, bits: int, places: list[int], first: int) -> int:
        node = 1
        for d in range(bits):
            node = 2 * node + self.decide(node, places, first + d, first + d)
        return node - (1 << bits)
