"""What the Compress page draws: pictures side by side, numbers, and words for both."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.evaluation.comparison import Stored
from htm_engine.figures.compress import bits_figure, bits_in_words

from ..kit.pictures import alt, enlarge, sheet, sized, unit_colour
from ..kit.shapes import BARE
from ..kit.words import said, t
from .work import Coded, Subject

Pixels = NDArray[np.uint8]
#: Ends of the scale of the difference map, in levels of 255.
SCALES = (8, 16, 32, 64, 128, 255)
DARKER, LIGHTER, SAME = (38, 92, 168), (205, 92, 20), (247, 246, 243)
#: Width of a picture on the page; drawn twice as fine.
SMALL, LARGE = 168, 252
_ON_SHEET = 32


def difference(original: Pixels, back: Pixels, share: float = 1.0) -> tuple[Pixels, int]:
    """Signed difference in two colours, and the level that gets the full colour.

    A ``share`` of the pixels differ by no more than that level.
    """
    change = np.asarray(back, np.int16) - original
    if change.ndim == original.ndim and change.shape[-1:] == (3,) and original.ndim in (3, 4):
        change = change.mean(-1)
    scale = next(s for s in SCALES if np.quantile(np.abs(change), share) <= s)
    part = np.clip(np.abs(change) / scale, 0, 1)[..., None]
    ends = np.where(change[..., None] < 0, DARKER, LIGHTER)
    return np.rint(np.array(SAME) * (1 - part) + ends * part).astype(np.uint8), scale


def winner_map(picture: Pixels, winners: NDArray[np.int64], side: int) -> Pixels:
    """Enlarged picture under the colours of its tiles' residual units; pale where none won."""
    large = enlarge(picture, side).astype(np.float64)
    factor = large.shape[0] // winners.shape[0]
    units = np.repeat(np.repeat(winners, factor, 0), factor, 1)
    table = np.array([unit_colour(unit) for unit in range(max(1, int(winners.max()) + 1))])
    colour = table[np.maximum(units, 0)]
    share = np.where(units >= 0, 0.62, 0.0)[..., None]
    return np.rint(large * (1 - share) + colour * share).astype(np.uint8)


def width_of(subject: Subject) -> int:
    """Width on the page: photographs get more room than digits."""
    return LARGE if subject.mosaic else SMALL


def row(pictures: list[Pixels], captions: list[str], words: list[str], width: int) -> None:
    """Pictures side by side, wrapping where the page is narrow."""
    with st.container(horizontal=True, gap="small"):
        for picture, caption, said in zip(pictures, captions, words, strict=True):
            thick = thickened(picture)
            height, across = thick.shape[:2]
            own = width if height <= 1.5 * across else max(1, int(1.5 * width * across / height))
            file, shown = sized(thick, own)
            st.image(file, caption=caption, alt=said, width=shown)


