"""What it costs to store pictures, and what is lost: points of a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import metrics


@dataclass(frozen=True)
class RatePoint:
    """One way to store pictures: what it costs and what is lost.

    Attributes
    ----------
    label : str
    knob : {"quality", "step", "units", "ratio"}
        What is turned to come to another point of the same curve.
    value : float
        Where it stands.
    bytes_per_picture : float
        Headers included, model bytes not.
    mse : float
        Of intensities from 0 to 1.
    psnr : float
        In dB, of all pictures together.
    """

    label: str
    knob: str
    value: float
    bytes_per_picture: float
    mse: float
    psnr: float

    @property
    def setting(self) -> str:
        """The knob and where it stands, in words.

        >>> RatePoint("HTM", "quality", 5, 90.0, 0.01, 20.0).setting
        'quality 5'
        """
        if self.knob == "units":
            return f"{self.value:.0f} units"
        if self.knob == "step":
            return f"step {self.value:.3g}"
        return f"{self.knob} {self.value:g}"


def flat(X: Any) -> NDArray[np.float32]:
    """Rows of intensities from 0 to 1; bytes are divided by 255."""
    X = np.asarray(X)
    rows = X.reshape(len(X), -1).astype(np.float32)
    return rows / np.float32(255) if X.dtype == np.uint8 else rows


def measured(
    label: str, knob: str, value: float, size: float, X: Any, decoded: NDArray[Any]
) -> RatePoint:
    """A point of a curve from the bytes of pictures X in all, and the rows that came back."""
    whole = np.clip(np.rint(decoded * 255), 0, 255) / 255  # a file gives bytes back
    error = metrics.mse(flat(X), whole)
    return RatePoint(label, knob, value, size / len(X), error, metrics.psnr_of(error))


def mse_at(points: Sequence[RatePoint], size: float) -> float | None:
    """Error at a number of bytes a picture, log-linear between points; None outside."""
    ordered = sorted(points, key=lambda p: p.bytes_per_picture)
    sizes = np.array([p.bytes_per_picture for p in ordered])
    if not len(sizes) or not sizes[0] <= size <= sizes[-1]:
        return None
    errors = np.log([max(p.mse, 1e-12) for p in ordered])
    return float(np.exp(np.interp(np.log(size), np.log(sizes), errors)))


def most_reached(own: Sequence[RatePoint], others: Sequence[Sequence[RatePoint]]) -> list[float]:
    """Sizes of a curve's points; first those that most of the other curves reach as well.

    Of sizes that equally many reach, the one nearest to the middle of the curve comes first.

    >>> def curve(*sizes): return [RatePoint("", "step", 1, s, 0.1, 10.0) for s in sizes]
    >>> most_reached(curve(10, 20, 40), [curve(35, 90), curve(15, 50)])
    [40, 20, 10]
    """
    sizes = sorted(point.bytes_per_picture for point in own)

    def rank(place: int) -> tuple[int, float]:
        reached = sum(mse_at(points, sizes[place]) is not None for points in others)
        return -reached, abs(place - (len(sizes) - 1) / 2)

    return [sizes[place] for place in sorted(range(len(sizes)), key=rank)]
