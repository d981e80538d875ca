"""Measures of what is lost and what it costs.

Pictures are arrays ``(n, h, w[, c])`` or one picture; intensities run to ``peak``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from ..errors import DataError


def mse(a: ArrayLike, b: ArrayLike) -> float:
    """Mean squared error.

    Raises
    ------
    DataError
        If the shapes differ or there is nothing to compare.

    Examples
    --------
    >>> mse([0.0, 1.0], [0.0, 0.5])
    0.125
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape or not first.size:
        raise DataError(f"cannot compare arrays of shape {first.shape} and {second.shape}")
    return float(((first - second) ** 2).mean())


def psnr(a: ArrayLike, b: ArrayLike, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal arrays.

    Examples
    --------
    >>> round(psnr([0.0, 1.0], [0.1, 0.9]), 1)
    20.0
    """
    return psnr_of(mse(a, b), peak)


def psnr_of(error: float, peak: float = 1.0) -> float:
    """PSNR in dB of a mean squared error."""
    return float("inf") if error <= 0 else float(10 * np.log10(peak * peak / error))


def ssim(a: ArrayLike, b: ArrayLike, peak: float = 1.0) -> float:
    """Structural similarity (Wang and others 2004), the mean over pictures ``(n, h, w[, c])``.

    The window is 7 cells, or the largest odd number that fits a smaller picture.

    Raises
    ------
    DataError
        If the shapes differ or a side is shorter than 3 cells.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape or first.ndim not in (3, 4) or not len(first):
        raise DataError(f"cannot compare pictures of shape {first.shape} and {second.shape}")
    side = min(first.shape[1:3])
    if side < 3:
        raise DataError("structural similarity needs pictures of at least 3x3 cells")
    window = min(7, side - (side + 1) % 2)
    axis = 2 if first.ndim == 4 else None
    scores = [
        structural_similarity(x, y, win_size=window, data_range=peak, channel_axis=axis)
        for x, y in zip(first, second, strict=True)
    ]
    return float(np.mean(scores))


#: What each scale counts in MS-SSIM, the finest first.
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(a: ArrayLike, b: ArrayLike, peak: float = 1.0) -> float:
    """Structural similarity over five scales (Wang and others 2003) of one grey picture (h, w).

    A Gaussian window of deviation 1.5 cut at 11 cells; each scale is a mean of two by two of
    the one before.  Means over the cells where the window lies inside.

    Raises
    ------
    DataError
        If the shapes differ or a side is shorter than 176 cells, 11 at the coarsest scale.
    """
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape or x.ndim != 2 or min(x.shape, default=0) < 176:
        raise DataError("MS-SSIM compares two grey pictures of one size, at least 176x176")
    small, smaller, total = (0.01 * peak) ** 2, (0.03 * peak) ** 2, 1.0

    def blur(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        return gaussian_filter(cells, 1.5, truncate=3.5)[5:-5, 5:-5]

    for place, weight in enumerate(_SCALES):
        mean_x, mean_y = blur(x), blur(y)
        var_x, var_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
        both = blur(x * y) - mean_x * mean_y
        like = (2 * both + smaller) / (var_x + var_y + smaller)
        if place == len(_SCALES) - 1:
            like = like * (2 * mean_x * mean_y + small) / (mean_x**2 + mean_y**2 + small)
        total *= max(float(like.mean()), 0.0) ** weight
        x, y = (_halved(cells) for cells in (x, y))
    return total


def _halved(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    cut = cells[: cells.shape[0] // 2 * 2, : cells.shape[1] // 2 * 2]
    return (cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) / 4


def _curve(rates: ArrayLike, decibels: ArrayLike) -> tuple[NDArray, NDArray]:
    rate, decibel = np.asarray(rates, np.float64), np.asarray(decibels, np.float64)
    if rate.shape != decibel.shape or rate.ndim != 1 or (rate <= 0).any():
        raise DataError("a curve needs as many positive rates as PSNR values")
    if not (np.isfinite(rate).all() and np.isfinite(decibel).all()):
        raise DataError("a curve cannot hold a lossless point, whose PSNR is infinite")
    order = np.argsort(decibel)
    rate, decibel = rate[order], decibel[order]
    # Where a codec spends more for less the better point stands for both.
    keep = np.minimum.accumulate(rate[::-1])[::-1] >= rate
    rate, decibel = rate[keep], decibel[keep]
    first = np.concatenate([[True], np.diff(decibel) > 1e-9]) if len(decibel) else keep
    return np.log(rate[first]), decibel[first]


def bytes_at(rates: ArrayLike, decibels: ArrayLike, target: float) -> float:
    """Rate at a PSNR, by PCHIP on the logarithm of the rate.

    Raises
    ------
    DataError
        If the curve does not reach the PSNR.
    """
    rate, decibel = _curve(rates, decibels)
    if len(rate) < 2 or not decibel[0] <= target <= decibel[-1]:
        raise DataError(f"the curve does not reach {target:.2f} dB")
    return float(np.exp(PchipInterpolator(decibel, rate)(target)))


def bd_rate(
    rates: ArrayLike,
    decibels: ArrayLike,
    reference_rates: ArrayLike,
    reference_decibels: ArrayLike,
    low: float | None = None,
    high: float | None = None,
) -> float:
    """Mean difference of rates at equal PSNR in percent (Bjontegaard 2001, by PCHIP).

    Negative means fewer bytes than the reference.

    Parameters
    ----------
    rates, decibels, reference_rates, reference_decibels : sequences
        The two curves, in any order.
    low, high : float, optional
        Range of PSNR in dB; the common range by default.

    Raises
    ------
    DataError
        If the curves do not share a range, or not the one asked for.

    Examples
    --------
    >>> round(bd_rate([50, 100], [20, 25], [100, 200], [20, 25]), 1)
    -50.0
    """
    rate, decibel = _curve(rates, decibels)
    other, other_decibel = _curve(reference_rates, reference_decibels)
    if len(rate) < 2 or len(other) < 2:
        raise DataError("a curve needs at least two points")
    least = max(decibel[0], other_decibel[0]) if low is None else low
    most = min(decibel[-1], other_decibel[-1]) if high is None else high
    inside = min(decibel[0], other_decibel[0]) <= least < most
    reached = max(decibel[0], other_decibel[0]) <= least and most <= min(
        decibel[-1], other_decibel[-1]
    )
    if not (inside and reached):
        raise DataError("the curves do not share that range of PSNR")
    ours, theirs = PchipInterpolator(decibel, rate), PchipInterpolator(other_decibel, other)
    area = ours.integrate(least, most) - theirs.integrate(least, most)
    return float(100 * (np.exp(area / (most - least)) - 1))


def perplexity(shares: Sequence[float] | NDArray) -> float:
    """How many equally used units would be as spread as these shares.

    Examples
    --------
    >>> perplexity([0.5, 0.5, 0.0])
    2.0
    """
    share = np.asarray(shares, np.float64)
    total = share.sum()
    if total <= 0:
        return 0.0
    share = share[share > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def ndb(samples: ArrayLike, reference: ArrayLike, bins: int = 100, random_state: int = 0) -> float:
    """Share of bins in which samples are significantly more or fewer than real pictures.

    NDB/K of Richardson and Weiss, *On GANs and GMMs* (NeurIPS 2018): k-means of the real
    pictures makes the bins; a two-proportion z-test at 5 % compares their shares.  Pictures
    of the same source give about 0.05, since one test in twenty errs.

    Parameters
    ----------
    samples, reference : array (n, ...), (m, ...)
        Intensities on the same scale.  Bins are learned from at most 30,000 of the reference,
        evenly spread, and filled with all of it.
    bins : int
    random_state : int

    Raises
    ------
    DataError
        If the pictures differ in size, or are fewer than the bins.
    """
    from sklearn.cluster import KMeans  # here: it takes long to import, and little needs it

    both = (np.asarray(samples, np.float32), np.asarray(reference, np.float32))
    drawn, real = (x.reshape(len(x), -1) for x in both)
    if drawn.shape[1] != real.shape[1] or len(real) < bins or not len(drawn):
        raise DataError(f"cannot bin {drawn.shape} samples by {real.shape} pictures")
    some = real[:: max(1, len(real) // 30_000)][:30_000]
    means = KMeans(bins, n_init=1, max_iter=30, random_state=random_state).fit(some)
    counts = [np.bincount(means.predict(x), minlength=bins) for x in (drawn, real)]
    n, m = (count.sum() for count in counts)
    pooled = (counts[0] + counts[1]) / (n + m)
    error = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-300))
    z = np.abs(counts[0] / n - counts[1] / m) / error
    return float((z > 1.959964).mean())
