"""The gate for arrays that come as bytes: IDX, NPY and NPZ, and their values as grey levels.

::

    bytes ──► header: dtype, shape ──► shape against the bytes there are ──► array ──► uint8
              (nothing allocated yet)   and against Limits.max_total         (view)    levels

IDX is the format of MNIST: two zero bytes, one byte of type, one of dimensions, each
dimension as a big-endian 32-bit integer, then the values; it may be gzipped.  NPZ is a
ZIP of NPY files.  Nothing here unpickles: arrays of objects are refused by their header.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .uploads import UPLOAD, Limits, check_bytes, open_zip, read_member, shown, too_little

IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
NPY_MAGIC = b"\x93NUMPY"
GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 22  # values converted at a time, so that temporaries stay small


def looks_like_idx(data: bytes) -> bool:
    """Tell an IDX header (plain, not gzipped) from its first four bytes."""
    return len(data) >= 4 and data[:2] == b"\0\0" and data[2] in IDX_TYPES and data[3] > 0


def read_idx(data: bytes, name: str, limits: Limits = UPLOAD) -> NDArray[Any]:
    """Read an IDX file, gzipped or not.

    Returns
    -------
    ndarray
        In the shape and type its header declares.

    Raises
    ------
    DataError
        If it is not IDX, declares more than ``limits.max_total`` bytes, or holds
        fewer or more bytes than its header declares.
    """
    label = shown(name)
    check_bytes(data, name, limits)
    zipped = data.startswith(GZIP_MAGIC)
    stream: Any = gzip.GzipFile(fileobj=io.BytesIO(data)) if zipped else io.BytesIO(data)
    try:
        head = stream.read(4)
        if not looks_like_idx(head):
            raise DataError(f"{label} is not an IDX file (the format of MNIST's data).")
        sizes = stream.read(4 * head[3])
        if len(sizes) != 4 * head[3]:
            raise DataError(f"{label} is cut short inside its header.")
        shape = struct.unpack(f">{head[3]}I", sizes)
        dtype = np.dtype(IDX_TYPES[head[2]])
        count = _checked_bytes(shape, dtype, label, limits)
        body = stream.read(count + 1)
    except DataError:
        raise
    except MemoryError as exc:
        raise too_little(label) from exc
    except Exception as exc:  # gzip answers damage with OSError, EOFError, zlib.error, ...
        raise DataError(f"{label} is damaged or cut short.") from exc
    return _from_body(body, shape, dtype, label)


def read_npy(data: bytes, name: str, limits: Limits = UPLOAD) -> NDArray[Any]:
    """Read one NPY file, its header checked before its values are looked at.

    Raises
    ------
    DataError
        If it is not NPY, holds objects, text or records, or is not as long as declared.
    """
    label = shown(name)
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            header = np.lib.format.read_array_header_2_0(stream)
        else:
            raise DataError(f"{label} is an NPY file of a version that is not read here.")
        shape, fortran, dtype = header
    except DataError:
        raise
    except MemoryError as exc:
        raise too_little(label) from exc
    except Exception as exc:  # the header is a Python literal: any parser error may come
        raise DataError(f"{label} is not an NPY file, or its header is damaged.") from exc
    if dtype.kind not in "buifUS":
        raise DataError(f"{label} holds {dtype} values; only plain numbers are read.")
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise DataError(f"{label} declares the impossible shape {shown(str(shape))}.")
    _checked_bytes(shape, dtype, label, limits)
    body = memoryview(data)[stream.tell() :]  # a view: the values are not copied
    array = _from_body(body, shape[::-1] if fortran else shape, dtype, label)
    return array.transpose() if fortran else array


def read_npz(data: bytes, name: str, limits: Limits = UPLOAD) -> dict[str, NDArray[Any]]:
    """Read every array of an NPZ file: a dictionary by name.

    Raises
    ------
    DataError
        As :func:`read_npy` and :func:`htm_engine.data.uploads.open_zip`.
    """
    archive = open_zip(data, name, limits)
    arrays = {}
    for entry in archive.infolist():
        if entry.filename.endswith(".npy"):
            label = f"{entry.filename} in {name}"
            content = read_member(archive, entry, shown(label))
            arrays[entry.filename[:-4]] = read_npy(content, label, limits)
    if not arrays:
        raise DataError(f"{shown(name)} holds no arrays.")
    return arrays


def _checked_bytes(shape: tuple[int, ...], dtype: np.dtype[Any], label: str, limits: Limits) -> int:
    if len(shape) > 8:
        raise DataError(f"{label} declares an array of {len(shape)} dimensions.")
    if 0 in shape:
        raise DataError(f"{label} is empty: it declares the shape {shown(str(shape))}.")
    count = math.prod(shape) * dtype.itemsize  # Python integers: cannot wrap around
    if count > limits.max_total:
        raise DataError(
            f"{label} declares {count / 2**20:,.0f} MB of values; at most "
            f"{limits.max_total / 2**20:,.0f} MB are read."
        )
    return count


def _from_body(
    body: bytes | memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], label: str
) -> NDArray[Any]:
    count = math.prod(shape) * dtype.itemsize
    if len(body) < count:
        raise DataError(f"{label} is cut short: it declares {count:,} bytes of values.")
    if len(body) > count:
        raise DataError(f"{label} holds more bytes than its header declares.")
    try:
        return np.frombuffer(body, dtype).reshape(shape)
    except MemoryError as exc:
        raise too_little(label) from exc
    except Exception as exc:  # a text type of width zero, for one
        raise DataError(f"{label} cannot be read as an array.") from exc


def to_pictures(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Bring an array to pictures: uint8 ``(n, h, w)`` or ``(n, h, w, 3)``.

    Shapes: ``(n, h, w)``, ``(n, h, w, 1 or 3)``, ``(n, 1 or 3, h, w)``, and rows
    ``(n, s * s)``, which are read as square pictures.  Values: uint8 is kept as it is
    (a memory map stays one), booleans become 0 and 255, other integers must lie in
    0..255 (unsigned 16-bit ones are scaled down when they do not), and floats in
    0..1 or 0..255.

    Raises
    ------
    DataError
        If the shape is none of these, a value is not finite, or the range is another.
    """
    label = shown(name)
    if 0 in array.shape:
        raise DataError(f"{label} is empty: its shape is {shown(str(array.shape))}.")
    if array.ndim == 2:
        side = math.isqrt(array.shape[1])
        if side * side != array.shape[1]:
            raise DataError(
                f"{label} has rows of {array.shape[1]} values, which make no square picture; "
                "give it the shape (pictures, height, width)."
            )
        array = array.reshape(len(array), side, side)
    if array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):
        array = np.moveaxis(array, 1, -1)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3 and not (array.ndim == 4 and array.shape[3] == 3):
        raise DataError(
            f"{label} has the shape {shown(str(array.shape))}; pictures have "
            "(pictures, height, width) or (pictures, height, width, 3)."
        )
    return to_levels(array, label)


