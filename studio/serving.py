"""Start the server with the engine coming in behind it.

    python -m studio.serving [options of "streamlit run"]

``streamlit run app.py`` shows the same.  Here the engine and its libraries, which take seconds
to import, are loaded while the first visitor's browser still fetches the dashboard's own code,
so that a link to any page does not wait for them.
"""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

APP = Path(__file__).resolve().parent.parent / "app.py"
#: What pages need besides Streamlit, the slowest to import first.
NEEDED = ("sklearn.decomposition", "htm_engine", "htm_engine.figures", "htm_engine.generation")


def load() -> None:
    """Import what pages need."""
    for name in NEEDED:
        importlib.import_module(name)


def main() -> None:
    """Start loading, then serve."""
    from streamlit.web import cli

    threading.Thread(target=load, daemon=True, name="warm-up").start()
    sys.argv[1:1] = ["run", str(APP)]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
