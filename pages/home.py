"""Home: three results at first paint, a place for one's own, and where to go next."""

import streamlit as st

from studio import frame
from studio.home import put_in, view
from studio.kit.words import t

#: Links to other pages that stand side by side.
ABREAST = 3


def show_next() -> None:
    st.subheader(t("home.what_to_do_next"), anchor=False)
    st.markdown(t("home.a_network_that_learns_pictures"))
    others = frame.PAGES[1:]
    for start in range(0, len(others), ABREAST):
        row = others[start : start + ABREAST]
        for column, info in zip(st.columns(ABREAST), row, strict=False):
            with column.container(border=True, height="stretch"):
                st.page_link(
                    f"pages/{info.stem}.py", label=f"**{info.title}**", icon=info.icon, help=""
                )
                st.markdown(info.about)


frame.page("home", t("home.what_it_is"))
try:
    view.show()
except (OSError, ValueError, KeyError, TypeError):
    st.warning(t("home.the_result_to_show_here"), icon=":material/warning:")
view.let_paint()
put_in.show()
view.show_finished()
show_next()
st.caption(t("frame.origin"))
frame.share_link()
