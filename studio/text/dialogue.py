"""The Text page's dialogue with the model: what comes next, more of it, and files back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from htm_engine.errors import HTMError

from ..kit import controls, settings, watching
from ..kit.keeping import kept
from ..kit.words import t, unmarked
from ..visitor import handed
from . import view, work
from .work import Own

if TYPE_CHECKING:
    from htm_engine.coding.text.model import TextModel
    from htm_engine.runs.background import Background

ON = settings.Page("text")


@dataclass(frozen=True)
class Continuing:
    """What is to be continued, and how."""

    prompt: str
    count: int
    temperature: float
    top_p: float
    seed: int


def show(own: Own | None) -> None:
    """Prompt, bars and continuation."""
    st.subheader(t("text.what_comes_next"), anchor=False)
    columns = st.columns([3, 1], vertical_alignment="bottom")
    prompt = ON.text("prompt", t("text.begin_a_sentence"), columns[0], default=work.PROMPT)
    language = ON.select(
        "voice",
        t("text.read_before"),
        columns[1],
        format_func=lambda name: t(f"text.voice_{name}"),
        disabled=own is not None,
        help=t("text.what_continues_was_trained_on"),
    )
    knobs = st.columns(4)
    count = ON.slider("more", t("text.characters"), knobs[0])
    temperature = ON.slider(
        "heat", t("text.temperature"), knobs[1], help=t("text.takes_the_likeliest_letter_draws")
    )
    top_p = ON.slider(
        "top_p", t("text.top_p"), knobs[2], help=t("text.draw_only_from_the_likeliest")
    )
    seed = ON.number("text_seed", t("text.seed"), knobs[3])
    asked = Continuing(prompt, int(count), float(temperature), float(top_p), int(seed))
    watching.watch(
        lambda: work.own_reading(own) if own else work.reading(language),
        lambda job: _draw(job, asked, language, own),
    )


def _draw(job: Background | None, asked: Continuing, language: str, own: Own | None) -> None:
    if st.session_state.get("prompt", asked.prompt) != asked.prompt:
        st.rerun()  # a letter was added to the sentence, which stands outside this part
    assert job is not None
    if not watching.finished(job, t("text.the_model_reads_its_own", progress=job.progress)):
        return
    from htm_engine.coding.text.model import shipped

    model = own.read[0] if own else shipped(language)
    try:
        expected, text = _continued(model.fingerprint, model, asked)
    except HTMError as exc:
        st.error(unmarked(exc), icon=":material/error:")
        return
    view.next_letters(expected)
    with st.container(horizontal=True, gap="small"):
        for place, one in enumerate(expected):
            st.button(
                view.label_of(one.character),
                key=f"next_{place}",
                on_click=_append,
                args=(one.character,),
                help=t("text.add_it_to_the_sentence"),
            )
    st.markdown(t("text.continuation"))
    st.code(asked.prompt + text, language=None, wrap_lines=True)
    st.caption(t("text.drawn_letter_by_letter_from"))


def _append(character: str) -> None:
    st.session_state["prompt"] = (st.session_state["prompt"] + character)[: controls.MOST_PROMPT]


@kept(64, lambda: t("text.drawing_letters"), copied=True)
def _continued(fingerprint: bytes, _model: TextModel, asked: Continuing) -> tuple[list[Any], str]:
    from htm_engine.analysis.reading import begin, continue_text, next_characters

    drawn = continue_text(
        asked.prompt,
        _model,
        asked.count,
        temperature=asked.temperature,
        top_p=asked.top_p,
        random_state=asked.seed,
    )
    return next_characters(begin(_model, asked.prompt)), "".join(drawn)


def back(own: Own | None) -> None:
    """Take a file and give its text back; a file that cannot be read costs a sentence."""
    st.subheader(t("text.get_a_text_back"), anchor=False)
    sent = st.file_uploader(
        t("text.a_htmc_file_of_a"), type=["htmc"], key="text_back", max_upload_size=20
    )
    file = handed.taken("text_back", sent)
    if file is None:
        return
    content = file.getvalue()
    watching.watch(lambda: work.back_job(content, own), lambda job: _read(job, len(content)))


def _read(job: Background | None, length: int) -> None:
    assert job is not None
    if not watching.finished(
        job,
        view.doing(job),
        "back_cancel",
        lambda error: t("text.nothing_else_on_this_page", error=unmarked(error)),
    ):
        if job.state == "stopped":
            st.info(t("text.cancelled_choose_the_file_again"))
        return
    text = job.items[-1].text
    st.success(t("text.bytes_of_text_from", text=len(text), content=length))
    st.code(text[:2000].decode("utf-8", "replace"), language=None, wrap_lines=True)
    st.download_button(t("text.download_the_text"), text, "text.txt", key="text_back_download")
