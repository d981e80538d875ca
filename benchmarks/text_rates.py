"""Bits per character of texts: the text units beside gzip, bzip2, xz, Zstandard, Brotli, PPMd.

    python benchmarks/text_rates.py FILE... [--parts] [--small]

Every output is decoded and compared.  Our rows are whole files, headers included: once
with the model chosen by the text (what it has read is part of the program, as Brotli's
dictionary is), once without any.  ``--small`` adds texts of 256 to 4,096 bytes cut from
each file, ``--parts`` what every family of units is worth.  Times are of one run each.
"""

from __future__ import annotations

import argparse
import time
from functools import cache
from pathlib import Path

import numpy as np
import pyppmd
import zstandard
from common import provenance, table

from htm_engine.coding.text.codec import model_for
from htm_engine.coding.text.model import shipped


def ours(model):
    """Name, compress and decompress of our coder under a model."""
    from htm_engine import compress_text, decompress_text

    return lambda data: compress_text(data, model), decompress_text


def measure(name, pair, data, rows):
    """Compress, decompress, compare; append a row."""
    began = time.perf_counter()
    file = pair[0](data)
    middle = time.perf_counter()
    if pair[1](file) != data:
        raise SystemExit(f"{name} did not give the text back")
    end = time.perf_counter()
    rows.append((name, file, middle - began, end - middle))
    return len(file)


def main() -> None:
    """Measure and print."""
    from htm_engine.evaluation.text_peers import PEERS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    provenance("text_rates", ", ".join(Path(name).name for name in args.files), 0)
    coders = {peer.name: (peer.compress, peer.decompress) for peer in PEERS}
    coders |= {"HTM, blank": ours("blank"), "HTM": ours(None)}
    texts = {Path(name).name: Path(name).read_bytes() for name in args.files}
    for pair in (coders["HTM"], coders["HTM, blank"]):
        for text in texts.values():
            pair[1](pair[0](text[:2000]))  # compile, and read the models, once
    rows, sums, ratios = [], dict.fromkeys(coders, 0), {name: [] for name in coders}
    for label, text in texts.items():
        sizes, made = {}, []
        for name, pair in coders.items():
            sizes[name] = measure(name, pair, text, made)
            sums[name] += sizes[name]
        reference = next(row for row in made if row[0].startswith("xz"))
        for name, _, compressing, decompressing in made:
            ratios[name].append((reference[2] / compressing, reference[3] / decompressing))
        rows.append((label, len(text), *(f"{8 * size / len(text):.3f}" for size in sizes.values())))
    total = sum(map(len, texts.values()))
    rows.append(("all", total, *(f"{8 * size / total:.3f}" for size in sums.values())))
    ppmd = next(name for name in coders if name.startswith("PPMd"))
    rows.append(("of PPMd's", "", *(f"{size / sums[ppmd]:.3f}" for size in sums.values())))
    table(("bits per byte", "bytes", *coders), rows)
    print("\nspeed as a part of xz's, compressing and decompressing, mean over the files\n")
    means = {name: np.mean(values, 0) for name, values in ratios.items()}
    table(
        ("coder", "compressing", "decompressing"),
        [(n, f"{a:.3f}", f"{b:.3f}") for n, (a, b) in means.items()],
    )
    if args.small:
        small(texts, coders)
    if args.parts:
        parts(texts)


def small(texts, coders) -> None:
    """Short texts cut from every file, beside coders that have read the same."""
    print("\nshort texts, bits per byte, mean of eight cuts, headers included\n")
    print("PPMd primed: what a cut adds to a file of all that our model has read (no header).")
    print("Zstandard, dictionary: 110 KB trained on that.\n")
    rows = []
    for label, text in texts.items():
        after = primed(model_for(text[: 1 << 16], 1))
        for length in (256, 1024, 4096):
            cuts = [text[len(text) * i // 9 :][:length] for i in range(1, 9)]
            found = []
            for compress, decompress in coders.values():
                files = [compress(cut) for cut in cuts]
                if [decompress(file) for file in files] != cuts:
                    raise SystemExit("a short text was not given back")
                found.append(f"{8 * sum(map(len, files)) / length / len(cuts):.3f}")
            found += [f"{8 * sum(map(one, cuts)) / length / len(cuts):.3f}" for one in after]
            rows.append((label, length, *found))
    table(("text", "bytes", *coders, "PPMd primed", "Zstandard, dictionary"), rows)


@cache
def primed(name):
    """Bytes of a cut under PPMd and Zstandard that have read what our model has."""
    read = shipped("en" if name == "blank" else name).text

    def ppmd(data):
        return len(pyppmd.compress(data, max_order=6, mem_size=64 << 20, variant="H"))

    before = ppmd(read)
    parts = [read[i : i + 4096] for i in range(0, len(read), 4096)]
    dictionary = zstandard.train_dictionary(110_000, parts)
    coder = zstandard.ZstdCompressor(level=22, dict_data=dictionary, write_content_size=False)

    def zstd(data):
        file = coder.compress(data)
        back = zstandard.ZstdDecompressor(dict_data=dictionary)
        if back.decompress(file, max_output_size=len(data)) != data:
            raise SystemExit("a short text was not given back")
        return len(file)

    return lambda cut: ppmd(read + cut) - before, zstd


def parts(texts) -> None:
    """Size without each family of units, as a part of the size with all."""
    from htm_engine.coding.text import units
    from htm_engine.coding.text.context import UNITS

    families = {
        "orders 0 and 1": (0, 1),
        "orders 2 and 3": (2, 3),
        "orders 4 and 5": (4, 5),
        "order 6 and long": (6, 7),
        "words": (8, 9, 10, 13),
        "sparse": (11,),
        "column": (12,),
    }
    assert {unit for family in families.values() for unit in family} == set(range(len(UNITS)))
    rows = []
    for label, text in texts.items():
        data = np.frombuffer(text[:300_000], np.uint8)
        sizes = []
        for left_out in ((), *families.values()):
            state, out = units.blank(17), np.empty(2 * len(data) + 64, np.uint8)
            tables = units.fixed()
            state.deaf[list(left_out)] = 1
            written, _ = units.work(state, tables, data, len(data), out, units.ENCODE, np.zeros(0))
            sizes.append(written)
        rows.append((label, *(f"{100 * (size / sizes[0] - 1):+.2f} %" for size in sizes[1:])))
    print("\nbytes more without a family, no model, first 300,000 bytes\n")
    table(("text", *families), rows)


if __name__ == "__main__":
    main()
