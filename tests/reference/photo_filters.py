"""Filters of ``docs/format-photo.md``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.photo_bits import L, clip

MEASURES = (18, 30, 48, 72, 96, 128)
NEAR = sorted(
    ((y, x) for y in range(-3, 4) for x in range(-3, 4) if (y, x) != (0, 0)),
    key=lambda at: (at[0] ** 2 + at[1] ** 2, at),
)


def doubled(plane: np.ndarray) -> np.ndarray:
    for _ in range(2):  # down, then across
        before = np.concatenate([plane[:1], plane[:-1]])
        after = np.concatenate([plane[1:], plane[-1:]])
        out = np.zeros((2 * len(plane), plane.shape[1]), np.int64)
        out[::2], out[1::2] = 3 * plane + before, 3 * plane + after
        plane = out.T
    return (plane + 8) >> 4


def filtered(
    full: list[np.ndarray], wanted: list[bool], luma: Any, halved: bool, s: int, model: Any
) -> list[np.ndarray]:
    """Planes, those filtered that are to be; ``luma`` is its decoder, which has its blocks."""
    z = clip(L(s) - 24, 0, 20)
    f = min(z >> 2, 4)
    g = z - 4 * f
    u = (4 - g) * MEASURES[f] + g * MEASURES[f + 1]
    padded = [np.pad(plane, 4, "edge") for plane in full]
    done = list(full)
    for channel, plane in enumerate(full):
        if not wanted[channel]:
            continue
        sets = (2 if halved else 1) if channel else 0
        steps = getattr(model, f"filters{sets}")
        w = ((4 - g) * steps[f] + g * steps[f + 1] + 2) >> 2
        shares = (2, 8) if channel else (1, 4, 16)
        c = np.repeat([(u * v + 4) >> 3 for v in shares], 48 if channel else 28)
        looks = [(channel, at) for at in NEAR[: 20 if channel else 28]]
        if channel:
            looks += [(0, at) for at in NEAR[:20]] + [(3 - channel, at) for at in NEAR[:8]]
        left, above = borders(luma, channel, halved, plane.shape)
        out = np.zeros_like(plane)
        for y, x in np.ndindex(plane.shape):
            shared = direction(padded[channel], y & ~1, x & ~1, s)
            kind, turn = class_and_turn(*shared, int(left[y, x]), int(above[y, x]))
            if sets == 2:
                kind //= 3
            D = []
            for index, (dy, dx) in looks:
                dy, dx = (dx, dy) if turn & 4 else (dy, dx)
                dy, dx = (-dy if turn & 2 else dy), (-dx if turn & 1 else dx)
                seen = padded[index]
                D.append(seen[y + 4 + dy, x + 4 + dx] - seen[y + 4, x + 4])
            wide = np.tile(np.array(D), len(shares))
            total = 2048 + int((w[kind] * np.clip(wide, -c, c)).sum())
            out[y, x] = clip(int(plane[y, x]) + (total >> 12), 0, 4080)
        done[channel] = out
    return done


def direction(padded: np.ndarray, y: int, x: int, s: int) -> tuple[int, int, int]:
    """Grade, way and clarity of the 2x2 samples at (y, x), of a plane with four around it."""
    P = padded[y + 1 : y + 9, x + 1 : x + 9]  # the 6x6, and one more around
    C, mid = 2 * P[1:7, 1:7], slice(1, 7)
    across = int(np.abs(C - P[mid, :6] - P[mid, 2:]).sum())
    down = int(np.abs(C - P[:6, mid] - P[2:, mid]).sum())
    fall = int(np.abs(C - P[:6, :6] - P[2:, 2:]).sum())
    rise = int(np.abs(C - P[:6, 2:] - P[2:, :6]).sum())
    grade = clip((L(across + down + fall + rise) - L(s) - 8) >> 1, 0, 8)
    more, less, way = max(across, down), min(across, down), 1 if across > down else 2
    steep, flat = max(fall, rise), min(fall, rise)
    if steep * (less + 1) > more * (flat + 1):
        more, less, way = steep, flat, 3 if fall > rise else 4
    clear = 0
    if 2 * more < 3 * less + 16:
        way = 0
    elif more > 3 * less + 16:
        clear = 4
    return grade, way, clear


def class_and_turn(grade: int, way: int, clear: int, left: int, above: int) -> tuple[int, int]:
    mirrored, upended = left == 2, above == 2
    if way >= 3:
        if mirrored != upended:
            way = 7 - way
        if way == 4 and left == 0:
            mirrored, way = not mirrored, 3
        elif way == 4 and above == 0:
            upended, way = not upended, 3
    aside, atop = left > 0, above > 0
    transposed = (atop and not aside) or (aside == atop and way == 2)
    if transposed and way in (1, 2):
        way = 3 - way
    kind = (9 * grade + (way + clear if way else 0)) * 3 + aside + atop
    return kind, mirrored + 2 * upended + 4 * transposed


def borders(luma: Any, channel: int, halved: bool, shape: tuple[int, int]) -> tuple[Any, Any]:
    """Where samples lie beside the borders of blocks."""
    left, above = np.zeros(shape, int), np.zeros(shape, int)
    if channel and halved:
        return left, above
    for y, x, n in luma.blocks if channel == 0 else grid(shape):
        left[y : y + n, x], left[y : y + n, x + n - 1] = 1, 2
        above[y, x : x + n], above[y + n - 1, x : x + n] = 1, 2
    return left, above


def grid(shape: tuple[int, int]) -> list[tuple[int, int, int]]:
    return [(y, x, 8) for y in range(0, shape[0], 8) for x in range(0, shape[1], 8)]
