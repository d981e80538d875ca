"""Small files of every kind, made in memory for the tests of what comes from outside."""

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
RGB = np.stack([GREY, 255 - GREY, GREY // 2], axis=-1)


def saved(picture, kind="PNG", **options):
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def zipped(files, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def idx(array, code=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + (
        array.tobytes()
    )


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width, height):
    """Make a PNG that declares a size and carries no pixels to speak of."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = (
        png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", zlib.compress(b"\0"))
        + png_chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def png_of(depth, kind, rows, **chunks):
    """A PNG of any depth, written by hand: Pillow writes no 16-bit colour and no 2-bit grey."""
    bits = {0: 1, 2: 3, 4: 2, 6: 4}[kind] * depth
    width = len(rows[0]) * 8 // bits
    head = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    more = b"".join(png_chunk(name.encode(), content) for name, content in chunks.items())
    pixels = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    ends = png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + more + pixels + ends
