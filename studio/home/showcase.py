"""What the home page shows of the shipped model, measured once and kept beside it.

::

    assets/digits-htm.npz + held-out digits ──build──► Showcase ──write──► assets/home.json
                                                                              │ read
                                                          home page ◄─────────┘

The page reads numbers and small pictures from the JSON, so that the first paint waits for
neither the engine nor scikit-learn.  The file names the model it was measured on; a test
measures again and compares.  After a change of the shipped model::

    python -m studio.home.showcase
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..kit.places import ASSETS, HELD_OUT, SEED

if TYPE_CHECKING:
    from htm_engine import HTM

MODEL = ASSETS / "digits-htm.npz"
FILE = ASSETS / "home.json"

QUALITY = 7
_COPIES = 64


@dataclass(frozen=True)
class Example:
    """One held-out picture on its way; pictures are rows of bytes, ``winners`` a grid a level."""

    label: str
    original: list[list[int]]
    winner: list[list[int]]
    rebuilt: list[list[int]]
    winners: list[list[list[int]]]
    size: float


@dataclass(frozen=True)
class Coding:
    """Bytes a picture, everything counted, and what is left of the pictures in dB."""

    size: float
    psnr: float


@dataclass(frozen=True)
class Showcase:
    """Everything the home page says about the shipped model."""

    fingerprint: str
    dataset: str
    learned_from: int
    measured_on: int
    raw_size: int
    quality: int
    htm: Coding
    pca: Coding
    pca_components: int
    examples: list[Example]
    units: list[list[list[list[int]]]]  #: a list a level, bottom first


def build(model: HTM, train: NDArray[np.uint8], test: NDArray[np.uint8], labels: Any) -> Showcase:
    """Measure a model on pictures it did not learn from."""
    from htm_engine.coding.collection.codec import compress_collection, decompress_collection

    file = compress_collection(model, test, QUALITY)
    back = decompress_collection(file, model)
    components, pca = _pca95(train, test)
    chosen = _one_of_each(labels)
    codes = model.encode(test[chosen])
    # Without its values, a code says only who won: the winner's prototype, level by level.
    bare = model.decode(type(codes)(codes.winners, codes.weights, np.zeros_like(codes.values)))
    grids = model.winners(test[chosen])
    examples = []
    for place, index in enumerate(chosen):
        one = test[index : index + 1]
        alone = len(compress_collection(model, one, QUALITY))
        many = len(compress_collection(model, np.repeat(one, _COPIES + 1, 0), QUALITY))
        examples.append(
            Example(
                str(labels[index]),
                test[index].tolist(),
                _bytes(bare[place]).tolist(),
                back[index].tolist(),
                [grid[place].tolist() for grid in grids],
                (many - alone) / _COPIES,
            )
        )
    return Showcase(
        model.fingerprint,
        "digits",
        len(train),
        len(test),
        int(test[0].nbytes),
        QUALITY,
        Coding(len(file) / len(test), _psnr(test, back)),
        pca,
        components,
        examples,
        [
            [_bytes(unit[..., 0]).tolist() for unit in model.receptive_fields(level)]
            for level in range(len(grids))
        ],
    )


def write(showcase: Showcase, path: Path = FILE) -> None:
    """Keep a showcase as JSON; the inverse of :func:`read`."""
    path.write_text(json.dumps(asdict(showcase), separators=(",", ":")) + "\n", encoding="utf-8")


def read(path: Path = FILE) -> Showcase:
    """Showcase that :func:`write` kept."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["htm"], found["pca"] = Coding(**found["htm"]), Coding(**found["pca"])
    found["examples"] = [Example(**example) for example in found["examples"]]
    return Showcase(**found)


def _bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


def _one_of_each(labels: Any) -> list[int]:
    return [int(np.flatnonzero(np.asarray(labels) == label)[0]) for label in np.unique(labels)]


def _pca95(train: NDArray[np.uint8], test: NDArray[np.uint8]) -> tuple[int, Coding]:
    """The article's baseline: components for 95 % of the variance, a byte for each value."""
    from sklearn.decomposition import PCA

    pca = PCA(n_components=0.95, svd_solver="full").fit(train.reshape(len(train), -1) / 255)
    learned = pca.transform(train.reshape(len(train), -1) / 255)
    low, high = learned.min(0), learned.max(0)
    values = pca.transform(test.reshape(len(test), -1) / 255)
    levels = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    back = pca.inverse_transform(low + levels / 255 * (high - low))
    count = int(pca.n_components_)
    return count, Coding(float(count), _psnr(test, _bytes(back).reshape(test.shape)))


def main() -> None:
    """Measure the shipped model and write ``assets/home.json``."""
    from htm_engine import HTM, load_dataset

    train, test = load_dataset("digits").split(HELD_OUT, SEED)
    showcase = build(HTM.load(MODEL), train.X, test.X, test.y)
    write(showcase)
    print(
        f"{FILE.name}: HTM {showcase.htm.size:.1f} bytes a picture at {showcase.htm.psnr:.1f} dB, "
        f"PCA 95 % {showcase.pca.size:.1f} at {showcase.pca.psnr:.1f} dB"
    )


if __name__ == "__main__":
    main()
