"""What other compressors make of a series: as text, as doubles, and pcodec on whole numbers."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coding.series import decimals

Doubles = NDArray[np.float64]
#: As it is shown.
PCODEC = "pcodec 12"
_LEVEL = 12


def as_text(values: Doubles) -> bytes:
    r"""Values ``(n,)`` or ``(n, columns)`` as CSV, in the shortest decimals that give them back.

    >>> as_text(np.array([[0.5, 2.0]]))
    b'0.5,2.0\n'
    """
    rows = values.reshape(len(values), -1).tolist()
    return "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()


def whole_numbers(values: Doubles) -> NDArray[np.int64] | None:
    """Numerators of values that all are k / 10^d to the last bit; None where they are not.

    >>> whole_numbers(np.array([0.25, -3.5]))
    array([  25, -350])
    """
    found, places, classes = decimals.decimal_parts(values)
    return None if places.any() or classes.any() else found


def has_pcodec() -> bool:
    """Whether pcodec is installed, which comes with the dashboard."""
    return find_spec("pcodec") is not None


def pcodec(values: NDArray[Any]) -> bytes:
    """The smallest that pcodec makes of numbers ``(n,)`` at its highest level.

    Of doubles in the mode it finds by itself, of their decimals' numerators where these give
    every double back, and of their bits as whole numbers.
    """
    from pcodec import ChunkConfig, standalone

    forms: list[NDArray[Any] | None] = [values]
    if values.dtype == np.float64:
        forms += [values.view(np.int64), whole_numbers(values)]
    made = (
        bytes(standalone.simple_compress(one, ChunkConfig(compression_level=_LEVEL)))
        for one in forms
        if one is not None
    )
    return min(made, key=len)
