"""The sections of the inside page about the whole collection: codes and surprises."""

from __future__ import annotations

import numpy as np
import streamlit as st

from htm_engine.analysis.oddness import unlike
from htm_engine.analysis.survey import scores_csv
from htm_engine.figures import survey
from htm_engine.figures.base import Figure

from ..kit.keeping import kept
from ..kit.pictures import alt, sheet
from ..kit.shapes import BARE
from ..kit.words import language, t
from . import work
from .choice import ON

#: Pictures that are shown as the most surprising.
MOST_SURPRISING = 16
#: Pictures that are shown as odd.
ODD = 8


def codes(name: str, data_name: str, seen: work.Surveyed, picture: int) -> bool:
    """The pictures where their codes lie."""
    st.subheader(t("inside.a_map_of_the_codes"), anchor=False)
    shown = ON.toggle("thumbs", t("inside.thumbnails"), help=t("inside.lay_some_of_the_pictures"))
    top = seen.found.winners[-1].reshape(len(seen.found), -1)[:, 0]
    groups = seen.labels or [t("inside.unit_2", unit=unit) for unit in top]
    if len(set(groups)) > 24:
        groups = [t("inside.pictures_lower")] * len(top)
    figure, words = _mapped(name, data_name, (shown, picture, language()), seen, groups)
    st.plotly_chart(
        figure,
        alt=words,
        config=BARE,
        key="codes",
        selection_mode="points",
        on_select=lambda: work.take_picture("codes"),
    )
    st.caption(t("inside.each_point_is_a_picture"))
    return shown


@kept(8)
def _mapped(
    name: str,
    data_name: str,
    key: tuple[bool, int, str],
    _seen: work.Surveyed,
    _groups: list[str],
) -> Figure:
    """The map; it takes longer to make than the rest of the section, and is looked at again."""
    shown, picture, _ = key
    thumbnails = work.thumbnails(name, data_name, _seen) if shown else ()
    return survey.code_map(_seen.found.plane, _seen.found.explained, _groups, thumbnails, picture)


@kept(8, copied=True)
def _anomalies(name: str, data_name: str, _seen: work.Surveyed) -> tuple[bytes, bytes]:
    """The most surprising pictures on a sheet, and all scores as CSV; no click changes them."""
    most = _seen.found.most_surprising(MOST_SURPRISING)
    return (
        sheet(_seen.shown[most], columns=8, side=64, gap=8, labels=[f"#{i}" for i in most]),
        scores_csv(_seen.found, _seen.labels).encode("utf-8-sig"),
    )


@kept(8, copied=True)
def _odd(name: str, data_name: str, _seen: work.Surveyed) -> tuple[bytes, list[int]]:
    """The pictures least like all others, on a sheet with how little those tell of each."""
    scores = unlike(_seen.X)
    most = np.argsort(-scores, kind="stable")[:ODD]
    labels = [f"#{i}  {scores[i]:.2f}" for i in most]
    picture = sheet(_seen.shown[most], columns=ODD, side=96, gap=8, labels=labels)
    return picture, [int(i) for i in most]


def odd(name: str, data_name: str, seen: work.Surveyed) -> None:
    """The pictures that all others tell least of; also those that the network learned by heart."""
    if len(seen.X) < 3:
        return
    st.subheader(t("inside.odd_pictures"), anchor=False)
    picture, most = _odd(name, data_name, seen)
    st.image(picture, alt=alt(t("inside.odd_first", picture=most[0])), width="stretch")
    st.caption(t("inside.odd_how"))


def surprises(name: str, data_name: str, seen: work.Surveyed, picture: int) -> None:
    """The pictures that the network expects least."""
    st.subheader(t("inside.what_surprises_it_most"), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    most = seen.found.most_surprising(MOST_SURPRISING)
    total = seen.found.total
    pictures, scores = _anomalies(name, data_name, seen)
    left.image(
        pictures,
        width="stretch",
        alt=alt(
            t("inside.the_most_surprising_of_pictures", most=len(most), total=len(total)),
            t("inside.from_bits_down_the_median", total=total[most[0]], total2=np.median(total)),
        ),
    )
    left.caption(t("inside.surprise_is_the_loss_log"))
    left.download_button(
        t("inside.download_all_scores_csv"),
        scores,
        "htm-surprise.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="scores",
    )
    figure, words = survey.surprise(total, picture)
    right.plotly_chart(figure, alt=words, config=BARE, key="surprise")
    by_level = " + ".join(f"{part:.1f}" for part in seen.found.surprise[picture])
    right.caption(t("inside.picture_bits_level_by_level", picture=picture, by_level=by_level))