def thickened(picture: Pixels) -> Pixels:
    """Repeat the pixels of a line until it can be seen: sides differ by 16 times at most."""
    height, width = picture.shape[:2]
    down, across = -(-width // (16 * height)), -(-height // (16 * width))
    return np.repeat(np.repeat(picture, down, 0), across, 1)


def show_way(subject: Subject, coded: Coded) -> None:
    """Original, decoded picture, the difference; then prediction, residual, winners."""
    original, back = subject.wholes[0], coded.back[0]
    width, name = width_of(subject), subject.name
    lost, scale = difference(original, back)
    added, reach = difference(coded.prediction[0], back)
    used = int((coded.tile_winners[0] >= 0).any())
    share = float((coded.tile_winners[0] >= 0).mean())
    row(
        [original, back, lost],
        [
            t("compress.original"),
            t("compress.decoded"),
            t("compress.what_was_lost_of", scale=scale),
        ],
        [
            alt(t("compress.the_original", name=name)),
            alt(
                t("compress.the_picture_that_came_back"),
                t("compress.it_is_db_from_the", psnr=coded.psnr),
            ),
            alt(
                t("compress.difference_of_the_two_orange", scale=scale),
                t(
                    "compress.the_largest_difference_is",
                    max=int(np.abs(back.astype(int) - original).max()),
                ),
            ),
        ],
        width,
    )
    st.markdown(t("compress.how_the_file_codes_it"))
    row(
        [
            coded.prediction[0],
            added,
            winner_map(original, coded.tile_winners[0], 2 * width) if used else original,
        ],
        [
            t("compress.the_top_levels_prediction_alone"),
            t("compress.what_the_residual_changes_of", reach=reach),
            t("compress.tiles_with_a_residual", share=share),
        ],
        [
            alt(t("compress.what_the_winner_at_the")),
            alt(
                t("compress.what_the_residual_changes"),
                t("compress.the_full_colour_stands_for", reach=reach),
            ),
            alt(
                t("compress.the_picture_with_each_tile"),
                t("compress.of_the_tiles_have_one", share=share),
            ),
        ],
        width,
    )


def show_many(subject: Subject, coded: Coded) -> None:
    """Some pictures of a whole collection: originals, decoded, what was lost."""
    places = np.unique(np.linspace(0, len(subject.wholes) - 1, _ON_SHEET).astype(int))
    originals, back = subject.wholes[places], coded.back[places]
    lost, scale = difference(originals, back)
    for pictures, caption, words in (
        (originals, t("compress.originals"), t("compress.originals_of_the_collection")),
        (
            back,
            t("compress.decoded"),
            t("compress.the_same_pictures_from_the", psnr=coded.psnr),
        ),
        (
            lost,
            t("compress.what_was_lost_of", scale=scale),
            t("compress.orange_is_lighter_blue_is"),
        ),
    ):
        st.image(
            sheet(list(pictures), columns=16, side=64, gap=6),
            caption=t(
                "compress.of", caption=caption, places=len(places), wholes=len(subject.wholes)
            ),
            alt=alt(words),
            width="stretch",
        )


def show_numbers(numbers: list[tuple[str, str]]) -> None:
    """Numbers in a row of boxes."""
    with st.container(horizontal=True, gap="small"):
        for label, value in numbers:
            st.metric(label, value, border=True, width="stretch")


def decibels(value: float) -> str:
    """PSNR for people."""
    return t("compress.equal") if np.isinf(value) else t("compress.db", value=value)


def score(value: float | None) -> str:
    """SSIM for people."""
    return t("compress.too_small") if value is None else f"{value:.3f}"


def show_budget(coded: Coded) -> None:
    """Where the bits went."""
    budget = coded.parts.budget
    st.subheader(t("compress.where_the_bytes_went", file=len(coded.file)), anchor=False)
    st.plotly_chart(bits_figure(budget), alt=bits_in_words(budget), config=BARE, key="bits")


def show_rivals(subject: Subject, coded: Coded, others: list[Stored]) -> None:
    """The same picture in other formats, at the nearest bytes not above the network's."""
    size = len(coded.file)
    ours = Stored("HTM", coded.back[0], size, coded.psnr, coded.ssim, True)
    everybody = [ours, *others]
    row(
        [one.picture for one in everybody],
        [t("compress.name_and_bytes", label=said(one.label), size=one.size) for one in everybody],
        [
            alt(
                t("compress.the_picture_as_stores_it", label=said(one.label), size=one.size),
                t("compress.from_the_original", psnr=decibels(one.psnr)),
            )
            for one in everybody
        ],
        width_of(subject) if subject.mosaic else 132,
    )
    rivals_table(everybody, ours)


def rivals_table(everybody: list[Stored], ours: Stored) -> None:
    """Everybody's bytes and what they lost; ``ours`` is one of them."""
    scales = (
        {}
        if ours.ms_ssim is None
        else {"MS-SSIM": ["" if one.ms_ssim is None else f"{one.ms_ssim:.4f}" for one in everybody]}
    )
    st.table(
        {
            t("compress.format"): [said(one.label) for one in everybody],
            t("compress.bytes_4"): [f"{one.size:,}" for one in everybody],
            t("compress.psnr"): [decibels(one.psnr) for one in everybody],
            "SSIM": [score(one.ssim) for one in everybody],
            **scales,
            "": [
                t("compress.this_file_2")
                if one is ours
                else t("compress.the_best_not_above_that")
                if one.fits
                else t("compress.its_smallest_times_the_bytes", size=one.size / ours.size)
                for one in everybody
            ],
        }
    )
