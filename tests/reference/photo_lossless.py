"""Lossless files of ``docs/format-photo.md``."""

from __future__ import annotations

import numpy as np

from tests.reference.photo_bits import Bits, Decisions, L, clip

VALUES = (40, 81, 256, 320, 324, 81, 100, 480)
STARTS = [48 * sum(VALUES[:i]) for i in range(8)]


def lossless(coded: bytes, height: int, width: int, planes: int) -> np.ndarray:
    if len(coded) == planes:
        flat = np.tile(np.frombuffer(coded, np.uint8), (height, width, 1))
        return flat[..., 0] if planes == 1 else flat
    bits = Bits(coded)
    errors = [Grid(height, width)] * 2
    green = [[0] * width for _ in range(height)]
    found = []
    for number in range(planes):
        coder = Plane(bits, height, width, first=number == 0)
        found.append(coder.read(green, errors[-1], errors[-2]))
        errors.append(coder.errors)
        if number == 0 and planes > 1:
            green = found[0]
        elif number:
            found[-1] = [
                [v + h for v, h in zip(*rows, strict=True)]
                for rows in zip(found[-1], green, strict=True)
            ]
    if planes == 1:
        return np.array(found[0])
    return np.stack([np.array(found[index]) for index in (1, 0, 2)], -1)


class Grid:
    """Numbers of a picture, 0 outside it."""

    def __init__(self, height: int, width: int) -> None:
        self.rows, self.width = [[0] * width for _ in range(height)], width

    def __call__(self, y: int, x: int) -> int:
        return self.rows[y][x] if y >= 0 and 0 <= x < self.width else 0


class Misses(Grid):
    """Misses of a prediction: those of the last column also stand right of it."""

    def __call__(self, y: int, x: int) -> int:
        return super().__call__(y, self.width - 1 if x == self.width else x)


class Plane:
    """One plane of values."""

    def __init__(self, bits: Bits, height: int, width: int, first: bool) -> None:
        states = [1 << 31] * (48 * sum(VALUES))
        weights = [[13107] * 8 + [0] * 3 for _ in range(960)]
        self.decisions = Decisions(bits, [states], weights, 10)
        self.height, self.width, self.above = height, width, 128 if first else 0
        self.values, self.errors = Grid(height, width), Grid(height, width)
        self.misses = [Misses(height, width) for _ in range(6)]
        self.taught, self.times = [0] * 1024, [0] * 1024

    def v(self, y: int, x: int) -> int:
        if y < 0:
            return self.above
        if x < 0:
            return self.v(y - 1, 0)
        return self.values.rows[y][min(x, self.width - 1)]

    def read(self, green: list[list[int]], e1: Grid, e2: Grid) -> list[list[int]]:
        for y in range(self.height):
            for x in range(self.width):
                self.pixel(y, x, green[y][x], e1(y, x), e2(y, x))
        return self.values.rows

    def pixel(self, y: int, x: int, h: int, e1: int, e2: int) -> None:
        v, E = self.v, self.errors
        w, ww, n, nn = v(y, x - 1), v(y, x - 2), v(y - 1, x), v(y - 2, x)
        nw, ne, nne = v(y - 1, x - 1), v(y - 1, x + 1), v(y - 2, x + 1)
        six = [
            8 * (w + ne - n),
            8 * (n + w - nw),
            8 * (n + ne - nne),
            8 * w + 4 * (ne - nw),
            4 * (w + n) + 2 * (ne - nw),
            8 * n + 3 * (w - nw) + 2 * (n - nn) + (w - ww),
        ]
        weights = []
        for m in self.misses:
            S = m(y - 1, x) + m(y - 1, x + 1) + m(y - 1, x - 1) + m(y, x - 1) + m(y, x - 2)
            weights.append((1 << 34) // (S * S + 64))
        p0 = sum(a * b for a, b in zip(weights, six, strict=True)) // sum(weights)
        R = abs(w - nw) + abs(n - nw) + abs(n - ne) + 2 * (abs(E(y, x - 1)) + abs(E(y - 1, x)))
        R += abs(E(y - 1, x - 1)) + abs(E(y - 1, x + 1))
        A = min(L(R + 1), 39)
        shape = 32 * (8 * w > p0) + 16 * (8 * n > p0) + 8 * (8 * nw > p0) + 4 * (8 * ne > p0)
        shape += 2 * (8 * ww > p0) + (8 * nn > p0)
        lesson, p = 16 * shape + min(A >> 1, 15), p0
        if self.times[lesson]:
            p += self.taught[lesson] // self.times[lesson]
        f = clip((p + 4) >> 3, -h, 255 - h)
        ten = [min(L(abs(8 * one - p) // 4 + 1) >> 1, 9) for one in (w, n)]
        values = [
            A,
            9 * g(E(y, x - 1)) + g(E(y - 1, x)),
            4 * shape + min(A // 9, 3),
            10 * ((f + h) >> 3) + (A >> 2),
            (9 * g(e1) + g(e2)) * 4 + min(A // 9, 3),
            9 * g(E(y - 1, x + 1)) + g(E(y - 1, x - 1)),
            10 * ten[0] + ten[1],
            40 * min(L(abs(E(y - 2, x)) + abs(E(y, x - 2)) + 1) >> 1, 11) + A,
        ]
        places = [start + 48 * value for start, value in zip(STARTS, values, strict=True)]
        e = self.error(places, A >> 2, min(L(abs(e1) + 1) >> 1, 9))
        value = f + e
        assert 0 <= value + h <= 255
        self.values.rows[y][x], E.rows[y][x] = value, e
        for m, prediction in zip(self.misses, six, strict=True):
            m.rows[y][x] = abs(prediction - 8 * value) >> 1
        self.taught[lesson] += 8 * value - p0
        self.times[lesson] += 1
        if self.times[lesson] == 256:
            self.taught[lesson] >>= 1
            self.times[lesson] = 128

    def error(self, places: list[int], a: int, o: int) -> int:
        def decide(i: int) -> int:
            return self.decisions.decide(i, places, 10 * i + a, 10 * (48 + i) + o)

        size = 0
        while size < 9 and decide(size):
            size += 1
        if size == 0:
            return 0
        negative, number, t = decide(10), 1, 1
        for place in range(size - 1):
            if place < 2:
                bit = decide(12 + 4 * (size - 1) + t)
                t = 2 + bit
            else:
                bit = self.decisions.bits.raw()
            number = 2 * number + bit
        return -number if negative else number


def g(e: int) -> int:
    m = abs(e)
    grade = 0 if m == 0 else 1 if m < 3 else 2 if m < 7 else 3 if m < 16 else 4
    return 4 + grade if e >= 0 else 4 - grade
