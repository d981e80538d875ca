"""What the Series page draws of a series that was followed."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.analysis import series as looks
from htm_engine.figures import series as figures

from ..kit import settings
from ..kit.shapes import BARE
from ..kit.words import t
from .work import Followed, Study, Wanted

if TYPE_CHECKING:
    from htm_engine.model.series.results import SeriesForecast

Array = NDArray[Any]
ON = settings.Page("series")
#: Marks that are drawn at once at most, the oddest of the part that is shown: the browser's limit.
MOST_MARKS = 2000


@dataclass(frozen=True)
class Looked:
    """How a study is looked at."""

    level: float  #: score from which a value is marked
    part: tuple[int, int]  #: what is shown, in hundredths
    live: bool
    odd: int  #: the mark that was clicked


CHART = "series_chart"
#: A figure that is dragged along and zoomed by the wheel, without Plotly's own buttons.
DRAGGED = BARE | {"scrollZoom": True}


def axis(wanted: Followed) -> Array:
    """Where each value stands: its time, or its row from 1."""
    stamps = wanted.data.stamps
    told = stamps is not None and not np.isnat(stamps).any()
    return stamps if told and stamps is not None else np.arange(1, len(wanted.values) + 1)


def when(wanted: Followed, place: int) -> str:
    """A place in words: its time, or its row."""
    stamps = wanted.data.stamps
    if stamps is None or np.isnat(stamps[place]):
        return t("series.row", row=place + 1)
    return str(stamps[place].astype("datetime64[s]")).replace("T", " ")


def numbers(wanted: Wanted, study: Study, odd: Array) -> None:
    """What was found, at a glance."""
    columns = st.columns(4)
    columns[0].metric(t("series.values"), f"{len(wanted.values):,}")
    columns[1].metric(t("series.odd"), f"{len(odd):,}")
    found = looks.quality(wanted.values, study.trace, study.period)
    if found is not None:
        columns[2].metric(
            t("series.error"),
            f"{found.error:,.3g}",
            t("series.of_last", part=found.of_last),
            delta_color="green" if found.of_last < 1 else "red",
            delta_arrow="off",
        )
        columns[3].metric(
            t("series.within"),
            f"{found.within:.0%}",
            t("series.of_90"),
            delta_color="off",
            delta_arrow="off",
        )


def numbers_of(wanted: Wanted, study: Study) -> list[tuple[str, str]]:
    """The same in words and numbers, for the report."""
    found = looks.quality(wanted.values, study.trace, study.period)
    rows = [(t("series.values"), f"{len(wanted.values):,}")]
    if found is not None:
        error = f"{found.error:,.3g}; {t('series.of_last', part=found.of_last)}"
        within = f"{found.within:.0%}; {t('series.of_90')}"
        rows += [(t("series.error"), error), (t("series.within"), within)]
    return rows


def marked(wanted: Followed, look: Looked, odd: Array) -> str:
    """What the sensitivity comes to, as a sentence: marks, and alarms a week or a value."""
    weekly = looks.a_week(len(odd), wanted.data.stamps)
    told = {"level": look.level, "count": len(odd)}
    if weekly is not None:
        return t("series.alarms_a_week", weekly=weekly, **told)
    if len(odd):
        return t("series.alarm_in", every=len(wanted.values) / len(odd), **told)
    return t("series.no_alarm", **told)


def looked() -> Looked:
    """Controls of what is seen; nothing is computed anew for them."""
    columns = st.columns([3, 3, 1], vertical_alignment="bottom", gap="medium")
    level = ON.slider("level", t("series.sensitivity"), columns[0], help=t("series.level_says"))
    part = ON.slider("part", t("series.part"), columns[1], format="%d %%")
    live = ON.toggle("live", t("series.live"), columns[2])
    return Looked(level, tuple(part), live, int(ON.carried("odd")))


def part_of(count: int, part: tuple[int, int]) -> slice:
    """Values from and to hundredths of all, at least one."""
    first, last = part
    begin = min(count * first // 100, count - 1)
    return slice(begin, max(begin + 1, -(-count * last // 100)))


def chart(
    wanted: Wanted, study: Study, odd: Array, part: tuple[int, int], chosen: int | None
) -> None:
    """The series with its band and marks; a click on a mark chooses it."""
    shown = part_of(len(wanted.values), part)
    odd = odd[(odd >= shown.start) & (odd < shown.stop)]
    drawn = looks.oddest(odd, study.trace.score, MOST_MARKS)
    # The one that is explained below is marked, however many are odder.
    odd = np.union1d(drawn, odd[odd == chosen])
    figure, words = figures.followed(wanted.values, axis(wanted), study.trace, odd, shown, chosen)
    st.plotly_chart(
        figure,
        alt=words,
        config=DRAGGED,
        key=CHART,
        selection_mode="points",
        on_select=take_mark,
    )


def take_mark() -> None:
    """The mark that was clicked."""
    points = st.session_state[CHART].selection.points
    if points and "customdata" in points[0]:
        given = points[0]["customdata"]
        st.session_state["odd"] = int(given[0] if isinstance(given, list) else given)


def follow_click(look: Looked) -> None:
    """Draw all of the page anew after a click in a part that runs by itself, its link too."""
    if st.session_state.get("odd", look.odd) != look.odd:
        st.rerun()


def chosen_of(odd: Array, score: Array, asked: int, period: int) -> int | None:
    """The mark that is looked into: the one clicked or linked, else the oddest.

    In the learning period much is odd because all is new, so a later one is preferred.
    """
    if not len(odd):
        return None
    if asked in odd:
        return asked
    later = odd[odd >= period]
    odd = later if len(later) else odd
    return int(odd[score[odd].argmax()])


def why(wanted: Wanted, study: Study, place: int) -> None:
    """Why a value was odd."""
    found = looks.reason(wanted.values, study.trace, place, wanted.data.stamps)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(t("series.came", when=when(wanted, place), value=found.value))
        st.markdown(t("series.expected", expected=found.expected, low=found.low, high=found.high))
        if found.before is None and found.by_day:
            st.markdown(t("series.never_at_this_time"))
        elif found.before is None:
            st.markdown(t("series.never_before"))
        elif found.by_day:
            st.markdown(t("series.seen_at_this_time", when=when(wanted, found.before)))
        else:
            st.markdown(t("series.seen_before", when=when(wanted, found.before)))
        st.caption(t("series.score_is", score=study.trace.score[place]))
    figure, words = figures.surprised(found.bits)
    right.plotly_chart(figure, alt=words, config=BARE, key="series_why")
    right.caption(t("series.views"))


def coming(wanted: Wanted, study: Study) -> None:
    """The forecast."""
    x, ahead = axis(wanted), study.coming
    figure, words = figures.coming(wanted.values, x, ahead, steps_after(x, ahead))
    st.plotly_chart(figure, alt=words, config=BARE, key="series_coming")


def steps_after(x: Array, ahead: SeriesForecast) -> Array:
    """Where the values to come stand, on the axis of those before."""
    if np.issubdtype(x.dtype, np.datetime64):
        found: Array = np.rint(ahead.seconds * 1e6).astype("int64").astype("datetime64[us]")
        return found
    return len(x) + 1 + np.arange(len(ahead.mean))


def safe(names: Iterable[str], ours: Collection[str]) -> list[str]:
    """Names of columns beside ours in a table, each different and none that a spreadsheet runs.

    >>> safe(["load", "score", "=1"], ["row", "score"])
    ['load', 'score 2', "'=1"]
    """
    begin, found = ("=", "+", "-", "@", "\t", "\r"), list[str]()
    for name in names:
        cell = f"'{name}" if name.startswith(begin) else name
        more = (f"{cell} {number}" for number in itertools.count(2))
        there = {*ours, *found}
        found.append(cell if cell not in there else next(one for one in more if one not in there))
    return found


def scores_csv(wanted: Wanted, study: Study) -> bytes:
    """Every value with what was expected and its score, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["row", "time", "value", "prediction", "low", "high", "surprise_bits", "score"])
    stamps, trace = wanted.data.stamps, study.trace
    times = [""] * len(wanted.values) if stamps is None else np.datetime_as_string(stamps, "s")
    columns = (trace.prediction, trace.low, trace.high, trace.surprise)
    for row, (time, value, score) in enumerate(zip(times, wanted.values, trace.score, strict=True)):
        said = [f"{column[row]:.6g}" for column in columns]
        writer.writerow([row + 1, time, repr(float(value)), *said, f"{score:.4f}"])
    return out.getvalue().encode("utf-8-sig")
