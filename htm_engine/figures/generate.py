"""Plotly figures of the generate page; each comes with its words for those who cannot see it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from .base import CLEAR, ORANGE, Figure, as_picture, bare, lay_under
from .wording import say


def region(png_uri: str, shape: tuple[int, int], box: tuple[int, int, int, int]) -> Figure:
    """A picture to draw a box on; every cell is a clear mark that holds its row and column.

    Parameters
    ----------
    png_uri : str
        The picture as a data URI.
    shape : (height, width)
        In cells.
    box : (top, bottom, left, right)
        The present region, its ends not in it.
    """
    height, width = shape
    top, bottom, left, right = box
    rows, columns = (part.ravel() for part in np.mgrid[:height, :width])
    figure = go.Figure()
    lay_under(figure, png_uri, shape)
    figure.add_scatter(
        x=columns + 0.5,
        y=rows + 0.5,
        mode="markers",
        hoverinfo="skip",
        customdata=np.stack([rows, columns], 1),
        marker={"size": 6, "color": CLEAR},
        selected={"marker": {"color": CLEAR}},
        unselected={"marker": {"color": CLEAR}},
    )
    figure.add_shape(
        type="rect", x0=left, x1=right, y0=top, y1=bottom, line={"color": ORANGE, "width": 3}
    )
    figure = bare(figure, 300)
    figure.update_layout(dragmode="select")
    as_picture(figure, shape)
    return figure, (
        say(
            "A picture of {height} by {width} cells; rows {top} to {bottom} and "
            "columns {left} to {right} are covered. Draw a box to cover another region.",
            height=height,
            width=width,
            top=top,
            bottom=bottom,
            left=left,
            right=right,
        )
    )
