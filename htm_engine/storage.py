"""Model files: settings as JSON and weights as arrays in one ``.npz``, nothing executable.

A model file is a ZIP archive, deflated, of at most 1000 entries and 512 MiB unpacked::

    header.json.npy   uint8 (n,), the bytes of a JSON object of four keys:
                      "format"       "htm-model"
                      "version"      1
                      "fingerprint"  16 hex digits, see below
                      "settings"     an object; what it holds is the kind of model's own
    NAME.npy          one array each: float32 or float64, all finite; uint8, uint16 or
                      uint32; int32 or int64.  Little-endian, row by row (C order), in
                      version 1.0 or 2.0 of the .npy format

The fingerprint is the first 8 bytes of the SHA-256 of, one after the other, the settings as
JSON (ASCII, keys sorted, ``", "`` and ``": "`` between items) and of each array in the
order of names the text ``NAME:TYPE:SHAPE;`` (as NumPy prints the last two, such as
``m:<f4:(16, 3);``) and its bytes.  So a changed bit of settings or weights is found.
Nothing is unpickled, and sizes are checked before anything is inflated.  The same model
gives the same bytes: ``header.json`` comes first, then arrays by name, all dated 1 January
1980.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import files
from .errors import DataError, ModelError
from .kinds import wrong

FORMAT, VERSION = "htm-model", 1
#: A model larger than this is refused before it is read.
LARGEST = 512 * 2**20
#: Types of arrays a model may hold.
TYPES = ("<f4", "<f8", "|u1", "<u2", "<u4", "<i4", "<i8")

Arrays = Mapping[str, NDArray[Any]]


def plain(value: Any) -> Any:
    """A NumPy scalar as the number, truth or text that it is; anything else as it is.

    >>> plain(np.int64(2)), plain([np.bool_(True)]), plain("x")
    (2, [True], 'x')
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def fingerprint(header: Mapping[str, Any], arrays: Arrays) -> str:
    """16 hex digits that name the content: settings and weights."""
    digest = hashlib.sha256(json.dumps(plain(header), sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def save(target: str | Path | BinaryIO, header: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a model file, whole or not at all; equal content gives equal bytes."""
    if not isinstance(target, str | Path) and not hasattr(target, "write"):
        raise DataError("A model is saved to a path or an open file.")
    header = plain(header)
    full = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": fingerprint(header, arrays),
        "settings": header,
    }
    text = np.frombuffer(json.dumps(full, sort_keys=True).encode(), np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (("header.json", text), *sorted(arrays.items())):
            # A fixed date keeps the file the same whenever it is written.
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(entry, part.getvalue())
    if isinstance(target, str | Path):
        files.write(target, buffer.getvalue())
    else:
        target.write(buffer.getvalue())


def load(source: str | Path | BinaryIO) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read settings and arrays of a model file.

    Raises
    ------
    ModelError
        If the file is not one of ours, damaged, too large, or of another version.
    FileNotFoundError
        If a path does not exist.
    """
    if not isinstance(source, str | Path) and not hasattr(source, "read"):
        raise ModelError("A model is loaded from a path or an open file, such as io.BytesIO(data).")
    data = _bytes_of(source) if isinstance(source, str | Path) else source.read()
    if not data.startswith(b"PK"):
        raise ModelError(wrong(data, "a model"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > LARGEST or len(entries) > 1000:
                raise ModelError("This model file is larger than any model we write.")
            names = [entry.filename for entry in entries]
            if "header.json.npy" not in names:
                raise ModelError(wrong(data, "a model"))
            arrays = {
                entry.filename.removesuffix(".npy"): _read_array(archive, entry)
                for entry in entries
            }
    except ModelError:
        raise
    except MemoryError as exc:
        raise ModelError("There is not enough memory to open this model file.") from exc
    except Exception as exc:  # zipfile, zlib and the .npy reader raise many kinds
        raise ModelError("This is not a readable model file, or part of it is missing.") from exc
    return _check(arrays)


def _bytes_of(path: str | Path) -> bytes:
    try:
        return files.read(path, LARGEST)
    except DataError as exc:
        raise ModelError(str(exc)) from exc


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise ModelError("This model file is damaged: a part has the wrong length.")
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ModelError("This model file holds an array of an unknown kind.")
    reader = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = reader(stream)
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
    if dtype.str not in TYPES or fortran or size != len(content) - stream.tell():
        raise ModelError("This model file holds an array of an unknown kind or a wrong size.")
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape).copy()


def _check(arrays: dict[str, NDArray[Any]]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        header = json.loads(arrays.pop("header.json").tobytes())
        ours = header["format"] == FORMAT
        version, settings, name = header["version"], header["settings"], header["fingerprint"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as exc:
        raise ModelError("This file has no header of an HTM Studio model.") from exc
    if not ours or not isinstance(settings, dict):
        raise ModelError("This file has no header of an HTM Studio model.")
    if version != VERSION:
        raise ModelError(
            f"This model was written in format version {version!r}; "
            f"this release reads version {VERSION}."
        )
    if fingerprint(settings, arrays) != name:
        raise ModelError("This model file is damaged: its content does not match its fingerprint.")
    for array in arrays.values():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelError("This model file holds numbers that are not finite.")
    return settings, arrays
