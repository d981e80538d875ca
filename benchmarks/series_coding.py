"""Bits a value of series: ours beside xz, Zstandard, Brotli, bzip2 and pcodec.

    python benchmarks/series_coding.py NAB_FOLDER [--seed 0]

NAB_FOLDER is the Numenta Anomaly Benchmark with its ``data`` folder.  Values only, no time stamps.
Ours are whole files, headers and checksums included, and every one is decoded and compared bit
by bit; xz, Zstandard, Brotli and bzip2 get the numbers as CSV (the shortest decimals, a line
each), as doubles, and as differences of whole numbers, each at its strongest setting, without any
header of ours.  pcodec gets, at level 12, the whole numbers themselves (values times a power of
ten; of all files the doubles' bits), and whatever it does best with, file by file: these, the
doubles in the mode it finds by itself, or their bits.

Sets: all 58 files, as the doubles they are (bits of all over values of all); the 37 recorded ones
whose values have at most five decimals but for the noise of doubles, rounded to these (mean over
files); these again with an error of at most 0.1, 1 and 5 % of each file's mean absolute
deviation; series that nobody looked at while the codec was made, from statsmodels where it is
installed (``pip install statsmodels patsy``); and three that are drawn by ``--seed``: doubles of
random bits, 20 and 300 values.
"""

from __future__ import annotations

import argparse
import bz2
import lzma
import time
from pathlib import Path

import brotli
import numpy as np
import zstandard
from common import provenance, table

from htm_engine import compress_series, decompress_series
from htm_engine.evaluation.number_peers import as_text, pcodec, whole_numbers

PEERS = {
    "xz -9e": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    "zstd -22": zstandard.ZstdCompressor(level=22).compress,
    "brotli 11": lambda data: brotli.compress(data, lgwin=24),
    "bzip2 -9": bz2.compress,
}
TOLERANCES = (0.001, 0.01, 0.05)
#: Files with more than five decimals on a few lines; counted as of four, as published.
NEARLY = ("rds_cpu_utilization_cc0c53", "cpu_utilization_asg_misconfiguration")


def series(folder: Path) -> dict[str, np.ndarray]:
    """Every file's values, by its name."""
    found = {}
    for path in sorted(folder.glob("data/*/*.csv")):
        lines = path.read_text().split("\n")[1:]
        found[path.stem] = np.array([float(line.split(",")[1]) for line in lines if line])
    return found


def decimals(name: str, values: np.ndarray) -> int | None:
    """Decimals of a recorded series, noise of doubles aside; None if they are more than five."""
    if name.startswith("art"):
        return None
    if name in NEARLY:
        return 4
    for number in range(6):
        if (np.abs(np.round(values, number) - values) <= 4e-16 * np.abs(values)).mean() > 0.995:
            return number
    return None


def unseen() -> dict[str, np.ndarray]:
    """Series that come with statsmodels, by their name; none where it is not installed."""
    try:
        from statsmodels import datasets
    except ImportError:
        return {}

    def column(name: str, of: str) -> np.ndarray:
        values = getattr(datasets, name).load_pandas().data[of].to_numpy(np.float64)
        return values[np.isfinite(values)]

    elnino = datasets.elnino.load_pandas().data.drop(columns="YEAR").to_numpy(np.float64).ravel()
    return {
        "CO2 of Mauna Loa by week": column("co2", "co2"),
        "sea surface temperature by month": elnino[np.isfinite(elnino)],
        "sunspots by year": column("sunspots", "SUNACTIVITY"),
        "volume of the Nile by year": column("nile", "volume"),
        "consumer prices by quarter": column("macrodata", "cpi"),
        "treasury bills by quarter": column("macrodata", "tbilrate"),
        "unemployment by quarter": column("macrodata", "unemp"),
        "gross product by quarter": column("macrodata", "realgdp"),
    }


def whole_or_bits(values: np.ndarray) -> np.ndarray:
    """Numerators of decimals where they give every double back, else the doubles' bits."""
    found = whole_numbers(values)
    return values.view(np.int64) if found is None else found


class Ours:
    """Our files: sizes, and the time that writing and reading take."""

    def __init__(self) -> None:
        self.values, self.writing, self.reading = 0, 0.0, 0.0

    def bits(self, values: np.ndarray, tolerance: float = 0.0) -> int:
        """Bits of a file, decoded again and compared."""
        began = time.process_time()
        data = compress_series(values, tolerance=tolerance)
        middle = time.process_time()
        again = decompress_series(data)
        self.writing += middle - began
        self.reading += time.process_time() - middle
        self.values += values.size
        exact = np.array_equal(values.view(np.int64), again.view(np.int64))
        if not (exact or (tolerance and np.abs(values - again).max() <= tolerance)):
            raise SystemExit("A series did not come back.")
        return 8 * len(data)


