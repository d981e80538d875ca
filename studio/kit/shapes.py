"""Data as a page shows it: does it fit the model, what does it look like, how is it written."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM

from .pictures import png
from .words import t

#: Configuration of a figure without Plotly's own buttons.
BARE = {"displayModeBar": False}


def fits(model: HTM, data: Dataset) -> bool:
    """Whether the pictures of a dataset are such as the network reads."""
    layout = tuple(model.layout)
    if len(layout) > 1:
        return data.X.shape[1:] == layout
    return int(np.prod(data.X.shape[1:])) == layout[0]


def to_look_at(model: HTM, pictures: NDArray[np.floating]) -> NDArray[np.floating]:
    """Pictures ``(n, h, w[, c])`` to look at, also of a network that learned rows.

    Rows are folded to a square where their length is one, else shown as a strip.
    """
    if pictures.ndim == 3 or pictures.shape[-1] in (1, 3):
        return pictures
    if pictures.ndim == 4:
        return pictures.mean(-1)
    side = int(np.sqrt(pictures.shape[1]))
    low, high = pictures.min(), pictures.max()
    grey = (pictures - low) / max(high - low, 1e-9) if low < 0 or high > 1 else pictures
    return grey.reshape(len(grey), side, side) if side * side == grey.shape[1] else grey[:, None]


def fitting_data(model: HTM, data: Dataset) -> Dataset:
    """The data at hand if the network reads it, else pictures drawn by the network itself."""
    if int(np.prod(data.X.shape[1:])) == model.n_features_in_:
        return data
    st.info(t("formulas.the_data_at_hand_has"))
    drawn = np.rint(np.clip(model.sample(20, random_state=0), 0, 1) * 255).astype(np.uint8)
    return Dataset("drawn", drawn, None, (), t("formulas.drawn_by_the_network"), "yours")


def plane(pictures: NDArray[Any]) -> NDArray[Any]:
    """Patches ``(n, h, w, c)`` of any number of channels to look at."""
    channels = pictures.shape[-1]
    if channels in (1, 3):
        return pictures[..., 0] if channels == 1 else pictures
    # Many numbers a cell, as in rows: fold them to something square enough to look at.
    rows = pictures.reshape(len(pictures), -1)
    side = int(np.ceil(np.sqrt(rows.shape[1])))
    padded = np.pad(rows, ((0, 0), (0, side * side - rows.shape[1])))
    return padded.reshape(-1, side, side)


def uri(picture: NDArray[Any], side: int = 224) -> str:
    """A picture as a data URI for a figure."""
    return "data:image/png;base64," + base64.b64encode(png(picture, side)).decode()


def marked(point: Any) -> list[int]:
    """The whole numbers that a chosen mark carries."""
    data = point["customdata"]
    if isinstance(data, dict):  # some versions of Plotly's events number their entries
        data = [data[key] for key in sorted(data)]
    return [int(value) for value in data]


def number(value: float) -> str:
    """A number for a formula: three significant digits, powers of ten in LaTeX."""
    if value == 0 or not np.isfinite(value):
        return "0" if value == 0 else r"\infty"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, power = f"{value:.1e}".split("e")
    return rf"{mantissa}\cdot 10^{{{int(power)}}}"
