"""The Text page's dialogue with the model: what comes next, more of it, and files back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from htm_engine.errors import HTMError

from . import text_view
from .text_work import MOST_BYTES, PROMPT, reading

#: Languages whose models came with the app.
LANGUAGES = {"en": "English", "zh": "Chinese"}


def show() -> dict[str, Any]:
    """Prompt, bars, continuation, and the way back; what the link keeps of it."""
    st.subheader("What comes next?", anchor=False)
    columns = st.columns([3, 1], vertical_alignment="bottom")
    prompt = columns[0].text_input(
        "Begin a sentence", PROMPT, key="prompt", bind="query-params", max_chars=2000
    )
    language = columns[1].selectbox(
        "Read before", LANGUAGES, format_func=LANGUAGES.__getitem__, key="language"
    )
    knobs = st.columns(4)
    count = knobs[0].slider("Characters", 20, 1000, 300, 20, key="more", bind="query-params")
    temperature = knobs[1].slider(
        "Temperature", 0.0, 2.0, 0.7, 0.1, key="heat", bind="query-params",
        help="0 takes the likeliest letter, 1 draws as the model expects.",
    )  # fmt: skip
    top_p = knobs[2].slider(
        "Top-p", 0.1, 1.0, 0.95, 0.05, key="top_p", bind="query-params",
        help="Draw only from the likeliest letters that together have this probability.",
    )  # fmt: skip
    seed = knobs[3].number_input("Seed", 0, 10**6, 0, key="text_seed", bind="query-params")
    live = not reading(language).over
    st.fragment(_draw, run_every=0.5 if live else None)(
        prompt, language, int(count), float(temperature), float(top_p), int(seed), live
    )
    _back()
    return {
        "prompt": prompt, "more": count, "heat": temperature, "top_p": top_p, "text_seed": seed,
    }  # fmt: skip


def _draw(
    prompt: str, language: str, count: int, temperature: float, top_p: float, seed: int,
    was_live: bool,
) -> None:  # fmt: skip
    job = reading(language)
    if not job.over:
        st.progress(job.progress, f"The model reads its own texts ({job.progress:.0%})")
        return
    if was_live:
        st.rerun()
    if job.error:
        st.error(job.error, icon=":material/error:")
        return
    try:
        expected, text = _said(prompt, language, count, temperature, top_p, seed)
    except HTMError as exc:
        st.error(str(exc), icon=":material/error:")
        return
    text_view.next_letters(expected)
    st.markdown("**And so on**")
    st.code(prompt + text, language=None, wrap_lines=True)
    st.caption("Drawn letter by letter from the same expectation that files are written with.")


@st.cache_data(show_spinner="Drawing letters", max_entries=64)
def _said(
    prompt: str, language: str, count: int, temperature: float, top_p: float, seed: int
) -> tuple[list[Any], str]:
    from htm_engine.coding.textmodel import shipped
    from htm_engine.reading import begin, continue_text, next_characters

    model = shipped(language)
    drawn = continue_text(
        prompt, model, count, temperature=temperature, top_p=top_p, random_state=seed
    )
    return next_characters(begin(model, prompt)), "".join(drawn)


def _back() -> None:
    from htm_engine.coding.text import decompress_text, inspect_text

    st.subheader("Get a text back", anchor=False)
    file = st.file_uploader("A .htmc file of a text", type=["htmc"], key="text_back",
                            max_upload_size=20)  # fmt: skip
    if file is None:
        return
    content = file.getvalue()
    try:
        info = inspect_text(content)
        with st.spinner(f"Reading {info.length:,} bytes of text"):
            text = decompress_text(content, limit=MOST_BYTES)
    except HTMError as exc:
        st.error(f"{exc} Nothing else on this page has changed.", icon=":material/error:")
        return
    st.success(f"{len(text):,} bytes of text from {len(content):,}.")
    st.code(text[:2000].decode("utf-8", "replace"), language=None, wrap_lines=True)
    st.download_button("Download the text", text, "text.txt", key="text_back_download")