def row(name: str, sets: list[np.ndarray], pooled: bool, whole: list[np.ndarray], ours: list[int]):
    """One line of the table: ours and every peer's best form."""
    lengths = np.array([len(values) for values in sets])

    def mean(bits: list[float]) -> float:
        own = np.array(bits)
        return float(own.sum() / lengths.sum() if pooled else (own / lengths).mean())

    cells = []
    for compress in PEERS.values():
        tried = [
            mean([8 * len(compress(as_text(values))) for values in sets]),
            mean([8 * len(compress(values.tobytes())) for values in sets]),
            mean([8 * len(compress(np.diff(k, prepend=0).tobytes())) for k in whole]),
        ]
        least = int(np.argmin(tried))
        cells.append(f"{tried[least]:.2f} {('CSV', 'doubles', 'differences')[least]}")
    integers = mean([8 * len(pcodec(k)) for k in whole])
    forms = zip(whole, sets, strict=True)
    best = mean([8 * min(len(pcodec(k)), len(pcodec(values))) for k, values in forms])
    return name, f"{mean([*ours]):.2f}", *cells, f"{integers:.2f}", f"{best:.2f}"


HEAD = ("bits a value", "HTM", *PEERS, "pcodec 12, whole numbers", "pcodec 12, its best form")


def benchmark(found: dict[str, np.ndarray], clock: Ours) -> None:
    """All files as they are, those of few decimals, and these within tolerances."""
    ours, everything = Ours(), list(found.values())
    rows = [
        row(
            f"all {len(found)} files, doubles",
            everything,
            True,
            [values.view(np.int64) for values in everything],
            [clock.bits(values) for values in everything],
        )
    ]
    few = {name: decimals(name, values) for name, values in found.items()}
    rounded = {n: np.round(found[n], d) for n, d in few.items() if d is not None}
    own = list(rounded.values())
    numbers = [np.rint(v * 10.0 ** few[n]).astype(np.int64) for n, v in rounded.items()]
    rows.append(
        row(f"{len(own)} of at most 5 decimals", own, False, numbers, [ours.bits(v) for v in own])
    )
    for part in TOLERANCES:
        most = [part * np.abs(values - values.mean()).mean() for values in own]
        told = [ours.bits(v, m) for v, m in zip(own, most, strict=True)]
        coarse = [np.rint(v / (2 * m)).astype(np.int64) for v, m in zip(own, most, strict=True)]
        near = [2 * m * k for k, m in zip(coarse, most, strict=True)]
        rows.append(row(f"these, error {100 * part:g} %", near, False, coarse, told))
    table(HEAD, rows)


def others() -> None:
    """Series that nothing was chosen on."""
    print("\nseries never looked at before, each by itself\n")
    rows = [
        (f"{name}, {len(v):,}", *row("", [v], True, [whole_or_bits(v)], [Ours().bits(v)])[1:])
        for name, v in unseen().items()
    ]
    if rows:
        table(HEAD, rows)
    else:
        print("statsmodels, which has them, is not installed.")


def drawn(seed: int) -> None:
    """Short series, and doubles of random bits."""
    ours, rng = Ours(), np.random.default_rng(seed)
    noise = rng.integers(-(2**63), 2**63 - 1, 100_000).view(np.float64)
    walk = np.round(20 + np.cumsum(rng.normal(size=300)), 1)
    short = [(f"{n} values, a walk of one decimal", walk[:n]) for n in (20, 300)]
    print()
    table(
        ("bytes", "HTM", *(f"{name}, CSV" for name in PEERS), "pcodec 12"),
        [
            (
                name,
                ours.bits(v) // 8,
                *(len(compress(as_text(v))) for compress in PEERS.values()),
                len(pcodec(v)),
            )
            for name, v in short
        ],
    )
    print(f"\n100,000 doubles of random bits grow by {ours.bits(noise) / 64e5 - 1:.4%}.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    provenance("series_coding", str(args.folder), args.seed)
    found, clock = series(args.folder), Ours()
    if not found:
        raise SystemExit(f"{args.folder} has no data/*/*.csv: give the benchmark's own folder.")
    clock.bits(np.arange(50.0) % 7)  # compiled
    clock = Ours()
    benchmark(found, clock)
    others()
    drawn(args.seed)
    print(
        f"All files: {clock.values / clock.writing:,.0f} values a second written, "
        f"{clock.values / clock.reading:,.0f} read, of one core."
    )


if __name__ == "__main__":
    main()
