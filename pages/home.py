"""Home: what HTM Studio is, a result at first paint, and where to go next."""

import streamlit as st

from studio import frame
from studio.home import showcase, view
from studio.kit.words import t

#: Links to other pages that stand side by side.
ABREAST = 3


def show_next() -> None:
    st.subheader(t("home.what_to_do_next"), anchor=False)
    others = frame.PAGES[1:]
    for start in range(0, len(others), ABREAST):
        row = others[start : start + ABREAST]
        for column, info in zip(st.columns(ABREAST), row, strict=False):
            with column.container(border=True, height="stretch"):
                st.page_link(
                    f"pages/{info.stem}.py", label=f"**{info.title}**", icon=info.icon, help=""
                )
                st.markdown(info.about)


frame.page("home", t("home.a_network_that_learns_pictures"))
try:
    STAMP = showcase.FILE.stat().st_mtime
except FileNotFoundError:
    st.warning(
        t("home.the_result_to_show_here"),
        icon=":material/warning:",
    )
else:
    view.show_examples(STAMP)
    view.show_numbers(STAMP)
    view.show_units(STAMP)
show_next()
st.caption(t("frame.origin"))
frame.share_link()
