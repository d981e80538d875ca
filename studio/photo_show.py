"""The Compress page's photographs: settings, progress, what the file is, and the way back."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.background import Background
from htm_engine.comparison import Stored
from htm_engine.errors import HTMError

from . import photo_work as work
from .compress_choose import KINDS, ON
from .compress_show import decibels, difference, rivals_table, score, show_numbers
from .pictures import alt, unit_colour
from .words import in_line, said, t

Pixels = NDArray[np.uint8]
#: Seconds between two looks at the work.
LOOK = 0.4
BITS_PER_BYTE = 8


def show() -> None:
    """The page below its first choice."""
    picture, wanted = _settings()
    if picture is None:
        return
    made = work.job(picture, wanted)
    live = isinstance(made, Background) and not made.over
    st.fragment(_draw, run_every=LOOK if live else None)(picture, wanted, live)
    _back()


def _settings() -> tuple[Pixels | None, work.PhotoSettings]:
    left, right = st.columns(2, gap="large")
    file = right.file_uploader(
        t("compress.a_photograph_of_your_own"), KINDS, key="photo_upload",
        help=t("compress.up_to_megapixels", most=work.MOST_PIXELS / 1e6),
    )  # fmt: skip
    lossless = ON.toggle(
        "lossless", t("compress.lossless"), right, help=t("compress.every_pixel_as_it_was")
    )
    quality = ON.slider(
        "photo_quality", t("compress.quality"), left, disabled=lossless,
        help=t("compress.photo_quality_help"),
    )  # fmt: skip
    tune = ON.select(
        "tune", t("compress.errors_count_by"), left, disabled=lossless,
        format_func=lambda name: t(f"compress.tune_{name}"), help=t("compress.tune_help"),
    )  # fmt: skip
    fast = ON.toggle("fast", t("compress.fast"), right, help=t("compress.fast_help"))
    wanted = work.PhotoSettings(0 if lossless else int(quality), tune, "fast" if fast else "best")
    if file is None:
        st.caption(t("compress.the_sample_photograph"))
        return work.sample(), wanted
    try:
        return work.uploaded(file.name, file.getvalue()), wanted
    except HTMError as exc:
        st.error(said(exc), icon=":material/error:")
        return None, wanted


def _draw(picture: Pixels, wanted: work.PhotoSettings, was_live: bool) -> None:
    made = work.job(picture, wanted)
    if isinstance(made, work.Coded):
        if was_live:
            st.rerun()
        _result(picture, made)
        return
    made.look()
    items = list(made.items)
    if not made.over:
        st.progress(
            made.progress,
            t("compress.photo_progress", part=made.progress) + in_line(made.position),
        )
        st.button(
            t("compress.cancel"), key="photo_cancel", icon=":material/close:", on_click=made.cancel
        )
        if items and items[-1][1] is not None:
            _result(picture, items[-1][1])
        return
    if was_live:
        st.rerun()
    if made.error:
        st.error(said(made.error), icon=":material/error:")
    else:
        st.info(t("compress.photo_cancelled"))


def _result(picture: Pixels, coded: work.Coded) -> None:
    height, width = picture.shape[:2]
    size = len(coded.file)
    show_numbers([
        (t("compress.this_file"), t("compress.bytes_3", size=size)),
        (t("compress.bits_a_pixel"), f"{BITS_PER_BYTE * size / (height * width):.3f}"),
        (t("compress.psnr"), decibels(coded.psnr)),
        ("SSIM", score(coded.ssim)),
        (t("compress.written_read"), f"{coded.writing:.1f} s / {coded.reading:.1f} s"),
    ])  # fmt: skip
    left, right = st.columns(2)
    left.image(
        work.png(picture), caption=t("compress.original"), width="stretch",
        alt=alt(t("compress.the_photograph")),
    )  # fmt: skip
    right.image(
        work.png(coded.back), caption=t("compress.back_from_the_file"), width="stretch",
        alt=alt(t("compress.the_picture_that_came_back"),
                t("compress.it_is_db_from_the", psnr=coded.psnr)),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.download_button(
            t("compress.download_the_file_bytes", size=size), coded.file, "photograph.htmc",
            "application/octet-stream", icon=":material/download:", key="photo_download",
        )  # fmt: skip
        st.download_button(
            t("compress.download_as_png"), work.png(coded.back), "photograph.png", "image/png",
            key="photo_png",
        )  # fmt: skip
    _maps(picture, coded)
    if coded.others:
        st.subheader(t("compress.the_same_bytes_in_other"), anchor=False)
        ours = Stored("HTM", coded.back, size, coded.psnr, coded.ssim, True)
        everybody = [ours, *coded.others]
        rivals_table(everybody, ours)
        for start in range(0, len(everybody), 3):
            for column, one in zip(st.columns(3), everybody[start : start + 3], strict=False):
                column.image(
                    work.png(one.picture), width="stretch",
                    caption=t("compress.name_and_bytes", label=said(one.label), size=one.size),
                    alt=alt(
                        t("compress.the_picture_as_stores_it", label=one.label, size=one.size),
                        t("compress.from_the_original", psnr=decibels(one.psnr)),
                    ),
                )  # fmt: skip


def _maps(picture: Pixels, coded: work.Coded) -> None:
    """What was lost, who won where, and where the bits went."""
    look, (height, width) = coded.look, picture.shape[:2]
    colour = picture[..., :3] if picture.ndim == 3 else picture
    back = coded.back[..., :3] if coded.back.ndim == 3 else coded.back
    lost, scale = difference(colour, back)
    drawn = [(lost, t("compress.what_was_lost_of", scale=scale))]
    if look.units:
        table = np.array([unit_colour(unit) for unit in range(32)], np.uint8)
        units = table[look.units[0] % 32]
        # Sixteen cells a side are one block: its units are others, and darker here.
        units = np.where(look.sides[0][..., None] == 16, units // 2, units).astype(np.uint8)
        bits = look.bits[0] / max(1.0, float(np.quantile(look.bits[0], 0.99)))
        grey = np.rint(255 * np.clip(bits, 0, 1)).astype(np.uint8)
        drawn += [
            (_over(units, height, width), t("compress.which_unit_won")),
            (_over(grey, height, width), t("compress.where_bits_went_map")),
        ]
    for column, (shown, caption) in zip(st.columns(3), drawn, strict=False):
        column.image(work.png(shown), caption=caption, alt=alt(caption), width="stretch")
    st.subheader(t("compress.where_the_bytes_went", file=len(coded.file)), anchor=False)
    st.table({
        t("compress.part"): [_part(name) for name in look.parts],
        t("compress.bytes_4"): [f"{size:,.0f}" for size in look.parts.values()],
    })  # fmt: skip


def _part(name: str) -> str:
    kind, _, plane = name.partition(" ")
    return f"{t(f'compress.part_{kind}')} {plane}".strip()


def _over(cells: Pixels, height: int, width: int) -> Pixels:
    """A map of cells of 8 x 8 as large as the picture."""
    return np.repeat(np.repeat(cells, 8, 0), 8, 1)[:height, :width]


def _back() -> None:
    """Take a file and show the photograph in it; one that cannot be read costs a sentence."""
    st.subheader(t("compress.get_pictures_back"), anchor=False)
    file = st.file_uploader(
        t("compress.a_htmc_file_of_a_photograph"), ["htmc"], key="photo_back", max_upload_size=50
    )
    if file is None:
        return
    try:
        with st.spinner(t("compress.reading_the_file")):
            picture = work.opened(file.getvalue())
    except HTMError as exc:
        st.error(t("compress.nothing_else_on_this_page", exc=said(exc)), icon=":material/error:")
        return
    st.image(work.png(picture), alt=alt(t("compress.the_picture_from_the_file")), width="stretch")
    st.download_button(
        t("compress.download_as_png"), work.png(picture), "photograph.png", "image/png",
        key="photo_back_png",
    )  # fmt: skip
