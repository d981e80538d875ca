"""Series: what is odd in numbers over time, why, and what may come."""

from functools import partial

import streamlit as st

from htm_engine.data.series import SeriesData
from htm_engine.errors import HTMError
from htm_engine.runs.background import Background
from studio import frame
from studio.kit import reading, watching
from studio.kit.words import plain, t, unmarked
from studio.series import live, report, rows, sizes, together, view, work
from studio.series.view import ON
from studio.visitor import handed
from studio.visitor import series as own


def given() -> work.Followed | rows.Rows | None:
    """The series to follow, or the rows to judge, with the settings."""
    columns = st.columns([3, 1], vertical_alignment="bottom")
    name = ON.select(
        "series",
        t("series.series"),
        columns[0],
        options=list(ON.controls["series"].options),
        format_func=lambda one: t(f"series.of_{one.replace(' ', '_')}"),
    )
    with columns[1].popover(t("series.settings"), icon=":material/tune:", width="stretch"):
        learning = ON.number("learning", t("series.learning"), help=t("series.learns"))
        ahead = ON.number("ahead", t("series.ahead"))
        seed = ON.number("seed", t("series.seed"))
    if name in (rows.EXAMPLE, work.PRICES, work.MACHINE):
        st.caption(t(f"series.about_{name.replace(' ', '_')}"))
    if name == rows.EXAMPLE:
        data = rows.example()
    elif name == work.PRICES:
        data = work.prices()
    elif name == "upload":
        data = uploaded()
    else:
        data = work.drawn(name)
    if data is None:
        return None
    if name == "upload":
        own.keep(data)
    if len(data.columns) == 1:
        return work.Wanted(data, 0, learning, ahead, seed)
    if data.stamps is None and by_rows():
        return rows.Rows(data, seed)
    names = together.names_in_links(data.columns)
    column = ON.select(
        "column",
        t("series.column"),
        options=["", *names],
        format_func=together.label,
    )
    if column:
        if name == "upload":
            own.keep(data, names.index(column))
        return work.Wanted(data, names.index(column), learning, ahead, seed)
    return work.Columns(data, learning, ahead, seed)


def uploaded() -> SeriesData | None:
    """The visitor's table, once there is one; it stays while the visitor looks at other pages."""
    sent = st.file_uploader(
        t("series.upload"),
        ["csv", "tsv", "txt", "json", "jsonl", "parquet"],
        key="series_file",
        max_upload_size=work.MOST_BYTES // 1_000_000,
        on_change=changed,
    )
    file = handed.taken("series", sent, forget)
    data = None if file is None else read(file)
    if file is None and (before := reading.left("series")) is not None:
        own.keep(before)
    if data is None and not reading.goes_on("series"):
        data = kept()
    if data is None:
        st.info(t("series.what_is_read"))
        return None
    for note in data.notes:
        st.caption(unmarked(note))
    return data


def read(file: handed.File) -> SeriesData | None:
    """What a file holds; None while it is read, and where it is refused, which is said."""
    name, content = file.name, file.getvalue()
    try:
        data = reading.of("series", file.file_id, lambda told: work.table_of(name, content, told))
    except HTMError as exc:
        st.error(unmarked(exc), icon=":material/error:")
        return None
    if data is not None:
        handed.forget("series")  # read, and kept as numbers
    return data


def kept() -> SeriesData | None:
    """The table that was read before, with a button that takes it away."""
    found = own.kept()
    if found is None:
        return None
    st.button(
        t("series.still_here", name=plain(found[0].name)),
        key="series_forget",
        icon=":material/close:",
        help=t("frame.handed_help"),
        on_click=forget,
    )
    return found[0]


def changed() -> None:
    """The uploader was emptied: nothing is kept of what was in it."""
    if st.session_state["series_file"] is None:
        forget()


def forget() -> None:
    """Keep nothing of the visitor's table."""
    reading.forget("series")
    own.forget()
    work.forget()


def by_rows() -> bool:
    """Whether a table without a time is judged row by row, whatever their order."""
    chosen = ON.segments(
        "judged", t("series.no_time"), format_func=lambda one: t(f"series.by_{one}")
    )
    return bool(chosen != "series")


def show(wanted: work.Wanted, study: work.Study, look: view.Looked) -> None:
    """A study as it is looked at."""
    score = study.trace.score
    odd = view.looks.odd_places(score, look.level)
    chosen = view.chosen_of(odd, score, look.odd, study.period)
    st.caption(view.marked(wanted, look, odd))
    if look.live:
        live.show(wanted, study.period, partial(live.column, wanted, study, odd))
    else:
        view.chart(wanted, study, odd, look.part, chosen)
    view.numbers(wanted, study, odd)
    if chosen is None:
        st.info(t("series.nothing_odd"))
    else:
        st.subheader(t("series.why"), anchor=False)
        view.why(wanted, study, chosen)
    st.subheader(t("series.coming"), anchor=False)
    view.coming(wanted, study)
    sizes.show(wanted)
    report.button(wanted, study, odd, chosen)
    st.download_button(
        t("series.scores"),
        partial(view.scores_csv, wanted, study),
        "htm-series.csv",
        "text/csv",
        icon=":material/download:",
        key="series_scores",
    )


def draw(wanted: work.Wanted, look: view.Looked, job: Background | None) -> None:
    """Progress, then what was found."""
    assert job is not None
    view.follow_click(look)
    if watching.finished(job, t("series.following", part=job.progress), "series_cancel"):
        show(wanted, job.items[-1][1], look)
    elif job.state == "stopped":
        st.info(t("series.cancelled"))


frame.page("series", t("series.subtitle"))
try:
    WANTED = given()
    if isinstance(WANTED, rows.Rows):
        rows.show(WANTED)
    else:
        LOOK = view.looked()
    if isinstance(WANTED, work.Columns):
        together.show(WANTED, LOOK)
    elif isinstance(WANTED, work.Wanted):
        READY = work.example(WANTED)
        if READY is not None:
            show(WANTED, READY, LOOK)
        else:
            watching.watch(partial(work.job, WANTED), partial(draw, WANTED, LOOK))
except HTMError as exc:
    st.error(unmarked(exc), icon=":material/error:")
frame.share_link()
