"""A short tour over the pages: a step stands under a page's title and leads to the next.

It is all in the address (``?tour=3``): a link begins it anywhere, another page leaves it.
"""

from __future__ import annotations

import streamlit as st

from . import presenting
from .controls import LINK_VERSION
from .words import t

PARAMETER = "tour"
#: Page of each step, and what its link says besides.
STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("home", {}),
    ("compress", {"what": "photo"}),
    ("text", {}),
    ("train", {"data": "scenes"}),
    ("inside", {}),
    ("series", {}),
)


def query(step: int) -> dict[str, str]:
    """What the address of a step says, from 1."""
    return {"v": str(LINK_VERSION), **STEPS[step - 1][1], PARAMETER: str(step)}


def step_on(stem: str) -> int:
    """The step that the address names, if it is one of this page; else 0."""
    said = st.query_params.get(PARAMETER, "")
    step = int(said) if said in map(str, range(1, len(STEPS) + 1)) else 0
    return step if step and STEPS[step - 1][0] == stem else 0


def offer() -> None:
    """The way in, from every page."""
    label = t("frame.tour")
    st.sidebar.page_link(
        "pages/home.py", label=label, icon=":material/explore:", query_params=query(1)
    )


def show(stem: str) -> None:
    """The step's words, the way on and back, and the way out; nothing outside a tour."""
    step = step_on(stem)
    if not step or presenting.is_on():
        return
    with st.container(border=True, gap="small", key="tour"):
        st.markdown(t("frame.tour_step", step=step, steps=len(STEPS)) + t(f"frame.tour_{stem}"))
        with st.container(horizontal=True, vertical_alignment="center"):
            if step > 1:
                _link(step - 1, t("frame.tour_back"), ":material/arrow_back:")
            if step < len(STEPS):
                title = t(f"frame.title_{STEPS[step][0]}")
                _link(step + 1, t("frame.tour_next", title=title), ":material/arrow_forward:")
            else:
                st.page_link("pages/home.py", label=t("frame.tour_over"), icon=":material/check:")
            st.button(
                t("frame.tour_leave"),
                key="tour_leave",
                icon=":material/close:",
                type="tertiary",
                on_click=_leave,
            )


def _link(step: int, label: str, icon: str) -> None:
    stem, _ = STEPS[step - 1]
    st.page_link(
        f"pages/{stem}.py", label=label, icon=icon, query_params=query(step), width="content"
    )


def _leave() -> None:
    st.query_params.pop(PARAMETER, None)
