"""Planes of ``docs/format-photo.md``: the walk, surroundings, blocks, levels, samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.photo_bits import COUNT, ESCAPE, LEVEL, SPLIT, UNIT, Decisions, L, clip

FOLLOWS = ((0, 2), (2, 0), (1, 3), (3, 1))
SIDES, SETS = (8, 16, 8, 8, 4, 32), (0, 1, 2, 3, 4, 1)
POWERS = [round(4096 * 2 ** (k / 32)) for k in range(-64, 65)]


class Cell:
    """What a block leaves in a cell of 8x8."""

    def __init__(self) -> None:
        self.unit, self.energy, self.magnitudes = 63, 0, [0] * 64
        self.quartered = 0
        self.quarters: list[tuple[int, int, list[int]]] = []  # unit, sum, levels


class PlaneDecoder:
    """One plane, decoded block by block."""

    def __init__(
        self,
        shape: tuple[int, int],
        step: int,
        eye: int,
        seen: list[np.ndarray],
        model: Any,
        kinds: list[Decisions],
    ) -> None:
        self.samples = np.zeros(shape, np.int64)
        self.high, self.wide = shape
        self.step, self.eye, self.seen, self.model, self.kinds = step, eye, seen, model, kinds
        self.cells: dict[tuple[int, int], Cell] = {}
        self.squares: dict[tuple[int, int], int] = {}  # states of squares of 16x16
        self.blocks: list[tuple[int, int, int]] = []  # row, column and side of each

    def cell(self, i: int, j: int) -> Cell:
        """The cell of a row and column, or one as there are beyond the plane."""
        inside = 0 <= i < self.high >> 3 and 0 <= j < self.wide >> 3
        return self.cells.setdefault((i, j), Cell()) if inside else Cell()

    # ------------------------------------------------------------------ the walk
    def walk(self, channel: int) -> None:
        size = 8 if channel else 32
        for y in range(0, self.high, size):
            for x in range(0, self.wide, size):
                if channel:
                    self.block(channel + 1, y, x)
                else:
                    self.square(y, x)

    def square(self, y: int, x: int) -> None:
        inside = [
            (y1, x1)
            for y1 in (y, y + 16)
            for x1 in (x, x + 16)
            if y1 < self.high and x1 < self.wide
        ]
        if y + 32 <= self.high and x + 32 <= self.wide and self.split(5, y, x):
            for y1, x1 in inside:
                self.squares[y1 >> 4, x1 >> 4] = 2
            self.block(5, y, x)
            return
        for y1, x1 in inside:
            self.squares[y1 >> 4, x1 >> 4] = self.split(1, y1, x1)
            if self.squares[y1 >> 4, x1 >> 4] == 0:
                self.block(1, y1, x1)
                continue
            for y2, x2 in ((y1, x1), (y1, x1 + 8), (y1 + 8, x1), (y1 + 8, x1 + 8)):
                cell = self.cell(y2 >> 3, x2 >> 3)
                cell.quartered = self.split(4, y2, x2)
                if cell.quartered == 0:
                    self.block(0, y2, x2)
                    continue
                for q in range(4):
                    self.block(4, y2 + 4 * (q >> 1), x2 + 4 * (q & 1))

    def split(self, kind: int, y: int, x: int) -> int:
        _, _, c, _ = self.surroundings(0 if kind == 4 else kind, y, x)
        west = north = 3
        i, j = y >> 3, x >> 3
        if kind == 4:
            west = self.cell(i, j - 1).quartered if x else 3
            north = self.cell(i - 1, j).quartered if y else 3
        else:
            west = self.squares.get((y >> 4, (x >> 4) - 1), 0) if x else 3
            north = self.squares.get(((y >> 4) - 1, x >> 4), 0) if y else 3
        e = self.cell(i, j - 1).energy + self.cell(i - 1, j).energy
        A = clip((L(c + 4) - L(self.step) + 16) >> 1, 0, 15)
        around = 4 * west + north
        places = [16 * A, 256 + around, 512 + 16 * clip(L(e + 1) // 2, 0, 15) + around]
        return self.kinds[kind].decide(0, [SPLIT + place for place in places], 664, 664)

    # -------------------------------------------------------------- surroundings
    def edge(self, kind: int, y0: int, x0: int) -> int:
        n = SIDES[kind]
        reach = min(x0 + 2 * n, self.wide)
        m = n
        while kind not in (2, 3) and m < 32:
            if y0 & m:
                return min(reach, x0 // m * m + (m if x0 & m else 2 * m))
            m *= 2
        return reach

    def surroundings(self, kind: int, y0: int, x0: int) -> tuple[list[int], int, int, int]:
        """Features, their mean, contrast, and other contrast."""
        look = Around(self.samples, y0, x0, self.edge(kind, y0, x0))
        if kind == 5:
            features, m, c = look.coarse_ring()
            return features, m, c, c
        features, m, c = look.ring(SIDES[kind], 1 if kind in (2, 3) else 2)
        if kind not in (2, 3):
            return features, m, c, c
        o = 0
        for share, plane in zip((1, 2), self.seen, strict=False):
            edge = min(x0 + 16, plane.shape[1])
            ring, mean, _ = Around(plane, y0, x0, edge).ring(8, 1)
            inside = [int(v) - mean for v in plane[y0 : y0 + 8, x0 : x0 + 8].ravel()]
            features += inside + ring
            o += share * (sum(map(abs, inside)) // 64)
        return features, m, c, o

    def block_step(self, kind: int, c: int, o: int) -> int:
        s = self.step
        if self.eye:
            u = o if kind in (2, 3) else c
            r = L(u * u + 9216) - L(9216) - 10
            k = clip(r * self.eye >> 1, -64, 64)
            s = max((s * POWERS[k + 64] + 2048) >> 12, 1)
        return max(s >> 1, 1) if kind == 5 else s

    def neighbours(self, kind: int, y0: int, x0: int) -> tuple[int, int, int, int, int, list[int]]:
        i, j, n = y0 >> 3, x0 >> 3, SIDES[kind]
        left, top, edge = self.cell(i, j - 1), self.cell(i - 1, j), self.edge(kind, y0, x0)
        ul, ut, el, et, ur = left.unit, top.unit, left.energy, top.energy, 63
        if kind != 4:
            if edge > x0 + n:
                ur = self.cell(i - 1, j + n // 8).unit
            both = [a + b for a, b in zip(left.magnitudes, top.magnitudes, strict=True)]
            wide = [0, *both, 0]
            return (
                ul,
                ut,
                ur,
                el,
                et,
                [2 * wide[k] + wide[k - 1] + wide[k + 1] for k in range(1, 65)],
            )
        q, quarters = 2 * (y0 >> 2 & 1) + (x0 >> 2 & 1), self.cell(i, j).quarters
        near_left, near_top = left.magnitudes[::4], top.magnitudes[::4]
        if q & 1:
            unit, total, levels = quarters[q - 1]
            ul, el, near_left = 44 + unit, 4 * total, [abs(v) for v in levels]
        if q & 2:
            unit, total, levels = quarters[q - 2]
            ut, et, near_top = 44 + unit, 4 * total, [abs(v) for v in levels]
        if edge > x0 + 4:
            ur = 44 + quarters[1][0] if q == 2 else self.cell(i - 1, j + q).unit
        return ul, ut, ur, el, et, [3 * (a + b) for a, b in zip(near_left, near_top, strict=True)]

    # ------------------------------------------------------------------- a block
    def block(self, kind: int, y0: int, x0: int) -> None:
        F, m, c, o = self.surroundings(kind, y0, x0)
        d = self.block_step(kind, c, o)
        h = L(d)
        A = clip((L(o + 4) - h + 16) >> 1, 0, 15)
        Z = L(c + (o >> 2 if kind in (2, 3) else 0) + 8) - h + 24
        tilt, slopes = orientation(kind, F, c)
        ul, ut, ur, el, et, near = self.neighbours(kind, y0, x0)
        decisions, number = self.kinds[kind], SETS[kind]
        scale = getattr(self.model, f"scale{number}")
        K, cells = scale.shape
        values = [ul, ut, 16 * tilt + A, 64 * ul + ut, ur, 8 * ul + tilt, 8 * slopes + tilt]
        places = [start + 32 * v for start, v in zip(UNIT, values, strict=True)]
        unit = min(decisions.tree((K - 1).bit_length(), places, 656), K - 1)
        V = [int(v) for v in scale[unit]]
        N = clip(L(el + et + 1) // 3, 0, 9)
        J = sum(v + Z > 22 for v in V)
        values = [
            unit,
            N,
            A,
            clip(V[3] + Z, 0, 63),
            16 * N + A,
            16 * clip(L(el + 1) // 3, 0, 15) + clip(L(et + 1) // 3, 0, 15),
            16 * N + clip(L(J + 1) >> 1, 0, 15),
        ]
        places = [start + 512 * v for start, v in zip(COUNT, values, strict=True)]
        count = min(decisions.tree({256: 9, 64: 7, 16: 5}[cells], places, 640), cells)
        levels, r = self.levels(decisions, (unit, count, cells, A, N, Z, d), V, near)
        self.leave(kind, y0, x0, unit, levels)
        W = getattr(self.model, f"weights{number}")[unit]
        block = np.clip(m + ((np.array(F) @ W + 2048) >> 12), 0, 4080)
        B = getattr(self.model, f"basis{number}")[unit]
        block = np.clip(block + ((np.array(r) @ B + 2048) >> 12), 0, 4080)
        side = 16 if kind == 5 else SIDES[kind]
        block = block.reshape(side, side)
        n = SIDES[kind]
        self.samples[y0 : y0 + n, x0 : x0 + n] = enlarged(block, m, F) if kind == 5 else block
        self.blocks.append((y0, x0, n))

    def levels(
        self, decisions: Decisions, block: tuple[int, ...], V: list[int], near: list[int]
    ) -> tuple[list[int], list[int]]:
        """Levels, and what they add along each basis vector."""
        unit, count, cells, A, N, Z, d = block
        v, r, state = [0] * (cells + 8), [0] * cells, 0
        C = clip(L(count) >> 1, 0, 11)
        for k in range(count - 1, -1, -1):
            Q = state >> 1
            m1, m2 = abs(v[k + 1]), abs(v[k + 2])
            m3 = sum(map(abs, v[k + 3 : k + 8]))
            n1, n2 = G(2 * m1 + m2), clip(L(2 * (m1 + m2) + m3 + 1) >> 1, 0, 11)
            nb = G(near[k >> 2] if cells == 256 else near[k])
            K = k if cells == 64 or k < 16 else 16 + (k - 16) // 5
            M = clip(V[k] + Z, 0, 63)
            values = [
                64 * unit + K,
                (64 * Q + M) * 8 + n1,
                (64 * Q + K) * 8 + nb,
                (64 * Q + M) * 10 + N,
                ((12 * Q + n2) * 8 + nb) * 8 + (M >> 3),
                64 * C + K,
                64 * A + K,
                32 * unit + 4 * n1 + (nb >> 1),
                ((8 * Q + nb) * 8 + n1) * 16 + (M >> 2),
                (64 * Q + M) * 16 + n2,
            ]
            places = [start + 8 * value for start, value in zip(LEVEL, values, strict=True)]
            size = self.magnitude(decisions, places, k == count - 1, n2, 32 * Q + (M >> 1))
            if size:
                fine = 64 * (2 * size - Q) - (3 if size == 1 else 1)
                r[k] = min((fine * d * 9 + 512) >> 10, 131072)
                if decisions.bits.raw():
                    size, r[k] = -size, -r[k]
            v[k] = (size + 32768) % 65536 - 32768
            state = FOLLOWS[state][v[k] & 1]
        return v[:cells], r

    @staticmethod
    def magnitude(decisions: Decisions, places: list[int], last: bool, n2: int, row: int) -> int:
        m = 1 if last else 0
        while m < 14:
            B = m if m < 4 else 4 if m < 6 else 5 if m < 8 else 6 if m < 11 else 7
            if not decisions.decide(B, places, 16 * B + n2, 128 + 64 * B + row):
                return m
            m += 1
        w = 0
        while w < 16 and decisions.decide(w, [ESCAPE], 665, 665):
            w += 1
        number = 1
        for _ in range(w):
            number = 2 * number + decisions.bits.raw()
        return 14 + number - 1

    def leave(self, kind: int, y0: int, x0: int, unit: int, levels: list[int]) -> None:
        i, j, T = y0 >> 3, x0 >> 3, sum(map(abs, levels))
        sizes = [abs(v) for v in levels]
        if kind == 4:
            cell = self.cell(i, j)
            if not y0 & 4 and not x0 & 4:
                cell.quarters = []
            cell.quarters.append((unit, min(T, 8191), levels))
            if len(cell.quarters) == 4:
                cell.unit, cell.energy = 44 + unit, sum(one[1] for one in cell.quarters)
                biggest = [max(abs(one[2][k]) for one in cell.quarters) for k in range(16)]
                cell.magnitudes = [min(biggest[k // 4], 255) for k in range(64)]
            return
        grid = SIDES[kind] // 8
        if grid > 1:
            unit, T = 32 + unit, T >> (2 if kind == 1 else 4)
            sizes = [max(sizes[4 * k : 4 * k + 4]) for k in range(64)]
        for a in range(grid):
            for b in range(grid):
                cell = self.cell(i + a, j + b)
                cell.unit, cell.energy = unit, T
                cell.magnitudes = [min(size, 255) for size in sizes]


class Around:
    """What surrounds a block in a plane."""

    def __init__(self, plane: np.ndarray, y0: int, x0: int, edge: int) -> None:
        self.plane, self.y0, self.x0, self.edge = plane, y0, x0, edge

    def at(self, y: int, x: int) -> int:
        plane, y0, x0 = self.plane, self.y0, self.x0
        if y < y0:
            if y0 > 0:
                return int(plane[max(y, 0), clip(x, 0, self.edge - 1)])
            return int(plane[0, x0 - 1]) if x0 > 0 else 2048
        if x0 > 0:
            return int(plane[y, max(x, 0)])
        return int(plane[y0 - 1, 0]) if y0 > 0 else 2048

    def M(self, y: int, x: int) -> int:
        at = self.at
        return (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1) + 2) >> 2

    def ring(self, n: int, t: int) -> tuple[list[int], int, int]:
        y0, x0, at = self.y0, self.x0, self.at
        m = sum(at(y0 - 1, x0 + i) + at(y0 + i, x0 - 1) for i in range(n))
        m = (m + n) // (2 * n)
        rows = [[at(y0 - dy, x) - m for x in range(x0 - t, x0 + 2 * n)] for dy in range(1, t + 1)]
        columns = [[at(y, x0 - dx) - m for y in range(y0, y0 + n)] for dx in range(1, t + 1)]
        c = sum(map(abs, rows[0] + columns[0])) // (3 * n)
        return sum(rows + columns, []), m, c

    def coarse_ring(self) -> tuple[list[int], int, int]:
        y0, x0, M = self.y0, self.x0, self.M
        m = sum(M(y0 - 2, x0 + i) + M(y0 + i, x0 - 2) for i in range(0, 32, 2))
        m = (m + 16) // 32
        rows = [[M(y0 - dy, x0 + dx) - m for dx in range(-4, 64, 2)] for dy in (2, 4)]
        columns = [[M(y0 + i, x0 - dx) - m for i in range(0, 32, 2)] for dx in (2, 4)]
        return sum(rows + columns, []), m, sum(map(abs, rows[0] + columns[0])) // 48


def G(x: int) -> int:
    return x if x < 4 else 4 if x < 6 else 5 if x < 9 else 6 if x < 16 else 7


def orientation(kind: int, F: list[int], c: int) -> tuple[int, int]:
    t, n = (1 if kind in (2, 3) else 2), min(SIDES[kind], 16)
    a, b, h2 = t, t * (t + 2 * n), n // 2

    def rough(start: int) -> int:
        return 1 + sum(abs(F[start + i + 1] - F[start + i]) for i in range(n - 1))

    def slope(start: int) -> int:
        v, z = sum(F[start + h2 + i] - F[start + i] for i in range(h2)), (c * h2) >> 1
        return 4 if v > 3 * z else 3 if v > z else 0 if v < -3 * z else 1 if v < -z else 2

    return clip((L(rough(a)) - L(rough(b)) + 16) >> 2, 0, 7), 5 * slope(a) + slope(b)


def enlarged(block: np.ndarray, m: int, F: list[int]) -> np.ndarray:
    g = np.zeros((18, 18), np.int64)
    g[1:17, 1:17] = block
    for i in range(16):
        g[0, i + 1], g[i + 1, 0] = m + F[2 + i], m + F[68 + i]
    g[0, 0], g[0, 17] = m + F[1], m + F[17]
    g[1:17, 17], g[17] = g[1:17, 16], 0
    g[17] = g[16]
    out = np.zeros((32, 32), np.int64)
    for i in range(32):
        a, a2 = (i >> 1) + 1, (i >> 1) + 2 * (i & 1)
        for j in range(32):
            b, b2 = (j >> 1) + 1, (j >> 1) + 2 * (j & 1)
            out[i, j] = (9 * g[a, b] + 3 * (g[a2, b] + g[a, b2]) + g[a2, b2] + 8) >> 4
    return out
