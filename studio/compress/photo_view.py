"""What the Compress page draws of a photograph's file: numbers, the divider, maps, a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.coding.metadata import Metadata
from htm_engine.evaluation.comparison import Stored

from ..kit import ahead, keeping
from ..kit import divider as dividing
from ..kit.controls import BESIDE
from ..kit.pictures import alt, unit_colour
from ..kit.words import plain, said, t
from . import curves, photo_early, photo_work
from .choose import ON
from .view import decibels, difference, rivals_table, score, show_numbers

if TYPE_CHECKING:
    from htm_engine.coding.photo.model import PhotoModel

Pixels = NDArray[np.uint8]
BITS_PER_BYTE = 8
#: Where the session keeps the name of the photograph's file.
NAME = "_photo_name"
#: Share of the pixels that the map of what was lost shows in full; a few edges lose far more.
MOST_OF_IT = 0.98
#: Colours of the sides of blocks, the smaller the lighter.
SHADES = {4: (255, 224, 138), 8: (240, 140, 80), 16: (150, 60, 110), 32: (44, 28, 84)}
#: Pixels of a photograph that is shown at once.
EARLY_PIXELS = 700_000
#: How the labels of other formats begin, by the names that links say.
LABELS = {"jpeg": "JPEG", "jpeg2000": "JPEG 2000", "webp": "WebP", "avif": "AVIF", "pca": "PCA"}


@dataclass(frozen=True)
class Looking:
    """How the pictures are looked at: what stands on the right, and how many times larger."""

    beside: str
    zoom: int


def looking(disabled: bool) -> Looking:
    """The controls of the divider; drawn also while there is nothing to look at, for the link."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        beside = ON.select(
            "beside",
            t("compress.beside"),
            disabled=disabled,
            width=260,
            format_func=lambda name: LABELS.get(name) or t("compress.decoded_picture"),
        )
        zoom = ON.segments(
            "zoom",
            t("compress.zoom"),
            disabled=disabled,
            width="content",
            format_func=lambda times: f"{times}×",
            help=t("compress.zoom_help"),
        )
    for held in dividing.HELD:
        ON.carried(held)  # in the link also while there is nothing to move
    assert beside in BESIDE
    return Looking(str(beside), int(zoom))


@keeping.kept(3)
def _shrunk(key: str, profile: bytes, _picture: Pixels) -> bytes:
    """A photograph as it is shown while nothing is known of it."""
    return photo_work.png(photo_early.small(_picture, EARLY_PIXELS), Metadata(profile))


def early(picture: Pixels, seen: photo_early.Underway | None, profile: bytes = b"") -> None:
    """The photograph at once, then the preview of its file, then what came back."""
    height, width = picture.shape[:2]
    colours = Metadata(profile)  # as the divider has them in the end
    before = alt(t("compress.the_photograph"))
    if seen is None:
        file = _shrunk(photo_work.key_of(picture), profile, picture)
        st.image(file, caption=t("compress.original"), alt=before, width="stretch")
        return
    if seen.file:
        size = len(seen.file)
        pixels = f"{BITS_PER_BYTE * size / (height * width):.3f}"
        show_numbers(
            [
                (t("compress.this_file"), t("compress.bytes_3", size=size)),
                (t("compress.bits_per_pixel"), pixels),
            ]
        )
        first = seen.once("original", lambda: photo_work.png(picture, colours))
        name = t("compress.decoded")
    else:
        first = _shrunk(photo_work.key_of(picture), profile, picture)
        name = t("compress.a_quick_preview")
    second = seen.once("back", lambda: photo_work.png(seen.back, colours))
    sides = (
        dividing.Side(first, t("compress.original"), before),
        dividing.Side(second, name, alt(name)),
    )
    dividing.show(ON, "photo_early", sides, (width, height))


def numbers(picture: Pixels, coded: photo_work.Coded) -> None:
    """The file at a glance."""
    height, width = picture.shape[:2]
    size = len(coded.file)
    shown = [
        (t("compress.this_file"), t("compress.bytes_3", size=size)),
        (t("compress.bits_per_pixel"), f"{BITS_PER_BYTE * size / (height * width):.3f}"),
        (t("compress.psnr"), decibels(coded.psnr)),
        ("SSIM", score(coded.ssim)),
    ]
    if coded.ms_ssim is not None:
        shown.append(("MS-SSIM", f"{coded.ms_ssim:.4f}"))
    show_numbers(shown)
    if coded.jpeg is not None:
        times = coded.jpeg / max(1, coded.colour_bytes)
        st.markdown(t("compress.jpeg_needs", size=coded.jpeg, times=times, psnr=coded.psnr))
    st.caption(t("compress.written_in", writing=coded.writing, reading=coded.reading))
    besides(coded.metadata)


