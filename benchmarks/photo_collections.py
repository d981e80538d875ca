"""Collections and all their peers: bytes a picture at equal PSNR, on one sheet or one by one.

    python benchmarks/photo_collections.py FOLDER [--limit 3000] [--size 32] [--count 500]

The first ``--count`` pictures of the test part (or of a fifth, where there is none) are laid on
one sheet, as square as they go, or stored as a file each, headers counted.  The network learns
from the other part and stores the same pictures in one file: as ``compress_collection`` does,
by competing blocks, each picture readable by itself, or by its own residual alone, as it did
before.  Model bytes are counted for nobody and printed apart.
"""

from __future__ import annotations

import argparse
import copy
import io

import numpy as np
from common import learned_and_held_out, network_curve, provenance, psnr, table


def sheet(X: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w[, 3]) side by side, as square as they go; the rest repeats the last."""
    columns = int(np.ceil(len(X) ** 0.5))
    rows = -(-len(X) // columns)
    whole = np.concatenate([X, np.repeat(X[-1:], rows * columns - len(X), axis=0)])
    grid = whole.reshape(rows, columns, *X.shape[1:])
    flat = grid.swapaxes(1, 2).reshape(rows * X.shape[1], columns * X.shape[2], *X.shape[3:])
    return np.ascontiguousarray(flat)


def photo_curve(X: np.ndarray, qualities: tuple[int, ...]) -> list[tuple[float, float]]:
    """(mean bytes, PSNR) of real files, decoded."""
    from htm_engine import compress_image, decompress_image

    points = []
    for quality in qualities:
        files = [compress_image(x, quality) for x in X]
        back = np.stack([decompress_image(data) for data in files])
        points.append((float(np.mean([len(data) for data in files])), psnr(back, X)))
    return points


def before_blocks(model):
    """The network as it wrote files before the two codecs were one."""
    taken = model.snapshot()
    taken.coder_ = copy.copy(model.coder_)
    taken.coder_.blocks = None
    return taken


def main() -> None:
    """Measure and print."""
    from htm_engine import HTM
    from htm_engine.errors import DataError
    from htm_engine.evaluation import baselines, standard_codecs
    from htm_engine.evaluation.metrics import bytes_at

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--size", type=int, help="side to fit pictures to")
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--limit", type=int, help="pictures to learn from, at most")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--presets", default="default")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train, held = learned_and_held_out(args.data, args.limit, args.size, args.colour, args.seed)
    X = held.X[: args.count]
    one = sheet(X)[None]
    provenance("photo_collections", args.data, args.seed)
    print(f"{len(X)} pictures {X.shape[1:]}, one sheet of {one.shape[1:]}; {len(train)} learned\n")
    curves = {}
    for preset in args.presets.split(","):
        model = HTM.from_preset(preset, epochs=args.epochs, random_state=args.seed).fit(train.X)
        stream = io.BytesIO()
        model.save(stream)
        print(f"network, {preset}: its model has {stream.tell() / 1024:,.0f} KB")
        curves[f"network, {preset}"] = network_curve(model, X)
        curves[f"network, {preset}, own residual"] = network_curve(before_blocks(model), X)
    pca = baselines.PCABaseline(None).fit(train.X)
    curve = baselines.rate_curve(pca, train.X[:20_000], X, baselines.STEPS)
    curves["PCA, same coder as own residual"] = [(p.bytes_per_picture, p.psnr) for p in curve]
    curves["photo codec, one by one"] = photo_curve(X, (1, 20, 40, 60, 80))
    points = {"photo codec, one sheet": photo_curve(one, (1, 10, 20, 30, 40, 50, 60, 80))}
    for codec in ("webp", "avif"):
        settings = (1, 5, 10, 20, 30, 45, 60, 75, 90)
        for name, data, into in (("one by one", X, curves), ("one sheet", one, points)):
            curve = standard_codecs.codec_curve(data, codec, settings)
            into[f"{codec.upper()}, {name}"] = [(p.bytes_per_picture, p.psnr) for p in curve]
    curves |= {name: [(b / len(X), d) for b, d in curve] for name, curve in points.items()}
    targets, rows = (20, 23, 25, 27, 30, 33, 36), []
    for name, curve in curves.items():
        cells = []
        for target in targets:
            try:
                sizes, decibels = np.array(curve).T
                cells.append(f"{bytes_at(sizes, decibels, target):.1f}")
            except DataError:
                cells.append("–")
        rows.append((name, *cells))
    table(("bytes a picture at", *(f"{target} dB" for target in targets)), rows)


if __name__ == "__main__":
    main()
