"""Damaged and foreign bytes for every reader, at any number, from seeds.

::

    valid files of a kind ──► mutate (flip, cut, extend, splice, extremes) ──► reader
                                                                                 │
               HTMError or a result: passed;   anything else, or 10 s: failed ◄──┘

``python -m tests.fuzzing text --cases 100000 --seed 0`` prints what happened and keeps each
failing case's seed; ``--only SEED`` repeats one.  The suite runs a small share.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from htm_engine.errors import HTMError

#: Seconds after which a reader counts as hanging.
SLOW = 10.0


class Reader(NamedTuple):
    """Valid files of one kind, and what reads them."""

    corpus: list[bytes]
    read: Callable[[bytes], object]


def text() -> Reader:
    """``.htmc`` files of texts, under no model, a shipped one, and one of a user's own."""
    from htm_engine.coding.text import compress_text, decompress_text
    from htm_engine.coding.textmodel import TextModel

    prose = b"Units compete; the winner predicts. " * 4 + bytes(range(256))
    own = TextModel.learn([prose], bits=12)
    corpus = [
        compress_text(data, model)
        for data in (b"", b"a", prose, prose[:70] * 6, "学而时习之，不亦说乎？".encode() * 5)
        for model in ("blank", own)
    ]
    corpus += [compress_text(prose * 200, model) for model in ("blank", own)]

    def read(data: bytes) -> object:
        # Under a model where the file asks for one; the shipped ones take long to copy.
        named = data[:1] in (b"\xa5", b"\xa6", b"\xa7") or data[6:14] == own.fingerprint
        return decompress_text(data, own if named else None, limit=1 << 17)

    return Reader(corpus, read)


def text_model() -> Reader:
    """Model files of texts."""
    from htm_engine.coding.textmodel import TextModel

    corpus = []
    for texts in ([b"abc" * 20], [b"to be or not to be, ", b"that is the question"]):
        stream = io.BytesIO()
        TextModel.learn(texts, bits=12).save(stream)
        corpus.append(stream.getvalue())
    return Reader(corpus, lambda data: TextModel.load(io.BytesIO(data)))


READERS: dict[str, Callable[[], Reader]] = {"text": text, "text-model": text_model}


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
    return mutate(reader.corpus, np.random.default_rng((seed, number)))


def outcome(reader: Reader, data: bytes) -> str:
    """Outcome of a case: "read", "refused", or a sentence on what went wrong."""
    began = time.monotonic()
    try:
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
