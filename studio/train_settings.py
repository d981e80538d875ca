"""Every knob of the train page: what it is called, its range, and what it does in a line."""

from __future__ import annotations

from typing import Any

import streamlit as st

from htm_engine import HTM, LayerSpec
from htm_engine.presets import PRESETS

MOST_LEVELS = 4
#: What can decide a winner.
WAYS = ("explanation", "evidence")
#: A level that no preset names.
FURTHER = LayerSpec(patch=2, units=32, rank=8)
#: Knobs of a level: name, label, smallest, largest, step, what it does.
LEVEL_KNOBS: tuple[tuple[str, str, int, int, int, str], ...] = (
    ("patch", "Patch", 1, 64, 1, "Side of a patch in cells of the map below."),
    ("units", "Units", 1, 512, 1, "How many units compete for every patch."),
    ("rank", "Rank", 0, 128, 1, "Dimensions of a unit's own subspace; 0 is the plain neuron."),
    ("winners", "Winners", 1, 16, 1, "How many units stay active."),
    ("stride", "Stride", 0, 64, 1, "Cells from one patch to the next; 0 tiles without overlap."),
    ("code", "Code", 0, 128, 1, "Numbers handed up; 0 keeps 99.9 % of the variance."),
)


def preset_specs(preset: str) -> tuple[LayerSpec, ...]:
    """Layers of a preset, with patches no larger than the knobs allow."""
    return PRESETS[preset].layers


def _defaults(spec: LayerSpec) -> dict[str, Any]:
    return {
        "patch": min(spec.patch, 64),
        "units": spec.units,
        "rank": spec.rank,
        "winners": spec.winners,
        "stride": spec.stride or 0,
        "code": spec.code or 0,
        "heat": float(spec.temperature),
        "by": spec.compete_on,
    }


def _take_preset() -> None:
    """Put a newly chosen preset's values into all knobs it knows."""
    if "mirror" in st.session_state:
        st.session_state["mirror"] = PRESETS[st.session_state["preset"]].mirror
    specs = preset_specs(st.session_state["preset"])
    st.session_state["levels"] = len(specs)
    for level in range(MOST_LEVELS):
        spec = specs[level] if level < len(specs) else FURTHER
        for name, value in _defaults(spec).items():
            if f"l{level + 1}{name}" in st.session_state:
                st.session_state[f"l{level + 1}{name}"] = value


def choose() -> tuple[HTM, dict[str, Any]]:
    """Draw the knobs; the untrained network they describe, and all values for the link."""
    values: dict[str, Any] = {}
    preset = st.selectbox(
        "Preset", list(PRESETS), key="preset", bind="query-params", on_change=_take_preset,
        help="A named stack of layers to start from.",
    )  # fmt: skip
    st.caption(PRESETS[preset].about)
    values["preset"] = preset
    specs = preset_specs(preset)
    with st.expander("All settings", icon=":material/tune:"):
        values |= _training()
        values["mirror"] = st.toggle(
            "Mirror images", PRESETS[preset].mirror, key="mirror", bind="query-params",
            help="Learn from every picture's mirror image as well; not for letters or digits.",
        )  # fmt: skip
        levels = st.number_input(
            "Levels", 1, MOST_LEVELS, len(specs), key="levels", bind="query-params",
            help="Layers in the hierarchy.",
        )  # fmt: skip
        values["levels"] = int(levels)
        layers = []
        for level, tab in enumerate(st.tabs([f"Level {i + 1}" for i in range(int(levels))])):
            with tab:
                spec = specs[level] if level < len(specs) else FURTHER
                layer, own = _level(level, spec)
                layers.append(layer)
                values |= own
    model = HTM(
        layers=tuple(layers),
        epochs=values["epochs"],
        batch_size=values["batch"] or None,
        learning_rate=values["alpha"],
        start_temperature=values["start"],
        patience=values["patience"],
        validation_fraction=values["held"],
        mirror=values["mirror"],
        random_state=values["seed"],
    )
    return model, values


def _training() -> dict[str, Any]:
    columns = st.columns(4)
    knobs = (
        ("epochs", "Epochs", 1, 200, 20, 1, "Passes over the data at most."),
        ("batch", "Batch", 0, 4096, 0, 1, "Pictures a step; 0 takes a twentieth of the data."),
        ("alpha", "Learning rate α", 0.001, 1.0, 0.02, 0.001, "Step of the gate's descent."),
        ("start", "Start temperature", 1.0, 50.0, 4.0, 0.5, "Competition begins this much softer."),
        ("patience", "Patience", 0, 100, 1, 1, "Epochs without gain before training stops."),
        ("held", "Held out", 0.0, 0.5, 0.1, 0.05, "Part of the data that decides when to stop."),
        ("seed", "Seed", 0, 10**6, 0, 1, "The same seed learns the same network."),
    )  # fmt: skip
    values: dict[str, Any] = {}
    for index, (name, label, low, high, default, step, about) in enumerate(knobs):
        values[name] = columns[index % 4].number_input(
            label, low, high, default, step, key=name, bind="query-params", help=about,
            format="%.3f" if name == "alpha" else None,
        )  # fmt: skip
    return values


def _level(level: int, spec: LayerSpec) -> tuple[LayerSpec, dict[str, Any]]:
    columns, defaults = st.columns(4), _defaults(spec)
    chosen: dict[str, Any] = {}
    for index, (name, label, low, high, step, about) in enumerate(LEVEL_KNOBS):
        chosen[name] = columns[index % 4].number_input(
            label, low, high, defaults[name], step, key=f"l{level + 1}{name}",
            bind="query-params", help=about,
        )  # fmt: skip
    chosen["heat"] = columns[2].number_input(
        "Temperature", 0.1, 100.0, defaults["heat"], 0.1, key=f"l{level + 1}heat",
        bind="query-params", help="Of the activation once training has cooled down.",
    )  # fmt: skip
    chosen["by"] = columns[3].selectbox(
        "Compete on", WAYS, WAYS.index(defaults["by"]),
        key=f"l{level + 1}by", bind="query-params",
        help="How well a unit explains the patch, or the article's evidence w·x + b alone.",
    )  # fmt: skip
    layer = LayerSpec(
        patch=int(chosen["patch"]),
        units=int(chosen["units"]),
        rank=int(chosen["rank"]),
        winners=int(chosen["winners"]),
        temperature=float(chosen["heat"]),
        stride=min(int(chosen["stride"]), int(chosen["patch"])) or None,
        code=int(chosen["code"]) or None,
        compete_on=str(chosen["by"]),
    )
    return layer, {f"l{level + 1}{name}": value for name, value in chosen.items()}


def take_sizes(layers: tuple[LayerSpec, ...]) -> None:
    """Put the sizes that cross-validation selected into the knobs of the top level."""
    top = len(layers)
    st.session_state[f"l{top}units"] = layers[-1].units
    st.session_state[f"l{top}rank"] = layers[-1].rank
