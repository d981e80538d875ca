"""The Text page's dialogue with the model: what comes next, more of it, and files back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from htm_engine.errors import HTMError

from ..kit import controls, settings
from ..kit.keeping import kept
from ..kit.words import in_line, said, t
from . import view
from .work import PROMPT, Own, back_job, own_reading, reading

if TYPE_CHECKING:
    from htm_engine.coding.text.model import TextModel

ON = settings.Page("text")


def show(own: Own | None) -> None:
    """Prompt, bars and continuation."""
    st.subheader(t("text.what_comes_next"), anchor=False)
    columns = st.columns([3, 1], vertical_alignment="bottom")
    prompt = ON.text("prompt", t("text.begin_a_sentence"), columns[0], default=PROMPT)
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
    job = own_reading(own) if own else reading(language)
    st.fragment(_draw, run_every=None if job.over else 0.5)(
        prompt,
        language,
        own,
        int(count),
        float(temperature),
        float(top_p),
        int(seed),
        not job.over,
    )


def _draw(
    prompt: str,
    language: str,
    own: Own | None,
    count: int,
    temperature: float,
    top_p: float,
    seed: int,
    was_live: bool,
) -> None:
    if st.session_state.get("prompt", prompt) != prompt:
        st.rerun()  # a letter was added to the sentence, which stands outside this part
    job = own_reading(own) if own else reading(language)
    job.look()
    if not job.over:
        st.progress(
            job.progress,
            t("text.the_model_reads_its_own", progress=job.progress) + in_line(job.position),
        )
        return
    if was_live:
        st.rerun()
    if job.error:
        st.error(said(job.error), icon=":material/error:")
        return
    from htm_engine.coding.text.model import shipped

    model = own.read[0] if own else shipped(language)
    try:
        expected, text = _said(model.fingerprint, model, prompt, count, temperature, top_p, seed)
    except HTMError as exc:
        st.error(said(exc), icon=":material/error:")
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
    st.code(prompt + text, language=None, wrap_lines=True)
    st.caption(t("text.drawn_letter_by_letter_from"))


def _append(character: str) -> None:
    st.session_state["prompt"] = (st.session_state["prompt"] + character)[: controls.MOST_PROMPT]


@kept(64, lambda: t("text.drawing_letters"), copied=True)
def _said(
    fingerprint: bytes,
    _model: TextModel,
    prompt: str,
    count: int,
    temperature: float,
    top_p: float,
    seed: int,
) -> tuple[list[Any], str]:
    from htm_engine.analysis.reading import begin, continue_text, next_characters

    drawn = continue_text(
        prompt, _model, count, temperature=temperature, top_p=top_p, random_state=seed
    )
    return next_characters(begin(_model, prompt)), "".join(drawn)


def back(own: Own | None) -> None:
    """Take a file and give its text back; a file that cannot be read costs a sentence."""
    st.subheader(t("text.get_a_text_back"), anchor=False)
    file = st.file_uploader(
        t("text.a_htmc_file_of_a"), type=["htmc"], key="text_back", max_upload_size=20
    )
    if file is None:
        return
    content = file.getvalue()
    live = not back_job(content, own).over
    st.fragment(_read, run_every=0.4 if live else None)(content, own, live)


def _read(content: bytes, own: Own | None, was_live: bool) -> None:
    job = back_job(content, own)
    job.look()
    parts = list(job.items)
    if not job.over:
        doing = said(parts[-1].doing) if parts else t("text.waiting_for_a_place")
        st.progress(job.progress, f"{doing} ({job.progress:.0%}){in_line(job.position)}")
        st.button(t("text.cancel"), key="back_cancel", icon=":material/close:", on_click=job.cancel)
        return
    if was_live:
        st.rerun()
    if job.error:
        st.error(
            t("text.nothing_else_on_this_page", error=said(job.error)), icon=":material/error:"
        )
        return
    if job.state == "stopped":
        st.info(t("text.cancelled_choose_the_file_again"))
        return
    text = parts[-1].text
    st.success(t("text.bytes_of_text_from", text=len(text), content=len(content)))
    st.code(text[:2000].decode("utf-8", "replace"), language=None, wrap_lines=True)
    st.download_button(t("text.download_the_text"), text, "text.txt", key="text_back_download")
