"""Data of every origin as one thing: uint8 pictures of one size, with where they came from.

::

    name ("digits", "photo-patches", "scenes") ──┐
    path (folder, picture, ZIP, IDX, NPY, NPZ) ──┼──► Dataset(X, y, source, licence, skipped)
    upload (file name and bytes) ────────────────┘

Files and uploads go the same way, through the gates of :mod:`~htm_engine.data.uploads` and
:mod:`~htm_engine.data.arrayfiles`.  Nothing is downloaded.  A ``.npy`` file of uint8 pictures
given by path is mapped into memory, not read, so it may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..files import as_bytes
from . import apart, arrayfiles, collecting, uploads
from .dataset import Dataset
from .named import NAMED
from .uploads import LOCAL, UPLOAD, Limits, Member, shown

Size = int | Sequence[int] | None
SPLITS = ("train", "test")
__all__ = ["Dataset", "dataset_names", "describe", "load_dataset", "load_upload"]

FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_PICTURE_KEYS = {"train": ("x", "images", "x_train"), "test": ("x_test",)}
_LABEL_KEYS = {"train": ("y", "labels", "y_train"), "test": ("y_test",)}


def dataset_names() -> tuple[str, ...]:
    """List the names that :func:`load_dataset` knows."""
    return tuple(NAMED)


def describe(name: str) -> str:
    """Say in one sentence what a named set holds.

    Raises
    ------
    DataError
        If there is no set of that name.
    """
    if name not in NAMED:
        raise _unknown(name)
    return NAMED[name].about


def _unknown(name: str) -> DataError:
    return DataError(
        f"There is no dataset, file or folder called {shown(name)!r}; "
        f"the names are {', '.join(NAMED)}."
    )


def load_dataset(
    name_or_path: str | Path,
    *,
    size: Size = None,
    colour: bool | None = False,
    limit: int | None = None,
    random_state: int = 0,
    split: str = "train",
) -> Dataset:
    """Load a named set, or pictures from a file or folder.

    Parameters
    ----------
    name_or_path : str or Path
        "digits", "photo-patches" or "scenes"; or the path of a folder of pictures
        (sub-folders become labels), a folder of IDX files as MNIST's and
        Fashion-MNIST's, a picture, or a ZIP, IDX, IDX.gz, NPY or NPZ file (keys
        ``X``, ``images``, ``x_train``; ``y``, ``labels``, ``y_train``).
    size : int or (height, width), optional
        Size to bring pictures to, cropped at the centre where the shape differs.
        Default: arrays keep theirs; pictures that share a size of at most 256 x 256
        keep it, others become 32 x 32.
    colour : bool or None
        ``(n, h, w, 3)`` instead of grey ``(n, h, w)``; None: where any picture is in colour.
    limit : int, optional
        At most so many pictures, chosen at random; for "photo-patches" and "scenes",
        the number that is made (default 6,000 and 4,000).
    random_state : int
        Seed of that choice and of whatever is drawn.
    split : {"train", "test"}
        Which part, where there are two.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there is no such set or file, or it cannot be used.
    """
    options = _options(size, colour, limit, random_state, split, LOCAL)
    if isinstance(name_or_path, str) and name_or_path in NAMED:
        return _load_named(name_or_path, replace(options, colour=bool(colour)))
    if not isinstance(name_or_path, str | Path):
        raise DataError("A dataset is loaded by its name or from a path; arrays need no loading.")
    path = Path(name_or_path)
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as exc:  # a name too long, or with a zero byte
        raise _unknown(str(name_or_path)) from exc
    if not is_folder and not is_file:  # a device such as /dev/zero would never end
        if path.exists():
            raise DataError(f"{shown(str(path))} is a pipe or a device; give a file or a folder.")
        raise _unknown(str(name_or_path))
    if is_folder:
        return _load_folder(path, options)
    if path.suffix.lower() == ".npy":
        return _from_array(_map_npy(path), path.name, options)
    return _from_bytes(path.name, collecting.read_file(path, LOCAL), options)


def load_upload(
    filename: str,
    data: bytes,
    *,
    size: Size = None,
    colour: bool | None = None,
    limit: int | None = 20_000,
    random_state: int = 0,
    split: str = "train",
    limits: Limits = UPLOAD,
    told: apart.Told | None = None,
) -> Dataset:
    """Load what a visitor sent: a picture, ZIP, IDX, IDX.gz, NPY or NPZ file.

    Parameters
    ----------
    filename : str
        Shown in sentences only; the kind of file is found from its content.
    data : bytes
        The file's content.
    size, colour, limit, random_state, split
        As in :func:`load_dataset`; unless told otherwise, pictures keep their colour.
    limits : Limits
        What is refused as too large.
    told : callable, optional
        Called with the part done, 0 to 1, now and then; what it raises ends the reading.  With
        it, a picture that may take long is decoded by a process of its own, in 20 seconds or not.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        For anything that cannot be used, in a sentence that names the file.
    """
    options = _options(size, colour, limit, random_state, split, limits)
    return _from_bytes(filename, as_bytes(data), replace(options, told=told))


@dataclass(frozen=True)
class _Options:
    size: tuple[int, int] | None
    colour: bool | None
    limit: int | None
    random_state: int
    split: str
    limits: Limits
    told: apart.Told | None = None


def _options(
    size: Size,
    colour: bool | None,
    limit: int | None,
    random_state: int,
    split: str,
    limits: Limits,
) -> _Options:
    """Check what callers ask for; widgets are bounded in the browser only."""
    for name, value in (("limit", 1 if limit is None else limit), ("random_state", random_state)):
        if not isinstance(value, int | np.integer):
            raise DataError(f"{name} must be a whole number, got {value!r}.")
    if limit is not None and limit < 1:
        raise DataError("At least one picture must be loaded.")
    if random_state < 0:
        raise DataError("The seed must be zero or more.")
    if split not in SPLITS:
        raise DataError("The split must be 'train' or 'test'.")
    sides = collecting.checked_size(size)
    return _Options(
        sides, None if colour is None else bool(colour), limit, int(random_state), split, limits
    )


def _load_named(name: str, options: _Options) -> Dataset:
    named = NAMED[name]
    if options.split not in named.splits:
        raise _no_test_part(name)
    side = named.side if options.size is None else max(options.size)
    seed = (options.random_state, SPLITS.index(options.split))
    X, y = named.make(options.limit or named.count, side, seed)
    data = Dataset(name, X, y, named.label_names, named.source, named.licence)
    if options.limit is not None:
        data = data.take(options.limit, options.random_state)
    return replace(data, X=_finish(data.X, options))


def _finish(X: NDArray[np.uint8], options: _Options) -> NDArray[np.uint8]:
    """Apply size and colour; what already fits (a memory map, say) passes untouched."""
    X = collecting.fit_all(X, options.size)
    return X if options.colour is None else collecting.in_colours(X, options.colour)


def _no_test_part(name: str) -> DataError:
    return DataError(f"{shown(name)} has no test part of its own; hold out some of it instead.")


def _own(name: str, **fields: Any) -> Dataset:
    """Make a dataset of the user's own file or folder."""
    return Dataset(
        name=shown(name), source=f"Your own data: {shown(name)}.", licence="Yours", **fields
    )


