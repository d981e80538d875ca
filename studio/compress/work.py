"""What the Compress page computes, cached on the content it was computed from.

::

    collection or upload ──► Subject ──┬──► Coded   file, what came back, its parts
                                       └──► rivals  the same bytes in other formats
"""

from __future__ import annotations

import copy
import hashlib
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.coding.collection.anatomy import Anatomy, dissect
from htm_engine.coding.collection.codec import compress_collection, inspect_collection
from htm_engine.data.apart import Told, patience
from htm_engine.data.fitting import as_pictures, fit_picture, picture_shape, put_together
from htm_engine.data.uploads import read_picture
from htm_engine.errors import DataError
from htm_engine.evaluation import metrics
from htm_engine.evaluation.comparison import PCAFiles, Stored, codecs_at_bytes, similarity

from ..kit import ahead
from ..kit.keeping import kept
from ..kit.places import HELD_OUT, SEED
from ..kit.words import t
from ..visitor import session

if TYPE_CHECKING:
    from htm_engine import HTM
    from htm_engine.data.datasets import Dataset

Pixels = NDArray[np.uint8]
#: Pictures of a collection that one file of the page holds.
MOST_PICTURES = 1000
#: Pictures that a file's tables are measured on, where training went without.
MEASURED = 4096
#: Pixels of an upload that are cut into tiles; more would keep a visitor waiting.
MOST_PIXELS = 300_000
#: Pixels of a file that the page opens.
MOST_PIXELS_BACK = 20_000_000


@dataclass(frozen=True, eq=False)
class Collection:
    """The data at hand, if the network reads pictures of that shape."""

    learn: Dataset
    held: Pixels
    labels: list[str]
    unseen: bool  #: whether the network certainly did not learn from ``held``


def collection(found: session.CurrentModel) -> Collection | None:
    """Pictures to choose from: those held out of training where that is known."""
    data = session.current_dataset()
    height, width, channels = picture_shape(found.model)
    if data.picture_shape != ((height, width) if channels == 1 else (height, width, 3)):
        return None
    unseen = True
    parts = st.session_state.get("_parts")  # of the run that made the model
    if found.origin in ("trained", "recorded") and parts is not None and parts[0] is data:
        learn, held = parts
    elif len(data) < 2:
        learn, held, unseen = data, data, False
    else:
        learn, held = data.split(HELD_OUT, SEED)
        unseen = found.origin == "shipped"
    labels = [] if held.y is None else held.y[:MOST_PICTURES].tolist()
    names = [str(held.label_names[label]) for label in labels]
    return Collection(learn, np.asarray(held.X[:MOST_PICTURES]), names, unseen)


def with_tables(found: session.CurrentModel, own: Collection | None) -> session.CurrentModel:
    """The visitor's model, able to write files: tables that were skipped are measured now."""
    if own is None or found.model.coder_ is not None:
        return found
    model = _measured(found.model.fingerprint, own.learn.fingerprint, found.model, own.learn)
    session.set_model(model, found.dataset, found.origin)
    return replace(found, model=model)


@kept(4, lambda: t("compress.measuring_the_tables"))
def _measured(fingerprint: str, data: str, _model: HTM, _learn: Dataset) -> HTM:
    own = copy.copy(_model)
    return own.measure_coder(_learn.X[:MEASURED].reshape(-1, *_model.layout))


