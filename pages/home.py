"""Home: what HTM Studio is, a result at first paint, and where to go next."""

import numpy as np
import streamlit as st

from studio import frame, showcase
from studio.pictures import alt, sheet

#: Width of a column on the page, so that ten stand side by side; drawn twice as fine.
COLUMN = 80
#: Links to other pages that stand side by side.
ABREAST = 3


@st.cache_resource(max_entries=1)
def load_showcase(stamp: float) -> showcase.Showcase:
    return showcase.read()


@st.cache_resource(max_entries=1)
def draw_examples(stamp: float) -> list[bytes]:
    """A column a picture: the original, the winner's prototype, the picture from the file."""
    columns = []
    for example in load_showcase(stamp).examples:
        steps = [example.original, example.winner, example.rebuilt]
        columns.append(sheet(np.array(steps, np.uint8), columns=1, side=128, gap=12, margin=16))
    return columns


@st.cache_resource(max_entries=8)
def draw_units(stamp: float, level: int) -> bytes:
    units = np.array(load_showcase(stamp).units[level], np.uint8)
    return sheet(units, columns=min(16, len(units)), side=40, gap=4)


def show_examples(stamp: float) -> None:
    found = load_showcase(stamp)
    st.subheader("Digits it had never seen", anchor=False)
    st.markdown(
        "From top to bottom: the picture, the **prediction** of the unit that won it, and what "
        "comes back from a file of prediction and **surprise**. Under each, the bytes it adds "
        f"to the file, of {found.raw_size} before."
    )
    st.image(
        draw_examples(stamp),
        caption=[f"{example.size:.1f} bytes" for example in found.examples],
        alt=[
            alt(
                f"A handwritten {example.label}, its winning unit's prediction, and the picture "
                "from the file",
                f"The file spends {example.size:.1f} bytes on it",
            )
            for example in found.examples
        ],
        width=COLUMN,
    )


def show_numbers(found: showcase.Showcase) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, value in (
            ("Bytes a picture", f"{found.htm.size:.1f}"),
            ("PSNR", f"{found.htm.psnr:.1f} dB"),
            ("Bytes, PCA at 95 %", f"{found.pca.size:.1f}"),
            ("PSNR, PCA at 95 %", f"{found.pca.psnr:.1f} dB"),
        ):
            st.metric(label, value, border=True, width="stretch")
    st.caption(
        f"Measured on {found.measured_on} digits kept out of training on {found.learned_from:,}, "
        f"as one file at quality {found.quality}, its header included, the model's own bytes not. "
        f"PCA is the article's: {found.pca_components} components keep 95 % of the variance, "
        "stored as one byte each."
    )


def show_units(stamp: float) -> None:
    levels = load_showcase(stamp).units
    st.subheader("What its units stand for", anchor=False)
    st.markdown(
        "Every unit predicts one kind of input. Nobody drew these: they are what won the "
        "competition during training."
    )
    for level, units in enumerate(levels):
        st.image(
            draw_units(stamp, level),
            caption=f"Level {level + 1}: {len(units)} units, "
            + ("each for a patch" if level + 1 < len(levels) else "each for a whole picture"),
            alt=alt(
                f"The prototypes of the {len(units)} units of level {level + 1}",
                "Each differs from the others"
                + (": strokes and corners" if level + 1 < len(levels) else ", most are digits"),
            ),
            width="stretch",
        )


def show_next() -> None:
    st.subheader("What to do next", anchor=False)
    others = frame.PAGES[1:]
    for start in range(0, len(others), ABREAST):
        row = others[start : start + ABREAST]
        for column, info in zip(st.columns(ABREAST), row, strict=False):
            with column.container(border=True, height="stretch"):
                st.page_link(
                    f"pages/{info.stem}.py", label=f"**{info.title}**", icon=info.icon, help=""
                )
                st.markdown(info.about)


frame.guard()
frame.page(
    "HTM Studio",
    "",
    "A network that learns pictures by competition. Its units **predict** what they see and "
    "**compete** to explain it; the winner's code and the **surprise**, what nobody foresaw, are "
    "all that is kept. Storing the surprise is compression, drawing from the prediction is "
    "generation, and every weight moves down the gradient of that surprise.",
)
try:
    STAMP = showcase.FILE.stat().st_mtime
except FileNotFoundError:
    st.warning(
        "The result to show here (assets/home.json) is missing. Everything else works: start on "
        "the Train page.",
        icon=":material/warning:",
    )
else:
    show_examples(STAMP)
    show_numbers(load_showcase(STAMP))
    show_units(STAMP)
show_next()
st.caption(frame.ORIGIN)
