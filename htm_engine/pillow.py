"""Photographs' files for Pillow: ``import htm_engine.pillow`` and it opens and saves ``.htmc``.

::

    Image.open("a.htmc")          size, mode and ``info`` from the header; decoded when needed
    im.save("a.htmc", quality=50) ``lossless``, ``target_bytes``, ``tune``, ``effort``, ``model``;
                                  ``icc_profile``, ``exif``, ``dpi`` as for Pillow's PNG: only
                                  the profile is taken from the picture where it is not given

What reads through Pillow (imageio, torchvision, ...) then reads them as well.  Collections,
texts and series in ``.htmc`` files are no pictures to Pillow, and are refused by it.
"""

from __future__ import annotations

import io
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile

from .coding.metadata import Metadata, fitting
from .coding.photo.codec import compress_image, decompress_image, inspect_image
from .coding.photo.format import is_photo
from .data import exif
from .data.pixels import saving
from .errors import DataError, HTMError

FORMAT, MIME, ENDING = "HTMP", "image/x-htm-photo", ".htmc"
#: Modes by their channels, and those that are told by another one without loss.
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_SAME = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}


class PhotoImageFile(ImageFile.ImageFile):
    """A photograph's file, opened: everything but its pixels, until these are asked for."""

    format = FORMAT
    format_description = "HTM Studio photograph"

    def _open(self) -> None:
        assert self.fp is not None  # as Pillow has it while it opens
        data = self.fp.read()
        try:
            found = inspect_image(data)
        except HTMError as exc:
            raise SyntaxError(str(exc)) from exc  # Pillow then tries its other formats
        self._coded: bytes | None = data
        self._size = found.width, found.height
        self._mode = _MODES[found.channels]
        self.info.update(saving(found.metadata))
        self.info["lossless"] = found.lossless
        self.tile = [ImageFile._Tile("raw", (0, 0, *self._size), 0, self._mode)]

    def verify(self) -> None:
        """Look through the file, by decoding it, since its checksum has been looked at.

        Raises
        ------
        OSError
            If it cannot be decoded.
        """
        if self._coded is not None:
            self._decoded(self._coded)
        super().verify()

    def load(self) -> Image.core.PixelAccess | None:
        """Decode the picture, once.

        Raises
        ------
        OSError
            If it is damaged, or was written by another model than the one that came along.
        """
        if self.tile and self._coded is not None:
            pixels = self._decoded(self._coded)
            if self.fp and self._exclusive_fp:
                self.fp.close()
            self.fp, self._coded = io.BytesIO(pixels), None
        return super().load()

    def load_seek(self, pos: int) -> None:
        """Nothing: that it is there keeps Pillow from taking the file's own bytes for pixels."""

    @staticmethod
    def _decoded(data: bytes) -> bytes:
        try:
            return decompress_image(data).tobytes()
        except HTMError as exc:
            raise OSError(str(exc)) from exc


def _accepts(prefix: bytes) -> bool:
    return is_photo(prefix)


def _save(image: Image.Image, stream: IO[bytes], name: str | bytes) -> None:
    """Write a picture; its profile is its own unless one is given, EXIF and density are given."""
    how: dict[str, Any] = getattr(image, "encoderinfo", {})
    given = {name: how[name] for name in ("target_bytes", "tune", "effort") if name in how}
    try:
        data = compress_image(
            np.asarray(_as_stored(image)),
            how.get("quality", 50),
            how.get("model"),
            lossless=bool(how.get("lossless", False)),
            metadata=_metadata(image, how),
            **given,
        )
    except DataError as exc:
        raise OSError(str(exc)) from exc
    stream.write(data)


def _as_stored(image: Image.Image) -> Image.Image:
    """The picture in a mode that files have, where that loses nothing.

    Raises
    ------
    OSError
        If it would.
    """
    transparent = "transparency" in image.info and image.mode in ("1", "L", "RGB")
    if image.mode in ("P", "PA") or transparent:
        grey = image.mode in ("1", "L")
        return image.convert(("LA" if grey else "RGBA") if image.has_transparency_data else "RGB")
    mode = _SAME.get(image.mode, image.mode)
    if mode not in _MODES.values():
        raise OSError(f"cannot write mode {image.mode} as {FORMAT}")
    return image if mode == image.mode else image.convert(mode)


def _metadata(image: Image.Image, how: dict[str, Any]) -> Metadata:
    """Profile, EXIF and density as given; else the picture's own profile, as PNG's writer has it.

    Raises
    ------
    DataError
        If profile or EXIF is no bytes.
    """
    profile = how.get("icc_profile", image.info.get("icc_profile")) or b""
    data = how.get("exif") or b""
    data = data.tobytes() if isinstance(data, Image.Exif) else data
    for name, part in (("profile", profile), ("EXIF data", data)):
        if not isinstance(part, bytes | bytearray | memoryview):
            raise DataError(f"A photograph's {name} must be bytes.")
    return Metadata(bytes(profile), exif.plain(bytes(data)), fitting(how.get("dpi")))


Image.register_open(FORMAT, PhotoImageFile, _accepts)
Image.register_save(FORMAT, _save)
Image.register_extension(FORMAT, ENDING)
Image.register_mime(FORMAT, MIME)
