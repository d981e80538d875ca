"""A training recorded once, so that the page opens on units that find their places.

::

    the drawn scenes ──HTM(init="random")──► units and reconstructions, at every measured step
        ──► train-scenes.webp, a few seconds long      ──► train-scenes.json: the curve

The page plays it once and trains nothing.  To make it anew, in some twenty seconds::

    python -m studio.train.recorded
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..kit.places import ASSETS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from htm_engine import HTM
    from htm_engine.data.dataset import Dataset

#: The set, and its files.
DATA = "scenes"
FILM, FILE = ASSETS / "train-scenes.webp", ASSETS / "train-scenes.json"
#: Pictures in a row of the film, milliseconds of a frame and of the last, and its quality.
IN_ROW, FRAME, LAST, QUALITY = 16, 900, 3000, 60


@dataclass(frozen=True)
class Recorded:
    """Held-out error at the steps that were measured, and how many units there are."""

    units: int
    steps: tuple[int, ...]
    errors: tuple[float, ...]


def record(model: HTM, learn: Dataset, held: Dataset) -> tuple[Recorded, bytes]:
    """Train a network; the curve, and the film of its units and of what they keep."""
    points, frames = [], []
    for step, error, frame in _frames(model, learn, held.X[:IN_ROW]):
        points.append((step, round(error, 5)))
        frames.append(frame)
    steps, errors = zip(*points, strict=True)
    units = len(model.hierarchy_.layers[-1].m)
    stream, times = io.BytesIO(), [FRAME] * (len(frames) - 1) + [LAST]
    first, *others = frames
    first.save(
        stream,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=times,
        loop=1,
        quality=QUALITY,
        method=6,
    )
    return Recorded(units, steps, errors), stream.getvalue()


def _frames(
    model: HTM, learn: Dataset, few: NDArray[np.uint8]
) -> Iterator[tuple[int, float, Image.Image]]:
    """Steps that were measured: their number, their error, and a picture."""
    from PIL import Image

    from ..kit.pictures import sheet

    for step in model.fit_steps(learn.X):
        ended = step.loop is None and step.step > 0
        if step.validation is None or ended:
            continue
        tiles = [*model.receptive_fields(0)[..., 0], *(few / 255), *model.reconstruct(few)]
        picture = Image.open(io.BytesIO(sheet(tiles, columns=IN_ROW, side=32, gap=3)))
        yield step.step, step.validation, picture


def read(path: Path = FILE) -> Recorded:
    """The curve that :func:`main` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Recorded(int(found["units"]), tuple(found["steps"]), tuple(found["errors"]))


def main() -> None:
    """Record it anew, into ``assets/``."""
    from htm_engine import HTM, load_dataset
    from htm_engine.runs.recipe import SPLIT

    data = load_dataset(DATA)
    found, film = record(HTM(init="random", epochs=20), *data.split(*SPLIT))
    FILM.write_bytes(film)
    FILE.write_text(json.dumps(asdict(found)) + "\n", encoding="utf-8")
    print(f"{FILM.name}: {len(film):,} bytes; {found}")


if __name__ == "__main__":
    main()
