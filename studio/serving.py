"""Start the server, with everything loaded that pages need.

    python -m studio.serving [options of "streamlit run"]

``streamlit run app.py`` shows the same.  There, who first opens a page waits for the engine
and its libraries to be imported; here the server answers once they are.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys

from .kit import ahead
from .kit.places import APP

#: What modules import only where they need it.
LATE = (
    "sklearn.decomposition",
    "sklearn.datasets",
    "plotly.graph_objects",
    "pandas",
    "streamlit.emojis",
)


def load() -> None:
    """Import the engine and its libraries."""
    from PIL import Image

    import htm_engine

    for name in LATE:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(htm_engine.__path__, "htm_engine."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    Image.init()
    ahead.begin()
    # Streamlit asks once who started it, which reads the files' names of all modules.
    inspect.stack()
    ahead.set_aside()


def main() -> None:
    """Load, then serve."""
    from streamlit.web import cli

    from htm_engine.errors import ClusterError
    from htm_engine.runs.workers import WORKERS, asked

    load()
    try:
        if asked():
            WORKERS.begin()
    except ClusterError as exc:
        sys.exit(f"{exc}")
    cli.main(["run", str(APP), *sys.argv[1:]], prog_name="streamlit")


if __name__ == "__main__":
    main()
