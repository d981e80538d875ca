"""Photographs as files: bytes at equal quality, every codec in one run.

    python benchmarks/photo_rates.py FOLDER [--model MODEL.npz] [--crop 256] [--count 16]
                                            [--drawn klepas,nicubunu]

True file bytes; PSNR in RGB, SSIM and MS-SSIM of luma, means over the pictures at each setting;
BD-rate by PCHIP of these mean curves, of points from 0.08 to 2.4 bits a pixel; below, the mean
over the pictures of each one's own BD-rate in PSNR, and last every picture's against AVIF's
with tune=psnr.  With ``--drawn``, parts of names of pictures that are no photographs, both
tables again without those.  Times are processor seconds, means over the settings; AVIF runs on
one thread.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from htm_engine.coding.photo.codec import compress_image, decompress_image  # noqa: E402
from htm_engine.coding.photo.model import PhotoModel, shipped  # noqa: E402
from htm_engine.errors import DataError  # noqa: E402
from htm_engine.evaluation.metrics import bd_rate, ms_ssim, psnr, ssim  # noqa: E402

Coder = Callable[[np.ndarray, float], tuple[bytes, np.ndarray, float, float]]


#: Qualities of this codec.
OURS = (1, 15, 30, 45, 60, 75, 88, 100)


def peer(kind: str, **fixed: object) -> Coder:
    """A codec of Pillow; ``setting`` names what its knob is called."""

    def code(picture: np.ndarray, setting: float) -> tuple[bytes, np.ndarray, float, float]:
        options = dict(fixed)
        if kind == "JPEG2000":
            options |= {"quality_mode": "rates", "quality_layers": [setting]}
        else:
            options["quality"] = int(setting)
        stream, start = io.BytesIO(), time.process_time()
        Image.fromarray(picture).save(stream, kind, **options)
        middle = time.process_time()
        back = np.array(Image.open(io.BytesIO(stream.getvalue())).convert("RGB"))
        return stream.getvalue(), back, middle - start, time.process_time() - middle

    return code


def ours(model: PhotoModel, **how: str) -> Coder:
    """This codec."""

    def code(picture: np.ndarray, setting: float) -> tuple[bytes, np.ndarray, float, float]:
        start = time.process_time()
        data = compress_image(picture, setting, model, **how)
        middle = time.process_time()
        back = decompress_image(data, model)
        return data, back, middle - start, time.process_time() - middle

    return code


def luma(picture: np.ndarray) -> np.ndarray:
    """Luma in 0..1."""
    return picture @ np.array([0.299, 0.587, 0.114]) / 255


def codecs_of(model: PhotoModel) -> dict[str, tuple[Coder, tuple[float, ...]]]:
    """Every codec with the settings it is measured at."""
    avif = {"subsampling": "4:4:4", "speed": 6, "max_threads": 1}
    rates = (15, 25, 35, 45, 55, 65, 75, 85, 92)
    return {
        "JPEG": (
            peer("JPEG", subsampling="4:2:0", optimize=True, progressive=True),
            (5, 10, 20, 35, 50, 65, 78, 87, 92, 95),
        ),
        "JPEG 2000": (peer("JPEG2000", mct=1, irreversible=True), (200, 100, 60, 35, 22, 14, 9)),
        "WebP m6": (peer("WEBP", method=6), (1, 10, 25, 45, 65, 80, 90, 96)),
        "AVIF": (peer("AVIF", **avif), rates),
        "AVIF psnr": (peer("AVIF", advanced={"tune": "psnr"}, **avif), rates),
        "ours": (ours(model), OURS),
        "ours, fast": (ours(model, effort="fast"), OURS),
        "ours, eye": (ours(model, tune="eye"), OURS),
    }


def pictures_of(paths: list[Path], crop: int) -> list[np.ndarray]:
    """The pictures, or a square of each at a place that depends on its number."""
    pictures = []
    for index, path in enumerate(paths):
        picture = np.array(Image.open(path).convert("RGB"))
        if crop:
            start = index * 37 % (min(picture.shape[:2]) - crop + 1)
            picture = picture[start : start + crop, start : start + crop]
        pictures.append(np.ascontiguousarray(picture))
    return pictures


def measured(code: Coder, picture: np.ndarray, setting: float) -> tuple[float, ...]:
    """Bits a pixel, PSNR, SSIM, MS-SSIM, and seconds to write and to read one picture."""
    data, back, encode, decode = code(picture, setting)
    grey, other = luma(picture), luma(back)
    like = ssim(grey[None], other[None])
    scales = ms_ssim(grey, other) if min(grey.shape) >= 176 else np.nan
    rate = 8 * len(data) / (picture.shape[0] * picture.shape[1])
    return rate, psnr(picture / 255, back / 255), like, scales, encode, decode


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--model")
    parser.add_argument("--crop", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--only", default="")
    parser.add_argument("--drawn", default="", help="parts of names, separated by commas")
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    arguments = options()
    model = PhotoModel.load(arguments.model) if arguments.model else shipped()
    codecs = codecs_of(model)
    names = arguments.only.split(";") if arguments.only else list(codecs)
    paths = sorted(Path(arguments.folder).glob("*.png"))[: arguments.count]
    pictures = pictures_of(paths, arguments.crop)
    drawn = [part for part in arguments.drawn.split(",") if part]
    photographs = [i for i, p in enumerate(paths) if not any(part in p.name for part in drawn)]
    ours(model)(pictures[0][:64, :64], 50)  # compiled before any clock runs
    table: dict[str, np.ndarray] = {}
    each: dict[str, list[list[tuple[float, ...]]]] = {}
    for name in names:
        code, settings = codecs[name]
        rows = []
        for setting in settings:
            cells = [measured(code, picture, setting) for picture in pictures]
            rows.append(np.mean(cells, axis=0))
            each.setdefault(name, []).append(cells)
            print(
                f"{name:<10} {setting:6.1f}", *(f"{value:8.3f}" for value in rows[-1]), flush=True
            )
        table[name] = np.array(rows)
    compared(each, names, list(range(len(pictures))))
    if len(photographs) < len(pictures):
        print(f"\nwithout the drawn ones: {len(photographs)} photographs", end="")
        compared(each, names, photographs)
    if "AVIF psnr" in names:
        one_by_one(each, [path.name for path in paths], "AVIF psnr")
    print("\nseconds a picture: write, read")
    for name in names:
        write, read = table[name][:, 4].mean(), table[name][:, 5].mean()
        print(f"{name:<17}{write:9.3f}{read:9.3f}")


def compared(
    each: dict[str, list[list[tuple[float, ...]]]], names: list[str], indices: list[int]
) -> None:
    """Print BD-rates of the mean curves, and the means of the pictures' own, over some pictures."""
    some = {name: [[cells[index] for index in indices] for cells in each[name]] for name in names}
    table = {name: np.array([np.mean(cells, axis=0) for cells in some[name]]) for name in names}
    head = "".join(f"{other:>19}" for other in names)
    print(f"\nBD-rate in %     {head}   (PSNR/SSIM/MS-SSIM)")
    for name in names:
        print(f"{name:<17}" + "".join(compare(table[name], table[other]) for other in names))
    print("\nmean of the pictures' own BD-rates, PSNR")
    for name in names:
        cells = (f"{own_rates(some[name], some[other]):19.1f}" for other in names)
        print(f"{name:<17}" + "".join(cells))


