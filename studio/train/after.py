"""What a finished run comes to: its numbers in a sentence, and the first sensible next steps."""

from __future__ import annotations

import streamlit as st

from htm_engine.errors import HTMError
from htm_engine.evaluation.standard_codecs import codec_bytes
from htm_engine.runs.measuring import MEASURED
from htm_engine.runs.recording import RecordedJob

from ..kit import sharing
from ..kit.words import t
from ..visitor import history

#: Pages to go to from here: what for, the page, and its mark.
NEXT = (
    ("compress", "compress", ":material/folder_zip:"),
    ("draw", "generate", ":material/auto_awesome:"),
    ("look", "inside", ":material/troubleshoot:"),
)


def show(run: RecordedJob) -> None:
    """The sentence, and a row of what to do next."""
    if sentence := _meaning(run):
        st.markdown(sentence)
    next_steps()


def next_steps() -> None:
    """What to do with a network whose units have learned, its tables or not."""
    with st.container(horizontal=True):
        for what, page, icon in NEXT:
            st.page_link(f"pages/{page}.py", label=t(f"train.next_{what}"), icon=icon)
        with st.popover(t("train.next_send"), icon=":material/link:"):
            sharing.show()


def _meaning(run: RecordedJob) -> str:
    """What the network's bytes mean beside PNG's; empty where no file was measured."""
    kept: tuple[str, str] | None = st.session_state.get("_stored")
    if kept is None or kept[0] != run.run:
        kept = (run.run, _measured(run))
        st.session_state["_stored"] = kept
    return kept[1]


def _measured(run: RecordedJob) -> str:
    try:
        found = history.kept().history.get(run.run)
    except HTMError:
        return ""
    if found is None or "bytes" not in found.figures:
        return ""
    few = run.held.X[:MEASURED]
    png = sum(len(codec_bytes(picture, "png")) for picture in few) / len(few)
    return t(
        "train.needs_bytes",
        ours=found.figures["bytes"],
        png=png,
        times=png / found.figures["bytes"],
        pictures=len(few),
    )
