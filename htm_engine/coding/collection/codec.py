"""Collections as files: pictures in a few dozen bytes each, by a trained network.

A file is a ``container`` of kind 1.  Its header fields: number of pictures, quality (1 to 10),
and its form; then, if the pictures are the tiles of one larger picture (``mosaic``), its height
and width.  Forms::

    0, 1   what the network predicts, alone (0) or with its residual (1): see ``coder``
    2, 3   blocks, every picture readable by itself, colour whole (2) or halved (3): ``blocks``
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, FormatError, ModelMismatchError
from ...files import bytes_of
from ...kinds import wrong
from ...model.hierarchy import Shape
from ...model.parts import as_maps
from ..container import Container, pack, unpack
from . import residual_units
from .blocks import BlockCoder, Read
from .choice import smaller_in_blocks
from .coder import BLOCK, QUALITIES, Coded, CollectionCoder, is_picture
from .index import together

KIND = 1
#: Forms of a file (see the docstring).
BARE, RESIDUAL, BLOCKS, HALVED_BLOCKS = 0, 1, 2, 3
#: Most pictures in one file, and most bytes they may decode to.
MOST, MOST_BYTES = 10_000_000, 1 << 28

Progress = Callable[[float], None]


class Model(Protocol):
    """What this module asks of a network."""

    coder_: CollectionCoder | None

    @property
    def fingerprint(self) -> str:
        """16 hex digits."""
        ...

    @property
    def layout(self) -> tuple[int, ...]:
        """Sides of one sample."""
        ...

    @property
    def shape(self) -> Shape:
        """Height, width and channels of the map that a sample is read as."""
        ...

    def read(self, X: Any) -> Any:
        """X, checked."""
        ...

    def batch(self, X: Any, rows: NDArray[np.intp]) -> NDArray[np.floating]:
        """Maps of chosen rows of X."""
        ...


@dataclass(frozen=True)
class CollectionInfo:
    """Header of a collection file."""

    pictures: int
    quality: int
    surprise: bool  #: whether more is stored than what the top level predicts
    fingerprint: str  #: of the model that can read it
    size: int  #: bytes in all
    mosaic: tuple[int, int] | None = None  #: height and width of what the pictures are tiles of
    form: int = RESIDUAL

    @property
    def in_blocks(self) -> bool:
        """Whether every picture can be read by itself."""
        return self.form >= BLOCKS


def compress_collection(
    model: Model,
    X: Any,
    quality: int = 5,
    *,
    with_surprise: bool = True,
    progress: Progress | None = None,
    mosaic: tuple[int, int] | None = None,
) -> bytes:
    """Pictures as the bytes of a ``.htmc`` file.

    Parameters
    ----------
    model : HTM
        Fitted on pictures of the same shape.
    X : array (n, h, w[, c]) or rows
        Bytes, or intensities from 0 to 1.
    quality : int
        1 (fewest bytes) to 10 (nearest to the pictures).
    with_surprise : bool
        Whether to store more than what the network's top level predicts.
    progress : callable, optional
        Called with the part done; an exception it raises ends the work.
    mosaic : (height, width), optional
        Size of the picture that these are the tiles of; kept in the header.

    Raises
    ------
    DataError
        If the pictures do not fit the network, or it has no tables for files.
    """
    coder = _coder(model)
    if not (isinstance(quality, int | np.integer) and 1 <= quality <= QUALITIES):
        raise DataError(f"quality must be a whole number from 1 to {QUALITIES}, got {quality!r}.")
    sides = _sides(mosaic)
    X = model.read(X)
    if X.size > MOST_BYTES:
        most = MOST_BYTES * len(X) // X.size
        raise DataError(f"One file holds at most {most:,} of these pictures; write several.")
    blocks = coder.blocks if with_surprise else None
    first, level = _checked(model.batch(X, np.arange(min(BLOCK, len(X))))), int(quality) - 1
    done, parts = 0, []
    if blocks is not None and smaller_in_blocks(coder, blocks, first, quality):
        halved = blocks.is_halved(first, level)
        form = HALVED_BLOCKS if halved else BLOCKS
        found = _each(model, X, _in_blocks, blocks, level, halved)
    else:
        form = RESIDUAL if with_surprise else BARE
        found = _each(model, X, _coded, coder, int(quality), with_surprise)
    for part in found:
        parts.append(part)
        done += len(part) if form >= BLOCKS else BLOCK
        if progress is not None:
            progress(min(1.0, done / len(X)))
    if form >= BLOCKS:
        payload = together([one for part in parts for one in part])
    else:
        payload = coder.write(_together(parts), int(quality))
    fields = (len(X), int(quality), form, *sides)
    return pack(KIND, bytes.fromhex(model.fingerprint), fields, payload)


def _sides(mosaic: Any) -> tuple[int, ...]:
    """Height and width of the picture that tiles are of; none without a mosaic."""
    sides = () if mosaic is None else tuple(np.ravel(mosaic))
    if len(sides) not in (0, 2) or not all(isinstance(one, int | np.integer) for one in sides):
        raise DataError("mosaic is the height and width of the picture that these are tiles of.")
    return tuple(map(int, sides))


def _each(model: Model, X: Any, work: Callable[..., Iterator[Any]], *fixed: Any) -> Iterator[Any]:
    """What ``work(maps, *fixed)`` gives of a block of maps after the other."""
    if hasattr(X, "each"):  # a Dask array, which knows who works on it
        for found in X.each(BLOCK, _of_rows, work, tuple(model.shape), *fixed):
            yield from found
        return
    for start in range(0, len(X), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(X)))
        yield from work(_checked(model.batch(X, rows)), *fixed)


def _of_rows(
    rows: NDArray[Any], work: Callable[..., Iterator[Any]], shape: Shape, *fixed: Any
) -> list[Any]:
    """The same of rows as they lie in the data; what a worker calls."""
    return list(work(_checked(as_maps(rows, shape)), *fixed))


def _checked(maps: NDArray[np.floating]) -> NDArray[np.floating]:
    if not is_picture(maps):
        raise DataError("Files hold pictures: intensities from 0 to 1, or bytes.")
    return maps


def _coded(maps: NDArray[np.floating], coder: CollectionCoder, *how: Any) -> Iterator[Coded]:
    yield coder.encode(maps, *how)


def _in_blocks(maps: NDArray[np.floating], blocks: BlockCoder, *how: Any) -> Iterator[list[bytes]]:
    return blocks.encode(maps, *how)


def _together(parts: list[Coded]) -> Coded:
    tiles = None
    if parts[0].tiles is not None:
        all_tiles = [part.tiles for part in parts if part.tiles is not None]
        winners = np.concatenate([t.winners for t in all_tiles])
        # Values stand in order of position, then picture; blocks hold them per block.
        place = np.concatenate([np.nonzero(t.winners.T > 0)[0] for t in all_tiles])
        order = np.argsort(place, kind="stable")
        q = np.concatenate([t.q for t in all_tiles])[order]
        tiles = residual_units.Tiles(winners, q, np.concatenate([t.bits for t in all_tiles]))
    return Coded(
        np.concatenate([p.winners for p in parts]),
        np.concatenate([p.weights for p in parts]),
        np.concatenate([p.q for p in parts]),
        tiles,
        np.concatenate([p.top_bits for p in parts]),
    )


def decompress_collection(
    data: bytes | memoryview, model: Model, *, numbers: Sequence[int] | None = None
) -> NDArray[np.uint8]:
    """Pictures as bytes, laid out as the model's training data, from a ``.htmc`` file.

    Parameters
    ----------
    data : bytes
    model : HTM
        The network that wrote the file.
    numbers : sequence of int, optional
        Which pictures, from 0 on; all if not given.  From a file in blocks no others are decoded.

    Raises
    ------
    FormatError
        If the file is not a collection, or damaged.
    ModelMismatchError
        If another network wrote it.
    DataError
        If the file has no picture of such a number.
    """
    coder, container, info = open_collection(data, model)
    which = range(info.pictures) if numbers is None else list(numbers)
    # A header may claim millions, so nothing is done for each before the payload is read.
    if numbers is not None and not all(0 <= number < info.pictures for number in which):
        raise DataError(f"This file holds {info.pictures:,} pictures, numbered from 0.")
    if info.in_blocks:
        found = [one.picture for one in read_blocks(coder, container, info, which)]
        shape = (0, *model.layout)
        pictures = np.stack(found) if found else np.zeros(shape, np.uint8)
    else:
        coded = coder.read(bytes(container.payload), info.pictures, info.quality, info.surprise)
        pictures = coder.decode(coded, info.quality)[np.array(which, np.intp)]
    return pictures.reshape(len(which), *model.layout)


def read_blocks(
    coder: CollectionCoder, container: Container, info: CollectionInfo, which: Sequence[int]
) -> Iterator[Read]:
    """Pictures of an opened file in blocks, by their numbers.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    if coder.blocks is None or info.pictures > len(container.payload):
        raise FormatError("This file claims more pictures than one file may hold.")
    halved, level = info.form == HALVED_BLOCKS, info.quality - 1
    if halved and coder.blocks.shape[2] == 1:
        raise FormatError("This file's header asks for what no collection holds.")
    payload = bytes(container.payload)
    return coder.blocks.decode(payload, info.pictures, level, halved, which)


