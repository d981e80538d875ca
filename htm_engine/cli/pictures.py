"""What the picture commands do: train, compress, decompress, draw, describe.

Results go to standard output, progress and notes to standard error.
"""

from __future__ import annotations

import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..assets import ASSETS
from ..coding.collection.codec import compress_collection, decompress_collection, inspect_collection
from ..coding.collection.quantise import QUALITIES
from ..data.datasets import load_dataset
from ..data.fitting import as_pictures, fit_picture, picture_shape, put_together
from ..data.uploads import LOCAL, read_picture
from ..errors import DataError, ModelError
from ..estimator.network import HTM
from ..estimator.presets import preset
from ..evaluation import metrics
from ..model.learning import DEAD_SHARE
from .outputs import OutputError, check_target, write, write_pictures
from .progress import Progress, duration

SHIPPED = ASSETS / "digits-htm.npz"


# -------------------------------------------------------------------- train
def train(arguments: Namespace) -> None:
    """Train a network and save it; after Ctrl-C, save what it has learned by then."""
    target = _target(arguments, ".npz", "models", arguments.data)
    data = load_dataset(
        arguments.data,
        size=arguments.size,
        colour=arguments.colour,
        limit=arguments.limit,
        random_state=arguments.seed,
    )
    progress = Progress(sys.stderr)
    for sentence in (*(f"Left out: {one}" for one in data.skipped), *data.notes):
        progress.say(sentence)
    chosen = preset(arguments.preset)
    model = HTM(
        layers=tuple(arguments.layers or chosen.layers) or None,
        mirror=arguments.mirror or (chosen.mirror and not arguments.layers),
        random_state=arguments.seed,
    )
    if arguments.epochs is not None:
        model.set_params(epochs=arguments.epochs)
    progress.say(f"Learning from {len(data):,} pictures of {_size(data.X.shape[1:])}.")
    try:
        interrupted = _learn(model, data.X, progress)
    except ValueError as exc:
        raise exc if isinstance(exc, DataError) else DataError(str(exc)) from exc
    stream = BytesIO()
    model.save(stream)
    write(target, stream.getvalue(), arguments.force)
    held = [step.validation for step in model.history_ if step.validation is not None]
    if held:
        print(f"held-out error   {held[-1]:.5f} ({metrics.psnr_of(held[-1]):.1f} dB)")
    print(f"model            {target} ({stream.tell() / 1024:,.0f} KB, {model.fingerprint})")
    if interrupted:
        raise KeyboardInterrupt(f"Interrupted; what was learned until then is in {target}.")


