"""Photographs as files: competing units that predict, bits that are predicted.

::

    picture ──► planes ──► chosen ──► coded_planes ──► .htmc     the file: ``format``
    .htmc ──► read_planes ──► finished (restored) ──► picture

Coded bits: one binary arithmetic code (32 bits; the decoder reads zeros beyond its end) of
the planes in turn, as ``traversal`` tells: Y, Cb, Cr, padded to whole squares
(``colour``), or of a lossless picture (``lossless``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, ModelMismatchError
from ...files import bytes_of
from ..metadata import Metadata, packed, unpacked
from .checks import check_model, check_picture, check_settings, check_size, least_exact
from .colour import halving_loss, picture_of, planes
from .competition import BEST, FAST, Effort
from .format import (
    ALPHA,
    COLOUR,
    HALVED,
    LOSSLESS,
    MOST_STEP,
    REPEATED,
    Header,
    joined,
    opened,
    packed_alpha,
    plane_steps,
    unpacked_alpha,
)
from .lossless import is_flat, read_exact, write_exact
from .model import PhotoModel, shipped
from .perception import EYE, cares
from .planes import chosen, coded_planes, finished, read_planes, worth_restoring

#: Step of quality 1 and of 100, in 1/16 of a grey level.
_COARSEST, _FINEST = 2100, 52
#: Colour is halved where that alone loses less, in squared steps of luma a pixel; near it
#: either way costs about the same.
_HALVING_LOSS = 0.0065
#: Share of a size asked for that is good enough.
_NEAR = 0.985


class PhotoInfo(NamedTuple):
    """What a file says of itself; sizes in pixels and bytes, the step in grey levels."""

    width: int
    height: int
    channels: int
    halved: bool
    step: float
    fingerprint: str
    size: int
    lossless: bool = False
    eye: int = 0
    metadata: Metadata = Metadata()


class _Parts(NamedTuple):
    """A picture as its file has it: grey ``(h, w)`` if it is; the rest as bytes."""

    picture: NDArray[np.uint8]
    form: int
    alpha: bytes
    metadata: bytes

    @property
    def beside(self) -> int:
        """Bytes that are not the picture's."""
        return len(self.alpha) + len(self.metadata)


def step_of(quality: float) -> int:
    """Step of luma in 1/16 of a grey level: equal steps of quality are equal ratios."""
    share = (quality - 1) / 99
    return int(round(_COARSEST ** (1 - share) * _FINEST**share))


def compress_image(
    picture: NDArray[np.uint8],
    quality: float = 50,
    model: PhotoModel | None = None,
    *,
    target_bytes: int | None = None,
    lossless: bool = False,
    tune: str = "psnr",
    effort: str = "best",
    metadata: Metadata | None = None,
) -> bytes:
    """A photograph as the contents of an ``.htmc`` file.

    Parameters
    ----------
    picture : ndarray of uint8, (h, w), (h, w, 2), (h, w, 3) or (h, w, 4)
        Grey, grey with alpha, RGB, or RGB with alpha, which is kept exactly.
    quality : float
        1 to 100, about 0.1 to 3 bits a pixel.  A picture of one colour, or one that takes no
        fewer bytes with losses, is kept exactly.
    model : PhotoModel or None
        None takes the one that came with HTM Studio.
    target_bytes : int, optional
        The size instead of a quality; the file is at most so long, by 3 % at most shorter
        where the steps are fine enough to come so near.
    lossless : bool
        Every pixel as it was; needs no model.
    tune : {"psnr", "eye"}
        What errors count by: their squares, or how much they are seen, less where it is rough.
    effort : {"fast", "best"}
        Fast chooses by tables alone, among the units that predict best.
    metadata : Metadata, optional
        Colour profile, EXIF and density to be kept in the file; pixels are taken as they are.

    Raises
    ------
    DataError
        If the picture has another shape or type, no pixels, or more than 50 million; if
        quality, model, tune or effort is not one of those, the metadata is none, or the size
        cannot be reached.
    """
    picture = np.asarray(picture)
    check_picture(picture)
    check_settings(quality, model, tune, effort)
    check_size(target_bytes, lossless)
    size = None if target_bytes is None else int(target_bytes)
    parts = _of_form(picture, metadata)
    if lossless or is_flat(parts.picture):
        return _within(_exact(parts), size)
    least = least_exact(parts.picture) + parts.beside
    if size is not None and least <= size and len(data := _exact(parts)) <= size:
        return data
    at = _at_steps(parts, shipped() if model is None else model, tune, effort)
    if size is not None:
        return _of_size(at, size)
    data = at(step_of(quality))
    return data if len(data) < least else min(data, _exact(parts), key=len)


