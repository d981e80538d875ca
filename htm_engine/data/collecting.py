"""Many pictures of many sizes brought to one array, and arrays to one size.

::

    Members (folder or ZIP) ──► read_picture ──► grey or colour ──► fit to one size ──► X, y
                                     └► one sentence for each file that is left out

A picture of another shape is **cropped at its centre**, never squeezed or padded: bars
that no camera saw would be learned like everything else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import files
from ..errors import DataError
from .apart import Patience, Told, patience
from .uploads import Limits, Member, is_hidden, read_picture, shown

DEFAULT_SIDE = 32  #: side of pictures that have to be brought to a common size
LARGEST_COMMON_SIDE = 256  #: pictures of one size up to this keep it
MOST_KEPT = 1 << 28  #: bytes that pictures of one such size may take together
_MOST_SENTENCES = 50

Pixels = NDArray[np.uint8]


def checked_size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Bring ``size`` to ``(height, width)``; one number means a square."""
    if size is None:
        return None
    whole = int | np.integer
    sides = tuple(size) if isinstance(size, list | tuple | np.ndarray) else (size, size)
    known = len(sides) == 2 and all(isinstance(side, whole) for side in sides)
    if not known or not all(1 <= int(side) <= 1024 for side in sides):
        raise DataError("The size must be one number, or height and width, from 1 to 1024.")
    return int(sides[0]), int(sides[1])


def in_colours(X: Pixels, colour: bool, single: bool = False) -> Pixels:
    """Bring pictures to RGB (``colour``) or to grey (ITU-R 601 luma, in integers).

    ``X`` is ``(n, h, w)`` or ``(n, h, w, 3)``; with ``single``, one picture without the
    first axis.
    """
    has_colour = X.ndim == (3 if single else 4)
    if has_colour == colour:
        return X
    if colour:
        return np.repeat(X[..., None], 3, axis=-1)
    luma = X[..., 0] * np.uint32(19595) + X[..., 1] * np.uint32(38470)
    return ((luma + X[..., 2] * np.uint32(7471) + 32768) >> 16).astype(np.uint8)


def coloured(picture: Pixels) -> bool:
    """Whether one picture has any colour: stored as RGB, and not in grey alone."""
    if picture.ndim == 2:
        return False
    return bool((picture[..., :1] != picture[..., 1:]).any())


