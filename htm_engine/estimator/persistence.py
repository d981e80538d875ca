"""A fitted network as settings and arrays, and back; ``storage`` writes them to files.

::

    Fitted(layout, shape, hierarchy, coder, sampler)  ──state──►  header, arrays
                                                      ◄─fitted──
    header  ──settings──►  the estimator's parameters

Nothing here knows the estimator: ``HTM.from_state`` builds itself from what is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import storage
from ..coding.collection.coder import CollectionCoder
from ..errors import ModelError
from ..kinds import wrong_model
from ..model.choosing import Choice
from ..model.hierarchy import Hierarchy, Shape
from ..model.layer import ARRAYS, LayerSpec
from ..sampling.tables import Sampler
from .checks import STARTS
from .inputs import map_shape

#: Numbers that one input may have: a colour picture of 50 megapixels.
MOST_INPUTS = 150_000_000
#: What a layer's numbers may be at most, and those of its gate: what is learned from numbers up
#: to 1e9 stays far below, and sums of squares of these still fit single precision.
LARGEST, LARGEST_OF_GATE = 1e14, 1e18
#: The spread of what no unit explains, at least and at most; learning keeps it above 1e-12.
SPREADS = (1e-15, 1e28)

State = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Fitted(NamedTuple):
    """What a network has learned, without the estimator around it.

    Attributes
    ----------
    layout : tuple of int
        Sides of one sample as it was given.
    shape : (H, W, C)
        The map that it is read as.
    hierarchy : Hierarchy
    coder : CollectionCoder or None
    sampler : Sampler or None
    names : tuple of str
        Names of the columns it learned from; empty if they had none.
    choice : Choice or None
        Where layers were chosen from the data: which, and why.
    """

    layout: tuple[int, ...]
    shape: Shape
    hierarchy: Hierarchy
    coder: CollectionCoder | None
    sampler: Sampler | None
    names: tuple[str, ...] = ()
    choice: Choice | None = None


def state(params: dict[str, Any], fitted: Fitted) -> State:
    """Settings and arrays of a network with these parameters."""
    settings = {k: storage.plain(v) for k, v in params.items() if k != "layers"}
    # Models of before there were samplers keep their fingerprint, which their files name.
    for name, usual in (("sampler", True), ("keep_best", None), ("init", STARTS[0])):
        if settings.get(name) == usual:
            settings.pop(name, None)
    seed = settings["random_state"]
    settings["random_state"] = int(seed) if isinstance(seed, int | np.integer) else None
    layers = fitted.hierarchy.layers
    header = {
        "layers": [layer.spec.settings() for layer in layers],
        "params": settings,
        "layout": [int(side) for side in fitted.layout],
        "shape": [int(side) for side in fitted.shape],
        "s2": [layer.s2 for layer in layers],
    }
    if fitted.names:  # without, the header and so the fingerprint are those of before
        header["columns"] = list(fitted.names)
    if fitted.choice is not None:
        header["choice"] = {"reason": fitted.choice.reason, "note": fitted.choice.note}
    arrays: dict[str, NDArray[Any]] = {}
    for level, layer in enumerate(layers):
        for name in ARRAYS:
            arrays[f"layer{level}.{name}"] = np.asarray(getattr(layer, name), np.float32)
    for part, tables in (("coder", fitted.coder), ("sampler", fitted.sampler)):
        if tables is not None:
            arrays |= {f"{part}.{name}": value for name, value in tables.arrays().items()}
    return header, arrays


@contextmanager
def describing() -> Iterator[None]:
    """Whatever goes wrong within is a ``ModelError``: the file does not describe a network."""
    try:
        yield
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise ModelError(f"This model file does not describe a network: {exc}.") from exc


def settings(header: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the estimator from a header, unchecked; use it within :func:`describing`."""
    if "layers" not in header:
        raise ModelError(wrong_model(header, "a network"))
    specs = None if "choice" in header else _specs(header)
    params = dict(header["params"])
    shape = params.pop("input_shape")
    return {"layers": specs, "input_shape": None if shape is None else tuple(shape), **params}


