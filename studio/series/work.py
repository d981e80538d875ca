"""What the Series page computes, in the background, and the example it ships.

::

    drawn series, or a table ──► SeriesData ──► one column  ──► SeriesModel ──► Study
                                           └──► all columns ──► a model each ──► ColumnsTrace
    assets/series-example.npz    the study of the example, so that the page paints at once

The model sees a value once and scores it before it learns it, so what a study holds up to any
place is what a live stream would have shown there.  ``python -m studio.series.work`` writes the
example anew.
"""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.data.drawn_series import DRAWN, draw_series
from htm_engine.data.series import SeriesData
from htm_engine.errors import DataError
from htm_engine.runs.background import Background

from ..kit import watching
from ..kit.places import ASSETS

if TYPE_CHECKING:
    from htm_engine.analysis.series_columns import ColumnsTrace
    from htm_engine.model.series.results import SeriesForecast, SeriesTrace

Array = NDArray[Any]
FILE = ASSETS / "series-example.npz"
EXAMPLE = next(iter(DRAWN))
#: The series of a package, by its name in the menu.
PRICES = "share prices"
#: What the page takes of a table: rows, and bytes of the file; values of all columns together.
MOST_ROWS, MOST_BYTES, MOST_VALUES = 2_000_000, 50_000_000, 2_000_000
#: A drawn machine of several columns.
MACHINE = "machine"
#: Values followed between two looks at the progress.
_CHUNK = 20_000
#: Where the session keeps what is made of a series.
FOLLOWED, SIZES, ROWS, REPORT = "_series", "_series_sizes", "_series_rows", "_series_report"


@dataclass(frozen=True)
class Wanted:
    """What the page is asked to follow: one column of a table."""

    data: SeriesData
    column: int
    learning: int  #: 0 where the model chooses
    ahead: int  #: steps of the forecast
    seed: int

    @property
    def values(self) -> Array:
        """The column, ``(n,)``."""
        return self.data.values[:, self.column]

    @functools.cached_property
    def key(self) -> str:
        """Names the content and the settings."""
        return _key(self.values, self.data.stamps, (self.learning, self.ahead, self.seed))


@dataclass(frozen=True)
class Columns:
    """What the page is asked to follow: all columns of a table, under one score."""

    data: SeriesData
    learning: int  #: 0 where the model chooses
    ahead: int  #: steps of the forecasts
    seed: int

    @property
    def values(self) -> Array:
        """The columns, ``(n, c)``."""
        return self.data.values

    @functools.cached_property
    def key(self) -> str:
        """Names the content and the settings."""
        asked = (self.values.shape, self.learning, self.ahead, self.seed)
        return _key(self.values, self.data.stamps, asked)


Followed = Wanted | Columns


def _key(values: Array, stamps: Array | None, asked: object) -> str:
    found = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    found.update(b"" if stamps is None else stamps.tobytes())
    found.update(repr(asked).encode())
    return found.hexdigest()[:24]


@dataclass(frozen=True)
class Study:
    """A series followed to its end."""

    trace: SeriesTrace
    period: int
    coming: SeriesForecast


def steps(wanted: Wanted) -> Iterator[tuple[float, Study | None]]:
    """Part done, and the study at the end."""
    from htm_engine.analysis.series_columns import joined
    from htm_engine.model.series.model import SeriesModel, period_for

    values, stamps = wanted.values, wanted.data.stamps
    model = SeriesModel(wanted.learning or period_for(len(values)), wanted.seed)
    parts = []
    for begin in range(0, len(values), _CHUNK):
        yield 0.95 * begin / len(values), None
        part = slice(begin, begin + _CHUNK)
        parts.append(model.follow(values[part], None if stamps is None else stamps[part]))
    trace = joined(parts)
    yield 0.95, None
    coming = model.forecast(wanted.ahead)
    assert model.period_ is not None
    yield 1.0, Study(trace, model.period_, coming)


def steps_of_columns(wanted: Columns) -> Iterator[tuple[float, ColumnsTrace | None]]:
    """Part done, and the trace of all columns at the end."""
    from htm_engine.analysis.series_columns import follow_columns

    if wanted.values.size > MOST_VALUES:
        raise DataError(
            f"All columns together have too many values; the page takes {MOST_VALUES:,}. "
            "Choose one column."
        )
    return follow_columns(
        wanted.values, wanted.data.stamps, wanted.learning, wanted.ahead, wanted.seed
    )


