"""What a visitor carries from page to page: the model and the data at hand.

::

    set_model(model, dataset, origin)  ──┐  this visitor's own, trained or uploaded
    assets/digits-htm.npz ── once a server ─┴──►  current()  ──►  CurrentModel

The shipped model is one object for all visitors: read from it, never train it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import streamlit as st

from ..kit import keeping
from ..kit.places import ASSETS, LINKED_MODEL
from ..kit.words import escaped, t, unmarked

if TYPE_CHECKING:
    from htm_engine import HTM
    from htm_engine.data.datasets import Dataset

Origin = Literal["shipped", "trained", "uploaded", "recorded"]

SHIPPED = ASSETS / "digits-htm.npz"
SHIPPED_DATASET = "digits"
#: Sets that need no upload.
NAMED = ("digits", "scenes", "photo-patches")
_MODEL, _DATASET = "_current_model", "_current_dataset"


@dataclass(frozen=True)
class CurrentModel:
    """A fitted network, the name of the data it learned from, and where it came from."""

    model: HTM
    dataset: str
    origin: Origin

    @property
    def described(self) -> str:
        """Who made it, as a phrase of Markdown to put after "the model"."""
        name = escaped(named(self.dataset))
        return {
            "shipped": t("runs.that_comes_with_the_app", dataset=name),
            "trained": t("runs.you_trained_on", dataset=name),
            "uploaded": t("runs.you_uploaded"),
            "recorded": t("runs.of_a_run_in_the", dataset=name),
        }[self.origin]


def named(dataset: str) -> str:
    """Name of a dataset in the visitor's language, where it is one that comes with the program."""
    return t(f"train.data_{dataset}") if dataset in NAMED else dataset


@st.cache_resource(show_spinner=False, max_entries=1)
def _shipped(stamp: float) -> CurrentModel:
    from htm_engine import HTM  # here: a page that needs no network need not wait for it

    return CurrentModel(HTM.load(SHIPPED), SHIPPED_DATASET, "shipped")


def current() -> CurrentModel | None:
    """The visitor's model, else the shipped one; None, and a message, if that is missing."""
    own: CurrentModel | None = st.session_state.get(_MODEL)
    return shipped() if own is None else own


def shipped() -> CurrentModel | None:
    """The model that comes with the app; None, and a message, if it is missing."""
    from htm_engine.errors import HTMError  # brings in the engine: see _shipped

    try:
        with keeping.working(lambda: t("frame.loading_the_model")):
            return _shipped(SHIPPED.stat().st_mtime)
    except FileNotFoundError:
        st.warning(
            t("runs.the_model_that_comes_with_2", name=SHIPPED.name),
            icon=":material/warning:",
        )
    except HTMError as exc:
        st.error(t("runs.the_model_that_comes_with", exc=unmarked(exc)))
    return None


def current_model() -> HTM:
    """The network of :func:`current`; a page cannot go on without, so it ends there."""
    found = current()
    if found is None:
        st.stop()
    return found.model


def set_model(
    model: HTM, dataset: str, origin: Origin, link: Mapping[str, str] | None = None
) -> None:
    """Make a fitted network this visitor's own, on every page.

    ``link`` is what links say of it from now on; if nothing is given, its fingerprint.
    """
    keeping.make_private()
    st.session_state[_MODEL] = CurrentModel(model, dataset, origin)
    st.session_state[LINKED_MODEL] = dict(link or {"model": model.fingerprint})


def forget_model() -> None:
    """Go back to the shipped model."""
    st.session_state.pop(_MODEL, None)
    st.session_state.pop(LINKED_MODEL, None)


def load_data(name: str = SHIPPED_DATASET) -> Dataset:
    """A named dataset, loaded once a server; its arrays are shared, so never write to them."""
    with keeping.working(lambda: t("frame.loading_pictures")):
        return _load_data(name)


@st.cache_resource(show_spinner=False, max_entries=8)
def _load_data(name: str) -> Dataset:
    from htm_engine import load_dataset

    return load_dataset(name)


def current_dataset() -> Dataset:
    """The data the visitor chose last, else what the shipped model learned from."""
    own: Dataset | None = st.session_state.get(_DATASET)
    return load_data() if own is None else own


def set_dataset(dataset: Dataset) -> None:
    """Keep the visitor's choice of data, on every page."""
    st.session_state[_DATASET] = dataset


def set_parts(learn: Dataset, held: Dataset) -> None:
    """Keep what the model in use learned from, and what was held out of it."""
    set_dataset(learn)
    st.session_state["_parts"] = (learn, held)