def _exact(parts: _Parts) -> bytes:
    """A file that keeps every pixel."""
    height, width = parts.picture.shape[:2]
    form, coded = parts.form | LOSSLESS, write_exact(parts.picture)
    return joined(width, height, form, 0, 0, bytes(4), coded, parts.alpha, parts.metadata)


def _at_steps(parts: _Parts, model: PhotoModel, tune: str, effort: str) -> Callable[..., bytes]:
    """What makes the file at a step; ``dearer`` multiplies lambda."""
    eye, search = EYE if tune == "eye" else 0, BEST if effort == "best" else FAST
    lost = halving_loss(parts.picture) if parts.form & COLOUR else np.inf

    def at(step: int, dearer: float = 1.0) -> bytes:
        halved = HALVED if lost < _HALVING_LOSS * step**2 else 0
        return _compressed(
            parts._replace(form=parts.form | halved), step, eye, search, model, dearer
        )

    return at


def _of_form(picture: NDArray[np.uint8], metadata: Metadata | None) -> _Parts:
    """A picture without alpha, grey ``(h, w)`` if it is; bits of its form; the rest, packed."""
    form, alpha, behind = 0, b"", b"" if metadata is None else packed(metadata)
    if picture.ndim == 3 and picture.shape[2] in (2, 4):
        alpha = packed_alpha(picture[..., -1])
        picture, form = picture[..., :-1], form | ALPHA
    if picture.ndim == 2 or picture.shape[2] == 1:
        return _Parts(picture.reshape(picture.shape[:2]), form, alpha, behind)
    if (picture == picture[..., :1]).all():
        # A grey picture in colour: the decoder makes it colour again.
        grey = np.ascontiguousarray(picture[..., 0])
        return _Parts(grey, form | REPEATED, alpha, behind)
    return _Parts(picture, form | COLOUR, alpha, behind)


def _compressed(
    parts: _Parts, step: int, eye: int, search: Effort, model: PhotoModel, dearer: float
) -> bytes:
    """A file at one step; ``dearer`` multiplies lambda."""
    picture, form = parts.picture, parts.form
    halved, steps = bool(form & HALVED), plane_steps(step, form)
    targets = planes(picture, halved)
    care = cares(targets, halved, eye)
    found = chosen(targets, steps, halved, model, eye, search, care, dearer)
    coded = coded_planes(found, steps, halved, model, eye)[0]
    if halved:
        targets = planes(picture, False)
    form |= worth_restoring(found, targets, form, step, model)
    height, width = picture.shape[:2]
    name = model.fingerprint
    return joined(width, height, form, eye, step, name, coded, parts.alpha, parts.metadata)


def _of_size(at: Callable[..., bytes], size: int) -> bytes:
    """The longest file of at most ``size`` bytes that a few steps find."""
    low, high = 1, MOST_STEP  # sizes fall as steps grow
    ends: dict[int, int] = {}
    best, step = b"", 400
    for _ in range(14):
        data = at(step)
        ends[step] = len(data)
        if len(data) <= size:
            best, high = (data if len(data) > len(best) else best), step
            if len(data) >= _NEAR * size or step <= low:
                return best
        else:
            low = step
        step = _next_step(ends, low, high, _NEAR * 1.005 * size)
        if step in ends:
            break
    if low in ends and len(best) < 0.975 * size:
        # Between two steps there is lambda.
        under, over = 1.0, 1.3
        for _ in range(6):
            dearer = (under + over) / 2
            data = at(low, dearer)
            if len(data) > size:
                under = dearer
                continue
            best, over = max(best, data, key=len), dearer
            if len(best) >= 0.975 * size:
                break
    if not best:
        raise _too_small(size, min(ends.values()))
    return best


