"""What a trained network makes of pictures that were held out: the figures of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coding.collection.codec import compress_collection
from ..errors import HTMError
from ..estimator.network import HTM
from ..evaluation.metrics import mse, psnr_of

#: Held-out pictures that the figures are measured on at most, and the quality of their file.
MEASURED, QUALITY = 500, 6


def figures_of(model: HTM, few: NDArray[Any]) -> dict[str, float]:
    """What a model makes of few pictures ``(n, ...)`` that it did not learn from.

    Returns
    -------
    dict
        ``mse`` and ``psnr`` (dB) of the top level's reconstruction, and, where the model
        writes files, ``bytes`` a picture in one at quality ``QUALITY``.
    """
    found: dict[str, float] = {}
    try:
        rebuilt = model.reconstruct(few.reshape(-1, *model.layout)).reshape(few.shape)
        found["mse"] = float(mse(few / 255, np.clip(rebuilt, 0, 1)))
        found["psnr"] = float(psnr_of(found["mse"]))
        if model.coder_ is not None:
            found["bytes"] = len(compress_collection(model, few, QUALITY)) / len(few)
    except HTMError:  # such pictures have no file; what could be measured stands
        return found
    return found