def _from_bytes(filename: str, data: bytes, options: _Options) -> Dataset:
    """Find out what the bytes are and load them; the one way in for files and uploads."""
    uploads.check_bytes(data, filename, options.limits)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with uploads.open_zip(data, filename, options.limits) as archive:
            has_arrays = any(entry.endswith(".npy") for entry in archive.namelist())
        if has_arrays:
            return _from_npz(data, filename, options)
        return _from_members(uploads.read_zip(data, filename, options.limits), filename, options)
    if data.startswith(arrayfiles.NPY_MAGIC):
        return _from_array(arrayfiles.read_npy(data, filename, options.limits), filename, options)
    if data.startswith(arrayfiles.GZIP_MAGIC) or arrayfiles.looks_like_idx(data):
        return _from_array(arrayfiles.read_idx(data, filename, options.limits), filename, options)
    if options.split != "train":
        raise _no_test_part(filename)
    waits = apart.patience(options.told, 0.0)
    most = options.limits.max_pixels
    picture = uploads.read_picture(data, filename, max_pixels=most, patience=waits).pixels
    X = collecting.fit_all(picture[None], options.size or collecting.default_size([picture.shape]))
    lost = collecting.colour_lost(options.colour is False and collecting.coloured(picture), 1)
    colour = collecting.coloured(picture) if options.colour is None else options.colour
    X = collecting.in_colours(X, colour)
    return _own(filename, X=X, y=None, label_names=(), notes=lost)