def fitted(
    header: dict[str, Any],
    arrays: dict[str, NDArray[Any]],
    input_shape: tuple[int, ...] | None,
) -> Fitted:
    """What a network has learned; settings must have been checked.  Within :func:`describing`.

    Raises
    ------
    ModelError
        If the arrays do not fit the settings, or each other.
    """
    layout = tuple(int(side) for side in header["layout"])
    shape = map_shape(layout, input_shape)
    if not 0 < math.prod(layout) <= MOST_INPUTS:
        raise ModelError("This model file says that it reads pictures of no possible size.")
    specs = _specs(header)
    hierarchy = Hierarchy(specs, shape)
    for level in range(len(specs)):
        _fill(hierarchy, level, arrays, float(header["s2"][level]))
    coder, sampler = (
        {k.removeprefix(part): v for k, v in arrays.items() if k.startswith(part)}
        for part in ("coder.", "sampler.")
    )
    names = header.get("columns", [])
    fits = len(names) in (0, math.prod(layout)) and all(isinstance(one, str) for one in names)
    if not isinstance(names, list) or not fits:
        raise ModelError("This model file names other columns than it has.")
    return Fitted(
        layout,
        shape,
        hierarchy,
        CollectionCoder.from_arrays(coder, hierarchy) if coder else None,
        Sampler.from_arrays(sampler, hierarchy) if sampler else None,
        tuple(names),
        _choice(header, specs),
    )


def _specs(header: dict[str, Any]) -> tuple[LayerSpec, ...]:
    """The layers of a header, checked."""
    specs = tuple(LayerSpec(**spec) for spec in header["layers"])
    if not specs:
        raise ModelError("This model file has no layers.")
    for spec in specs:
        spec.check(learned=True)
    return specs


def _choice(header: dict[str, Any], specs: tuple[LayerSpec, ...]) -> Choice | None:
    """Why these layers, if they were chosen from data."""
    if "choice" not in header:
        return None
    reason, note = (header["choice"][name] for name in ("reason", "note"))
    if not (isinstance(reason, str) and isinstance(note, str) and len(reason + note) < 2000):
        raise ModelError("This model file does not say why it has its layers.")
    return Choice(specs, reason, note)


def _fill(hierarchy: Hierarchy, level: int, arrays: dict[str, NDArray[Any]], s2: float) -> None:
    """Put one layer's arrays in their places; layers below must have theirs."""
    layer = hierarchy.layers[level]
    sizes: dict[str, int] = {}
    for name, letters in ARRAYS.items():
        array = arrays[f"layer{level}.{name}"]
        if array.ndim != len(letters) or array.dtype != np.float32:
            raise ModelError(f"This model file has a wrong array {name!r}.")
        for letter, side in zip(letters, array.shape, strict=True):
            if sizes.setdefault(letter, side) != side or (not side and letter != "r"):
                raise ModelError(f"This model file has a wrong array {name!r}.")
        most = LARGEST_OF_GATE if name in ("w", "b") else LARGEST
        if not (np.abs(array) <= most).all():  # none that is no number, either
            raise ModelError(f"This model file has numbers in {name!r} that nothing learns.")
        setattr(layer, name, array)
    if not SPREADS[0] <= s2 <= SPREADS[1]:
        raise ModelError("This model file has a spread that nothing learns.")
    layer.s2 = s2
    hierarchy.measure()
    if len(layer.profile) < layer.winners_kept:
        raise ModelError("This model file has a wrong array 'profile'.")
    empty = np.zeros((1, *hierarchy.map_shapes[level]), np.float32)
    if hierarchy.rows(level, empty).shape[1] != sizes["d"]:
        raise ModelError("This model file's layers do not fit each other.")
