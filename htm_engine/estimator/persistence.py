"""A fitted network as settings and arrays, and back; ``storage`` writes them to files."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..coding.collection.coder import CollectionCoder
from ..errors import ModelError
from ..model.hierarchy import Hierarchy
from ..model.layer import ARRAYS, LayerSpec
from ..sampling.tables import Sampler

if TYPE_CHECKING:
    from .network import HTM

#: Numbers that one input may have: a colour picture of 50 megapixels.
MOST_INPUTS = 150_000_000
Model = TypeVar("Model", bound="HTM")


def state(model: HTM) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Settings and arrays that make up a fitted network."""
    settings = {k: v for k, v in model.get_params(deep=False).items() if k != "layers"}
    # Models of before there were samplers keep their fingerprint, which their files name.
    if settings.get("sampler") is True:
        settings.pop("sampler")
    seed = settings["random_state"]
    settings["random_state"] = int(seed) if isinstance(seed, int | np.integer) else None
    shape = model.input_shape
    settings["input_shape"] = None if shape is None else [int(side) for side in shape]
    header = {
        "layers": [asdict(spec) for spec in model.layers],
        "params": settings,
        "layout": [int(side) for side in model._layout],
        "shape": [int(side) for side in model._shape],
        "s2": [layer.s2 for layer in model.hierarchy_.layers],
    }
    arrays: dict[str, NDArray[Any]] = {}
    for level, layer in enumerate(model.hierarchy_.layers):
        for name in ARRAYS:
            arrays[f"layer{level}.{name}"] = np.asarray(getattr(layer, name), np.float32)
    if model.coder_ is not None:
        arrays |= {f"coder.{name}": value for name, value in model.coder_.arrays().items()}
    sampler = getattr(model, "sampler_", None)
    if sampler is not None:
        arrays |= {f"sampler.{name}": value for name, value in sampler.arrays().items()}
    return header, arrays


def restore(cls: type[Model], header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    """Fitted network from settings and arrays.

    Raises
    ------
    ModelError
        If they do not describe a network.
    """
    try:
        specs = tuple(LayerSpec(**spec) for spec in header["layers"])
        params = dict(header["params"])
        shape = params.pop("input_shape")
        model = cls(layers=specs, input_shape=None if shape is None else tuple(shape), **params)
        model._check_settings()
        _restore(model, header, arrays)
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise ModelError(f"This model file does not describe a network: {exc}.") from exc
    return model


def _restore(model: HTM, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    model._layout = tuple(int(side) for side in header["layout"])
    model._shape = model._map_shape(model._layout)
    if not 0 < math.prod(model._layout) <= MOST_INPUTS:
        raise ModelError("This model file says that it reads pictures of no possible size.")
    model.n_features_in_ = int(np.prod(model._layout))
    model.hierarchy_ = Hierarchy(tuple(model.layers), model._shape)
    model.history_ = []
    for level, layer in enumerate(model.hierarchy_.layers):
        sizes: dict[str, int] = {}
        for name, letters in ARRAYS.items():
            array = arrays[f"layer{level}.{name}"]
            if array.ndim != len(letters) or array.dtype != np.float32:
                raise ModelError(f"This model file has a wrong array {name!r}.")
            for letter, side in zip(letters, array.shape, strict=True):
                if sizes.setdefault(letter, side) != side or (not side and letter != "r"):
                    raise ModelError(f"This model file has a wrong array {name!r}.")
            setattr(layer, name, array)
        layer.s2 = float(header["s2"][level])
        model.hierarchy_.measure()
        if len(layer.profile) < layer.winners_kept:
            raise ModelError("This model file has a wrong array 'profile'.")
        expected = model.hierarchy_.rows(
            level, np.zeros((1, *model.hierarchy_.map_shapes[level]), np.float32)
        ).shape[1]
        if expected != sizes["d"]:
            raise ModelError("This model file's layers do not fit each other.")
    coder, sampler = (
        {k.removeprefix(part): v for k, v in arrays.items() if k.startswith(part)}
        for part in ("coder.", "sampler.")
    )
    model.coder_ = CollectionCoder.from_arrays(coder, model.hierarchy_) if coder else None
    model.sampler_ = Sampler.from_arrays(sampler, model.hierarchy_) if sampler else None
    model._n_features_out = model._dense_length()