def fit(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Crop one picture at its centre to the shape of ``size`` and resample it to it.

    Parameters
    ----------
    picture : ndarray of uint8 (h, w) or (h, w, 3)
    size : (height, width)

    Returns
    -------
    ndarray of uint8 (height, width) or (height, width, 3)
    """
    height, width = picture.shape[:2]
    if (height, width) == size:
        return picture
    zoom = min(height / size[0], width / size[1])
    box_h, box_w = size[0] * zoom, size[1] * zoom
    top, left = max(0.0, (height - box_h) / 2), max(0.0, (width - box_w) / 2)
    box = (left, top, min(width, left + box_w), min(height, top + box_h))
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.LANCZOS, box=box))


def default_size(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Choose the size of pictures when nobody did: their common one if small, or 32 x 32."""
    height, width = shapes[0][:2]
    is_common = all(shape[:2] == (height, width) for shape in shapes)
    if is_common and max(height, width) <= LARGEST_COMMON_SIDE:
        return height, width
    return DEFAULT_SIDE, DEFAULT_SIDE


def part_of(members: Sequence[Member], split: str) -> list[Member]:
    """Choose the members of a part: where everything lies in folders "train" and "test", one.

    Without such folders, everything is the train part; files beside them, such as a
    licence, belong to neither.
    """
    folders = [member.name.split("/")[:-1] for member in members]
    shared = len(os.path.commonprefix(folders))  # works on any sequences, not only text
    parts = [f[shared].lower() if len(f) > shared else "" for f in folders]
    if set(parts) - {""} != {"train", "test"}:
        return list(members) if split == "train" else []
    return [member for member, part in zip(members, parts, strict=True) if part == split]


def fit_all(X: Pixels, size: tuple[int, int] | None) -> Pixels:
    """Bring an array of pictures to ``size``, or leave it untouched."""
    if size is None or X.shape[1:3] == size:
        return X
    return np.stack([fit(picture, size) for picture in X])


def folder_members(folder: Path, limits: Limits) -> list[Member]:
    """List the files below a folder, hidden ones left out, in the order of their names."""
    members = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        for file in names:
            path = Path(root, file)
            name = path.relative_to(folder).as_posix()
            if not is_hidden(name) and path.is_file():
                members.append(Member(name, _file_reader(path, limits)))
        if len(members) > limits.max_files:
            raise DataError(f"The folder holds more than {limits.max_files:,} files.")
    return sorted(members, key=lambda member: member.name)


def _file_reader(path: Path, limits: Limits) -> Callable[[], bytes]:
    return lambda: read_file(path, limits)


def read_file(path: Path, limits: Limits) -> bytes:
    """Read a file whole, never more than the limit."""
    try:
        return files.read(path, limits.max_bytes, shown(path.name))
    except OSError as exc:
        raise DataError(f"{shown(path.name)} cannot be read: {exc.strerror}.") from exc


def collect(
    members: Sequence[Member],
    *,
    name: str,
    size: tuple[int, int] | None,
    colour: bool | None,
    limit: int | None,
    rng: np.random.Generator,
    limits: Limits,
    told: Told | None = None,
) -> tuple[Pixels, NDArray[np.int64] | None, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Decode members into one array.

    With ``colour`` None all are in colour if any is; with ``limit``, a random choice of that
    many readable pictures, in their own order.  Sub-folders become labels.  Without ``size``,
    pictures of one size of at most 256 x 256 keep it, if they fit; else each gets 32 x 32.
    ``told`` as in :func:`~htm_engine.data.datasets.load_upload`.

    Returns
    -------
    X : ndarray of uint8 (n, h, w[, 3])
    y : ndarray of int (n,) or None
    label_names : tuple of str
    skipped, notes : tuple of str
        A sentence for each file left out; one if colour was lost.
    """
    order: Sequence[int] = range(len(members))
    if limit is not None and limit < len(members):
        order = rng.permutation(len(members)).tolist()
    kept: dict[int, Pixels] = {}
    skipped: list[str] = []
    held = turned_grey = 0
    bound = _Bound(name, limits)
    for place, index in enumerate(order):
        if limit is not None and len(kept) >= limit:
            break
        waits = patience(told, place / len(order))
        try:
            picture, lost = _decoded(members[index], colour, bound, waits)
        except _TooManyError:
            raise
        except DataError as exc:
            skipped.append(str(exc))
            continue
        turned_grey += lost
        # Larger than any common size means 32 x 32 anyway, so never hold it in memory.
        if size is None and max(picture.shape[:2]) > LARGEST_COMMON_SIDE:
            size = (DEFAULT_SIDE, DEFAULT_SIDE)
        held += picture.nbytes
        if size is None and held > MOST_KEPT:
            size = (DEFAULT_SIDE, DEFAULT_SIDE)
            kept = {place: fit(one, size) for place, one in kept.items()}
        kept[index] = picture if size is None else fit(picture, size)
    if not kept:
        raise _none(name, skipped)
    pictures = _alike([kept[index] for index in sorted(kept)], colour)
    size = size or default_size([picture.shape for picture in pictures])
    X = np.stack([fit(picture, size) for picture in pictures])
    y, label_names = _labels([members[index].name for index in sorted(kept)])
    return X, y, label_names, _told(skipped), colour_lost(turned_grey, len(X))


class _TooManyError(DataError):
    """All pictures together are too large, which no one of them is to blame for."""


class _Bound:
    """Pixels of all pictures together, those included that fail while they are decoded.

    What fails has taken its time too: a file of damaged pictures would have no other end.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.limits, self._name, self._pixels = limits, name, 0

    def take(self, pixels: int) -> None:
        """Count a picture that is about to be decoded; raises if it is too much."""
        self._pixels += pixels
        if self._pixels > self.limits.max_pixels_total:
            raise _TooManyError(
                f"{shown(self._name)} holds more than "
                f"{self.limits.max_pixels_total / 1e6:,.0f} megapixels together; send fewer or "
                "smaller pictures."
            )


def _none(name: str, skipped: list[str]) -> DataError:
    """That nothing could be read, and why the first file could not."""
    first = f" {skipped[0]}" if skipped else ""
    return DataError(f"{shown(name)} holds no picture that can be read.{first}")


def _told(skipped: list[str]) -> tuple[str, ...]:
    """Sentences for files left out, and for the rest of many one."""
    if len(skipped) > _MOST_SENTENCES:
        rest = len(skipped) - _MOST_SENTENCES
        skipped = [*skipped[:_MOST_SENTENCES], f"{rest:,} more files were left out."]
    return tuple(skipped)


def colour_lost(count: int, of: int) -> tuple[str, ...]:
    """A note that so many pictures were in colour and are no more; none if it is none."""
    return (f"Colour was left out of {count:,} of {of:,} pictures.",) * (count > 0)


def _alike(pictures: list[Pixels], colour: bool | None) -> list[Pixels]:
    """All grey or all in colour: as asked, or in colour if any is."""
    if colour is None:
        colour = any(coloured(picture) for picture in pictures)
    return [in_colours(picture, colour, single=True) for picture in pictures]


def _decoded(
    member: Member, colour: bool | None, bound: _Bound, waits: Patience | None
) -> tuple[Pixels, bool]:
    """One member's picture, in colours as asked, and whether it lost some."""
    picture = read_picture(
        member.read(),
        member.name,
        max_pixels=bound.limits.max_pixels_each,
        patience=waits,
        begins=bound.take,
    ).pixels
    if colour is None:
        return picture, False
    return in_colours(picture, colour, single=True), not colour and coloured(picture)


def _labels(names: list[str]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Take the first folder in which the names differ as the label."""
    folders = [name.split("/")[:-1] for name in names]
    shared = len(os.path.commonprefix(folders))  # works on any sequences, not only text
    kinds = [parts[shared] if len(parts) > shared else "" for parts in folders]
    if len(set(kinds)) < 2:
        return None, ()
    label_names, y = np.unique(kinds, return_inverse=True)
    return y.astype(np.int64), tuple(shown(str(n)) if n else "(no folder)" for n in label_names)
