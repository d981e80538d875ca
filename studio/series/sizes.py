"""The series as a file of ours, beside the same numbers in the formats that people use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import streamlit as st

from htm_engine.runs.background import Background

from ..kit import watching
from ..kit.shapes import BARE
from ..kit.words import t
from .work import SIZES, Followed

#: Values that are stored to compare; more take longer than anybody waits.
MOST = 200_000
#: Compressors of bytes that are shown.
_PEERS = ("xz -9e", "Zstandard -22", "Brotli 11")
Sizes = tuple[tuple[str, int], ...]
Step = tuple[float, Sizes, bytes]


def steps(values: np.ndarray) -> Iterator[Step]:
    """Part done, sizes so far, ours first, and our file; of one column, or of several at once."""
    from htm_engine import compress_series
    from htm_engine.evaluation import number_peers
    from htm_engine.evaluation.text_peers import PEERS

    yield 0.0, (), b""
    ours = compress_series(values)
    found = [("HTM", len(ours))]
    yield 0.5, tuple(found), ours
    columns = [np.ascontiguousarray(one) for one in values.reshape(len(values), -1).T]
    if number_peers.has_pcodec():
        found.append((number_peers.PCODEC, sum(len(number_peers.pcodec(c)) for c in columns)))
    # Each peer takes the form that suits it best: numbers as text, or as eight bytes each, of
    # several columns row by row or column by column.
    forms = {number_peers.as_text(values), values.astype("<f8").tobytes()}
    forms.add(b"".join(one.astype("<f8").tobytes() for one in columns))
    peers = [peer for peer in PEERS if peer.name in _PEERS]
    for place, peer in enumerate(peers):
        found.append((peer.name, min(len(peer.compress(form)) for form in forms)))
        yield 0.5 + 0.5 * (place + 1) / len(peers), tuple(found), ours


def _job(wanted: Followed) -> Background:
    values = wanted.values[: _rows(wanted)]
    found = watching.job_of(SIZES, wanted.key)
    return found or watching.start(SIZES, wanted.key, partial(steps, values), "series sizes")


def _rows(wanted: Followed) -> int:
    """Rows that are stored to compare."""
    return min(len(wanted.values), max(1, MOST // max(1, wanted.values[:1].size)))


def found(wanted: Followed) -> Sizes:
    """The sizes that were measured so far; none before."""
    job = watching.job_of(SIZES, wanted.key)
    items = list(job.items) if job is not None else []
    told: Sizes = items[-1][1] if items else ()
    return told


def show(wanted: Followed) -> None:
    """Sizes as they come, and the file."""
    st.subheader(t("series.stored"), anchor=False)
    watching.watch(partial(_job, wanted), partial(_draw, wanted))


def _draw(wanted: Followed, job: Background | None) -> None:
    from htm_engine.figures.series import stored

    assert job is not None
    over = watching.finished(job, t("series.storing", part=job.progress))
    items = list(job.items)
    if not items or not items[-1][1]:
        return
    _, sizes, ours = items[-1]
    count = wanted.values[: _rows(wanted)].size
    figure, words = stored(sizes, count)
    st.plotly_chart(figure, alt=words, config=BARE, key="series_sizes")
    st.caption(t("series.stored_says", count=count))
    if over:
        st.download_button(
            t("series.file", size=len(ours)),
            ours,
            "series.htmc",
            "application/octet-stream",
            icon=":material/download:",
            key="series_file_of_ours",
        )
