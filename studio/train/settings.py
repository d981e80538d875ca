"""Every knob of the train page: what it is called, its range, and what it does in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from htm_engine import HTM, LayerSpec
from htm_engine.estimator.presets import PRESETS

from ..kit import controls, settings
from ..kit.words import said, t

ON = settings.Page("train")
#: A level that no preset names.
FURTHER = LayerSpec(patch=2, units=32, rank=8)
#: Numbers of a level, as fields; their words are under their names.
LEVEL_FIELDS = ("patch", "units", "rank", "winners", "stride", "code")


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
    if not specs:
        return  # the data chooses
    st.session_state["levels"] = len(specs)
    for level in range(controls.MOST_LEVELS):
        spec = specs[level] if level < len(specs) else FURTHER
        for name, value in _defaults(spec).items():
            if f"l{level + 1}{name}" in st.session_state:
                st.session_state[f"l{level + 1}{name}"] = value


def choose(begin: Callable[[HTM], None]) -> HTM:
    """Draw the knobs; the untrained network they describe.  ``begin`` draws what trains it."""
    preset = ON.select(
        "preset",
        t("train.preset"),
        options=list(PRESETS),
        format_func=lambda name: t(f"train.preset_{name}"),
        on_change=_take_preset,
        help=t("train.a_named_stack_of_layers"),
    )
    st.caption(said(PRESETS[preset].about))
    start = ON.segments(
        "init",
        t("train.units_begin"),
        format_func=lambda name: t(f"train.begin_{name}"),
        help=t("train.units_begin_help"),
    )
    buttons, specs = st.container(), preset_specs(preset)
    with st.expander(t("train.all_settings"), icon=":material/tune:"):
        training = _training()
        mirror = ON.toggle(
            "mirror",
            t("train.mirror_images"),
            default=PRESETS[preset].mirror,
            help=t("train.learn_from_every_pictures_mirror"),
        )
        layers = _layers(specs)
    model = HTM(
        layers=layers or None,
        epochs=training["epochs"],
        batch_size=training["batch"] or None,
        learning_rate=training["alpha"],
        start_temperature=training["start"],
        patience=training["patience"],
        validation_fraction=training["held"],
        init="random" if start == "random" else "k-means++",
        mirror=mirror,
        random_state=training["seed"],
    )
    with buttons:
        begin(model)
    return model


def _layers(specs: tuple[LayerSpec, ...]) -> tuple[LayerSpec, ...]:
    """The knobs of every level; none where the data chooses."""
    if not specs:
        return ()
    levels = ON.number(
        "levels", t("train.levels"), default=len(specs), help=t("train.layers_in_the_hierarchy")
    )
    layers = []
    for level, tab in enumerate(st.tabs([t("train.level_2", i=i + 1) for i in range(int(levels))])):
        with tab:
            layers.append(_level(level, specs[level] if level < len(specs) else FURTHER))
    return tuple(layers)


def _training() -> dict[str, Any]:
    columns = st.columns(2)
    fields = (
        ("epochs", t("train.epochs"), t("train.passes_over_the_data_at")),
        ("batch", t("train.batch"), t("train.pictures_a_step_takes_a")),
        ("alpha", t("train.learning_rate"), t("train.step_of_the_gates_descent")),
        ("start", t("train.start_temperature"), t("train.competition_begins_this_much_softer")),
        ("patience", t("train.patience"), t("train.epochs_without_gain_before_training")),
        ("held", t("train.held_out"), t("train.part_of_the_data_that")),
        ("seed", t("train.seed"), t("train.the_same_seed_learns_the")),
    )
    return {
        name: ON.number(
            name, label, columns[index % 2], help=about, format="%.3f" if name == "alpha" else None
        )
        for index, (name, label, about) in enumerate(fields)
    }


def _level(level: int, spec: LayerSpec) -> LayerSpec:
    columns, defaults = st.columns(2), _defaults(spec)
    chosen: dict[str, Any] = {
        name: ON.number(
            f"l{level + 1}{name}",
            t(f"train.knob_{name}"),
            columns[index % 2],
            default=defaults[name],
            help=t(f"train.knob_{name}_help"),
        )
        for index, name in enumerate(LEVEL_FIELDS)
    }
    heat = ON.number(
        f"l{level + 1}heat",
        t("train.temperature"),
        columns[0],
        default=defaults["heat"],
        help=t("train.of_the_activation_once_training"),
    )
    by = ON.select(
        f"l{level + 1}by",
        t("train.compete_on"),
        columns[1],
        default=defaults["by"],
        format_func=lambda way: t(f"train.by_{way}"),
        help=t("train.how_well_a_unit_explains"),
    )
    return LayerSpec(
        patch=int(chosen["patch"]),
        units=int(chosen["units"]),
        rank=int(chosen["rank"]),
        winners=int(chosen["winners"]),
        temperature=float(heat),
        stride=min(int(chosen["stride"]), int(chosen["patch"])) or None,
        code=int(chosen["code"]) or None,
        compete_on=by,
    )


def take_sizes(layers: tuple[LayerSpec, ...]) -> None:
    """Put the sizes that cross-validation selected into the knobs of the top level."""
    top = len(layers)
    st.session_state[f"l{top}units"] = layers[-1].units
    st.session_state[f"l{top}rank"] = layers[-1].rank