def _from_members(members: Sequence[Member], name: str, options: _Options) -> Dataset:
    members = collecting.part_of(members, options.split)
    if not members and options.split != "train":
        raise _no_test_part(name)
    X, y, label_names, skipped, notes = collecting.collect(
        members,
        name=name,
        size=options.size,
        colour=options.colour,
        limit=options.limit,
        rng=np.random.default_rng(options.random_state),
        limits=options.limits,
        told=options.told,
    )
    return _own(name, X=X, y=y, label_names=label_names, skipped=skipped, notes=notes)


def _from_npz(data: bytes, filename: str, options: _Options) -> Dataset:
    arrays = arrayfiles.read_npz(data, filename, options.limits)
    by_key = {key.lower(): array for key, array in arrays.items()}
    found = [key for key in _PICTURE_KEYS[options.split] if key in by_key]
    if not found and len(arrays) == 1 and options.split == "train":
        found = list(by_key)
    if not found:
        raise DataError(
            f"{shown(filename)} needs an array called "
            f"{' or '.join(_PICTURE_KEYS[options.split])}; "
            f"it holds {shown(', '.join(arrays))}."
        )
    labels = [by_key[key] for key in _LABEL_KEYS[options.split] if key in by_key]
    return _from_array(
        by_key[found[0]],
        filename,
        replace(options, split="train"),  # the part has been chosen by its key
        labels=labels[0] if labels else None,
    )


def _from_array(
    array: NDArray[Any],
    name: str,
    options: _Options,
    *,
    labels: NDArray[Any] | None = None,
    label_names: tuple[str, ...] = (),
) -> Dataset:
    if options.split != "train":
        raise _no_test_part(name)
    X = arrayfiles.to_pictures(array, name)
    y = None
    if labels is not None:
        y, own_names = arrayfiles.to_labels(labels, len(X), name)
        label_names = label_names if len(label_names) == len(own_names) else own_names
    data = _own(name, X=X, y=y, label_names=label_names if y is not None else ())
    if options.limit is not None:
        data = data.take(options.limit, options.random_state)
    turned_grey = len(data) if X.ndim == 4 and options.colour is False else 0
    lost = collecting.colour_lost(turned_grey, len(data))
    return replace(data, X=_finish(data.X, options), notes=lost)


def _map_npy(path: Path) -> NDArray[Any]:
    """Map an ``.npy`` file into memory; its header and length are checked on the way."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except MemoryError as exc:
        raise uploads.too_little(shown(path.name)) from exc
    except Exception as exc:  # the header is a Python literal: any parser error may come
        raise DataError(
            f"{shown(path.name)} is not a readable NPY file of plain numbers, or is cut short."
        ) from exc
    if not isinstance(array, np.ndarray):  # a ZIP that is called .npy
        raise DataError(f"{shown(path.name)} is not an NPY file.")
    return array


def _load_folder(path: Path, options: _Options) -> Dataset:
    members = collecting.folder_members(path, options.limits)
    prefix = "train" if options.split == "train" else "t10k"
    idx = {
        part: member
        for member in members
        for part in ("images-idx3", "labels-idx1")
        if f"{prefix}-{part}" in member.name.replace(".", "-") and "/" not in member.name
    }
    if "images-idx3" not in idx:
        return _from_members(members, path.name, options)
    images = idx["images-idx3"]
    array = arrayfiles.read_idx(images.read(), images.name, options.limits)
    labels = None
    if "labels-idx1" in idx:
        member = idx["labels-idx1"]
        labels = arrayfiles.read_idx(member.read(), member.name, options.limits)
    is_fashion = "fashion" in path.resolve().name.lower()
    return _from_array(
        array,
        path.name,
        replace(options, split="train"),
        labels=labels,
        label_names=FASHION_NAMES if is_fashion else (),
    )
