"""Text: compress it to the byte, predict it, continue it, and see the surprise."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame, text_talk, text_view
from studio import text_work as work


def given() -> tuple[bytes, str]:
    """The text to look at, and the model wanted."""
    columns = st.columns([3, 1], vertical_alignment="bottom")
    with columns[0]:
        typed = st.text_area(
            "Text", work.EXAMPLE, height=150, key="text", bind="query-params", max_chars=20_000,
            help="Type or paste; for more than 20,000 characters, upload a file.",
        )  # fmt: skip
    wanted = columns[1].selectbox(
        "Model", work.MODELS, key="reader", bind="query-params",
        help="What has read before: English or Chinese prose, nothing (blank), or what fits "
        "the text best (auto).",
    )  # fmt: skip
    sent = st.file_uploader(
        "Or a file, of any kind: it is stored exactly", key="text_file",
        max_upload_size=work.MOST_BYTES // 1_000_000,
    )  # fmt: skip
    return (typed.encode() if sent is None else sent.getvalue()), wanted


def draw(data: bytes, wanted: str, was_live: bool) -> None:
    """Progress, then what was found."""
    if data == work.EXAMPLE.encode() and wanted == "auto" and work.example() is not None:
        show(work.example(), b"")
        return
    job = work.job(data, wanted)
    job.look()
    parts = list(job.items)
    if not job.over:
        doing = parts[-1].doing if parts else "Waiting for a place"
        st.progress(job.progress, f"{doing} ({job.progress:.0%})")
        st.button("Cancel", key="text_cancel", icon=":material/close:", on_click=job.cancel)
        return
    if was_live:
        st.rerun()
    if job.error:
        st.error(job.error, icon=":material/error:")
    elif job.state == "stopped":
        st.info("Cancelled. Change the text to begin again.")
    else:
        show(parts[-1].study, parts[-1].file)


def show(study: work.Study, file: bytes) -> None:
    text_view.numbers(study)
    text_view.letters(study)
    st.subheader("Beside the others", anchor=False)
    text_view.sizes(study)
    if file:
        st.download_button(
            f"Download the file ({len(file):,} bytes)", file, "text.htmc",
            "application/octet-stream", icon=":material/download:", key="text_download",
        )  # fmt: skip


frame.guard()
frame.page(
    "Text",
    ":material/notes:",
    "Store a text exactly by what its letters surprise; see who foresees them, and let the "
    "model go on.",
)
DATA, WANTED = given()
try:
    if not DATA:
        st.info("Type something, or upload a file.")
    elif len(DATA) > work.MOST_BYTES:
        st.error(f"The page takes {work.MOST_BYTES:,} bytes; the shell takes any length.")
    else:
        LIVE = not (work.EXAMPLE.encode() == DATA and WANTED == "auto")
        LIVE = LIVE and not work.job(DATA, WANTED).over
        st.fragment(draw, run_every=0.4 if LIVE else None)(DATA, WANTED, LIVE)
    SAID = text_talk.show()
except HTMError as exc:
    st.error(str(exc), icon=":material/error:")
    SAID = {}
frame.share_link({"text": st.session_state["text"], "reader": WANTED, **SAID})
