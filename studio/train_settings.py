"""Every knob of the train page: what it is called, its range, and what it does in a line."""

from __future__ import annotations

from typing import Any

import streamlit as st

from htm_engine import HTM, LayerSpec
from htm_engine.presets import PRESETS

from .words import said, t

MOST_LEVELS = 4
#: What can decide a winner.
WAYS = ("explanation", "evidence")
#: A level that no preset names.
FURTHER = LayerSpec(patch=2, units=32, rank=8)
#: Knobs of a level: name, smallest, largest, step; the words are under its name.
LEVEL_KNOBS: tuple[tuple[str, int, int, int], ...] = (
    ("patch", 1, 64, 1),
    ("units", 1, 512, 1),
    ("rank", 0, 128, 1),
    ("winners", 1, 16, 1),
    ("stride", 0, 64, 1),
    ("code", 0, 128, 1),
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
        t("train.preset"), list(PRESETS), key="preset", bind="query-params", on_change=_take_preset,
        help=t("train.a_named_stack_of_layers"),
    )  # fmt: skip
    st.caption(said(PRESETS[preset].about))
    values["preset"] = preset
    specs = preset_specs(preset)
    with st.expander(t("train.all_settings"), icon=":material/tune:"):
        values |= _training()
        values["mirror"] = st.toggle(
            t("train.mirror_images"), PRESETS[preset].mirror, key="mirror", bind="query-params",
            help=t("train.learn_from_every_pictures_mirror"),
        )  # fmt: skip
        levels = st.number_input(
            t("train.levels"), 1, MOST_LEVELS, len(specs), key="levels", bind="query-params",
            help=t("train.layers_in_the_hierarchy"),
        )  # fmt: skip
        values["levels"] = int(levels)
        layers = []
        for level, tab in enumerate(
            st.tabs([t("train.level_2", i=i + 1) for i in range(int(levels))])
        ):
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
        ("epochs", t("train.epochs"), 1, 200, 20, 1, t("train.passes_over_the_data_at")),
        ("batch", t("train.batch"), 0, 4096, 0, 1, t("train.pictures_a_step_takes_a")),
        (
            "alpha",
            t("train.learning_rate"),
            0.001,
            1.0,
            0.02,
            0.001,
            t("train.step_of_the_gates_descent"),
        ),
        (
            "start",
            t("train.start_temperature"),
            1.0,
            50.0,
            4.0,
            0.5,
            t("train.competition_begins_this_much_softer"),
        ),
        (
            "patience",
            t("train.patience"),
            0,
            100,
            1,
            1,
            t("train.epochs_without_gain_before_training"),
        ),
        ("held", t("train.held_out"), 0.0, 0.5, 0.1, 0.05, t("train.part_of_the_data_that")),
        ("seed", t("train.seed"), 0, 10**6, 0, 1, t("train.the_same_seed_learns_the")),
    )
    values: dict[str, Any] = {}
    for index, (name, label, low, high, default, step, about) in enumerate(knobs):
        values[name] = columns[index % 4].number_input(
            label,
            low,
            high,
            default,
            step,
            key=name,
            bind="query-params",
            help=about,
            format="%.3f" if name == "alpha" else None,
        )
    return values


def _level(level: int, spec: LayerSpec) -> tuple[LayerSpec, dict[str, Any]]:
    columns, defaults = st.columns(4), _defaults(spec)
    chosen: dict[str, Any] = {}
    for index, (name, low, high, step) in enumerate(LEVEL_KNOBS):
        chosen[name] = columns[index % 4].number_input(
            t(f"train.knob_{name}"), low, high, defaults[name], step, key=f"l{level + 1}{name}",
            bind="query-params", help=t(f"train.knob_{name}_help"),
        )  # fmt: skip
    chosen["heat"] = columns[2].number_input(
        t("train.temperature"), 0.1, 100.0, defaults["heat"], 0.1, key=f"l{level + 1}heat",
        bind="query-params", help=t("train.of_the_activation_once_training"),
    )  # fmt: skip
    chosen["by"] = columns[3].selectbox(
        t("train.compete_on"), WAYS, WAYS.index(defaults["by"]),
        key=f"l{level + 1}by", bind="query-params",
        help=t("train.how_well_a_unit_explains"),
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
