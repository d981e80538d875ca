"""The section of the inside page on what each level's code keeps of the picture."""

from __future__ import annotations

import streamlit as st

from htm_engine.analysis import inspection
from htm_engine.evaluation.metrics import psnr_of

from ..kit.pictures import alt, sheet
from ..kit.words import drawable, t
from . import work
from .choice import Choice


def show(c: Choice) -> None:
    """The picture as each level's code alone knows it."""
    st.subheader(t("inside.what_each_level_adds"), anchor=False)
    found = inspection.contributions(c.model, c.seen.X[c.picture : c.picture + 1])
    pictures, labels, rows = [], [], []
    for part in found:
        name = t("inside.level_2", level=part.level + 1)
        kinds = [(t("inside.winners"), part.prototypes, part.prototype_errors, part.winners, 0)]
        if part.values:
            kinds.append(
                (t("inside.values"), part.pictures, part.errors, part.winners, part.values)
            )
        for kind, decoded, errors, winners, values in kinds:
            pictures.append(work.shown(c.model, decoded)[0])
            labels.append(f"{name}, {kind}")
            rows.append(
                (
                    f"{name}: " + (t("inside.with_values") if values else t("inside.winners")),
                    t(
                        "inside.of_2",
                        winners=winners,
                        units=c.model.hierarchy_.layers[part.level].units,
                    ),
                    values,
                    f"{errors[0]:.5f}",
                    f"{psnr_of(float(errors[0])):.1f}",
                )
            )
    pictures.append(c.seen.shown[c.picture])
    labels.append(t("inside.picture_lower"))
    drawn, beside = drawable(labels)
    left, right = st.columns(2, gap="large")
    left.image(
        sheet(pictures, labels=drawn, columns=5, side=112, gap=14),
        caption=beside,
        alt=alt(
            t("inside.the_picture_from_the_top"),
            t(
                "inside.the_error_falls_from_to",
                prototype_errors=found[0].prototype_errors[0],
                errors=found[-1].errors[0],
            ),
        ),
    )
    names = (
        t("inside.from_the_code_of"),
        t("inside.winners"),
        t("inside.values"),
        t("inside.mse"),
        "dB",
    )
    right.dataframe(
        {name: [row[i] for row in rows] for i, name in enumerate(names)},
        hide_index=True,
        alt=t("inside.numbers_kept_and_error_for"),
    )
