"""Tables and models of series for the fuzzer."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Files = tuple[list[bytes], Callable[[bytes], object]]


def tables() -> Files:
    """Tables of every kind that is read."""
    from htm_engine.data.series_tables import read_table

    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-01-31 23:50", periods=12, freq="5min"),
            "load": np.arange(12) * 0.25,
            "who": list("abcabcabcabc"),
        }
    )
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    corpus = [
        frame.to_csv(index=False).encode(),
        frame.to_csv(sep=";", decimal=",", date_format="%d.%m.%Y %H:%M").encode("utf-16"),
        frame.to_csv(sep="\t", header=False).encode(),
        frame.to_json(orient="records", lines=True, date_format="iso").encode(),
        parquet.getvalue(),
        b"1\n2\n\n-3e5\n",
    ]
    return corpus, lambda data: read_table(io.BytesIO(data))


def models() -> Files:
    """Model files of series, as bytes."""
    from htm_engine import SeriesModel

    return _saved(), lambda data: SeriesModel.load(io.BytesIO(data))


def models_inside(
    in_array: Callable[[dict[str, Any], str, np.random.Generator], None],
    in_json: Callable[[Any, np.random.Generator], None],
) -> Files:
    """Well-made files whose settings and arrays are not what they should be."""
    from htm_engine import SeriesModel, storage

    header, arrays = storage.load(io.BytesIO(_saved()[1]))
    names, untouched = list(arrays), bytes(16)

    def read(content: bytes) -> object:
        rng = np.random.default_rng(list(content))
        changed, changed_arrays = copy.deepcopy(header), dict(arrays)
        for _ in range(0 if content == untouched else rng.integers(1, 4)):
            name = names[rng.integers(len(names))]
            if rng.random() < 0.3:
                in_json(changed, rng)
            elif name in changed_arrays:
                in_array(changed_arrays, name, rng)
        stream = io.BytesIO()
        try:
            storage.save(stream, changed, changed_arrays)
        except (TypeError, ValueError):
            return None  # what cannot be written cannot be sent
        model = SeriesModel.load(io.BytesIO(stream.getvalue()))
        model.detect([1.0, 2.0, np.nan, 1e9], [1.7e9, None, 1.7e9, 0])
        return model.forecast(2)

    return [untouched], read


def _saved() -> list[bytes]:
    from htm_engine import SeriesModel

    corpus = []
    for values in ([1.0], np.sin(np.arange(200)) + 3):
        stream = io.BytesIO()
        SeriesModel(50).fit(values, 1.7e9 + 600.0 * np.arange(len(values))).save(stream)
        corpus.append(stream.getvalue())
    return corpus
