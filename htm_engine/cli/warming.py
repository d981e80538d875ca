"""Getting ready ahead, once a machine and version: machine code, and models that have read.

Every loop of photographs, texts and series is run on little data, so that all that
``compress``, ``decompress``, ``detect``, ``generate-text`` and the pages call later is in the
folder of machine code (``compiling``); so are the tables of the text models (``text.kept``).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from ..compiling import PACKAGE, folder, ready_mark
from ..errors import HTMError


def warm(arguments: Namespace) -> None:
    """Compile everything, let the text models read, and say how long it took and where it lies.

    On two cores at once, unless it is to stay in the background: LLVM takes the time, and one
    process compiles one function at a time whatever its threads.
    """
    if arguments.background and hasattr(os, "nice"):
        os.nice(19)
    began = time.perf_counter()
    spare = not arguments.background and (os.cpu_count() or 1) > 1
    with _beside(OTHERS) if spare else nullcontext() as beside:
        do(PHOTOGRAPHS)
        if beside is None:
            do(OTHERS)
        elif code := beside.wait():
            _again(code)
    with contextlib.suppress(OSError, RuntimeError):  # nothing can be kept here
        ready_mark().touch()
    print(f"Ready after {time.perf_counter() - began:.0f} s: {_place()}")


@contextlib.contextmanager
def _beside(parts: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does some parts meanwhile."""
    program = f"from {__name__} import do; do({parts!r})"
    found = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        env=os.environ | {"PYTHONPATH": found},
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _again(code: int) -> None:
    """Do here what the other process did not, which may have been killed for want of memory.

    Raises
    ------
    HTMError
        If that fails here too.
    """
    print(f"The second process ended with {code}; its part is done here.", file=sys.stderr)
    try:
        do(OTHERS)
    except Exception as exc:
        raise HTMError(
            f"Not all is ready: the second process ended with {code}, and its part fails here "
            f"too ({type(exc).__name__}: {exc})."
        ) from exc


def do(parts: tuple[str, ...]) -> None:
    """Use what the named parts compile, one after another, and say which."""
    for name in parts:
        doing, use = PARTS[name]
        print(f"{doing} ...", flush=True)
        use()


def _place() -> str:
    try:
        return str(folder())
    except RuntimeError:  # a user without a home, as in some containers
        return "kept nowhere, as there is no home; set NUMBA_CACHE_DIR"


def _texts() -> None:
    from ..analysis.reading import continue_text, letters
    from ..coding.text.codec import compress_text, decompress_text

    text = b"Units predict the next byte of a text, and the surprise is all that is kept. " * 2
    decompress_text(compress_text(text, "blank"))
    list(letters(text.decode(), expected=2))
    list(continue_text("Units", None, 4))


def _models() -> None:
    from ..coding.text.model import NAMES, shipped

    for name in NAMES:
        shipped(name)


def _photographs() -> None:
    from ..coding.photo.anatomy import look_into_image
    from ..coding.photo.codec import compress_image, decompress_image

    picture = _picture(72, 80)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: compress_image(picture),
        lambda: compress_image(picture, 10, effort="fast", tune="eye"),
        lambda: compress_image(picture, lossless=True),
        lambda: compress_image(picture[..., 0]),
    )
    for way in ways:
        decompress_image(way())
    look_into_image(ways[0]())


def _collections() -> None:
    from ..coding.collection import index, state
    from ..coding.collection.pictures import Frame, PictureCoder, Told
    from ..coding.collection.told import Top
    from ..coding.photo.model import shipped

    picture = _picture(28, 20)
    model = shipped()
    top = Top(np.zeros((4, 2), np.int16), np.full(8, 64, np.int64))
    coder, frame = PictureCoder(model, state.first(model), top), Frame(picture.shape, 4, 900, False)
    told = Told(1, np.zeros(1, np.int64), np.ones((1, 2), np.int16), picture)
    data = coder.write(coder.choose(picture, told, frame), picture, frame)
    own = np.frombuffer(bytearray(data), np.uint8)
    found, reg, cost = coder.read_told(own, frame, 1)
    coder.read(own, found._replace(prediction=picture), reg, cost, frame)
    index.apart(index.together([data, data]), 2)


def _series() -> None:
    from ..coding.series.codec import compress_series, decompress_series
    from ..model.series.model import SeriesModel

    decompress_series(compress_series(np.arange(40) ** 2 % 7))

    model = SeriesModel()
    model.update(1.0, 0.0)
    model.forecast(1)


def _picture(height: int, width: int) -> NDArray[np.uint8]:
    """Slopes, edges and noise, so that blocks of every size and both colours are used."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).integers(0, 40, (height, width, 3))
    slopes = np.stack([2 * x, 3 * y % 200, x + y], 2) + 50 * ((x // 9 + y // 13) % 2)[..., None]
    return np.clip(slopes + noise, 0, 255).astype(np.uint8)


PARTS: dict[str, tuple[str, Callable[[], None]]] = {
    "photographs": ("Compiling for photographs", _photographs),
    "collections": ("Compiling for collections", _collections),
    "texts": ("Compiling for texts", _texts),
    "series": ("Compiling for series", _series),
    "models": ("Letting the text models read", _models),
}
#: What shares most of its code stays together; the two take about as long.
PHOTOGRAPHS = ("photographs", "collections")
OTHERS = ("texts", "series", "models")
