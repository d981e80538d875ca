"""One picture in other formats at the same bytes, and whole curves of rate and distortion.

Every size is the length of a real file.  Models (the network, the principal components)
are not counted for anybody, as both sides need them once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..coding.collection import quantise
from ..coding.collection.codec import compress_collection, decompress_collection
from ..coding.collection.values import ValueTables
from ..data.mosaic import assemble, cut
from ..estimator.network import HTM
from . import metrics
from .baselines import STEPS, PCABaseline, rate_curve, value_tables, values_file
from .rates import RatePoint, flat
from .standard_codecs import QUALITIES, codec_at_bytes, codec_curve, codec_decode

Pixels = NDArray[np.uint8]
#: Codecs of the web, by the names Pillow knows and people read.
CODECS = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
#: Longest side that each codec's files can have, in pixels.
LONGEST = {"JPEG": 65_500, "WebP": 16_383, "AVIF": 32_768}
#: Pictures that tables of the principal components are fitted on.
LEARN_FROM = 4000
#: Side of a photograph's tiles for PCA.
PCA_TILE = 8
_LUMA = np.array([0.299, 0.587, 0.114])
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
    ms_ssim : float or None
        Of luma; None for pictures smaller than its windows.
    """

    label: str
    picture: Pixels
    size: int
    psnr: float
    ssim: float | None
    fits: bool
    ms_ssim: float | None = None


def stored(label: str, original: Pixels, back: Pixels, size: int, target: int) -> Stored:
    """Measure what came back against the original."""
    decibels, alike = metrics.psnr(original, back, 255), similarity(original, back)
    scales = similarity_of_scales(original, back)
    return Stored(label, back, size, decibels, alike, size <= target, scales)


def similarity(original: Pixels, back: Pixels) -> float | None:
    """SSIM of one picture, or None if it is too small for any window."""
    if min(original.shape[:2]) < 3:
        return None
    return metrics.ssim(original[None], back[None], 255)


def similarity_of_scales(original: Pixels, back: Pixels) -> float | None:
    """MS-SSIM of one picture's luma, or None if a side is shorter than 176 pixels."""
    if min(original.shape[:2]) < 176:
        return None
    first, second = (x if x.ndim == 2 else x[..., :3] @ _LUMA for x in (original, back))
    return metrics.ms_ssim(first, second, 255)


def too_long(picture: Pixels) -> dict[str, int]:
    """Codecs that cannot hold the picture, and the longest side they can."""
    longest = max(picture.shape[:2])
    return {label: most for label, most in LONGEST.items() if longest > most}


def codecs_at_bytes(picture: Pixels, target: int, avif: str = "avif") -> Iterator[Stored]:
    """JPEG, WebP and AVIF at the best quality not above ``target`` bytes, or at their smallest.

    Those that cannot hold the picture at all (:func:`too_long`) are left out.  ``avif`` is how
    :func:`codec_bytes` calls the AVIF wanted.
    """
    for name, label in CODECS.items():
        if label in too_long(picture):
            continue
        data, _ = codec_at_bytes(picture, avif if name == "avif" else name, target)
        yield stored(label, picture, codec_decode(data, picture), len(data), target)


def photographs_at_bytes(picture: Pixels, target: int) -> Iterator[Stored]:
    """A photograph in the codecs of the web and in the article's PCA, at ``target`` bytes.

    AVIF keeps the colours whole, as the photo codec does where bytes allow.
    PCA keeps 95 % of the variance of the picture's own tiles of 8 x 8: its components are not
    counted, as no model's bytes are.
    """
    yield from codecs_at_bytes(picture, target, "avif444")
    yield _jpeg2000_at_bytes(picture, target)
    tiles = cut(picture, (PCA_TILE, PCA_TILE))
    yield PCAFiles(tiles).at_bytes(tiles, target, (picture.shape[0], picture.shape[1]))


def jpeg2000(picture: Pixels, ratio: float) -> bytes:
    """A picture as JPEG 2000 with its colour transform, at about a ratio of raw bytes to file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(
        stream,
        "JPEG2000",
        irreversible=True,
        mct=int(picture.ndim == 3),
        quality_mode="rates",
        quality_layers=[ratio],
    )
    return stream.getvalue()


def _jpeg2000_at_bytes(picture: Pixels, target: int) -> Stored:
    """JPEG 2000 at the least ratio that fits."""
    raw, best = picture.nbytes, b""
    low, high = 1.0, 4.0 * raw / max(target, 1)
    for _ in range(10):
        ratio = (low * high) ** 0.5
        data = jpeg2000(picture, ratio)
        if not best or len(best) > target or len(best) < len(data) <= target:
            best = data
        low, high = (low, ratio) if len(data) <= target else (ratio, high)
    return stored("JPEG 2000", picture, codec_decode(best, picture), len(best), target)


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
POINTS = quantise.QUALITIES + 2 * len(STEPS) + len(CODECS) * len(QUALITIES)


def network_curve(model: HTM, test: Pixels) -> Iterator[RatePoint]:
    """The network's files at every quality, a point at a time."""
    for quality in range(1, quantise.QUALITIES + 1):
        data = compress_collection(model, test, quality)
        back = decompress_collection(data, model)
        error = metrics.mse(flat(test), flat(back))
        yield RatePoint(
            "HTM", "quality", quality, len(data) / len(test), error, metrics.psnr_of(error)
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
