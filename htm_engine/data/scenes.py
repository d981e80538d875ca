"""The project's own picture set: small scenes, drawn stroke by stroke, in a visible hierarchy.

::

    strokes: line, arc, disc ──► shapes: box, triangle, ring ... ──► scenes: house, face, boat ...

Every picture is made of signed distances (how many pixels lie between a pixel's centre
and the edge of a shape), so all edges are anti-aliased and a whole batch is drawn with
array operations.  A scene is described in its own coordinates, -1 to 1 in both
directions with y downwards; each picture is placed, sized, tilted and shaded at random.
What a picture holds depends on ``random_state`` and ``size`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Scalar = float | Floats  # one number for all pictures of a batch, or (n, 1, 1)
Point = tuple[Scalar, Scalar]


class Canvas:
    """A batch of ``n`` grey pictures that strokes and shapes are laid on, back to front.

    Parameters
    ----------
    n : int
        Pictures in the batch.
    size : int
        Height and width in pixels.
    rng : numpy.random.Generator
        Source of all jitter.
    """

    def __init__(self, n: int, size: int, rng: np.random.Generator) -> None:
        self.n, self.rng = n, rng
        self.ink: Floats = np.zeros((n, size, size), np.float32)
        scale = size * self.jitter(0.41, 0.06)  # pixels per unit of the scene
        tilt = self.jitter(0.0, 0.10)
        # Move the pixel grid into the scene, instead of every point out of it.
        axis = np.arange(size, dtype=np.float32) + np.float32(0.5 - size / 2)
        dx = (axis[None, None, :] - size * self.jitter(0.0, 0.05)) / scale
        dy = (axis[None, :, None] - size * self.jitter(0.0, 0.05)) / scale
        cos, sin = np.cos(tilt), np.sin(tilt)
        self.x: Floats = cos * dx + sin * dy
        self.y: Floats = cos * dy - sin * dx
        self.scale = scale
        self.width: Floats = self.jitter(0.060, 0.014)  # half a stroke's thickness

    def jitter(self, centre: float, reach: float) -> Floats:
        """Draw one number a picture, within ``reach`` of ``centre``: ``(n, 1, 1)``."""
        draws = self.rng.uniform(centre - reach, centre + reach, (self.n, 1, 1))
        return draws.astype(np.float32)

    def shade(self, low: float = 0.22, high: float = 0.55) -> Floats:
        """Draw one brightness a picture for an area."""
        return self.jitter((low + high) / 2, (high - low) / 2)

    def lay(self, distance: Floats, shade: Scalar) -> None:
        """Cover what lies inside (``distance`` < 0, in scene units) with ``shade``."""
        cover = np.clip(0.5 - distance * self.scale, 0.0, 1.0)
        self.ink += cover * (shade - self.ink)

    # -- strokes ---------------------------------------------------------------------

    def _from_line(self, a: Point, b: Point) -> Floats:
        px, py, bx, by = self.x - a[0], self.y - a[1], b[0] - a[0], b[1] - a[1]
        along = np.clip((px * bx + py * by) / (bx * bx + by * by), 0.0, 1.0)
        return np.asarray(np.hypot(px - along * bx, py - along * by))

    def line(self, *points: Point, shade: Scalar = 1.0, close: bool = False) -> None:
        """Stroke a line through the points."""
        ends = [*points[1:], points[0]] if close else list(points[1:])
        distance = self._from_line(points[0], ends[0])
        for a, b in zip(points[1:], ends[1:], strict=False):
            distance = np.minimum(distance, self._from_line(a, b))
        self.lay(distance - self.width, shade)

    def arc(
        self, centre: Point, radius: Scalar, middle: Scalar, half: Scalar, shade: Scalar = 1.0
    ) -> None:
        """Stroke part of a circle: ``half`` radians to each side of direction ``middle``."""
        dx, dy = self.x - centre[0], self.y - centre[1]
        along = dx * np.cos(middle) + dy * np.sin(middle)
        across = np.abs(dy * np.cos(middle) - dx * np.sin(middle))
        beside = across * np.cos(half) - along * np.sin(half) > 0  # past the end of the arc
        to_end = np.hypot(along - radius * np.cos(half), across - radius * np.sin(half))
        distance = np.where(beside, to_end, np.abs(np.hypot(dx, dy) - radius))
        self.lay(distance - self.width, shade)

    # -- shapes ----------------------------------------------------------------------

    def disc(self, centre: Point, radius: Scalar, shade: Scalar = 1.0) -> None:
        """Fill a circle without an outline."""
        self.lay(np.hypot(self.x - centre[0], self.y - centre[1]) - radius, shade)

    def ring(self, centre: Point, radius: Scalar, fill: Scalar) -> None:
        """Fill a circle and stroke its outline."""
        distance = np.hypot(self.x - centre[0], self.y - centre[1]) - radius
        self.lay(distance, fill)
        self.lay(np.abs(distance) - self.width, 1.0)

    def polygon(self, points: Sequence[Point], fill: Scalar) -> None:
        """Fill a convex polygon, its points clockwise on the screen, and stroke its outline."""
        edge: Floats | None = None
        outside = np.full((1, 1, 1), -np.inf, np.float32)
        for a, b in zip(points, [*points[1:], points[0]], strict=True):
            ex, ey = b[0] - a[0], b[1] - a[1]
            side = ((self.x - a[0]) * ey - (self.y - a[1]) * ex) / np.hypot(ex, ey)
            outside = np.maximum(outside, side)
            near = self._from_line(a, b)
            edge = near if edge is None else np.minimum(edge, near)
        assert edge is not None
        self.lay(outside, fill)
        self.lay(edge - self.width, 1.0)

    def box(self, left: Scalar, top: Scalar, right: Scalar, bottom: Scalar, fill: Scalar) -> None:
        """Fill an upright rectangle and stroke its outline."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)


