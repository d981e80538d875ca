"""Text: compress it to the byte, predict it, continue it, and see the surprise."""

from functools import partial

import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.runs.background import Background
from studio import frame
from studio.kit import watching
from studio.kit.words import t, unmarked
from studio.text import dialogue, view, work
from studio.text.dialogue import ON
from studio.visitor import handed


def given() -> tuple[bytes, str, work.Own | None]:
    """The text to look at, the model wanted, and a model of the visitor's own."""
    columns = st.columns([3, 1], vertical_alignment="bottom")
    with columns[0]:
        typed = ON.area(
            "text",
            t("text.text"),
            default=work.EXAMPLE,
            height=150,
            help=t("text.type_or_paste_for_more"),
        )
    wanted = ON.select(
        "reader",
        t("text.model"),
        columns[1],
        options=work.MODELS,
        format_func=lambda name: t(f"text.reader_{name}"),
        help=t("text.what_the_model_was_trained_on"),
    )
    sent = st.file_uploader(
        t("text.or_a_file_of_any"),
        key="text_file",
        max_upload_size=work.MOST_BYTES // 1_000_000,
    )
    sent = handed.taken("text", sent)
    with st.expander(t("text.a_text_model_of_your"), icon=":material/school:"):
        st.caption(t("text.records_log_lines_or_code"))
        mine = st.file_uploader(
            t("text.a_model_of_train_text"), ["npz"], key="text_own", max_upload_size=20
        )
    own = None if mine is None else work.own_model(mine.getvalue())
    return (typed.encode() if sent is None else sent.getvalue()), wanted, own


def shipped_example(data: bytes, wanted: str, own: work.Own | None) -> work.Study | None:
    """The study that came with the app, if it is the one asked for."""
    if own or wanted != "auto" or data != work.EXAMPLE.encode():
        return None
    return work.example()


def draw(job: Background | None) -> None:
    """Progress, and what was found so far: our own file first, the others as they come."""
    assert job is not None
    watching.finished(job, view.doing(job), "text_cancel")
    found = next((part.study for part in reversed(list(job.items)) if part.study), None)
    if found is not None:
        show(found)
    elif job.state == "stopped":
        st.info(t("text.cancelled_change_the_text_to"))


def show(study: work.Study) -> None:
    view.numbers(study)
    if study.letters:
        view.letters(study)
    st.subheader(t("text.beside_the_others"), anchor=False)
    view.sizes(study)
    st.download_button(
        t("text.download_the_file_bytes", file=len(study.file)),
        lambda: study.file,
        "text.htmc",
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key="text_download",
    )


frame.page("text", t("text.store_a_text_exactly_by"))
if FIRST := handed.waits("text_back"):
    BACK = st.container()
DATA, WANTED, OWN = given()
try:
    if FIRST:
        with BACK:
            dialogue.back(OWN)
    if not DATA:
        st.info(t("text.type_something_or_upload_a"))
    elif len(DATA) > work.MOST_BYTES:
        st.error(t("text.the_page_takes_bytes_the", MOST_BYTES=work.MOST_BYTES))
    else:
        READY = shipped_example(DATA, WANTED, OWN)
        if READY is not None:
            show(READY)
        else:
            watching.watch(partial(work.job, DATA, WANTED, OWN), draw, steady="text")
    dialogue.show(OWN)
    if not FIRST:
        dialogue.back(OWN)
except HTMError as exc:
    st.error(unmarked(exc), icon=":material/error:")
frame.share_link()
