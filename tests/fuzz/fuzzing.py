"""Damaged and foreign bytes for every reader, at any number, from seeds.

::

    valid files of a kind ──► mutate (flip, cut, extend, splice, extremes) ──► reader
                                                                                 │
   HTMError or a result: passed;   anything else, a warning, or 10 s: failed ◄──┘

``python -m tests.fuzz.fuzzing text --cases 100000 --seed 0`` prints what happened and keeps each
failing case's seed; ``--only SEED`` repeats one.  The suite runs a small share.
"""

from __future__ import annotations

import argparse
import base64
import copy
import gzip
import io
import json
import resource
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from htm_engine.assets import ASSETS
from htm_engine.errors import HTMError
from tests.fuzz import blocks
from tests.fuzz import photo as photos
from tests.fuzz import series as series_files
from tests.helpers.foreign import (
    GREY,
    RGB,
    display_p3,
    exif_of,
    idx,
    npy,
    npz,
    png_of,
    saved,
    zipped,
)

SHIPPED = ASSETS / "digits-htm.npz"
SLOW = 10.0  #: seconds after which a reader counts as hanging


class Reader(NamedTuple):
    """Valid files of one kind, and what reads them."""

    corpus: list[bytes]
    read: Callable[[bytes], object]
    #: Makes checksums right again, so that damage reaches what lies behind them.
    seal: Callable[[bytes], bytes] | None = None


def sealed(data: bytes) -> bytes:
    """A container whose checksum is right, whatever it holds."""
    return data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")


def text() -> Reader:
    """``.htmc`` files of texts, under no model, a shipped one, and one of a user's own."""
    from htm_engine.coding.text.codec import compress_text, decompress_text
    from htm_engine.coding.text.model import TextModel

    prose = b"Units compete; the winner predicts. " * 4 + bytes(range(256))
    own = TextModel.learn([prose], bits=12)
    corpus = [
        compress_text(data, model)
        for data in (b"", b"a", prose, prose[:70] * 6, "学而时习之，不亦说乎？".encode() * 5)
        for model in ("blank", own)
    ]
    corpus += [compress_text(prose * 200, model) for model in ("blank", own)]
    rng = np.random.default_rng(0)  # stored, in both forms
    corpus += [compress_text(rng.bytes(length), "blank") for length in (90, 66_000)]

    def read(data: bytes) -> object:
        # Under a model where the file asks for one; the shipped ones take long to copy.
        named = data[:1] in (b"\xa5", b"\xa6", b"\xa7") or data[6:14] == own.fingerprint
        return decompress_text(data, own if named else None, limit=1 << 17)

    return Reader(corpus, read, sealed)


def series() -> Reader:
    """``.htmc`` files of series, short and long, and of tables."""
    from htm_engine.coding.series.codec import compress_series, read_series
    from htm_engine.coding.series.table import compress_table, decompress_table, is_table

    rng, time = np.random.default_rng(0), np.arange(90)
    walk = np.cumsum(rng.normal(size=90))
    odd = np.array([np.nan, np.inf, -0.0, 1e300, 5e-324, 51.846000000000004])
    corpus = [
        compress_series([]),
        compress_series(walk.round(2), timestamps=time + time % 7),
        compress_series(walk, tolerance=0.01),
        compress_series(np.stack([walk.round(1), time, time / 3], 1)),
        compress_series(np.concatenate([odd, time, odd])),
        compress_series(rng.integers(-(2**63), 2**63 - 1, 9000).view(np.float64)),
        compress_table(
            b"t,x\n" + b"".join(b"2024-01-01 00:%02d:00,%d.5\n" % (t, t) for t in range(60))
        ),
    ]

    def read(data: bytes) -> object:
        return (
            decompress_table(data, limit=1 << 17)
            if is_table(data)
            else read_series(data, limit=1 << 17)
        )

    def seal(data: bytes) -> bytes:
        if data[:1] != b"\xa9":
            return sealed(data)
        size = 2 if len(data) < 1026 else 3
        return data[:-size] + zlib.crc32(data[:-size]).to_bytes(4, "little")[:size]

    return Reader(corpus, read, seal)


