"""A photograph on the Compress page: its file, what comes back, and the same bytes elsewhere.

::

    picture, PhotoSettings ──► job()   in the background: Underway, as soon as there is anything
                                       to see; Coded; then what others make of the same bytes,
                                       one by one
    .htmc ──► opened()                 a picture back, or a sentence
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from htm_engine.coding.metadata import NOTHING, Metadata, packed
from htm_engine.errors import DataError, ModelMismatchError
from htm_engine.runs.background import Background

from ..kit import ahead, keeping, watching
from . import photo_early
from .photo_early import Underway

if TYPE_CHECKING:
    from htm_engine.coding.photo.anatomy import PhotoMap
    from htm_engine.coding.photo.model import PhotoModel
    from htm_engine.data.apart import Told
    from htm_engine.data.uploads import Picture
    from htm_engine.evaluation.comparison import Stored

Pixels = NDArray[np.uint8]
T = TypeVar("T")
#: Pixels of a photograph that the page takes; the shell takes 50 million.
MOST_PIXELS = 4_000_000
#: Rows and columns of the sample, of the 427 x 640 of the photograph it is cut from.
SAMPLE = (slice(60, 380), slice(120, 600))
_JOB = "_photo_job"
#: Part of the work that is done once the coder is ready.
BEGUN = 0.12


@dataclass(frozen=True)
class PhotoSettings:
    """How a photograph is coded.

    ``target`` is the bytes wanted instead of a quality, 0 for none; where ``quality`` is 0 as
    well, the file is lossless.  ``model`` names the visitor's own codec, empty for the shipped.
    """

    quality: int
    tune: str
    effort: str
    target: int = 0
    model: str = ""


@dataclass
class Coded:
    """A photograph's file and all that the page says of it.

    Attributes
    ----------
    psnr, ssim, ms_ssim : float
        Of the colours; None for pictures too small for their windows.
    writing, reading : float
        Seconds.
    others : list of Stored
        The same bytes in other formats, those for alpha left out; filled one by one.
    left_out : dict of str to int
        Formats that cannot hold the picture, and the longest side that they can.
    jpeg : int or None
        Bytes of the smallest JPEG with this PSNR; None while unknown, or where there is none.
    metadata : Metadata
        What the file holds besides the picture.
    """

    file: bytes
    back: Pixels
    psnr: float
    ssim: float | None
    ms_ssim: float | None
    writing: float
    reading: float
    look: PhotoMap
    others: list[Stored] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    jpeg: int | None = None
    metadata: Metadata = NOTHING
    _drawn: dict[str, Any] = field(default_factory=dict, init=False)

    @property
    def alpha_bytes(self) -> int:
        """Bytes that hold the transparency."""
        return int(self.look.parts.get("alpha", 0))

    @property
    def metadata_bytes(self) -> int:
        """Bytes that hold profile, EXIF and density."""
        return int(self.look.parts.get("metadata", 0))

    @property
    def colour_bytes(self) -> int:
        """Bytes that are left for the colours, as other formats get them."""
        return len(self.file) - self.alpha_bytes - self.metadata_bytes

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What is drawn of it, made the first time it is asked for."""
        if name not in self._drawn:
            self._drawn[name] = make()
        found: T = self._drawn[name]
        return found


def colours(picture: Pixels) -> Pixels:
    """A picture without its alpha."""
    if picture.ndim == 2 or picture.shape[2] == 3:
        return picture
    return picture[..., 0] if picture.shape[2] == 2 else picture[..., :3]


def sample() -> Pixels:
    """A part of a photograph that comes with scikit-learn (china.jpg, CC BY 2.0)."""
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("china.jpg")[SAMPLE])


def uploaded(name: str, content: bytes, told: Told | None = None) -> Picture:
    """A visitor's picture, checked before it is decoded, and notes on what of it is not kept.

    ``told`` as in :func:`htm_engine.data.apart.patience`.

    Raises
    ------
    DataError
        If it is no picture that can be read, or larger than the page takes.
    """
    from htm_engine.data.apart import patience
    from htm_engine.data.uploads import read_picture

    return read_picture(
        content,
        name,
        max_pixels=MOST_PIXELS,
        keep_alpha=True,
        keep_metadata=True,
        patience=patience(told, 0.0),
    )


