"""What ``HTM()`` makes of small collections, beside PCA at the same number of values.

    python benchmarks/default_sizes.py FOLDER [FOLDER ...]

Held-out error (mean squared, of intensities from 0 to 1) of 1,000 pictures at most that
nothing was chosen on; PCA learns from the same pictures and keeps as many numbers a picture
as the network's top level has values.  ``--presets`` holds the named presets beside them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from common import pictures, provenance, table
from sklearn.decomposition import PCA


def pca_error(learn: np.ndarray, held: np.ndarray, values: int) -> float:
    """Held-out error of PCA."""
    rows, test = (x.reshape(len(x), -1).astype(np.float64) / 255 for x in (learn, held))
    pca = PCA(min(values, *rows.shape), svd_solver="full").fit(rows)
    return float(((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean())


def measured(name: str, X: np.ndarray, count: int, seed: int, presets: list[str]) -> list[object]:
    """One row of the table."""
    from htm_engine import HTM

    order = np.random.default_rng(seed).permutation(len(X))
    learn, held = X[order[:count]], X[order[count : count + 1000]]
    began = time.process_time()
    model = HTM(random_state=seed).fit(learn)
    seconds = time.process_time() - began
    layers = model.hierarchy_.layers
    values = layers[-1].rank * int(np.prod(model.hierarchy_.grid_shapes[-1]))
    error, theirs = -model.score(held), pca_error(learn, held, values)
    near = nearness(model, learn, held)
    others = [
        f"{-HTM.from_preset(one, coder=False, sampler=False).fit(learn).score(held):.5f}"
        for one in presets
    ]
    sizes = " + ".join(f"{layer.units} of {layer.rank}" for layer in layers)
    return [
        name,
        count,
        sizes,
        values,
        f"{error:.5f}",
        f"{theirs:.5f}",
        f"{100 * (error / theirs - 1):+.1f} %",
        near,
        f"{seconds:.1f}",
        *others,
    ]


def nearness(model, learn: np.ndarray, held: np.ndarray) -> str:
    """Median distance to the nearest picture learned from: of samples, and of held-out ones."""
    from htm_engine.analysis.generation import nearest

    drawn = np.clip(model.sample(300, random_state=0), 0, 1)
    ours = np.median(nearest(drawn, learn)[1])
    real = np.median(nearest(held[:300] / np.float32(255), learn)[1])
    return f"{ours:.3f} / {real:.3f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", help="folders of pictures; digits is always there")
    parser.add_argument("--counts", type=int, nargs="+", default=[50, 300, 3000])
    parser.add_argument("--size", type=int, help="side to bring pictures to")
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--presets", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    provenance("default_sizes", "digits", arguments.seed)
    rows = []
    for folder in ["digits", "faces", *arguments.folders]:
        X = (
            faces()
            if folder == "faces"
            else pictures(
                folder,
                "train",
                size=None if folder == "digits" else arguments.size,
                colour=arguments.colour,
            ).X
        )
        for count in [*arguments.counts, *([80] if folder == "faces" else [])]:
            if count + 20 <= len(X):
                name = Path(folder).name
                rows.append(measured(name, X, count, arguments.seed, arguments.presets))
                print(rows[-1], flush=True)
    head = (
        "pictures",
        "learned",
        "units of rank",
        "values",
        "HTM()",
        "PCA",
        "",
        "nearest: drawn / held out",
    )
    table((*head, "s", *arguments.presets), rows)


def faces() -> np.ndarray:
    """The 100 faces in scikit-image, in bytes."""
    from skimage.data import lfw_subset

    return (lfw_subset()[:100] * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
