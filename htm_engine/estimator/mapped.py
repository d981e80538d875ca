"""Codes and pictures of Dask arrays: what a network makes of each chunk, when it is asked for.

::

    Dask array ──chunks──► transform, encode, decode, squared error ──► Dask arrays

The results are lazy and chunked as the data is along its first axis; whoever computes them
sends the network as it was when they were asked for, without its tables, to the workers.
Codes do not depend on how the data is chunked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..model.hierarchy import Codes
from ..model.layer import Floats
from . import dense

if TYPE_CHECKING:
    from .network import HTM


def _sent(model: HTM) -> Any:
    """A network as it travels: no more than coding needs."""
    from dask import delayed

    taken = model.snapshot()
    taken.coder_ = taken.sampler_ = None
    taken.history_ = []
    return delayed(taken, pure=False)


def _pieces(X: Any) -> tuple[list[Any], list[int]]:
    """Chunks of whole rows, and the number of rows in each."""
    whole = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
    return list(whole.to_delayed().ravel()), [int(length) for length in whole.chunks[0]]


def _joined(parts: list[Any], lengths: list[int], rest: tuple[int, ...], dtype: Any) -> Any:
    import dask.array as da

    made = [
        da.from_delayed(part, (length, *rest), dtype)
        for part, length in zip(parts, lengths, strict=True)
    ]
    return da.concatenate(made)


def transform(model: HTM, X: Any) -> Any:
    """Dense codes ``(n, length)`` as a Dask array."""
    from dask import delayed

    (blocks, lengths), sent = _pieces(X), _sent(model)
    work = delayed(_transform, pure=False)
    parts = [work(sent, block) for block in blocks]
    return _joined(parts, lengths, (dense.length(model.hierarchy_),), np.float32)


def encode(model: HTM, X: Any) -> Codes:
    """Codes whose arrays are Dask's."""
    from dask import delayed

    (blocks, lengths), sent = _pieces(X), _sent(model)
    work = delayed(_encode, pure=False, nout=3)
    parts = [work(sent, block) for block in blocks]
    top, grid = model.hierarchy_.layers[-1], model.hierarchy_.grid_shapes[-1]
    slots = (*grid, top.winners_kept)
    sides = ((slots, np.intp), (slots, np.float32), ((*slots, top.rank), np.float32))
    fields = (_joined([part[i] for part in parts], lengths, *side) for i, side in enumerate(sides))
    return Codes(*fields)


def decode(model: HTM, codes: Codes) -> Any:
    """Pictures or rows of codes whose arrays are Dask's."""
    from dask import delayed

    sent, work = _sent(model), delayed(_decode, pure=False)
    fields = [_pieces(one) for one in (codes.winners, codes.weights, codes.values)]
    parts = [work(sent, *blocks) for blocks in zip(*(found[0] for found in fields), strict=True)]
    return _joined(parts, fields[0][1], model.layout, np.float32)


def squared_error(model: HTM, X: Any) -> float:
    """Squared error of the reconstruction over all numbers, its chunks added in their order."""
    import dask

    work, sent = dask.delayed(_squared, pure=False), _sent(model)
    return float(sum(dask.compute(*(work(sent, block) for block in _pieces(X)[0]))))


def _transform(model: HTM, block: Any) -> Floats:
    return model.transform(np.asarray(block))


def _encode(model: HTM, block: Any) -> tuple[Any, ...]:
    codes = model.encode(np.asarray(block))
    return codes.winners, codes.weights, codes.values


def _decode(model: HTM, *fields: Any) -> Floats:
    return model.decode(Codes(*map(np.asarray, fields)))


def _squared(model: HTM, block: Any) -> float:
    return model.squared_error(np.asarray(block))