def steps(
    picture: Pixels,
    wanted: PhotoSettings,
    model: PhotoModel | None = None,
    made: Coded | None = None,
    metadata: Metadata = NOTHING,
) -> Iterator[tuple[float, Coded | Underway | None]]:
    """Part done and what there is so far; ``made`` is what there is of it already."""
    from htm_engine.evaluation.comparison import photographs_at_bytes, too_long
    from htm_engine.evaluation.standard_codecs import codec_at_psnr

    coded = made or (yield from _coding(picture, wanted, model, metadata))
    plain = np.ascontiguousarray(colours(picture))
    coded = replace(coded, others=[], left_out=too_long(plain))
    yield 0.6, coded
    if "JPEG" not in coded.left_out and np.isfinite(coded.psnr):
        coded.jpeg = codec_at_psnr(plain, "jpeg", coded.psnr)
    # Alpha is kept exactly: the others get the bytes that the colours have.
    for done, other in enumerate(photographs_at_bytes(plain, coded.colour_bytes), 1):
        coded.others.append(other)
        yield 0.6 + 0.08 * done, coded
    yield 1.0, coded


def _coding(
    picture: Pixels, wanted: PhotoSettings, model: PhotoModel | None, metadata: Metadata
) -> Generator[tuple[float, Coded | Underway | None], None, Coded]:
    """Our own file, and what comes back from it."""
    from htm_engine.coding.photo.anatomy import look_into_image
    from htm_engine.coding.photo.codec import compress_image, decompress_image
    from htm_engine.evaluation.comparison import stored

    yield 0.02, None
    for part in ahead.waiting():
        yield 0.02 + 0.08 * part, None
    early = photo_early.preview(picture, wanted, model, BEGUN, 0.45)
    yield BEGUN, early
    began = time.perf_counter()
    file = compress_image(
        picture,
        max(1, wanted.quality),
        model,
        target_bytes=wanted.target or None,
        lossless=not (wanted.quality or wanted.target),
        tune=wanted.tune,
        effort=wanted.effort,
        metadata=metadata,
    )
    middle = time.perf_counter()
    if early is not None:
        decoding = photo_early.DECODING * (middle - began)
        yield 0.45, Underway(early.back, b"", 0.45, 0.5, decoding)
    back = decompress_image(file, model)
    end = time.perf_counter()
    yield 0.5, Underway(back, file, 0.5, 0.6, photo_early.MEASURING * (middle - began))
    plain = np.ascontiguousarray(colours(picture))
    ours = stored("HTM", plain, colours(back), len(file), len(file))
    scores = ours.psnr, ours.ssim, ours.ms_ssim
    look = look_into_image(file, model)
    return Coded(file, back, *scores, middle - began, end - middle, look, metadata=metadata)


@keeping.kept(3)
def _done(key: str) -> list[Coded]:
    """What was made before for the same picture and settings; filled by :func:`job`."""
    return []


def key_of(picture: Pixels) -> str:
    """Names a picture's content."""
    content = hashlib.sha256(np.ascontiguousarray(picture).tobytes())
    return f"{content.hexdigest()[:24]} {picture.shape}"


def job(
    picture: Pixels,
    wanted: PhotoSettings,
    model: PhotoModel | None = None,
    made: Coded | None = None,
    metadata: Metadata = NOTHING,
) -> Background | Coded:
    """The work on a picture, begun where it is not, or its result; ``made`` as in :func:`steps`."""
    key = f"{key_of(picture)} {hashlib.sha256(packed(metadata)).hexdigest()[:16]} {wanted}"
    if finished := _done(key):
        return finished[0]
    work = watching.job_of(_JOB, key)
    if work is None:
        work = watching.start(
            _JOB, key, lambda: steps(picture, wanted, model, made, metadata), "photograph"
        )
    if work.state == "finished" and work.items:
        coded = work.items[-1][1]
        assert isinstance(coded, Coded)  # the last step brings it
        _done(key).append(coded)
        return coded
    return work


def opened(content: bytes, own: PhotoModel | None = None) -> Pixels:
    """The picture in a photograph's file, of the shipped codec or of the visitor's ``own``.

    Raises
    ------
    HTMError
        If it is none, is damaged, needs another model, or is larger than the page takes.
    """
    from htm_engine.coding.photo.codec import decompress_image, inspect_image

    info = inspect_image(content)
    if info.width * info.height > MOST_PIXELS:
        raise DataError(
            f"This photograph has {info.width} x {info.height} pixels, too many for this page; "
            "use: python -m htm_engine decompress."
        )
    try:
        return decompress_image(content)
    except ModelMismatchError:
        if own is None:
            raise
        return decompress_image(content, own)


def besides(content: bytes) -> Metadata:
    """What a photograph's file holds besides its picture.

    Raises
    ------
    FormatError
        If that is damaged.
    """
    from htm_engine.coding.photo.codec import inspect_image

    return inspect_image(content).metadata


def png(picture: Pixels, metadata: Metadata = NOTHING) -> bytes:
    """A picture as PNG, every pixel as it is; quickly, as it is looked at once."""
    from PIL import Image

    from htm_engine.data.pixels import saving

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=2, **saving(metadata))
    return stream.getvalue()