def job(wanted: Followed) -> Background:
    """The job that follows a series, or all columns, begun if it was not."""
    found = watching.job_of(FOLLOWED, wanted.key)
    if found is not None:
        return found

    def begin() -> Iterator[Any]:
        return steps(wanted) if isinstance(wanted, Wanted) else steps_of_columns(wanted)

    return watching.start(FOLLOWED, wanted.key, begin, "series")


def forget() -> None:
    """End what is made of a series, and keep nothing of it."""
    for name in (FOLLOWED, SIZES, ROWS):
        watching.job_of(name)  # of no key: it is cancelled and dropped
    st.session_state.pop(REPORT, None)


# --------------------------------------------------------------------- what there is
@st.cache_data(max_entries=8, show_spinner=False)
def drawn(name: str) -> SeriesData:
    """A series drawn by the program."""
    return draw_series(name).data


@st.cache_data(max_entries=1, show_spinner=False)
def prices() -> SeriesData:
    """Six share prices of two years, a value a week; by Plotly."""
    from plotly.data import stocks

    table = stocks(return_type="pandas")
    stamps = table.pop("date").to_numpy("datetime64[us]")
    return SeriesData(PRICES, table.to_numpy(float), tuple(table.columns), stamps, "date")


class _Told(io.BytesIO):
    """A file that tells the part read so far; whoever is told ends it by raising."""

    def __init__(self, content: bytes, told: Callable[[float], None]) -> None:
        super().__init__(content)
        self._told, self._length = told, max(1, len(content))

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file."""
        self._told(self.tell() / self._length)
        return super().read(size)

    def read1(self, size: int | None = -1, /) -> bytes:
        """As of any file; by this one text is read."""
        return self.read(size)


def table_of(
    name: str, content: bytes, told: Callable[[float], None] = lambda part: None
) -> SeriesData:
    """Read a visitor's table; the part done is told, and whoever is told may end it by raising.

    Raises
    ------
    DataError
        If it is none, holds no numbers, or has more rows than the page takes.
    """
    from htm_engine.data.series_tables import read_table

    return read_table(_Told(content, told), name=name, most_rows=MOST_ROWS)


# --------------------------------------------------------------------- the example
@st.cache_resource(show_spinner=False)
def _shipped() -> tuple[str, Study]:
    from htm_engine.model.series.results import SeriesForecast, SeriesTrace

    with np.load(FILE, allow_pickle=False) as kept:
        trace = {
            name: kept[name].astype(np.int64 if name == "winner" else np.float64)
            for name in SeriesTrace.__dataclass_fields__
        }
        levels = tuple(kept["levels"].tolist())
        coming = SeriesForecast(kept["mean"], levels, kept["quantiles"], kept["seconds"])
        return str(kept["key"]), Study(SeriesTrace(**trace), int(kept["period"]), coming)


def example(wanted: Wanted) -> Study | None:
    """The study that came with the app, if it is the one asked for."""
    key, study = _shipped()
    return study if key == wanted.key else None


def main() -> None:
    """Study the example and write ``assets/series-example.npz``."""
    from ..kit.controls import CONTROLS

    ahead = CONTROLS["series"]["ahead"].default
    assert isinstance(ahead, int)
    wanted = Wanted(draw_series(EXAMPLE).data, 0, 0, ahead, 0)
    *_, (_, study) = steps(wanted)
    assert study is not None
    kept = {
        name: getattr(study.trace, name).astype(np.int8 if name == "winner" else np.float32)
        for name in study.trace.__dataclass_fields__
    }
    coming = study.coming
    np.savez_compressed(
        FILE,
        key=wanted.key,
        period=study.period,
        levels=np.array(coming.levels),
        mean=coming.mean,
        quantiles=coming.quantiles,
        seconds=coming.seconds,
        **kept,
    )
    print(f"{FILE.name}: {int((study.trace.score >= 0.5).sum())} odd of {len(wanted.values):,}")


if __name__ == "__main__":
    main()
