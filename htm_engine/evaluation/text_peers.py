"""The text compressors that everybody knows, to stand beside."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """A compressor at its strongest common setting, with its inverse."""

    name: str
    compress: Callable[[bytes], bytes]
    decompress: Callable[[bytes], bytes]


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=22).compress(data)


def _unzstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdDecompressor().decompress(data)


def _brotli(data: bytes) -> bytes:
    import brotli

    compressed: bytes = brotli.compress(data, quality=11, lgwin=24)
    return compressed


def _unbrotli(data: bytes) -> bytes:
    import brotli

    text: bytes = brotli.decompress(data)
    return text


def _ppmd(data: bytes) -> bytes:
    import pyppmd

    # Variant H has no end of its own; its length is kept, as 7-Zip's header does.
    coded = pyppmd.compress(data, max_order=6, mem_size=64 << 20, variant="H")
    return len(data).to_bytes(4, "little") + bytes(coded)


def _unppmd(data: bytes) -> bytes:
    import pyppmd

    decoder = pyppmd.Ppmd7Decoder(6, 64 << 20)
    text = decoder.decode(data[4:], int.from_bytes(data[:4], "little"))
    return bytes(text)


def _xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


PEERS = (
    Peer("gzip -9", lambda data: gzip.compress(data, 9, mtime=0), gzip.decompress),
    Peer("bzip2 -9", bz2.compress, bz2.decompress),
    Peer("xz -9e", _xz, lzma.decompress),
    Peer("Zstandard -22", _zstd, _unzstd),
    Peer("Brotli 11", _brotli, _unbrotli),
    Peer("PPMd-H order 6", _ppmd, _unppmd),
)
