"""Which pictures of a collection are unlike all others, whether they were learned from or not.

A network is not surprised by what it learned: a picture unlike all others gets a unit of its
own, and is the least surprising of all.  Here each picture is predicted from the others alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..evaluation.rates import flat

#: Ridge, in parts of the mean variance of a direction: pictures are not told by their noise.
RIDGE = 0.01


def unlike(X: Any) -> NDArray[np.float64]:
    """How little all other pictures tell of each: 0 for a mixture of them, about 1 for none.

    The residual of a ridge regression on the other pictures, by the closed form for leaving one
    out (Allen's PRESS, 1974): ``(x - Hx) / (1 - h - 1/n)``, where ``1/n`` is the picture's part in
    the mean from which all are measured; its squared length in parts of that of the
    picture without its own mean, so that pale pictures count as much as strong ones.

    Parameters
    ----------
    X : array (n, ...)
        Pictures or rows.

    Returns
    -------
    ndarray (n,)

    Examples
    --------
    >>> lines = np.outer(np.arange(1, 9), np.array([1.0, 0, 1, 0])) / 8
    >>> unlike(np.vstack([lines, [[0, 0.9, 0, 0]]])).argmax()
    np.int64(8)
    """
    rows = flat(X).astype(np.float64)
    contrast = ((rows - rows.mean(1, keepdims=True)) ** 2).sum(1)
    centred = rows - rows.mean(0)
    count, numbers = centred.shape
    ridge = RIDGE * float((centred**2).sum()) / max(1, min(count, numbers)) + 1e-12
    if numbers < count:  # the smaller of two systems with the same answer
        inverse = np.linalg.inv(centred.T @ centred + ridge * np.eye(numbers))
        leverage = np.einsum("ij,jk,ik->i", centred, inverse, centred, optimize=True)
        left = centred - centred @ inverse @ (centred.T @ centred)
    else:
        inverse = ridge * np.linalg.inv(centred @ centred.T + ridge * np.eye(count))
        leverage, left = 1 - np.diag(inverse), inverse @ centred
    apart = np.maximum(1 - leverage - 1 / count, 1e-9)
    residual = ((left / apart[:, None]) ** 2).sum(1)
    # A picture of one colour has no contrast, and is nothing that others could fail to tell.
    found: NDArray[np.float64] = residual / np.maximum(contrast, 1e-3 * max(contrast.mean(), 1e-9))
    return found