def _learn(model: HTM, X: NDArray[np.uint8], progress: Progress) -> bool:
    """Train to the end, or until Ctrl-C; True for the latter."""
    shown = 0
    with _asked_to_stop() as asked:
        for step in model.fit_steps(X):
            if asked.is_set():
                break
            if step.step == 0 < step.total:
                continue  # the start
            ended = step.step % max(1, step.total // model.epochs) == 0
            held = f", held-out {step.validation:.5f}" if step.validation is not None else ""
            progress.show(
                f"epoch {step.epoch}/{model.epochs}  {step.progress:4.0%}  error {step.error:.5f}"
                f"{held}, unused units {sum(step.dead)}, {duration(step.seconds)}, "
                f"{progress.left(step.progress)}",
                milestone=ended and step.validation is not None and step.epoch > shown,
            )
            shown = step.epoch if ended else shown
        for name, part in () if asked.is_set() else model.table_steps():
            if asked.is_set():
                break
            what = "to draw by" if name == "sampler" else "of files"
            progress.show(f"learning the tables {what}  {part:4.0%}")
    progress.close()
    if not asked.is_set():
        return False
    if not model.learners:
        raise KeyboardInterrupt("Interrupted before anything was learned; nothing was saved.")
    model.settle()
    model.return_to_best()
    model.forget_pending()
    if model.coder_ is None:
        progress.say("Stopping: measuring the file's tables. Ctrl-C again saves without them.")
        try:
            model.measure_coder(X)
        except KeyboardInterrupt:
            progress.say("The model will not be able to write .htmc files.")
    return True


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Let Ctrl-C set a flag that is looked at between two steps, so that none is cut in half."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


# ----------------------------------------------------- compress, decompress
def compress(arguments: Namespace) -> None:
    """Store pictures in one file, and say what it cost and what was lost."""
    quality = arguments.quality or 5
    if quality > QUALITIES or arguments.bytes or arguments.lossless or arguments.strip:
        raise DataError(
            f"A network stores pictures by --quality 1 to {QUALITIES}; more, --bytes, --lossless "
            "and --strip are for photographs: give no network, or --photo."
        )
    arguments.output = arguments.output or f"{Path(arguments.paths[0]).resolve().name}.htmc"
    sources = (*arguments.paths, arguments.model)
    target = _target(arguments, ".htmc", "compressed files", *sources)
    model = _load(arguments.model)
    progress = Progress(sys.stderr)
    if arguments.tiles:
        pictures, mosaic = _tiles(arguments.paths, model, progress)
    else:
        pictures, mosaic = _pictures(arguments.paths, model, arguments, progress), None
    file = compress_collection(
        model,
        pictures,
        quality,
        progress=lambda part: progress.show(f"compressing {part:4.0%}, {progress.left(part)}"),
        mosaic=mosaic,
    )
    progress.close()
    back = as_pictures(decompress_collection(file, model), model)
    write(target, file, arguments.force)
    many = "tiles" if mosaic else "pictures"
    print(f"{many:<17}{len(pictures):,} of {_size(pictures.shape[1:])}")
    print(f"bytes            {len(file):,} (header and checksum included, the model not)")
    print(f"bytes each       {len(file) / len(pictures):,.1f} of {pictures[0].nbytes:,}")
    print(f"PSNR             {metrics.psnr(pictures, back, 255):.2f} dB")
    print(f"file             {target}")


def _tiles(
    paths: list[str], model: HTM, progress: Progress
) -> tuple[NDArray[np.uint8], tuple[int, int] | None]:
    if len(paths) > 1 or not Path(paths[0]).is_file():
        raise DataError("Only one picture at a time can be cut into tiles.")
    path = Path(paths[0])
    content = files.read(path, LOCAL.max_bytes)
    picture = read_picture(content, path.name, max_pixels=LOCAL.max_pixels)
    fitted = fit_picture(picture.pixels, model)
    for note in (*picture.notes, *fitted.notes):
        progress.say(note)
    return fitted.pictures, fitted.mosaic


def _pictures(
    paths: list[str], model: HTM, arguments: Namespace, progress: Progress
) -> NDArray[np.uint8]:
    height, width, channels = picture_shape(model)
    parts = []
    for path in paths:
        data = load_dataset(path, colour=channels == 3)
        for sentence in (*(f"Left out: {one}" for one in data.skipped), *data.notes):
            progress.say(sentence)
        if data.X.shape[1:3] != (height, width):
            found = f"{data.X.shape[2]} x {data.X.shape[1]}"
            if arguments.model is None:
                raise DataError(
                    f"The network that comes with HTM Studio reads {width} x {height} pixels, and "
                    f"{path} holds {found}. To store each picture as a photograph, leave out -o or "
                    "give a folder; to store them together, train a network and give it by --model."
                )
            data = load_dataset(path, size=(height, width), colour=channels == 3)
            progress.say(
                f"{path}: brought to {width} x {height} pixels, the size the network reads."
            )
        parts.append(data.X)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def given_back(content: bytes, source: str, target: str, how: Namespace) -> str:
    """Write the pictures of a collection's file; what they are, in words."""
    check_target(target, how.force, source, how.model, folder=True)
    info = inspect_collection(content)
    model = _load(how.model)
    pictures = as_pictures(decompress_collection(content, model), model)
    whole = put_together(pictures, info.mosaic)
    count = write_pictures(target, whole, how.force)
    made = f" in {count:,} files" if count > 1 else ""
    return f"{len(whole):,} of {_size(whole.shape[1:])}{made}"


# ----------------------------------------------------------------- generate
def generate(arguments: Namespace) -> None:
    """Draw new pictures."""
    check_target(arguments.output, arguments.force, arguments.model, folder=True)
    model = _load(arguments.model)
    picture_shape(model)
    drawn = model.sample(arguments.number, arguments.seed, arguments.temperature)
    pictures = np.rint(np.clip(drawn, 0, 1) * 255).astype(np.uint8)
    write_pictures(arguments.output, as_pictures(pictures, model), arguments.force)
    print(f"pictures         {len(pictures):,} (seed {arguments.seed})")
    print(f"written          {arguments.output}")


# ----------------------------------------------------------------- describe
def of_collection(content: bytes) -> dict[str, Any]:
    """What a file of pictures holds."""
    info = inspect_collection(content)
    return {
        "kind": "collection",
        "pictures": info.pictures,
        "quality": info.quality,
        "surprise": info.surprise,
        "mosaic": None if info.mosaic is None else list(info.mosaic),
        "bytes": info.size,
        "bytes_each": round(info.size / info.pictures, 2),
        "model": info.fingerprint,
    }


def of_model(content: bytes) -> dict[str, Any]:
    """What a network's file holds."""
    model = HTM.load(BytesIO(content))
    h = model.hierarchy_
    return {
        "kind": "model",
        "reads": list(h.map_shapes[0]),
        "fingerprint": model.fingerprint,
        "bytes": len(content),
        "writes_files": model.coder_ is not None,
        "layers": [
            {
                "patch": layer.spec.patch,
                "grid": list(grid),
                "units": layer.units,
                "rank": layer.rank,
                "winners": layer.winners_kept,
                "unused": int((layer.shares < DEAD_SHARE / layer.units).sum()),
                "used_as_many_as": round(metrics.perplexity(layer.shares), 1),
            }
            for layer, grid in zip(h.layers, h.grid_shapes, strict=True)
        ],
    }


# ---------------------------------------------------------------- in common
def _target(arguments: Namespace, ending: str, kind: str, *sources: str | None) -> Path:
    target = check_target(arguments.output, arguments.force, *sources)
    if target.suffix.lower() != ending:
        raise OutputError(f"{target.name} must end in {ending}, as {kind} do.")
    return target


def _load(path: str | None) -> HTM:
    if path is None and not SHIPPED.is_file():
        raise ModelError("No network came with this copy; give one with --model.")
    try:
        return HTM.load(SHIPPED if path is None else path)
    except ModelError as exc:
        raise ModelError(f"{path or SHIPPED.name}: {exc}") from exc


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}" + (" in colour" if len(shape) == 3 else "")