def open_collection(
    data: bytes | memoryview, model: Model
) -> tuple[CollectionCoder, Container, CollectionInfo]:
    """Check that a file and a model belong together; the first half of decompressing.

    Raises
    ------
    FormatError, ModelMismatchError, DataError
        As :func:`decompress_collection`.
    """
    coder = _coder(model)
    container, info = _open(data)
    if info.fingerprint != model.fingerprint:
        raise ModelMismatchError(
            f"This file was written with model {info.fingerprint}; "
            f"the model at hand is {model.fingerprint}."
        )
    # A header may claim anything: what it claims must be small enough to hold.  How many
    # pictures the payload has shows in reading only; any number may take no bytes at all.
    if info.pictures * int(np.prod(model.layout)) > MOST_BYTES:
        raise FormatError("This file claims more pictures than one file may hold.")
    return coder, container, info


def inspect_collection(data: bytes | memoryview) -> CollectionInfo:
    """Header of a collection file, read without its model.

    Raises
    ------
    FormatError
        If the file is not a collection, or damaged.
    """
    return _open(data)[1]


def _open(data: bytes | memoryview) -> tuple[Container, CollectionInfo]:
    data = bytes_of(data)
    container = unpack(data, "a collection's file")
    if container.kind != KIND:
        raise FormatError(wrong(data, "a collection's file"))
    if len(container.fields) not in (3, 5):
        raise FormatError("This file is not a collection of pictures.")
    pictures, quality, form, *mosaic = container.fields
    sides = (mosaic[0], mosaic[1]) if mosaic else None
    known = 0 < pictures <= MOST and 1 <= quality <= QUALITIES and form <= HALVED_BLOCKS
    if not known or (sides and not all(0 < side < 1 << 31 for side in sides)):
        raise FormatError("This file's header asks for what no collection holds.")
    return container, CollectionInfo(
        pictures, quality, form != BARE, container.fingerprint.hex(), len(data), sides, form
    )


def _coder(model: Model) -> CollectionCoder:
    coder = getattr(model, "coder_", None)
    if coder is None:
        raise DataError("This network has no tables for files yet: call measure_coder(X) first.")
    return coder
