"""Presentation: one switch hides the controls and enlarges what they made.

It stands in the address (``?present=1``), so a link can open a page as a slide.  A small
button leads back; keys and screen readers find it like any other.
"""

from __future__ import annotations

import streamlit as st

from .words import t

PARAMETER = "present"
#: Key of a container, alone in its column, that is nothing but controls.
HIDDEN = "controls"
_ON = "_presenting"

#: What is set, pressed or opened; the button that leads back, and tabs, stay.
CONTROLS = (
    "stSidebar",
    "stSidebarCollapsedControl",
    "stExpandSidebarButton",
    "stHeader",
    "stButton",
    "stDownloadButton",
    "stPopover",
    "stPopoverButton",
    "stSlider",
    "stSelectSlider",
    "stSelectbox",
    "stMultiSelect",
    "stNumberInput",
    "stTextInput",
    "stTextArea",
    "stCheckbox",
    "stToggle",
    "stRadio",
    "stButtonGroup",
    "stFileUploader",
    "stChatInput",
    "stExpander",
    "stPageLink",
)

STYLE = """<style>
{controls},
[data-testid=stElementContainer]:not(.st-key-present_off):has(> :is({controls})),
[data-testid=stColumn]:has(.st-key-{hidden}) {{
  display: none !important;
}}
.st-key-leave [data-testid=stButton] {{ display: block !important; }}
.st-key-leave {{ position: fixed; right: 1rem; bottom: 1rem; width: auto; z-index: 99; opacity: .7; }}
html {{ font-size: 118%; }}
[data-testid=stMainBlockContainer] {{ max-width: 100%; padding-top: 1rem; }}
</style>"""  # noqa: E501


def is_on() -> bool:
    """Whether this visitor presents: by the switch, or since the link said so."""
    if st.query_params.get(PARAMETER) == "1":
        st.session_state[_ON] = True
    return bool(st.session_state.get(_ON))


def switch() -> None:
    """Draw the switch in the sidebar, or, while it is on, hide everything else of the kind."""
    if not is_on():
        st.sidebar.button(
            t("frame.present"),
            key="present_on",
            icon=":material/slideshow:",
            on_click=_begin,
            help=t("frame.present_help"),
            type="tertiary",
        )
        return
    # On another page the address has lost it.
    if st.query_params.get(PARAMETER) != "1":
        st.query_params[PARAMETER] = "1"
    hidden = ",\n".join(f"[data-testid={name}]" for name in CONTROLS)
    st.html(STYLE.format(controls=hidden, hidden=HIDDEN))
    with st.container(key="leave"):
        st.button(
            t("frame.leave_presentation"),
            icon=":material/close_fullscreen:",
            on_click=_end,
            key="present_off",
            help=t("frame.leave_help"),
        )


def _begin() -> None:
    st.session_state[_ON] = True


def _end() -> None:
    st.session_state.pop(_ON, None)
    if PARAMETER in st.query_params:
        del st.query_params[PARAMETER]