def one_by_one(
    each: dict[str, list[list[tuple[float, ...]]]], pictures: list[str], peer: str
) -> None:
    """Print every picture's own BD-rate of ours against a peer."""
    ours = [name for name in each if name.startswith("ours")]
    print(f"\nevery picture's own BD-rate against {peer}, PSNR: {'; '.join(ours)}")
    for index, picture in enumerate(pictures):
        own = {name: [[cells[index]] for cells in rows] for name, rows in each.items()}
        print(f"{picture[:40]:<40}" + "".join(f"{own_rates(own[n], own[peer]):9.1f}" for n in ours))


def own_rates(a: list[list[tuple[float, ...]]], b: list[list[tuple[float, ...]]]) -> float:
    """Mean BD-rate in PSNR over the pictures, each by its own curve."""
    rates = []
    for one, other in zip(zip(*a, strict=True), zip(*b, strict=True), strict=True):
        x, y = np.array(one), np.array(other)
        rates.append(bd_rate(x[:, 0], x[:, 1], y[:, 0], y[:, 1]))
    return float(np.mean(rates))


def compare(a: np.ndarray, b: np.ndarray) -> str:
    """BD-rate of a against b in PSNR and, as decibels of 1 - SSIM, in SSIM and MS-SSIM."""
    cells = []
    for column in (1, 2, 3):
        x, y = (_within(rows, column) for rows in (a, b))
        try:
            cells.append(f"{bd_rate(x[0], x[1], y[0], y[1]):.1f}")
        except DataError:
            cells.append("-")
    return f"{'/'.join(cells):>19}"


def _within(rows: np.ndarray, column: int) -> tuple[np.ndarray, np.ndarray]:
    kept = rows[(rows[:, 0] > 0.08) & (rows[:, 0] < 2.4)]
    value = kept[:, column]
    return kept[:, 0], value if column == 1 else -10 * np.log10(1 - value)


if __name__ == "__main__":
    main()