@dataclass(frozen=True, eq=False)
class Subject:
    """What is compressed: pictures of the network's shape, and what they make up."""

    name: str
    pictures: Pixels
    wholes: Pixels  #: (n, H, W[, 3]): the pictures, or the one picture they are tiles of
    mosaic: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Names the content."""
        head = repr((self.pictures.shape, self.mosaic)).encode()
        content = np.ascontiguousarray(self.pictures).tobytes()
        return hashlib.sha256(head + content).hexdigest()[:24]


def subject_of_upload(
    name: str, content: bytes, model: HTM, tiles: bool, told: Told | None = None
) -> Subject:
    """A visitor's picture, made fit for the network; ``told`` as for photographs.

    Raises
    ------
    DataError
        If it is no picture that can be read.
    """
    read = read_picture(content, name, enough=MOST_PIXELS, patience=patience(told, 0.0))
    fitted = fit_picture(read.pixels, model, tiles=tiles, most_pixels=MOST_PIXELS)
    return Subject(
        name, fitted.pictures, fitted.whole[None], fitted.mosaic, (*read.notes, *fitted.notes)
    )


@dataclass(frozen=True, eq=False)
class Coded:
    """A subject's true file and what comes back from it."""

    file: bytes
    parts: Anatomy
    back: Pixels  #: laid out as the subject's wholes
    prediction: Pixels
    tile_winners: NDArray[np.int64]  #: (n, H, W)
    psnr: float
    ssim: float | None


def code(model: HTM, subject: Subject, quality: int) -> Coded:
    """Compress a subject and open the file again; the last few are kept."""
    return _code((model.fingerprint, subject.digest, quality), model, subject)


@kept(24, lambda: t("compress.compressing"))
def _code(key: tuple[str, str, int], _model: HTM, _subject: Subject) -> Coded:
    for _ in ahead.waiting():
        pass  # its loops are being compiled beside the server, which is sooner done than here
    file = compress_collection(_model, _subject.pictures, key[2], mosaic=_subject.mosaic)
    parts = dissect(file, _model)

    def together(maps: NDArray[Any]) -> NDArray[Any]:
        return put_together(as_pictures(maps, _model), _subject.mosaic)

    back = together(parts.pictures)
    winners = put_together(parts.tile_winners, _subject.mosaic)  # type: ignore[arg-type]
    alike = [similarity(*pair) for pair in zip(_subject.wholes, back, strict=True)]
    known = [score for score in alike if score is not None]
    return Coded(
        file,
        parts,
        back,
        together(parts.prediction),
        winners.astype(np.int64),
        metrics.psnr(_subject.wholes, back, 255),
        float(np.mean(known)) if known else None,
    )


@kept(4, lambda: t("compress.learning_components"))
def _pca(fingerprint: str, _learn: Pixels) -> PCAFiles:
    return PCAFiles(_learn)


def pca_of(own: Collection | None) -> PCAFiles | None:
    """The article's PCA of the collection's learning part."""
    return None if own is None else _pca(own.learn.fingerprint, own.learn.X)


def rivals(subject: Subject, size: int, own: Collection | None) -> list[Stored]:
    """The article's PCA, where there is data to learn it from, and the codecs of the web."""
    key = (subject.digest, size, "" if own is None else own.learn.fingerprint)
    return _rivals(key, subject, pca_of(own))


@kept(24, lambda: t("compress.writing_other_formats"))
def _rivals(key: tuple[str, int, str], _subject: Subject, _pca: PCAFiles | None) -> list[Stored]:
    found = [] if _pca is None else [_pca.at_bytes(_subject.pictures, key[1], _subject.mosaic)]
    return [*found, *codecs_at_bytes(_subject.wholes[0], key[1])]


@kept(8, copied=True)
def model_bytes(fingerprint: str, _model: HTM) -> int:
    """Size of the model's file, which both sides need once."""
    stream = io.BytesIO()
    _model.save(stream)
    return len(stream.getvalue())


def pictures_of(content: bytes, model: HTM) -> tuple[Pixels, Anatomy]:
    """Pictures of a ``.htmc`` file, its tiles put together, and what the file is made of.

    Raises
    ------
    HTMError
        If it cannot be read with this model.
    """
    info, (height, width, _) = inspect_collection(content), picture_shape(model)
    # A few bytes can stand for very many pictures without any residual.
    if info.pictures * height * width > MOST_PIXELS_BACK:
        raise DataError(
            f"This file holds {info.pictures:,} pictures, too many for this page; "
            "use: python -m htm_engine decompress."
        )
    parts = dissect(content, model)
    try:
        return put_together(as_pictures(parts.pictures, model), parts.info.mosaic), parts
    except (MemoryError, OverflowError) as exc:
        raise DataError("This file asks for more memory than there is.") from exc
