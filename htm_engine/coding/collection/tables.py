"""The codec's probability tables as the arrays of a model file, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import values
from .residual_units import CONTEXTS, Surroundings, Tables
from .values import ValueTables
from .winner import TopTables


def stacked(top: Sequence[TopTables], low: Sequence[Tables]) -> dict[str, NDArray[Any]]:
    """One array a table, qualities first."""
    found: dict[str, list[NDArray[Any]]] = {}
    for one_top, one_low in zip(top, low, strict=True):
        for name, array in [*_flat("top", one_top), *_flat("low", one_low)]:
            found.setdefault(name, []).append(array)
    return {name: np.stack(arrays) for name, arrays in found.items()}


def unstacked(
    arrays: dict[str, NDArray[Any]], qualities: int
) -> tuple[list[TopTables], list[Tables]]:
    """Inverse of :func:`stacked`."""
    top = [_gather(TopTables, "top", arrays, quality) for quality in range(qualities)]
    low = [_gather(Tables, "low", arrays, quality) for quality in range(qualities)]
    return top, low


def top_shapes(units: int, rank: int, positions: int, winners: int) -> dict[str, tuple[int, ...]]:
    """Shape of every table of the top level at one quality."""
    return {
        **_value_shapes("top", units, rank, 0),
        "top_counts": (positions, units),
        "top_weights": (winners,),
    }


def low_shapes(units: int, columns: int, leanings: int) -> dict[str, tuple[int, ...]]:
    """Shape of every table of the residual units at one quality."""
    return {
        **_value_shapes("low", units, columns, Surroundings.FEATURES),
        "low_gate": (Surroundings.FEATURES,),
        "low_leaning": (leanings,),
        "low_cuts": (CONTEXTS - 1,),
        "low_counts": (CONTEXTS, units + 1),
    }


def _flat(kind: str, tables: Any) -> Iterator[tuple[str, Any]]:
    """Names and contents of tables within tables."""
    for name, item in zip(tables._fields, tables, strict=True):
        if hasattr(item, "_fields"):
            yield from _flat(f"{kind}_{name}", item)
        else:
            yield f"{kind}_{name}", item


def _value_shapes(kind: str, units: int, columns: int, features: int) -> dict[str, tuple[int, ...]]:
    number = len(values.bands(columns))
    return {
        f"{kind}_values_classes": (units, values.LEVELS, columns),
        f"{kind}_values_gates": (number, features + number),
        f"{kind}_values_cuts": (number, values.LEVELS - 1),
    }


def _gather(make: Any, kind: str, arrays: dict[str, NDArray[Any]], quality: int) -> Any:
    """Inverse of :func:`_flat` at one quality."""
    fitted = ValueTables(*(arrays[f"{kind}_values_{n}"][quality] for n in ValueTables._fields))
    others = [arrays[f"{kind}_{name}"][quality] for name in make._fields if name != "values"]
    return make(fitted, *others)
