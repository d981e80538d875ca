"""The settings of an estimator, checked before it learns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from .. import storage
from ..errors import DataError
from ..model.layer import Floats, LayerSpec

#: Largest number, and least difference, that is learned from; and how far from zero numbers may
#: lie, in differences between them.
LARGEST, LEAST_SPREAD, FARTHEST = 1e9, 1e-5, 1e4
#: Where units may begin; the first is what models that do not say have.
STARTS = ("k-means++", "random")
#: Least and most of each number, and whether it must be a whole one.
NUMBERS = (
    ("epochs", 1, 100_000, True),
    ("learning_rate", 0, 100, False),
    ("start_temperature", 1, 1e6, False),
    ("validation_fraction", 0, 0.9, False),
    ("patience", 0, 100_000, True),
    ("tolerance", 0, 1, False),
)


def check_codes(Z: Floats) -> None:
    """Refuse codes beyond what any data gives, which single precision would not hold.

    Raises
    ------
    DataError
    """
    largest = max(-float(Z.min()), float(Z.max()))
    if largest > LARGEST:
        raise DataError(
            f"The codes reach {largest:g}, and those of data are within {LARGEST:g}: "
            "give what transform gave."
        )


def check_nothing_more(method: str, more: dict[str, Any]) -> None:
    """Refuse what a method is given by a name that it does not take.

    Raises
    ------
    DataError
        For weights, with what does the same.
    TypeError
        For any other name, as Python does.
    """
    if "sample_weight" in more:
        raise DataError(
            f"{method} does not weigh rows: repeat each as often as it counts, "
            "X.repeat(weights, axis=0), and leave sample_weight out."
        )
    if more:
        raise TypeError(f"{method}() got an unexpected keyword argument {next(iter(more))!r}")


def check_settings(params: dict[str, Any], *, learned: bool = False) -> None:
    """Raise ``ValueError`` with one sentence if a setting makes no sense.

    Parameters
    ----------
    params : dict
        Those of ``HTM``, by name.
    learned : bool
        They are of a file, as in :meth:`LayerSpec.check`.
    """
    layers = params["layers"]
    if layers is not None and not (isinstance(layers, tuple | list) and layers):
        raise ValueError("layers must be a tuple with at least one LayerSpec, or None")
    for spec in layers or ():
        if not isinstance(spec, LayerSpec):
            raise ValueError(f"layers must hold LayerSpec objects, got {spec!r}")
        spec.check(learned=learned)
    for name, low, high, whole in NUMBERS:
        value = params[name]
        if not is_number(value, whole):
            raise ValueError(f"{name} must be a {'whole ' * whole}number, got {value!r}")
        if not low <= value <= high:
            raise ValueError(f"{name} must lie in {low}..{high}, got {value!r}")
    batch = params["batch_size"]
    if batch is not None and (not is_number(batch, True) or batch < 1):
        raise ValueError(f"batch_size must be a positive whole number or None, got {batch!r}")
    if params["init"] not in STARTS:
        raise ValueError(f"init must be {' or '.join(STARTS)}, got {params['init']!r}")
    named = ["mirror", "coder", "sampler"]
    for name in named + ["keep_best"] * (params["keep_best"] is not None):
        if not isinstance(params[name], bool | np.bool_ | int | np.integer):
            raise ValueError(f"{name} must be True or False, got {params[name]!r}")
    shape = params["input_shape"]
    sides = isinstance(shape, tuple | list) and all(is_number(one, True) for one in shape)
    if shape is not None and not (sides and 1 <= len(shape) <= 3 and min(shape) > 0):
        raise ValueError(f"input_shape must be one to three sides or None, got {shape!r}")


def check_size(maps: Floats) -> None:
    """Refuse numbers whose squares single precision cannot add up.

    Raises
    ------
    DataError
        If one is larger than 1e9.
    """
    largest = float(np.abs(maps).max(initial=0))
    if largest > LARGEST:
        raise DataError(
            f"The numbers reach {largest:.2g}, and a network learns from numbers up to "
            f"{LARGEST:.0e}: divide them first."
        )


def check_sizes(X: Any, at_once: int = 65_536) -> None:
    """Refuse too large numbers anywhere in an array in memory, before anything is learned.

    Raises
    ------
    DataError
        As :func:`check_size` does.
    """
    if isinstance(X, np.ndarray) and X.dtype != np.uint8:
        for start in range(0, len(X), at_once):
            check_size(X[start : start + at_once])


def check_spread(maps: Floats) -> None:
    """Refuse a sample that varies too little for single precision; equal maps are welcome.

    Raises
    ------
    DataError
        If its numbers differ by less than 1e-5, or by less than a thousandth of a percent.
    """
    rows = maps.reshape(len(maps), -1)
    if not len(rows) or not np.ptp(rows, axis=0).any():
        return
    mean = rows.mean(0, dtype=np.float64)
    most, far = float(np.abs(rows - mean).max()), float(np.abs(mean).max())
    if most < LEAST_SPREAD:
        raise DataError(
            f"The numbers differ by {most:.2g} only, and a network learns from differences of "
            f"{LEAST_SPREAD:.0e} and more: multiply them first."
        )
    if far > FARTHEST * most:
        raise DataError(
            f"The numbers lie near {far:.2g} and differ by {most:.2g} only: subtract their "
            "mean first."
        )


def plain_layers(layers: Iterable[LayerSpec]) -> tuple[LayerSpec, ...]:
    """Layers with Python's own numbers: sums of NumPy's small types may overflow."""
    return tuple(LayerSpec(**storage.plain(asdict(spec))) for spec in layers)


def is_number(value: Any, whole: bool) -> bool:
    """Whether it is a number, NumPy's included; True and False are none."""
    kinds = int | np.integer if whole else int | np.integer | float | np.floating
    return isinstance(value, kinds) and not isinstance(value, bool | np.bool_)
