"""One picture in other formats at the same bytes, and whole curves of rate and distortion.

Every size is the length of a real file.  Models (the network, the principal components)
are not counted for anybody, as both sides need them once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import metrics
from .baselines import (
    QUALITIES,
    STEPS,
    PCABaseline,
    RatePoint,
    codec_at_bytes,
    codec_curve,
    codec_decode,
    flat,
    rate_curve,
    value_tables,
    values_file,
)
from .coding import quantise
from .coding.collection import compress_collection, decompress_collection
from .coding.values import ValueTables
from .mosaic import assemble
from .network import HTM

Pixels = NDArray[np.uint8]
#: Codecs of the web, by the names Pillow knows and people read.
CODECS = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
#: Pictures that tables of the principal components are fitted on.
LEARN_FROM = 4000
_FINE_STEPS = tuple(float(step) for step in np.geomspace(2.0, 0.004, 128))


@dataclass(frozen=True, eq=False)
class Stored:
    """A picture as some format stores it.

    Attributes
    ----------
    label : str
    picture : ndarray of uint8
        What comes back.
    size : int
        Bytes of the file.
    psnr : float
        In dB.
    ssim : float or None
        None for pictures smaller than its window.
    fits : bool
        Whether the size is not above the one asked for; if not, no smaller file exists.
    """

    label: str
    picture: Pixels
    size: int
    psnr: float
    ssim: float | None
    fits: bool


def stored(label: str, original: Pixels, back: Pixels, size: int, target: int) -> Stored:
    """Measure what came back against the original."""
    decibels, alike = metrics.psnr(original, back, 255), similarity(original, back)
    return Stored(label, back, size, decibels, alike, size <= target)


def similarity(original: Pixels, back: Pixels) -> float | None:
    """SSIM of one picture, or None if it is too small for any window."""
    if min(original.shape[:2]) < 3:
        return None
    return metrics.ssim(original[None], back[None], 255)


def codecs_at_bytes(picture: Pixels, target: int) -> Iterator[Stored]:
    """JPEG, WebP and AVIF at the best quality not above ``target`` bytes, or at their smallest."""
    for name, label in CODECS.items():
        data, _ = codec_at_bytes(picture, name, target)
        yield stored(label, picture, codec_decode(data, picture), len(data), target)


class PCAFiles:
    """The article's principal components as a picture format, with the network's own coder.

    Parameters
    ----------
    learn : ndarray of uint8 (n, ...)
        Pictures (or tiles) to learn from.
    """

    def __init__(self, learn: Pixels) -> None:
        few = learn[:LEARN_FROM]
        self.baseline = PCABaseline(0.95).fit(few)
        self._learned = self.baseline.values(few)
        self._tables: dict[float, ValueTables] = {}

    @property
    def components(self) -> int:
        """Number of components that keep 95 % of the variance."""
        return self.baseline.components

    def file(self, pictures: Pixels, step: float) -> tuple[bytes, Pixels]:
        """File of pictures at a quantiser step, and what comes back from it."""
        if step not in self._tables:
            self._tables[step] = value_tables(self._learned, step)
        data, values = values_file(self.baseline.values(pictures), self._tables[step], step)
        rows = self.baseline.from_values(values)
        back = np.rint(np.clip(rows, 0, 1) * 255).astype(np.uint8)
        return data, back.reshape(pictures.shape)

    def at_bytes(
        self, pictures: Pixels, target: int, mosaic: tuple[int, int] | None = None
    ) -> Stored:
        """Finest file not above ``target`` bytes, or the smallest there is.

        ``pictures`` is one picture ``(1, h, w[, 3])``, or all tiles of ``mosaic``.
        """
        low, high = 0, len(_FINE_STEPS) - 1
        best = self.file(pictures, _FINE_STEPS[0])
        while low < high:
            middle = (low + high + 1) // 2
            made = self.file(pictures, _FINE_STEPS[middle])
            if len(made[0]) <= target:
                low, best = middle, made
            else:
                high = middle - 1
        data, decoded = best
        original, back = (
            tiles[0] if mosaic is None else assemble(tiles, *mosaic)
            for tiles in (pictures, decoded)
        )
        return stored(f"{self.baseline.label} of variance", original, back, len(data), target)


# ------------------------------------------------------------------- curves
CURVES = ("HTM", "PCA 95%", "PCA, all components", *(name.upper() for name in CODECS))
POINTS = quantise.QUALITIES + 2 * len(STEPS) + len(CODECS) * len(QUALITIES)


def network_curve(model: HTM, test: Pixels) -> Iterator[RatePoint]:
    """The network's files at every quality, a point at a time."""
    for quality in range(1, quantise.QUALITIES + 1):
        data = compress_collection(model, test, quality)
        back = decompress_collection(data, model)
        error = metrics.mse(flat(test), flat(back))
        yield RatePoint(
            "HTM", f"quality {quality}", len(data) / len(test), error, metrics.psnr_of(error)
        )


def all_curves(
    model: HTM, learn: Pixels, test: Pixels, should_stop: Callable[[], bool] | None = None
) -> Iterator[tuple[float, RatePoint]]:
    """Everybody's curve on the same pictures, with the part done; ``POINTS`` in all.

    Raises
    ------
    Cancelled
        If ``should_stop`` says so.
    """

    def points() -> Iterator[RatePoint]:
        yield from network_curve(model, test)
        few = learn[:LEARN_FROM]
        baselines: tuple[Any, ...] = (PCABaseline(0.95), PCABaseline(None))
        for baseline in baselines:
            yield from rate_curve(baseline.fit(few), few, test, STEPS, should_stop)
        for name in CODECS:
            yield from codec_curve(test, name, QUALITIES, should_stop)

    for done, point in enumerate(points(), 1):
        yield done / POINTS, point
