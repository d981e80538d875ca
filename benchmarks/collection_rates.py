"""Bytes of a collection at equal PSNR: the network's files, PCA with the same coder, codecs.

    python benchmarks/collection_rates.py FOLDER [--test FOLDER] [--size 32] [--limit N]

Learns from the training part, measures on the held-out part (the folder's own test part,
or a fifth of it kept back where it has none).  Network files hold the whole held-out
part and are decoded again; their bytes count header, indices and values.  The standard
codecs write a file a picture and are measured on the first 500.  PCA and k-means go
through the network's own coder.  Model bytes are counted for nobody and printed apart.
"""

from __future__ import annotations

import argparse
import io
import time
from typing import TYPE_CHECKING

import numpy as np
from common import learned_and_held_out, network_curve, provenance, table

if TYPE_CHECKING:
    from htm_engine.data.datasets import Dataset

#: Bytes a picture and PSNR, by name.
Curves = dict[str, list[tuple[float, float]]]
#: Of the standard codecs.
QUALITIES = (1, 5, 10, 20, 30, 45, 60, 75, 90)


def model_bytes(model) -> int:
    """Size of the saved model."""
    stream = io.BytesIO()
    model.save(stream)
    return len(stream.getvalue())


def compare(points, other, low, high) -> str:
    """BD-rate in percent over a range of PSNR, or the part of it that both curves cover."""
    from htm_engine.errors import DataError
    from htm_engine.evaluation.metrics import bd_rate

    ours, theirs = np.array(points), np.array(other)
    first = max(low, ours[:, 1].min(), theirs[:, 1].min())
    last = min(high, ours[:, 1].max(), theirs[:, 1].max())
    if last - first < 1:
        return "–"
    part = "" if (first, last) == (low, high) else f" ({first:.1f} to {last:.1f} dB)"
    try:
        rate = bd_rate(ours[:, 0], ours[:, 1], theirs[:, 0], theirs[:, 1], first, last)
    except DataError:
        return "–"
    return f"{rate:+.1f} %{part}"


def bytes_at(points, target) -> str:
    """Bytes at a PSNR, or a dash."""
    from htm_engine.errors import DataError
    from htm_engine.evaluation.metrics import bytes_at

    curve = np.array(points)
    try:
        return f"{bytes_at(curve[:, 0], curve[:, 1], target):.1f}"
    except DataError:
        return "–"


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--size", type=int, help="side to fit pictures to")
    parser.add_argument("--limit", type=int, help="pictures to learn from, at most")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--presets", default="default,mirrored,single")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def networks(args: argparse.Namespace, train: Dataset, test: Dataset) -> Curves:
    """A curve for every preset; prints what training took."""
    from htm_engine import HTM

    curves: Curves = {}
    notes = []
    for preset in args.presets.split(","):
        began = time.perf_counter()
        model = HTM.from_preset(preset, epochs=args.epochs, random_state=args.seed).fit(train.X)
        seconds = time.perf_counter() - began
        notes.append((preset, f"{seconds:.0f}", model_bytes(model), f"{-model.score(test.X):.5f}"))
        curves[f"HTM {preset}"] = network_curve(model, test.X)
        if preset == "single":
            curves["HTM single, codes only"] = network_curve(model, test.X, with_surprise=False)
    table(("preset", "seconds to train", "model bytes", "test MSE of the top code"), notes)
    print()
    return curves


def peers(args: argparse.Namespace, train: Dataset, test: Dataset) -> Curves:
    """Curves of PCA with the same coder, k-means, and the standard codecs."""
    from htm_engine.estimator.presets import PRESETS
    from htm_engine.evaluation import baselines, standard_codecs

    found: dict[str, list[baselines.RatePoint]] = {}
    for variance in (None, 0.95):
        fitted = baselines.PCABaseline(variance).fit(train.X)
        learned = train.X[:20_000]
        found[fitted.label] = baselines.rate_curve(fitted, learned, test.X, baselines.STEPS)
    if any(PRESETS[preset].mirror for preset in args.presets.split(",")):
        both = np.concatenate([train.X, train.X[:, :, ::-1]])
        fitted = baselines.PCABaseline(None).fit(both)
        found["PCA, mirror images too"] = baselines.rate_curve(
            fitted, both[:20_000], test.X, baselines.STEPS
        )
    found["k-means"] = baselines.k_means_curve(train.X, test.X, random_state=args.seed)
    for codec in ("webp", "jpeg", "avif"):
        found[codec.upper()] = standard_codecs.codec_curve(test.X[:500], codec, QUALITIES)
    return {name: [(p.bytes_per_picture, p.psnr) for p in points] for name, points in found.items()}


def main() -> None:
    """Measure and print."""
    args = options()
    train, test = learned_and_held_out(args.data, args.limit, args.size, args.colour, args.seed)
    provenance("collection_rates", args.data, args.seed)
    print(f"{len(train)} pictures {train.X.shape[1:]} to learn from, {len(test)} to measure on\n")
    curves = networks(args, train, test) | peers(args, train, test)
    targets = (20, 22, 23, 25, 27, 30, 33)
    reference = curves["PCA, all components"]
    rows = [
        (
            name,
            *(bytes_at(points, target) for target in targets),
            compare(points, reference, 20, 25),
            compare(points, reference, 25, 30),
        )
        for name, points in curves.items()
    ]
    head = ("bytes a picture at", *(f"{t} dB" for t in targets), "BD-rate 20–25", "BD-rate 25–30")
    table(head, rows)
    webp20 = curves["WEBP"][QUALITIES.index(20)]
    print(f"\nWebP quality 20: {webp20[0]:.1f} bytes at {webp20[1]:.2f} dB")
    for name in [n for n in curves if n.startswith("HTM")]:
        size = bytes_at(curves[name], webp20[1])
        ratio = "–" if size == "–" else f"{float(size) / webp20[0]:.2f}"
        print(f"{name} at that PSNR: {size} bytes, {ratio} of WebP's")
    print("\nall points (bytes a picture, dB)\n")
    for name, points in curves.items():
        print(name, " ".join(f"{size:.1f}:{db:.2f}" for size, db in points))


if __name__ == "__main__":
    main()
