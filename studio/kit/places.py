"""Where things are, for every page: files of the app, and keys of the session."""

from __future__ import annotations

from pathlib import Path

from htm_engine.assets import ASSETS

__all__ = ["APP", "ASSETS", "HELD_OUT", "LINKED_MODEL", "ROOT", "RUN", "SEED", "TRAINING"]

_STUDIO = Path(__file__).resolve().parent.parent
_INSTALLED = _STUDIO / "site"
#: Folder of ``app.py`` and ``pages``: the top of the source tree, or a part of the package.
ROOT = _INSTALLED if _INSTALLED.is_dir() else _STUDIO.parent
#: What Streamlit runs.
APP = ROOT / "app.py"
#: Where the session keeps what links say of the visitor's model.
LINKED_MODEL = "_linked_model"
#: Where it keeps the visitor's run, and what that is called in the address.
TRAINING, RUN = "_job", "run"
#: Share and seed of the pictures held out of the shipped model's training.
HELD_OUT, SEED = 0.2, 0