def to_levels(array: NDArray[Any], label: str) -> NDArray[np.uint8]:
    """Bring values to grey levels 0..255 in uint8, as :func:`to_pictures` says."""
    if array.dtype == np.uint8:
        return array
    kind = array.dtype.kind
    if kind not in "buif":
        raise DataError(f"{label} holds {array.dtype} values; pictures are made of numbers.")
    step = max(1, _CHUNK // max(1, math.prod(array.shape[1:])))
    parts = [slice(start, start + step) for start in range(0, len(array), step)]
    low, high = math.inf, -math.inf
    for part in parts:
        if kind == "f" and not np.isfinite(array[part]).all():
            raise DataError(f"{label} holds values that are not a number or are infinite.")
        low, high = min(low, float(array[part].min())), max(high, float(array[part].max()))
    factor = 1.0
    if kind == "b" or (kind == "f" and high <= 1):
        factor = 255.0
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2 and high > 255:
        factor = 1 / 257
    if low < 0 or high * factor > 255:
        raise DataError(
            f"{label} holds values from {low:g} to {high:g}; pictures have 0 to 1 or 0 to 255."
        )
    levels = np.empty(array.shape, np.uint8)
    for part in parts:
        levels[part] = np.rint(array[part].astype(np.float64) * factor)
    return levels


def to_labels(
    array: NDArray[Any], count: int, name: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Bring labels (numbers or text, or one column per label) to indices and their names.

    Returns
    -------
    y : ndarray of int (count,)
    label_names : tuple of str
        In the order of the values.

    Raises
    ------
    DataError
        If there is not one label for every picture, or a label is not finite.
    """
    label = shown(name)
    if array.ndim == 2 and len(array) == count and array.shape[1] > 1 and array.dtype.kind != "U":
        array = array.argmax(axis=1)
    array = array.reshape(-1)
    if len(array) != count:
        raise DataError(f"{label} has {count:,} pictures but {len(array):,} labels.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{label} has labels that are not a number or are infinite.")
    values, y = np.unique(array, return_inverse=True)
    texts = (v.decode("utf-8", "replace") if isinstance(v, bytes) else f"{v}" for v in values)
    return y.reshape(-1).astype(np.int64), tuple(shown(text) for text in texts)
