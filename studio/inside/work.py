"""What the inside page computes, kept for equal model, data and choice.

::

    model, data ──► Surveyed (pictures as the network reads them, their Survey, labels)
    click in a figure ──► the number inputs of the page, before they are drawn
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from htm_engine.analysis import inspection
from htm_engine.analysis.survey import Survey, survey
from htm_engine.data.datasets import Dataset
from htm_engine.estimator.network import HTM

from ..kit.keeping import kept
from ..kit.shapes import fits, fitting_data, marked, to_look_at, uri
from ..kit.words import t

#: Pictures that a survey looks at; more would keep a visitor waiting.
MOST = 2000
#: The unit that follows the chosen patch.
WINNER = "winner"


@dataclass(frozen=True, eq=False)
class Surveyed:
    """A network over the data at hand: ``X`` as it reads them, ``shown`` as people do."""

    X: NDArray[Any]
    shown: NDArray[Any]
    labels: list[str] | None
    found: Survey


def fitting(model: HTM, data: Dataset) -> Dataset:
    """The data at hand if the network reads it, else pictures drawn by the network itself."""
    return data if fits(model, data) else fitting_data(model, data)


@kept(6, lambda: t("inside.looking_at_every_picture"))
def surveyed(fingerprint: str, data_name: str, _model: HTM, _data: Dataset) -> Surveyed:
    """Survey at most :data:`MOST` pictures; one object for all visitors, never written to."""
    X = np.asarray(_data.X[:MOST]).reshape(-1, *_model.layout)
    labels = None
    if _data.y is not None and _data.label_names:
        labels = [str(_data.label_names[label]) for label in _data.y[:MOST]]
    return Surveyed(X, shown(_model, X), labels, survey(_model, X))


def shown(model: HTM, X: NDArray[Any]) -> NDArray[Any]:
    """Pictures ``(n, h, w[, 3])`` of intensities, whatever layout the network reads."""
    floats = X.astype(np.float32) / (255 if X.dtype == np.uint8 else 1)
    pictures = to_look_at(model, floats)
    return pictures[..., 0] if pictures.ndim == 4 and pictures.shape[-1] == 1 else pictures


def spatial(model: HTM) -> bool:
    """Whether patches are places in a picture; plain rows are one cell of many numbers."""
    return model.shape[:2] != (1, 1)


def patches(model: HTM, seen: Surveyed, level: int, pairs: NDArray[np.intp]) -> list[NDArray[Any]]:
    """The pixels under given patches: pairs of picture and place."""
    if not spatial(model):
        return list(seen.shown[pairs[:, 0]])
    found = []
    for picture, place in pairs:
        top, left, bottom, right = inspection.box(model, level, int(place))
        # A series is folded to look at as a whole, but its patches are strips.
        one = seen.X[picture].reshape(model.shape)[top:bottom, left:right]
        found.append(shown(model, one[None])[0])
    return found


def over_picture(model: HTM, pixels: NDArray[Any]) -> NDArray[Any]:
    """Numbers ``(H, W, C)`` that belong to the picture's own, as a plane to look at."""
    if spatial(model):
        return pixels.sum(-1)
    length = pixels.size
    side = int(np.sqrt(length))
    return pixels.reshape((side, side) if side * side == length else (1, length))


@kept(8, copied=True)
def thumbnails(fingerprint: str, data_name: str, _seen: Surveyed) -> list[tuple[int, str]]:
    """Some pictures spread over the map of codes, no two in the same cell."""
    plane = _seen.found.plane
    low, span = plane.min(0), np.maximum(np.ptp(plane, axis=0), 1e-9)
    cells = np.floor((plane - low) / span * (15, 9)).astype(int)
    _, first = np.unique(cells, axis=0, return_index=True)
    return [(int(i), uri(_seen.shown[i], 24)) for i in first]


# --------------------------------------------------------------------- clicks
def clicked(chart: str) -> list[int] | None:
    """What a mark of a chart stands for, if one was chosen."""
    event = st.session_state.get(chart)
    points = event["selection"]["points"] if event else []
    return marked(points[0]) if points and points[0].get("customdata") else None


def take_unit(chart: str) -> None:
    """A unit of the hierarchy was clicked."""
    found = clicked(chart)
    if found is not None:
        st.session_state["level"], st.session_state["unit"] = found[0] + 1, str(found[1])


def take_place(chart: str) -> None:
    """A patch of the picture was clicked: its winner is looked at."""
    found = clicked(chart)
    if found is not None:
        st.session_state["level"], st.session_state["place"] = found[0] + 1, found[1]
        st.session_state["unit"] = WINNER


def take_picture(chart: str) -> None:
    """A picture on the map of codes was clicked."""
    found = clicked(chart)
    if found is not None:
        st.session_state["picture"] = found[0]