def besides(metadata: Metadata) -> None:
    """What a file holds besides its picture, in a line, if anything."""
    from htm_engine.data import exif, profiles

    told = []
    if metadata.profile:
        name = plain(profiles.name_of(metadata.profile)) or t("compress.besides_no_name")
        told.append(t("compress.besides_profile", name=name, size=len(metadata.profile)))
    if metadata.exif:
        size = len(metadata.exif)
        told.append(
            t("compress.besides_exif_where", size=size)
            if exif.says_where(metadata.exif)
            else t("compress.besides_exif", size=size)
        )
    if metadata.density:
        across, down = (f"{one:g}" for one in metadata.density)
        told.append(t("compress.besides_density", across=across, down=down))
    if told:
        st.caption(t("compress.besides", parts=t("compress.besides_between").join(told)))


def divider(picture: Pixels, coded: photo_work.Coded, how: Looking) -> None:
    """Original and what came back under one divider, or what came back and another format."""
    ours = t("compress.decoded")
    if how.beside != "ours":
        other = next((one for one in coded.others if _named(one, how.beside)), None)
        if other is not None:
            name = t("compress.name_and_bytes", label=said(other.label), size=other.size)
            _slide(
                coded,
                ("colours", photo_work.colours(coded.back)),
                (other.label, other.picture),
                (f"HTM: {ours}", name),
                alt(
                    t(
                        "compress.the_picture_as_stores_it",
                        label=said(other.label),
                        size=other.size,
                    ),
                    t("compress.from_the_original", psnr=decibels(other.psnr)),
                ),
                how.zoom,
            )
            return
        label = LABELS[how.beside]
        st.caption(
            t("compress.cannot_hold_it", label=label, most=coded.left_out[label])
            if label in coded.left_out
            else t("compress.not_written_yet", label=label)
        )
    words = alt(
        t("compress.the_picture_that_came_back"), t("compress.it_is_db_from_the", psnr=coded.psnr)
    )
    _slide(
        coded,
        ("original", picture),
        ("back", coded.back),
        (t("compress.original"), ours),
        words,
        how.zoom,
    )


def _named(one: Stored, name: str) -> bool:
    return one.label == LABELS[name] or (name == "pca" and one.label.startswith("PCA"))


def _slide(
    coded: photo_work.Coded,
    first: tuple[str, Pixels],
    second: tuple[str, Pixels],
    names: tuple[str, str],
    words: str,
    zoom: int,
) -> None:
    colours = Metadata(coded.metadata.profile)  # as the browser is to show them
    files = tuple(
        coded.once(f"png {name}", lambda shown=shown: photo_work.png(shown, colours))  # type: ignore[misc]
        for name, shown in (first, second)
    )
    before = alt(
        t("compress.the_photograph")
        if first[0] == "original"
        else t("compress.the_picture_that_came_back")
    )
    height, width = first[1].shape[:2]
    sides = (
        dividing.Side(files[0], names[0], before),
        dividing.Side(files[1], names[1], words),
    )
    dividing.show(ON, "photo_slider", sides, (width, height), zoom)


def stem_of(name: str) -> str:
    """A file's name without its ending."""
    return name.rpartition(".")[0] or name or "photograph"


def downloads(coded: photo_work.Coded) -> None:
    """The file, and the picture that came back, under the name that the photograph had."""
    name = st.session_state.get(NAME, "photograph")
    with st.container(horizontal=True):
        st.download_button(
            t("compress.download_the_file_bytes", size=len(coded.file)),
            lambda: coded.file,
            f"{name}.htmc",
            "application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="photo_download",
        )
        st.download_button(
            t("compress.download_as_png"),
            lambda: coded.once("png back", lambda: photo_work.png(coded.back, coded.metadata)),
            f"{stem_of(name)}.png",
            "image/png",
            on_click="ignore",
            key="photo_png",
        )


