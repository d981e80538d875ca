"""Text: compress it to the byte, predict it, continue it, and see the surprise."""

import streamlit as st

from htm_engine.errors import HTMError
from studio import frame, text_talk, text_view
from studio import text_work as work


def given() -> tuple[bytes, str, work.Own | None]:
    """The text to look at, the model wanted, and a model of the visitor's own."""
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
    with st.expander("A text model of your own", icon=":material/school:"):
        st.caption(
            "Records, log lines or code shrink most under a model that has read such: "
            "`python -m htm_engine train-text FILES -o mine.npz`, and bring it here."
        )
        mine = st.file_uploader("A model of train-text (.npz)", ["npz"], key="text_own",
                                max_upload_size=20)  # fmt: skip
    own = None if mine is None else work.own_model(mine.getvalue())
    return (typed.encode() if sent is None else sent.getvalue()), wanted, own


def shipped_example(data: bytes, wanted: str, own: work.Own | None) -> work.Study | None:
    """The study that came with the app, if it is the one asked for."""
    if own or wanted != "auto" or data != work.EXAMPLE.encode():
        return None
    return work.example()


def draw(data: bytes, wanted: str, own: work.Own | None, was_live: bool) -> None:
    """Progress, then what was found."""
    ready = shipped_example(data, wanted, own)
    if ready is not None:
        show(ready)
        return
    job = work.job(data, wanted, own)
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
        show(parts[-1].study)


def show(study: work.Study) -> None:
    text_view.numbers(study)
    text_view.letters(study)
    st.subheader("Beside the others", anchor=False)
    text_view.sizes(study)
    st.download_button(
        f"Download the file ({len(study.file):,} bytes)", study.file, "text.htmc",
        "application/octet-stream", icon=":material/download:", key="text_download",
    )  # fmt: skip


frame.guard()
frame.page(
    "Text",
    ":material/notes:",
    "Store a text exactly by what its letters surprise; see who foresees them, and let the "
    "model go on.",
)
DATA, WANTED, OWN = given()
try:
    if not DATA:
        st.info("Type something, or upload a file.")
    elif len(DATA) > work.MOST_BYTES:
        st.error(f"The page takes {work.MOST_BYTES:,} bytes; the shell takes any length.")
    else:
        LIVE = shipped_example(DATA, WANTED, OWN) is None and not work.job(DATA, WANTED, OWN).over
        st.fragment(draw, run_every=0.4 if LIVE else None)(DATA, WANTED, OWN, LIVE)
    SAID = text_talk.show(OWN)
    text_talk.back(OWN)
except HTMError as exc:
    st.error(str(exc), icon=":material/error:")
    SAID = {}
frame.share_link({"text": st.session_state.get("text", ""), "reader": WANTED, **SAID})