def _house(c: Canvas) -> None:
    half, eaves, peak = c.jitter(0.66, 0.10), c.jitter(-0.12, 0.08), c.jitter(-0.88, 0.10)
    wall = c.shade()
    c.box(-half, eaves, half, 0.85, wall)
    c.polygon([(-half - 0.15, eaves), (0.0, peak), (half + 0.15, eaves)], c.shade(0.5, 0.8))
    door = c.jitter(-0.28, 0.08)
    c.box(door - 0.15, c.jitter(0.32, 0.06), door + 0.15, 0.85, 0.05)
    window = c.jitter(0.28, 0.06)
    c.box(window - 0.16, 0.15, window + 0.16, 0.47, c.shade(0.7, 1.0))


def _face(c: Canvas) -> None:
    c.ring((0.0, 0.0), c.jitter(0.86, 0.06), c.shade())
    apart, up, eye = c.jitter(0.32, 0.05), c.jitter(-0.22, 0.06), c.jitter(0.12, 0.03)
    c.disc((-apart, up), eye, 1.0)
    c.disc((apart, up), eye, 1.0)
    c.line((0.0, c.jitter(-0.04, 0.04)), (0.0, 0.16), shade=0.85)
    c.arc((0.0, c.jitter(0.10, 0.05)), c.jitter(0.42, 0.05), np.pi / 2, c.jitter(0.95, 0.25))


def _boat(c: Canvas) -> None:
    deck, stern = c.jitter(0.30, 0.06), c.jitter(0.48, 0.08)
    top = c.jitter(-0.88, 0.07)
    c.line((0.0, top), (0.0, deck))
    c.polygon(
        [(0.0, top + 0.05), (c.jitter(0.66, 0.08), deck - 0.14), (0.0, deck - 0.14)],
        c.shade(0.55, 0.9),
    )
    c.polygon(
        [(0.0, top + 0.25), (0.0, deck - 0.14), (c.jitter(-0.45, 0.08), deck - 0.14)], c.shade()
    )
    c.polygon([(-0.88, deck), (0.88, deck), (stern, 0.68), (-stern, 0.68)], c.shade())
    for x in (-0.6, 0.0, 0.6):
        c.arc((x, c.jitter(0.70, 0.03)), 0.26, np.pi / 2, 0.75, shade=0.6)