def _within(data: bytes, size: int | None) -> bytes:
    """A file that cannot be made smaller, if it fits."""
    if size is not None and len(data) > size:
        raise _too_small(size, len(data))
    return data


def _too_small(size: int, least: int) -> DataError:
    return DataError(f"This picture does not fit {size:,} bytes; the least is near {least:,}.")


def _next_step(ends: dict[int, int], low: int, high: int, size: float) -> int:
    """Where the size is expected, between two steps, by log-log interpolation."""
    if low in ends and high in ends:
        a, b = np.log(ends[low]), np.log(ends[high])
        share = (a - np.log(size)) / (a - b) if a > b else 0.5
        guess = np.exp(np.log(low) + (np.log(high) - np.log(low)) * min(max(share, 0.05), 0.95))
        return int(min(max(round(guess), low + (high - low > 1)), high - (high - low > 1)))
    step = next(reversed(ends))
    guess = step * (ends[step] / size) ** 1.3
    return int(min(max(guess, max(low, step / 8)), min(high, step * 8)))


def decompress_image(data: bytes | memoryview, model: PhotoModel | None = None) -> NDArray:
    """Inverse of :func:`compress_image`, but for what the quality left out.

    Parameters
    ----------
    data : bytes
        Contents of a file.
    model : PhotoModel or None
        The model that wrote it; None takes the one that came with HTM Studio.

    Returns
    -------
    ndarray of uint8, (h, w), (h, w, 2), (h, w, 3) or (h, w, 4)
        What the file holds besides, :func:`inspect_image` tells.

    Raises
    ------
    FormatError
        If the file is damaged, truncated or extended, holds no photograph, or claims more
        than 50 million pixels.
    ModelMismatchError
        If another model wrote it.
    """
    header = opened(data)
    if header.form & LOSSLESS:
        shape = (header.height, header.width, 3 if header.form & COLOUR else 1)
        picture = read_exact(header.coded, shape)
    else:
        model = model_of(header, model)
        full = finished(read_planes(header, model), header.form, header.steps[0], model)
        picture = picture_of(full, header.height, header.width, False)
    if header.form & REPEATED:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if header.form & ALPHA:
        alpha = unpacked_alpha(header.alpha, header.height, header.width)
        picture = picture.reshape(*picture.shape[:2], -1)
        picture = np.concatenate([picture, alpha[..., None]], axis=2)
    return picture


def model_of(header: Header, model: PhotoModel | None) -> PhotoModel:
    """The model that reads a file.

    Raises
    ------
    ModelMismatchError
        If it is not the one given, or the shipped one.
    """
    model = shipped() if model is None else model
    check_model(model)
    if model.fingerprint[:4] != header.name:
        raise ModelMismatchError(
            f"This photograph was written by the model {header.name.hex()}, not by "
            f"{model.fingerprint[:4].hex()}."
        )
    return model


def inspect_image(data: bytes | memoryview) -> PhotoInfo:
    """What a file holds, without decoding its picture.

    Raises
    ------
    FormatError
        If it is damaged, as far as that shows, or holds no photograph.
    """
    data = bytes_of(data)
    header = opened(data)
    channels = 3 if header.form & (COLOUR | REPEATED) else 1
    channels += bool(header.form & ALPHA)
    return PhotoInfo(
        header.width,
        header.height,
        channels,
        bool(header.form & HALVED),
        header.steps[0] / 16,
        header.name.hex(),
        len(data),
        bool(header.form & LOSSLESS),
        header.eye,
        unpacked(header.metadata),
    )