def text_model() -> Reader:
    """Model files of texts."""
    from htm_engine.coding.text.model import TextModel

    corpus: list[bytes] = []
    for texts in ([b"abc" * 20], [b"to be or not to be, ", b"that is the question"]):
        stream = io.BytesIO()
        TextModel.learn(texts, bits=12).save(stream)
        corpus.append(stream.getvalue())
    return Reader(corpus, lambda data: TextModel.load(io.BytesIO(data)))


def pictures() -> Reader:
    """Pictures of every format that is taken, as the Compress page opens them."""
    from htm_engine.coding.metadata import packed
    from htm_engine.data import profiles
    from htm_engine.data.uploads import read_picture

    corpus = [saved(RGB, kind) for kind in ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP")]
    corpus += [saved(GREY, "PNG"), saved(Image.fromarray(RGB).convert("CMYK"), "JPEG")]
    odd = (Image.fromarray(RGB).convert("RGBA"), Image.fromarray(GREY.astype(np.uint16) * 257))
    corpus += [saved(picture, "PNG") for picture in odd]
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "A camera"
    corpus += [saved(RGB, kind, exif=exif, icc_profile=bytes(200)) for kind in ("PNG", "JPEG")]
    clear = {"tRNS": b"\0\1"}  # grey of two bits with a transparent level; colour of sixteen
    corpus += [png_of(2, 0, [b"\x1b"], **clear), png_of(16, 2, [bytes(range(12))])]
    besides = {"exif": b"Exif\0\0" + exif_of(6), "icc_profile": display_p3(), "dpi": (72, 300)}
    corpus += [saved(RGB, kind, **besides) for kind in ("PNG", "JPEG", "WEBP")]

    def read(data: bytes) -> object:
        found = read_picture(data, "a file", keep_alpha=True, keep_metadata=True)
        packed(found.metadata)
        profiles.name_of(found.metadata.profile)
        return found

    return Reader(corpus, read)


def data() -> Reader:
    """Files of many pictures, as the Train page takes them."""
    from htm_engine.data.datasets import load_upload

    images = np.arange(4 * 48, dtype=np.uint8).reshape(4, 6, 8)
    files = {
        "a.png": saved(GREY),
        "b/c.jpg": saved(RGB, "JPEG"),
        "d.txt": b"no picture",
        "e.idx": idx(images),
    }
    corpus = [
        zipped(files),
        zipped({"a.png": saved(GREY)}),
        idx(images),
        gzip.compress(idx(images)),
        npy(images),
        npy(images / 255.0),
        npz(X=images, y=np.arange(4)),
        npz(x_train=images),
        saved(GREY),
    ]
    return Reader(corpus, lambda content: load_upload("a file", content))


def collection() -> Reader:
    """``.htmc`` files of pictures."""
    from htm_engine import HTM, compress_collection, decompress_collection

    model = HTM.load(SHIPPED)
    X = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    corpus = [compress_collection(model, X[:n], q) for n, q in ((1, 1), (3, 5), (40, 10))]
    return Reader(corpus, lambda content: decompress_collection(content, model), sealed)


def network() -> Reader:
    """Model files of networks."""
    from htm_engine import HTM

    return Reader([SHIPPED.read_bytes()], lambda content: HTM.load(io.BytesIO(content)))


def network_inside() -> Reader:
    """Well-made files of networks whose header and arrays are not what they should be."""
    from htm_engine import HTM, storage

    return _inside(*storage.load(SHIPPED), HTM.load(SHIPPED))


def network_tables() -> Reader:
    """The same, of a network that has tables to draw by; only these are changed."""
    from htm_engine import HTM, load_dataset

    digits = load_dataset("digits")
    model = HTM.load(SHIPPED).measure_sampler(digits.X[:400], digits.y[:400])
    return _inside(*model.state(), model, "sampler.")


def links() -> Reader:
    """The settings of a run, as a link carries them."""
    from htm_engine.runs.recipe import Recipe

    corpus = [packed.encode() for packed in _packed()]
    return Reader(corpus, lambda content: Recipe.unpacked(content.decode("latin-1")).model())


def links_inside() -> Reader:
    """The same, well packed, with settings that are not what they should be."""
    from htm_engine.runs.recipe import Recipe

    plain = [Recipe.unpacked(packed).as_json() for packed in _packed()]
    untouched = bytes(16)

    def read(content: bytes) -> object:
        rng = np.random.default_rng(list(content))
        changed = copy.deepcopy(plain[rng.integers(len(plain))])
        for _ in range(0 if content == untouched else rng.integers(1, 4)):
            _in_json(changed, rng)
        recipe = Recipe.unpacked(pack(changed))
        # What is taken must be written again and arrive at the same.
        assert Recipe.unpacked(recipe.packed()).packed() == recipe.packed()
        return recipe.model()

    def pack(found: Any) -> str:
        text = json.dumps(found, separators=(",", ":"))
        return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")

    return Reader([untouched], read)


def _packed() -> list[str]:
    from htm_engine import HTM
    from htm_engine.runs.recipe import Recipe

    models = [HTM(), HTM.from_preset("article"), HTM(mirror=True, epochs=3, batch_size=64)]
    return [Recipe.of(model, "digits", "1cba24f86a7d8d7b").packed() for model in models]


def checkpoint() -> Reader:
    """Trainings put on paper."""
    from htm_engine import HTM, LayerSpec, load_dataset
    from htm_engine.runs import checkpoints

    model, corpus = HTM((LayerSpec(4, 4, 2),), epochs=2, coder=False, sampler=False), []
    for step in model.fit_steps(load_dataset("digits", limit=60).X):
        if step.loop is not None and len(corpus) < 3:
            corpus.append(checkpoints.save(model, step.loop))
    return Reader(corpus, checkpoints.load)


def _inside(header: Any, arrays: dict[str, Any], whole: Any, of: str = "") -> Reader:
    from htm_engine import HTM, storage

    names = [name for name in arrays if name.startswith(of)]
    X, untouched = np.zeros((2, 8, 8), np.uint8), bytes(16)

    def read(content: bytes) -> object:
        if content == untouched:
            return whole
        rng = np.random.default_rng(list(content))
        changed, changed_arrays = copy.deepcopy(header), dict(arrays)
        for _ in range(rng.integers(1, 4)):
            if not of and rng.random() < 0.5:
                _in_json(changed, rng)
                continue
            name = names[rng.integers(len(names))]
            if name in changed_arrays:
                _in_array(changed_arrays, name, rng)
        stream = io.BytesIO()
        try:
            storage.save(stream, changed, changed_arrays)
        except (TypeError, ValueError):
            return None  # what cannot be written cannot be sent
        model = HTM.load(io.BytesIO(stream.getvalue()))
        return model.decode(model.encode(X)), model.sample(2, random_state=0)

    return Reader([untouched], read)


def _in_json(value: Any, rng: np.random.Generator) -> None:
    """Change one place of nested lists and objects."""
    odd = (None, -1, 0, 1, 2**31, 2**70, 1.5, float("nan"), "", "x" * 50, [], {}, True, [[]])
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = keys[rng.integers(len(keys))]
    if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.8:
        _in_json(value[key], rng)
    elif rng.random() < 0.2:
        del value[key]
    else:
        value[key] = odd[rng.integers(len(odd))]


def _in_array(arrays: dict[str, Any], name: str, rng: np.random.Generator) -> None:
    """Change one array's values, shape or kind, or leave it out."""
    array = arrays[name]
    changes: tuple[Callable[[], Any], ...] = (
        lambda: array[..., :0],
        lambda: array[: len(array) // 2] if array.ndim else array,
        lambda: array.astype(rng.choice(["f4", "f8", "i8", "u1", "i4"])),
        lambda: np.full_like(array, np.nan if array.dtype.kind == "f" else 1),
        lambda: -array if array.dtype.kind in "if" else array,
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: rng.permutation(array.reshape(-1)).reshape(array.shape),
        lambda: array.astype("f8") * 1e30,
    )
    with np.errstate(all="ignore"):
        arrays[name] = np.ascontiguousarray(changes[rng.integers(len(changes))]())
    if rng.random() < 0.1:
        del arrays[name]


READERS: dict[str, Callable[[], Reader]] = {
    "text": text,
    "series": series,
    "text-model": text_model,
    "photo": lambda: Reader(*photos.files(), sealed),
    "photo-model": lambda: Reader(*photos.models()),
    "photo-model-inside": lambda: Reader(*photos.models_inside(_in_array)),
    "pictures": pictures,
    "data": data,
    "collection": collection,
    "collection-blocks": lambda: Reader(*blocks.files(), sealed),
    "network": network,
    "network-inside": network_inside,
    "network-tables": network_tables,
    "network-blocks": lambda: _inside(*(own := blocks.network()).state(), own, "coder.blocks_"),
    "links": links,
    "links-inside": links_inside,
    "checkpoint": checkpoint,
    "series-tables": lambda: Reader(*series_files.tables()),
    "series-model": lambda: Reader(*series_files.models()),
    "series-model-inside": lambda: Reader(*series_files.models_inside(_in_array, _in_json)),
}


# ----------------------------------------------------------------- mutations
def mutate(corpus: list[bytes], rng: np.random.Generator) -> bytes:
    """One to four damages of a file of the corpus, most of them near its begin."""
    data = bytearray(corpus[rng.integers(len(corpus))])
    for _ in range(rng.integers(1, 5)):
        _DAMAGES[rng.integers(len(_DAMAGES))](data, corpus, rng)
    return bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    near = min(len(data), 40) if rng.random() < 0.5 else len(data)
    return int(rng.integers(near)) if near else 0


def _flip(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    if data:
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def _write(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    """Extremes and noise, which lengths and sizes are read from."""
    extremes = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\x7f", b"\xff" * 9, b"\0" * 8)
    choice = int(rng.integers(len(extremes) + 1))
    new = extremes[choice] if choice < len(extremes) else rng.bytes(int(rng.integers(1, 9)))
    place = _place(data, rng)
    data[place : place + len(new)] = new


def _cut(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    del data[_place(data, rng) :]


def _drop(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    place = _place(data, rng)
    del data[place : place + int(rng.integers(1, 9))]


def _extend(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    data += rng.bytes(int(rng.integers(1, 64)))


def _insert(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    place = _place(data, rng)
    data[place:place] = rng.bytes(int(rng.integers(1, 9)))


def _splice(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    other = corpus[rng.integers(len(corpus))]
    place = _place(data, rng)
    data[place:] = other[int(rng.integers(len(other) + 1)) :]


def _random(data: bytearray, corpus: list[bytes], rng: np.random.Generator) -> None:
    """Keep the first bytes, by which a kind is known, and make up the rest."""
    data[int(rng.integers(9)) :] = rng.bytes(int(rng.integers(300)))


_DAMAGES = (_flip, _flip, _write, _cut, _drop, _extend, _insert, _splice, _random)


# ------------------------------------------------------------------- running
def case(reader: Reader, seed: int, number: int) -> bytes:
    """The bytes of one case; the same for the same seed and number."""
    rng = np.random.default_rng((seed, number))
    data = mutate(reader.corpus, rng)
    return reader.seal(data) if reader.seal is not None and rng.random() < 0.5 else data


def outcome(reader: Reader, data: bytes) -> str:
    """Outcome of a case: "read", "refused", or a sentence on what went wrong."""
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # NumPy's, on numbers that are none
            reader.read(data)
        said = "read"
    except HTMError as exc:
        said = "refused" if str(exc).endswith((".", "?")) else f"no sentence: {exc}"
    except Exception as exc:  # what the readers must never let through
        return f"{type(exc).__name__}: {exc}"
    seconds = time.monotonic() - began
    return said if seconds < SLOW else f"took {seconds:.0f} s"


def main() -> int:
    """Run many cases; 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reader", choices=[*READERS, "all"])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="number of one case to repeat")
    args = parser.parse_args()
    failed = 0
    for name in READERS if args.reader == "all" else [args.reader]:
        reader = READERS[name]()
        for data in reader.corpus:
            assert outcome(reader, data) == "read", "a valid file must be read"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counts: Counter[str] = Counter()
        slowest = 0.0
        for number in [args.only] if args.only is not None else range(args.cases):
            began = time.monotonic()
            said = outcome(reader, case(reader, args.seed, number))
            slowest = max(slowest, time.monotonic() - began)
            counts[said if said in ("read", "refused") else "failed"] += 1
            if said not in ("read", "refused"):
                print(f"{name}: seed {args.seed}, case {number}: {said}", flush=True)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        failed += counts["failed"]
        print(
            f"{name}: seed {args.seed}, {counts.total():,} cases, {counts['read']:,} read, "
            f"{counts['refused']:,} refused, {counts['failed']:,} failed; slowest "
            f"{slowest:.2f} s, memory grew by {grown:.0f} MiB",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