def _tree(c: Canvas) -> None:
    trunk = c.jitter(0.12, 0.03)
    c.box(-trunk, 0.2, trunk, 0.9, c.shade(0.2, 0.4))
    crown, high = c.shade(0.35, 0.7), c.jitter(-0.30, 0.06)
    side = c.jitter(0.34, 0.05)
    for x, y, r in ((-side, high + 0.25, 0.36), (side, high + 0.25, 0.36), (0.0, high, 0.48)):
        c.ring((x, y), r + c.jitter(0.0, 0.05), crown)
    c.disc((c.jitter(0.0, 0.2), high + 0.12), 0.34, crown)
    c.disc((c.jitter(-0.3, 0.1), high + 0.22), 0.09, 1.0)
    c.disc((c.jitter(0.3, 0.1), high + 0.26), 0.09, 1.0)


def _car(c: Canvas) -> None:
    roof, belt = c.jitter(-0.52, 0.07), c.jitter(-0.05, 0.05)
    front, back = c.jitter(0.34, 0.08), c.jitter(-0.42, 0.08)
    c.polygon(
        [(back, roof), (front, roof), (front + 0.26, belt), (back - 0.2, belt)], c.shade(0.6, 0.9)
    )
    middle = (front + back) / 2
    c.line((middle, roof), (middle, belt))
    c.box(-0.92, belt, 0.92, 0.42, c.shade())
    wheel = c.jitter(0.24, 0.03)
    for x in (-0.5, 0.5):
        c.ring((x, 0.45), wheel, 0.05)
        c.disc((x, 0.45), 0.08, 0.9)


def _flower(c: Canvas) -> None:
    high, turn, far = c.jitter(-0.30, 0.05), c.jitter(0.0, 0.6), c.jitter(0.41, 0.03)
    c.line((0.0, high), (c.jitter(0.0, 0.1), 0.92), shade=0.75)
    c.arc((0.38, c.jitter(0.45, 0.08)), 0.36, c.jitter(2.2, 0.2), 0.9, shade=0.75)
    petal, ground = c.jitter(0.25, 0.03), c.shade(0.3, 0.6)
    for k in range(5):
        angle = turn + 2 * np.pi * k / 5
        c.ring((far * np.cos(angle), high + far * np.sin(angle)), petal, ground)
    c.disc((0.0, high), c.jitter(0.20, 0.03), 1.0)


def _fish(c: Canvas) -> None:
    way = np.where(c.rng.random((c.n, 1, 1)) < 0.5, -1, 1).astype(np.float32)
    c.x = c.x * way  # half of them swim the other way
    back, fill = c.jitter(0.42, 0.05), c.shade()
    c.polygon([(0.45, 0.0), (0.95, -back), (0.95, back)], c.shade())
    # the body is where two discs overlap; its outline is two arcs
    rise, r = c.jitter(0.55, 0.07), 0.98
    up = np.hypot(c.x + 0.15, c.y - rise) - r
    down = np.hypot(c.x + 0.15, c.y + rise) - r
    body = np.maximum(up, down)
    c.lay(body, fill)
    c.lay(np.abs(body) - c.width, 1.0)
    c.disc((c.jitter(-0.60, 0.04), -0.10), 0.09, 1.0)
    c.arc((-0.55, 0.0), c.jitter(0.34, 0.04), 0.0, 0.75, shade=0.8)


