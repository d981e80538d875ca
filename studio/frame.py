"""The frame around every page: navigation, header, links that say everything.

A page begins with::

    from studio import frame

    frame.page("train", "One sentence on what to do here.")

and ends with ``frame.share_link()``.  Its controls are drawn by ``settings.Page("train")``,
which knows what each may be and brings it into the link.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import streamlit as st

from .kit import ahead, keeping, presenting, settings, sharing, tour, words
from .kit.controls import LINK_VERSION
from .kit.places import ASSETS
from .kit.watching import STEADY
from .kit.words import t

NAME = "HTM Studio"

_FRAME_RAN = "_frame_ran"
#: What pages need that the first one does not.  A test holds that all of these are there.
WARM_UP = (
    "htm_engine",
    "htm_engine.analysis.generation",
    "htm_engine.figures.base",
    "skimage.metrics",
)
#: More room for the page on a screen that is wide and low; and what is watched while it goes
#: on keeps its full colour until the next picture of it is there (Streamlit fades all that a
#: part of the page has not drawn again yet).  On a telephone a run stands above its controls.
#: The tour begins on Home and is not that page, as which Streamlit marks its link there.
#: "Present" begins where the links above and below it do.
#: The accent is light by night, so that it can be read on dark ground, and white on it cannot.
STYLE = f"""<style>
@media (min-width: 768px) {{
  [data-testid=stMainBlockContainer] {{ padding: 3.25rem 3rem 4rem; }}
}}
@media (max-width: 640px) {{
  [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn] .st-key-{STEADY}_run) {{
    flex-wrap: wrap-reverse;
  }}
}}
[class*=st-key-{STEADY}] [data-stale=true] {{ opacity: 1 !important; transition: none !important; }}
[data-testid=stSidebar] [data-testid=stPageLink] a:not(:hover, :focus-visible) {{
  background: transparent;
}}
[data-testid=stSidebar] .st-key-present_on button {{ padding-left: .5rem; }}
button[kind^=primary] {{ color: light-dark(#FFFFFF, #101417); }}
</style>"""
#: Streamlit's own word on an uploader's button, in another language than its own.
UPLOAD = """<style>
[data-testid=stFileUploaderDropzone] > span button p {{ font-size: 0; }}
[data-testid=stFileUploaderDropzone] > span button p::after {{
  content: "{upload}"; font-size: .875rem;
}}
</style>"""
#: Seconds that these wait for: the first page's pictures are on their way to the browser.
WARM_AFTER = 1.5
#: The module whose pool of jobs gives way while a page is drawn; see :func:`_first`.
JOBS = "htm_engine.runs.background"


@dataclass(frozen=True)
class PageInfo:
    """A page: the stem of its file in ``pages/``, which is also its path in the address."""

    stem: str
    icon: str

    @property
    def title(self) -> str:
        """Its name in the visitor's language."""
        return t(f"frame.title_{self.stem}")

    @property
    def about(self) -> str:
        """What it is for, in the visitor's language."""
        return t(f"frame.about_{self.stem}")


PAGES = (
    PageInfo("home", ":material/home:"),
    PageInfo("train", ":material/model_training:"),
    PageInfo("inside", ":material/troubleshoot:"),
    PageInfo("compress", ":material/folder_zip:"),
    PageInfo("text", ":material/notes:"),
    PageInfo("series", ":material/ssid_chart:"),
    PageInfo("generate", ":material/auto_awesome:"),
    PageInfo("formulas", ":material/function:"),
    PageInfo("runs", ":material/history:"),
)


def pages() -> list[st.Page]:
    """Every page, for ``st.navigation``; the first is what the bare address shows."""
    first, *others = PAGES
    return [
        _page(first, default=True, url_path="start"),
        *(_page(info, url_path=info.stem) for info in others),
        # The default page cannot be reached by name besides, and a newcomer may try to.
        _page(first, url_path=first.stem, visibility="hidden"),
    ]


def _page(info: PageInfo, **options: Any) -> st.Page:
    # The icon stands in the title: given as icon=, it would also become the tab's picture
    # for a moment, and Streamlit fetches that from another host.
    title = f"{info.icon} {info.title}"
    return st.Page(f"pages/{info.stem}.py", title=title, help=info.about, **options)


def run() -> None:
    """Draw the frame and the page inside it; all that ``app.py`` does."""
    current = st.navigation(pages())
    st.session_state[_FRAME_RAN] = True
    # The tab's picture is a file of ours: a symbol would be fetched from another host.
    title = current.title.split(maxsplit=1)[-1]
    st.set_page_config(
        page_title=NAME if title == PAGES[0].title else f"{title} · {NAME}",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
    )
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "favicon.png"), size="large")
    st.html(STYLE)
    words.choose()
    if words.language() != "en":
        st.html(UPLOAD.format(upload=t("frame.upload")))
    presenting.switch()
    tour.offer()
    with _first():
        current.run()
    _warm_up()
    # Small text and not a caption, whose grey is too faint on the sidebar's ground.
    st.sidebar.markdown(f":small[{t('frame.origin')}]")


def _first() -> AbstractContextManager[None]:
    """While a page is drawn, jobs give way; where the engine is not loaded, there are none."""
    background = sys.modules.get(JOBS)
    return nullcontext() if background is None else background.POOL.first()


@st.cache_resource(show_spinner=False)
def _warm_up() -> None:
    """Import what the other pages need while the first visitor reads this one.

    Once a server, in a thread, after the page is drawn: the engine and its libraries take
    seconds to import, and the page clicked next should not wait for them.
    """

    def load() -> None:
        time.sleep(WARM_AFTER)
        for name in WARM_UP:
            importlib.import_module(name)
        ahead.set_aside()
        ahead.begin()
        _workers()

    threading.Thread(target=load, daemon=True, name="warm-up").start()


def _workers() -> None:
    """Start the workers that trainings run in, if some were asked for; say why there are none.

    Where nobody did they begin with the first training.
    """
    from htm_engine.errors import ClusterError
    from htm_engine.runs.workers import WORKERS, asked

    try:
        if asked():
            WORKERS.begin()
    except ClusterError as exc:
        logging.getLogger(__name__).error("%s", exc)


def page(stem: str, intro: str) -> None:
    """Begin a page; the first thing that its file calls.

    The frame is there, the address understood, the title and what to do here said, and the
    model that the link names in use.
    """
    # Streamlit runs a file in pages/ by itself when a deep link is the very first request
    # after a start, since it learns of st.navigation from app.py only.  Telling it here and
    # running again keeps the address and its query.
    if _FRAME_RAN not in st.session_state:
        st.navigation(pages())
        st.rerun()
    keeping.notice_uploads()
    refused = settings.arrive(stem)
    words.teach_engine()
    info = next(info for info in PAGES if info.stem == stem)
    st.title(NAME if info is PAGES[0] else f"{info.icon} {info.title}", anchor=False)
    st.markdown(intro)
    tour.show(stem)
    if refused:
        st.warning(
            t("frame.not_possible_here", names=", ".join(refused)), icon=":material/link_off:"
        )
    if st.query_params.get("v", str(LINK_VERSION)) not in map(str, range(1, LINK_VERSION + 1)):
        st.warning(t("frame.this_link_was_made_by"), icon=":material/link_off:")
    if "model" in st.query_params or st.session_state.get("_missing"):
        from .visitor import (
            linked,  # brings in the engine, which most first paints need not wait for
        )

        linked.follow()


@st.fragment
def share_link() -> None:
    """Offer the link that shows another person exactly this page with these settings.

    A fragment, run again as it is opened: parts of the page may have run since by themselves.
    """
    with st.popover(
        t("frame.copy_link"), icon=":material/link:", key="copy_link", on_change="rerun"
    ):
        sharing.show()
