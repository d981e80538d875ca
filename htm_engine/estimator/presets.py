"""Named stacks of layers, ready to train."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..model.layer import LayerSpec

DEFAULT_LAYERS = (
    LayerSpec(patch=7, units=32, rank=24),
    LayerSpec(patch=8, units=64, rank=32),
)


_LAYER = re.compile(r"(\d+)x(\d+)(?:r(\d+))?(?:k(\d+))?(?:s(\d+))?")


class Preset(NamedTuple):
    """A stack of layers, what it is for, and whether it learns from mirror images too.

    No layers: they are chosen from the data.
    """

    layers: tuple[LayerSpec, ...]
    about: str
    mirror: bool = False


PRESETS: dict[str, Preset] = {
    "auto": Preset((), "Sizes are chosen from your pictures; PCA is among the choices."),
    "default": Preset(DEFAULT_LAYERS, "Two levels of subspace units; the best files and pictures."),
    "article": Preset(
        (
            LayerSpec(patch=7, units=64, rank=0, winners=3, compete_on="evidence"),
            LayerSpec(patch=8, units=64, rank=0, winners=3, compete_on="evidence"),
        ),
        "The article's network: plain neurons, softmax activations handed up.",
    ),
    "mirrored": Preset(
        (LayerSpec(patch=7, units=32, rank=24), LayerSpec(patch=8, units=96, rank=32)),
        "Learns from mirror images as well: for a few thousand drawings or photographs.",
        mirror=True,
    ),
    "large": Preset(
        (LayerSpec(patch=8, units=32, rank=24), LayerSpec(patch=8, units=96, rank=32)),
        "As mirrored, for pictures of about 64 x 64: the top sees 8 x 8 patches of 8 x 8.",
        mirror=True,
    ),
    "single": Preset(
        (LayerSpec(patch=4096, units=32, rank=16),),
        "One level over the whole picture: 32 units of rank 16.",
    ),
    "readout": Preset(
        (LayerSpec(patch=8, stride=2, units=128, rank=0, temperature=16.0),),
        "Overlapping patches and softly competing plain units; made to be read by a classifier.",
    ),
    "quick": Preset(
        (LayerSpec(patch=7, units=24, rank=4), LayerSpec(patch=8, units=16, rank=8)),
        "Small and fast, to try things out.",
    ),
}


def preset(name: str) -> Preset:
    """A named preset (see ``PRESETS``).

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def read_layers(text: str) -> list[LayerSpec]:
    """Layers from ``PATCHxUNITS[rRANK][kWINNERS][sSTRIDE]``, commas between them.

    Raises
    ------
    ValueError
        With a sentence, if that is not what the text says.

    Examples
    --------
    >>> [(spec.patch, spec.units, spec.rank) for spec in read_layers("7x64r8,4x32")]
    [(7, 64, 8), (4, 32, 8)]
    """
    layers = []
    for part in text.replace(" ", "").split(","):
        found = _LAYER.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not a layer; write them like 7x64r8,4x64r32")
        patch, units, rank, winners, stride = found.groups()
        spec = LayerSpec(
            patch=int(patch),
            units=int(units),
            rank=8 if rank is None else int(rank),
            winners=1 if winners is None else int(winners),
            stride=None if stride is None else int(stride),
        )
        spec.check()
        layers.append(spec)
    return layers