def _sun(c: Canvas) -> None:
    turn, inner = c.jitter(0.0, 0.4), c.jitter(0.58, 0.04)
    for k in range(8):
        angle = turn + np.pi * k / 4
        x, y, outer = np.cos(angle), np.sin(angle), c.jitter(0.92, 0.06)
        c.line((inner * x, inner * y), (outer * x, outer * y))
    c.ring((0.0, 0.0), c.jitter(0.40, 0.05), c.shade(0.45, 0.9))


def _cat(c: Canvas) -> None:
    fill, ear = c.shade(), c.jitter(-0.85, 0.08)
    c.polygon([(-0.72, ear), (-0.12, -0.4), (-0.66, 0.05)], fill)
    c.polygon([(0.72, ear), (0.66, 0.05), (0.12, -0.4)], fill)
    c.ring((0.0, 0.15), c.jitter(0.66, 0.04), fill)
    apart, eye = c.jitter(0.27, 0.04), c.jitter(0.11, 0.02)
    c.disc((-apart, 0.0), eye, 1.0)
    c.disc((apart, 0.0), eye, 1.0)
    c.disc((0.0, 0.25), 0.08, 1.0)
    for side in (-1.0, 1.0):
        c.line((side * 0.35, 0.32), (side * 0.95, c.jitter(0.22, 0.06)), shade=0.85)
        c.line((side * 0.35, 0.42), (side * 0.95, c.jitter(0.52, 0.06)), shade=0.85)


def _rocket(c: Canvas) -> None:
    half, shoulder, foot = c.jitter(0.27, 0.04), c.jitter(-0.36, 0.06), c.jitter(0.50, 0.05)
    fin, fill = c.jitter(0.64, 0.07), c.shade(0.45, 0.8)
    c.polygon([(-half, 0.1), (-half, foot), (-fin, foot + 0.12)], c.shade())
    c.polygon([(half, 0.1), (fin, foot + 0.12), (half, foot)], c.shade())
    c.polygon([(-half, shoulder), (0.0, c.jitter(-0.94, 0.06)), (half, shoulder)], c.shade())
    c.box(-half, shoulder, half, foot, fill)
    c.disc((0.0, c.jitter(-0.08, 0.05)), 0.14, 0.05)
    for x in (-0.15, 0.0, 0.15):
        c.line((x, foot + 0.14), (x, c.jitter(0.86, 0.08)), shade=0.7)


SCENES: dict[str, Callable[[Canvas], None]] = {
    "house": _house,
    "face": _face,
    "boat": _boat,
    "tree": _tree,
    "car": _car,
    "flower": _flower,
    "fish": _fish,
    "sun": _sun,
    "cat": _cat,
    "rocket": _rocket,
}


def draw_scenes(
    n: int, size: int = 32, random_state: int | Sequence[int] = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw ``n`` pictures of small scenes, every kind equally often, in mixed order.

    Parameters
    ----------
    n : int
        Number of pictures.
    size : int
        Height and width in pixels.
    random_state : int or sequence of int
        Seed; the same one gives the same pictures.

    Returns
    -------
    X : ndarray of uint8 (n, size, size)
    y : ndarray of int (n,)
        Index into the names ``tuple(SCENES)``.

    Examples
    --------
    >>> X, y = draw_scenes(20)
    >>> X.shape, len(set(y.tolist()))
    ((20, 32, 32), 10)
    """
    rng = np.random.default_rng(random_state)
    y = rng.permutation(np.arange(n) % len(SCENES))
    pictures = np.empty((n, size, size), np.uint8)
    batch = max(1, (1 << 17) // (size * size))  # keeps the arrays inside the cache
    for kind, draw in enumerate(SCENES.values()):
        places = np.flatnonzero(y == kind)
        for start in range(0, len(places), batch):
            part = places[start : start + batch]
            canvas = Canvas(len(part), size, rng)
            draw(canvas)
            pictures[part] = np.rint(canvas.ink * 255)
    return pictures, y
