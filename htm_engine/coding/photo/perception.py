"""What an error counts for the eye: less where the picture is rough anyway.

The measure is that of structural similarity: a squared error counts by 1 / (2 v + C), v the
variance around it.  The step of a block follows what the decoder knows of v (``shaped`` in
``units``); what the encoder knows besides goes into its lambda, by ``care``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .units import CALM, USUAL

#: Strength of the tune for the eye, in eighths: 8 counts errors as structural similarity does
#: in theory; 2 gains most of it, and loses least in PSNR.
EYE = 2


def cares(
    targets: list[NDArray[np.int32]], halved: bool, eye: int
) -> list[NDArray[np.float32]] | None:
    """What an error counts, ``(h / 8, w / 8)`` for every plane; None where all count alike."""
    if not eye:
        return None
    luma = targets[0]
    height, width = luma.shape
    blocks = luma.reshape(height // 8, 8, width // 8, 8).astype(np.float32)
    mean = blocks.mean((1, 3))
    deviation = np.abs(blocks - mean[:, None, :, None]).mean((1, 3))
    rough = 4 * np.log2((deviation**2 + CALM**2) / CALM**2) - USUAL
    care = (2.0 ** (-rough * eye / 32)).astype(np.float32)
    found = [care]
    for target in targets[1:]:
        if halved:
            square = care.reshape(height // 16, 2, width // 16, 2).mean((1, 3))
            found.append(square.astype(np.float32))
        else:
            found.append(care)
        assert found[-1].shape == (target.shape[0] // 8, target.shape[1] // 8)
    return found
