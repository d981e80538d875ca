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


#: Red, green and blue under D50.
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
#: The curve of sRGB, by its parameters; and a straight one.
CURVE = b"para\0\0\0\0\0\3\0\0" + struct.pack(
    ">5i", *(round(one * 65536) for one in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)
LINEAR = b"curv\0\0\0\0" + struct.pack(">I2H", 2, 0, 65535)


def icc(name, primaries=SRGB, curve=CURVE, space=b"RGB ", more=()):
    """A profile of ICC's version 4 by a matrix and one curve."""
    words = name.encode("utf-16-be")
    described = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(words), 28) + words
    tags = {b"desc": described, **dict(more)}
    for colour, xyz in zip(b"rgb", primaries, strict=True):
        tags[bytes([colour]) + b"XYZ"] = b"XYZ \0\0\0\0" + struct.pack(
            ">3i", *(round(one * 65536) for one in xyz)
        )
        tags[bytes([colour]) + b"TRC"] = curve
    table, contents = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        start = 128 + 4 + 12 * len(tags) + len(contents)
        table += tag + struct.pack(">II", start, len(content))
        contents += content + bytes(-len(content) % 4)
    head = b"htms" + b"\4\0\0\0" + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    head = struct.pack(">I", 128 + len(table) + len(contents)) + head
    return head.ljust(128, b"\0") + table + contents


def display_p3():
    """A profile of the screens of phones."""
    return icc("Display P3", P3)


def exif_of(orientation=1):
    """EXIF data of a camera that knows where it is; a maker's note lies behind."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A maker", orientation
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes().removeprefix(b"Exif\0\0") + b"a note"