def maps(picture: Pixels, coded: photo_work.Coded) -> None:
    """What was lost, who won where and in blocks of which size, and where the bits went."""
    lost, drawn = coded.once("maps", lambda: _maps(picture, coded))
    captions = [t("compress.map_lost", scale=lost)]
    if coded.look.units:
        shares = [
            f"{side} x {side}: {(coded.look.sides[0] == side).mean():.0%}"
            for side in SHADES
            if (coded.look.sides[0] == side).any()
        ]
        captions += [
            t("compress.map_units"),
            t("compress.map_sizes", shares=", ".join(shares)),
            t("compress.map_bits"),
        ]
    columns = [*st.columns(2), *st.columns(2)]
    for column, file, caption in zip(columns, drawn, captions, strict=False):
        column.image(file, caption=caption, alt=alt(caption), width="stretch")
    st.subheader(t("compress.where_the_bytes_went", file=len(coded.file)), anchor=False)
    st.table(
        {
            t("compress.part"): [_part(name) for name in coded.look.parts],
            t("compress.bytes_4"): [f"{size:,.0f}" for size in coded.look.parts.values()],
        }
    )


def _maps(picture: Pixels, coded: photo_work.Coded) -> tuple[int, list[bytes]]:
    look, (height, width) = coded.look, picture.shape[:2]
    lost, scale = difference(
        photo_work.colours(picture), photo_work.colours(coded.back), MOST_OF_IT
    )
    drawn = [photo_work.png(lost)]
    if look.units:
        table = np.array([unit_colour(unit) for unit in range(32)], np.uint8)
        # Units of another size are others: their colours are shifted.
        units = table[(look.units[0] + 5 * look.sides[0] // 4) % 32]
        sizes = np.zeros((*look.sides[0].shape, 3), np.uint8)
        for side, shade in SHADES.items():
            sizes[look.sides[0] == side] = shade
        bits = look.bits[0] / max(1.0, float(np.quantile(look.bits[0], 0.99)))
        grey = np.rint(255 * np.clip(bits, 0, 1)).astype(np.uint8)
        drawn += [photo_work.png(_over(cells, height, width)) for cells in (units, sizes, grey)]
    return scale, drawn


def _part(name: str) -> str:
    kind, _, plane = name.partition(" ")
    return f"{t(f'compress.part_{kind}')} {plane}".strip()


def _over(cells: Pixels, height: int, width: int) -> Pixels:
    """A map of cells of 8 x 8 as large as the picture."""
    return np.repeat(np.repeat(cells, 8, 0), 8, 1)[:height, :width]


def others(coded: photo_work.Coded) -> None:
    """The same bytes in other formats."""
    st.subheader(t("compress.the_same_bytes_in_other"), anchor=False)
    size = coded.colour_bytes
    ours = Stored(
        "HTM", photo_work.colours(coded.back), size, coded.psnr, coded.ssim, True, coded.ms_ssim
    )
    rivals_table([ours, *coded.others], ours)
    st.caption(t("compress.colours_of_others"))
    if coded.alpha_bytes:
        st.caption(t("compress.alpha_apart", size=coded.alpha_bytes))
    if coded.metadata_bytes:
        st.caption(t("compress.metadata_apart", size=coded.metadata_bytes))
    for label, most in coded.left_out.items():
        st.caption(t("compress.cannot_hold_it", label=label, most=most))


def show_curves(
    picture: Pixels, wanted: photo_work.PhotoSettings, model: PhotoModel | None
) -> None:
    """This photograph at every quality in every format, when asked for."""
    from htm_engine.evaluation.photo_curves import middle, photo_curves  # brings the compiler along

    picture = photo_work.colours(picture)
    part = middle(picture)
    st.subheader(t("compress.at_every_quality"), anchor=False)
    cut = t("compress.photo_curves_part", size=f"{part.shape[1]} x {part.shape[0]}")
    st.markdown(
        t("compress.photo_curves") + (" " + cut if part.shape[:2] != picture.shape[:2] else "")
    )
    key = (photo_work.key_of(picture), wanted.tune, wanted.effort, wanted.model)
    measured = partial(photo_curves, picture, model, wanted.tune, wanted.effort)
    steps = partial(ahead.after, measured)
    curves.show(curves.Curves("photo_curves", key, steps), wanted.quality)
